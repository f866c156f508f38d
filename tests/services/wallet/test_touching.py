"""What becomes of limit orders that wait: their price, their time, their market; and that money is held all along."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import Hold, User
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.markets import Book
from copytrading.exchange.paper.models import PaperMarket
from copytrading.exchange.registry import venue
from copytrading.models import Halt, LimitOrder, ManualOrder, Mark, Market, Notice, Order
from copytrading.services import bell
from copytrading.services.cycle import conducting
from copytrading.services.market import listings
from copytrading.services.orders import trading
from copytrading.services.refusals import Refusal
from copytrading.services.safety import halts
from copytrading.services.wallet import limits, touching, transfers
from tests.cast import World, usdt
from tests.services.wallet.limit_stage import held, is_clean, look, needed, place


def again(own: LimitOrder) -> LimitOrder:
    return LimitOrder.objects.get(pk=own.pk)


class TestReached:
    def test_becomes_a_manual_order_that_pays_no_more_than_the_limit(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        assert look(world, BTC="49100") == 0

        assert look(world, BTC="48900") == 1

        own, manual = again(own), ManualOrder.objects.get()
        assert (own.status, own.filled_units, own.on_its_way) == ("FILLED", 10**7, None)
        assert (manual.limit_order, manual.user, manual.order.price_limit) == (own, follower, Decimal(49_000))
        assert own.value_units <= usdt(4_900)
        assert world.main(follower) == {"BTC": 10**7, "USDT": usdt(10_000) - own.value_units - own.fee_units}
        assert held(follower) == {}
        assert is_clean()

    def test_tells_that_it_is_filled(self, world: World, follower: User) -> None:
        place(world, follower, "BUY", "BTC", "49000", quantity="0.1")

        look(world, BTC="48900")

        told = Notice.objects.get(kind=Notice.Kind.LIMIT_FILLED)
        assert (told.user, told.words) == (follower, "buy 0.1 BTC at 49000 USDT or less")

    def test_sells_at_the_limit_or_better(self, world: World, follower: User) -> None:
        place(world, follower, "BUY", "SOL", "101", quantity="50")
        own = place(world, follower, "SELL", "SOL", "110", quantity="50")
        assert held(follower) == {"SOL": 50 * 10**8}

        look(world, SOL="111")

        own = again(own)
        assert (own.status, held(follower)) == ("FILLED", {})
        assert own.value_units >= usdt(110 * 50)
        assert "SOL" not in world.main(follower)

    def test_sells_no_more_than_was_asked_for_however_much_there_is(self, world: World, follower: User) -> None:
        place(world, follower, "BUY", "SOL", "101", quantity="50")
        before = world.main(follower)["SOL"]
        own = place(world, follower, "SELL", "SOL", "110", quantity="30")

        look(world, SOL="111")

        assert again(own).filled_units == 30 * 10**8
        assert world.main(follower)["SOL"] == before - 30 * 10**8

    def test_goes_no_further_from_the_mark_than_any_order(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "55000", quantity="0.01")

        assert again(own).status == "FILLED"
        assert ManualOrder.objects.get().order.price_limit == Decimal(50_250)

    def test_trades_the_best_price_first_and_of_two_alike_the_older(
        self, world: World, follower: User, other_follower: User
    ) -> None:
        placed = [
            place(world, user, "BUY", "BTC", price, quantity="0.01")
            for user, price in ((follower, "48000"), (other_follower, "48500"), (follower, "48500"))
        ]

        assert look(world, BTC="47000") == 3

        traded = [manual.limit_order_id for manual in ManualOrder.objects.order_by("order_id")]
        assert traded == [placed[1].pk, placed[2].pk, placed[0].pk]

    def test_keeps_the_rest_waiting_and_held_where_the_book_gives_less(self, world: World, follower: User) -> None:
        PaperMarket.objects.filter(symbol="SOL-USDT").update(level_value=8_000)
        own = place(world, follower, "BUY", "SOL", "90", quantity="100")
        PaperMarket.objects.filter(symbol="SOL-USDT").update(level_count=1)

        look(world, SOL="89")

        own = again(own)
        assert own.status == "PARTIALLY_FILLED"
        assert 0 < own.filled_units < own.quantity_units
        assert held(follower) == needed(follower) == {"USDT": own.held_units}
        assert not Notice.objects.filter(kind=Notice.Kind.LIMIT_FILLED).exists()
        for _ in range(20):
            look(world)
        assert (again(own).status, world.main(follower)["SOL"]) == ("FILLED", 100 * 10**8)
        assert held(follower) == {}
        assert is_clean()

    def test_is_filled_whole_where_all_the_money_is_in_it(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        free = usdt(10_000) - held(follower)["USDT"]
        transfers.withdraw(user=follower, units=free, idempotency_key="w", now=world.now)

        look(world, BTC="48900")

        assert (again(own).status, again(own).filled_units) == ("FILLED", 10**7)
        assert is_clean()

    def test_buys_what_can_be_paid_for_where_the_fee_has_risen_since(
        self, world: World, follower: User, settings: Settings
    ) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        free = usdt(10_000) - held(follower)["USDT"]
        transfers.withdraw(user=follower, units=free, idempotency_key="w", now=world.now)
        settings.SMARTSYNC_FEE_RATE = Decimal("0.02")

        look(world, BTC="48900")

        # 4,904.90 were held for it, and pay for so much at 49,000 with two in a hundred on top.
        assert Order.objects.get().quantity_units == pytest.approx(4_904.9 / 1.02 / 49_000 * 10**8, rel=1e-3)
        assert again(own).filled_units < 10**7
        assert is_clean()

    def test_keeps_four_units_back_for_rounding_where_not_all_can_be_paid_for(
        self, world: World, follower: User, settings: Settings
    ) -> None:
        # A unit of this coin costs half a unit of money, so each unit of money is two of the coin. An order goes half a
        # percent above the mark: to 0.4824.
        world.wait(1, SOL="0.5")
        Market.objects.filter(symbol="SOL-USDT").update(lot_units=1, tick_size=Decimal("0.0001"))
        PaperMarket.objects.filter(symbol="SOL-USDT").update(tick_size=Decimal("0.0001"))
        own = place(world, follower, "BUY", "SOL", "0.49", quantity="4000")
        there = held(follower)["USDT"]
        transfers.withdraw(user=follower, units=usdt(10_000) - there, idempotency_key="w", now=world.now)
        settings.SMARTSYNC_FEE_RATE = Decimal("0.02")

        look(world, SOL="0.48")

        assert Order.objects.get().quantity_units == int((there - 4) / (Decimal("0.4824") * Decimal("1.02")))
        assert again(own).on_its_way is None
        assert is_clean()

    def test_ends_with_a_rest_that_the_venue_does_not_take(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "SOL", "90", quantity="1")
        Market.objects.filter(symbol="SOL-USDT").update(value_min_units=usdt(95))

        look(world, SOL="89")

        assert (again(own).status, again(own).ended_because) == ("ENDED", "TOO_SMALL")
        assert held(follower) == {}
        assert not Order.objects.exists()
        assert Notice.objects.get(kind=Notice.Kind.LIMIT_ENDED).words.endswith("less than the venue takes")


class TestWaits:
    def test_a_wick_between_two_looks_trades_nothing(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        world.wait(1, BTC="48000")

        assert look(world, BTC="50000") == 0
        assert again(own).status == "WAITING"

    def test_a_mark_whose_book_is_elsewhere_already_trades_nothing(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        world.wait(1, BTC="49100")
        dear = listings.book_of(Market.objects.get(symbol="BTC-USDT"), now=world.now)

        def book_of(market: Market, *, now: datetime) -> Book:
            return replace(dear, as_of=now)

        monkeypatch.setattr(listings, "book_of", book_of)
        look(world, BTC="48950")

        assert again(own).status == "WAITING"
        assert not Order.objects.exists()
        assert held(follower) == needed(follower)

    @pytest.mark.parametrize("why", ["suspended", "halted coin", "halted market", "halted", "in doubt", "old", "taken"])
    def test_while_nothing_may_be_traded_and_goes_on_then(self, world: World, follower: User, why: str) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        before = held(follower)
        world.wait(1, BTC="48000")
        btc = Market.objects.filter(symbol="BTC-USDT")
        market = btc.get()
        marks = Mark.objects.filter(market=market)
        later = world.now
        if why == "suspended":
            btc.update(status=Market.Status.SUSPENDED)
        elif why.startswith("halted"):
            scope, target = {
                "halted": (Halt.Scope.PLATFORM, 0),
                "halted coin": (Halt.Scope.ASSET, market.base_id),
                "halted market": (Halt.Scope.MARKET, market.pk),
            }[why]
            halts.place_halt(scope=scope, target_id=target, reason="A test.", now=world.now)
        elif why == "in doubt":
            marks.update(doubt="JUMP", doubted_price=1, doubted_at=world.now)
        elif why == "old":
            later += timedelta(seconds=60)
        else:
            blocking = Order.objects.create(
                market=market, venue_account=venue().account, client_order_id="x", side="BUY", quantity_units=1,
                price_limit=1, price_mid=1, price_buy_max=1, participant_ids=[], wish_units=[], planned_at=world.now,
                status=Order.Status.UNKNOWN,
            )  # fmt: skip

        assert touching.look_at_limit_orders(now=later) == 0
        assert (again(own).status, held(follower)) == ("WAITING", before)

        btc.update(status=Market.Status.TRADING)
        Halt.objects.update(lifted_at=world.now)
        marks.update(doubt="", doubted_price=None, doubted_at=None)
        if why == "taken":
            blocking.delete()
        assert touching.look_at_limit_orders(now=world.now) == 1

    def test_canceled_while_the_book_was_asked_for_is_left_alone(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        ask = listings.book_of

        def book_of(market: Market, *, now: datetime) -> Book:
            limits.cancel_limit_order(order_id=own.pk, now=now)
            return ask(market, now=now)

        monkeypatch.setattr(listings, "book_of", book_of)

        assert look(world, BTC="48900") == 0
        assert (again(own).status, held(follower)) == ("CANCELED", {})
        assert not Order.objects.exists()

    def test_while_another_order_got_into_the_market_first(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(2):
            place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        ask, write, tried = listings.book_of, trading.write_order, []

        def book_of(market: Market, *, now: datetime) -> Book:
            Order.objects.create(
                market=market, venue_account=venue().account, client_order_id="x", side="BUY", quantity_units=1,
                price_limit=1, price_mid=1, price_buy_max=1, participant_ids=[], wish_units=[], planned_at=now,
                status=Order.Status.UNKNOWN,
            )  # fmt: skip
            return ask(market, now=now)

        def write_order(**about: Any) -> Order:
            tried.append(about["market"])
            return write(**about)

        monkeypatch.setattr(listings, "book_of", book_of)
        monkeypatch.setattr(trading, "write_order", write_order)

        assert look(world, BTC="48900") == 0
        assert len(tried) == 1, "the second one waits for the market as well"
        assert held(follower) == needed(follower)

    def test_while_the_venue_is_silent(self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch) -> None:
        def silent(*_: Any, **__: Any) -> Book:
            raise VenueUnreachable("Nobody answers.")

        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        with monkeypatch.context() as away:
            away.setattr(listings, "book_of", silent)
            assert look(world, BTC="48000") == 0

        assert again(own).status == "WAITING"
        assert look(world) == 1

    def test_asks_nothing_more_however_many_wait_untouched(self, world: World, follower: User) -> None:
        counts = []
        for _ in range(2):
            place(world, follower, "BUY", "BTC", "45000", quantity="0.001")
            place(world, follower, "BUY", "ETH", "2000", quantity="0.01")
            with CaptureQueriesContext(connection) as captured:
                touching.look_at_limit_orders(now=world.now)
            counts.append(len(captured))

        assert counts == [3, 3]

    def test_rings_with_the_price_that_reaches_it_and_with_no_other(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        rung: list[str] = []
        monkeypatch.setattr(bell, "ring_for_limit_orders", lambda: rung.append("limits"))

        world.wait(1, BTC="49500")
        assert rung == []
        world.wait(1, BTC="48900")
        assert rung == ["limits"]

    def test_that_trades_or_is_canceled_rings_for_its_persons_wallet(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        other = place(world, follower, "BUY", "BTC", "40000", quantity="0.1")
        rung: list[tuple[str, str]] = []
        monkeypatch.setattr("copytrading.services.books.limit_orders.bell.publish", lambda *said: rung.append(said))
        own = (f"user:{follower.pk}", "wallet")

        look(world, BTC="48900")
        traded = rung.count(own)
        limits.cancel_limit_order(order_id=other.pk, now=world.now)

        assert (traded >= 1, rung.count(own) - traded) == (True, 1)

    def test_is_found_without_a_ring(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        world.wait(1, BTC="48900")

        touching.work_off_orders(now=world.now)

        assert again(own).status == "FILLED"

    def test_leaves_what_is_too_much_for_one_look_to_the_next(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for _ in range(3):
            place(world, follower, "BUY", "BTC", "49000", quantity="0.01")
        rung: list[str] = []
        world.wait(1, BTC="48900")
        monkeypatch.setattr(bell, "ring_for_limit_orders", lambda: rung.append("limits"))
        monkeypatch.setattr(touching, "TRADES_A_LOOK", 2)

        looks = [(touching.look_at_limit_orders(now=world.now), len(rung)) for _ in range(3)]

        assert looks == [(2, 1), (1, 1), (0, 1)], "the first one rings for the rest, and no other"


class TestOver:
    def test_expires_and_frees_what_was_held(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1", expires_at=world.now + timedelta(hours=1))
        look(world, 3_599)
        assert again(own).status == "WAITING"

        look(world, 1, BTC="48000")

        assert (again(own).status, again(own).finished_at) == ("EXPIRED", world.now)
        assert held(follower) == {}
        assert not Order.objects.exists()
        assert Notice.objects.get(kind=Notice.Kind.LIMIT_EXPIRED).user == follower
        assert is_clean()

    def test_is_ended_with_its_market(self, world: World, follower: User) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        Market.objects.filter(symbol="BTC-USDT").update(status=Market.Status.DELISTED)

        look(world)

        assert (again(own).status, again(own).ended_because) == ("ENDED", "DELISTED")
        assert held(follower) == {}
        assert Notice.objects.filter(kind=Notice.Kind.LIMIT_ENDED, user=follower).exists()

    def test_canceled_while_on_its_way_counts_what_was_filled(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        with monkeypatch.context() as asleep:
            asleep.setattr(trading, "work_off_order", lambda *, order_id, **_: Order.objects.get(pk=order_id))
            look(world, BTC="48900")
        assert held(follower) == needed(follower)

        limits.cancel_limit_order(order_id=own.pk, now=world.now)
        assert held(follower) == {"USDT": usdt("4904.9") + 2}, "what is on its way is paid for"
        world.wait(6)
        conducting.work_off_manual_orders(now=world.now)

        assert (again(own).status, again(own).filled_units) == ("FILLED", 10**7)
        assert held(follower) == {}
        assert is_clean()

    def test_is_on_its_way_once_however_many_look(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = place(world, follower, "BUY", "BTC", "49000", quantity="0.1")
        with monkeypatch.context() as asleep:
            asleep.setattr(trading, "work_off_order", lambda *, order_id, **_: Order.objects.get(pk=order_id))
            for _ in range(3):
                look(world, BTC="48900")

        assert Order.objects.count() == 1
        assert again(own).on_its_way is not None


class TestWhateverHappens:
    @pytest.mark.parametrize("seed", [1, 2])
    def test_holds_what_the_waiting_orders_need(
        self, world: World, follower: User, other_follower: User, seed: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        random, prices = Random(seed), {"BTC": 50_000.0, "SOL": 100.0}
        PaperMarket.objects.exclude(symbol="ETH-USDT").update(level_value=800, level_count=3)

        def price_near(symbol: str, spread: float) -> str:
            return f"{prices[symbol] * (1 + random.uniform(-spread, spread)):.2f}"

        partly = False
        for _ in range(40):
            user, symbol = random.choice((follower, other_follower)), random.choice(("BTC", "SOL"))
            deed = random.choice(("place", "place", "cancel", "move", "move", "die"))
            try:
                if deed == "place":
                    place(
                        world, user, random.choice(("BUY", "BUY", "SELL")), symbol, price_near(symbol, 0.02),
                        value=str(random.randint(700, 2_500)),
                        expires_at=random.choice((None, world.now + timedelta(seconds=20))),
                    )  # fmt: skip
                elif deed == "cancel" and (own := LimitOrder.objects.filter(finished_at=None).order_by("pk").first()):
                    limits.cancel_limit_order(order_id=own.pk, now=world.now)
            except Refusal:
                pass
            prices[symbol] = float(price_near(symbol, 0.02))
            with monkeypatch.context() as asleep:
                if deed == "die":
                    asleep.setattr(trading, "work_off_order", lambda *, order_id, **_: Order.objects.get(pk=order_id))
                look(world, random.choice((1, 6)), **{symbol: f"{prices[symbol]:.2f}"})
            if deed != "die":
                conducting.work_off_manual_orders(now=world.now)
            for person in (follower, other_follower):
                self._compare(person)
            partly |= LimitOrder.objects.filter(status="PARTIALLY_FILLED", on_its_way=None).exists()
        world.wait(6)
        conducting.work_off_manual_orders(now=world.now)
        for own in LimitOrder.objects.filter(finished_at=None):
            limits.cancel_limit_order(order_id=own.pk, now=world.now)
        assert not Hold.objects.filter(released_at__isnull=True).exists()
        assert is_clean()
        assert (LimitOrder.objects.filter(status="FILLED").exists(), partly) == (True, True)

    def _compare(self, person: User) -> None:
        """Each unit that is needed is held; of canceled orders that are on their way so much as these may take."""
        on_their_way = Order.objects.filter(
            manual_order__user=person, booked_at=None, manual_order__limit_order__finished_at__isnull=False
        )
        there, wanted = held(person), needed(person)
        orphans = set(on_their_way.values_list("market__base__symbol", flat=True))
        for symbol in {*there, *wanted}:
            more = there.get(symbol, 0) - wanted.get(symbol, 0)
            if orphans:
                assert more >= -8
            else:
                assert -8 <= more <= 8, (person, symbol, there, wanted)
        assert is_clean()
