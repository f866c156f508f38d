"""Somebody's account at an exchange, through a key that can only read."""

import subprocess
import sys
from decimal import Decimal

import pytest
from django.conf import settings

from copytrading.exchange.errors import AnswerNotUnderstood, KeyRefused, VenueBusy, VenueUnreachable
from copytrading.exchange.live.linked import LinkedAccount
from tests.conftest import PROJECT


def account_at(fake, *, holder: str = "reading", **changes: str) -> LinkedAccount:
    given = {"key": f"{holder}-key", "secret": f"{holder}-secret", "password": f"{holder}-phrase"} | changes
    return LinkedAccount(exchange=fake.dialect, url=fake.address, redis_url=settings.REDIS_URL, **given)


class TestPermissions:
    @pytest.mark.parametrize(
        ("holder", "expected"),
        [
            ("reading", {"read"}),
            ("platform", {"read", "trade"}),
            ("mighty", {"read", "trade", "withdraw"}),
        ],
    )
    def test_are_what_the_key_may_do(self, fake, holder, expected):
        assert account_at(fake, holder=holder).permissions() == expected

    @pytest.mark.parametrize("changes", [{"key": "unknown"}, {"secret": "wrong"}])
    def test_are_none_of_a_wrong_key(self, fake, changes):
        with pytest.raises(KeyRefused):
            account_at(fake, **changes).permissions()

    def test_are_not_taken_for_harmless_when_the_answer_is_none(self, fake):
        fake.disturb(fault="answer", endpoint="permissions", body="{}", times=0)

        with pytest.raises(AnswerNotUnderstood):
            account_at(fake).permissions()


class TestBalances:
    def test_are_what_the_account_holds(self, fake):
        assert account_at(fake).balances() == {"USDT": Decimal(5000), "ETH": Decimal(3)}

    def test_are_asked_for_without_reading_all_markets(self, fake):
        account_at(fake).balances()

        assert "markets" not in fake.state()["requests"]

    def test_are_refused_after_the_key_was_revoked(self, fake):
        account = account_at(fake)
        account.balances()
        fake.change_key("reading-key", revoked=True)

        with pytest.raises(KeyRefused):
            account.balances()

    def test_are_unreachable_when_nobody_answers(self, fake):
        fake.disturb(fault="lost", endpoint="balances", times=0)

        with pytest.raises(VenueUnreachable):
            account_at(fake).balances()

    def test_wait_when_the_exchange_says_so(self, fake):
        fake.disturb(fault="answer", endpoint="balances", status=429, body="", headers={"Retry-After": "3"})

        with pytest.raises(VenueBusy):
            account_at(fake).balances()


class TestLinkedAccount:
    def test_shows_nothing_of_its_key(self, fake):
        account = account_at(fake)

        shown = repr(account) + repr(vars(account))

        assert not [word for word in ("reading-key", "reading-secret", "reading-phrase") if word in shown]


class TestTheExchangeLibrary:
    def test_is_not_imported_before_a_client_is_opened(self):
        modules = "copytrading.exchange.live.venue, copytrading.exchange.live.prices, copytrading.exchange.live.linked"
        looked = f"import {modules}, sys; sys.exit('ccxt' in sys.modules)"

        assert subprocess.run([sys.executable, "-c", looked], cwd=PROJECT, check=False).returncode == 0
