"""The way in: tokens for a password, refreshed once each, and everything that puts a device out."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from accounts import devices
from accounts.api.throttles import RequestsPerMinute
from accounts.models import Device, RefreshToken, User
from tests.api.program import Program

PASSWORD = "correct horse battery"


def sign_in(email: str, password: str = PASSWORD, **more: str) -> tuple[int, dict[str, Any]]:
    response = Program().post("token", {"email": email, "password": password, **more})
    return response.status_code, response.json()


def code_of(secret: str) -> str:
    return str(format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30)))


class TestSignIn:
    def test_gives_tokens_that_open_the_door(self, stranger: User) -> None:
        status, body = sign_in(stranger.email, device="My phone")

        assert status == 201
        assert body["device"]["name"] == "My phone"
        assert Program(body["access_token"]).get("copies").status_code == 200

    def test_says_the_same_to_a_wrong_password_and_an_unknown_person(self, stranger: User) -> None:
        wrong_password = sign_in(stranger.email, "wrong")
        unknown_person = sign_in("nobody@example.org")

        assert wrong_password == unknown_person
        assert (wrong_password[0], wrong_password[1]["code"]) == (401, "sign_in_refused")

    def test_turns_away_somebody_who_was_made_inactive(self, stranger: User) -> None:
        User.objects.update(is_active=False)

        assert sign_in(stranger.email)[1]["code"] == "sign_in_refused"

    def test_asks_for_the_second_factor_where_there_is_one(self, stranger: User) -> None:
        secret = generate_totp_secret()
        TOTP.activate(stranger, secret)

        without, wrong, right = (
            sign_in(stranger.email, **more) for more in ({}, {"code": "000000"}, {"code": code_of(secret)})
        )

        assert without[1]["code"] == wrong[1]["code"] == "second_factor_needed"
        assert right[0] == 201

    def test_takes_no_more_than_a_few_codes(self, stranger: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("accounts.api.throttles.SignInsPerMinute.limit", 100)
        TOTP.activate(stranger, generate_totp_secret())

        answers = [sign_in(stranger.email, code=f"{number:06}") for number in range(12)]

        assert (answers[0][0], answers[-1][0], answers[-1][1]["code"]) == (401, 429, "throttled")

    def test_waits_for_the_address_to_be_confirmed_where_that_is_asked(
        self, stranger: User, settings: LazySettings
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

        assert sign_in(stranger.email)[1]["code"] == "email_not_confirmed"

    def test_tells_somebody_who_guesses_when_to_come_back(self, stranger: User) -> None:
        for _ in range(11):
            response = Program().post("token", {"email": stranger.email, "password": "guess"})

        assert (response.status_code, response["Content-Type"]) == (429, "application/problem+json")
        assert 1 <= int(response["Retry-After"]) <= 60
        assert response["RateLimit"].startswith('"sign-ins";r=0;t=')


class TestDevices:
    def test_keep_no_token_in_the_database_and_none_can_be_made_from_it(self, stranger: User) -> None:
        body = sign_in(stranger.email)[1]

        token = RefreshToken.objects.get()
        assert body["refresh_token"] not in (token.token_hash, str(token.pk))
        for made_up in (str(token.device_id), f"{token.device_id}:1abcde:{'0' * 43}", token.token_hash):
            assert Program(made_up).get("copies").json()["code"] == "token_not_good"

    def test_are_no_browser(self, stranger: User) -> None:
        browser = Client()
        browser.cookies["sessionid"] = sign_in(stranger.email)[1]["access_token"]

        assert browser.get("/admin/").wsgi_request.user.is_anonymous

    def test_are_listed_named_and_revoked_one_by_one_or_all(self, stranger: User) -> None:
        first, second, third = (Program(sign_in(stranger.email)[1]["access_token"]) for _ in range(3))
        ids = {device["is_this"]: device["id"] for device in second.get("devices").json()}

        named = first.send("PATCH", f"devices/{ids[True]}", {"name": "The old one"}, key="name-0001")
        revoked = first.send("DELETE", f"devices/{ids[True]}", key="gone-0001")

        assert named.json()["name"] == "The old one"
        assert (revoked.status_code, second.get("copies").status_code) == (204, 401)
        assert first.send("DELETE", "devices", key="gone-0002").status_code == 204
        assert third.get("copies").status_code == 401
        assert [device["is_this"] for device in first.get("devices").json()] == [True]
        assert first.send("DELETE", "token").status_code == 204
        assert first.get("copies").status_code == 401

    def test_are_nobody_elses(self, stranger: User, operator: User) -> None:
        device, _ = devices.open_device(user=stranger, now=timezone.now())

        assert Program.of(operator).send("DELETE", f"devices/{device.pk}", key="gone-0001").status_code == 404

    def test_end_with_the_password_and_with_the_person(self, stranger: User) -> None:
        program = Program.of(stranger)
        tokens = sign_in(stranger.email)[1]
        stranger.set_password("another horse")
        stranger.save()

        assert program.get("copies").status_code == 401
        assert Program().post("token/refresh", {"refresh_token": tokens["refresh_token"]}).status_code == 401

        other = Program.of(stranger)
        User.objects.update(is_active=False)
        assert other.get("copies").status_code == 401

    def test_end_with_the_second_factor(
        self, stranger: User, settings: LazySettings, django_capture_on_commit_callbacks: Callable[..., Any]
    ) -> None:
        # What follows a commit comes after the request here, and a letter needs one.
        settings.ACCOUNT_EMAIL_NOTIFICATIONS = False
        own, other = (sign_in(stranger.email)[1] for _ in range(2))
        bearer = {"Authorization": f"Bearer {own['access_token']}"}
        address = "/api/identity/app/v1/account/authenticators/totp"
        reauthenticate = "/api/identity/app/v1/auth/reauthenticate"
        again = Client().post(reauthenticate, {"password": PASSWORD}, content_type="application/json", headers=bearer)
        secret = Client().get(address, headers=bearer).json()["meta"]["secret"]

        with django_capture_on_commit_callbacks(execute=True):
            response = Client().post(
                address, {"code": code_of(secret)}, content_type="application/json", headers=bearer
            )

        assert (again.status_code, response.status_code) == (200, 200)
        assert Program(own["access_token"]).get("me").json()["has_second_factor"] is True
        assert Program(other["access_token"]).get("me").status_code == 401
        assert Device.objects.exclude(revoked_at=None).get().revoked_for == "SECOND_FACTOR"


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    """Threads see only what is committed, and close what they opened."""
    yield
    connections.close_all()


def refreshed(token: str) -> tuple[int, dict[str, Any]]:
    try:
        response = Program().post("token/refresh", {"refresh_token": token})
    finally:
        connection.close()
    return response.status_code, response.json()


class TestRefresh:
    def test_gives_a_new_pair_for_a_token_once(self, stranger: User, clock: time_machine.Traveller) -> None:
        first = sign_in(stranger.email)[1]
        clock.shift(devices.ACCESS_AGE_MAX + timedelta(seconds=1))
        assert Program(first["access_token"]).get("copies").status_code == 401

        response = Program().post("token/refresh", {"refresh_token": first["refresh_token"]})

        assert response.status_code == 200
        assert Program(response.json()["access_token"]).get("copies").status_code == 200

    def test_revokes_the_device_of_a_token_that_comes_again(self, stranger: User) -> None:
        first = sign_in(stranger.email)[1]
        second = Program().post("token/refresh", {"refresh_token": first["refresh_token"]}).json()

        replayed = Program().post("token/refresh", {"refresh_token": first["refresh_token"]})

        assert (replayed.status_code, replayed.json()["code"]) == (401, "token_not_good")
        assert Program(second["access_token"]).get("copies").status_code == 401
        assert Program().post("token/refresh", {"refresh_token": second["refresh_token"]}).status_code == 401
        assert Device.objects.get().revoked_for == "TOKEN_REUSED"

    def test_lets_one_of_many_through_at_once_and_revokes_all_the_same(self, committed: None, stranger: User) -> None:
        token = sign_in(stranger.email)[1]["refresh_token"]

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(refreshed, [token] * 8))

        good = [body for status, body in answers if status == 200]
        assert len(good) == 1
        assert RefreshToken.objects.count() == 2
        assert Program(good[0]["access_token"]).get("copies").status_code == 401

    def test_ends_after_sixty_days(self, stranger: User, clock: time_machine.Traveller) -> None:
        token = sign_in(stranger.email)[1]["refresh_token"]
        clock.shift(devices.REFRESH_AGE_MAX + timedelta(seconds=1))

        assert Program().post("token/refresh", {"refresh_token": token}).status_code == 401


class TestConfirming:
    def test_is_asked_for_before_money_leaves(self, follower: User, clock: time_machine.Traveller) -> None:
        program = Program.of(follower)
        clock.shift(devices.PROOF_AGE_MAX + timedelta(seconds=1))
        withdrawal = {"value": "10.00"}

        before = program.post("wallet/withdrawals", withdrawal, key="out-00001")
        wrong = program.post("confirm", {"password": "guess"})
        right = program.post("confirm", {"password": PASSWORD})
        after = program.post("wallet/withdrawals", withdrawal, key="out-00001")

        assert (before.status_code, before.json()["code"]) == (403, "confirmation_needed")
        assert (wrong.status_code, right.status_code, after.status_code) == (401, 200, 201)


class TestMe:
    def test_chooses_language_and_time_zone(self, stranger: User) -> None:
        program = Program.of(stranger)

        chosen = program.send("PATCH", "me", {"language": "de", "time_zone": "Europe/Berlin"}, key="me-000001")
        wrong = program.send("PATCH", "me", {"time_zone": "Mars/Olympus"}, key="me-000002")

        assert (chosen.json()["language"], chosen.json()["time_zone"]) == ("de", "Europe/Berlin")
        assert (wrong.status_code, wrong.json()["field"]) == (400, "time_zone")


class TestRequestsPerMinute:
    def test_counts_every_person_alone(self, stranger: User, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RequestsPerMinute, "limit", 3)
        eager, other = Program.of(stranger), Program.of(operator)

        answers = [eager.get("copies") for _ in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert answers[0]["RateLimit-Policy"] == '"requests";q=3;w=60'
        assert answers[0]["RateLimit"].startswith('"requests";r=2;t=')
        assert other.get("copies").status_code == 200
