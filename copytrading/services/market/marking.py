"""
From what the sources say to the marks: the median of those that agree, or no change and a doubt.

Any number of feeds may record at once: each writes the prices of its own sources, then whoever holds the lock of the
marks judges by everything that is there. The rules are in engine/market/marks.py.

A leap that is confirmed waits for people, see doubts.py. What is back where it was within a minute was a wick after
all; what stays longer is not ended by any price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from django.db import connection

from accounts.transactions import in_transaction
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.market import marks as rules
from copytrading.engine.rules import Rules
from copytrading.exchange.markets import Quote
from copytrading.models import Mark
from copytrading.queries.rules import platform_rules
from copytrading.services.market import doubts

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
    SELECT mark.market_id, mark.price::float8, mark.as_of, mark.doubt, mark.doubted_price, mark.doubted_at,
        market.status = 'SUSPENDED' OR coalesce(market.status_since > mark.as_of, false)
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
        doubted_at = CASE WHEN line.doubt <> 'JUMP' AND mark.doubt = line.doubt THEN mark.doubted_at
            ELSE line.doubted_at END
    FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::timestamptz[])
        AS line(market_id, doubt, price, doubted_at)
    WHERE mark.market_id = line.market_id
"""


# A wick is over by then, on a market that stays the same.
RETURNS_WITHIN_SECONDS = 60.0

# A line of BELIEVE, and one of DOUBT.
BelievedLine = tuple[int, Decimal, datetime, str]
DoubtLine = tuple[int, str, Decimal, datetime]


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
    """
    The marks as they are (M,), NaN where there is none; times in seconds. `exact` is the doubt as it was quoted.

    `for_people` says which wait for a verdict, since `waiting_since`, and `was_suspended` which markets were suspended
    at any time since their mark.
    """

    prices: FloatArray
    times: FloatArray
    doubted: FloatArray
    doubted_at: FloatArray
    exact: dict[int, tuple[Decimal, datetime]]
    for_people: dict[int, str]
    waiting_since: FloatArray
    was_suspended: BoolArray

    @property
    def waits(self) -> BoolArray:
        return np.isfinite(self.waiting_since)


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


@dataclass(frozen=True, kw_only=True)
class Judged:
    """
    What becomes of each market (M,): its price is `believed`, or it has `leapt` and people have to say, or is doubted.

    `alone`: one source counts. `agreed`: somebody says something that nobody contradicts. `use_doubted`: the price that
    was doubted before is meant.
    """

    alone: BoolArray
    agreed: BoolArray
    believed: BoolArray
    use_doubted: BoolArray
    doubt_anew: BoolArray
    leapt: BoolArray
    is_factor: BoolArray


def _mark(said: Said, standing: Standing, now: datetime, limits: Rules) -> dict[str, Decimal | None]:
    counted = _counted(said, now, limits)
    prices = np.where(counted, said.prices, np.nan)
    majority = rules.find_majority(prices=prices, outlier_max=limits.price_outlier)
    judged = _judge(said, standing, majority, alone=counted.sum(axis=1) == 1, now=now, limits=limits)
    found = {row: _price(said, majority, counted, judged, row) for row in np.flatnonzero(judged.agreed).tolist()}
    lines: list[BelievedLine] = []
    for row in np.flatnonzero(judged.believed).tolist():
        price, as_of, source = found[row]
        if judged.use_doubted[row]:
            price, as_of = standing.exact[row]
        lines.append((int(said.market_ids[row]), price, as_of, source))
    doubted = _doubts(said, standing, judged, prices, found, now)
    with connection.cursor() as cursor:
        for statement, written in ((BELIEVE, lines), (DOUBT, doubted)):
            if written:
                cursor.execute(statement, [list(column) for column in zip(*written, strict=True)])
    doubts.note_doubts(market_ids=said.market_ids[judged.leapt & ~standing.waits].tolist(), now=now)
    doubts.note_returns(market_ids=said.market_ids[judged.believed & standing.waits].tolist(), now=now)
    several = np.flatnonzero(~judged.alone).tolist()
    return {said.symbols[int(said.market_ids[row])]: found[row][0] if row in found else None for row in several}


def _judge(
    said: Said, standing: Standing, majority: rules.Majority, *, alone: BoolArray, now: datetime, limits: Rules
) -> Judged:
    # Where one source counts, it is the lower and the upper middle itself.
    rows = np.arange(len(alone))
    lower, upper = said.prices[rows, majority.lower], said.prices[rows, majority.upper]
    told = np.where(majority.agreed, (lower + upper) / 2, np.nan)

    def leaps(of: FloatArray) -> rules.Leaps:
        return rules.judge_leaps(
            marks=standing.prices,
            prices=of,
            was_suspended=standing.was_suspended,
            jump_max=limits.price_jump,
            leap_max=limits.price_leap,
        )

    jumps = rules.judge_jumps(
        marks=standing.prices,
        marked_at=standing.times,
        quotes=lower,
        quoted_at=said.times[rows, majority.lower],
        doubted=standing.doubted,
        doubted_at=standing.doubted_at,
        jump_max=limits.price_jump,
        age_max=limits.price_age_max_seconds,
        leapt=leaps(lower).any,
    )
    use_doubted = alone & jumps.use_doubted
    accepted = np.where(alone, jumps.believed, majority.agreed)
    leap = leaps(np.where(use_doubted, standing.doubted, told))
    soon = now.timestamp() - standing.waiting_since <= RETURNS_WITHIN_SECONDS
    returned = standing.waits & soon & rules.is_near(told, standing.prices, limits.price_jump) & ~leap.any
    leapt = accepted & leap.any & ~standing.waits
    believed = np.where(standing.waits, returned, accepted & ~leapt)
    return Judged(
        alone=alone,
        agreed=majority.agreed,
        believed=believed,
        use_doubted=use_doubted & believed,
        doubt_anew=np.where(alone, jumps.doubt_anew, ~majority.agreed) & ~standing.waits & ~leapt,
        leapt=leapt | (standing.waits & ~returned & majority.agreed),
        is_factor=leap.factor,
    )


def _price(
    said: Said, majority: rules.Majority, counted: BoolArray, judged: Judged, row: int
) -> tuple[Decimal, datetime, str]:
    """Return what those who agree say of a market, when, and who they are."""
    if judged.alone[row]:
        price, as_of = said.of(row, int(majority.lower[row]))
        return price, as_of, said.sources[int(majority.lower[row])]
    price, as_of = _median(said, majority, row)
    return price, as_of, f"{int(majority.kept[row].sum())} of {int(counted[row].sum())} sources"


def _doubts(
    said: Said,
    standing: Standing,
    judged: Judged,
    prices: FloatArray,
    found: dict[int, tuple[Decimal, datetime, str]],
    now: datetime,
) -> list[DoubtLine]:
    lines: list[DoubtLine] = []
    for row in np.flatnonzero(judged.leapt).tolist():
        new = Mark.Doubt.REDENOMINATION if judged.is_factor[row] else Mark.Doubt.SUSPENSION
        lines.append((int(said.market_ids[row]), standing.for_people.get(row, new.value), found[row][0], now))
    for row in np.flatnonzero(judged.doubt_anew).tolist():
        if judged.alone[row]:
            lines.append((int(said.market_ids[row]), Mark.Doubt.JUMP.value, *found[row][:2]))
        else:
            price, _ = said.of(row, int(np.nanargmax(prices[row])))
            lines.append((int(said.market_ids[row]), Mark.Doubt.DISAGREEMENT.value, price, now))
    return lines


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
    market_ids: IntArray, marks: Sequence[tuple[int, float, datetime, str, Decimal | None, datetime | None, bool]]
) -> Standing:
    prices, times, doubted, doubted_at, waiting_since = (np.full(len(market_ids), np.nan) for _ in range(5))
    was_suspended = np.zeros(len(market_ids), dtype=np.bool_)
    exact, for_people = {}, {}
    place = {market_id: number for number, market_id in enumerate(market_ids.tolist())}
    for market_id, price, as_of, doubt, doubted_price, since, suspended in marks:
        if market_id not in place:
            continue
        row = place[market_id]
        prices[row], times[row], was_suspended[row] = price, as_of.timestamp(), suspended
        # Only a jump waits for its own next quote; a disagreement ends when the sources agree.
        if doubt == Mark.Doubt.JUMP and doubted_price is not None and since is not None:
            doubted[row], doubted_at[row], exact[row] = float(doubted_price), since.timestamp(), (doubted_price, since)
        if doubt in Mark.FOR_PEOPLE and since is not None:
            for_people[row], waiting_since[row] = doubt, since.timestamp()
    return Standing(
        prices=prices,
        times=times,
        doubted=doubted,
        doubted_at=doubted_at,
        exact=exact,
        for_people=for_people,
        waiting_since=waiting_since,
        was_suspended=was_suspended,
    )
