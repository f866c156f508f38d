"""
What happened to somebody's copies, as receipts: trades, adjustments and notices in one stream, latest first.

Each of the three is read backwards by its own id, and the stream takes the latest of the three heads. So a cursor is
three ids, and however much is written meanwhile, turning the page shows nothing twice and leaves nothing out.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BigIntegerField, Exists, F, Func, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext

from accounts.models import Asset, User
from copytrading.engine.rules import Rules
from copytrading.models import Adjustment, Allocation, Copy, Notice, Order
from copytrading.queries.copies.own import copies_of
from copytrading.queries.happened.sentences import Sentence, adjustment_sentence, sentence_of, trade_sentence
from copytrading.queries.market.board import cash_asset
from copytrading.queries.rules import platform_rules

TRADE, ADJUSTMENT, NOTICE = "trade", "adjustment", "notice"
KINDS = (TRADE, ADJUSTMENT, NOTICE)
NEVER_SHOWN = 2**63 - 1


class CursorUnreadable(ValueError):
    """The cursor is not one that a page of receipts gave out."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One thing that happened to one copy. `code` is BUY or SELL, an adjustment's reason, or a notice's kind."""

    kind: str
    id: int
    copy_id: int
    lead_name: str
    code: str
    at: datetime
    sentence: Sentence


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """The last id shown of each kind; the page goes on below them."""

    trade_id: int = NEVER_SHOWN
    adjustment_id: int = NEVER_SHOWN
    notice_id: int = NEVER_SHOWN

    def __str__(self) -> str:
        packed = struct.pack(">3q", self.trade_id, self.adjustment_id, self.notice_id)
        return base64.urlsafe_b64encode(packed).decode()

    @staticmethod
    def parse(text: str) -> "Cursor":
        """
        Return the cursor that a page gave out; an empty text is the top of the stream.

        :raises CursorUnreadable: if it is anything else.
        """
        if not text:
            return Cursor()
        try:
            ids = struct.unpack(">3q", base64.b64decode(text.encode(), altchars=b"-_", validate=True))
        except (struct.error, binascii.Error, UnicodeEncodeError) as error:
            raise CursorUnreadable(gettext("This page of the activity does not exist.")) from error
        return Cursor(trade_id=ids[0], adjustment_id=ids[1], notice_id=ids[2])


@dataclass(frozen=True, kw_only=True)
class ReceiptPage:
    """Receipts, latest first, and the cursor of the next page; None at the end."""

    receipts: tuple[Receipt, ...]
    next_cursor: Cursor | None


class _Row(Protocol):
    pk: int


def receipts_of(
    user: User,
    *,
    copy_id: int | None = None,
    kinds: Sequence[str] = KINDS,
    cursor: Cursor | None = None,
    count: int = 20,
) -> ReceiptPage:
    """
    Return what happened to a person's copies, or to one of them, latest first.

    At most four statements with work in them, whatever the number of copies and receipts.
    """
    copies = copies_of(user) if copy_id is None else copies_of(user).filter(pk=copy_id)
    cursor = cursor or Cursor()
    below = {TRADE: cursor.trade_id, ADJUSTMENT: cursor.adjustment_id, NOTICE: cursor.notice_id}
    # One more than is shown, to know whether there is a next page.
    heads = {
        kind: _Heads(rows(copies, below[kind], count + 1), time_of) for kind, rows, time_of in _STREAMS if kind in kinds
    }
    taken: list[tuple[str, Any]] = []
    while len(taken) < count and any(heads.values()):
        kind = max((kind for kind in heads if heads[kind]), key=lambda kind: heads[kind].time)
        taken.append((kind, heads[kind].take()))
        below[kind] = taken[-1][1].pk
    return ReceiptPage(
        receipts=tuple(_receipts(taken, platform_rules())),
        next_cursor=Cursor(trade_id=below[TRADE], adjustment_id=below[ADJUSTMENT], notice_id=below[NOTICE])
        if any(heads.values())
        else None,
    )


class _Heads:
    """A stream of rows whose first one can be looked at before it is taken."""

    def __init__(self, rows: Iterable[Any], time_of: Callable[[Any], datetime]) -> None:
        self._rows = list(rows)[::-1]
        self._time_of = time_of

    def __bool__(self) -> bool:
        return bool(self._rows)

    @property
    def time(self) -> datetime:
        return self._time_of(self._rows[-1])

    def take(self) -> _Row:
        row: _Row = self._rows.pop()
        return row


def _latest_ids(copies: QuerySet[Copy], rows: QuerySet[Any], count: int) -> list[int]:
    """Return the highest ids among some copies' rows: a few for each copy by its index, then the best of those."""
    found = copies.order_by().values_list(ArraySubquery(rows.order_by("-id").values("id")[:count]), flat=True)
    return sorted((row_id for ids in found for row_id in ids), reverse=True)[:count]


def _trades(copies: QuerySet[Copy], below: int, count: int) -> QuerySet[Allocation]:
    rows = Allocation.objects.filter(ledger_account=OuterRef("ledger_account"), id__lt=below)
    lead_account = F("ledger_account__copy__lead__ledger_account_id")
    return (
        Allocation.objects.filter(id__in=_latest_ids(copies, rows, count))
        .select_related("order__market__base", "ledger_account__copy__lead")
        # The arrays of an order name thousands of participants: the database counts them, and looks up the lead.
        .defer("order__participant_ids", "order__wish_units")
        .annotate(
            participants=F("order__participant_ids__len"),
            lead_wish=_WishOf(
                F("order__wish_units"), Func(F("order__participant_ids"), lead_account, function="array_position")
            ),
        )
        .order_by("-id")
    )


def _adjustments(copies: QuerySet[Copy], below: int, count: int) -> QuerySet[Adjustment]:
    rows = Adjustment.objects.filter(copy=OuterRef("pk"), id__lt=below)
    return told(Adjustment.objects.filter(id__in=_latest_ids(copies, rows, count))).order_by("-id")


def told(adjustments: QuerySet[Adjustment]) -> QuerySet[Adjustment]:
    """Return adjustments with what their sentences say: copy, lead, coin, the side, whether the rest was taken over."""
    orders = Order.objects.filter(cycle=OuterRef("cycle"), market__base=OuterRef("asset")).order_by("-id")
    takeovers = Notice.objects.filter(
        copy=OuterRef("copy"),
        asset=OuterRef("asset"),
        kind=Notice.Kind.REST_TAKEN_OVER,
        noted_at__gte=OuterRef("noted_at"),
    )
    return adjustments.select_related("copy__lead", "asset").annotate(
        side=Subquery(orders.values("side")[:1]), is_taken_over=Exists(takeovers)
    )


def _notices(copies: QuerySet[Copy], below: int, count: int) -> QuerySet[Notice]:
    rows = Notice.objects.filter(copy=OuterRef("pk"), id__lt=below)
    found = Notice.objects.filter(id__in=_latest_ids(copies, rows, count))
    return found.select_related("copy__lead", "lead_notice", "asset").order_by("-id")


def _traded_at(row: Allocation) -> datetime:
    order = row.order
    return order.booked_at or order.planned_at


_STREAMS: tuple[tuple[str, Callable[[QuerySet[Copy], int, int], QuerySet[Any]], Callable[[Any], datetime]], ...] = (
    # Of the same moment, a notice says what came of the trades, so it counts as the later one.
    (NOTICE, _notices, lambda row: row.noted_at),
    (ADJUSTMENT, _adjustments, lambda row: row.noted_at),
    (TRADE, _trades, _traded_at),
)


class _WishOf(Func):
    """The element of the first array at the place that the second expression gives; null where that is null."""

    template = "(%(expressions)s]"
    arg_joiner = ")["
    output_field = BigIntegerField()


def _receipts(taken: Sequence[tuple[str, Any]], rules: Rules) -> Iterable[Receipt]:
    cash = cash_asset()
    makers: dict[str, Callable[[Any, Asset], Receipt]] = {
        TRADE: _trade_receipt,
        ADJUSTMENT: partial(adjustment_receipt, rules=rules),
        NOTICE: partial(_notice_receipt, rules=rules),
    }
    return [makers[kind](row, cash) for kind, row in taken]


def _trade_receipt(row: Allocation, cash: Asset) -> Receipt:
    copy, market = row.ledger_account.copy, row.order.market
    lead_wish = row.lead_wish  # type: ignore[attr-defined]
    sentence = trade_sentence(
        lead_name=copy.lead.name,
        symbol=market.base.symbol,
        decimals=market.base.decimals,
        cash_decimals=cash.decimals,
        quantity_units=row.quantity_units,
        value_units=row.value_units,
        fee_units=row.fee_units,
        lead_traded=lead_wish is not None and lead_wish * row.quantity_units > 0,
        followers=row.participants - (lead_wish is not None),  # type: ignore[attr-defined]
    )
    code = "BUY" if row.quantity_units > 0 else "SELL"
    return _receipt(TRADE, row, copy, code, _traded_at(row), sentence)


def adjustment_receipt(row: Adjustment, cash: Asset, *, rules: Rules) -> Receipt:
    """Return the receipt of an adjustment that was read as `told`."""
    sentence = adjustment_sentence(
        reason=row.reason,
        copy=row.copy,
        symbol=row.asset.symbol,
        side=row.side,  # type: ignore[attr-defined]
        cash_symbol=cash.symbol,
        cash_decimals=cash.decimals,
        wanted_units=row.wanted_value_units,
        planned_units=row.planned_value_units,
        rules=rules,
        is_taken_over=row.is_taken_over and row.side != Order.Side.BUY,  # type: ignore[attr-defined]
    )
    return _receipt(ADJUSTMENT, row, row.copy, row.reason, row.noted_at, sentence)


def _notice_receipt(row: Notice, cash: Asset, *, rules: Rules) -> Receipt:
    sentence = sentence_of(row, rules=rules)
    assert row.copy is not None, "what happened to copies is about one of them"
    return _receipt(NOTICE, row, row.copy, row.kind, row.noted_at, sentence)


def _receipt(kind: str, row: _Row, copy: Copy, code: str, at: datetime, sentence: Sentence) -> Receipt:
    return Receipt(kind=kind, id=row.pk, copy_id=copy.pk, lead_name=copy.lead.name, code=code, at=at, sentence=sentence)
