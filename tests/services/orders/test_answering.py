"""What the venue says about an order: each trade is kept once, in the coins that it moved, with its fee."""

from decimal import Decimal

import pytest
from django.db import transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount, User
from copytrading.engine.units import coins
from copytrading.exchange.orders import Side, VenueOrder, VenueStatus, VenueTrade
from copytrading.models import Adjustment, Alarm, Allocation, Copy, Fill, Lead, Order, SyncCycle
from copytrading.services.orders import answering, booking
from copytrading.services.safety import alarms
from tests.cast import World, usdt
from tests.services.orders.order_stage import send

BTC = 10**8


@pytest.fixture
def sent(world: World, lead: Lead, follower: User) -> Order:
    return send(world, lead, follower)


def trade(order: Order, number: int, quantity: str | Decimal, *, fee: str = "0", fee_asset: str = "USDT") -> VenueTrade:
    return VenueTrade(
        trade_id=f"t-{number}", client_order_id=order.client_order_id, venue_order_id="v-1", symbol="BTC-USDT",
        side=Side(order.side), price=Decimal(50_000), quantity=Decimal(quantity), value=Decimal(quantity) * 50_000,
        fee=Decimal(fee), fee_asset=fee_asset, executed_at=order.planned_at,
    )  # fmt: skip


def answer(order: Order, *trades: VenueTrade, status: VenueStatus = VenueStatus.FILLED) -> VenueOrder:
    return VenueOrder(
        client_order_id=order.client_order_id, venue_order_id="v-1", symbol="BTC-USDT", side=Side(order.side),
        quantity=coins(order.quantity_units, 8), filled_quantity=sum((one.quantity for one in trades), Decimal(0)),
        price_limit=order.price_limit, status=status, trades=trades,
    )  # fmt: skip


def whole(order: Order, **fee: str) -> VenueOrder:
    """Return the answer that an order was filled at 50,000 a coin."""
    return answer(order, trade(order, 1, coins(order.quantity_units, 8), **fee))


class TestAnAnswer:
    def test_is_the_sum_of_its_trades(self, world: World, sent: Order) -> None:
        trades = trade(sent, 1, "0.04", fee="2"), trade(sent, 2, "0.02", fee="0.00001", fee_asset="BTC")

        answering.record_answer(
            order=sent, answer=answer(sent, *trades, status=VenueStatus.CANCELED), now=world.now, milliseconds=7
        )

        order = Order.objects.get()
        assert (order.filled_units, order.value_units) == (6 * BTC // 100, usdt(3_000))
        assert (order.fee_units, order.fee_base_units) == (usdt(2), 1_000)
        assert (order.venue_order_id, order.answered_at, order.answer_milliseconds) == ("v-1", world.now, 7)
        first, second = Fill.objects.order_by("trade_id")
        assert (first.price, first.quantity_units, first.value_units) == (50_000, 4 * BTC // 100, usdt(2_000))
        assert (first.fee_units, first.fee_base_units, second.fee_units) == (usdt(2), 0, 0)
        assert (first.late_at, first.executed_at) == (None, sent.planned_at)

    @pytest.mark.parametrize(
        ("said", "is_filled", "status"),
        [
            ("FILLED", True, "FILLED"), ("CANCELED", True, "PARTIALLY_FILLED"), ("EXPIRED", True, "PARTIALLY_FILLED"),
            ("REJECTED", True, "PARTIALLY_FILLED"), ("CANCELED", False, "CANCELED"), ("EXPIRED", False, "CANCELED"),
            ("REJECTED", False, "REJECTED"),
        ],
    )  # fmt: skip
    def test_ends_the_order_as_it_says(
        self, world: World, sent: Order, said: str, is_filled: bool, status: str
    ) -> None:  # fmt: skip
        trades = (trade(sent, 1, "0.04"),) if is_filled else ()

        answering.record_answer(order=sent, answer=answer(sent, *trades, status=VenueStatus(said)), now=world.now)

        assert Order.objects.get().status == status

    def test_that_names_no_coin_of_the_fee_means_the_quote(self, world: World, sent: Order) -> None:
        order = answering.record_answer(order=sent, answer=whole(sent, fee="3", fee_asset=""), now=world.now)

        assert (order.fee_units, order.fee_base_units) == (usdt(3), 0)

    @pytest.mark.parametrize(("ask_count", "is_cleared"), [(0, False), (1, True)])
    def test_ends_the_alarm_of_an_order_that_was_asked_about(
        self, world: World, sent: Order, ask_count: int, is_cleared: bool
    ) -> None:
        Order.objects.update(ask_count=ask_count)
        alarms.raise_alarm(
            kind=Alarm.Kind.ORDER_UNKNOWN, key=answering.unknown_key(sent), sentence="It is unknown.", now=world.now
        )

        answering.record_answer(order=sent, answer=whole(sent), now=world.now)

        assert Alarm.objects.filter(cleared_at__isnull=False).exists() is is_cleared

    def test_that_comes_after_the_end_changes_nothing(self, world: World, sent: Order) -> None:
        answering.record_answer(order=sent, answer=whole(sent, fee="3"), now=world.now)

        answering.record_answer(order=sent, answer=answer(sent, status=VenueStatus.REJECTED), now=world.now)

        order = Order.objects.get()
        assert (order.status, order.fee_units, Fill.objects.count()) == ("FILLED", usdt(3), 1)


class TestNoAnswer:
    def test_is_counted_and_keeps_the_name_that_the_venue_gave(self, world: World, sent: Order) -> None:
        first = answering.mark_unknown(order=sent, now=world.now, venue_order_id="v-1")
        world.wait(1)
        answering.mark_unknown(order=first, now=world.now)

        order = Order.objects.get()
        assert (order.status, order.ask_count, order.venue_order_id) == (Order.Status.UNKNOWN, 2, "v-1")
        assert order.asked_at == world.now

    def test_is_none_of_an_order_that_has_ended(self, world: World, sent: Order) -> None:
        answering.record_answer(order=sent, answer=whole(sent), now=world.now)

        answering.mark_unknown(order=sent, now=world.now)

        assert Order.objects.get().status == Order.Status.FILLED


class TestTheEndOfAnOrderThatDidNothing:
    def test_has_a_sentence_that_fits_and_a_time(self, world: World, sent: Order) -> None:
        order = answering.end_order(
            order=sent, status=Order.Status.REJECTED, now=world.now, refusal="no" * 200, milliseconds=9
        )

        assert (order.status, order.refusal, order.answered_at) == (Order.Status.REJECTED, "no" * 100, world.now)
        assert Order.objects.get().answer_milliseconds == 9

    def test_ends_no_order_twice(self, world: World, sent: Order) -> None:
        answering.record_answer(order=sent, answer=whole(sent), now=world.now)

        assert answering.end_order(order=sent, status=Order.Status.NOT_PLACED, now=world.now).status == "FILLED"


class TestALateTrade:
    @pytest.mark.parametrize(
        ("side", "fee_asset", "fee", "moved"),
        [
            ("BUY", "USDT", "2", {"BTC": 4 * BTC // 100, "USDT": -usdt(2_002)}),
            ("BUY", "BTC", "0.0001", {"BTC": 4 * BTC // 100 - 10_000, "USDT": -usdt(2_000)}),
            ("SELL", "USDT", "2", {"BTC": -4 * BTC // 100, "USDT": usdt(1_998)}),
        ],
    )
    def test_waits_in_the_suspense_account_as_it_moved_coins_and_cash(
        self, world: World, sent: Order, side: str, fee_asset: str, fee: str, moved: dict[str, int]
    ) -> None:
        sent.side = side

        with transaction.atomic():
            late = [trade(sent, 1, "0.04", fee=fee, fee_asset=fee_asset)]
            found = [answering.note_late_trades(order=sent, trades=late, now=world.now) for _ in range(2)]

        assert found == [1, 0], "once"
        assert world.held(LedgerAccount.objects.get(kind=LedgerAccount.Kind.SUSPENSE)) == moved
        assert Fill.objects.get().late_at == world.now
        assert Alarm.objects.get().kind == Alarm.Kind.LATE_FILL


class TestAFeeInAThirdCoin:
    def book(self, world: World, sent: Order, *, has: str) -> LedgerAccount:
        """Book a purchase for which 0.5 BNB were taken, where our fee account has so many; return that account."""
        fees = ledger.platform_account(LedgerAccount.Kind.FEES, now=world.now)
        bnb = Asset.objects.create(symbol="BNB", name="BNB", decimals=8)
        outside = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=world.now)
        units = int(Decimal(has) * BTC)
        if units:
            ledger.post(
                kind=Journal.Kind.DEPOSIT, idempotency_key="bnb", now=world.now,
                lines=Lines.of([outside.pk, fees.pk], bnb.pk, [-units, units]),
            )  # fmt: skip
        order = answering.record_answer(order=sent, answer=whole(sent, fee="0.5", fee_asset="BNB"), now=world.now)
        assert (order.fee_units, order.fee_base_units) == (0, 0)
        booking.book_order(order=order, now=world.now)
        return fees

    def test_is_paid_by_the_fee_account(self, world: World, sent: Order) -> None:
        fees = self.book(world, sent, has="0.5")

        assert "BNB" not in world.held(fees)
        assert world.held(LedgerAccount.objects.get(kind=LedgerAccount.Kind.VENUE))["BNB"] == BTC // 2
        assert not Alarm.objects.exists()
        assert Fill.objects.get().fee_other_units == BTC // 2

    def test_is_an_alarm_where_that_has_too_little(self, world: World, sent: Order) -> None:
        fees = self.book(world, sent, has="0.49999999")

        assert world.held(fees)["BNB"] == BTC // 2 - 1
        alarm = Alarm.objects.get()
        assert (alarm.kind, alarm.key) == (Alarm.Kind.CUSTODY_DIFFERS, f"fee:{sent.client_order_id}")
        assert "a fee of 0.5 BNB" in alarm.sentence
        # The order is shared out all the same.
        assert Allocation.objects.count() == 2


class TestAnOrderThatFellShort:
    def booked(self, world: World, sent: Order, *parts: str) -> SyncCycle:
        trades = [trade(sent, number, part) for number, part in enumerate(parts)]
        order = answering.record_answer(
            order=sent, answer=answer(sent, *trades, status=VenueStatus.CANCELED), now=world.now
        )
        booking.book_order(order=order, now=world.now)
        return SyncCycle.objects.get(pk=sent.cycle_id)

    def test_leaves_a_rest_and_says_so_to_its_copies(self, world: World, sent: Order) -> None:
        copy = Copy.objects.get()
        wished = int(sent.wish_units[sent.participant_ids.index(copy.ledger_account_id)])
        half = coins(sent.quantity_units, 8) / 2

        assert self.booked(world, sent, str(half)).has_rest

        told = Adjustment.objects.get()
        assert (told.copy, told.asset.symbol, told.reason, told.cycle_id) == (
            copy,
            "BTC",
            "SLIPPAGE_CAPPED",
            sent.cycle_id,
        )
        assert told.wanted_value_units == pytest.approx(wished * float(sent.price_mid), abs=1)
        assert told.planned_value_units == pytest.approx(told.wanted_value_units / 2, rel=1e-6)
        assert told.noted_at == world.now

    def test_by_nothing_leaves_none(self, world: World, sent: Order) -> None:
        assert not self.booked(world, sent, str(coins(sent.quantity_units, 8))).has_rest
        assert not Adjustment.objects.exists()

    def test_by_less_than_a_cent_says_nothing(self, world: World, sent: Order) -> None:
        assert self.booked(world, sent, str(coins(sent.quantity_units - 20, 8))).has_rest
        assert not Adjustment.objects.exists()

    def test_before_it_was_sent_says_nothing(self, world: World, sent: Order) -> None:
        Order.objects.update(status=Order.Status.CANCELED, claimed_at=None)

        booking.book_order(order=Order.objects.get(), now=world.now)

        assert SyncCycle.objects.get(pk=sent.cycle_id).has_rest
        assert not Adjustment.objects.exists()
