"""What became of an order whose answer never came: asked, adopted or proven absent, and never sent again."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F

from accounts.models import Hold, LedgerAccount, User
from copytrading.exchange.errors import DuplicateOrder, OutcomeUnknown, VenueUnreachable
from copytrading.exchange.orders import VenueOrder, VenueStatus
from copytrading.exchange.paper.models import PaperBalance, PaperOrder
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import Alarm, Fill, Lead, Mark, Order, TradeCheckpoint
from copytrading.services.orders import resolving
from copytrading.services.safety import reconciling
from tests.cast import World

place = PaperVenue.place_limit_ioc
find = PaperVenue.find_order


def answered(first: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let the venue answer the first order by `first` and all others as ever; return the client ids it was sent."""
    sent: list[str] = []

    def placing(venue: PaperVenue, **order: Any) -> VenueOrder:
        sent.append(order["client_order_id"])
        return first(venue, **order) if len(sent) == 1 else place(venue, **order)

    monkeypatch.setattr(PaperVenue, "place_limit_ioc", placing)
    return sent


def accepts_and_is_silent(venue: PaperVenue, **order: Any) -> VenueOrder:
    place(venue, **order)
    raise OutcomeUnknown("The answer got lost.")


def is_never_reached(venue: PaperVenue, **order: Any) -> VenueOrder:
    raise OutcomeUnknown("The question got lost.")


@pytest.fixture
def buying(world: World, lead: Lead) -> Lead:
    """A lead whose first order is on its way to the venue."""
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    return lead


class TestLostAnswer:
    def test_is_found_by_asking_and_booked_once(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = answered(accepts_and_is_silent, monkeypatch)

        world.settle(looks=10)

        order = Order.objects.get()
        assert order.status == Order.Status.FILLED
        assert sent == [order.client_order_id], "sent once"
        assert PaperOrder.objects.count() == 1
        assert world.held(LedgerAccount.objects.get(lead=buying))["BTC"] == 10_000_000
        assert reconciling.check_ledger().is_clean

    def test_keeps_the_holds_and_sends_nothing_more_until_it_is_known(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.SMARTSYNC_LEAD_ORDER_SECONDS = 600
        answered(accepts_and_is_silent, monkeypatch)
        monkeypatch.setattr(PaperVenue, "find_order", _raise(VenueUnreachable("It does not answer.")))
        world.settle(looks=3)
        world.lead_trades(buying, "BTC", "BUY", "0.05")

        world.settle(looks=80)

        assert Order.objects.get().status == Order.Status.UNKNOWN
        assert Hold.objects.filter(released_at__isnull=True).exists()
        assert Alarm.objects.get(cleared_at__isnull=True).kind == Alarm.Kind.ORDER_UNKNOWN

        monkeypatch.setattr(PaperVenue, "find_order", find)
        world.settle(looks=30)

        assert world.held(LedgerAccount.objects.get(lead=buying))["BTC"] == 15_000_000
        assert not Alarm.objects.filter(cleared_at__isnull=True).exists()

    def test_waits_for_all_trades_of_a_filled_order(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered(lambda venue, **order: replace(place(venue, **order), trades=()), monkeypatch)
        world.settle(looks=1)
        early = Order.objects.get()

        world.settle(looks=10)

        assert (early.status, early.filled_units) == (Order.Status.UNKNOWN, 0)
        assert Order.objects.get().filled_units == 10_000_000

    def test_counts_a_trade_once_that_is_told_twice(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def stammers(venue: PaperVenue, **order: Any) -> VenueOrder:
            answer = place(venue, **order)
            return replace(answer, trades=answer.trades * 2)

        answered(stammers, monkeypatch)
        world.settle(looks=10)

        assert Order.objects.get().filled_units == 10_000_000
        assert reconciling.check_ledger().is_clean

    def test_of_an_order_that_is_there_already_is_adopted(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuses_a_second(venue: PaperVenue, **order: Any) -> VenueOrder:
            place(venue, **order)
            raise DuplicateOrder("Duplicate order sent.")

        answered(refuses_a_second, monkeypatch)

        world.settle(looks=10)

        assert Order.objects.get().status == Order.Status.FILLED
        assert PaperOrder.objects.count() == 1


class TestLostQuestion:
    def test_is_not_placed_after_three_questions_and_the_window(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered(is_never_reached, monkeypatch)
        world.settle(looks=1)
        claimed_at = Order.objects.get().claimed_at
        assert claimed_at is not None

        while Order.objects.order_by("pk")[0].status != Order.Status.NOT_PLACED:
            assert (world.now - claimed_at).total_seconds() < 30
            world.settle(looks=1)

        order = Order.objects.order_by("pk")[0]
        assert order.not_found_count >= 3
        # Clocks differ by two seconds at most.
        assert (world.now - claimed_at).total_seconds() > PaperVenue.validity_seconds + 2
        world.settle(looks=20)
        assert world.held(LedgerAccount.objects.get(lead=buying))["BTC"] == 10_000_000, "the next cycle bought it"
        assert not Hold.objects.filter(released_at__isnull=True).exists()
        assert reconciling.check_ledger().is_clean

    def test_is_asked_about_again_after_waits_that_double_up_to_eight_seconds(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.SMARTSYNC_LEAD_ORDER_SECONDS = 600
        asked_at = []

        def is_silent(*_: Any, **__: Any) -> None:
            asked_at.append(world.now)
            raise VenueUnreachable("It does not answer.")

        answered(is_never_reached, monkeypatch)
        monkeypatch.setattr(PaperVenue, "find_order", is_silent)
        world.settle(looks=45)

        waits = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(asked_at)]
        assert waits[:4] == [2, 4, 8, 8]

    def test_ends_its_alarm_once_it_is_known_that_nothing_was_placed(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.SMARTSYNC_LEAD_ORDER_SECONDS = 600
        answered(is_never_reached, monkeypatch)
        monkeypatch.setattr(PaperVenue, "find_order", _raise(VenueUnreachable("It does not answer.")))
        world.settle(looks=80)
        alarm = Alarm.objects.get(kind=Alarm.Kind.ORDER_UNKNOWN)
        assert alarm.cleared_at is None

        monkeypatch.setattr(PaperVenue, "find_order", find)
        world.settle(looks=30)

        alarm.refresh_from_db()
        assert Order.objects.order_by("pk")[0].status == Order.Status.NOT_PLACED
        assert alarm.cleared_at is not None

    def test_is_an_operators_matter_after_a_minute_and_not_before(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch, settings: Any
    ) -> None:
        settings.SMARTSYNC_LEAD_ORDER_SECONDS = 600
        answered(is_never_reached, monkeypatch)
        monkeypatch.setattr(PaperVenue, "find_order", _raise(VenueUnreachable("It does not answer.")))
        world.settle(looks=1)
        (order,) = Order.objects.all()
        assert order.claimed_at is not None

        for seconds, told in ((60, False), (61, True)):
            Order.objects.filter(pk=order.pk).update(asked_at=order.claimed_at, status=Order.Status.UNKNOWN)
            order.refresh_from_db()
            resolving.resolve_order(order=order, now=order.claimed_at + timedelta(seconds=seconds))
            assert Alarm.objects.filter(kind=Alarm.Kind.ORDER_UNKNOWN).exists() is told

    def test_stays_unknown_while_coins_came_that_nothing_explains(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered(accepts_and_is_silent, monkeypatch)
        monkeypatch.setattr(PaperVenue, "find_order", lambda *_, **__: None)
        monkeypatch.setattr(PaperVenue, "trades_since", lambda *_, **__: [])

        world.settle(looks=90)

        order = Order.objects.get()
        assert (order.status, order.not_found_count > 3) == (Order.Status.UNKNOWN, True)
        assert Alarm.objects.filter(kind=Alarm.Kind.ORDER_UNKNOWN, cleared_at__isnull=True).exists()

    def test_stays_unknown_while_a_trade_of_it_is_told(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered(accepts_and_is_silent, monkeypatch)
        monkeypatch.setattr(PaperVenue, "find_order", lambda *_, **__: None)
        PaperBalance.objects.filter(asset="BTC").delete()
        monkeypatch.setattr(PaperVenue, "balances", lambda *_: {})

        world.settle(looks=40)

        assert Order.objects.get().status == Order.Status.UNKNOWN

    def test_stays_unknown_while_the_order_is_open_there(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def opens(venue: PaperVenue, **order: Any) -> VenueOrder:
            monkeypatch.setattr(PaperVenue, "open_orders", lambda *_, **__: [still_open(order)])
            raise OutcomeUnknown("The answer got lost.")

        def still_open(order: dict[str, Any]) -> VenueOrder:
            return VenueOrder(
                client_order_id=order["client_order_id"],
                venue_order_id="7",
                symbol=order["symbol"],
                side=order["side"],
                quantity=order["quantity"],
                filled_quantity=Decimal(0),
                price_limit=order["price_limit"],
                status=VenueStatus.OPEN,
                trades=(),
            )

        answered(opens, monkeypatch)

        world.settle(looks=40)

        assert Order.objects.get().status == Order.Status.UNKNOWN


class TestStrangersCoins:
    """Somebody sends coins to our account while an order of them is unknown: fewer than it would have bought."""

    def test_do_not_keep_an_order_that_never_came_unknown(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.settle()
        world.lead_trades(buying, "BTC", "BUY", "0.05")
        answered(is_never_reached, monkeypatch)
        world.settle(looks=1)
        PaperBalance.objects.filter(asset="BTC").update(quantity=F("quantity") + Decimal("0.001"))

        world.settle(looks=40)

        assert Order.objects.order_by("pk")[1].status == Order.Status.NOT_PLACED


class TestCoinCountedAnew:
    """Nobody has said in which unit the coin is counted, and its number at the venue says nothing of an order."""

    def turn(self, world: World) -> None:
        PaperBalance.objects.filter(asset="BTC").update(quantity=F("quantity") * 10)
        Mark.objects.filter(market__symbol="BTC-USDT").update(
            doubt=Mark.Doubt.REDENOMINATION, doubted_price=Decimal(5000), doubted_at=world.now - timedelta(minutes=5)
        )

    def test_is_not_placed_when_the_cash_says_so(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.settle()
        world.lead_trades(buying, "BTC", "BUY", "0.05")
        answered(is_never_reached, monkeypatch)
        world.settle(looks=1)
        self.turn(world)

        world.settle(looks=40)

        assert Order.objects.order_by("pk")[1].status == Order.Status.NOT_PLACED

    def test_stays_unknown_while_cash_went_that_nothing_explains(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answered(accepts_and_is_silent, monkeypatch)
        monkeypatch.setattr(PaperVenue, "find_order", lambda *_, **__: None)
        monkeypatch.setattr(PaperVenue, "trades_since", lambda *_, **__: [])
        world.settle(looks=1)
        self.turn(world)

        world.settle(looks=40)

        order = Order.objects.get()
        assert (order.status, order.not_found_count > 3) == (Order.Status.UNKNOWN, True)


class TestReconcileMarket:
    def test_books_a_fill_that_comes_after_the_end_to_the_suspense_account(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.settle()
        order = Order.objects.get()
        fill = order.fills.get()
        late = replace(
            PaperVenue("platform").trades_since(symbol="BTC-USDT", since=order.planned_at)[0], trade_id="late-1"
        )
        monkeypatch.setattr(PaperVenue, "trades_since", lambda *_, **__: [late])

        found = [resolving.reconcile_market(market=order.market, now=world.now) for _ in range(2)]

        assert found == [1, 0], "once"
        suspense = world.held(LedgerAccount.objects.get(kind=LedgerAccount.Kind.SUSPENSE))
        assert suspense == {"BTC": fill.quantity_units, "USDT": -fill.value_units - fill.fee_units}
        assert Fill.objects.get(trade_id="late-1").late_at == world.now
        assert Alarm.objects.get().kind == Alarm.Kind.LATE_FILL

    def test_alarms_about_a_trade_that_is_none_of_ours(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.settle()
        order = Order.objects.get()
        PaperVenue("platform").place_limit_ioc(
            client_order_id="somebodyelse",
            symbol="BTC-USDT",
            side=order.side,  # type: ignore[arg-type]
            quantity=Decimal("0.001"),
            price_limit=Decimal(60_000),
            now=world.now,
        )

        resolving.reconcile_market(market=order.market, now=world.now)

        assert Alarm.objects.get().kind == Alarm.Kind.FOREIGN_TRADE

    @pytest.mark.parametrize(
        ("client_order_id", "open_units", "alarms"),
        # Of an order whose wishes all meet inside, nothing is at the venue.
        [("", 10**6, 0), ("", None, 1), ("", 0, 1), ("somebodyelse", 10**6, 1), ("somebodyelse", None, 1)],
    )
    def test_leaves_a_trade_without_a_name_to_the_order_that_is_being_asked_about(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch, client_order_id: str,
        open_units: int | None, alarms: int,
    ) -> None:  # fmt: skip
        world.settle()
        order = Order.objects.get()
        (known,) = PaperVenue("platform").trades_since(symbol="BTC-USDT", since=order.planned_at)
        unnamed = replace(known, trade_id="t-2", client_order_id=client_order_id, venue_order_id="v-2")
        monkeypatch.setattr(PaperVenue, "trades_since", lambda *_, **__: [unnamed])
        if open_units is not None:
            Order.objects.create(
                market=order.market, venue_account=order.venue_account, client_order_id="asked", side="BUY",
                quantity_units=open_units, price_limit=order.price_limit, price_mid=order.price_mid,
                price_buy_max=order.price_buy_max, value_max_units=order.value_max_units, participant_ids=[],
                wish_units=[], planned_at=world.now, status=Order.Status.UNKNOWN, claimed_at=world.now,
            )  # fmt: skip

        assert resolving.reconcile_market(market=order.market, now=world.now) == alarms
        assert Alarm.objects.filter(kind=Alarm.Kind.FOREIGN_TRADE).count() == alarms

    @pytest.mark.parametrize(
        ("client_order_id", "status", "alarms"),
        [("asked", Order.Status.UNKNOWN, 0), ("asked", Order.Status.FILLED, 1), ("somebodyelse", None, 1)],
    )
    def test_alarms_about_an_open_order_that_nobody_waits_for(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch, client_order_id: str,
        status: Order.Status | None, alarms: int,
    ) -> None:  # fmt: skip
        world.settle()
        order = Order.objects.get()
        there = VenueOrder(
            client_order_id=client_order_id, venue_order_id="v-2", symbol="BTC-USDT", side=order.side,
            quantity=Decimal("0.001"), filled_quantity=Decimal(0), price_limit=Decimal(60_000),
            status=VenueStatus.OPEN, trades=(),
        )  # fmt: skip
        monkeypatch.setattr(PaperVenue, "open_orders", lambda *_, **__: [there])
        if status == Order.Status.FILLED:
            there = replace(there, client_order_id=order.client_order_id)
            monkeypatch.setattr(PaperVenue, "open_orders", lambda *_, **__: [there])
        elif status is not None:
            Order.objects.create(
                market=order.market, venue_account=order.venue_account, client_order_id="asked", side="BUY",
                quantity_units=10**5, price_limit=order.price_limit, price_mid=order.price_mid,
                price_buy_max=order.price_buy_max, value_max_units=order.value_max_units, participant_ids=[],
                wish_units=[], planned_at=world.now, status=status, claimed_at=world.now,
            )  # fmt: skip

        assert resolving.reconcile_market(market=order.market, now=world.now) == alarms
        assert Alarm.objects.filter(key="foreign-order:v-2").count() == alarms

    def test_comes_before_sending_and_without_an_answer_nothing_is_sent(
        self, world: World, buying: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trades_since = PaperVenue.trades_since
        monkeypatch.setattr(PaperVenue, "trades_since", _raise(VenueUnreachable("It does not answer.")))
        world.settle(looks=5)
        waiting = Order.objects.get()
        sent_early = PaperOrder.objects.count()

        monkeypatch.setattr(PaperVenue, "trades_since", trades_since)
        world.settle()

        assert (waiting.status, sent_early) == (Order.Status.PLANNED, 0)
        assert Order.objects.get(pk=waiting.pk).status == Order.Status.FILLED
        assert TradeCheckpoint.objects.get().market == waiting.market


def _raise(error: Exception) -> Callable[..., Any]:
    def raising(*_: Any, **__: Any) -> Any:
        raise error

    return raising


class TestLateTrades:
    def test_of_an_order_that_was_given_up_are_not_dropped(
        self, world: World, lead: Lead, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        answered(is_never_reached, monkeypatch)
        while not Order.objects.filter(status=Order.Status.NOT_PLACED).exists():
            world.settle(looks=1)
        given_up = Order.objects.order_by("pk")[0]
        place(
            PaperVenue("platform"),
            client_order_id=given_up.client_order_id,
            symbol="BTC-USDT",
            side=given_up.side,  # type: ignore[arg-type]
            quantity=Decimal("0.1"),
            price_limit=given_up.price_limit,
            now=world.now,
        )

        resolving.reconcile_market(market=given_up.market, now=world.now)

        suspense = world.held(LedgerAccount.objects.get(kind=LedgerAccount.Kind.SUSPENSE))
        assert suspense["BTC"] == 10_000_000
        world.settle()
        assert reconciling.check_ledger().is_clean
