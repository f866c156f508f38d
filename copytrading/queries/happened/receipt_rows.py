"""The rows that receipts tell of, for those who want figures and not sentences: three statements for any page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copytrading.models import Adjustment, Allocation, Notice
from copytrading.queries.happened import activity
from copytrading.queries.happened.activity import Receipt


@dataclass(frozen=True, kw_only=True)
class ReceiptRow:
    """A receipt with the one row that it tells of; the other two are None."""

    receipt: Receipt
    trade: Allocation | None = None
    adjustment: Adjustment | None = None
    notice: Notice | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row that something was told by, of its kind; the other two are None."""

    kind: str
    id: int
    # None of a notice that is about no copy.
    copy_id: int | None
    at: datetime
    trade: Allocation | None = None
    adjustment: Adjustment | None = None
    notice: Notice | None = None


def of_ids(named: Sequence[tuple[str, int]]) -> list[Row]:
    """Return the rows of some kinds and ids, in the order in which they were named."""
    rows: dict[str, dict[int, Any]] = {
        kind: _rows_of(kind, [id_ for other, id_ in named if other == kind]) for kind in activity.KINDS
    }
    return [_row(kind, rows[kind][id_]) for kind, id_ in named]


def _row(kind: str, row: Any) -> Row:
    if kind == activity.TRADE:
        copy_id, at = row.ledger_account.copy.pk, row.order.booked_at or row.order.planned_at
    else:
        copy_id, at = row.copy_id, row.noted_at
    return Row(kind=kind, id=row.pk, copy_id=copy_id, at=at, **{kind: row})


def with_rows(receipts: Iterable[Receipt]) -> list[ReceiptRow]:
    """Return receipts with their rows, in the order in which they came."""
    shown = list(receipts)
    rows: dict[str, dict[int, Any]] = {kind: _rows(kind, shown) for kind in activity.KINDS}
    return [ReceiptRow(receipt=receipt, **{receipt.kind: rows[receipt.kind].get(receipt.id)}) for receipt in shown]


def without_rows(receipts: Iterable[Receipt]) -> list[ReceiptRow]:
    """Return receipts alone, for those who want the sentences and no figures."""
    return [ReceiptRow(receipt=receipt) for receipt in receipts]


def _rows(kind: str, receipts: Iterable[Receipt]) -> dict[int, Any]:
    return _rows_of(kind, [receipt.id for receipt in receipts if receipt.kind == kind])


def _rows_of(kind: str, ids: list[int]) -> dict[int, Any]:
    if not ids:
        return {}
    if kind == activity.TRADE:
        found: Any = Allocation.objects.select_related(
            "order__market__base", "order__market__quote", "ledger_account__copy"
        )
        found = found.defer("order__participant_ids", "order__wish_units")
    elif kind == activity.ADJUSTMENT:
        found = Adjustment.objects.select_related("asset")
    else:
        found = Notice.objects.select_related("asset", "lead_notice", "announcement", "lead", "copy__lead")
    return {row.pk: row for row in found.filter(pk__in=ids)}
