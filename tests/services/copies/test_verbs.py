"""Start, change, pause, stop: what a follower may do, and each clear no."""

from datetime import timedelta

import pytest

from accounts.models import Journal, User
from copytrading.models import Copy, CopyBaseline, CopyFlow, Lead, Notice
from copytrading.services.books import stakes
from copytrading.services.copies import previews, self_copies
from copytrading.services.copies import refusals as copy_refusals
from copytrading.services.copies import verbs as copies
from copytrading.services.cycle import syncing
from copytrading.services.leads import verbs as leads
from copytrading.services.orders import trading
from copytrading.services.refusals import KeyReused, NotEnoughCash, Refusal
from tests.cast import World, usdt


class TestStartCopy:
    def test_moves_the_investment_into_an_account_of_its_own(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead, "1000")

        assert world.held(copy.ledger_account) == {"USDT": usdt(1_000)}
        assert world.main(follower) == {"USDT": usdt(9_000)}
        assert copy.profit_share_rate == lead.profit_share_rate

    def test_makes_the_same_copy_for_the_same_key(self, world: World, lead: Lead, follower: User) -> None:
        first = world.start(follower, lead, idempotency_key="page")
        second = world.start(follower, lead, idempotency_key="page")

        assert first.pk == second.pk
        assert world.main(follower) == {"USDT": usdt(9_000)}

    def test_refuses_a_key_that_stands_for_another_value(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead, "1000", idempotency_key="page")

        with pytest.raises(KeyReused):
            world.start(follower, lead, "2000", idempotency_key="page")

    @pytest.mark.parametrize(
        ("value", "wishes", "refusal", "sentence"),
        [
            ("99.99", {}, copy_refusals.InvestmentTooSmall, "at least 100 USDT"),
            ("10000.01", {}, NotEnoughCash, "10,000.00 USDT"),
            ("500", {"stop_loss_units": usdt(500)}, copy_refusals.StopLossTooHigh, "less than the investment"),
            ("500", {"stop_loss_units": usdt(501)}, copy_refusals.StopLossTooHigh, "less than the investment"),
            ("500", {"stop_loss_units": 0}, copy_refusals.StopLossTooHigh, "above zero"),
            ("500", {"stop_loss_units": -1}, copy_refusals.StopLossTooHigh, "above zero"),
            ("-500", {}, copy_refusals.InvestmentTooSmall, "at least 100 USDT"),
        ],
    )
    def test_refuses_in_a_sentence_and_does_nothing(
        self, world: World, lead: Lead, follower: User, value: str, wishes: dict, refusal: type, sentence: str
    ) -> None:
        with pytest.raises(refusal, match=sentence):
            world.start(follower, lead, value, **wishes)

        assert not Copy.objects.exists()
        assert world.main(follower) == {"USDT": usdt(10_000)}
        assert not Journal.objects.filter(kind=Journal.Kind.COPY_START).exists()

    def test_refuses_a_second_copy_of_the_same_lead(self, world: World, lead: Lead, follower: User) -> None:
        world.start(follower, lead, "500")

        with pytest.raises(copy_refusals.AlreadyCopying):
            world.start(follower, lead, "500")

    def test_may_copy_again_after_the_first_has_stopped(self, world: World, lead: Lead, follower: User) -> None:
        first = world.start(follower, lead, "500")
        world.settle()
        copies.stop_copy(copy_id=first.pk, now=world.now)
        world.settle()

        second = world.start(follower, lead, "500")

        assert second.pk != first.pk

    def test_refuses_the_lead_itself(self, world: World, lead: Lead) -> None:
        world.deposit(lead.user, "500")

        with pytest.raises(self_copies.OwnLead):
            world.start(lead.user, lead, "500")

    def test_refuses_a_full_lead(self, world: World, lead: Lead, follower: User, other_follower: User) -> None:
        Lead.objects.filter(pk=lead.pk).update(followers_max=1)
        world.start(follower, lead, "500")

        with pytest.raises(copy_refusals.LeadFull, match="no vacancy"):
            world.start(other_follower, lead, "500")

    def test_refuses_more_money_than_the_lead_has_room_for(self, world: World, lead: Lead, follower: User) -> None:
        Lead.objects.filter(pk=lead.pk).update(money_max_units=usdt(700))

        with pytest.raises(copy_refusals.LeadFull, match=r"700\.00 USDT more"):
            world.start(follower, lead, "701")

    @pytest.mark.parametrize("verb", [leads.pause_lead, leads.end_lead])
    def test_refuses_a_lead_who_is_paused_or_ended(
        self, world: World, lead: Lead, follower: User, verb: object
    ) -> None:
        verb(lead_id=lead.pk, now=world.now)

        with pytest.raises(copy_refusals.LeadNotOpen):
            world.start(follower, lead, "500")

    def test_notes_what_is_not_followed(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        copy = world.start(follower, lead, buy_existing=False)

        baseline = CopyBaseline.objects.get(copy=copy)
        assert (baseline.asset.symbol, baseline.units, baseline.survival) == ("BTC", 10_000_000, 1.0)


class TestChangeInvestment:
    def test_an_increase_is_bought_at_the_present_ratios(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()
        before = world.held(copy.ledger_account)["BTC"]

        copies.increase_copy(copy_id=copy.pk, units=usdt(1_000), idempotency_key="more", now=world.now)
        copies.increase_copy(copy_id=copy.pk, units=usdt(1_000), idempotency_key="more", now=world.now)
        world.settle()

        copy.refresh_from_db()
        assert abs(world.held(copy.ledger_account)["BTC"] / before - 2) < 0.005
        assert (copy.invested_units, copy.paid_in_units) == (usdt(2_000), usdt(2_000))
        assert world.main(follower) == {"USDT": usdt(8_000)}

    def test_is_refused_where_the_lead_has_no_room_for_more_money(
        self, world: World, lead: Lead, follower: User
    ) -> None:
        copy = world.start(follower, lead, "500")
        Lead.objects.filter(pk=lead.pk).update(money_max_units=usdt(700))

        with pytest.raises(copy_refusals.LeadFull, match=r"200\.00 USDT more") as refusal:
            copies.increase_copy(copy_id=copy.pk, units=usdt(201), idempotency_key="more", now=world.now)
        with pytest.raises(copy_refusals.LeadFull):
            previews.preview_change(copy_id=copy.pk, change_units=usdt(201), now=world.now)

        assert refusal.value.field == "value"
        assert CopyFlow.objects.count() == 1
        copies.increase_copy(copy_id=copy.pk, units=usdt(200), idempotency_key="more", now=world.now)

    def test_is_refused_where_the_lead_has_too_little_stake(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead, "500")
        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_600), idempotency_key="out", now=world.now)

        with pytest.raises(stakes.StakeTooSmall, match="too little own money"):
            copies.increase_copy(copy_id=copy.pk, units=usdt(100), idempotency_key="more", now=world.now)
        with pytest.raises(stakes.StakeTooSmall):
            previews.preview_change(copy_id=copy.pk, change_units=usdt(100), now=world.now)

        assert CopyFlow.objects.count() == 1

    def test_a_preview_tells_what_changes_with_it(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead, "1000", stop_loss_units=usdt(100))
        world.settle()

        preview = previews.preview_change(copy_id=copy.pk, change_units=-usdt(500), now=world.now)

        assert [trade.side for trade in preview.trades] == ["SELL"]
        assert preview.level_before_units == usdt(900)
        assert abs(preview.level_after_units - usdt(450)) < usdt(1)

    @pytest.mark.parametrize(("value", "refusal"), [(0, Refusal), (-5, Refusal), (9_001, NotEnoughCash)])
    def test_refuses_a_wrong_increase(
        self, world: World, lead: Lead, follower: User, value: int, refusal: type
    ) -> None:
        copy = world.start(follower, lead, "1000")

        with pytest.raises(refusal):
            copies.increase_copy(copy_id=copy.pk, units=usdt(value), idempotency_key="x", now=world.now)

    @pytest.mark.parametrize("value", [0, 901, 5_000])
    def test_refuses_a_reduction_that_leaves_too_little(
        self, world: World, lead: Lead, follower: User, value: int
    ) -> None:
        copy = world.start(follower, lead, "1000")
        world.settle()

        with pytest.raises(Refusal):
            copies.reduce_copy(copy_id=copy.pk, units=usdt(value), idempotency_key="x", now=world.now)

        assert CopyFlow.objects.count() == 1


class TestStopCopy:
    def test_refuses_a_second_stop(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        copies.stop_copy(copy_id=copy.pk, now=world.now)

        with pytest.raises(copy_refusals.CopyNotActive):
            copies.stop_copy(copy_id=copy.pk, now=world.now)

    @pytest.mark.parametrize("is_paid_out", [False, True])
    @pytest.mark.parametrize(
        "change", ["increase", "reduce", "stop_loss", "pause", "resume", "more?", "less?", "stop?"]
    )
    def test_nothing_can_be_changed_afterwards(
        self, world: World, lead: Lead, follower: User, change: str, is_paid_out: bool
    ) -> None:
        copy = world.start(follower, lead)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        if is_paid_out:
            world.settle()
            assert Copy.objects.get(pk=copy.pk).status == Copy.Status.STOPPED
        calls = {
            "increase": lambda: copies.increase_copy(
                copy_id=copy.pk, units=usdt(10), idempotency_key="x", now=world.now
            ),
            "reduce": lambda: copies.reduce_copy(copy_id=copy.pk, units=usdt(10), idempotency_key="x", now=world.now),
            "stop_loss": lambda: copies.change_stop_loss(copy_id=copy.pk, stop_loss_units=usdt(10), now=world.now),
            "pause": lambda: copies.pause_copy(copy_id=copy.pk, now=world.now),
            "resume": lambda: copies.resume_copy(copy_id=copy.pk, now=world.now),
            "more?": lambda: previews.preview_change(copy_id=copy.pk, change_units=usdt(10), now=world.now),
            "less?": lambda: previews.preview_change(copy_id=copy.pk, change_units=-usdt(10), now=world.now),
            "stop?": lambda: previews.quote_stop(copy_id=copy.pk, now=world.now),
        }

        with pytest.raises(copy_refusals.CopyNotActive):
            calls[change]()

    def test_a_quote_comes_close_to_what_is_paid(self, world: World, lead: Lead, follower: User) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.15")
        world.settle()
        copy = world.start(follower, lead, "1000")
        world.settle()

        quote = previews.quote_stop(copy_id=copy.pk, now=world.now)
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        copy.refresh_from_db()
        assert abs(copy.paid_out_units - quote.payout_units) < usdt("0.20")

    @pytest.mark.parametrize("seconds_behind", [0, 2])
    def test_an_order_decided_before_the_stop_is_not_sent_whatever_the_clocks_say(
        self, world: World, lead: Lead, follower: User, monkeypatch: pytest.MonkeyPatch, seconds_behind: int
    ) -> None:
        copy = world.start(follower, lead, "1000")
        world.settle()
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.wait(1)
        with monkeypatch.context() as patch:
            patch.setattr(trading, "work_off", lambda **_: False)
            syncing.sync_lead(lead_id=lead.pk, now=world.now)

        copies.stop_copy(copy_id=copy.pk, now=world.now - timedelta(seconds=seconds_behind))
        world.settle()

        assert world.held(copy.ledger_account) == {}
        assert Copy.objects.get(pk=copy.pk).paid_out_units == usdt(1_000)


class TestPauseCopy:
    def test_follows_nothing_until_it_is_resumed(self, world: World, lead: Lead, follower: User) -> None:
        copy = world.start(follower, lead)
        world.settle()
        copies.pause_copy(copy_id=copy.pk, now=world.now)
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        assert "BTC" not in world.held(copy.ledger_account)

        copies.resume_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        assert world.held(copy.ledger_account)["BTC"] > 0
        kinds = list(Notice.objects.filter(copy=copy).order_by("pk").values_list("kind", flat=True))
        assert kinds == ["COPY_STARTED", "COPY_PAUSED", "COPY_RESUMED"]
