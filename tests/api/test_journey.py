"""A phone's whole way, by HTTP only: from the sign-up to the revoked device."""

import re
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.http import HttpResponse
from django.test import Client

from accounts.models import Device, User
from copytrading.models import Lead
from tests.api.program import Program
from tests.api.test_devices import code_of
from tests.cast import World
from tests.pasts import give_past

IDENTITY = "/api/identity/app/v1"


class Phone:
    """An app with an address and a password, and what it was told to keep."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def step(self, method: str, path: str, body: Any = None) -> HttpResponse:
        """Take one of the steps of signing in, with whatever proves who it is so far."""
        headers = {"X-Device-Name": "My phone"}
        if "access_token" in self.kept:
            headers["Authorization"] = f"Bearer {self.kept['access_token']}"
        elif "session_token" in self.kept:
            headers["X-Session-Token"] = self.kept["session_token"]
        send = getattr(Client(), method.lower())
        sent = {} if method == "GET" else {"data": body or {}, "content_type": "application/json"}
        response = send(f"{IDENTITY}/{path}", headers=headers, **sent)
        meta = response.json().get("meta", {}) if response.content else {}
        self.kept |= {name: meta[name] for name in ("session_token", "access_token", "refresh_token") if name in meta}
        return response

    @property
    def program(self) -> Program:
        return Program(self.kept["access_token"])


@pytest.mark.parametrize("verification", ["mandatory"])
class TestPhone:
    def test_goes_all_the_way(
        self,
        world: World,
        lead: Lead,
        clock: time_machine.Traveller,
        settings: Any,
        verification: str,
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = verification
        seen = give_past(world, world.make_lead(User.objects.create_user("seen@example.org"), name="Slate"))
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        clock.move_to(world.now)
        phone = Phone()

        # Sign up, and confirm the address.
        email, password = "phone@example.org", "a horse of my own"
        assert phone.step("POST", "auth/signup", {"email": email, "password": password}).status_code == 401
        (key,) = re.findall(r"/confirm-email/([^/\s]+)/", mail.outbox[-1].body)
        assert phone.step("POST", "auth/email/verify", {"key": key}).status_code in (200, 401)
        if "access_token" not in phone.kept:
            assert phone.step("POST", "auth/login", {"email": email, "password": password}).status_code == 200

        # A second factor, after the password again, and the proof that it works.
        assert phone.step("POST", "auth/reauthenticate", {"password": password}).status_code == 200
        secret = phone.step("GET", "account/authenticators/totp").json()["meta"]["secret"]
        assert phone.step("POST", "account/authenticators/totp", {"code": code_of(secret)}).status_code == 200
        assert len(phone.step("GET", "account/authenticators/recovery-codes").json()["data"]["unused_codes"]) == 10
        assert phone.program.get("me").json()["has_second_factor"] is True

        # Money, browse, what if, preview, copy.
        program = phone.program
        assert program.post("wallet/deposits", {"value": "2000.00"}, key="deposit-01").status_code == 201
        assert {seen.slug, lead.slug} <= {found["slug"] for found in program.get("leads").json()["results"]}
        slug, wanted = lead.slug, {"investment": "1000.00"}
        assert program.post(f"leads/{seen.slug}/what-if", wanted).status_code == 200
        assert program.post(f"leads/{slug}/preview", wanted).json()["trades"]
        copy_id = program.post("copies", {"lead": slug, **wanted}, key="start-0001").json()["id"]
        world.settle()
        clock.move_to(world.now)

        # Change, stop, and be paid out.
        assert program.put(f"copies/{copy_id}/stop-loss", {"stop_loss": "200.00"}, key="loss-0001").status_code == 200
        assert program.post(f"copies/{copy_id}/increase", {"value": "500.00"}, key="more-0001").status_code == 200
        world.settle()
        clock.move_to(world.now)
        assert program.post(f"copies/{copy_id}/stop", key="stop-0001").status_code == 202
        world.settle()
        assert program.get(f"copies/{copy_id}").json()["status"] == "STOPPED"
        assert 1990 < float(program.get("wallet").json()["available"]) < 2000
        assert program.get(f"copies/{copy_id}/ledger").json()["results"][0]["kind"] in ("COPY_PAYOUT", "DUST")

        # Refresh, and revoke the device: nothing of it opens anything any more.
        tokens = Program().post("token/refresh", {"refresh_token": phone.kept["refresh_token"]}).json()
        renewed = Program(tokens["access_token"])
        (device,) = renewed.get("devices").json()
        assert (device["name"], device["is_this"]) == ("My phone", True)
        assert renewed.send("DELETE", f"devices/{device['id']}", key="gone-0001").status_code == 204
        assert renewed.get("me").status_code == program.get("me").status_code == 401
        assert phone.step("GET", "auth/session").status_code in (401, 410)
        del phone.kept["access_token"]
        assert phone.step("GET", "auth/session").status_code in (401, 410)
        assert not Device.objects.filter(revoked_at=None).exists()
