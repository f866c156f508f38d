from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from copytrading.exchange.prices.cells import time_of
from copytrading.exchange.prices.price_tables import PriceTable
from copytrading.exchange.prices.recorded import RecordedPrices

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
BAR_ONE = datetime(2021, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def table() -> PriceTable:
    """Return six hours, the fourth of them halted; ETH starts in the second and misses the third."""
    hours = [0, 1, 2, 4, 5]
    return PriceTable(
        times=np.array([time_of(BAR_ONE + hour * HOUR) for hour in hours]),
        symbols=("BTC-USDT", "ETH-USDT"),
        closes=np.array([[100.1, np.nan], [101, 10], [102, np.nan], [104, 14], [105, 15]]),
    )


def prices_at(source: RecordedPrices, now: datetime) -> dict[str, Decimal]:
    return {quote.symbol: quote.price for quote in source.quotes(now)}


class TestRecordedPrices:
    def test_shows_each_bar_at_its_close_when_it_is_due(self):
        source = RecordedPrices(table(), started_at=NOON, speed=60)

        assert prices_at(source, NOON) == {"BTC-USDT": Decimal("100.1")}
        assert prices_at(source, NOON + MINUTE - timedelta(microseconds=100)) == {"BTC-USDT": Decimal("100.1")}
        assert prices_at(source, NOON + MINUTE) == {"BTC-USDT": 101, "ETH-USDT": 10}

    def test_has_nothing_to_say_before_its_first_bar(self):
        source = RecordedPrices(table(), started_at=NOON, position=BAR_ONE - HOUR)

        assert source.quotes(NOON) == []

    def test_is_fresh_for_the_length_of_a_bar(self):
        source = RecordedPrices(table(), started_at=NOON, speed=60)
        now = NOON + timedelta(seconds=59)

        (quote,) = source.quotes(now)

        assert (quote.as_of, quote.source) == (now, "recorded")

    def test_lets_a_pair_that_misses_a_bar_grow_stale(self):
        source = RecordedPrices(table(), started_at=NOON, speed=60)

        bitcoin, ether = source.quotes(NOON + 2.5 * MINUTE)

        assert bitcoin.as_of == NOON + 2.5 * MINUTE
        assert (ether.price, ether.as_of) == (10, NOON + 2 * MINUTE)

    def test_lets_everything_grow_stale_in_a_halt(self):
        source = RecordedPrices(table(), started_at=NOON, speed=60)

        assert {quote.as_of for quote in source.quotes(NOON + 3.5 * MINUTE)} == {NOON + 3 * MINUTE, NOON + 2 * MINUTE}

    def test_says_when_it_is_over_and_grows_stale_then(self):
        source = RecordedPrices(table(), started_at=NOON, speed=60)

        assert not source.finished(NOON + 4.9 * MINUTE)
        assert source.finished(NOON + 5 * MINUTE)
        assert {quote.as_of for quote in source.quotes(NOON + HOUR)} == {NOON + 6 * MINUTE}

    def test_gives_every_bar_however_rarely_asked(self):
        source = RecordedPrices(table(), started_at=NOON, speed=3600)

        first = source.bars_due(after=None, now=NOON)
        rest = source.bars_due(after=first[-1].time, now=NOON + MINUTE)

        assert [bar.closes for bar in first] == [{"BTC-USDT": Decimal("100.1")}]
        assert [bar.time for bar in rest] == [BAR_ONE + hour * HOUR for hour in (1, 2, 4, 5)]
        assert rest[1].closes == {"BTC-USDT": 102}
        assert source.bars_due(after=rest[-1].time, now=NOON + HOUR) == []

    def test_goes_on_where_the_last_run_stopped(self):
        first = RecordedPrices(table(), started_at=NOON, speed=60)
        stopped_at = first.market_time(NOON + 1.5 * MINUTE)

        second = RecordedPrices(table(), started_at=NOON + HOUR, speed=60, position=stopped_at)

        assert stopped_at == BAR_ONE + 1.5 * HOUR
        assert prices_at(second, NOON + HOUR) == prices_at(first, NOON + 1.5 * MINUTE)
        assert second.bars_due(after=BAR_ONE + HOUR, now=NOON + HOUR + 0.5 * MINUTE)[0].time == BAR_ONE + 2 * HOUR

    @pytest.mark.parametrize("speed", [0, -1, float("nan")])
    def test_refuses_to_stand_still_or_run_backwards(self, speed):
        with pytest.raises(ValueError, match="needs a speed above zero"):
            RecordedPrices(table(), started_at=NOON, speed=speed)
