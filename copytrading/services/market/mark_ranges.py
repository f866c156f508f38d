"""
The least and the most that was said of each market in some seconds, while somebody's account elsewhere is looked at.

A trade elsewhere was made at some price since the last look, not at the one that stands now. What the sources said is
enough to tell that it may have been a trade; to value anything it is not, so doubted prices are in the range too, as
long as they are within twice and half of the mark.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from copytrading.exchange.markets import Quote

# A range is of so many seconds, and one before a look belongs to it too: the price it stood at came then.
STEP = timedelta(seconds=10)
KEPT = timedelta(hours=1)

# A price within the range that stands writes nothing.
WIDEN = """
    INSERT INTO copytrading_markrange AS stands (market_id, began_at, low, high)
    SELECT mark.market_id, date_bin(make_interval(secs => %(step)s), %(now)s, 'epoch'),
        min(line.price)::float8, max(line.price)::float8
    FROM unnest(%(symbols)s::text[], %(prices)s::numeric[]) AS line(symbol, price)
    JOIN copytrading_market AS market ON market.symbol = line.symbol AND market.status <> 'DELISTED'
    JOIN copytrading_mark AS mark ON mark.market_id = market.id
    WHERE line.price BETWEEN mark.price / 2 AND mark.price * 2
        AND EXISTS (SELECT FROM copytrading_linkedaccount WHERE status <> 'REVOKED')
    GROUP BY mark.market_id ORDER BY mark.market_id
    ON CONFLICT (market_id, began_at) DO UPDATE
    SET low = least(stands.low, excluded.low), high = greatest(stands.high, excluded.high)
    WHERE excluded.low < stands.low OR excluded.high > stands.high
"""

# What is older than the ranges is told by the closes of the hours.
READ = """
    SELECT market_id, min(low), max(high) FROM (
        SELECT market_id, low, high FROM copytrading_markrange WHERE began_at > %(from)s
        UNION ALL SELECT market_id, close, close FROM copytrading_pricebar WHERE closed_at > %(from)s
    ) AS seen GROUP BY market_id
"""


class Range(NamedTuple):
    """Quote currency for one coin."""

    low: float
    high: float


def widen(*, quotes: Sequence[Quote], now: datetime) -> None:
    """Take new prices into the ranges of this moment. In the caller's transaction, marks taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            WIDEN,
            {
                "step": STEP.total_seconds(),
                "now": now,
                "symbols": [quote.symbol for quote in quotes],
                "prices": [quote.price for quote in quotes],
            },
        )


def ranges_since(since: datetime) -> dict[int, Range]:
    """Return what was said of each market since a moment, by its id; without those of which nothing was."""
    with connection.cursor() as cursor:
        cursor.execute(READ, {"from": since - 2 * STEP})
        return {market_id: Range(low, high) for market_id, low, high in cursor.fetchall()}


def drop_ranges(*, now: datetime) -> int:
    """Drop the ranges that no look needs any more, and return how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM copytrading_markrange WHERE began_at <= %s", [now - KEPT])
        return cursor.rowcount
