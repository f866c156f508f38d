"""How one signs in: alike for everybody, nobody locked out by strangers, second factors sealed, sessions that end."""

import os
import statistics
import time
from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from accounts.identity import devices, forms
from accounts.models import User
from copytrading.models import Notice
from tests.api.program import Program
from tests.cast import World
from tests.sign_in import confirm, sign_in

PASSWORD = "correct horse battery"
TRIES = int(os.environ.get("ALIKE_TRIES", "0"))


def log_in(client: Client, email: str, password: str = PASSWORD, **said: object) -> int:
    return client.post("/accounts/login/", {"login": email, "password": password}, **said).status_code


def sign_up(client: Client, email: str) -> int:
    return client.post("/accounts/signup/", {"email": email, "password1": PASSWORD}).status_code


def reset(client: Client, email: str) -> int:
    return client.post("/accounts/password/reset/", {"email": email}).status_code


@pytest.fixture
def as_on_a_server(settings: Settings) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]


class TestKnownAndUnknown:
    @pytest.mark.parametrize("ask", [log_in, sign_up, reset])
    def test_are_answered_alike_and_hash_as_often(
        self, db: None, as_on_a_server: None, monkeypatch: pytest.MonkeyPatch, ask: Callable[[Client, str], int]
    ) -> None:
        User.objects.create_user("known@example.org", "another horse")
        hashed: list[str] = []
        encode = Argon2PasswordHasher.encode

        def count(self: Argon2PasswordHasher, password: str, salt: str) -> str:
            hashed.append(password)
            return str(encode(self, password, salt))

        monkeypatch.setattr(Argon2PasswordHasher, "encode", count)
        monkeypatch.setattr(Argon2PasswordHasher, "verify", lambda *_: hashed.append("verified"))
        found = []
        for email in ("known@example.org", "unknown@example.org"):
            hashed.clear()
            found.append((ask(Client(), email), len(hashed)))

        assert found[0] == found[1]

    def test_are_reset_at_the_same_moment(self, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
        slept: list[float] = []
        monkeypatch.setattr(forms.time, "sleep", slept.append)
        User.objects.create_user("known@example.org", "another horse")

        for email in ("known@example.org", "unknown@example.org"):
            reset(Client(), email)

        assert len(slept) == 2
        assert all(0 < seconds <= forms.RESET_SECONDS for seconds in slept)

    @pytest.mark.alone
    @pytest.mark.skipif(not TRIES, reason="a measurement: make alike TRIES=200")
    @pytest.mark.parametrize("ask", [log_in, sign_up, reset])
    def test_are_answered_in_the_same_time(
        self, db: None, as_on_a_server: None, settings: Settings, ask: Callable[[Client, str], int]
    ) -> None:
        settings.ACCOUNT_RATE_LIMITS = False
        seconds: dict[str, list[float]] = {"known": [], "unknown": []}
        for number in range(TRIES):
            User.objects.create_user(f"known-{number}@example.org", "another horse")
            for kind, taken in seconds.items():
                cache.clear()
                client = Client()
                began_at = time.perf_counter()
                ask(client, f"{kind}-{number}@example.org")
                taken.append(time.perf_counter() - began_at)
        known, unknown = (statistics.median(taken) for taken in seconds.values())
        print(f"{ask.__name__}: known {known:.4f} s, unknown {unknown:.4f} s, {known / unknown:.3f}")  # noqa: T201

        assert 0.9 <= known / unknown <= 1.1


class TestStrangersWhoGuess:
    def test_lock_nobody_out_who_signs_in_elsewhere(self, stranger: User, settings: Settings) -> None:
        for _ in range(7):
            log_in(Client(), stranger.email, "guess", REMOTE_ADDR="203.0.113.5")
        locked = log_in(Client(), stranger.email, REMOTE_ADDR="203.0.113.5")

        assert locked == 200  # the form again, with the sentence
        assert log_in(Client(), stranger.email, REMOTE_ADDR="192.0.2.1") == 302

    def test_from_many_addresses_are_stopped_and_known_devices_are_not(
        self, stranger: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(devices, "GUESSES_AN_HOUR", 4)
        own = Client()
        log_in(own, stranger.email)
        own.post("/accounts/logout/")
        for number in range(6):
            log_in(Client(), stranger.email, "guess", REMOTE_ADDR=f"203.0.113.{number}")

        assert log_in(Client(), stranger.email, REMOTE_ADDR="192.0.2.1") == 200
        assert log_in(own, stranger.email) == 302


class TestSecondFactors:
    def test_are_kept_sealed_and_open_again(self, stranger: User) -> None:
        secret = generate_totp_secret()
        factor = TOTP.activate(stranger, secret)
        codes = RecoveryCodes.activate(stranger)
        code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))

        assert secret not in str(Authenticator.objects.get(type="totp").data)
        assert factor.validate_code(code)
        assert codes.validate_code(codes.get_unused_codes()[0])
        assert len(Authenticator.objects.get(type="recovery_codes").data["seed"]) > 100

    @pytest.mark.django_db(transaction=True)
    def test_end_every_other_session_and_token_when_they_change(self, world: World, stranger: User) -> None:
        here, elsewhere = (confirm(sign_in(Client(), stranger), stranger) for _ in range(2))
        program = Program.of(stranger)
        here.get("/accounts/2fa/totp/activate/")
        secret = here.session["mfa.totp.secret"]
        code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))

        answer = here.post("/accounts/2fa/totp/activate/", {"code": code})

        assert answer.status_code == 302 and Authenticator.objects.filter(user=stranger, type="totp").exists()
        assert here.get("/wallet/").status_code == 200
        assert elsewhere.get("/wallet/").status_code == 302
        assert program.get("copies").status_code == 401

    def test_are_asked_for_before_money_leaves(self, client: Client, stranger: User) -> None:
        sign_in(client, stranger)

        answer = client.post("/wallet/withdraw/", {"value": "1", "idempotency_key": "k"})

        assert answer.status_code == 302 and answer["Location"].startswith("/accounts/reauthenticate/?next=%2Fwallet")


class TestNotices:
    def test_tell_of_a_device_that_is_new_and_not_of_one_that_is_known(self, client: Client, stranger: User) -> None:
        stranger.emailaddress_set.create(email=stranger.email, verified=True, primary=True)
        log_in(Client(), stranger.email)
        for _ in range(2):
            log_in(client, stranger.email)
            client.post("/accounts/logout/")

        assert Notice.objects.filter(user=stranger, kind=Notice.Kind.SIGNED_IN).count() == 1
        assert mail.outbox == []


class TestThePanel:
    def test_is_for_operators_who_signed_in_with_a_second_factor(self, client: Client, operator: User) -> None:
        client.force_login(operator)
        without = client.get("/admin/", follow=True)
        sign_in(client, operator)

        assert "set one up, then come back" in without.text
        assert client.get("/admin/").status_code == 200

    def test_asks_again_before_anything_is_done(self, client: Client, operator: User) -> None:
        sign_in(client, operator, seconds_ago=301)

        assert client.get("/admin/").status_code == 200
        answer = client.post("/admin/copytrading/halt/place/", {"target": "PLATFORM:0", "reason": "A test"})

        assert answer["Location"].startswith("/accounts/2fa/reauthenticate/?next=")
