"""Manual trading reaches the main account and nothing else: fund isolation, from both sides."""

from datetime import timedelta

import pytest

from accounts.models import LedgerAccount, Posting, User
from copytrading.models import Allocation, Lead, Market, Order
from copytrading.services.refusals import NotEnoughCash, PriceNotKnown, Refusal
from copytrading.services.safety import reconciling
from copytrading.services.wallet import spot, transfers
from tests.cast import World, usdt


def buy(world: World, user: User, symbol: str, units: int, key: str = "m") -> object:
    market = Market.objects.get(symbol=f"{symbol}-USDT")
    return spot.place_manual_order(
        user=user, market_id=market.pk, side="BUY", units=units, idempotency_key=key, now=world.now
    )


def sell(world: World, user: User, symbol: str, units: int, key: str = "s") -> object:
    market = Market.objects.get(symbol=f"{symbol}-USDT")
    return spot.place_manual_order(
        user=user, market_id=market.pk, side="SELL", units=units, idempotency_key=key, now=world.now
    )


class TestPlaceManualOrder:
    def test_buys_for_the_main_account(self, world: World, follower: User) -> None:
        buy(world, follower, "BTC", usdt(500))

        held = world.main(follower)
        assert abs(held["BTC"] - 1_000_000) < 10_000
        assert usdt(9_499) < held["USDT"] < usdt(9_503)
        assert reconciling.check_ledger().is_clean

    def test_sells_what_was_bought(self, world: World, follower: User) -> None:
        buy(world, follower, "BTC", usdt(500))

        sell(world, follower, "BTC", world.main(follower)["BTC"])

        assert "BTC" not in world.main(follower)
        assert usdt(9_998) < world.main(follower)["USDT"] < usdt(10_000)

    def test_the_same_key_trades_once(self, world: World, follower: User) -> None:
        first, second = buy(world, follower, "BTC", usdt(500)), buy(world, follower, "BTC", usdt(500))

        assert first.pk == second.pk
        assert Order.objects.count() == 1

    def test_refuses_nothing_at_all_where_the_venue_has_no_least_value(self, world: World, follower: User) -> None:
        Market.objects.update(value_min_units=0)

        with pytest.raises(spot.OrderTooSmall):
            buy(world, follower, "BTC", 5)

    @pytest.mark.parametrize("units", [0, -1, usdt(4)])
    def test_refuses_too_little(self, world: World, follower: User, units: int) -> None:
        with pytest.raises(spot.OrderTooSmall):
            buy(world, follower, "BTC", units)

    def test_refuses_more_than_there_is(self, world: World, follower: User) -> None:
        with pytest.raises(NotEnoughCash):
            buy(world, follower, "BTC", usdt(10_001))
        with pytest.raises(NotEnoughCash):
            sell(world, follower, "BTC", 1_000)

    def test_refuses_without_a_fresh_price(self, world: World, follower: User) -> None:
        world.now += timedelta(seconds=60)

        with pytest.raises(PriceNotKnown):
            buy(world, follower, "BTC", usdt(500))


class TestIsolation:
    def test_no_manual_order_reaches_a_copy(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead, "9990")
        world.settle()
        before = world.held(copy.ledger_account)
        lines = Posting.objects.filter(ledger_account=copy.ledger_account).count()

        with pytest.raises(Refusal):
            buy(world, follower, "SOL", usdt(100))
        with pytest.raises(Refusal):
            sell(world, follower, "BTC", before["BTC"])
        with pytest.raises(Refusal):
            transfers.withdraw(user=follower, units=usdt(100), idempotency_key="w", now=world.now)
        buy(world, follower, "SOL", usdt(9))

        assert world.held(copy.ledger_account) == before
        assert Posting.objects.filter(ledger_account=copy.ledger_account).count() == lines

    def test_no_copy_reaches_the_main_account(self, world: World, lead: Lead, follower: User) -> None:
        buy(world, follower, "BTC", usdt(500))
        copy = world.start(follower, lead, "1000")
        before = world.main(follower)

        world.lead_trades(lead, "BTC", "BUY", "0.15")
        world.settle()
        world.lead_trades(lead, "BTC", "SELL", "0.15")
        world.settle()

        assert world.main(follower) == before
        mains = LedgerAccount.objects.filter(kind=LedgerAccount.Kind.MAIN)
        assert not Allocation.objects.filter(ledger_account__in=mains, order__cycle__isnull=False).exists()
        assert Allocation.objects.filter(ledger_account=copy.ledger_account).exists()
