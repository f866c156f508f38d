"""The way in: a token for a password, and what ends it."""

from datetime import timedelta

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import LazySettings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.api.throttles import RequestsPerMinute
from accounts.api.tokens import TOKEN_AGE_MAX
from accounts.models import User
from tests.api.program import Program

PASSWORD = "correct horse battery"


def sign_in(email: str, password: str = PASSWORD, **more: str) -> tuple[int, dict[str, str]]:
    response = Program().post("token", {"email": email, "password": password, **more})
    return response.status_code, response.json()


class TestSignIn:
    def test_gives_a_token_that_opens_the_door(self, stranger: User) -> None:
        status, body = sign_in(stranger.email)

        assert status == 201
        assert Program(body["token"]).get("copies").status_code == 200

    def test_says_the_same_to_a_wrong_password_and_an_unknown_person(self, stranger: User) -> None:
        wrong_password = sign_in(stranger.email, "wrong")
        unknown_person = sign_in("nobody@example.org")

        assert wrong_password == unknown_person
        assert wrong_password[0] == 401
        assert wrong_password[1]["code"] == "sign_in_refused"

    def test_turns_away_somebody_who_was_made_inactive(self, stranger: User) -> None:
        User.objects.update(is_active=False)

        assert sign_in(stranger.email)[1]["code"] == "sign_in_refused"

    def test_asks_for_the_second_factor_where_there_is_one(self, stranger: User) -> None:
        secret = generate_totp_secret()
        TOTP.activate(stranger, secret)
        code = format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))

        without, wrong, right = (sign_in(stranger.email, **more) for more in ({}, {"code": "000000"}, {"code": code}))

        assert Authenticator.objects.filter(user=stranger).exists()
        assert without[1]["code"] == wrong[1]["code"] == "second_factor_needed"
        assert right[0] == 201

    def test_waits_for_the_address_to_be_confirmed_where_that_is_asked(
        self, stranger: User, settings: LazySettings
    ) -> None:
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"

        assert sign_in(stranger.email)[1]["code"] == "email_not_confirmed"

    def test_stops_somebody_who_guesses(self, stranger: User) -> None:
        answers = [sign_in(f"person-{number}@example.org", "guess")[0] for number in range(15)]

        assert answers[0] == 401
        assert answers[-1] == 429

    def test_tells_when_to_come_back(self, stranger: User) -> None:
        for _ in range(11):
            response = Program().post("token", {"email": stranger.email, "password": "guess"})

        assert response.status_code == 429
        assert response["Content-Type"] == "application/problem+json"
        assert 1 <= int(response["Retry-After"]) <= 60


class TestToken:
    def test_is_not_in_the_database(self, stranger: User) -> None:
        token = sign_in(stranger.email)[1]["token"]

        stored = Session.objects.get()
        assert token not in (stored.session_key, stored.session_data)

    def test_cannot_be_made_from_the_database(self, stranger: User) -> None:
        sign_in(stranger.email)
        session_key = Session.objects.get().session_key

        assert Program(session_key).get("copies").status_code == 401
        assert Program(f"{session_key}:{'0' * 43}").get("copies").status_code == 401

    def test_is_no_cookie(self, stranger: User) -> None:
        sign_in(stranger.email)
        browser = Client()
        browser.cookies["sessionid"] = Session.objects.get().session_key

        response = browser.get("/admin/")

        assert response.wsgi_request.user.is_anonymous

    def test_ends_when_it_is_revoked_and_no_other_does(self, stranger: User) -> None:
        first, second = (Program(sign_in(stranger.email)[1]["token"]) for _ in range(2))

        assert first.send("DELETE", "token").status_code == 204

        assert first.get("copies").status_code == 401
        assert second.get("copies").status_code == 200

    def test_ends_with_the_password(self, stranger: User) -> None:
        program = Program.of(stranger)
        stranger.set_password("another horse")
        stranger.save()

        assert program.get("copies").status_code == 401

    def test_ends_when_it_is_old(self, stranger: User, clock: time_machine.Traveller) -> None:
        program = Program.of(stranger)

        clock.shift(TOKEN_AGE_MAX + timedelta(seconds=1))

        assert program.get("copies").status_code == 401

    def test_ends_when_the_person_is_made_inactive(self, stranger: User) -> None:
        program = Program.of(stranger)
        User.objects.update(is_active=False)

        assert program.get("copies").status_code == 401


class TestRequestsPerMinute:
    def test_counts_every_person_alone(self, stranger: User, operator: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(RequestsPerMinute, "limit", 3)
        eager, other = Program.of(stranger), Program.of(operator)

        answers = [eager.get("copies") for _ in range(4)]

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1]["Retry-After"]) <= 60
        assert other.get("copies").status_code == 200
