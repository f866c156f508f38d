"""What leads really did on the platform, put before the rules: the guilty is found, everybody else is not."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from copytrading.models import Lead, Market
from copytrading.queries.reports import conduct
from copytrading.services.books import records
from copytrading.services.leads import verbs as leads
from copytrading.services.wallet import spot
from tests.cast import World, usdt


def found(world: World, *, days: int = 30) -> list[tuple[str, str, str | None]]:
    rows: Iterator[Any] = iter(conduct.suspicions(now=world.now + timedelta(seconds=1), days=days).rows)
    return [(row[0].name, row[1], row[2]) for row in rows]


@pytest.fixture
def honest(world: World) -> Lead:
    """Another lead, who does the same once and leaves it at that."""
    return world.make_lead(User.objects.create_user("honest@example.org"), name="Honest")


@pytest.fixture
def followed(world: World, lead: Lead, follower: User) -> Lead:
    world.start(follower, lead, "8000")
    world.settle()
    records.record_values(now=world.now, slot=world.now)
    return lead


def trade(world: World, lead: Lead, symbol: str, side: str, quantity: str) -> None:
    world.lead_trades(lead, symbol, side, quantity)
    world.settle()


class TestSuspicions:
    def test_find_who_averages_down(self, world: World, lead: Lead, honest: Lead) -> None:
        for price, quantity in (("100", "2"), ("85", "4"), ("70", "8"), ("55", "16")):
            world.prices(SOL=price)
            trade(world, lead, "SOL", "BUY", quantity)
            trade(world, honest, "SOL", "BUY" if price == "100" else "SELL", "0.5" if price != "100" else "2")

        assert found(world) == [("Basalt", "averaging down", "SOL")]

    def test_find_a_buy_out_of_all_habit(self, world: World, lead: Lead) -> None:
        records.record_values(now=world.now, slot=world.now)
        for _ in range(10):
            trade(world, lead, "ETH", "BUY", "0.02")
        assert found(world) == []

        trade(world, lead, "ETH", "BUY", "2")

        assert found(world) == [("Basalt", "size jump", "ETH")]

    def test_find_who_takes_the_stake_out(self, world: World, followed: Lead, honest: Lead) -> None:
        world.wait(1)
        for lead in (followed, honest):
            leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(7000), idempotency_key="out", now=world.now)
            world.wait(1)

        assert found(world) == [("Basalt", "stake withdrawn", None)]

    def test_find_who_goes_there_and_back(self, world: World, lead: Lead, honest: Lead) -> None:
        for _ in range(3):
            trade(world, lead, "ETH", "BUY", "0.4")
            trade(world, lead, "ETH", "SELL", "0.4")
        trade(world, honest, "ETH", "BUY", "0.4")
        trade(world, honest, "ETH", "SELL", "0.4")

        assert found(world) == [("Basalt", "round trips", "ETH")]

    def test_find_who_sells_to_the_copies(self, world: World, followed: Lead, stranger: User) -> None:
        world.deposit(followed.user, "5000")
        world.deposit(stranger, "5000")
        market = Market.objects.get(symbol="ETH-USDT")

        def own(user: User, side: str, value: str) -> None:
            spot.place_manual_order(
                user=user, market_id=market.pk, side=side,
                units=usdt(value) if side == "BUY" else int(float(value) / 2500 * 10**market.base.decimals),
                idempotency_key=world.key(), now=world.now,
            )  # fmt: skip
            world.settle()

        for user in (followed.user, stranger):
            own(user, "BUY", "2000")
        world.wait(3600)
        for _ in range(3):
            trade(world, followed, "ETH", "BUY", "0.3")
            own(followed.user, "SELL", "300")
            own(stranger, "SELL", "300")
            world.wait(3600)

        assert found(world) == [("Basalt", "against followers", "ETH")]

    def test_are_of_the_last_days_and_forgotten_after(self, world: World, lead: Lead) -> None:
        for _ in range(3):
            trade(world, lead, "ETH", "BUY", "0.4")
            trade(world, lead, "ETH", "SELL", "0.4")
        world.now += timedelta(days=31)

        assert found(world) == []
        assert found(world, days=32) == [("Basalt", "round trips", "ETH")]

    def test_take_as_many_statements_for_many_leads_as_for_one(self, world: World, lead: Lead, honest: Lead) -> None:
        def statements() -> int:
            with CaptureQueriesContext(connection) as seen:
                found(world)
            return len(seen)

        trade(world, lead, "ETH", "BUY", "0.4")
        for_one = statements()
        trade(world, honest, "ETH", "BUY", "0.4")
        trade(world, honest, "BTC", "BUY", "0.01")

        assert statements() == for_one


def test_every_rule_says_what_it_looks_for() -> None:
    assert len(list(conduct.rules_table().rows)) == 5
    assert all(sentence.endswith(".") for _, sentence in conduct.RULES)
