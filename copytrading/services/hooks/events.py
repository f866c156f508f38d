"""
One thing that happened, as it is sent: `{"type": "copy.paused", "timestamp": "...", "data": {...}}`.

The id is that of the row in the outbox, so the same event has the same id however often it comes. What `data` is, is
said by the API, which shows the same rows: whoever runs the rounds hands its function in.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from accounts.models import User
from copytrading.queries.happened.happenings import Happening

OWN_LANE = 0  # of what is about the person and no copy
TEST_TYPE = "webhook.test"


@dataclass(frozen=True, kw_only=True)
class Event:
    """What a delivery tells; of one lane, events go out one after the other, and without one on their own."""

    id: str
    type: str
    at: datetime
    lane: int | None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def payload(self) -> str:
        """Return the text that is signed and sent."""
        timestamp = self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return json.dumps({"type": self.type, "timestamp": timestamp, "data": self.data}, ensure_ascii=False)


# From what happened to a person to the events that tell it, in the same order.
Describe = Callable[[User, Sequence[Happening]], list[Event]]


def make_test_event(*, webhook_id: int, now: datetime) -> Event:
    """Return an event by which somebody tries a webhook; it is tried once."""
    return Event(id=f"test_{uuid4().hex}", type=TEST_TYPE, at=now, lane=None, data={"webhook_id": webhook_id})
