"""Why a look back did not come to what the lead made: parts that sum to the difference, each with its reason."""

from datetime import date, timedelta
from time import process_time

import pytest
from django.core.cache import cache

from copytrading.engine.sizing.custom import custom_terms
from copytrading.models import Lead, ObservedTrade, PriceBar
from copytrading.queries.shown.visibility import EVERYTHING
from copytrading.services.lookback.differences import Difference, Part
from copytrading.services.lookback.record import LookBack, Question
from tests.cast import World, usdt
from tests.pasts import give_past, observe, write_past


@pytest.fixture
def seen_lead(world: World, lead: Lead) -> Lead:
    """A lead with forty days of a past: about half in BTC from the first hour on, ETH bought and sold again."""
    return give_past(world, lead)


@pytest.fixture
def later(seen_lead: Lead) -> date:
    """A day on which the lead holds bitcoin already."""
    return (seen_lead.observed_trades.first().traded_at + timedelta(days=3)).date()


def ask(lead: Lead, **options: object) -> LookBack:
    cache.clear()
    return LookBack(
        lead=lead,
        question=Question(**({"investment_units": usdt(1_000)} | options)),  # type: ignore[arg-type]
        visibility=EVERYTHING,
    )


def part(difference: Difference, wanted: Part) -> float:
    return next((line.fraction for line in difference.lines if line.part is wanted), 0.0)


class TestDifferences:
    @pytest.mark.parametrize(
        "options",
        [
            {},
            {"buy_existing": False},
            {"stop_loss_units": usdt(30)},
            {"custom": custom_terms(order_value_units=usdt(300), total_value_max_units=usdt(350))},
            {"custom": custom_terms(order_ratio=0.3, order_value_max_units=usdt(90)), "buy_existing": False},
        ],
    )
    @pytest.mark.parametrize("from_the_start", [True, False])
    def test_sum_to_the_gap_exactly(
        self, seen_lead: Lead, later: date, options: dict[str, object], from_the_start: bool
    ) -> None:
        look_back = ask(seen_lead, start=None if from_the_start else later, **options)

        comparison, differences = look_back.comparison(), look_back.differences()

        for difference, outcome in (
            (differences.smart_sync, comparison.smart_sync),
            (differences.custom, comparison.custom),
        ):
            assert difference.fraction == pytest.approx(outcome.gap_fraction, abs=1e-12)
            assert sum(line.fraction for line in difference.lines) == pytest.approx(outcome.gap_fraction, abs=1e-12)
            assert difference.shown == pytest.approx(round(outcome.gap_fraction, 4), abs=1e-9)
            assert all(abs(line.shown - line.fraction) < 1.0001e-4 for line in difference.lines)

    def test_say_what_a_copy_did_not_hold_where_it_beat_its_lead(self, seen_lead: Lead, later: date) -> None:
        # What the lead held from before falls by a half while the copy is on its way.
        for number, bar in enumerate(PriceBar.objects.filter(market__symbol="BTC-USDT").order_by("closed_at")):
            PriceBar.objects.filter(pk=bar.pk).update(close=50_000 * (1 - number / 2_000))

        custom = ask(seen_lead, start=later).differences().custom

        assert custom.fraction > 0.1
        assert part(custom, Part.START) == pytest.approx(custom.fraction, abs=0.05)
        assert custom.sentence.startswith("Custom copy ended ")
        assert "points above Basalt" in custom.sentence
        assert "is where it started: it began without what Basalt held then: " in custom.sentence
        assert " BTC (−" in custom.sentence

    def test_give_the_lead_its_own_fees(self, seen_lead: Lead) -> None:
        look_back = ask(seen_lead)

        lines = look_back.differences().smart_sync

        trades = ObservedTrade.objects.filter(lead=seen_lead, market__isnull=False).order_by("traded_at")
        # Those of the first hour are before the copy; each paid a thousandth of its value.
        paid = sum(abs(trade.cash_units) for trade in trades[1:]) / 1_000
        equity = look_back._past.account_values()[0]
        assert part(lines, Part.LEAD_TRADES) == pytest.approx(paid / equity, rel=0.01)

    def test_give_the_copy_its_fees(self, seen_lead: Lead) -> None:
        look_back = ask(seen_lead)

        fees = part(look_back.differences().smart_sync, Part.FEES)

        assert fees == pytest.approx(-look_back.comparison().smart_sync.cost_units / usdt(1_000), rel=0.3)

    def test_name_the_stop_loss_and_the_maxima_where_they_acted(self, seen_lead: Lead) -> None:
        terms = custom_terms(order_ratio=0.1, order_value_max_units=usdt(100))
        PriceBar.objects.filter(
            market__symbol="BTC-USDT", closed_at__gt=seen_lead.observed_trades.first().traded_at + timedelta(days=35)
        ).update(close=10_000)

        differences = ask(seen_lead, stop_loss_units=usdt(60), custom=terms).differences()

        assert part(differences.smart_sync, Part.STOP_LOSS) == pytest.approx(0.0, abs=0.01)
        assert part(differences.custom, Part.LIMITS) > 0.1, "less was in what fell"
        assert part(differences.smart_sync, Part.LIMITS) == 0.0

    def test_are_level_where_nothing_can_be_seen(self, world: World, seen_lead: Lead, settings: object) -> None:
        settings.SMARTSYNC_FEE_RATE = 0  # type: ignore[attr-defined]
        seen_lead.observed_trades.exclude(market__symbol="BTC-USDT").filter(market__isnull=False).delete()

        assert (
            ask(seen_lead)
            .differences()
            .smart_sync.sentence.startswith(("Smart Sync made as much as Basalt", "Smart Sync ended 0.0"))
        )

    @pytest.mark.alone
    def test_take_less_than_a_second_of_processor_time_over_a_year(self, world: World, lead: Lead) -> None:
        lead.flows.all().delete()
        times = write_past(world, hours=24 * 365, drift=0.00003)
        observe(lead, None, 0, 10_000, times[0])
        for number, when in enumerate(times[1 :: 24 * 365 // 730]):
            symbol, price = (("BTC", 40_000), ("ETH", 2_500), ("SOL", 100))[number // 2 % 3]
            sign = 1 if number % 2 == 0 else -1
            observe(lead, symbol, sign * 500 / price, -sign * 500, when)

        seconds = []
        for _ in range(3):
            look_back = ask(lead)
            look_back.comparison()
            began = process_time()
            look_back.differences()
            seconds.append(process_time() - began)

        assert min(seconds) < 1, f"{min(seconds):.2f} s"
