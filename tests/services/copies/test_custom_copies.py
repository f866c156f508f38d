"""Custom copy: the lead's orders answered one by one, through the same cycle, allocation and ledger."""

from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing.custom import custom_terms
from copytrading.engine.units import units_of
from copytrading.models import Adjustment, Copy, Lead, Market, Order
from copytrading.queries.rules import platform_rules
from copytrading.services.books import profit_shares
from copytrading.services.copies import verbs as copies
from copytrading.services.copies.refusals import TermsNotPossible
from copytrading.services.leads import observing
from copytrading.services.leads import verbs as leads
from copytrading.services.safety import reconciling
from tests.cast import World, usdt


def market(symbol: str) -> Market:
    return Market.objects.get(symbol=f"{symbol}-USDT")


def value(world: World, copy: Copy, symbol: str) -> float:
    return world.held(copy.ledger_account).get(symbol, 0) * float(world.last[symbol]) / 10**8


class TestCustomCopy:
    def test_buys_nothing_of_what_the_lead_holds(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        copy = world.start(follower, lead, terms=custom_terms(order_value_units=usdt(50)))
        world.settle()
        world.wait(61)
        world.settle()

        copy.refresh_from_db()
        assert copy.status == Copy.Status.ACTIVE
        assert world.held(copy.ledger_account) == {"USDT": usdt(1_000)}

    def test_answers_each_order_with_a_fixed_value(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead, terms=custom_terms(order_value_units=usdt(50)))
        world.settle()

        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()
        assert abs(value(world, copy, "BTC") - 50) < 0.5

        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.lead_trades(lead, "BTC", "BUY", "0.02")
        world.settle()
        assert abs(value(world, copy, "BTC") - 150) < 1.5

    def test_answers_with_a_ratio_up_to_a_maximum(self, world: World, lead: Lead, follower: User) -> None:
        terms = custom_terms(order_ratio=0.1, order_value_max_units=usdt(60))
        copy = world.start(follower, lead, terms=terms)
        world.settle()

        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()
        assert abs(value(world, copy, "BTC") - 50) < 0.5

        world.lead_trades(lead, "ETH", "BUY", "1")
        world.settle()
        assert abs(value(world, copy, "ETH") - 60) < 0.6
        cut = Adjustment.objects.get(copy=copy, reason="ORDER_MAX_CAPPED")
        assert abs(cut.wanted_value_units - usdt(250)) < usdt(1)

    def test_sells_by_the_fraction_the_lead_sells(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead, terms=custom_terms(order_value_units=usdt(100)))
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        before = world.held(copy.ledger_account)["BTC"]

        world.lead_trades(lead, "BTC", "SELL", "0.025")
        world.settle()
        assert abs(world.held(copy.ledger_account)["BTC"] / before - 0.75) < 0.002

        world.lead_trades(lead, "BTC", "SELL", "0.075")
        world.settle()
        assert world.held(copy.ledger_account).get("BTC", 0) < 1_000

    def test_keeps_to_the_chosen_markets_and_the_total(self, world: World, lead: Lead, follower: User) -> None:
        terms = custom_terms(
            order_value_units=usdt(100), total_value_max_units=usdt(150), market_ids=(market("BTC").pk,)
        )
        copy = world.start(follower, lead, terms=terms)
        world.settle()

        world.lead_trades(lead, "ETH", "BUY", "1")
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()

        assert "ETH" not in world.held(copy.ledger_account)
        assert abs(value(world, copy, "BTC") - 150) < 1.5
        reasons = set(Adjustment.objects.filter(copy=copy).values_list("reason", flat=True))
        assert reasons == {"MARKET_NOT_CHOSEN", "TOTAL_MAX_CAPPED"}

    def test_shares_one_order_and_one_price_with_smart_sync(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        world.start(follower, lead, terms=custom_terms(order_value_units=usdt(50)))
        world.start(other_follower, lead)
        world.settle()

        world.lead_trades(lead, "BTC", "BUY", "0.05")
        world.settle()

        assert len(Order.objects.get().participant_ids) == 3
        assert reconciling.check_ledger().is_clean

    def test_stops_and_reduces_like_any_other(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead, terms=custom_terms(order_value_units=usdt(900)))
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.05")
        world.settle()

        copies.reduce_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="r", now=world.now)
        world.settle()
        assert world.main(follower)["USDT"] == usdt(9_500)
        assert abs(value(world, copy, "BTC") - 495) < 6

        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()
        assert world.held(copy.ledger_account) == {}
        assert reconciling.check_ledger().is_clean

    def test_sells_for_a_profit_share_that_its_cash_does_not_cover(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        copy = world.start(follower, lead, terms=custom_terms(order_value_units=usdt(990)))
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.05")
        world.settle()
        world.wait(1, BTC="75000")

        period_end = world.now
        for _ in range(4):
            profit_shares.settle_lead_shares(
                lead_id=lead.pk, period_end=period_end, now=world.now, rules=platform_rules()
            )
            world.settle()

        statement = copy.profit_shares.get()
        assert abs(statement.share_units - usdt("49")) < usdt(2)
        assert value(world, copy, "BTC") > 1_400

    @pytest.mark.parametrize(
        "terms",
        [
            custom_terms(),
            custom_terms(order_value_units=usdt(5), order_ratio=0.5),
            custom_terms(order_value_units=0),
            custom_terms(order_value_units=usdt(1_001)),
            custom_terms(order_ratio=0.0),
            custom_terms(order_ratio=-1.0),
            custom_terms(order_ratio=float("nan")),
            custom_terms(order_ratio=0.5, order_value_max_units=0),
            custom_terms(order_value_units=usdt(50), order_value_max_units=usdt(50) - 1),
            custom_terms(order_ratio=0.5, market_ids=(999_999,)),
        ],
    )
    def test_refuses_terms_that_make_no_sense(self, world: World, lead: Lead, follower: User, terms: Terms) -> None:
        with pytest.raises(TermsNotPossible):
            world.start(follower, lead, terms=terms)

        assert not Copy.objects.exists()


class TestObservedLead:
    def test_each_trade_seen_elsewhere_is_answered_once(self, world: World, follower: User) -> None:
        trader = User.objects.create_user("trader@example.org")
        lead = leads.apply_as_lead(
            user=trader, name="Seen", bio="", tags=[], profit_share_rate=Decimal(0), followers_max=10, now=world.now,
            source=Lead.Source.OBSERVED,
        )  # fmt: skip
        leads.approve_lead(lead_id=lead.pk, now=world.now)
        observing.observe_flow(lead_id=lead.pk, units=usdt(10_000), idempotency_key="in", now=world.now)
        copy = world.start(follower, lead, terms=custom_terms(order_value_units=usdt(50)))
        world.settle()

        bitcoin = market("BTC").base
        for _ in range(2):
            observing.observe_trade(
                lead_id=lead.pk,
                asset_id=bitcoin.pk,
                signed_units=units_of(Decimal("0.01"), 8),
                cash_units=-usdt(500),
                now=world.now,
            )
        world.settle()
        world.wait(61)
        world.settle()
        assert abs(value(world, copy, "BTC") - 100) < 1

        observing.observe_trade(
            lead_id=lead.pk,
            asset_id=bitcoin.pk,
            signed_units=-units_of(Decimal("0.01"), 8),
            cash_units=usdt(500),
            now=world.now,
        )
        world.settle()
        world.wait(61)
        world.settle()
        assert abs(value(world, copy, "BTC") - 50) < 1
