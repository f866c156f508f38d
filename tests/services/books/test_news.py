"""Open pages hear of what was booked, each follower's of the own and nobody else's."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.models import User
from copytrading.models import Lead
from copytrading.services import bell
from copytrading.services.copies import verbs as copies
from tests.cast import World


@dataclass
class Listener:
    """Carries no ring, and keeps the news."""

    heard: set[tuple[str, str]] = field(default_factory=set)

    def send(self, task_name: str, *arguments: int) -> None: ...

    def tell(self, messages: Sequence[tuple[str, str]]) -> None:
        self.heard.update(messages)


@pytest.fixture
def listener(settings: Any) -> Listener:
    settings.SMARTSYNC_BELL = True
    return Listener()


class TestNews:
    def test_of_an_order_is_for_the_lead_and_for_whom_it_traded(
        self, world: World, lead: Lead, follower: User, other_follower: User, listener: Listener,
        django_capture_on_commit_callbacks: Any,
    ) -> None:  # fmt: skip
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        world.start(follower, lead, "1000")

        with bell.carried_by(listener), django_capture_on_commit_callbacks(execute=True):
            world.settle()

        assert {(f"user:{follower.pk}", "activity"), (f"book:{lead.pk}", "lead")} <= listener.heard
        assert not any(topic == f"user:{other_follower.pk}" for topic, _ in listener.heard)

    def test_of_an_end_is_for_whose_copy_ended(
        self, world: World, lead: Lead, follower: User, other_follower: User, listener: Listener,
        django_capture_on_commit_callbacks: Any,
    ) -> None:  # fmt: skip
        copy = world.start(follower, lead, "1000")
        world.settle()
        copies.stop_copy(copy_id=copy.pk, now=world.now)

        with bell.carried_by(listener), django_capture_on_commit_callbacks(execute=True):
            world.settle()

        assert (f"user:{follower.pk}", "copies") in listener.heard
        assert not any(topic == f"user:{other_follower.pk}" for topic, _ in listener.heard)
