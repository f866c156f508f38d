"""Becoming a lead and being one: what is refused, what followers are told, and how it ends."""

from contextlib import nullcontext
from decimal import Decimal

import pytest

from accounts.models import User
from copytrading.models import Copy, Lead, LeadOrder
from copytrading.queries.happened.activity import receipts_of
from copytrading.queries.leads.listing import public_leads
from copytrading.services.books import notices
from copytrading.services.copies import refusals as copy_refusals
from copytrading.services.leads import verbs as leads
from copytrading.services.refusals import Refusal
from tests.cast import World, usdt
from tests.services.leads.lead_stage import give

TERMS = {"profit_share_rate": Decimal("0.2"), "followers_max": 10, "money_max_units": None}


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
            notices.write_to_followers(
                lead_id=lead.pk, text=" I go on {holiday}. ", idempotency_key="page", now=world.now
            )

        for person in (follower, other_follower):
            told = [receipt for receipt in receipts_of(person).receipts if receipt.code == "LEAD_WROTE"]
            assert [receipt.sentence.detail for receipt in told] == ["I go on {holiday}."]

    def test_may_be_as_long_as_it_is_said(self, world: World, lead: Lead) -> None:
        written = notices.write_to_followers(lead_id=lead.pk, text="a" * 500, idempotency_key="page", now=world.now)

        assert len(written.text) == 500

    @pytest.mark.parametrize(("status", "may"), [("ACTIVE", True), ("PAUSED", True), ("ENDED", False)])
    def test_is_for_a_lead_who_runs(self, world: World, lead: Lead, status: str, may: bool) -> None:
        if status == Lead.Status.ENDED:
            leads.end_lead(lead_id=lead.pk, now=world.now)
        else:
            Lead.objects.filter(pk=lead.pk).update(status=status)

        with nullcontext() if may else pytest.raises(notices.NoticeNotPossible, match="who runs"):
            notices.write_to_followers(lead_id=lead.pk, text="Hello", idempotency_key="page", now=world.now)

    @pytest.mark.parametrize("text", ["", "   ", "a" * 501])
    def test_refuses_nothing_and_too_much(self, world: World, lead: Lead, text: str) -> None:
        with pytest.raises(notices.NoticeNotPossible):
            notices.write_to_followers(lead_id=lead.pk, text=text, idempotency_key="page", now=world.now)


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
