"""Webhooks by API: made by a person who has just proved to be it, never by a key; tried, rotated, removed."""

from typing import Any

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook as Signer

from accounts import program_keys
from accounts.models import ProgramKey, User
from copytrading.api.telling.events import describe
from copytrading.models import Webhook
from copytrading.services.hooks.calling import call_all
from tests.api.program import Program
from tests.hook_receiver import Receiver, webhook_of


@pytest.fixture
def wanted(receiver: Receiver) -> dict[str, Any]:
    return {"address": receiver.address, "description": "Home", "events": ["copy"], "topics": ["TRANSFERS"]}


class TestWebhooks:
    def test_are_added_tried_rotated_and_removed(
        self, program: Program, receiver: Receiver, wanted: dict[str, Any]
    ) -> None:
        made = program.post("webhooks", wanted)
        assert made.status_code == 201
        path, secret = f"webhooks/{made.json()['id']}", made.json()["secret"]
        assert secret.startswith("whsec_")
        assert secret not in str(Webhook.objects.values()) and "secret" not in program.get(path).json()
        assert program.get("webhooks").json() == [program.get(path).json()]

        tried = program.post(f"{path}/test", key="test-0001")
        assert (tried.status_code, tried.json()["state"]) == (202, "WAITING")
        call_all(describe=describe, clock=timezone.now)
        (delivery,) = program.get(f"{path}/deliveries").json()["results"]
        (attempt,) = delivery["attempts"]
        assert (delivery["state"], delivery["next_attempt_at"], attempt["status"]) == ("DELIVERED", None, 200)
        (arrival,) = receiver.arrivals
        assert Signer(secret).verify(arrival.text, arrival.headers) == delivery["payload"]
        assert arrival.id == delivery["event_id"]

        again = program.post(f"{path}/deliveries/{delivery['id']}/resend", key="again-0001")
        assert (again.status_code, again.json()["state"]) == (202, "WAITING")
        rotated = program.post(f"{path}/rotate", {"overlap_hours": 2}).json()
        assert rotated["secret"] != secret and rotated["previous_secret_until"] is not None
        assert program.send("PATCH", path, {"is_active": False}, key="rest-0001").json()["status"] == "PAUSED"
        refused = program.post(f"{path}/test", key="test-0002")
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook_not_active")
        assert program.send("DELETE", path, key="gone-0001").status_code == 204
        assert program.get(path).status_code == 404

    @pytest.mark.parametrize(
        ("changed", "status", "named"),
        [
            ({"address": "https://127.0.0.1/"}, 409, "webhook_address_refused"),
            ({"address": "https://169.254.169.254/latest/meta-data"}, 409, "webhook_address_refused"),
            ({"events": ["withdrawal"]}, 400, "invalid"),
            ({"topics": ["NO_SUCH_TOPIC"]}, 400, "invalid"),
            ({"events": [], "topics": []}, 409, "webhook_wants_nothing"),
            ({"secret": "whsec_mine"}, 400, "invalid"),
        ],
    )
    def test_are_refused_with_a_code(
        self, program: Program, wanted: dict[str, Any], changed: dict[str, Any], status: int, named: str
    ) -> None:
        response = program.post("webhooks", wanted | changed)

        assert (response.status_code, response.json()["code"]) == (status, named)
        assert not Webhook.objects.exists()

    def test_take_a_proof_of_the_last_minutes(
        self, program: Program, follower: User, wanted: dict[str, Any], clock: time_machine.Traveller
    ) -> None:
        path = f"webhooks/{webhook_of(follower, now=timezone.now()).pk}"
        clock.shift(6 * 60)

        answers = [
            program.post("webhooks", wanted),
            program.post(f"{path}/rotate", {}),
            program.send("PATCH", path, {"address": wanted["address"]}, key="change-0001"),
        ]

        assert {answer.json()["code"] for answer in answers} == {"confirmation_needed"}

    def test_are_for_no_key(self, follower: User, wanted: dict[str, Any]) -> None:
        path = f"webhooks/{webhook_of(follower, now=timezone.now()).pk}"
        scopes = [scope.value for scope in ProgramKey.Scope]
        _, secret = program_keys.make_key(user=follower, name="Robot", scopes=scopes, now=timezone.now())
        robot = Program(secret)

        answers = [
            robot.post("webhooks", wanted),
            robot.post(f"{path}/rotate", {}),
            robot.post(f"{path}/test", key="test-0001"),
            robot.send("PATCH", path, {"address": wanted["address"]}, key="change-0001"),
            robot.send("DELETE", path, key="gone-0001"),
        ]

        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(403, "not_for_keys")}
        assert Webhook.objects.count() == 1
        assert robot.get("webhooks").status_code == 200
