"""
A name that pauses and returns: bars that end, end.

The rule is that of live markets: what is missing from the list is delisted after a while, and what comes back under
its name is another coin, for a name proves nothing. Recorded bars do not say who was on a list, so the while is longer
here: a day, or two bars where bars are longer. And where more than half of the pairs pause together it is the
recording that pauses, as an answer without half of our markets is half an answer: nobody ends by it.

    LUNA-USDT       bars until 2022-05-13
    LUNA (2022-05-31)-USDT        bars under the same name from then on
"""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.exchange.prices.cells import moment_of
from copytrading.exchange.prices.price_tables import PriceTable

PAUSE_MAX = 24 * 3600 * 1_000_000
BARS_MAX = 2
MISSING_SHARE_MAX = 0.5
# As long as the name of a coin may be where it is listed.
NAME_LENGTH_MAX = 20


@dataclass(frozen=True, kw_only=True)
class Pause:
    """A pair has a bar at `last_bar` and the next at `next_bar`, and none for too long in between."""

    column: int
    last_bar: int
    next_bar: int


def with_ends(table: PriceTable) -> PriceTable:
    """Return a table in which a pair that paused for too long ends there, and what came back is a pair of its own."""
    ends, holes = defaultdict(list), []
    for pause in _pauses(table):
        if _is_hole(pause, table):
            holes.append(pause)
        else:
            ends[pause.column].append(pause)
    notes = [_note_of_hole(pause, table) for pause in holes]
    if not ends:
        return replace(table, notes=(*table.notes, *notes)) if notes else table
    columns, first_bars, end_bars, symbols, later_names = [], [], [], [], {}
    for column, symbol in enumerate(table.symbols):
        names, since, until = [symbol], [0], []
        for pause in ends[column]:
            name = _later_name(symbol, int(table.times[pause.next_bar]))
            notes.append((frozenset([symbol, name]), _note_of_end(pause, table, name=name)))
            names.append(name)
            since.append(pause.next_bar)
            until.append(pause.next_bar)
        if len(names) > 1:
            later_names[symbol] = tuple(
                (int(table.times[bar]), name) for bar, name in zip(since[1:], names[1:], strict=True)
            )
        columns += [column] * len(names)
        first_bars += since
        end_bars += [*until, len(table.times)]
        symbols += names
    return _split(
        replace(table, later_names=later_names, notes=(*table.notes, *notes)),
        columns=columns,
        symbols=symbols,
        spans=np.array([first_bars, end_bars]),
    )


def _split(table: PriceTable, *, columns: list[int], symbols: list[str], spans: IntArray) -> PriceTable:
    """Return a table of some columns under new names, each alone in its span of bars (2, A), sorted by name."""
    order = sorted(range(len(symbols)), key=lambda place: symbols[place])
    columns, (first_bars, end_bars) = [columns[place] for place in order], spans[:, order]
    bars = np.arange(len(table.times))[:, None]
    closes: FloatArray = np.where((bars >= first_bars) & (bars < end_bars), table.closes[:, columns], np.nan)
    return replace(
        table,
        symbols=tuple(symbols[place] for place in order),
        closes=closes,
        written=table.written and table.written.at(slice(None), columns),
    )


def _pauses(table: PriceTable) -> list[Pause]:
    pauses = []
    bars_of = [np.flatnonzero(listed) for listed in table.listed.T]
    steps_of = [np.diff(table.times[bars]) for bars in bars_of]
    shortest = min((int(steps.min()) for steps in steps_of if steps.size), default=0)
    for column, (bars, steps) in enumerate(zip(bars_of, steps_of, strict=True)):
        # Two bars say nothing of how long one is.
        length = int(steps.min()) if len(steps) > 1 else shortest
        for place in np.flatnonzero(steps - length > max(PAUSE_MAX, BARS_MAX * length)).tolist():
            pauses.append(Pause(column=column, last_bar=int(bars[place]), next_bar=int(bars[place + 1])))
    return pauses


def _is_hole(pause: Pause, table: PriceTable) -> bool:
    """Return whether more than half of the pairs that are there, then or both before and after, have no bar between."""
    listed = table.listed
    between = listed[pause.last_bar + 1 : pause.next_bar].any(axis=0)
    around = listed[: pause.last_bar + 1].any(axis=0) & listed[pause.next_bar :].any(axis=0)
    return bool((around & ~between).sum() > MISSING_SHARE_MAX * (around | between).sum())


def _later_name(symbol: str, time: int) -> str:
    base, _, quote = symbol.rpartition("-")
    since = f" ({moment_of(time):%Y-%m-%d})"
    return f"{base[: NAME_LENGTH_MAX - len(since)]}{since}-{quote}"


def _note_of_hole(pause: Pause, table: PriceTable) -> tuple[frozenset[str], str]:
    symbol = table.symbols[pause.column]
    return frozenset([symbol]), f"{symbol} has no bars {_between(pause, table)}: what happened there is not known."


def _note_of_end(pause: Pause, table: PriceTable, *, name: str) -> str:
    symbol = table.symbols[pause.column]
    return (
        f"{symbol} has no bars {_between(pause, table)}, so it ended there: whoever held it keeps it at its last price."
        f" What its name means later counts as another coin, {name}. If it is the same coin, add the bars between."
    )


def _between(pause: Pause, table: PriceTable) -> str:
    last, following = moment_of(table.times[pause.last_bar]), moment_of(table.times[pause.next_bar])
    place = f" ({table.written.place(pause.next_bar, pause.column)})" if table.written else ""
    return f"between {last:%Y-%m-%d %H:%M} and {following:%Y-%m-%d %H:%M}{place}"
