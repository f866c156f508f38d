"""The close of an hour: a mark that was made around it, written once."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from copytrading.models import Mark, PriceBar
from copytrading.services.books import price_bars
from tests.cast import NOON, World

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


def closes() -> list[tuple[str, datetime, float]]:
    return list(PriceBar.objects.order_by("market__symbol").values_list("market__symbol", "closed_at", "close"))


class TestRecordBars:
    def test_is_the_mark_of_every_market_at_the_hour_and_is_written_once(self, world: World) -> None:
        at = NOON + 3 * MINUTE + timedelta(microseconds=5)
        Mark.objects.update(as_of=NOON - MINUTE)

        written = [price_bars.record_bars(now=at + number * SECOND) for number in range(2)]

        assert written == [3, 0]
        assert closes() == [("BTC-USDT", NOON, 50_000.0), ("ETH-USDT", NOON, 2_500.0), ("SOL-USDT", NOON, 100.0)]

    @pytest.mark.parametrize(("late", "count"), [(timedelta(0), 3), (5 * MINUTE, 3), (5 * MINUTE + SECOND, 0)])
    def test_is_taken_within_five_minutes(self, world: World, late: timedelta, count: int) -> None:
        Mark.objects.update(as_of=NOON)

        assert price_bars.record_bars(now=NOON + late) == count

    @pytest.mark.parametrize(
        ("as_of", "count"),
        [(-5 * MINUTE, 0), (-5 * MINUTE + SECOND, 3), (2 * MINUTE, 3), (2 * MINUTE + SECOND, 0)],
    )
    def test_is_no_mark_that_is_older_or_not_there_yet(self, world: World, as_of: timedelta, count: int) -> None:
        Mark.objects.update(as_of=NOON + as_of)

        assert price_bars.record_bars(now=NOON + 2 * MINUTE) == count

    def test_is_not_written_where_a_later_one_is(self, world: World) -> None:
        Mark.objects.update(as_of=NOON)
        price_bars.record_bars(now=NOON)

        Mark.objects.update(as_of=NOON - timedelta(hours=1))

        assert price_bars.record_bars(now=NOON - timedelta(hours=1)) == 0


class TestWriteBars:
    def test_fills_a_past_and_leaves_what_is_there(self, world: World) -> None:
        times = [NOON - timedelta(hours=1), NOON]
        price_bars.write_bars(closes={"BTC-USDT": np.array([1.0])}, times=times[1:])

        count = price_bars.write_bars(
            closes={"BTC-USDT": np.array([2.0, 3.0]), "ETH-USDT": np.array([4.0, 5.0])}, times=times
        )

        assert count == 4
        assert sorted((symbol, close) for symbol, _, close in closes()) == [
            ("BTC-USDT", 1.0), ("BTC-USDT", 2.0), ("ETH-USDT", 4.0), ("ETH-USDT", 5.0)
        ]  # fmt: skip
