"""Tracking gaps through the stack: what each event does to ideal and parts."""

from decimal import Decimal

import pytest

from accounts.models import Asset, User
from copytrading.engine.track_record.tracking_gap import Part
from copytrading.exchange.paper import world as paper
from copytrading.models import Copy, CopyGap, CopyGapRecord, Lead, LeadHolding, LeadSnapshot
from copytrading.queries.copies.gap_pages import GapView, gap_of
from copytrading.queries.copies.gaps import PART_COLUMNS
from copytrading.queries.rules import platform_rules
from copytrading.services.books import gaps
from copytrading.services.copies import verbs as copies
from copytrading.services.leads import observing
from copytrading.services.leads import verbs as leads
from copytrading.services.market import quotes
from tests.cast import World, come, usdt
from tests.views.scenes import counted_queries


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    """A copy of 1,000 behind a lead with half its money in BTC."""

    def start() -> Copy:
        world.lead_trades(lead, "BTC", "BUY", "0.1")
        world.settle()
        copy = world.start(follower, lead)
        world.settle()
        return copy

    return come("copy with half in BTC", world, start)


@pytest.fixture
def observed(world: World) -> Lead:
    """A lead who trades elsewhere with 10,000."""
    lead = leads.apply_as_lead(
        user=User.objects.create_user("elsewhere@example.org"), name="Elsewhere", bio="", tags=[],
        profit_share_rate=Decimal(0), followers_max=10, now=world.now, source=Lead.Source.OBSERVED,
    )  # fmt: skip
    leads.approve_lead(lead_id=lead.pk, now=world.now)
    observing.observe_flow(lead_id=lead.pk, units=usdt(10_000), idempotency_key="stake", now=world.now)
    Lead.objects.filter(pk=lead.pk).update(settling_until=None)
    return Lead.objects.get(pk=lead.pk)


def measured(world: World, copy: Copy) -> CopyGap:
    gaps.measure_gaps(lead_id=copy.lead_id, now=world.now, rules=platform_rules())
    return CopyGap.objects.get(copy=copy)


def parts_of(gap: CopyGap) -> dict[str, int]:
    """Return the parts that are more than a cent."""
    parts = {part.name: int(getattr(gap, PART_COLUMNS[part])) for part in Part}
    return {name: units for name, units in parts.items() if abs(units) > usdt("0.01")}


class TestMeasureGaps:
    def test_begins_with_what_the_first_coins_cost(self, world: World, copy: Copy) -> None:
        gap = measured(world, copy)

        # Half of 1,000 at a fee of 0.1 % and half a spread of 0.02 %.
        assert gap.ideal_units == usdt(1000)
        assert gap.fees_units == pytest.approx(-usdt("0.50"), rel=0.01)
        assert gap.price_units == pytest.approx(-usdt("0.05"), rel=0.01)
        assert set(parts_of(gap)) == {"FEES", "PRICE"}

    def test_leaves_nothing_when_lead_and_copy_trade_together(self, world: World, copy: Copy, lead: Lead) -> None:
        before = parts_of(measured(world, copy))
        world.lead_trades(lead, "ETH", "BUY", "1")
        world.settle()

        after = parts_of(measured(world, copy))

        assert after == pytest.approx(before, rel=0.01)

    def test_lets_the_ideal_go_with_the_lead(self, world: World, copy: Copy, lead: Lead) -> None:
        before, equity = measured(world, copy), leads.equity_of(lead, now=world.now, rules=platform_rules())
        world.wait(60, BTC="60000")

        after = measured(world, copy)

        grown = leads.equity_of(lead, now=world.now, rules=platform_rules()) / equity
        assert after.ideal_units / before.ideal_units == pytest.approx(grown, rel=1e-9)
        assert after.fees_units / before.fees_units == pytest.approx(grown, rel=1e-6)
        assert parts_of(after).keys() == {"FEES", "PRICE", "PROFIT_SHARE"}
        assert after.profit_share_units == pytest.approx(-usdt(100) * 0.1, rel=0.01)

    def test_begins_at_what_the_lead_is_worth_for_who_comes_later(
        self, world: World, copy: Copy, lead: Lead, other_follower: User
    ) -> None:
        world.wait(60, BTC="100000")
        measured(world, copy)
        late = world.start(other_follower, lead)
        world.settle()
        begun, equity = measured(world, late), leads.equity_of(lead, now=world.now, rules=platform_rules())
        assert begun.ideal_units == usdt(1000)
        world.wait(60, BTC="110000")

        after = measured(world, late)

        grown = leads.equity_of(lead, now=world.now, rules=platform_rules()) / equity
        assert after.ideal_units / begun.ideal_units == pytest.approx(grown, rel=1e-9)

    def test_takes_no_deposit_of_the_lead_for_a_return(self, world: World, copy: Copy, lead: Lead) -> None:
        before = measured(world, copy)

        world.deposit(lead.user, "5000")
        leads.deposit_to_lead(lead_id=lead.pk, units=usdt(5000), idempotency_key="more", now=world.now)

        assert measured(world, copy).ideal_units == before.ideal_units

    def test_has_a_copy_follow_what_an_observed_lead_paid(
        self, world: World, observed: Lead, follower: User
    ) -> None:  # fmt: skip
        copy = world.start(follower, observed)
        world.settle()
        coin = Asset.objects.get(symbol="BTC")

        # A tenth of a coin for 5,000, and 10 too much.
        observing.observe_trade(
            lead_id=observed.pk, asset_id=coin.pk, signed_units=10**7, cash_units=-usdt(5010), now=world.now
        )
        world.settle()
        gap = measured(world, copy)

        assert gap.ideal_units == usdt(999)
        assert gap.price_units == pytest.approx(usdt(1) - usdt("0.05"), rel=0.01)

    def test_names_what_is_not_followed(self, world: World, lead: Lead, copy: Copy, other_follower: User) -> None:
        without = world.start(other_follower, lead, buy_existing=False)
        world.settle()
        world.wait(60, BTC="60000")

        gap = measured(world, without)

        assert parts_of(gap) == {"UNFOLLOWED": pytest.approx(-usdt(100), rel=0.01)}

    def test_keeps_one_record_a_day(self, world: World, copy: Copy) -> None:
        for seconds in (1, 60, 86_400):
            world.wait(seconds, ETH=str(2500 + seconds % 7))
            measured(world, copy)

        assert [record.recorded_on.day for record in CopyGapRecord.objects.filter(copy=copy)] == [6]
        assert CopyGapRecord.objects.get(copy=copy).equity_units == CopyGap.objects.get(copy=copy).equity_units

    def test_begins_to_count_for_a_copy_that_had_no_gap(self, world: World, copy: Copy) -> None:
        CopyGap.objects.all().delete()
        world.wait(60, BTC="60000")

        gap = measured(world, copy)

        assert (gap.equity_units, parts_of(gap)) == (gap.ideal_units, {})

    def test_waits_until_every_coin_has_a_price(self, world: World, observed: Lead, follower: User) -> None:
        copy = world.start(follower, observed)
        world.settle()
        paper.open_market(symbol="NEW-USDT", lot_size=Decimal("0.01"), tick_size=Decimal("0.01"), value_min=Decimal(5))
        quotes.list_markets()
        LeadHolding.objects.create(lead=observed, asset=Asset.objects.get(symbol="NEW"), units=usdt(10))
        world.wait(60, BTC="60000")
        unpriced = measured(world, copy).measured_at

        world.wait(60, NEW="3")

        assert unpriced < measured(world, copy).measured_at == world.now


class TestMeasureAll:
    def test_goes_on_after_one_leads_trouble(
        self, world: World, copy: Copy, observed: Lead, other_follower: User
    ) -> None:  # fmt: skip
        world.start(other_follower, observed)
        unknown = Asset.objects.create(symbol="NOWHERE", name="Traded nowhere", decimals=8)
        LeadHolding.objects.create(lead=observed, asset=unknown, units=1)
        world.wait(15 * 60, BTC="60000")

        measured_count = gaps.measure_all(now=world.now)

        assert measured_count == 1
        assert CopyGap.objects.get(copy=copy).measured_at == world.now

    def test_looks_after_a_trade_and_else_every_quarter_of_an_hour(self, world: World, copy: Copy, lead: Lead) -> None:
        measured(world, copy)
        looked_at = []
        for act in ("wait", "trade", "wait", "wait for long"):
            # A quarter of an hour with the minute before it.
            world.wait(840 if act == "wait for long" else 60, BTC="51000")
            if act == "trade":
                world.lead_trades(lead, "ETH", "BUY", "0.5")
                world.settle()
                world.wait(1)
            looked_at.append(gaps.measure_all(now=world.now))

        assert looked_at == [0, 1, 0, 1]

    def test_takes_the_same_statements_for_many_leads_as_for_one(
        self, world: World, copy: Copy, observed: Lead, other_follower: User
    ) -> None:
        world.wait(16 * 60, BTC="52000")
        with counted_queries() as one:
            gaps.measure_all(now=world.now)
        world.start(other_follower, observed)
        gaps.measure_all(now=world.now)

        world.wait(16 * 60, BTC="53000")
        with counted_queries() as two:
            gaps.measure_all(now=world.now)

        # Whether a lead elsewhere is seen at all takes one.
        assert len(two) - 1 == len(one) <= 20
        assert CopyGap.objects.filter(measured_at=world.now).count() == 2


class TestMoney:
    def test_that_is_added_joins_the_ideal(self, world: World, copy: Copy) -> None:
        before = measured(world, copy)

        LeadSnapshot.objects.filter(lead=copy.lead).update(growth_index=2.5)
        copies.increase_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="more", now=world.now)

        after = CopyGap.objects.get(copy=copy)
        assert after.ideal_shares - before.ideal_shares == pytest.approx(usdt(500) / 2.5)
        assert (after.invested_units, after.ideal_units) == (usdt(1500), before.ideal_units + usdt(500))
        assert parts_of(after) == parts_of(before)

    def test_that_is_taken_out_leaves_the_gap_the_same_share(self, world: World, copy: Copy) -> None:
        before = measured(world, copy)

        copies.reduce_copy(copy_id=copy.pk, units=usdt(500), idempotency_key="less", now=world.now)
        assert measured(world, copy).ideal_units == before.ideal_units
        world.settle()

        after = measured(world, copy)
        assert after.invested_units / usdt(1000) == pytest.approx(0.5, rel=1e-3)
        assert after.ideal_units / after.invested_units == pytest.approx(before.ideal_units / before.invested_units)
        # Half of what was paid at the start, and of what selling half of it cost.
        assert after.fees_units == pytest.approx(-usdt("0.75") / 2, rel=0.01)

    def test_that_is_paid_out_leaves_the_gap_as_it_was_at_the_end(self, world: World, copy: Copy) -> None:
        copies.stop_copy(copy_id=copy.pk, now=world.now)
        world.settle()

        world.wait(60, BTC="90000")
        gap = measured(world, copy)
        copy.refresh_from_db()

        assert copy.status == Copy.Status.STOPPED
        assert abs(gap.equity_units - copy.paid_out_units) <= 2
        assert gap.fees_units == pytest.approx(-usdt("1.00"), rel=0.01)


class TestGapOf:
    def test_tells_it_at_the_present_marks(self, world: World, copy: Copy) -> None:
        measured(world, copy)
        world.wait(30, BTC="60000")

        gap = gap_of(copy, now=world.now)

        assert isinstance(gap, GapView)
        assert gap.lead_return == pytest.approx(0.1, rel=0.01)
        assert sum(line.units for line in gap.lines) == gap.units
        assert gap.copy_return - gap.lead_return == pytest.approx(gap.fraction)
        assert CopyGap.objects.get(copy=copy).ideal_units == usdt(1000)

    def test_remembers_how_the_weeks_began(self, world: World, copy: Copy) -> None:
        for price in ("51000", "52000"):
            world.wait(7 * 86_400, BTC=price)
            measured(world, copy)

        gap = gap_of(copy, now=world.now)

        assert gap is not None
        assert [week.day.isoformat() for week in gap.weeks] == ["2026-01-19", "2026-01-12"]
        assert gap.weeks[1].lead_return == pytest.approx(0.01, rel=0.01)

    def test_is_none_before_the_first_look(self, world: World, copy: Copy) -> None:
        CopyGap.objects.all().delete()

        assert gap_of(copy, now=world.now) is None
