"""What tests of gates ask for: an operator's check that answers what the test wants, and notes what it is asked."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from standardwebhooks import Webhook as Verifier

from accounts import transactions
from copytrading.services.admission import gates
from copytrading.services.hooks.posting import Answer
from smartsync_site.gates import DEMO_SECRET, Gate


@dataclass
class Check:
    """`answers` is said to the next question, as JSON or as what came instead; `asked` are the questions so far."""

    answers: dict[str, Any] | Answer = field(default_factory=lambda: {"answer": "allow"})
    asked: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)

    def post(self, *, address: str, headers: dict[str, str], payload: str, **named: Any) -> Answer:
        assert not transactions.is_open(), "nobody is asked inside a transaction"
        self.asked.append(json.loads(payload)["data"])
        self.ids.append(headers["webhook-id"])
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        signed = Verifier(DEMO_SECRET).sign(self.ids[-1], at, payload)
        assert headers["webhook-signature"] == signed
        if isinstance(self.answers, Answer):
            return self.answers
        return Answer(tried_at=named["now"], milliseconds=7, status=200, text=json.dumps(self.answers).encode())


@pytest.fixture
def check(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Check]:
    """An operator's check that is asked about everything."""
    settings.SMARTSYNC_GATE = Gate(url="https://checks.example.org/gate", secret=DEMO_SECRET)
    asked = Check()
    monkeypatch.setattr(gates, "post", asked.post)
    yield asked
