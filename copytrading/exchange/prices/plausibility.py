"""
What can hardly be: a price that leaps between two bars, a trade far from its bar.

    close 0.02 │ open 20            refused: no market moves so between two trades. The coin counts in another unit
                                    from then on, or it is another coin
    close 1.07 │ open 1.06, close 0.0004     told: a coin that collapses while it is traded (LUNA, 2022-05-12)

A trade is compared with the bar that it falls into and with the two beside it, for some files stamp a bar with its end.
"""

from collections.abc import Sequence

import numpy as np

from copytrading.engine.arrays import FloatArray
from copytrading.exchange.prices.lead_trades import LeadTrades
from copytrading.exchange.prices.price_tables import PriceTable

# Between the close of a bar and the next bar's open or close.
LEAP_MAX = 10.0
# Exchanges differ, and a thin market differs from itself: this far outside of its bars a trade is told, and this far
# (a factor) it is refused. Far from any bar in time a price may have gone anywhere, but not that far.
OUTSIDE_TOLD, OUTSIDE_MAX = 1.1, 2.0
NEAR_BARS = 24 * 3600 * 1_000_000
TOLD_MAX = 3


def check_leaps(table: PriceTable, *, symbols: Sequence[str], first_time: int, last_time: int) -> list[str]:
    """
    Return what there is to say about the moves of some pairs between two times.

    :raises RecordingError: if a price leaps from one bar to the open of the next.
    """
    assert table.written is not None, "bars that were read have their lines"
    told = []
    for symbol in symbols:
        column = table.symbols.index(symbol)
        bars = np.flatnonzero(table.listed[:, column])
        # The bar before the first one counts: what leaps at the start is worth as little.
        asked_for = (table.times[bars[1:]] > first_time) & (table.times[bars[1:]] <= last_time)
        closes, opens = table.closes[bars, column], table.written.opens[bars, column]
        # An open alone may be a slip: nothing is reckoned with it.
        far = asked_for & (_factor(closes[1:], closes[:-1]) > LEAP_MAX)
        leaps = np.flatnonzero(far & (_factor(opens[1:], closes[:-1]) > LEAP_MAX))
        if leaps.size:
            place = int(leaps[0])
            raise table.written.refusal(
                int(bars[place + 1]),
                column,
                f"{symbol} opens at {opens[place + 1]:.10g} after a close of {closes[place]:.10g}. Nothing that is "
                "traded leaps so: the coin was redenominated, or is another one. Bring its bars and trades to one "
                "unit, or give another name to what came later.",
            )
        told += [
            f"{table.written.place(int(bars[place + 1]), column)}: {symbol} moves from {closes[place]:.10g} to "
            f"{closes[place + 1]:.10g} within one bar."
            for place in np.flatnonzero(far).tolist()
        ]
    return _shortened(told, "such moves")


def check_trades(trades: LeadTrades, *, table: PriceTable) -> list[str]:
    """
    Return what there is to say about trades at prices outside of their bars; their pairs are all in the table.

    :raises RecordingError: if a trade's price is far from its bars.
    """
    assert table.written is not None, "bars that were read have their lines"
    told = []
    own_bars = {symbol: np.flatnonzero(table.listed[:, table.symbols.index(symbol)]) for symbol in set(trades.symbols)}
    for place, (symbol, time, exact_price) in enumerate(
        zip(trades.symbols, trades.times.tolist(), trades.prices, strict=True)
    ):
        column, bars = table.symbols.index(symbol), own_bars[symbol]
        # What was done after the last bar is not looked at.
        if not bars.size or time > table.times[-1]:
            continue
        nearest = int(np.searchsorted(table.times[bars], time, side="right")) - 1
        beside = bars[max(nearest - 1, 0) : nearest + 2]
        low = float(table.written.lows[beside, column].min())
        high = float(table.written.highs[beside, column].max())
        price = float(exact_price)
        outside = max(low / price, price / high)
        is_near = np.abs(table.times[beside] - time).min() <= NEAR_BARS
        if outside <= (OUTSIDE_TOLD if is_near else LEAP_MAX):
            continue
        where = f"the price of {exact_price:.10g} lies outside of the bars of {symbol} there, {low:.10g} to {high:.10g}"
        if outside > OUTSIDE_MAX:
            raise trades.refusal(
                place, f"{where[0].upper()}{where[1:]}. Correct its price, its pair or its time, or remove the row."
            )
        told.append(f"{trades.path.name}, line {trades.lines[place]}: {where}.")
    return _shortened(told, "such trades")


def _factor(later: FloatArray, earlier: FloatArray) -> FloatArray:
    ratio: FloatArray = later / earlier
    return np.maximum(ratio, 1 / ratio)


def _shortened(sentences: list[str], what: str) -> list[str]:
    more = len(sentences) - TOLD_MAX
    return sentences[:TOLD_MAX] + ([f"There are {more} more {what}."] if more > 0 else [])
