"""Bitcoin as the yardstick: its daily closes, beside which leads are looked at."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from copytrading.engine.arrays import FloatArray
from copytrading.queries.rules import cash_symbol

BITCOIN = "BTC"

# The last close of each step. Steps end now, as those of a lead's curve do; they begin with what step -1 ended in.
CLOSES = """
    SELECT DISTINCT ON (step) step, close FROM (
        SELECT bar.closed_at, bar.close,
            floor(extract(epoch FROM bar.closed_at - %(begins_at)s) / %(step_seconds)s)::int AS step
        FROM copytrading_pricebar AS bar
        JOIN copytrading_market AS market ON market.id = bar.market_id
        JOIN accounts_asset AS base ON base.id = market.base_id
        JOIN accounts_asset AS quote ON quote.id = market.quote_id
        WHERE base.symbol = %(coin)s AND quote.symbol = %(cash)s
            AND bar.closed_at > %(begins_at)s - interval '1 day' AND bar.closed_at <= %(now)s
    ) AS placed
    ORDER BY step, closed_at DESC
"""

CURVE = """
    SELECT bar.closed_at, bar.close FROM copytrading_pricebar AS bar
    JOIN copytrading_market AS market ON market.id = bar.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    JOIN accounts_asset AS quote ON quote.id = market.quote_id
    WHERE base.symbol = %s AND quote.symbol = %s AND bar.closed_at BETWEEN %s - interval '2 hours' AND %s
    ORDER BY bar.closed_at
"""
CURVE_POINTS = 300


def bitcoin_curve(*, begins_at: datetime, ends_at: datetime) -> list[tuple[datetime, float]]:
    """Return what Bitcoin made over a span as (time, percent), oldest first, from hourly closes; empty without them."""
    with connection.cursor() as cursor:
        cursor.execute(CURVE, [BITCOIN, cash_symbol(), begins_at, ends_at])
        bars: list[tuple[datetime, float]] = cursor.fetchall()
    if len(bars) < 2:
        return []
    first = bars[0][1]
    shown = bars[:: max(len(bars) // CURVE_POINTS, 1)]
    if shown[-1] != bars[-1]:
        shown.append(bars[-1])
    return [(max(closed_at, begins_at), (close / first - 1) * 100) for closed_at, close in shown]


def bitcoin_closes(*, days: int, now: datetime) -> FloatArray:
    """
    Return the closes of Bitcoin at even steps of a day up to now, oldest first: (days + 1,) or fewer, none without it.

    A day without a bar keeps the close before it.
    """
    parameters: dict[str, Any] = {
        "begins_at": now - timedelta(days=days),
        "step_seconds": 86_400,
        "coin": BITCOIN,
        "cash": cash_symbol(),
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLOSES, parameters)
        rows = cursor.fetchall()
    if not rows:
        return np.empty(0)
    steps, closes = np.array([step for step, _ in rows]), np.array([close for _, close in rows])
    return np.asarray(closes[np.searchsorted(steps, np.arange(steps[0], days), side="right") - 1])
