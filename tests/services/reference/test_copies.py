"""The platform's own copies: real ones, of every lead that takes money, and counted by nobody."""

from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from copytrading.models import Copy, CopyGapRecord, Lead, LeadRecord, Notice, ReferenceHolder
from copytrading.queries.copies import reference
from copytrading.queries.leads import consoles, listing
from copytrading.queries.operating.needs import needs_now
from copytrading.queries.rules import platform_rules
from copytrading.queries.shown.visibility import EVERYTHING, for_strangers
from copytrading.services.books import gaps, records
from copytrading.services.copies import verbs as copies
from copytrading.services.copies.refusals import LeadFull
from copytrading.services.leads import verbs as leads
from copytrading.services.reference import copies as reference_copies
from copytrading.services.telling import watching
from tests.cast import World, come, usdt


def keep(world: World) -> int:
    return reference_copies.keep_reference_copies(now=world.now)


@pytest.fixture
def held(world: World, lead: Lead) -> Copy:
    """Return the platform's copy of a lead who holds BTC for nearly everything."""

    def start() -> Copy:
        world.lead_trades(lead, "BTC", "BUY", "0.19")
        world.settle()
        assert keep(world) == 1
        world.settle()
        return Copy.objects.get(is_reference=True)

    return come("the platform's copy", world, start)


def record(world: World) -> int:
    return records.record_leads(leads=list(Lead.objects.all()), now=world.now, rules=platform_rules())


class TestAReferenceCopy:
    def test_is_a_real_one_of_each_lead_that_takes_money(self, world: World, held: Copy) -> None:
        other = world.make_lead(User.objects.create_user("other-lead@example.org"), name="Slate")
        closed = world.make_lead(User.objects.create_user("closed@example.org"), name="Flint")
        leads.pause_lead(lead_id=closed.pk, now=world.now)

        assert keep(world) == 1
        assert keep(world) == 0

        assert set(Copy.objects.values_list("lead", "is_reference", "paid_in_units", "stop_loss_units")) == {
            (held.lead_id, True, usdt(100), None),
            (other.pk, True, usdt(100), None),
        }
        assert world.held(held.ledger_account)["BTC"] > 0
        assert held.profit_share_rate == held.lead.profit_share_rate > 0
        # Paper money came for each, and no more.
        assert world.main(held.follower).get("USDT", 0) == 0

    def test_starts_again_whatever_stops_it_but_the_leads_end(self, world: World, held: Copy) -> None:
        copies.stop_copy(copy_id=held.pk, reason=Copy.StopReason.OPERATOR, now=world.now)
        assert keep(world) == 0
        world.settle()

        assert keep(world) == 1
        world.settle()
        # What came back is used, and only what is missing is brought.
        assert world.main(held.follower).get("USDT", 0) == 0
        leads.end_lead(lead_id=held.lead_id, now=world.now)
        world.settle()
        assert keep(world) == 0

        runs = Copy.objects.filter(lead=held.lead).order_by("pk")
        assert [run.stop_reason for run in runs] == ["OPERATOR", "LEAD_ENDED"]
        seen = reference.record_of(held.lead, visibility=EVERYTHING, now=world.now)
        assert seen is not None
        assert seen.ended_at == runs[1].stopped_at
        left = [run.paid_out_units / usdt(100) for run in runs]
        assert seen.return_fraction == pytest.approx(left[0] * left[1] - 1)

    def test_is_none_where_the_rule_says_so_and_what_runs_is_stopped(
        self, world: World, held: Copy, settings: Settings
    ) -> None:
        settings.SMARTSYNC_REFERENCE_COPY_AMOUNT = 0

        assert keep(world) == 1
        world.settle()
        assert keep(world) == 0

        held.refresh_from_db()
        assert held.status == Copy.Status.STOPPED

    def test_waits_for_money_that_operators_bring_where_money_is_real(
        self, world: World, lead: Lead, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("copytrading.exchange.registry.is_paper", lambda: False)
        assert keep(world) == 0
        monkeypatch.undo()
        holder = ReferenceHolder.objects.get()
        (need,) = [need for need in needs_now(now=world.now) if need.title.startswith("Reference")]
        assert need.count == 1
        assert need.lines == (
            f"Enter a deposit for {holder.user}, confirm it and have it booked: the platform's own copies wait for it.",
        )

        world.deposit(holder.user, "150")
        monkeypatch.setattr("copytrading.exchange.registry.is_paper", lambda: False)
        assert keep(world) == 1

        assert world.main(holder.user) == {"USDT": usdt(50)}
        assert not [need for need in needs_now(now=world.now) if need.title.startswith("Reference")]


class TestItsHolder:
    def test_signs_in_nowhere_and_is_told_nothing(self, world: World, held: Copy) -> None:
        user = held.follower
        user.set_password("known to somebody")
        user.save()

        assert authenticate(None, username=user.email, password="known to somebody") is None
        assert not Client().login(username=user.email, password="known to somebody")
        copies.pause_copy(copy_id=held.pk, now=world.now)
        world.wait(3600, BTC="30000")
        record(world)
        watching.tell_results(watching.week_before(world.now + timedelta(days=7)), now=world.now + timedelta(days=7))
        assert not Notice.objects.exclude(user=held.lead.user).exists()


class TestFollowers:
    def test_are_counted_without_it(self, world: World, held: Copy, follower: User, other_follower: User) -> None:
        lead = held.lead
        Lead.objects.filter(pk=lead.pk).update(followers_max=1, money_max_units=usdt(1000))
        watching.watch(now=world.now)
        assert not Notice.objects.filter(kind=Notice.Kind.FOLLOWERS_REACHED).exists()
        assert not listing.card_of(lead, now=world.now).followers

        world.start(follower, lead, "1000")
        world.settle()
        with pytest.raises(LeadFull, match="all 1 places"):
            world.start(other_follower, lead, "100")
        Lead.objects.filter(pk=lead.pk).update(followers_max=2)
        with pytest.raises(LeadFull, match=r"room for 0\.00 USDT more"):
            world.start(other_follower, lead, "100")
        lead.refresh_from_db()

        record(world)
        card, own = listing.card_of(lead, now=world.now), consoles.following_of(lead)
        worth = listing.records.series_of(lead.pk).following_units[-1]
        assert (card.followers, own.followers, own.invested_units, own.places_left) == (1, 1, usdt(1000), 1)
        assert usdt(980) < worth == LeadRecord.objects.latest("recorded_at").following_units < usdt(1000)
        assert card.following_units == pytest.approx(worth, abs=10)

    def test_are_not_there_where_only_the_platform_copies(self, world: World, lead: Lead) -> None:
        assert keep(world) == 1

        leads.withdraw_from_lead(lead_id=lead.pk, units=usdt(9_600), idempotency_key="out", now=world.now)

        lead.refresh_from_db()
        assert lead.stake_alarm_at is None

    def test_are_no_condition_for_it(self, world: World, lead: Lead, follower: User) -> None:
        Lead.objects.filter(pk=lead.pk).update(followers_max=1, money_max_units=usdt(150))
        world.start(follower, lead, "150")

        assert keep(world) == 1


class TestItsRecord:
    def test_is_live_for_whoever_copies_and_as_late_as_the_trades_for_strangers(self, world: World, held: Copy) -> None:
        lead, began_at = held.lead, world.now
        Lead.objects.filter(pk=lead.pk).update(trades_delay_hours=24, weights_shown=Lead.WeightsShown.DAILY)
        lead.refresh_from_db()
        for hours in (1, 11, 12, 12):
            world.wait(hours * 3600, BTC="50000" if hours == 1 else "55000" if hours == 11 else "60000")
            record(world)
            gaps.measure_all(now=world.now)

        live = reference.record_of(lead, visibility=EVERYTHING, now=world.now)
        late = reference.record_of(lead, visibility=for_strangers(lead, now=world.now), now=world.now)

        assert live is not None
        assert late is not None
        # 36 hours after the start a stranger sees what it was after twelve: the first step of the price.
        assert (live.as_of, late.as_of) == (world.now, began_at + timedelta(hours=12))
        assert live.return_fraction == pytest.approx(0.17, abs=0.02)
        assert late.return_fraction == pytest.approx(0.085, abs=0.01)
        assert live.gap is not None
        assert live.gap.units == sum(line.units for line in live.gap.lines)
        # The first day is not over by the moment that a stranger sees.
        assert late.gap is None
        assert CopyGapRecord.objects.filter(copy=held).count() == 2
        assert 0 < live.costs.fee_units == late.costs.fee_units < usdt(0.2)
        assert live.points[0].worth_units == usdt(100)

    def test_begins_on_the_leads_curve(self, world: World, held: Copy) -> None:
        world.wait(3600, BTC="60000")
        record(world)
        seen = reference.record_of(held.lead, visibility=EVERYTHING, now=world.now)
        assert seen is not None

        beside = seen.beside([(held.started_at - timedelta(days=1), 0.0), (held.started_at, 50.0), (world.now, 80.0)])

        assert [at for at, _ in beside] == [held.started_at, world.now]
        assert beside[0][1] == pytest.approx(50)
        assert beside[1][1] == pytest.approx((1.5 * (1 + (seen.return_fraction or 0)) - 1) * 100)
        assert seen.beside([(world.now, 0.0)]) == ()
