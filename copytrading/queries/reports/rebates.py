"""
What exchanges pay back: the fees of trades that came under our broker's tag, by day, exchange and market.

A day is that of the trade, in UTC, as exchanges reckon it; a trade that was told late counts on its own day. A fee is
counted in the coin it was charged in, so one trade may stand in several lines. The rate is what this installation says
of the exchange now (`SMARTSYNC_REBATE_RATES`), and a rebate is that part of the fees of a line, in whole units, the
rest dropped: what the exchange really pays comes as money like any other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import connection

from copytrading.engine.units import coins
from copytrading.queries.market.board import cash_asset
from copytrading.queries.reports.tables import Cell, Table

DAYS_MAX = 92
# Of orders from before it was noted where they go.
NOT_NOTED = "not noted"

IN_THESE_DAYS = "fill.executed_at >= %(begins_at)s AND fill.executed_at < %(ends_at)s"
FEES = f"""
    SELECT (fill.executed_at AT TIME ZONE 'UTC')::date, placed.exchange, market.symbol, coin.symbol, coin.decimals,
        sum(fee.units), coalesce(sum(fee.units) FILTER (WHERE placed.broker_tag <> ''), 0)
    FROM copytrading_fill AS fill
    JOIN copytrading_order AS placed ON placed.id = fill.order_id
    JOIN copytrading_market AS market ON market.id = placed.market_id
    CROSS JOIN LATERAL (VALUES (market.quote_id, fill.fee_units), (market.base_id, fill.fee_base_units),
        (fill.fee_other_asset_id, fill.fee_other_units)) AS fee (asset_id, units)
    JOIN accounts_asset AS coin ON coin.id = fee.asset_id
    WHERE {IN_THESE_DAYS} AND fee.units <> 0
    GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4
"""
FILLS = f"""
    SELECT (fill.executed_at AT TIME ZONE 'UTC')::date, placed.exchange, market.symbol,
        count(DISTINCT placed.id), count(DISTINCT placed.id) FILTER (WHERE placed.broker_tag <> ''),
        count(*), count(*) FILTER (WHERE placed.broker_tag <> ''),
        sum(fill.value_units), coalesce(sum(fill.value_units) FILTER (WHERE placed.broker_tag <> ''), 0)
    FROM copytrading_fill AS fill
    JOIN copytrading_order AS placed ON placed.id = fill.order_id
    JOIN copytrading_market AS market ON market.id = placed.market_id
    WHERE {IN_THESE_DAYS}
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


@dataclass(frozen=True, kw_only=True)
class RebateQuestion:
    """Trades of which UTC days, both included."""

    first_day: date
    last_day: date

    @property
    def arguments(self) -> dict[str, datetime]:
        begins_at = datetime.combine(self.first_day, time.min, UTC)
        return {"begins_at": begins_at, "ends_at": begins_at + (self.last_day - self.first_day + timedelta(days=1))}


@dataclass(frozen=True, kw_only=True)
class FeeLine:
    """The fees of a day in one market of an exchange in one coin, in whole units, and what of them is paid back."""

    day: date
    exchange: str
    market: str
    coin: str
    decimals: int
    units: int
    tagged_units: int
    rate: Decimal | None

    @property
    def rebate_units(self) -> int | None:
        """Return the part that is paid back, the rest of a unit dropped; None where no rate is stated."""
        return None if self.rate is None else int(self.tagged_units * self.rate)


def rebates(question: RebateQuestion) -> tuple[Table, ...]:
    """Return what is paid back, in sum and line by line, and the trades that it is paid for; two statements."""
    lines = fee_lines(question)
    return _totals(lines), _by_market(lines), _trades(question)


def fee_lines(question: RebateQuestion) -> list[FeeLine]:
    """Return the fees, by day, exchange, market and coin."""
    rates: Mapping[str, Decimal] = settings.SMARTSYNC_REBATE_RATES
    with connection.cursor() as cursor:
        cursor.execute(FEES, question.arguments)
        found = cursor.fetchall()
    return [
        FeeLine(
            day=day, exchange=exchange or NOT_NOTED, market=market, coin=coin, decimals=decimals, units=int(units),
            tagged_units=int(tagged), rate=rates.get(exchange),
        )
        for day, exchange, market, coin, decimals, units, tagged in found
    ]  # fmt: skip


def _totals(lines: Iterable[FeeLine]) -> Table:
    sums: dict[tuple[str, str], list[FeeLine]] = {}
    for line in lines:
        sums.setdefault((line.exchange, line.coin), []).append(line)
    rows: list[tuple[Cell, ...]] = []
    for (exchange, coin), own in sorted(sums.items()):
        rate, decimals = own[0].rate, own[0].decimals
        paid_back = None if rate is None else coins(sum(line.rebate_units or 0 for line in own), decimals)
        units, tagged = sum(line.units for line in own), sum(line.tagged_units for line in own)
        rows.append((exchange, coin, coins(units, decimals), coins(tagged, decimals), rate, paid_back))
    return Table(
        name="totals",
        title="By exchange and coin",
        columns=("exchange", "coin", "fees paid", "of them with our tag", "rate", "rebate"),
        rows=rows,
        note="The rate is the one that SMARTSYNC_REBATE_RATES states now; without one nothing is reckoned.",
    )


def _by_market(lines: Iterable[FeeLine]) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for line in lines:
        paid_back = None if line.rebate_units is None else coins(line.rebate_units, line.decimals)
        fees, tagged = coins(line.units, line.decimals), coins(line.tagged_units, line.decimals)
        rows.append((line.day, line.exchange, line.market, line.coin, fees, tagged, line.rate, paid_back))
    return Table(
        name="rebates",
        title="By day, exchange, market and coin",
        columns=("day", "exchange", "market", "coin", "fees paid", "of them with our tag", "rate", "rebate"),
        rows=rows,
        note="Each fee in the coin it was charged in; a rebate in whole units of it, the rest of a unit dropped.",
    )


def _trades(question: RebateQuestion) -> Table:
    cash = cash_asset()
    with connection.cursor() as cursor:
        cursor.execute(FILLS, question.arguments)
        found = cursor.fetchall()
    rows: list[tuple[Cell, ...]] = [
        (
            day, exchange or NOT_NOTED, market, orders, tagged_orders, fills, tagged_fills,
            coins(int(value), cash.decimals), coins(int(tagged_value), cash.decimals),
        )
        for day, exchange, market, orders, tagged_orders, fills, tagged_fills, value, tagged_value in found
    ]  # fmt: skip
    return Table(
        name="fills",
        title="The trades they are paid for",
        columns=(
            "day", "exchange", "market", "orders", "with our tag", "fills", "of orders with our tag", "value",
            "value with our tag",
        ),
        rows=rows,
        note=f"By the day of the trade, UTC; values in {cash.symbol}.",
    )  # fmt: skip
