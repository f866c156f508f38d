"""What is held back before a cycle comes of it, told once an episode."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.engine.adjustments import Reason
from copytrading.exchange.markets import Quote
from copytrading.models import Adjustment, Copy, Lead
from copytrading.services.cycle import holding_back
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes
from tests.cast import World, come, usdt


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """Return a copy in sync with a lead who holds BTC and ETH."""

    def start() -> Copy:
        world.lead_trades(lead, "BTC", "BUY", "0.08")
        world.lead_trades(lead, "ETH", "BUY", "1.2")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()
        return copy

    return come("copy of BTC and ETH", world, start)


def only_btc(world: World, price: str) -> None:
    """Let time pass in which BTC alone is quoted."""
    world.now += timedelta(seconds=1)
    quote = Quote(symbol="BTC-USDT", price=Decimal(price), as_of=world.now, source="test")
    quotes.record_quotes(quotes=[quote], now=world.now)


def told() -> list[tuple[str, str]]:
    return [(row.asset.symbol, row.reason) for row in Adjustment.objects.filter(cycle=None).order_by("pk")]


class TestAWishThatWaitsForAPrice:
    def test_is_told_once_an_episode(self, world: World, lead: Lead, copy: Copy) -> None:
        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(1_000), idempotency_key=world.key(), now=world.now)
        Lead.objects.filter(pk=lead.pk).update(settling_until=None)
        world.now += timedelta(seconds=25)

        for _ in range(3):
            only_btc(world, "50000")
            holding_back.explain_waiting(now=world.now)
        first = told()
        world.wait(1)
        holding_back.explain_waiting(now=world.now)
        world.now += timedelta(seconds=25)
        only_btc(world, "50000")
        holding_back.explain_waiting(now=world.now)

        assert set(first) == {("BTC", Reason.PRICE_STALE), ("ETH", Reason.PRICE_STALE)}
        assert len(first) == 2
        assert len(told()) == 4
        assert {row.copy_id for row in Adjustment.objects.filter(cycle=None)} == {copy.pk}

    def test_is_told_with_the_doubt_where_the_sources_disagree(self, world: World, lead: Lead, copy: Copy) -> None:
        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(1_000), idempotency_key=world.key(), now=world.now)
        Lead.objects.filter(pk=lead.pk).update(settling_until=None)
        for _ in range(25):
            only_btc(world, "50000")
            for source, price in (("test", "2500"), ("other", "3000")):
                quote = Quote(symbol="ETH-USDT", price=Decimal(price), as_of=world.now, source=source)
                quotes.record_quotes(quotes=[quote], now=world.now)

        holding_back.explain_waiting(now=world.now)

        assert {reason for _, reason in told()} == {Reason.PRICE_OUTLIER}

    def test_is_not_told_while_nothing_is_wished(self, world: World, copy: Copy) -> None:
        world.now += timedelta(seconds=60)

        assert holding_back.explain_waiting(now=world.now) == 0


class TestARepairThatWaitsForTheLeadsMoney:
    def test_is_told_once(self, world: World, lead: Lead, copy: Copy) -> None:
        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(500), idempotency_key=world.key(), now=world.now)

        for _ in range(3):
            world.wait(15)
            holding_back.explain_waiting(now=world.now)

        assert sorted(told()) == [("BTC", Reason.LEAD_FLOW_SETTLING), ("ETH", Reason.LEAD_FLOW_SETTLING)]
