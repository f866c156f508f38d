"""A person's limit orders: what they hold while they wait, what is refused before, how they are canceled."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.models import Lead, LimitOrder, ManualOrder, Market, Notice
from copytrading.services.refusals import (
    KeyReused,
    LimitNotPossible,
    NotEnoughCash,
    NotHeld,
    NotPossibleNow,
    PriceNotKnown,
    Refusal,
)
from copytrading.services.wallet import limits, spot, transfers
from tests.cast import World, usdt
from tests.services.wallet.limit_stage import held, is_clean, look, needed, place


def buy_sol(world: World, user: User) -> None:
    """Let somebody hold coins worth 1,000."""
    spot.place_manual_order(
        user=user,
        market_id=Market.objects.get(symbol="SOL-USDT").pk,
        side="BUY",
        units=usdt(1_000),
        idempotency_key="m",
        now=world.now,
    )


class TestPlaceLimitOrder:
    def test_waits_and_holds_what_it_may_cost_with_its_fee(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "45000", quantity="0.1")

        # 4500 and a thousandth of it, and two units that rounding may take.
        assert (own.status, held(follower)) == ("WAITING", {"USDT": usdt("4504.5") + 2})
        assert world.main(follower)["USDT"] == usdt(10_000)
        assert not ManualOrder.objects.exists()
        assert is_clean()

    def test_holds_the_coins_that_it_would_sell(self, world: World, follower: User) -> None:
        buy_sol(world, follower)

        place(world, follower, "SELL", "SOL", "120", quantity="5")

        assert held(follower) == {"SOL": 5 * 10**8}

    def test_by_value_spends_no_more_than_that_with_its_fee(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "45000", value="10000")

        assert own.quantity_units % own.market.lot_units == 0
        assert usdt("9999.5") < held(follower)["USDT"] <= usdt(10_000)

    def test_by_value_sells_as_much_as_that_pays_at_the_limit(self, world: World, follower: User) -> None:
        buy_sol(world, follower)

        place(world, follower, "SELL", "SOL", "120", value="600")

        assert held(follower) == {"SOL": 5 * 10**8}, "its fee is taken off what it brings"

    def test_neither_a_withdrawal_nor_a_copy_takes_what_is_held(self, world: World, lead: Lead, follower: User) -> None:
        place(world, follower, "BUY", "BTC", "45000", value="9000")

        with pytest.raises(Refusal):
            transfers.withdraw(user=follower, units=usdt(1_500), idempotency_key="w", now=world.now)
        with pytest.raises(NotEnoughCash):
            world.start(follower, lead, "1500")
        with pytest.raises(NotEnoughCash):
            place(world, follower, "BUY", "ETH", "2000", value="1500")

    def test_the_same_key_places_once_and_stands_for_that_alone(self, world: World, follower: User) -> None:
        first, second = (place(world, follower, "BUY", "BTC", "45000", quantity="0.01", key="k") for _ in range(2))

        assert first.pk == second.pk
        assert LimitOrder.objects.count() == 1
        with pytest.raises(KeyReused):
            place(world, follower, "BUY", "BTC", "45000.01", quantity="0.01", key="k")

    def test_trades_at_once_where_the_price_is_there(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "50100", quantity="0.01")

        assert (own.status, held(follower)) == ("FILLED", {})
        assert world.main(follower)["BTC"] == 10**6
        assert own.value_units <= usdt("501")
        assert is_clean()

    @pytest.mark.parametrize(
        ("price", "counted", "kind"),
        [
            ("45000.005", {"quantity": "0.01"}, LimitNotPossible),
            ("0", {"quantity": "0.01"}, LimitNotPossible),
            ("-1", {"quantity": "0.01"}, LimitNotPossible),
            # A purchase 13 % above the price is a slip, and one at a sixth of it too.
            ("56500", {"quantity": "0.01"}, LimitNotPossible),
            ("8000", {"quantity": "0.01"}, LimitNotPossible),
            ("45000", {"quantity": "0.000015"}, Refusal),
            ("45000", {"quantity": "0.0001"}, spot.OrderTooSmall),
            ("45000", {"quantity": "0"}, spot.OrderTooSmall),
            ("45000", {"value": "4"}, spot.OrderTooSmall),
            ("45000", {"value": "10000.01"}, NotEnoughCash),
        ],
    )
    def test_refuses_before_what_could_not_be_carried_out(
        self, world: World, follower: User, price: str, counted: dict[str, str], kind: type[Refusal]
    ) -> None:
        if counted.get("value") == "10000.01":
            counted = {"quantity": "0.23"}
        with pytest.raises(kind):
            place(world, follower, "BUY", "BTC", price, **counted)

        assert not LimitOrder.objects.exists()
        assert held(follower) == {}

    def test_refuses_to_sell_more_than_is_free(self, world: World, follower: User) -> None:
        with pytest.raises(NotHeld, match="0 SOL"):
            place(world, follower, "SELL", "SOL", "120", quantity="5")

    def test_refuses_without_a_fresh_price_or_a_market_that_trades(self, world: World, follower: User) -> None:
        Market.objects.filter(symbol="BTC-USDT").update(status=Market.Status.SUSPENDED)
        with pytest.raises(NotPossibleNow):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.01")
        world.now += timedelta(seconds=60)
        with pytest.raises(PriceNotKnown):
            place(world, follower, "BUY", "ETH", "2000", quantity="0.1")

    @pytest.mark.parametrize("hours", [0, -1, 24 * 367])
    def test_refuses_a_time_that_is_over_or_too_far_ahead(self, world: World, follower: User, hours: int) -> None:
        with pytest.raises(limits.ExpiryNotPossible):
            place(
                world, follower, "BUY", "BTC", "45000", quantity="0.01", expires_at=world.now + timedelta(hours=hours)
            )

    def test_lets_only_so_many_wait(self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "WAITING_MAX", 2)
        for _ in range(2):
            last = place(world, follower, "BUY", "BTC", "45000", quantity="0.001")

        with pytest.raises(limits.TooManyWaiting):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.001")
        limits.cancel_limit_order(order_id=last.pk, now=world.now)
        place(world, follower, "BUY", "BTC", "45000", quantity="0.001")


class TestPreview:
    def _preview(self, world: World, user: User, price: str) -> limits.LimitPreview:
        return limits.preview_limit_order(
            user=user,
            market_id=Market.objects.get(symbol="BTC-USDT").pk,
            side="BUY",
            price_limit=Decimal(price),
            value_units=usdt(500),
            now=world.now,
        )

    def test_says_what_is_held_and_that_it_waits(self, world: World, follower: User) -> None:
        preview = self._preview(world, follower, "49000")

        assert not preview.is_reached
        assert preview.warning == ""
        assert usdt(499) < preview.value_units <= usdt(500) - preview.fee_units
        assert preview.fee_units == round(preview.value_units * 0.001)
        place(world, follower, "BUY", "BTC", "49000", value="500")
        assert held(follower) == {"USDT": preview.held_units}

    @pytest.mark.parametrize(
        ("price", "words"),
        [("40000", "20.0% below the price now"), ("52000", "4.0% above the price now: it buys at once")],
    )
    def test_warns_with_figures_of_a_limit_that_is_far_away(
        self, world: World, follower: User, price: str, words: str
    ) -> None:
        assert words.replace(": it", "") in self._preview(world, follower, price).warning.replace(": it", "")

    def test_writes_nothing(self, world: World, follower: User) -> None:
        self._preview(world, follower, "49000")

        assert not LimitOrder.objects.exists()
        assert held(follower) == {}


class TestCancel:
    def test_frees_what_was_held(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "45000", quantity="0.1")

        canceled = limits.cancel_limit_order(order_id=own.pk, now=world.now)

        assert (canceled.status, held(follower)) == ("CANCELED", {})
        assert not Notice.objects.filter(kind__startswith="LIMIT").exists()
        assert look(world, BTC="44000") == 0
        assert world.main(follower) == {"USDT": usdt(10_000)}
        assert is_clean()

    def test_says_no_to_what_is_done(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "50100", quantity="0.01")

        with pytest.raises(NotPossibleNow):
            limits.cancel_limit_order(order_id=own.pk, now=world.now)

    def test_leaves_the_others_their_own(self, world: World, follower: User, other_follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "45000", quantity="0.1")
        place(world, follower, "BUY", "ETH", "2000", quantity="1")
        place(world, other_follower, "BUY", "BTC", "45000", quantity="0.1")

        limits.cancel_limit_order(order_id=own.pk, now=world.now)

        assert held(follower) == needed(follower)
        assert held(other_follower) == needed(other_follower)
