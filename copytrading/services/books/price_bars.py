"""The close of every market at every hour, kept for looking back."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection

from copytrading.engine.arrays import FloatArray
from copytrading.models import Market, PriceBar

# How long after an hour a mark may still count as its close; later than that the hour has none.
CLOSE_WITHIN = timedelta(minutes=5)

RECORD_BARS = """
    INSERT INTO copytrading_pricebar (market_id, closed_at, close)
    SELECT mark.market_id, %(hour)s, mark.price::double precision
    FROM copytrading_mark AS mark
    WHERE mark.as_of > %(fresh_since)s AND mark.as_of <= %(now)s
        AND NOT EXISTS (
            SELECT FROM copytrading_pricebar AS bar WHERE bar.market_id = mark.market_id AND bar.closed_at >= %(hour)s
        )
    ON CONFLICT DO NOTHING
"""


def record_bars(*, now: datetime) -> int:
    """Write the close of the hour that has just ended for every market with a fresh mark; return how many were new."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    if now - hour > CLOSE_WITHIN:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(RECORD_BARS, {"hour": hour, "fresh_since": hour - CLOSE_WITHIN, "now": now})
        return cursor.rowcount


def write_bars(*, closes: Mapping[str, FloatArray], times: Sequence[datetime]) -> int:
    """Write a past of closes (T,) by symbol at `times` (T,) where there is none yet; return how many there are."""
    markets = dict(Market.objects.values_list("symbol", "pk"))
    rows = [
        (markets[symbol], closed_at, close)
        for symbol, series in closes.items()
        for closed_at, close in zip(times, series.tolist(), strict=True)
    ]
    market_ids, closed_at, values = zip(*rows, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {PriceBar._meta.db_table} (market_id, closed_at, close)"
            " SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::double precision[]) ON CONFLICT DO NOTHING",
            [list(market_ids), list(closed_at), list(values)],
        )
    return len(rows)
