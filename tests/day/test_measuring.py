"""What a campaign of a day measures with."""

import os
from datetime import timedelta
from pathlib import Path

import psutil

from copytrading.exchange.prices.files import moment_of, read_prices
from copytrading.worlds.benchmarking import resting
from tests.day.market import BEGINS_AT, MINUTES, PRICES, write_prices
from tests.day.memory import Memory


class TestPrices:
    def test_are_a_recording_that_the_platform_reads(self, tmp_path: Path) -> None:
        write_prices(tmp_path / "day.csv", seed=1)

        table = read_prices(tmp_path / "day.csv")

        assert (len(table.times), len(table.symbols)) == (MINUTES, len(PRICES))
        assert PRICES == resting.PRICES
        # A bar is known once it is over.
        assert moment_of(int(table.times[0])) - BEGINS_AT in (timedelta(0), timedelta(minutes=1))


class TestMemory:
    def test_compares_the_first_third_with_the_last(self) -> None:
        memory = Memory()
        for second in range(0, 91, 10):
            memory.look(at=float(second), programs=[psutil.Process(os.getpid())], servers={})
        held = [bytearray(os.urandom(1)) * 60_000_000]
        for second in range(100, 181, 10):
            memory.look(at=float(second), programs=[psutil.Process(os.getpid())], servers={})

        ((first, last, growth),) = memory.figures(since=0.0, until=180.0).values()

        assert len(held[0]) == 60_000_000
        assert last - first > 50
        assert growth > 0
