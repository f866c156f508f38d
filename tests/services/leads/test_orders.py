"""What a lead orders: what a preview says, what it becomes, and when it waits."""

from decimal import Decimal

import numpy as np
import pytest

from accounts.models import User
from copytrading.models import Adjustment, Lead, LeadOrder, Market, Order
from copytrading.services.books import adjustments
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.leads import orders as lead_orders
from copytrading.services.refusals import LimitNotPossible, NotPossibleNow, Refusal
from copytrading.services.safety import reconciling
from tests.cast import World, usdt
from tests.services.leads.lead_stage import give


class TestLimitOrder:
    def test_waits_for_its_price_and_then_is_followed_within_it(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        world.settle()
        order = give(world, lead, "BUY", 10**7, "49000")
        world.settle()
        assert not Order.objects.exists()

        world.wait(1, BTC="48900")
        world.settle()

        order.refresh_from_db()
        assert order.status == LeadOrder.Status.FILLED
        sent = Order.objects.get()
        assert sent.price_limit <= 49000
        assert world.held(lead.ledger_account)["BTC"] == 10**7
        assert world.held(copy.ledger_account)["BTC"] > 0
        assert reconciling.check_ledger().is_clean

    def test_tells_followers_whose_limit_stopped_the_rest(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        world.settle()
        give(world, lead, "BUY", 10**7, "50006")
        world.settle()
        bounded = Order.objects.latest("pk")
        world.lead_trades(lead, "ETH", "BUY", "0.1")
        world.settle()

        for order in (bounded, Order.objects.latest("pk")):
            short = {"wanted": np.array([usdt(100)]), "got": np.array([0]), "copy_ids": np.array([copy.pk])}
            adjustments.explain_shortfall(order=order, now=world.now, **short)

        told = dict(Adjustment.objects.filter(planned_value_units=0).values_list("asset__symbol", "reason"))
        assert bounded.price_limit == 50006
        assert told == {"BTC": "LEAD_LIMIT_REACHED", "ETH": "SLIPPAGE_CAPPED"}

    def test_a_sale_waits_for_a_higher_price(self, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        order = give(world, lead, "SELL", 10**7, "51000")
        world.settle()

        world.wait(1, BTC="51200")
        world.settle()

        order.refresh_from_db()
        assert order.status == LeadOrder.Status.FILLED
        assert order.value_units >= usdt(5100)

    def test_does_not_trade_where_only_the_mark_has_reached_it(self, world: World, lead: Lead) -> None:
        order = give(world, lead, "BUY", 10**6, "50000")

        world.settle(looks=3)

        order.refresh_from_db()
        assert (order.status, order.filled_units) == (LeadOrder.Status.SUBMITTED, 0)
        assert not Order.objects.exists()

    def test_lets_an_exit_go_first(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()
        give(world, lead, "SELL", 10**6, "49999")

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.wait(1)
        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        exit_order = Order.objects.latest("pk")
        assert lead.ledger_account_id not in exit_order.participant_ids
        assert exit_order.price_limit < 49999

    def test_covers_what_is_open_already(self, world: World, lead: Lead) -> None:
        give(world, lead, "BUY", 2 * 10**7, "45000")

        with pytest.raises(Refusal, match="orders that are open"):
            give(world, lead, "BUY", 3 * 10**6)

    @pytest.mark.parametrize("limit", ["50000.001", "-1", "0.0"])
    def test_refuses_a_price_that_the_venue_does_not_know(self, world: World, lead: Lead, limit: str) -> None:
        with pytest.raises(LimitNotPossible):
            give(world, lead, "BUY", 10**6, limit)


class TestMarketOrders:
    def test_are_filled_oldest_first_where_the_book_gives_less(
        self, world: World, lead: Lead, settings: object
    ) -> None:
        settings.SMARTSYNC_DEPTH_SHARE = 0.0002  # type: ignore[attr-defined]
        first, second, third = (give(world, lead, "BUY", units) for units in (5_000_000, 8_000_000, 1_000_000))
        world.wait(1)

        syncing.sync_lead(lead_id=lead.pk, now=world.now)

        held = world.held(lead.ledger_account)["BTC"]
        for order in (first, second, third):
            order.refresh_from_db()
        assert 5_000_000 < held < 13_000_000
        assert [order.filled_units for order in (first, second, third)] == [5_000_000, held - 5_000_000, 0]
        assert [order.status for order in (first, second, third)] == ["FILLED", "SUBMITTED", "SUBMITTED"]
        # Both paid the one price of the bunched order.
        assert first.value_units / first.filled_units == pytest.approx(second.value_units / second.filled_units)


class TestCancelLeadOrder:
    def test_takes_back_what_is_open(self, world: World, lead: Lead) -> None:
        order = give(world, lead, "BUY", 10**6, "45000")

        lead_orders.cancel_lead_order(order_id=order.pk, now=world.now)
        world.wait(1, BTC="40000")
        world.settle()

        order.refresh_from_db()
        assert order.status == LeadOrder.Status.CANCELED
        assert not Order.objects.exists()
        with pytest.raises(NotPossibleNow):
            lead_orders.cancel_lead_order(order_id=order.pk, now=world.now)


class TestPreviewLeadOrder:
    def test_says_what_the_bunched_order_then_becomes(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead, "5000")
        world.settle()
        market = Market.objects.get(symbol="ETH-USDT")
        wish = {"lead_id": lead.pk, "market_id": market.pk, "side": LeadOrder.Side.BUY, "quantity_units": 2 * 10**8}

        preview = lead_orders.preview_lead_order(**wish, now=world.now)  # type: ignore[arg-type]
        assert not LeadOrder.objects.exists()
        assert not Order.objects.exists()
        lead_orders.submit_lead_order(**wish, idempotency_key="page", now=world.now)  # type: ignore[arg-type]
        world.settle()

        sent = Order.objects.get()
        price = Decimal(sent.value_units) / sent.filled_units
        assert preview.followers == 1
        assert abs(preview.own_units + preview.followers_units - sent.filled_units) <= market.lot_units
        assert abs(preview.price / price - 1) < Decimal("0.0002")
        assert 10 < preview.cost_basis_points < 15

    def test_says_that_a_limit_order_waits(self, world: World, lead: Lead) -> None:
        preview = lead_orders.preview_lead_order(
            lead_id=lead.pk,
            market_id=Market.objects.get(symbol="BTC-USDT").pk,
            side=LeadOrder.Side.BUY,
            quantity_units=10**6,
            price_limit=Decimal(45000),
            now=world.now,
        )

        assert preview.waits
        assert preview.price == 45000
