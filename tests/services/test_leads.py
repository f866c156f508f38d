"""Becoming a lead and being one: what is refused, what followers are told, and what an order becomes."""

from decimal import Decimal

import numpy as np
import pytest

from accounts.models import User
from copytrading.models import Adjustment, Copy, CopyFlag, Lead, LeadOrder, Market, Notice, Order
from copytrading.queries.activity import receipts_of
from copytrading.queries.leads import public_leads
from copytrading.services import (
    copies,
    copy_refusals,
    explaining,
    lead_notices,
    lead_orders,
    leads,
    reconciling,
    self_copies,
    stakes,
    syncing,
)
from copytrading.services.refusals import NotPossibleNow, Refusal
from tests.cast import World, usdt

TERMS = {"profit_share_rate": Decimal("0.2"), "followers_max": 10, "money_max_units": None}


def give(
    world: World, lead: Lead, side: str, quantity: int, limit: str | None = None, symbol: str = "BTC"
) -> LeadOrder:
    return lead_orders.submit_lead_order(
        lead_id=lead.pk,
        market_id=Market.objects.get(symbol=f"{symbol}-USDT").pk,
        side=LeadOrder.Side(side),
        quantity_units=quantity,
        price_limit=Decimal(limit) if limit else None,
        idempotency_key=world.key(),
        now=world.now,
    )


class TestApplyAsLead:
    @pytest.mark.parametrize(
        ("change", "sentence"),
        [
            ({"profit_share_rate": Decimal("0.31")}, "0 to 30%"),
            ({"profit_share_rate": Decimal("-0.01")}, "0 to 30%"),
            ({"followers_max": 0}, "1 to 100,000 followers"),
            ({"money_max_units": usdt(99)}, "starts at 100 USDT"),
            ({"name": "!!!"}, "at least one letter"),
        ],
    )
    def test_refuses_terms_that_cannot_be(
        self, world: World, stranger: User, change: dict[str, object], sentence: str
    ) -> None:
        wishes: dict[str, object] = {"user": stranger, "name": "Gneiss", "bio": "", "tags": [], **TERMS, **change}

        with pytest.raises(Refusal, match=sentence):
            leads.apply_as_lead(**wishes, now=world.now)  # type: ignore[arg-type]

        assert not Lead.objects.exists()


class TestOwnStake:
    def test_without_it_nothing_is_bought_and_nobody_follows(
        self, world: World, stranger: User, follower: User
    ) -> None:
        lead = world.make_lead(stranger, stake="499")

        with pytest.raises(stakes.StakeTooSmall, match="at least 500 USDT"):
            give(world, lead, "BUY", 10**5)
        with pytest.raises(stakes.StakeTooSmall, match="too little own money"):
            world.start(follower, lead)

    def test_the_first_fee_shuts_nobody_out_and_selling_always_works(
        self, world: World, stranger: User, follower: User
    ) -> None:
        lead = world.make_lead(stranger, stake="500")
        give(world, lead, "BUY", 9 * 10**5)
        world.settle()
        assert leads.equity_of(lead, now=world.now) < usdt(500)

        world.start(follower, lead, "100")
        world.wait(1, BTC="20000")
        with pytest.raises(stakes.StakeTooSmall):
            give(world, lead, "BUY", 10**4)
        sale = give(world, lead, "SELL", 10**5)

        assert sale.status == LeadOrder.Status.SUBMITTED

    def test_a_lead_drained_while_followed_raises_an_alarm_that_followers_read(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        copy = world.start(follower, lead, "1000")
        world.settle()

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_600), idempotency_key="out", now=world.now)

        lead.refresh_from_db()
        assert lead.stake_alarm_at == world.now
        assert copy.notices.get(kind=Notice.Kind.STAKE_LOW).units == usdt(400)
        assert "has 400.00 USDT of own money left" in receipts_of(follower).receipts[0].sentence.headline

        leads.deposit_to_lead(lead_id=lead.pk, units=usdt(200), idempotency_key="in", now=world.now)

        lead.refresh_from_db()
        assert lead.stake_alarm_at is None

    def test_is_little_below_a_tenth_of_what_follows(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead, "9000")
        world.settle()

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_000), idempotency_key="1", now=world.now)
        lead.refresh_from_db()
        assert lead.stake_alarm_at is None

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(150), idempotency_key="2", now=world.now)
        lead.refresh_from_db()
        assert lead.stake_alarm_at is not None


class TestChangeTerms:
    def test_is_for_new_copies_only(self, world: World, lead: Lead, follower: User, other_follower: User) -> None:
        before = world.start(follower, lead)

        leads.change_terms(lead_id=lead.pk, **TERMS, now=world.now)  # type: ignore[arg-type]
        after = world.start(other_follower, lead)

        before.refresh_from_db()
        assert (before.profit_share_rate, after.profit_share_rate) == (Decimal("0.1"), Decimal("0.2"))

    def test_refuses_a_rate_above_the_cap(self, world: World, lead: Lead) -> None:
        with pytest.raises(leads.RateTooHigh):
            leads.change_terms(lead_id=lead.pk, **TERMS | {"profit_share_rate": Decimal("0.301")}, now=world.now)  # type: ignore[arg-type]

    def test_a_smaller_capacity_sends_nobody_away(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        copy = world.start(follower, lead)

        leads.change_terms(lead_id=lead.pk, **TERMS | {"followers_max": 1}, now=world.now)  # type: ignore[arg-type]

        with pytest.raises(copy_refusals.LeadFull):
            world.start(other_follower, lead)
        copy.refresh_from_db()
        assert copy.status == Copy.Status.STARTING


class TestWriteToFollowers:
    def test_stands_once_on_every_running_copy(
        self, world: World, lead: Lead, follower: User, other_follower: User
    ) -> None:
        for person in (follower, other_follower):
            world.start(person, lead)

        for _ in range(3):
            lead_notices.write_to_followers(
                lead_id=lead.pk, text=" I go on {holiday}. ", idempotency_key="page", now=world.now
            )

        for person in (follower, other_follower):
            told = [receipt for receipt in receipts_of(person).receipts if receipt.code == "LEAD_WROTE"]
            assert [receipt.sentence.detail for receipt in told] == ["I go on {holiday}."]

    @pytest.mark.parametrize("text", ["", "   ", "a" * 501])
    def test_refuses_nothing_and_too_much(self, world: World, lead: Lead, text: str) -> None:
        with pytest.raises(lead_notices.NoticeNotPossible):
            lead_notices.write_to_followers(lead_id=lead.pk, text=text, idempotency_key="page", now=world.now)


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
            explaining.explain_shortfall(order=order, now=world.now, **short)

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
        with pytest.raises(lead_orders.LimitNotPossible):
            give(world, lead, "BUY", 10**6, limit)


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


class TestEndLead:
    def test_cancels_open_orders_and_pays_everybody_out(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()
        order = give(world, lead, "BUY", 10**6, "45000")

        leads.end_lead(lead_id=lead.pk, now=world.now)
        world.settle()

        order.refresh_from_db()
        copy.refresh_from_db()
        assert order.status == LeadOrder.Status.CANCELED
        assert copy.status == Copy.Status.STOPPED
        assert world.held(lead.ledger_account) == {}
        assert world.main(lead.user)["BTC"] == 10**7

    def test_that_was_never_approved_leaves_nothing_for_others_to_see(self, world: World, stranger: User) -> None:
        lead = leads.apply_as_lead(user=stranger, name="Gneiss", bio="", tags=[], **TERMS, now=world.now)  # type: ignore[arg-type]

        leads.end_lead(lead_id=lead.pk, now=world.now)

        assert not public_leads().exists()

    def test_pausing_cancels_what_waits(self, world: World, lead: Lead) -> None:
        order = give(world, lead, "BUY", 10**6, "45000")

        leads.pause_lead(lead_id=lead.pk, now=world.now)

        order.refresh_from_db()
        assert order.status == LeadOrder.Status.CANCELED


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


class TestSelfCopies:
    @pytest.mark.parametrize("email", ["lead+2@example.org", "Lead+two@Example.org"])
    def test_refuses_the_same_mailbox(self, world: World, lead: Lead, email: str) -> None:
        again = User.objects.create_user(email)
        world.deposit(again, "1000")

        with pytest.raises(self_copies.OwnLead, match="mailbox"):
            world.start(again, lead, "500")

    def test_knows_how_gmail_reads(self, world: World, stranger: User) -> None:
        lead = world.make_lead(User.objects.create_user("la.va@gmail.com"))
        again = User.objects.create_user("lav.a+x@googlemail.com")
        world.deposit(again, "1000")

        with pytest.raises(self_copies.OwnLead):
            world.start(again, lead, "500")

    def test_flags_likeness_for_operators_and_lets_the_copy_run(self, world: World, lead: Lead) -> None:
        alike = User.objects.create_user("lead@example.com")
        world.deposit(alike, "1000")

        copy = world.start(alike, lead, "500")

        assert copy.flag.reason == CopyFlag.Reason.SAME_LOCAL_PART

    def test_flags_nobody_else(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead)

        assert not CopyFlag.objects.exists()
