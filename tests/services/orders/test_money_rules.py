"""Booking: what an order did is shared once, and nobody pays more than was held for it."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from accounts.models import Posting
from copytrading.exchange.orders import VenueOrder, VenueStatus
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.models import Allocation, Copy, Fill, Lead, LeadOrder, Market, Order
from copytrading.services.books import stops
from copytrading.services.cycle import syncing
from copytrading.services.orders import answering, booking, trading
from copytrading.services.safety import reconciling
from tests.cast import World


@pytest.fixture
def filled(world: World, lead: Lead, follower: object, monkeypatch: pytest.MonkeyPatch) -> Order:
    """A purchase for a lead and a copy that the venue has carried out, as a worker has read it before it was booked."""
    world.start(follower, lead, "1000")
    world.settle()
    world.lead_trades(lead, "BTC", "BUY", "0.1")
    with monkeypatch.context() as patch:
        patch.setattr(trading, "book_order", lambda *, order, now: order)
        world.wait(1)
        syncing.sync_lead(lead_id=lead.pk, now=world.now)
    order = Order.objects.select_related("cycle", "market__base", "market__quote").get()
    assert (order.status, order.booked_at) == (Order.Status.FILLED, None)
    return order


class TestASecondBooking:
    def test_of_an_order_that_another_worker_booked_meanwhile_books_nothing(
        self, world: World, lead: Lead, filled: Order
    ) -> None:
        stale = Order.objects.select_related("cycle", "market__base", "market__quote").get(pk=filled.pk)
        first = booking.book_order(order=filled, now=world.now)
        shares, lines = Allocation.objects.count(), Posting.objects.count()
        filled_before = LeadOrder.objects.get().filled_units

        again = booking.book_order(order=stale, now=world.now)

        assert again.booked_at == first.booked_at
        assert (Allocation.objects.count(), Posting.objects.count()) == (shares, lines)
        assert LeadOrder.objects.get().filled_units == filled_before

    def test_is_refused_by_the_database_too(self, world: World, filled: Order) -> None:
        booking.book_order(order=filled, now=world.now)
        share = Allocation.objects.first()
        assert share is not None
        share.pk = None

        with pytest.raises(IntegrityError, match="one_share_per_order_and_account"), transaction.atomic():
            share.save()


class TestAnAnswerToAnOrderThatHasEnded:
    def test_is_booked_apart_where_it_tells_a_trade_that_is_new(self, world: World, filled: Order) -> None:
        booking.book_order(order=filled, now=world.now)
        known = Fill.objects.get()
        trade = next(iter(PaperVenue("platform").trades_since(symbol="BTC-USDT", since=filled.planned_at)))
        answer = VenueOrder(
            client_order_id=filled.client_order_id, venue_order_id="1", symbol="BTC-USDT", side=trade.side,
            quantity=trade.quantity, filled_quantity=trade.quantity * 2, price_limit=trade.price,
            status=VenueStatus.FILLED, trades=(trade, replace(trade, trade_id="late-1")),
        )  # fmt: skip

        after = answering.record_answer(order=filled, answer=answer, now=world.now)

        assert after.filled_units == filled.filled_units
        late = Fill.objects.exclude(pk=known.pk).get()
        assert (late.trade_id, late.late_at) == ("late-1", world.now)
        # The venue does not have it, so only the books themselves can be right.
        assert reconciling.check_ledger().findings == ()


class TestBuyersWhoMeetInsideASale:
    def settled(self, *, average: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what two copies get of an order that sells for one of them while the other buys inside."""
        market = Market.objects.select_related("base", "quote").get(symbol="BTC-USDT")
        sold, bought = 10 * 10**8, 4 * 10**8
        order = Order(
            pk=1, market=market, side=Order.Side.SELL, status=Order.Status.FILLED,
            quantity_units=sold - bought, filled_units=sold - bought, value_units=(sold - bought) * average,
            price_limit=Decimal(49_750), price_mid=Decimal(50_000), price_buy_max=Decimal(50_250),
        )  # fmt: skip
        shares = booking._settle(order, np.array([-sold, bought], dtype=np.int64))
        assert int(shares.quantity_units.sum()) == -(sold - bought)
        return shares.quantity_units, shares.value_units

    @pytest.mark.parametrize("average", [50_250, 50_251, 51_000, 60_000])
    def test_never_pay_past_the_dearest_price_that_they_hold_money_for(self, world: World, average: int) -> None:
        bought, paid = (int(column[1]) for column in self.settled(average=average))

        assert -paid <= 4 * 10**8 * 50_250
        # And no less than that buys.
        assert bought == 4 * 10**8 * 50_250 // average

    def test_pay_what_the_venue_paid_where_it_is_less(self, world: World) -> None:
        bought, paid = (int(column[1]) for column in self.settled(average=50_100))

        assert (bought, paid) == (4 * 10**8, -4 * 10**8 * 50_100)


class TestWhatTheVenueDidNotTake:
    @pytest.mark.parametrize(
        ("status", "claimed", "is_shared"),
        [("REJECTED", True, False), ("NOT_PLACED", True, False), ("CANCELED", False, False), ("CANCELED", True, True)],
    )
    def test_is_shared_by_nobody_not_even_by_who_would_have_met_inside(
        self, world: World, status: str, claimed: bool, is_shared: bool
    ) -> None:
        market = Market.objects.select_related("base", "quote").get(symbol="BTC-USDT")
        order = Order(
            pk=1, market=market, side=Order.Side.SELL, status=status, quantity_units=6 * 10**8, filled_units=0,
            value_units=0, price_limit=Decimal(49_750), price_mid=Decimal(50_000), price_buy_max=Decimal(50_250),
            claimed_at=world.now if claimed else None,
        )  # fmt: skip

        shares = booking._settle(order, np.array([-10 * 10**8, 4 * 10**8], dtype=np.int64))

        # What was taken and then canceled without a trade has met inside all the same.
        assert shares.quantity_units.any() == is_shared


class TestAStop:
    def test_of_a_stop_loss_raises_the_fence_as_one_by_hand_does(
        self, world: World, lead: Lead, follower: object
    ) -> None:
        copy = world.start(follower, lead, "1000")
        world.settle()
        before = Copy.objects.get(pk=copy.pk).fence

        with transaction.atomic():
            stops.stop_copies(lead_id=lead.pk, copy_ids=None, reason=Copy.StopReason.STOP_LOSS, now=world.now)

        copy.refresh_from_db()
        lead.refresh_from_db()
        assert copy.fence == lead.request_count > before
