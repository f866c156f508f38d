"""
From what the sources say to the marks: the median of those that agree, or no change and a doubt.

Any number of feeds may record at once: each writes the prices of its own sources, then whoever holds the lock of the
marks judges by everything that is there. The rules are in engine/marks.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from django.db import connection

from accounts.transactions import in_transaction
from copytrading.engine import marks as rules
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.rules import Rules
from copytrading.exchange.markets import Quote
from copytrading.models import Mark
from copytrading.queries.rules import platform_rules

# A delisted market takes no price any more: who quotes its name may already mean another coin.
RECORD_SOURCES = """
    INSERT INTO copytrading_sourceprice (market_id, source, price, as_of, taken_at)
    SELECT DISTINCT ON (market.id, line.source) market.id, line.source, line.price, line.as_of, %s
    FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::timestamptz[]) AS line(symbol, source, price, as_of)
    JOIN copytrading_market AS market ON market.symbol = line.symbol AND market.status <> 'DELISTED'
    ORDER BY market.id, line.source, line.as_of DESC
    ON CONFLICT (market_id, source) DO UPDATE
    SET price = excluded.price, as_of = excluded.as_of, taken_at = excluded.taken_at
    WHERE copytrading_sourceprice.as_of <= excluded.as_of
"""

# Locked in one order, so that two feeds cannot deadlock, and read only then.
LOCK_MARKS = """
    SELECT mark.market_id, mark.price::float8, mark.as_of, mark.doubt, mark.doubted_price, mark.doubted_at
    FROM copytrading_mark AS mark JOIN copytrading_market AS market ON market.id = mark.market_id
    WHERE market.symbol = ANY(%s) ORDER BY mark.market_id FOR UPDATE OF mark
"""

READ_SOURCES = """
    SELECT said.market_id, said.source, said.price, said.as_of, market.symbol
    FROM copytrading_sourceprice AS said JOIN copytrading_market AS market ON market.id = said.market_id
    WHERE market.symbol = ANY(%s) AND market.status <> 'DELISTED' ORDER BY said.market_id, said.source
"""

BELIEVE = """
    INSERT INTO copytrading_mark (market_id, price, as_of, source, doubt)
    SELECT line.market_id, line.price, line.as_of, line.source, ''
    FROM unnest(%s::bigint[], %s::numeric[], %s::timestamptz[], %s::text[]) AS line(market_id, price, as_of, source)
    ORDER BY line.market_id
    ON CONFLICT (market_id) DO UPDATE
    SET price = excluded.price, as_of = excluded.as_of, source = excluded.source,
        doubt = '', doubted_price = NULL, doubted_at = NULL
    WHERE copytrading_mark.as_of <= excluded.as_of
"""

DOUBT = """
    UPDATE copytrading_mark AS mark
    SET doubt = line.doubt, doubted_price = line.price,
        doubted_at = CASE WHEN line.doubt = 'DISAGREEMENT' AND mark.doubt = line.doubt THEN mark.doubted_at
            ELSE line.doubted_at END
    FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::timestamptz[])
        AS line(market_id, doubt, price, doubted_at)
    WHERE mark.market_id = line.market_id
"""


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the sources say: `prices` and `times` (M, S), NaN where one says nothing; `exact` by row and column."""

    market_ids: IntArray
    symbols: dict[int, str]
    sources: tuple[str, ...]
    prices: FloatArray
    times: FloatArray
    exact: dict[tuple[int, int], tuple[Decimal, datetime]]

    def of(self, market: int, source: int) -> tuple[Decimal, datetime]:
        """Return the price and its moment just as they were quoted."""
        return self.exact[market, source]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The marks as they are (M,), NaN where there is none; times in seconds. `exact` is the doubt as it was quoted."""

    prices: FloatArray
    times: FloatArray
    doubted: FloatArray
    doubted_at: FloatArray
    exact: dict[int, tuple[Decimal, datetime]]


@in_transaction
def record_sources(*, quotes: Sequence[Quote], now: datetime) -> dict[str, Decimal | None]:
    """
    Keep what the sources say, and mark those markets by it.

    A quote that is older than the one we have of its source changes nothing.

    :returns: for each pair that several sources quote now, their median; None where they disagree.
    """
    limits = platform_rules()
    symbols = [quote.symbol for quote in quotes]
    with connection.cursor() as cursor:
        sources, prices = [quote.source for quote in quotes], [quote.price for quote in quotes]
        cursor.execute(RECORD_SOURCES, [now, symbols, sources, prices, [quote.as_of for quote in quotes]])
        cursor.execute(LOCK_MARKS, [symbols])
        marks = cursor.fetchall()
        cursor.execute(READ_SOURCES, [symbols])
        said = _said(cursor.fetchall())
    return _mark(said, _standing(said.market_ids, marks), now, limits) if len(said.market_ids) else {}


def _mark(said: Said, standing: Standing, now: datetime, limits: Rules) -> dict[str, Decimal | None]:
    counted = _counted(said, now, limits)
    prices = np.where(counted, said.prices, np.nan)
    majority = rules.find_majority(prices=prices, outlier_max=limits.price_outlier)
    alone = counted.sum(axis=1) == 1
    # Where one source counts, it is the lower and the upper middle itself.
    rows = np.arange(len(alone))
    jumps = rules.judge_jumps(
        marks=standing.prices,
        marked_at=standing.times,
        quotes=said.prices[rows, majority.lower],
        quoted_at=said.times[rows, majority.lower],
        doubted=standing.doubted,
        doubted_at=standing.doubted_at,
        jump_max=limits.price_jump,
        age_max=limits.price_age_max_seconds,
    )
    believed = np.where(alone, jumps.believed, majority.agreed)
    lines = []
    for row in np.flatnonzero(believed).tolist():
        if alone[row]:
            quoted = said.of(row, int(majority.lower[row]))
            price, as_of = standing.exact[row] if jumps.use_doubted[row] else quoted
            source = said.sources[int(majority.lower[row])]
        else:
            price, as_of = _median(said, majority, row)
            source = f"{int(majority.kept[row].sum())} of {int(counted[row].sum())} sources"
        lines.append((int(said.market_ids[row]), price, as_of, source))
    doubts = []
    for row in np.flatnonzero(np.where(alone, jumps.doubt_anew, ~believed)).tolist():
        if alone[row]:
            price, at = said.of(row, int(majority.lower[row]))
            doubts.append((int(said.market_ids[row]), Mark.Doubt.JUMP.value, price, at))
        else:
            price, _ = said.of(row, int(np.nanargmax(prices[row])))
            doubts.append((int(said.market_ids[row]), Mark.Doubt.DISAGREEMENT.value, price, now))
    with connection.cursor() as cursor:
        for statement, found in ((BELIEVE, lines), (DOUBT, doubts)):
            if found:
                cursor.execute(statement, [list(column) for column in zip(*found, strict=True)])
    medians = {market_id: price for market_id, price, _, _ in lines}
    several = said.market_ids[~alone].tolist()
    return {said.symbols[market_id]: medians.get(market_id) for market_id in several}


def _counted(said: Said, now: datetime, limits: Rules) -> BoolArray:
    """Return which prices count (M, S): the fresh ones, and where none is, the newest one, which then is old."""
    # A clock that runs ahead of ours is as wrong as a price that is old.
    fresh = np.abs(now.timestamp() - said.times) <= limits.price_age_max_seconds
    newest = np.zeros_like(fresh)
    newest[np.arange(len(fresh)), np.nanargmax(said.times, axis=1)] = True
    return np.asarray(np.where(fresh.any(axis=1, keepdims=True), fresh, newest), dtype=np.bool_)


def _median(said: Said, majority: rules.Majority, row: int) -> tuple[Decimal, datetime]:
    """Return the median of those who agree, and the moment at which one of them last said so."""
    lower, _ = said.of(row, int(majority.lower[row]))
    upper, _ = said.of(row, int(majority.upper[row]))
    newest = max(said.of(row, column)[1] for column in np.flatnonzero(majority.kept[row]).tolist())
    return (lower + upper) / 2, newest


def _said(rows: Sequence[tuple[int, str, Decimal, datetime, str]]) -> Said:
    market_ids = np.array(sorted({row[0] for row in rows}), dtype=np.int64)
    sources = tuple(sorted({row[1] for row in rows}))
    place = {market_id: number for number, market_id in enumerate(market_ids.tolist())}
    column = {source: number for number, source in enumerate(sources)}
    prices = np.full((len(market_ids), len(sources)), np.nan)
    times = np.full_like(prices, np.nan)
    exact = {}
    for market_id, source, price, as_of, _ in rows:
        cell = place[market_id], column[source]
        prices[cell], times[cell], exact[cell] = float(price), as_of.timestamp(), (price, as_of)
    symbols = {row[0]: row[4] for row in rows}
    return Said(market_ids=market_ids, symbols=symbols, sources=sources, prices=prices, times=times, exact=exact)


def _standing(
    market_ids: IntArray, marks: Sequence[tuple[int, float, datetime, str, Decimal | None, datetime | None]]
) -> Standing:
    prices, times, doubted, doubted_at = (np.full(len(market_ids), np.nan) for _ in range(4))
    exact = {}
    place = {market_id: number for number, market_id in enumerate(market_ids.tolist())}
    for market_id, price, as_of, doubt, doubted_price, since in marks:
        if market_id not in place:
            continue
        row = place[market_id]
        prices[row], times[row] = price, as_of.timestamp()
        # Only a jump waits for its own next quote; a disagreement ends when the sources agree.
        if doubt == Mark.Doubt.JUMP and doubted_price is not None and since is not None:
            doubted[row], doubted_at[row], exact[row] = float(doubted_price), since.timestamp(), (doubted_price, since)
    return Standing(prices=prices, times=times, doubted=doubted, doubted_at=doubted_at, exact=exact)
