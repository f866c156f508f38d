"""The rows that receipts tell of, for those who want figures and not sentences: three statements for any page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from copytrading.models import Adjustment, Allocation, Notice
from copytrading.queries import activity
from copytrading.queries.activity import Receipt


@dataclass(frozen=True, kw_only=True)
class ReceiptRow:
    """A receipt with the one row that it tells of; the other two are None."""

    receipt: Receipt
    trade: Allocation | None = None
    adjustment: Adjustment | None = None
    notice: Notice | None = None


def with_rows(receipts: Iterable[Receipt]) -> list[ReceiptRow]:
    """Return receipts with their rows, in the order in which they came."""
    shown = list(receipts)
    rows: dict[str, dict[int, Any]] = {kind: _rows(kind, shown) for kind in activity.KINDS}
    return [ReceiptRow(receipt=receipt, **{receipt.kind: rows[receipt.kind].get(receipt.id)}) for receipt in shown]


def _rows(kind: str, receipts: Iterable[Receipt]) -> dict[int, Any]:
    ids = [receipt.id for receipt in receipts if receipt.kind == kind]
    if not ids:
        return {}
    if kind == activity.TRADE:
        found: Any = Allocation.objects.select_related("order__market__base", "order__market__quote")
        found = found.defer("order__participant_ids", "order__wish_units")
    elif kind == activity.ADJUSTMENT:
        found = Adjustment.objects.select_related("asset")
    else:
        found = Notice.objects.select_related("asset", "lead_notice")
    return {row.pk: row for row in found.filter(pk__in=ids)}
