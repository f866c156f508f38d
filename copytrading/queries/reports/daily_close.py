"""
The close of a day that is over, UTC: what everybody had at its last moment, what each lead made, what was paid.

Balances are those of the ledger at that moment, to the unit: what is posted now less what was posted since. Results
are read between two records of worth, and money that moved between the same two is no result: a day without a record
at its very beginning or end says so by its times.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Asset, Journal, LedgerAccount
from copytrading.engine.units import coins
from copytrading.models import Lead
from copytrading.queries.market.board import cash_asset
from copytrading.queries.money.past_prices import NewUnits, PastPrice, load_new_units, past_prices
from copytrading.queries.reports.tables import Cell, LeadName, Table

Kind = LedgerAccount.Kind
# What is owed, in the order of the table; on the other side stands what was entrusted to the venue.
OWED = (Kind.MAIN, Kind.LEAD, Kind.COPY, Kind.OWN, Kind.FEES, Kind.DUST, Kind.SUSPENSE, Kind.UNASSIGNED)
LABELS = ("people", "leads", "copies", "on own accounts", "fees", "platform (dust)", "suspense", "unassigned")

# What each kind of account had of each asset at a moment, by one look at the books.
STOOD = """
    SELECT line.kind, line.asset_id, sum(line.units) FROM (
        SELECT account.kind, balance.asset_id, balance.posted AS units FROM accounts_balance AS balance
        JOIN accounts_ledgeraccount AS account ON account.id = balance.ledger_account_id
        UNION ALL
        SELECT account.kind, posting.asset_id, -posting.units FROM accounts_journal AS journal
        JOIN accounts_posting AS posting ON posting.journal_id = journal.id
        JOIN accounts_ledgeraccount AS account ON account.id = posting.ledger_account_id
        WHERE journal.posted_at >= %s
    ) AS line GROUP BY 1, 2 HAVING sum(line.units) <> 0
"""
# By kind of journal: how many, and the cash that came to (positive) or went from people and platform.
MOVED = """
    SELECT journal.kind, count(DISTINCT journal.id),
        coalesce(sum(posting.units) FILTER (WHERE account.kind IN ('MAIN', 'LEAD', 'COPY', 'OWN')), 0),
        coalesce(sum(posting.units) FILTER (WHERE account.kind = 'FEES'), 0),
        coalesce(sum(posting.units) FILTER (WHERE account.kind IN ('DUST', 'SUSPENSE', 'UNASSIGNED')), 0)
    FROM accounts_journal AS journal
    LEFT JOIN accounts_posting AS posting ON posting.journal_id = journal.id AND posting.asset_id = %s
    LEFT JOIN accounts_ledgeraccount AS account ON account.id = posting.ledger_account_id
    WHERE journal.posted_at >= %s AND journal.posted_at < %s
    GROUP BY journal.kind ORDER BY journal.kind
"""
# The two records between which a lead's day is read: the last at its beginning, or else its first, and its last. Once
# for the lead, once for the copies, which not every record has.
RECORDS = """
    SELECT lead.id, began.recorded_at, began.equity_units, began.unit_price,
        ended.recorded_at, ended.equity_units, ended.unit_price
    FROM copytrading_lead AS lead
    CROSS JOIN LATERAL (
        SELECT * FROM copytrading_leadrecord AS record
        WHERE record.lead_id = lead.id AND record.recorded_at < %(ends_at)s {given}
        ORDER BY record.recorded_at DESC LIMIT 1
    ) AS ended
    CROSS JOIN LATERAL (
        (SELECT * FROM copytrading_leadrecord AS record
        WHERE record.lead_id = lead.id AND record.recorded_at < %(begins_at)s {given}
        ORDER BY record.recorded_at DESC LIMIT 1)
        UNION ALL
        (SELECT * FROM copytrading_leadrecord AS record
        WHERE record.lead_id = lead.id AND record.recorded_at >= %(begins_at)s {given}
        ORDER BY record.recorded_at LIMIT 1)
        ORDER BY recorded_at LIMIT 1
    ) AS began
    WHERE ended.recorded_at >= %(begins_at)s
"""
LEADS_RECORDS = RECORDS.format(given="")
COPIES_RECORDS = RECORDS.format(given="AND record.following_units IS NOT NULL").replace(
    "equity_units", "following_units"
)
LEADS_FLOWS = """
    SELECT span.lead_id, sum(flow.units) FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[])
        AS span(lead_id, since, until)
    JOIN copytrading_leadflow AS flow ON flow.lead_id = span.lead_id
        AND flow.moved_at > span.since AND flow.moved_at <= span.until
    GROUP BY 1
"""
# What moved between copies and their followers, coins that could be sold nowhere among it.
COPIES_FLOWS = """
    SELECT span.lead_id, posting.asset_id, journal.posted_at, sum(posting.units)
    FROM accounts_journal AS journal
    JOIN accounts_posting AS posting ON posting.journal_id = journal.id
    JOIN accounts_ledgeraccount AS account ON account.id = posting.ledger_account_id AND account.kind = 'COPY'
    JOIN unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS span(lead_id, since, until)
        ON span.lead_id = account.guard AND journal.posted_at > span.since AND journal.posted_at <= span.until
    JOIN copytrading_copy AS copy ON copy.ledger_account_id = account.id AND NOT copy.is_reference
    WHERE journal.kind IN ('COPY_START', 'COPY_INCREASE', 'COPY_REDUCE', 'COPY_PAYOUT')
        AND journal.posted_at > %s AND journal.posted_at < %s
    GROUP BY 1, 2, 3
"""
SHARES = """
    SELECT copy.lead_id, sum(share.share_units), sum(share.platform_units) FROM copytrading_profitshare AS share
    JOIN copytrading_copy AS copy ON copy.id = share.copy_id
    WHERE share.settled_at >= %s AND share.settled_at < %s GROUP BY 1
"""
# Of each lead, and without a lead of people's own orders: how many were booked, how many of them filled, what for.
ORDERS = """
    SELECT cycle.lead_id, count(*), count(*) FILTER (WHERE placed.filled_units > 0), sum(placed.value_units),
        sum(placed.fee_units), sum(trunc(placed.fee_base_units / 10::numeric ^ base.decimals * placed.price_mid
            * 10::numeric ^ %s))
    FROM copytrading_order AS placed
    JOIN copytrading_market AS market ON market.id = placed.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    LEFT JOIN copytrading_synccycle AS cycle ON cycle.id = placed.cycle_id
    WHERE placed.booked_at >= %s AND placed.booked_at < %s AND placed.quantity_units > 0
    GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class Span:
    """What somebody's worth was between two records, in units of cash; `unit_price` of a lead alone means something."""

    since: datetime
    worth_before: int
    price_before: float
    until: datetime
    worth_after: int
    price_after: float


def is_over(day: date, *, now: datetime) -> bool:
    """Return whether a UTC day is over."""
    return day < now.astimezone(UTC).date()


def daily_close(day: date) -> tuple[Table, ...]:
    """Return the tables of a day that is over: balances, leads, movements. Fourteen statements, whatever happened."""
    begins_at = datetime.combine(day, time.min, UTC)
    ends_at = begins_at + timedelta(days=1)
    cash, new_units = cash_asset(), load_new_units()
    stood = {(Kind(kind), asset_id): int(units) for kind, asset_id, units in _rows(STOOD, [ends_at])}
    assets = {asset.pk: asset for asset in Asset.objects.order_by("symbol")}
    prices = past_prices(
        [(asset_id, ends_at) for asset_id in assets if asset_id != cash.pk],
        cash_id=cash.pk,
        seen=(),
        new_units=new_units,
    )
    return (
        _balances(stood, assets, {asset_id: price for (asset_id, _), price in prices.items()}, cash),
        _leads(begins_at, ends_at, assets, cash, new_units),
        _movements(begins_at, ends_at, cash),
    )


def _balances(
    stood: dict[tuple[LedgerAccount.Kind, int], int],
    assets: dict[int, Asset],
    prices: dict[int, PastPrice],
    cash: Asset,
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for asset_id, asset in assets.items():
        owed = [stood.get((kind, asset_id), 0) for kind in OWED]
        custody = -sum(stood.get((kind, asset_id), 0) for kind in LedgerAccount.COUNTERPARTIES)
        if not any(owed) and not custody:
            continue
        price = prices.get(asset_id)
        value = custody if asset_id == cash.pk else None
        if price is not None:
            value = price.value_units(custody, decimals=asset.decimals, cash_decimals=cash.decimals)
        figures = [coins(units, asset.decimals) for units in (*owed, sum(owed), custody, custody - sum(owed))]
        rows.append(
            (
                asset.symbol, *figures,
                Decimal(1) if asset_id == cash.pk else price.price if price else None,
                None if value is None else coins(value, cash.decimals),
            )
        )  # fmt: skip
    return Table(
        name="balances",
        title="Balances at the close",
        columns=("coin", *LABELS, "owed in all", "custody", "difference", "close", f"value, {cash.symbol}"),
        rows=rows,
        note="Custody is what was entrusted to the venue; it is all that is owed. The close is the last hourly one.",
    )


def _leads(begins_at: datetime, ends_at: datetime, assets: dict[int, Asset], cash: Asset, new_units: NewUnits) -> Table:
    leads = dict(Lead.objects.exclude(status=Lead.Status.APPLIED).order_by("name", "pk").values_list("pk", "name"))
    own = _spans(LEADS_RECORDS, begins_at, ends_at)
    following = _spans(COPIES_RECORDS, begins_at, ends_at)
    own_flows = {lead_id: int(units) for lead_id, units in _rows(LEADS_FLOWS, _columns(own))}
    copy_flows = _copy_flows(following, ends_at, assets, cash, new_units)
    shares = {row[0]: row[1:] for row in _rows(SHARES, [begins_at, ends_at])}
    orders = {row[0]: row[1:] for row in _rows(ORDERS, [cash.decimals, begins_at, ends_at])}
    rows: list[tuple[Cell, ...]] = []
    named: dict[int | None, LeadName | str] = {pk: LeadName(id=pk, name=name) for pk, name in leads.items()}
    if None in orders:
        named[None] = "people's own orders"
    for lead_id, name in named.items():
        if lead_id not in own and lead_id not in following and lead_id not in orders and lead_id not in shares:
            continue
        share, platform = shares.get(lead_id, (0, 0))
        placed, filled, value, fee, fee_in_coins = orders.get(lead_id, (0, 0, 0, 0, 0))
        money = [coins(units, cash.decimals) for units in (share, platform, value, fee, fee_in_coins)]
        rows.append(
            (
                name,
                *_result(own.get(lead_id), own_flows.get(lead_id, 0), cash, with_return=True),
                *_result(following.get(lead_id), copy_flows.get(lead_id, 0), cash),
                *money[:2], int(placed), int(filled), *money[2:],
            )
        )  # fmt: skip
    return Table(
        name="leads",
        title="Results by lead",
        columns=(
            "lead", "from", "worth before", "moved in", "result", "worth after", "until", "return, %",
            "copies from", "copies before", "copies moved in", "copies' result", "copies after", "copies until",
            "profit share paid", "of it the platform's", "orders", "filled", "volume", "venue fees",
            "venue fees in coins, value",
        ),
        rows=rows,
        note=f"In {cash.symbol}. A result is what the worth changed by between two records, without money that moved.",
    )  # fmt: skip


def _movements(begins_at: datetime, ends_at: datetime, cash: Asset) -> Table:
    labels = dict(Journal.Kind.choices)
    rows: list[tuple[Cell, ...]] = [
        (str(labels[kind]), int(count), *(coins(units, cash.decimals) for units in sums))
        for kind, count, *sums in _rows(MOVED, [cash.pk, begins_at, ends_at])
    ]
    return Table(
        name="movements",
        title="What was booked",
        columns=("kind", "journals", "cash to people", "cash to the fees account", "cash to dust and suspense"),
        rows=rows,
        note=f"In {cash.symbol}, net of what went; a minus sign is what left them.",
    )


def _spans(statement: str, begins_at: datetime, ends_at: datetime) -> dict[int | None, Span]:
    return {
        lead_id: Span(
            since=since,
            worth_before=before,
            price_before=price_before,
            until=until,
            worth_after=after,
            price_after=price_after,
        )
        for lead_id, since, before, price_before, until, after, price_after in _rows(
            statement, {"begins_at": begins_at, "ends_at": ends_at}
        )
    }


def _columns(spans: dict[int | None, Span]) -> list[Any]:
    return [list(spans), [span.since for span in spans.values()], [span.until for span in spans.values()]]


def _copy_flows(
    spans: dict[int | None, Span], ends_at: datetime, assets: dict[int, Asset], cash: Asset, new_units: NewUnits
) -> dict[int | None, int]:
    earliest = min((span.since for span in spans.values()), default=ends_at)
    moved = _rows(COPIES_FLOWS, [*_columns(spans), earliest, ends_at])
    prices = past_prices(
        [(asset_id, at) for _, asset_id, at, _ in moved if asset_id != cash.pk],
        cash_id=cash.pk,
        seen=(),
        new_units=new_units,
    )
    flows: dict[int | None, int] = {}
    for lead_id, asset_id, at, units in moved:
        value = int(units)
        if asset_id != cash.pk:
            price = prices.get((asset_id, at))
            decimals = assets[asset_id].decimals
            value = price.value_units(value, decimals=decimals, cash_decimals=cash.decimals) if price else 0
        flows[lead_id] = flows.get(lead_id, 0) + value
    return flows


def _result(span: Span | None, flow: int, cash: Asset, *, with_return: bool = False) -> tuple[Cell, ...]:
    if span is None:
        return (None,) * (7 if with_return else 6)
    figures = (span.worth_before, flow, span.worth_after - span.worth_before - flow, span.worth_after)
    cells: tuple[Cell, ...] = (span.since, *(coins(units, cash.decimals) for units in figures), span.until)
    if not with_return:
        return cells
    made = span.price_after / span.price_before - 1 if span.price_before else None
    return (*cells, None if made is None else round(Decimal(made * 100), 4))


def _rows(statement: str, arguments: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall()
