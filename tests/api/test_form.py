"""The form of every answer: conditional reads, who may keep it, problems with pages, and JSON wherever it is /api/."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.api.answering.deprecation import Deprecation
from accounts.api.endpoint import BODY_BYTES_MAX, Endpoint
from accounts.models import User
from copytrading.api.schema import description
from copytrading.api.wallet.account import Wallet
from copytrading.models import Lead
from copytrading.services.problem_codes import problem_codes
from tests.api.program import Program
from tests.cast import NOON

PROBLEM = "application/problem+json"


def bearer(program: Program) -> dict[str, str]:
    return {"Authorization": f"Bearer {program.token}"}


class TestConditionalReads:
    def test_send_nothing_that_is_known_already(self, program: Program, lead: Lead) -> None:
        for path in ("/api/v1/wallet", "/api/v1/leads", "/api/v1/schema"):
            first = Client().get(path, headers=bearer(program))
            again = Client().get(path, headers={**bearer(program), "If-None-Match": first["ETag"]})

            assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
            assert again["ETag"] == first["ETag"]

    def test_may_be_kept_where_they_are_nobodys(self, program: Program, lead: Lead) -> None:
        assert program.get("wallet")["Cache-Control"] == "private, no-store"
        assert program.get(f"leads/{lead.slug}")["Cache-Control"] == "private, no-store"
        for_everybody = Program().get(f"leads/{lead.slug}")
        assert (for_everybody["Cache-Control"], for_everybody["Vary"]) == (
            "public, max-age=2",
            "Authorization, Accept-Language",
        )


class TestLeadsForEverybody:
    def test_are_read_without_signing_in(self, lead: Lead) -> None:
        body = Program().get(f"leads/{lead.slug}").json()

        assert (body["slug"], body["standing"]) == (lead.slug, "STRANGER")
        assert Program().get("leads").status_code == 200
        assert Program().post(f"leads/{lead.slug}/preview", {"investment": "100.00"}).status_code == 401


class TestEverythingUnderApi:
    """Whatever is sent, what comes back is a problem with a code that has a page."""

    def answers(self, program: Program, lead: Lead) -> list[HttpResponse]:
        client, headers = Client(raise_request_exception=False), bearer(program)
        written = {**headers, "Idempotency-Key": "anything-1"}
        gets = [
            "/api/",
            "/api/v1",
            "/api/v1/no/such",
            "/api/v1/leads/new%0Aline",
            "/api/v1/%00",
            "/api/v1/copies/99999999999999999999999999",
            "/api/v1/copies/" + "9" * 5000,
            "/api/v1/leads?limit=1&limit=2",
            "/api/v1/leads?limit=NaN",
            "/api/v1/leads?limit=1e400",
            "/api/v1/leads?limit=%D9%A3",
            "/api/v1/leads?fall_max=nan",
            "/api/v1/leads?search=%00",
            "/api/v1/leads?cursor=%00",
            "/api/v1/activity?cursor=x",
            "/api/v1/wallet/history?since=yesterday",
            "/api/identity/app/v1/nowhere",
        ]
        bodies = [
            '{"value": NaN}',
            '{"value": 1e400}',
            '{"value": "1e400"}',
            '{"value": "\\u0000"}',
            '{"value": "٣"}',
            "{",
            "\ufeff{}",
            '{"value": "' + "9" * BODY_BYTES_MAX + '"}',
        ]
        found = [client.get(path, headers=headers) for path in gets]
        found += [
            client.post("/api/v1/wallet/deposits", body, content_type="application/json", headers=written)
            for body in bodies
        ]
        found += [
            client.post("/api/v1/wallet/deposits", b"\xff\xfe", content_type="application/json", headers=written),
            client.post("/api/v1/wallet/deposits", {"value": "1"}, headers=written),
            client.put("/api/v1/leads", headers=headers),
            client.post("/api/identity/app/v1/auth/login", "{", content_type="application/json"),
            client.get("/api/identity/app/v1/auth/login"),
        ]
        return found

    def test_is_answered_with_a_problem(self, program: Program, lead: Lead) -> None:
        codes = problem_codes()
        for response in self.answers(program, lead):
            address = response.request["PATH_INFO"], response.request["QUERY_STRING"]
            assert 400 <= response.status_code < 500, address
            assert response["Content-Type"] == PROBLEM, address
            body = json.loads(response.content)
            assert body["status"] == response.status_code
            assert body["code"] in codes, (address, body)
            assert body["type"] == f"/problems/{body['code']}/"
            assert response["Cache-Control"] == "private, no-store"


class TestProblemPages:
    def test_are_there_for_every_code_and_no_other(self, db: None) -> None:
        codes = problem_codes()

        assert {"lead_full", "scope_missing", "idempotency_key_reused", "stop_loss_too_high"} <= set(codes)
        assert all(meaning.endswith(".") and len(meaning) > 15 for meaning in codes.values())
        assert Client().get("/problems/").status_code == 200
        assert codes["lead_full"].encode() in Client().get("/problems/lead_full/").content
        assert Client().get("/problems/nothing/").status_code == 404


class TestDescription:
    def test_names_every_code_and_every_status(self, db: None) -> None:
        schemas = json.loads(description())["components"]["schemas"]

        assert set(schemas["Problem"]["properties"]["code"]["enum"]) == set(problem_codes())
        open_ended = [
            f"{name}.{field}"
            for name, schema in schemas.items()
            for field, of in schema.get("properties", {}).items()
            if field in {"status", "code", "kind", "side", "mode", "reason", "stop_reason"}
            and not ({"$ref", "enum", "oneOf", "allOf"} & set(of))
        ]
        # HTTP's own status, the code of a second factor, and the sentences of a link, an own account and a webhook.
        assert set(open_ended) == {
            "Problem.status",
            "SignInInputRequest.code",
            "ProofInputRequest.code",
            "LinkShape.reason",
            "ExchangeAccountShape.reason",
            "WebhookAttemptShape.status",
            "WebhookShape.reason",
            "NewWebhookShape.reason",
        }

    def test_is_built_once(self, db: None) -> None:
        assert description() is description()


class TestParameters:
    @pytest.mark.parametrize(
        ("path", "name"),
        [("copies", "until"), ("copies", "limit"), ("activity", "kind"), ("leads", "fall_max"), ("statements", "copy")],
    )
    def test_are_refused_where_they_are_empty(self, program: Program, path: str, name: str) -> None:
        response = program.get(path, **{name: ""})

        assert (response.status_code, response.json()["field"]) == (400, name)


class TestDeprecation:
    def test_is_announced_for_half_a_year_at_least(
        self, program: Program, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        since = datetime(2026, 6, 1, tzinfo=UTC)
        leaving = Deprecation(since=since, until=datetime(2026, 12, 1, tzinfo=UTC), successor="/api/v1/other")
        monkeypatch.setattr(Endpoint, "deprecation", leaving)

        response = program.get("wallet")

        assert response["Deprecation"] == f"@{int(since.timestamp())}"
        assert response["Sunset"] == "Tue, 01 Dec 2026 00:00:00 GMT"
        assert response["Link"] == '</api/v1/other>; rel="successor-version"'
        with pytest.raises(AssertionError, match="half a year"):
            Deprecation(since=since, until=datetime(2026, 11, 1, tzinfo=UTC), successor="/")

    def test_ends_with_410_and_what_takes_its_place(
        self, program: Program, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        last = NOON + timedelta(days=200)
        leaving = Deprecation(since=NOON, until=last, successor="/api/v1/other")
        monkeypatch.setattr(Wallet, "deprecation", leaving)

        served = program.get("wallet").status_code
        clock.move_to(last)
        gone = Program().get("wallet")

        assert (served, gone.status_code, gone.json()["code"]) == (200, 410, "gone")
        assert "/api/v1/other" in gone.json()["title"]
        assert gone["Link"] == '</api/v1/other>; rel="successor-version"'

    def test_is_in_the_description(self, monkeypatch: pytest.MonkeyPatch) -> None:
        leaving = Deprecation(since=NOON, until=NOON + timedelta(days=180), successor="/api/v1/other")
        monkeypatch.setattr(Wallet, "deprecation", leaving)

        paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]

        assert paths["/api/v1/wallet"]["get"]["deprecated"] is True
        assert "deprecated" not in paths["/api/v1/wallet/history"]["get"]
