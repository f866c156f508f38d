"""
The figures of the operators' morning page: one function a part, each in one or two statements however much there is.

What is open has an index of its own, and what is over is only counted where it ended within the last day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Max, Min

from copytrading.models import Alarm, Copy, CustodyDifference, Heartbeat, Mark, Order
from copytrading.queries.operating.running import NEEDED, SILENT_AFTER
from copytrading.queries.rules import cash_symbol

DAY, HOUR, QUARTER = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)
# Prices come every second.
PRICES_OLD_AFTER = timedelta(seconds=10)
# The minute's record is written every minute; two that failed are noticed.
MONEY_OLD_AFTER = timedelta(minutes=3)

MONEY = """
    WITH last AS (SELECT * FROM copytrading_moneyundercopy ORDER BY recorded_at DESC LIMIT 1)
    SELECT last.recorded_at, last.copies, last.worth_units, asset.symbol, asset.decimals, held.units,
        CASE WHEN asset.symbol = %(cash)s THEN held.units
            ELSE round(held.units * mark.price * 10::numeric ^ (cash.decimals - asset.decimals)) END::bigint
    FROM last
    CROSS JOIN accounts_asset AS cash
    LEFT JOIN LATERAL unnest(last.asset_ids, last.units) AS held(asset_id, units) ON true
    LEFT JOIN accounts_asset AS asset ON asset.id = held.asset_id
    LEFT JOIN copytrading_market AS market ON market.base_id = asset.id AND market.quote_id = cash.id
    LEFT JOIN copytrading_mark AS mark ON mark.market_id = market.id
    WHERE cash.symbol = %(cash)s
    ORDER BY 7 DESC NULLS LAST, asset.symbol
"""

WORTH = """
    SELECT DISTINCT ON (date_bin('15 minutes', recorded_at, 'epoch')) recorded_at, worth_units
    FROM copytrading_moneyundercopy WHERE recorded_at >= %(since)s AND worth_units IS NOT NULL
    ORDER BY date_bin('15 minutes', recorded_at, 'epoch'), recorded_at DESC
"""

CYCLES = """
    SELECT date_bin('15 minutes', opened_at, %(until)s), count(*), count(*) FILTER (WHERE opened_at > %(hour)s)
    FROM copytrading_synccycle WHERE opened_at > %(since)s AND opened_at <= %(until)s GROUP BY 1
"""

ORDERS_ENDED = """
    SELECT date_bin('15 minutes', booked_at, %(until)s), status, count(*)
    FROM copytrading_order WHERE booked_at > %(since)s AND booked_at <= %(until)s GROUP BY 1, 2
"""

WAITING = """
    SELECT 'Leads that wait for a cycle', count(*), min(sync_wanted_at) FROM copytrading_lead
    WHERE sync_wanted_at IS NOT NULL
    UNION ALL SELECT 'Notices to be spread', count(*), min(noted_at) FROM copytrading_notice WHERE spread_at IS NULL
    UNION ALL SELECT 'E-mails and push to be sent', count(*), min(due_at) FROM copytrading_delivery
    WHERE status IN ('PENDING', 'SENDING')
    UNION ALL SELECT 'Calls of webhooks to be made', count(*), min(due_at) FROM copytrading_webhookdelivery
    WHERE delivered_at IS NULL AND given_up_at IS NULL
"""


@dataclass(frozen=True, kw_only=True)
class HeldCoin:
    """What all copies hold of one coin: in units, and in quote units at the mark; None without a price."""

    symbol: str
    decimals: int
    units: int
    value_units: int | None


@dataclass(frozen=True, kw_only=True)
class Money:
    """What is under copy, as of the last minute's record; `worth_units` is None where a coin had no price then."""

    recorded_at: datetime
    copies: int
    worth_units: int | None
    coins: tuple[HeldCoin, ...]
    is_old: bool


@dataclass(frozen=True, kw_only=True)
class Cycles:
    """Cycles that began: a minute over the last hour, and in each quarter of an hour of the last day."""

    a_minute: float
    by_quarter: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, kw_only=True)
class OrdersInState:
    """How many orders are in one state: open now, with the oldest's time, and of those that ended in the last day."""

    status: str
    label: str
    open: int = 0
    since: datetime | None = None
    ended: int = 0


@dataclass(frozen=True, kw_only=True)
class Orders:
    """Orders by state, and how many ended in each quarter of an hour of the last day."""

    states: tuple[OrdersInState, ...]
    by_quarter: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process by its heartbeat; `beaten_at` is None where one of its kind is needed and none ever beat."""

    name: str
    kind: str
    beaten_at: datetime | None
    is_silent: bool


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits in one of the queues that are columns, and since when the oldest does."""

    title: str
    count: int
    since: datetime | None


def money_under_copy(*, now: datetime) -> Money | None:
    """Return what all copies hold and are worth, in one statement; None where no minute was recorded yet."""
    rows = _rows(MONEY, cash=cash_symbol())
    if not rows:
        return None
    recorded_at, copies, worth_units = rows[0][:3]
    return Money(
        recorded_at=recorded_at,
        copies=copies,
        worth_units=worth_units,
        coins=tuple(
            HeldCoin(symbol=symbol, decimals=decimals, units=units, value_units=value_units)
            for *_, symbol, decimals, units, value_units in rows
            if units
        ),
        is_old=recorded_at < now - MONEY_OLD_AFTER,
    )


def worth_of_the_day(*, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """Return what was under copy in the last day, (time, quote units), one a quarter of an hour, oldest first."""
    return tuple(_rows(WORTH, since=now - DAY))


def copies_by_status() -> tuple[tuple[str, str, int], ...]:
    """Return how many copies of followers live in each status, as (status, in words, how many)."""
    live = Copy.objects.exclude(status=Copy.Status.STOPPED).filter(is_reference=False)
    counted = dict(live.values_list("status").annotate(count=Count("*")).order_by())
    return tuple((status.value, status.label, counted.get(status.value, 0)) for status in Copy.LIVE)


def cycles_of_the_day(*, now: datetime) -> Cycles:
    """Return how many cycles began, in one statement."""
    rows = _rows(CYCLES, since=now - DAY, hour=now - HOUR, until=now)
    return Cycles(
        a_minute=sum(row[2] for row in rows) / (HOUR / timedelta(minutes=1)),
        by_quarter=_by_quarter([row[:2] for row in rows], now=now),
    )


def orders_of_the_day(*, now: datetime) -> Orders:
    """Return the orders by state, those that are open and those that ended within a day, in two statements."""
    open_orders = Order.objects.filter(booked_at__isnull=True).values_list("status")
    waiting = {status: (count, since) for status, count, since in _ages(open_orders, "planned_at")}
    rows = _rows(ORDERS_ENDED, since=now - DAY, until=now)
    ended: dict[str, int] = {}
    for _, status, count in rows:
        ended[status] = ended.get(status, 0) + count
    return Orders(
        states=tuple(
            OrdersInState(
                status=status.value,
                label=str(status.label),
                open=waiting.get(status.value, (0, None))[0],
                since=waiting.get(status.value, (0, None))[1],
                ended=ended.get(status.value, 0),
            )
            for status in Order.Status
        ),
        by_quarter=_by_quarter([(quarter, count) for quarter, _, count in rows], now=now),
    )


def processes(*, now: datetime) -> tuple[Process, ...]:
    """Return all processes by their heartbeats, those that are needed and missing first, in one statement."""
    rows = list(Heartbeat.objects.order_by("kind", "name"))
    known = {row.kind for row in rows}
    missing = [
        Process(name=kind.label, kind=kind.label, beaten_at=None, is_silent=True)
        for kind in NEEDED
        if kind.value not in known
    ]
    beating = [
        Process(
            name=row.name,
            kind=row.get_kind_display(),
            beaten_at=row.beaten_at,
            is_silent=row.beaten_at < now - SILENT_AFTER,
        )
        for row in rows
    ]
    return (*missing, *sorted(beating, key=lambda process: not process.is_silent))


def last_price_at() -> datetime | None:
    """Return the time of the last price of any market; None where there was none."""
    last: datetime | None = Mark.objects.aggregate(last=Max("as_of"))["last"]
    return last


def queues() -> tuple[Waiting, ...]:
    """Return what waits in the queues that are columns, in one statement."""
    return tuple(Waiting(title=title, count=count, since=since) for title, count, since in _rows(WAITING))


def reconciliation() -> tuple[CustodyDifference, ...]:
    """Return how ledger and custody compare by coin, those that differ first, in one statement."""
    rows = CustodyDifference.objects.select_related("asset").order_by("asset__symbol")
    return tuple(sorted(rows, key=lambda row: row.units == 0))


def open_alarms() -> tuple[tuple[str, str, int, datetime], ...]:
    """Return the open alarms by kind, as (kind, in words, how many, since when), the most first, in one statement."""
    rows = _ages(Alarm.objects.filter(cleared_at__isnull=True).values_list("kind"), "raised_at")
    labels = dict(Alarm.Kind.choices)
    return tuple(
        (kind, str(labels.get(kind, kind)), count, since)
        for kind, count, since in sorted(rows, key=lambda row: -row[1])
    )


def _ages(rows: Any, column: str) -> Any:
    """Return rows grouped by what they are listed by, with how many there are and since when."""
    return rows.annotate(count=Count("*"), since=Min(column)).order_by()


def _by_quarter(rows: Sequence[Sequence[Any]], *, now: datetime) -> tuple[tuple[datetime, float], ...]:
    """Return counts for each quarter of an hour of the last day, by where it ends, oldest first; empty ones are 0."""
    counted: dict[datetime, int] = {}
    for begins_at, count in rows:
        counted[begins_at] = counted.get(begins_at, 0) + count
    begins = [now - QUARTER * number for number in range(DAY // QUARTER, 0, -1)]
    return tuple((begin, float(counted.get(begin, 0))) for begin in begins)


def _rows(statement: str, **asked: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()
