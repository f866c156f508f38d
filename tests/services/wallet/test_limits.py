"""A person's limit orders: what they hold while they wait, what is refused before, how they are canceled."""

from contextlib import nullcontext
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

    def test_may_last_for_a_year_and_a_day(self, world: World, follower: User) -> None:
        last = world.now + timedelta(days=366)
        for expires_at in (world.now + timedelta(microseconds=1), last):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.01", expires_at=expires_at)

        with pytest.raises(limits.ExpiryNotPossible, match="ahead, at most 366 days from now"):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.01", expires_at=last + timedelta(microseconds=1))

    @pytest.mark.parametrize(("seconds", "is_fresh"), [(10, True), (10.001, False), (-10, True), (-10.001, False)])
    def test_needs_a_price_that_is_no_older_than_ten_seconds(
        self, world: World, follower: User, seconds: float, is_fresh: bool
    ) -> None:
        world.now += timedelta(seconds=seconds)

        with nullcontext() if is_fresh else pytest.raises(PriceNotKnown, match="BTC-USDT has no fresh price"):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.01")

    @pytest.mark.parametrize(
        ("side", "price", "words"),
        [
            ("BUY", "56000", ""),
            ("BUY", "56000.01", "56000.01 is 12.0% above the price of 50000, and would trade at once. A limit on that"),
            ("SELL", "44000", ""),
            (
                "SELL",
                "43999.99",
                "43999.99 is 12.0% below the price of 50000, and would trade at once. A limit on that",
            ),
            ("BUY", "10000", ""),
            ("BUY", "9999.99", "9999.99 is 80.0% below the price of 50000. Choose one between 10000 and 250000"),
            ("SELL", "250000", ""),
            ("SELL", "250000.01", "250000.01 is 400.0% above the price of 50000. Choose one between 10000 and 250000"),
        ],
    )
    def test_takes_no_limit_that_can_only_be_a_slip(
        self, world: World, follower: User, side: str, price: str, words: str
    ) -> None:
        spot.place_manual_order(
            user=follower, market_id=Market.objects.get(symbol="BTC-USDT").pk, side="BUY", units=usdt(1_000),
            idempotency_key="m", now=world.now,
        )  # fmt: skip

        with pytest.raises(LimitNotPossible, match=words) if words else nullcontext():
            place(world, follower, side, "BTC", price, quantity="0.01")

    @pytest.mark.parametrize(("units", "quantity"), [(0, 10**7), (-1, 10**7 - 1_000)])
    def test_by_value_is_as_many_lots_as_that_pays_for_to_the_unit(
        self, world: World, follower: User, units: int, quantity: int
    ) -> None:
        own = limits.place_limit_order(
            user=follower, market_id=Market.objects.get(symbol="BTC-USDT").pk, side="BUY", price_limit=Decimal(45_000),
            # A tenth of a coin, its fee, and four units that rounding may take.
            value_units=usdt("4504.5") + 4 + units, idempotency_key="value", now=world.now,
        )  # fmt: skip

        assert own.quantity_units == quantity

    def test_says_in_which_steps_and_from_what_on_the_venue_trades(self, world: World, follower: User) -> None:
        with pytest.raises(Refusal, match=r"BTC-USDT trades in steps of 0\.00001 BTC: choose a multiple of that"):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.000015")
        with pytest.raises(spot.OrderTooSmall, match=r"takes orders in BTC-USDT from 5 USDT and 0\.00001 BTC on"):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.0001")
        with pytest.raises(NotEnoughCash, match=r"has 10,000 USDT that are free; at this limit it may cost 10,360\.35"):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.23")

    def test_may_cost_all_that_is_free_and_not_a_unit_more(self, world: World, follower: User) -> None:
        transfers.withdraw(user=follower, units=usdt("5495.5") - 2, idempotency_key="w", now=world.now)
        place(world, follower, "BUY", "BTC", "45000", quantity="0.1", key="k")
        limits.cancel_limit_order(order_id=LimitOrder.objects.get().pk, now=world.now)
        transfers.withdraw(user=follower, units=1, idempotency_key="w1", now=world.now)

        with pytest.raises(NotEnoughCash):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.1")

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

    @pytest.mark.parametrize(
        ("price", "away", "words"),
        [
            ("50250", 0.005, ""),
            ("50250.01", 0.0050002, "at once"),
            ("45000.01", -0.0999998, ""),
            ("45000", -0.1, "may wait for long"),
        ],
    )
    def test_warns_past_what_an_order_reaches_and_from_a_tenth_on(
        self, world: World, follower: User, price: str, away: float, words: str
    ) -> None:
        preview = self._preview(world, follower, price)

        assert float(preview.away) == pytest.approx(away)
        assert (words in preview.warning) and (bool(preview.warning) is bool(words))
        assert (preview.mark, preview.held_symbol, preview.held_decimals) == (50_000, "USDT", 8)
        assert preview.is_reached is (away > 0)

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
