"""What every address of the API refuses, whatever it is about: fields it does not know, and bodies without measure."""

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client, RequestFactory, override_settings

from accounts.api.endpoint import BODY_BYTES_MAX
from accounts.api.problems import PROBLEM_TYPE, server_error
from accounts.models import User
from copytrading.models import Copy, Lead
from tests.api.program import Program


def send(program: Program, body: bytes) -> tuple[int, dict[str, object]]:
    """Send a body as it is, and return the status and the problem."""
    response = Client().post(
        "/api/v1/wallet/deposits",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {program.token}", "Idempotency-Key": "deposit-0001"},
    )
    return response.status_code, response.json()


class TestUnknownFields:
    def test_are_refused_by_name_before_anything_is_done(self, program: Program, lead: Lead) -> None:
        body = {"lead": lead.slug, "investment": "1000.00", "stop_los": "100.00"}

        response = program.post("copies", body, key="start-0001")

        assert (response.status_code, response.json()["field"]) == (400, "stop_los")
        assert not Copy.objects.exists()

    def test_are_found_inside_of_parts(self, program: Program, lead: Lead) -> None:
        body = {"investment": "1000.00", "custom": {"order_value": "10.00", "order_maximum": "5.00"}}

        problem = program.post(f"leads/{lead.slug}/preview", body).json()

        assert problem["field"] == "custom.order_maximum"

    def test_are_refused_behind_the_question_mark_too(self, program: Program) -> None:
        response = program.get("leads", has_vacancy="true")

        assert (response.status_code, response.json()["field"]) == (400, "has_vacancy")

    def test_are_found_inside_of_lists(self, program: Program) -> None:
        switch = {"topic": "COINS", "channel": "BELL", "is_on": False, "is_of": True}

        response = program.send("PUT", "notices/switches", {"switches": [switch]}, key="switches-0001")

        assert (response.status_code, response.json()["field"]) == (400, "switches.0.is_of")


class TestKinds:
    """What a framework would make something of: it is what the description says, or nothing."""

    @pytest.mark.parametrize(
        ("method", "path", "body", "field"),
        [
            ("POST", "lead", {"name": "N", "profit_share_rate": "0.1", "followers_max": 1, "tags": [0]}, "tags.0"),
            ("POST", "lead", {"name": 7, "profit_share_rate": "0.1", "followers_max": 1, "tags": []}, "name"),
            ("PUT", "notices/switches", {"switches": [{"topic": "COINS", "channel": "BELL", "is_on": 1}]}, "is_on"),
            ("PUT", "notices/switches", {"switches": [{"topic": "COINS", "channel": "BELL", "is_on": "no"}]}, "is_on"),
            ("PUT", "notices/habits", {"quiet_from": "17:55:06+16:12"}, "quiet_from"),
        ],
    )
    def test_of_another_kind_are_refused_by_name(
        self, program: Program, method: str, path: str, body: dict[str, object], field: str
    ) -> None:
        habits = {"time_zone": "UTC", "mail_rhythm": "AT_ONCE", "quiet_from": None, "quiet_until": "08:00:00"}
        sent = habits | body if path == "notices/habits" else body

        response = program.send(method, path, sent, key="kinds-0001")

        assert (response.status_code, response.json()["field"].removeprefix("switches.0.")) == (400, field)

    def test_behind_the_question_mark_everything_is_text(self, program: Program) -> None:
        assert program.get("leads", has_vacancies="true", search="7").status_code == 200

    @pytest.mark.parametrize("path", ["token", "leads", "copies"])
    @pytest.mark.parametrize("method", ["TRACE", "READ", "DISPATCH"])
    def test_a_method_that_is_not_there_is_said_before_who_asks(self, db: None, path: str, method: str) -> None:
        assert Client().generic(method, f"/api/v1/{path}").status_code == 405


class TestBody:
    def test_can_be_nested_as_deeply_as_it_likes_and_is_refused(self, program: Program) -> None:
        status, problem = send(program, b'{"value":' + b"[" * 40_000 + b"]" * 40_000 + b"}")

        assert (status, problem["code"]) == (400, "parse_error")

    def test_has_a_size(self, program: Program) -> None:
        just_right, too_large = (b'{"value": "1.00"' + b" " * (BODY_BYTES_MAX - 17 + more) + b"}" for more in (0, 1))

        assert send(program, too_large)[1]["code"] == "body_too_large"
        assert send(program, just_right)[0] == 201

    @pytest.mark.parametrize("body", [b"[]", b'"text"', b"7"])
    def test_that_is_no_object_is_wrong_as_a_whole(self, program: Program, body: bytes) -> None:
        status, problem = send(program, body)

        assert (status, problem["field"]) == (400, "body")


class TestServerError:
    def test_speaks_to_programs_in_their_words_and_to_people_with_a_page(self, db: None, follower: User) -> None:
        for path, kind in (("/api/v1/leads", PROBLEM_TYPE), ("/copies/", "text/html; charset=utf-8")):
            response = server_error(RequestFactory().get(path))

            assert (response.status_code, response["Content-Type"]) == (500, kind)

    @pytest.mark.parametrize("trouble", [OperationalError, InterfaceError])
    @pytest.mark.parametrize("path", ["/api/v1/leads", "/"])
    def test_says_that_it_can_be_tried_again_while_the_database_is_away(
        self, program: Program, trouble: type[Exception], path: str
    ) -> None:
        def be_away(*anything: object, **named: object) -> None:
            raise trouble("the connection is lost")

        with pytest.MonkeyPatch.context() as patches:
            patches.setattr(CursorWrapper, "execute", be_away)
            response = Client(raise_request_exception=False).get(
                path, headers={"Authorization": f"Bearer {program.token}"}
            )

        assert (response.status_code, response["Retry-After"]) == (503, "2")
        if path.startswith("/api/"):
            assert response.json()["code"] == "unavailable"

    def test_says_so_while_nobody_counts_the_requests(self, program: Program) -> None:
        nowhere = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}

        with override_settings(CACHES=nowhere):
            response = program.send("GET", "leads")

        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
