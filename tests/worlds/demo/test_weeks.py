"""The weeks that the demo lived: what its follower finds, and that all of it adds up."""

from datetime import timedelta
from itertools import pairwise
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.models import Sum
from django.test import TestCase

from accounts.models import Journal, Posting, User
from copytrading.models import (
    Copy,
    Delivery,
    Lead,
    LeadOrder,
    LeadRecord,
    Notice,
    ProfitShare,
    ScheduledRun,
    SyncCycle,
)
from copytrading.queries.copies import own
from copytrading.services.safety import reconciling
from copytrading.services.telling import spreading
from copytrading.worlds.demo import history, people, weeks, world
from copytrading.worlds.demo.characters import CHARACTERS
from tests.cast import NOON, usdt
from tests.worlds.demo.demo_stage import furthest, weights_of

LOOKS = weeks.DAYS * 24 // weeks.LOOK_HOURS - 1


class PowerCut(Exception):
    """The machine went off in the middle of the weeks."""


class TestWeeks(TestCase):
    """Lived once for all of these, with a power cut in the middle."""

    @classmethod
    def setUpTestData(cls) -> None:
        look, looks = weeks._look, []

        def look_until_the_power_is_cut(*args: object, **named: object) -> None:
            looks.append(named["hour"])
            if len(looks) == 40:
                raise PowerCut
            look(*args, **named)  # type: ignore[arg-type]

        with patch.object(weeks, "_look", look_until_the_power_is_cut):
            with pytest.raises(PowerCut):
                world.set_up_world(now=NOON)
            world.set_up_world(now=NOON + timedelta(minutes=7))
        cls.looks = looks

    def test_each_look_was_had_once_though_the_power_was_cut(self) -> None:
        assert len(self.looks) == LOOKS + 1, "the one that failed was had again"
        assert self.looks[39] == self.looks[40]
        assert ScheduledRun.objects.filter(job__startswith="demo weeks").count() == LOOKS

    def test_the_follower_has_three_copies_of_weeks_that_follow(self) -> None:
        copies = Copy.objects.filter(follower__email=people.FOLLOWER_EMAIL).select_related(
            "lead__ledger_account", "ledger_account"
        )

        assert sorted(copy.lead.name for copy in copies) == sorted(plan.lead_name for plan in people.OWN_COPIES)
        for copy in copies:
            assert copy.status == Copy.Status.ACTIVE
            assert NOON - copy.started_at > timedelta(days=16)
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM copy_records(%s)", [copy.pk])
                assert cursor.fetchone()[0] >= 3 * 16
            assert furthest(weights_of(copy.ledger_account), weights_of(copy.lead.ledger_account)) < 0.01

    def test_every_lead_traded_at_its_turns_and_at_no_other_time_and_every_order_was_filled(self) -> None:
        hours = history.PAST_DAYS * 24
        for character in CHARACTERS:
            orders = LeadOrder.objects.filter(lead__name=character.name)
            ago = {round((NOON - order.submitted_at) / timedelta(hours=1)) for order in orders}
            opening = weeks.DAYS * 24
            assert opening in ago
            assert len(ago) > 1, character.name
            assert all((hours - one) % character.pause_hours == 0 for one in ago - {opening})
        assert not LeadOrder.objects.exclude(status=LeadOrder.Status.FILLED).exists()
        assert not SyncCycle.objects.exclude(status=SyncCycle.Status.DONE).exists()

    def test_the_curve_of_a_lead_has_no_hole(self) -> None:
        for lead in Lead.objects.all():
            times = list(
                LeadRecord.objects.filter(lead=lead).order_by("recorded_at").values_list("recorded_at", flat=True)
            )
            assert max(later - earlier for earlier, later in pairwise(times)) <= timedelta(hours=9)

    def test_profit_was_shared_on_mondays_and_only_of_profit(self) -> None:
        shares = ProfitShare.objects.filter(share_units__gt=0)

        assert shares.exists()
        assert {share.settled_at.weekday() for share in shares} == {0}
        assert all(share.equity_units > share.mark_value_units for share in shares)

    def test_pages_say_that_was_shared_which_left_the_copies(self) -> None:
        follower = User.objects.get(email=people.FOLLOWER_EMAIL)
        for summary in own.summaries_of(own.copies_of(follower), now=NOON):
            left = Posting.objects.filter(
                ledger_account=summary.copy.ledger_account, journal__kind=Journal.Kind.PROFIT_SHARE
            ).aggregate(units=Sum("units"))["units"]
            assert summary.profit_share_units - summary.due_units == -(left or 0)

    def test_adds_up_to_the_last_unit(self) -> None:
        assert reconciling.check_ledger().is_clean

    def test_nobody_gets_a_month_of_letters(self) -> None:
        told = Notice.objects.filter(user__email=people.FOLLOWER_EMAIL)

        assert told.filter(kind=Notice.Kind.COPY_STARTED).count() == 3
        assert told.filter(kind=Notice.Kind.WEEK_RESULT).count() >= 3
        spreading.spread_notices(now=NOON + timedelta(hours=1))
        assert not Delivery.objects.exists()
        assert not told.filter(read_at__isnull=True, noted_at__lt=NOON - weeks.READ_AFTER).exists()

    def test_the_wallet_holds_what_was_not_copied_with(self) -> None:
        invested = sum(plan.investment for plan in people.OWN_COPIES)
        main = User.objects.get(email=people.FOLLOWER_EMAIL).ledger_accounts.get(kind="MAIN")

        assert main.balances.get().posted == usdt(people.FOLLOWER_DEPOSIT - invested)
