"""
What happened to one copy on one day (UTC), step by step, each step with the row that it is:

    cycle → order → fills of the venue → the copy's own share → the journal, with its lines on the copy's account
    and between them adjustments, money in and out, profit shares, corrections, notices

A step belongs to the moment it was booked or noted at; an order to that of its cycle. A day of very many steps is cut,
and says so: the tables have all of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import Asset, Journal
from copytrading.engine.rules import Rules
from copytrading.models import Adjustment, Copy, CopyFlow, Correction, Fill, Notice, Order, ProfitShare, SyncCycle
from copytrading.queries.happened.activity import adjustment_receipt, told
from copytrading.queries.happened.sentences import Sentence, sentence_of
from copytrading.queries.market.board import cash_asset
from copytrading.queries.money import account_books
from copytrading.queries.money.statement_books import ORDER_KEY
from copytrading.queries.operating.copy_story import begin_of
from copytrading.queries.rules import platform_rules

STEPS_MAX = 200
# A cycle is over in seconds, and after a long halt in days; what one that began earlier books is here as its journal.
CYCLE_DAYS_MAX = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a journal on the copy's account: signed units of an asset, and what there was of it afterwards."""

    asset: Asset
    units: int
    balance_units: int


@dataclass(frozen=True, kw_only=True)
class JournalStep:
    """A journal with its lines on the copy's account; `correction` is what operators asked for, where it books one."""

    journal: Journal
    lines: tuple[Line, ...]
    correction: Correction | None = None

    @property
    def at(self) -> datetime:
        return self.journal.posted_at

    @property
    def order_id(self) -> int | None:
        """Return the order that it books, None where it books none."""
        number = self.journal.idempotency_key.removeprefix(ORDER_KEY)
        return int(number) if number != self.journal.idempotency_key and number.isdigit() else None


@dataclass(frozen=True, kw_only=True)
class Share:
    """The copy's own share of an order, signed: base units, quote units, and the fees in either."""

    id: int
    quantity_units: int
    value_units: int
    fee_units: int
    fee_base_units: int


@dataclass(frozen=True, kw_only=True)
class OrderStep:
    """An order that the copy takes part in, with what it wanted (signed base units) and what it got."""

    order: Order
    wish_units: int
    fills: tuple[Fill, ...]
    share: Share | None
    journals: tuple[JournalStep, ...]

    @property
    def average_price(self) -> Decimal | None:
        """Return what the copy's own share cost for one coin, in quote currency; None where it got nothing."""
        if self.share is None or not self.share.quantity_units:
            return None
        places = self.order.market.base.decimals - self.order.market.quote.decimals
        return (Decimal(abs(self.share.value_units)) / abs(self.share.quantity_units)).scaleb(places)

    @property
    def off_mid_fraction(self) -> float | None:
        """Return how much worse than the mid the copy traded, as a fraction of it; below zero it was better."""
        price = self.average_price
        if price is None or self.share is None or not self.order.price_mid:
            return None
        way = 1 if self.share.quantity_units > 0 else -1
        return way * (float(price / self.order.price_mid) - 1)


@dataclass(frozen=True, kw_only=True)
class AdjustmentStep:
    """Where the plan was not what was wished for, in the words that the follower reads."""

    adjustment: Adjustment
    sentence: Sentence


@dataclass(frozen=True, kw_only=True)
class NoticeStep:
    """What the follower was told, in the words of it."""

    notice: Notice
    sentence: Sentence


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    What happened at one moment. A cycle has orders and adjustments; everything else is one row, and its journal.

    Just one of `cycle`, `flow`, `profit_share`, `journal`, `notice` and `adjustment` is there.
    """

    at: datetime
    cycle: SyncCycle | None = None
    orders: tuple[OrderStep, ...] = ()
    adjustments: tuple[AdjustmentStep, ...] = ()
    flow: CopyFlow | None = None
    profit_share: ProfitShare | None = None
    journal: JournalStep | None = None
    notice: NoticeStep | None = None
    adjustment: AdjustmentStep | None = None

    @property
    def kind(self) -> str:
        """Return what this step is, by the name of what it has."""
        kinds = ("cycle", "flow", "profit_share", "journal", "notice", "adjustment")
        return next(kind for kind in kinds if getattr(self, kind) is not None)


@dataclass(frozen=True, kw_only=True)
class Chain:
    """All that happened on a day, oldest first. `cut` names what there was more of than is shown."""

    steps: tuple[Step, ...]
    cut: tuple[str, ...]


def chain_of(copy: Copy, *, day: date) -> Chain:
    """
    Return what happened to a copy on a day; nine statements at most, whatever happened.

    :param copy: with its lead.
    """
    begins_at = begin_of(day)
    ends_at = begins_at + timedelta(days=1)
    cut: list[str] = []
    rules = platform_rules()
    orders = _upto(
        "orders",
        account_books.orders_of(copy)
        .filter(
            Q(planned_at__gte=begins_at, planned_at__lt=ends_at) | Q(booked_at__gte=begins_at, booked_at__lt=ends_at),
            cycle__opened_at__gte=begins_at - CYCLE_DAYS_MAX,
            cycle__opened_at__lt=ends_at,
        )
        .select_related("cycle", "market__base", "market__quote")
        .order_by("pk"),
        cut,
    )
    adjustments = _adjustments(copy, begins_at, ends_at, cut, rules)
    journals = _journals(copy, begins_at, ends_at, cut)
    steps = [
        *_cycles(copy, orders, adjustments, journals),
        *(Step(at=one.adjustment.noted_at, adjustment=one) for one in adjustments if one.adjustment.cycle_id is None),
        *_flows(copy, begins_at, ends_at, cut),
        *_profit_shares(copy, begins_at, ends_at, cut),
        *_notices(copy, begins_at, ends_at, cut, rules),
    ]
    shown = {order.pk for order in orders}
    steps += [Step(at=one.at, journal=one) for one in journals if one.order_id not in shown]
    return Chain(steps=tuple(sorted(steps, key=attrgetter("at"))), cut=tuple(cut))


def _upto(name: str, rows: QuerySet[Any], cut: list[str]) -> list[Any]:
    """Return the first rows of a day, and note by its name what there is more of."""
    found = list(rows[: STEPS_MAX + 1])
    if len(found) > STEPS_MAX:
        cut.append(name)
    return found[:STEPS_MAX]


def _cycles(
    copy: Copy, orders: Sequence[Order], adjustments: Sequence[AdjustmentStep], journals: Sequence[JournalStep]
) -> Iterable[Step]:
    """Yield the cycles that the copy has a part in, with its orders and adjustments of each."""
    ids = [order.pk for order in orders]
    fills: dict[int, list[Fill]] = {}
    for fill in Fill.objects.filter(order__in=ids).select_related("fee_other_asset").order_by("executed_at", "pk"):
        fills.setdefault(fill.order_id, []).append(fill)
    shares = {
        row.order_id: Share(
            id=row.pk,
            quantity_units=row.quantity_units,
            value_units=row.value_units,
            fee_units=row.fee_units,
            fee_base_units=row.fee_base_units,
        )
        for row in account_books.fills_of(copy.ledger_account_id).filter(order__in=ids)
    }
    cycles = {order.cycle_id: order.cycle for order in orders if order.cycle is not None}
    cycles |= {one.adjustment.cycle_id: one.adjustment.cycle for one in adjustments if one.adjustment.cycle is not None}
    for cycle_id, cycle in cycles.items():
        assert cycle is not None, "only cycles that are there were taken"
        yield Step(
            at=cycle.opened_at,
            cycle=cycle,
            orders=tuple(
                OrderStep(
                    order=order,
                    wish_units=order.wish,  # type: ignore[attr-defined]
                    fills=tuple(fills.get(order.pk, ())),
                    share=shares.get(order.pk),
                    journals=tuple(journal for journal in journals if journal.order_id == order.pk),
                )
                for order in orders
                if order.cycle_id == cycle_id
            ),
            adjustments=tuple(one for one in adjustments if one.adjustment.cycle_id == cycle_id),
        )


def _adjustments(
    copy: Copy, begins_at: datetime, ends_at: datetime, cut: list[str], rules: Rules
) -> list[AdjustmentStep]:
    found = told(Adjustment.objects.filter(copy=copy, noted_at__gte=begins_at, noted_at__lt=ends_at))
    rows = _upto("adjustments", found.select_related("copy__lead", "asset", "cycle").order_by("pk"), cut)
    cash = cash_asset()
    return [
        AdjustmentStep(adjustment=row, sentence=adjustment_receipt(row, cash, rules=rules).sentence) for row in rows
    ]


def _journals(copy: Copy, begins_at: datetime, ends_at: datetime, cut: list[str]) -> list[JournalStep]:
    account = copy.ledger_account_id
    lines = account_books.movements_of(account).filter(
        journal__posted_at__gte=begins_at, journal__posted_at__lt=ends_at
    )
    rows = _upto("lines of journals", lines.select_related("journal", "asset").order_by("journal_id", "pk"), cut)
    corrections = {
        row.journal_id: row for row in Correction.objects.filter(journal__in=[row.journal_id for row in rows])
    }
    return [
        JournalStep(
            journal=own[0].journal,
            lines=tuple(Line(asset=row.asset, units=row.units, balance_units=row.balance_units) for row in own),
            correction=corrections.get(journal_id),
        )
        for journal_id, group in groupby(rows, key=attrgetter("journal_id"))
        for own in [list(group)]
    ]


def _flows(copy: Copy, begins_at: datetime, ends_at: datetime, cut: list[str]) -> Iterable[Step]:
    found = account_books.flows_of(copy).filter(moved_at__gte=begins_at, moved_at__lt=ends_at).order_by("pk")
    return (Step(at=flow.moved_at, flow=flow) for flow in _upto("money in and out", found, cut))


def _profit_shares(copy: Copy, begins_at: datetime, ends_at: datetime, cut: list[str]) -> Iterable[Step]:
    found = account_books.profit_shares_of(copy).filter(settled_at__gte=begins_at, settled_at__lt=ends_at)
    rows = _upto("profit shares", found.order_by("pk"), cut)
    return (Step(at=row.settled_at, profit_share=row) for row in rows)


def _notices(copy: Copy, begins_at: datetime, ends_at: datetime, cut: list[str], rules: Rules) -> Iterable[Step]:
    found = Notice.objects.filter(copy=copy, noted_at__gte=begins_at, noted_at__lt=ends_at)
    rows = _upto("notices", found.select_related("copy__lead", "lead_notice", "lead", "asset").order_by("pk"), cut)
    return (
        Step(at=row.noted_at, notice=NoticeStep(notice=row, sentence=sentence_of(row, rules=rules))) for row in rows
    )
