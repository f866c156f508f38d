"""
A recording played back: the bars of a price table come due as time passes.

Two clocks run. `now` is ours; the market's is the recording's own:

    market time = position + (now - started_at) · speed

A bar is due once market time reaches it, is quoted at its close, and counts as
fresh for the length of a bar. A pair that misses the next one (an exchange
outage) keeps its old price with its old time, and so goes stale as it would
have gone stale then. After the last bar everything does.

To go on after a stop, start again at the position where the last run was:
`position=moment_of(the last bar shown)`.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from copytrading.engine.arrays import IntArray
from copytrading.exchange.markets import Quote
from copytrading.exchange.prices.cells import MICROSECOND, moment_of, time_of
from copytrading.exchange.prices.price_tables import PriceTable, exact


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar of a recording: its own time and the closes of the pairs that have it."""

    time: datetime
    closes: dict[str, Decimal]


class RecordedPrices:
    """A price source over a recording, see above."""

    name = "recorded"

    def __init__(
        self, table: PriceTable, *, started_at: datetime, speed: float = 1.0, position: datetime | None = None
    ) -> None:
        """
        Play `table` from `position` (its first bar when None), `speed` market seconds a second.

        :raises ValueError: if the speed is not above zero.
        """
        if not speed > 0:
            raise ValueError(f"A recording needs a speed above zero, not {speed}.")
        self.table = table
        self.symbols = table.symbols
        self._started_at = started_at
        self._speed = speed
        self._position = int(table.times[0]) if position is None else time_of(position)
        self._bar_lengths = _bar_lengths(table)
        # The last bar at or before each bar that a pair has, (T, A); -1 before its first.
        own_bars = np.where(table.listed, np.arange(len(table.times))[:, None], -1)
        self._latest_bars = np.maximum.accumulate(own_bars, axis=0)

    def market_time(self, now: datetime) -> datetime:
        """Return the recording's own time."""
        passed = (now - self._started_at).total_seconds() * self._speed
        return moment_of(self._position + round(passed * 1_000_000))

    def finished(self, now: datetime) -> bool:
        """Return whether the last bar is due."""
        return self._bar_at(now) == len(self.table.times) - 1

    def quotes(self, now: datetime) -> list[Quote]:
        """Return the close of each pair's latest bar; pairs without one yet are left out."""
        bar = self._bar_at(now)
        if bar < 0:
            return []
        quotes = []
        for column, symbol in enumerate(self.symbols):
            own_bar = int(self._latest_bars[bar, column])
            if own_bar >= 0:
                price = exact(float(self.table.closes[own_bar, column]))
                as_of = min(now, self._stale_from(own_bar, column))
                quotes.append(Quote(symbol=symbol, price=price, as_of=as_of, source=self.name))
        return quotes

    def bars_due(self, *, after: datetime | None, now: datetime) -> list[Bar]:
        """
        Return every bar that came due after the market time `after`, oldest first.

        With None, from the position on. At a high speed many bars fall between two looks; this misses none.
        """
        if after is None:
            first = self.table.first_bar_at_or_after(self._position)
        else:
            first = int(np.searchsorted(self.table.times, time_of(after), side="right"))
        return [
            Bar(time=moment_of(self.table.times[bar]), closes=self.table.closes_at(bar))
            for bar in range(first, self._bar_at(now) + 1)
        ]

    def _bar_at(self, now: datetime) -> int:
        """Return the index of the latest bar due; -1 before the first."""
        return int(np.searchsorted(self.table.times, time_of(self.market_time(now)), side="right")) - 1

    def _stale_from(self, bar: int, column: int) -> datetime:
        """Return the moment on our clock from which a pair's bar is no longer its price."""
        passed = (int(self.table.times[bar] + self._bar_lengths[column]) - self._position) / self._speed
        return self._started_at + round(passed) * MICROSECOND


def _bar_lengths(table: PriceTable) -> IntArray:
    """Return the shortest step between two bars of each pair, (A,); 0 for a pair with a single bar."""
    lengths = np.zeros(len(table.symbols), dtype=np.int64)
    for column, listed in enumerate(table.listed.T):
        times = table.times[listed]
        lengths[column] = np.diff(times).min() if len(times) > 1 else 0
    return lengths
