"""What a lead elsewhere pays in fees is a fee of the gap where its exchange names it, and else a part of the price."""

import pytest

from accounts.models import Asset, User
from copytrading.engine.track_record.tracking_gap import Part
from copytrading.models import Copy, CopyGap, Lead, LinkedAccount
from copytrading.queries.copies.gaps import PART_COLUMNS
from copytrading.queries.rules import platform_rules
from copytrading.services.books import gaps
from copytrading.services.leads import observing
from copytrading.services.leads.observing import Sight
from tests.cast import World, usdt
from tests.elsewhere import Elsewhere, connect, look


def parts_now(world: World, copy: Copy, eth: str = "2500") -> dict[str, float]:
    """Return the parts of a gap in quote currency; they sum to it. Without a price that moved nobody looks."""
    world.wait(1, ETH=eth)
    gaps.measure_gaps(lead_id=copy.lead_id, now=world.now, rules=platform_rules())
    gap = CopyGap.objects.get(copy=copy)
    units = {part.name: int(getattr(gap, PART_COLUMNS[part])) for part in Part}
    assert sum(units.values()) == gap.equity_units - gap.ideal_units
    return {name: part_units / usdt(1) for name, part_units in units.items()}


def came_to(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return the parts that changed by more than a cent, and by how much."""
    changes = {name: after[name] - before[name] for name in after}
    return {name: change for name, change in changes.items() if abs(change) > 0.01}


@pytest.fixture
def copy(world: World, faraway: Lead, either_elsewhere: Elsewhere, follower: User) -> Copy:
    """A copy of 1,000 behind an account of 10,000 that is half in BTC at 50,000."""
    either_elsewhere.lists("OKB-USDT", "50")
    connect(world, faraway, exchange=either_elsewhere.exchange)
    Lead.objects.filter(pk=faraway.pk).update(settling_until=None)
    copy = world.start(follower, faraway, "1000")
    world.settle()
    return copy


def link_of(lead: Lead) -> LinkedAccount:
    return LinkedAccount.objects.get(lead=lead)


class TestAFeeThatTheExchangeNames:
    def test_in_cash_is_a_fee_and_no_worse_price(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, copy: Copy
    ) -> None:
        before = parts_now(world, copy)
        either_elsewhere.trades(
            symbol="BTC-USDT", side="SELL", quantity="0.1", price="46000", fee="46", fee_asset="USDT"
        )

        assert look(world, link_of(faraway)) == Sight.TAKEN

        # A tenth of 400 that were lost beside the mark, and of 46; the copy has not traded yet. What it paid at its
        # start goes with the return of the lead, by some cents.
        changes = came_to(before, parts_now(world, copy, eth="2501"))
        assert changes == pytest.approx({"PRICE": 40, "FEES": 4.6}, abs=0.03)

    def test_in_the_coin_that_was_bought_is_a_fee_at_its_price(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, copy: Copy
    ) -> None:
        before = parts_now(world, copy)
        either_elsewhere.trades(
            symbol="BTC-USDT", side="BUY", quantity="0.05", price="45000", fee="0.0005", fee_asset="BTC"
        )

        assert look(world, link_of(faraway)) == Sight.TAKEN

        changes = came_to(before, parts_now(world, copy, eth="2501"))
        assert changes == pytest.approx({"PRICE": -25, "FEES": 2.5}, abs=0.03)

    @pytest.mark.parametrize("either_elsewhere", ["binance", "okx"], indirect=True)
    def test_in_a_coin_of_the_exchange_is_a_fee_too(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, copy: Copy
    ) -> None:
        either_elsewhere.holds(OKB="2", USDT="4900")
        look(world, link_of(faraway))
        look(world, link_of(faraway))
        Lead.objects.filter(pk=faraway.pk).update(settling_until=None)
        before = parts_now(world, copy)
        either_elsewhere.trades(symbol="BTC-USDT", side="SELL", quantity="0.1", price="46000", fee="1", fee_asset="OKB")

        assert look(world, link_of(faraway)) == Sight.TAKEN

        changes = came_to(before, parts_now(world, copy, eth="2501"))
        assert changes == pytest.approx({"PRICE": 40, "FEES": 5}, abs=0.03)

    def test_meets_the_fee_of_the_copy_that_follows(
        self, world: World, faraway: Lead, either_elsewhere: Elsewhere, copy: Copy
    ) -> None:
        before = parts_now(world, copy)
        either_elsewhere.trades(
            symbol="BTC-USDT", side="SELL", quantity="0.1", price="46000", fee="4.6", fee_asset="USDT"
        )
        look(world, link_of(faraway))

        world.settle()

        # Lead and copy pay a tenth of a percent each, of 46,000 and of 50,000.
        assert came_to(before, parts_now(world, copy, eth="2501"))["FEES"] == pytest.approx(0.46 - 0.5, abs=0.03)


class TestAFeeThatNobodyNames:
    def test_is_a_part_of_the_price(
        self, world: World, faraway: Lead, link: LinkedAccount, elsewhere: Elsewhere, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        world.settle()
        before = parts_now(world, copy)
        elsewhere.trades(symbol="BTC-USDT", side="SELL", quantity="0.1", price="50000", fee="5", fee_asset="USDT")

        assert look(world, link) == Sight.TAKEN

        # The balances explain it, so the exchange is not asked.
        assert "trades" not in elsewhere.venue.state()["requests"]
        assert came_to(before, parts_now(world, copy, eth="2501")) == pytest.approx({"PRICE": 0.5}, abs=0.03)


class TestObserveTrade:
    def test_tells_a_rebate_as_a_fee_below_zero(
        self, world: World, faraway: Lead, link: LinkedAccount, follower: User
    ) -> None:
        copy = world.start(follower, faraway, "1000")
        world.settle()
        before = parts_now(world, copy)

        observing.observe_trade(
            lead_id=faraway.pk,
            asset_id=Asset.objects.get(symbol="BTC").pk,
            signed_units=-(10**7),
            cash_units=usdt(5_010),
            fee_units=-usdt(10),
            now=world.now,
        )

        assert came_to(before, parts_now(world, copy, eth="2501")) == pytest.approx({"FEES": -1}, abs=0.03)
