"""One lead's trouble stays its own, and is seen; a silent venue is no lead's trouble."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from accounts.models import User
from copytrading.exchange.errors import (
    KEY_TROUBLES,
    AbilityMissing,
    ClockSkewed,
    KeyRefused,
    PlaceBarred,
    VenueUnreachable,
)
from copytrading.models import Alarm, Lead, Market, Order
from copytrading.services.cycle import conducting, syncing
from copytrading.services.leads import verbs as leads
from copytrading.services.orders import trading
from copytrading.services.safety import reconciling
from copytrading.services.wallet import spot
from tests.cast import World, usdt


def fail(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    def broken(*, lead_id: int, now: datetime, clock: Callable[[], datetime]) -> None:
        raise trouble

    monkeypatch.setattr(syncing, "sync_lead", broken)


def look(lead: Lead, world: World, *, times: int = 1) -> None:
    for _ in range(times):
        conducting.sync_one_lead(lead_id=lead.pk, clock=lambda: world.now)


class TestPoisonLead:
    def test_is_set_aside_at_the_fifth_failure_and_rings_once(
        self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = world.make_lead(User.objects.create_user("second@example.org"), name="Quartz")
        Lead.objects.update(sync_wanted_at=world.now)
        fail(monkeypatch, LookupError("poison"))

        look(lead, world, times=4)
        before = Alarm.objects.count()
        look(lead, world, times=2)

        alarm = Alarm.objects.get()
        assert (before, alarm.kind, alarm.times_seen) == (0, Alarm.Kind.LEAD_SET_ASIDE, 2)
        assert alarm.sentence.startswith("Basalt was set aside after ")
        assert syncing.leads_to_sync(now=world.now) == [other.pk]

    def test_leaves_its_failure_in_the_log(self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, LookupError("poison"))

        with capture_logs() as logged:
            look(lead, world, times=1)

        assert [(entry["lead_id"], entry["trouble"]) for entry in logged] == [(lead.pk, "LookupError")]

    def test_is_readmitted_by_an_operator_who_is_remembered(self, world: World, lead: Lead, operator: User) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            fail(monkeypatch, LookupError("poison"))
            look(lead, world, times=5)

        conducting.readmit_lead(lead_id=lead.pk, by=operator, now=world.now)

        assert Alarm.objects.get().cleared_by == operator
        assert lead.pk in syncing.leads_to_sync(now=world.now)
        with pytest.raises(conducting.LeadNotSetAside):
            conducting.readmit_lead(lead_id=lead.pk, by=operator, now=world.now)

    def test_needs_no_alarm_once_it_has_ended(self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, LookupError("poison"))
        look(lead, world, times=5)

        leads.end_lead(lead_id=lead.pk, now=world.now)

        assert Alarm.objects.get().cleared_at == world.now


class TestSilentVenue:
    def test_sets_no_lead_aside(self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, VenueUnreachable("no answer"))

        look(lead, world, times=6)

        lead.refresh_from_db()
        assert lead.failures == 0

    def test_is_an_alarm_after_a_while_and_cleared_by_an_answer(
        self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reconciling.reconcile(now=world.now)
        fail(monkeypatch, VenueUnreachable("no answer"))
        world.wait(60)
        look(lead, world)
        after_a_minute = Alarm.objects.count()
        world.wait(60)

        look(lead, world)

        alarm = Alarm.objects.get()
        assert (after_a_minute, alarm.kind) == (0, Alarm.Kind.VENUE_SILENT)
        assert alarm.sentence == "The venue does not answer since 12:00:00 UTC: no answer"
        reconciling.reconcile(now=world.now + timedelta(seconds=1))
        alarm.refresh_from_db()
        assert (alarm.cleared_at, alarm.cleared_by) == (world.now + timedelta(seconds=1), None)

    @pytest.mark.parametrize(
        ("trouble", "kind"),
        [
            (KeyRefused("wrong key"), Alarm.Kind.KEY_REFUSED),
            (ClockSkewed("5 s ahead"), Alarm.Kind.CLOCK_SKEWED),
            (PlaceBarred("not here"), Alarm.Kind.PLACE_BARRED),
            (AbilityMissing("no way"), Alarm.Kind.ABILITY_MISSING),
            *((KeyRefused("why", code=code), Alarm.Kind(code.value)) for code in KEY_TROUBLES),
        ],
    )
    def test_says_at_once_what_only_a_person_can_mend(
        self, world: World, lead: Lead, monkeypatch: pytest.MonkeyPatch, trouble: VenueUnreachable, kind: str
    ) -> None:
        fail(monkeypatch, trouble)

        look(lead, world)

        assert Alarm.objects.get().kind == kind
        reconciling.reconcile(now=world.now)
        assert Alarm.objects.get().cleared_at == world.now, "an answer that takes our key ends it"


class TestManualOrders:
    def test_that_nobody_finished_are_finished_after_a_while(
        self, world: World, follower: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(trading, "work_off_order", lambda **_: None)
            for market in Market.objects.filter(symbol__in=["BTC-USDT", "ETH-USDT"]):
                spot.place_manual_order(
                    user=follower, market_id=market.pk, side="BUY", units=usdt(200), idempotency_key=market.symbol,
                    now=world.now,
                )  # fmt: skip
                world.wait(2)

        early = conducting.work_off_manual_orders(now=world.now)
        world.wait(2)
        first = conducting.work_off_manual_orders(now=world.now)
        booked = list(Order.objects.order_by("pk").values_list("booked_at", flat=True))
        world.wait(5)
        conducting.work_off_manual_orders(now=world.now)

        assert (early, first) == (0, 1)
        assert [at is not None for at in booked] == [True, False]
        assert not Order.objects.filter(booked_at__isnull=True).exists()
