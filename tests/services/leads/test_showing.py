"""A lead chooses what strangers see; what is held is kept by the hour."""

from datetime import datetime, timedelta
from importlib import import_module

import pytest
from django.db import connection

from accounts.models import Asset, User
from copytrading.models import Lead, LeadHolding, LeadWeights, LinkedAccount
from copytrading.queries.leads import pages, records
from copytrading.queries.shown.visibility import visibility_of
from copytrading.services.leads import showing
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.verbs import LeadNotActive
from tests.cast import NOON, World, usdt

DAILY, WITH_TRADES = Lead.WeightsShown.DAILY, Lead.WeightsShown.WITH_TRADES
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def choose(lead: Lead, hours: int, now: datetime, shown: Lead.WeightsShown = WITH_TRADES) -> Lead:
    return showing.choose_shown(lead_id=lead.pk, trades_delay_hours=hours, weights_shown=shown, now=now)


def trades_shown(lead: Lead, now: datetime) -> list[str]:
    lead.refresh_from_db()
    visibility = visibility_of(lead, None, now=now)
    found = pages.trades_of(lead, visibility=visibility, series=records.series_of(lead.pk))
    return [trade.symbol for trade in found]


class TestChooseShown:
    def test_is_a_day_and_daily_closes_from_the_beginning(self, world: World) -> None:
        lead = world.make_lead(User.objects.create_user("new@example.org"), name="New", shows_all=False)

        assert (lead.trades_delay_hours, lead.weights_shown, lead.public_until) == (24, DAILY, None)

    def test_hides_nothing_that_is_public_and_all_that_comes(self, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()

        choose(lead, 24, world.now)
        world.lead_trades(lead, "ETH", "BUY", "0.1")
        world.settle()

        assert trades_shown(lead, world.now) == ["BTC"]
        assert trades_shown(lead, world.now + DAY) == ["ETH", "BTC"]

    def test_shows_more_at_once_of_all_the_past(self, world: World, lead: Lead) -> None:
        choose(lead, 24, world.now)
        world.lead_trades(lead, "BTC", "BUY", "0.01")
        world.settle()
        assert trades_shown(lead, world.now + HOUR) == []

        choose(lead, 1, world.now)

        assert trades_shown(lead, world.now + HOUR) == ["BTC"]

    def test_never_moves_back_what_is_shown_however_often_it_changes(self, world: World, lead: Lead) -> None:
        cuts = []
        for step, hours in enumerate((24, 0, 720, 1, 24, 720, 24)):
            now = NOON + step * HOUR
            lead = choose(lead, hours, now)
            cuts += [visibility_of(lead, None, now=now + minutes).trades_until or now for minutes in (HOUR * 0, HOUR)]

        assert cuts == sorted(cuts)

    def test_changes_nothing_where_nothing_is_changed(self, world: World, lead: Lead) -> None:
        assert choose(lead, 0, world.now).public_until is None

    @pytest.mark.parametrize("hours", [-1, 721])
    def test_refuses_what_nobody_could_check(self, world: World, lead: Lead, hours: int) -> None:
        with pytest.raises(showing.DelayTooLong, match="after 30 days at the latest"):
            choose(lead, hours, world.now)

    def test_is_over_with_the_lead(self, world: World, lead: Lead) -> None:
        leads.end_lead(lead_id=lead.pk, now=world.now)

        with pytest.raises(LeadNotActive):
            choose(lead, 24, world.now)


class TestKeepWeights:
    def test_keeps_an_hour_once_and_marks_the_first_of_a_day(self, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()

        kept = []
        for when in (13.0, 13.5, 14.0, 24.5, 25.0):
            world.wait((NOON.replace(hour=0) + when * HOUR - world.now).total_seconds())
            kept.append(showing.keep_weights(now=world.now))

        assert kept == [1, 0, 1, 1, 1]
        rows = LeadWeights.objects.order_by("recorded_at")
        assert [row.is_close for row in rows] == [True, False, True, False]
        assert rows[0].asset_ids == [Asset.objects.get(symbol="BTC").pk]
        assert rows[0].weights == [pytest.approx(0.5, abs=0.001)]

    def test_stamps_them_later_than_anything_that_may_be_in_them(self, world: World, lead: Lead) -> None:
        showing.keep_weights(now=world.now)

        assert LeadWeights.objects.get().recorded_at == world.now + showing.READ_WITHIN

    def test_waits_for_prices_and_for_leads_that_cannot_be_seen(self, world: World, lead: Lead) -> None:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        far = User.objects.create_user("far@example.org")
        seen = Lead.objects.create(
            user=far, name="Far", slug="far", source=Lead.Source.OBSERVED, status=Lead.Status.ACTIVE,
            applied_at=NOON, started_at=NOON, other_value_units=10**9,
        )  # fmt: skip
        link = LinkedAccount(lead=seen, exchange="okx", status=LinkedAccount.Status.BROKEN, connected_at=NOON)
        link.sealed_key, link.seal_id = b"sealed", "seal"
        link.save()

        assert showing.keep_weights(now=world.now + HOUR) == 1
        LinkedAccount.objects.update(status=LinkedAccount.Status.CONNECTED)
        assert showing.keep_weights(now=world.now + HOUR) == 1

    def test_asks_as_often_for_many_as_for_one(
        self, world: World, lead: Lead, django_assert_max_num_queries: object
    ) -> None:
        for number in range(5):
            world.make_lead(User.objects.create_user(f"lead{number}@example.org"), name=f"Lead {number}")

        with django_assert_max_num_queries(9):  # type: ignore[operator]
            assert showing.keep_weights(now=world.now) == 6


class TestUpgrade:
    def test_leaves_public_what_was_public_and_keeps_the_weights_of_that_moment(self, world: World, lead: Lead) -> None:
        for symbol, quantity in (("BTC", "0.1"), ("SOL", "20")):
            world.lead_trades(lead, symbol, "BUY", quantity)
        world.settle()
        far = Lead.objects.create(
            user=User.objects.create_user("far@example.org"), name="Far", slug="far", source=Lead.Source.OBSERVED,
            status=Lead.Status.ACTIVE, applied_at=NOON, started_at=NOON, other_value_units=usdt(5_000),
        )  # fmt: skip
        for symbol, units in (("BTC", 10**7), ("USDT", usdt(2_500))):
            LeadHolding.objects.create(lead=far, asset=Asset.objects.get(symbol=symbol), units=units)
        upgrade = import_module("copytrading.migrations.0048_what_strangers_see")

        with connection.cursor() as cursor:
            cursor.execute(upgrade.WAS_PUBLIC)
            cursor.execute(upgrade.KEEP_WEIGHTS)

        kept = {row.lead_id: row for row in LeadWeights.objects.all()}
        LeadWeights.objects.all().delete()
        showing.keep_weights(now=world.now)
        for row in LeadWeights.objects.all():
            before = kept[row.lead_id]
            expected = dict(zip(row.asset_ids, row.weights, strict=True))
            assert dict(zip(before.asset_ids, before.weights, strict=True)) == pytest.approx(expected)
            assert before.recorded_at == Lead.objects.get(pk=row.lead_id).public_until
        assert len(kept) == 2
        assert sum(kept[far.pk].weights) == pytest.approx(0.4)


class TestDropWeights:
    def test_leaves_what_may_still_be_shown(self, world: World, lead: Lead) -> None:
        for days in (60, 50, 40, 33, 31, 1):
            for hour, is_close in ((0, True), (5, False)):
                when = NOON.replace(hour=hour) - days * DAY
                LeadWeights.objects.create(
                    lead=lead, hour=when, recorded_at=when, is_close=is_close, asset_ids=[], weights=[]
                )

        dropped = showing.drop_weights(now=NOON)

        left = LeadWeights.objects.order_by("-recorded_at").values_list("recorded_at", "is_close")
        ages = [((NOON.date() - recorded_at.date()).days, is_close) for recorded_at, is_close in left]
        assert ages == [(1, False), (1, True), (31, False), (31, True), (33, False), (33, True)]
        assert dropped == 6
