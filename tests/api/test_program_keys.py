"""Keys for programs: what they may do, from where, how often, how long; and what none may."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import program_keys
from accounts.models import ProgramKey, User
from copytrading.models import Copy, Lead
from tests.api.program import Program
from tests.cast import World

START = {"lead": "basalt", "investment": "1000.00"}


def key_of(user: User, *scopes: str, **more: Any) -> Program:
    _, secret = program_keys.make_key(user=user, name="Test", scopes=scopes, now=timezone.now(), **more)
    return Program(secret)


class TestProgramKeys:
    def test_are_shown_once_kept_hashed_and_revoked(self, program: Program, follower: User) -> None:
        made = program.post("keys", {"name": "Robot", "scopes": ["read"]}).json()

        (listed,) = program.get("keys").json()
        assert "key" not in listed
        assert (listed["hint"], listed["scopes"]) == (made["key"][:10], ["read"])
        assert made["key"] not in str(ProgramKey.objects.values())
        assert Program(made["key"]).get("copies").status_code == 200
        assert program.send("DELETE", f"keys/{made['id']}", key="gone-0001").status_code == 204
        assert Program(made["key"]).get("copies").json()["code"] == "token_not_good"

    def test_know_what_they_may_do_and_with_which_money(self, program: Program, follower: User) -> None:
        robot = key_of(follower, "read", "lead")

        asking = robot.get("me").json()["key"]

        assert (asking["name"], asking["scopes"], asking["expires_at"]) == ("Test", ["read", "lead"], None)
        assert program.get("me").json()["key"] is None
        assert robot.get("wallet").json()["money"] == "PAPER"

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            ({"scopes": ["withdraw"]}, "scopes.0"),
            ({"scopes": []}, "scopes"),
            ({"addresses": ["home"]}, "addresses"),
            ({"requests_per_minute": 601}, "requests_per_minute"),
            ({"expires_at": "2026-01-05T11:59:59Z"}, "expires_at"),
        ],
    )
    def test_are_made_within_bounds(self, program: Program, wanted: dict[str, Any], field: str) -> None:
        response = program.post("keys", {"name": "Robot", "scopes": ["read"], **wanted})

        assert (response.status_code, response.json()["field"]) == (400, field)
        assert not ProgramKey.objects.exists()

    def test_do_what_their_scopes_name_and_nothing_else(
        self, world: World, lead: Lead, follower: User, clock: time_machine.Traveller
    ) -> None:
        reading, copying, with_money = (
            key_of(follower, *scopes) for scopes in (["read"], ["read", "copy"], ["copy:money"])
        )

        refused = [program.post("copies", START, key="start-0001") for program in (reading, copying)]
        started = with_money.post("copies", START, key="start-0002")
        copy_id = Copy.objects.get().pk
        paused = copying.post(f"copies/{copy_id}/pause", key="pause-0001")

        assert {(answer.status_code, answer.json()["code"]) for answer in refused} == {(403, "scope_missing")}
        assert (started.status_code, paused.status_code) == (201, 200)
        assert with_money.get("copies").json()["code"] == "scope_missing"
        assert reading.post("leads/basalt/preview", {"investment": "100.00"}).status_code == 409

    def test_never_withdraw_or_touch_who_somebody_is(self, follower: User) -> None:
        program = key_of(follower, *[scope.value for scope in ProgramKey.Scope])

        for method, path, body in (
            ("POST", "wallet/withdrawals", {"value": "1.00"}),
            ("POST", "wallet/deposits", {"value": "1.00"}),
            ("POST", "keys", {"name": "More", "scopes": ["read"]}),
            ("POST", "webhooks", {"address": "https://192.0.2.1/", "events": ["copy"]}),
            ("DELETE", "devices", None),
            ("DELETE", "token", None),
            ("PATCH", "me", {"language": "de"}),
            ("POST", "notices/read", {}),
            ("PUT", "notices/switches", {"switches": [{"topic": "TRANSFERS", "channel": "PUSH", "is_on": True}]}),
            ("POST", "notices/push", {"endpoint": "https://192.0.2.1/", "key": "k", "secret": "s"}),
            ("POST", "confirm", {"password": "correct horse battery"}),
        ):
            response = program.send(method, path, body, key="anything-1")
            assert (response.status_code, response.json()["code"]) == (403, "not_for_keys"), path
        identity = Client().get(
            "/api/identity/app/v1/account/email", headers={"Authorization": f"Bearer {program.token}"}
        )
        assert identity.status_code in (401, 410)

    def test_come_from_their_addresses_until_their_day_and_so_often(
        self, follower: User, clock: time_machine.Traveller
    ) -> None:
        elsewhere = key_of(follower, "read", addresses=["203.0.113.0/24"])
        here = key_of(follower, "read", addresses=["203.0.113.7", "127.0.0.0/8"], requests_per_minute=2)
        short = key_of(follower, "read", expires_at=timezone.now() + timedelta(hours=1))

        assert elsewhere.get("copies").json()["code"] == "address_not_listed"
        answers = [here.get("copies") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[0]["RateLimit"].startswith('"requests";r=1;t=')
        assert short.get("copies").status_code == 200
        clock.shift(timedelta(hours=1))
        assert short.get("copies").json()["code"] == "key_expired"
