"""What is kept of a lead's past: each change of the account, and the hourly closes of the coins that were in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from accounts.database import bulk_rows
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.replay.recorded_path import MONEY, Move
from copytrading.models import Lead, Market
from copytrading.queries.market import recounts

# Money first: what is paid in may be spent in the same second.
MOVES = f"""
    SELECT extract(epoch FROM moved_at)::bigint, market_id, units, cash_units, value_units, is_flow
    FROM (
        SELECT moved_at, 0::bigint AS market_id, 0::bigint AS units, flow.units AS cash_units, 0::bigint AS value_units,
            true AS is_flow, id
        FROM copytrading_leadflow AS flow WHERE flow.lead_id = %s
        UNION ALL
        SELECT traded_at, coalesce(market_id, 0), units, cash_units, abs(cash_units), false, id
        FROM copytrading_observedtrade WHERE lead_id = %s
        UNION ALL
        SELECT cycle_order.booked_at, cycle_order.market_id,
            round(allocation.quantity_units * {recounts.FACTOR.format(order="cycle_order")})::bigint,
            allocation.value_units - allocation.fee_units, abs(allocation.value_units), false, allocation.id
        FROM copytrading_allocation AS allocation
        JOIN copytrading_order AS cycle_order ON cycle_order.id = allocation.order_id
        WHERE allocation.ledger_account_id = %s AND allocation.quantity_units <> 0
            AND cycle_order.booked_at IS NOT NULL
    ) AS move
    WHERE moved_at <= coalesce(%s::timestamptz, 'infinity')
    ORDER BY moved_at, market_id <> 0, id
"""

BARS = """
    SELECT market_id, extract(epoch FROM closed_at)::bigint, close FROM copytrading_pricebar
    WHERE market_id = ANY(%s) AND closed_at BETWEEN %s AND coalesce(%s::timestamptz, 'infinity') ORDER BY closed_at
"""

LAST_BAR = """
    SELECT coalesce(extract(epoch FROM max(closed_at)), 0)::bigint FROM copytrading_pricebar
    WHERE closed_at <= coalesce(%s::timestamptz, 'infinity')
"""

RECORD_KEY = """
    SELECT (
            SELECT coalesce(extract(epoch FROM max(closed_at)), 0)::bigint FROM copytrading_pricebar
            WHERE closed_at <= coalesce(%s::timestamptz, 'infinity')
        ),
        (SELECT coalesce(max(id), 0) FROM copytrading_leadflow WHERE lead_id = %s),
        (SELECT coalesce(max(id), 0) FROM copytrading_observedtrade WHERE lead_id = %s),
        (SELECT coalesce(max(id), 0) FROM copytrading_allocation WHERE ledger_account_id = %s),
        (SELECT count(*) FROM copytrading_coinverdict WHERE done_at IS NOT NULL)
"""


@dataclass(frozen=True, kw_only=True)
class Account:
    """
    A lead's account: `moves` in order of time, by place in `symbols` (A,).

    `price_units` (A,) are the quote units that one unit of each coin is worth at a price of 1.
    """

    symbols: tuple[str, ...]
    market_ids: tuple[int, ...]
    price_units: FloatArray
    moves: tuple[Move, ...]


@dataclass(frozen=True, kw_only=True)
class Closes:
    """`closes` (T, A) at `times` (T,) in seconds of UTC, NaN where a market has none."""

    times: IntArray
    closes: FloatArray


def account_of(lead: Lead, *, until: datetime | None) -> Account:
    """Return everything that moved a lead's account up to a time, here or where it was only looked at."""
    times, markets, units, cash_units, value_units, are_flows = bulk_rows.read_columns(
        MOVES, [lead.pk, lead.pk, lead.ledger_account_id, until], types=["bigint"] * 5 + ["boolean"]
    )
    traded = Market.objects.filter(pk__in=np.unique(markets).tolist()).select_related("base", "quote").order_by("pk")
    rows = list(traded)
    places = {row.pk: place for place, row in enumerate(rows)} | {0: MONEY}
    # A past that was made elsewhere ends where the lead first brings money here.
    has_past = bool(len(markets)) and bool(markets[0] == 0) and not are_flows[0]
    begins_here = int(are_flows.argmax()) if has_past and are_flows.any() else -1
    return Account(
        symbols=tuple(row.base.symbol for row in rows),
        market_ids=tuple(row.pk for row in rows),
        price_units=np.array([10.0 ** (row.quote.decimals - row.base.decimals) for row in rows]),
        moves=tuple(
            Move(
                time=time,
                asset=places[market],
                units=unit,
                cash_units=cash,
                value=float(value),
                is_start=position == begins_here,
            )
            for position, (time, market, unit, cash, value) in enumerate(
                zip(
                    times.tolist(),
                    markets.tolist(),
                    units.tolist(),
                    cash_units.tolist(),
                    value_units.tolist(),
                    strict=True,
                )
            )
        ),
    )


def closes_of(market_ids: Sequence[int], *, since: datetime, until: datetime | None) -> Closes:
    """Return the hourly closes of markets (A,) since a time, and up to another."""
    markets, seconds, values = bulk_rows.read_columns(
        BARS, [list(market_ids), since, until], types=["bigint", "bigint", "double precision"]
    )
    times, rows = np.unique(seconds, return_inverse=True)
    closes = np.full((len(times), len(market_ids)), np.nan)
    place = {market: column for column, market in enumerate(market_ids)}
    closes[rows, np.array([place[market] for market in markets.tolist()], dtype=np.int64)] = values
    return Closes(times=times, closes=closes)


def last_bar_time(*, until: datetime | None) -> int:
    """Return when the last hour of any market closed by a time, in seconds of UTC; 0 before the first."""
    return int(bulk_rows.read_columns(LAST_BAR, [until], types=["bigint"])[0][0])


def record_key(lead: Lead, *, until: datetime | None) -> str:
    """
    Return what changes when a lead's record goes on: the last hour closed by a time, how many moves there are, and the
    time itself, so that an answer from more of the record is never one for somebody who may see less of it.
    """
    hour, flows, observed, traded, judged = bulk_rows.read_columns(
        RECORD_KEY, [until, lead.pk, lead.pk, lead.ledger_account_id], types=["bigint"] * 5
    )
    seen = "all" if until is None else int(until.timestamp())
    return f"{hour[0]}-{flows[0]}-{observed[0]}-{traded[0]}-{judged[0]}-{seen}"
