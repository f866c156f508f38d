"""
Which rows of a file are trades, each counted once.

    status closed                   all of it was traded
    status canceled                 nothing, or what `filled` says
    status partially_filled         what `filled` says; refused where nothing does
    status done                     refused: a word that is not known may mean either
    trade_id 901, again             counted once
"""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

from copytrading.exchange.prices.cells import to_decimal, to_positive_decimal
from copytrading.exchange.prices.rows import Rows

# The words of exchanges and bots for an order that was traded to its end.
TRADED = ("", "closed", "filled", "fully filled", "fully executed", "executed", "completed", "complete", "success")
# Those for one of which nothing was traded, or only a part: then `filled` says how much.
UNTRADED = (
    "canceled", "cancelled", "expired", "expired_in_match", "rejected", "failed", "error", "open", "new", "live",
    "pending", "pending_new", "pending_cancel", "untriggered", "triggered", "deactivated", "mmp_canceled",
)  # fmt: skip
PARTLY = ("partially_filled", "partiallyfilled", "partially filled", "partiallyfilledcanceled", "partially canceled")
FILLED_COLUMNS = (
    "filled", "filled_quantity", "filled_qty", "filledqty", "executed", "executed_quantity", "executed_qty",
    "executedqty",
)  # fmt: skip
UNFILLED_COLUMN = "remaining"
ID_COLUMNS = (
    "trade_id", "tradeid", "trade id", "fill_id", "fillid", "exec_id", "execid", "execution_id", "transaction_id",
    "txid", "id",
)  # fmt: skip
# What was filled may be written with another last digit than what was ordered.
FILLED_TOLERANCE = Decimal("1.000001")


def traded_rows(rows: Rows) -> tuple[Rows, str]:
    """
    Return the rows of which something was traded, and the name of the column that says how much.

    :raises RecordingError: if a status is unknown, or does not fit what was filled.
    """
    filled = next((name for name in FILLED_COLUMNS if name in rows.columns), "")
    if not {"status", filled, UNFILLED_COLUMN} & set(rows.columns):
        return rows, "quantity"
    amounts = rows.texts_or_blank(filled) if filled else _filled_of_rest(rows)
    parts = [
        _part(rows, place, status.casefold(), amount)
        for place, (status, amount) in enumerate(zip(rows.texts_or_blank("status"), amounts, strict=True))
    ]
    # An amount that is not told is all of it.
    quantities = [part or quantity for part, quantity in zip(parts, rows.texts("quantity"), strict=True)]
    column = len(rows.columns)
    with_part = replace(
        rows,
        columns={**rows.columns, "traded quantity": column},
        cells=[[*row[:column], quantity] for row, quantity in zip(rows.cells, quantities, strict=True)],
        written={**rows.written, "traded quantity": rows.written.get("quantity", "quantity")},
    )
    return with_part.only([part is not None for part in parts]), "traded quantity"


def _filled_of_rest(rows: Rows) -> list[str]:
    """Return how much was filled where a file says how much was not."""
    amounts = []
    for quantity, rest in zip(rows.texts("quantity"), rows.texts_or_blank(UNFILLED_COLUMN), strict=True):
        try:
            amounts.append(f"{to_decimal(quantity) - to_decimal(rest):f}" if rest else "")
        except ValueError:
            amounts.append(rest)
    return amounts


def _part(rows: Rows, place: int, status: str, filled: str) -> str | None:
    """Return how much of a row was traded: nothing (None), a part as `filled` says, or all of it (empty)."""
    if status not in (*TRADED, *UNTRADED, *PARTLY):
        raise rows.refusal(
            place,
            f"The status {status!r} is unknown, so nobody knows whether it was traded. "
            "Write closed for what was, canceled for what was not.",
        )
    if not filled:
        if status in PARTLY:
            raise rows.refusal(
                place, "A part of it was traded, and no column `filled` says how much. Add the quantity that was."
            )
        return None if status in UNTRADED else ""
    try:
        part, whole = to_decimal(filled), to_positive_decimal(rows.texts("quantity")[place])
    except ValueError:
        part, whole = None, Decimal(0)
    if part == 0 and (status in UNTRADED or "status" not in rows.columns):
        return None
    if part is None or not 0 < part <= whole * FILLED_TOLERANCE:
        raise rows.refusal(
            place,
            f"It is {status or 'traded'}, of {rows.texts('quantity')[place].strip()} {filled} were filled: that cannot "
            "be. Correct the row.",
        )
    return filled


def without_repetitions(rows: Rows) -> Rows:
    """
    Return each trade once that has an id, and say which stood there again.

    Who has no id may really have traded twice alike: that is told, and counts.

    :raises RecordingError: if one id stands for two trades.
    """
    column = next((name for name in ID_COLUMNS if name in rows.columns), None)
    if column is None or not any(rows.texts_or_blank(column)):
        return _warned_of_twins(rows)
    seen: dict[tuple[str, ...], int] = {}
    kept, repeated = [True] * len(rows), []
    said = [rows.texts(name) for name in ("ts", "quantity", "price")]
    # Exchanges count each pair, and each side of it, by itself.
    keys = zip(rows.texts("symbol"), rows.texts("side"), rows.texts(column), strict=True)
    for place, key in enumerate(keys):
        if not key[-1].strip():
            continue
        first = seen.setdefault(key, place)
        if first == place:
            continue
        if any(texts[first] != texts[place] for texts in said):
            raise rows.refusal(
                place,
                f"{rows.written.get(column, column)} {key[-1]!r} stands in line {rows.lines[first]} too, with another "
                "time, quantity or price. Keep one of the two, or leave out the column if it numbers something else.",
            )
        kept[place] = False
        repeated.append(rows.lines[place])
    if not repeated:
        return rows
    return rows.only(kept).warned(
        f"line {repeated[0]} repeats a trade by its {rows.written.get(column, column)}"
        f"{f', and {len(repeated) - 1} more do' if len(repeated) > 1 else ''}: each counts once."
    )


def _warned_of_twins(rows: Rows) -> Rows:
    counts = Counter(map(tuple, rows.cells))
    twins = [place for place, row in enumerate(rows.cells) if counts[tuple(row)] > 1]
    if not twins:
        return rows
    more = sum(count - 1 for count in counts.values())
    first = next(place for place in twins[1:] if rows.cells[place] == rows.cells[twins[0]])
    return rows.warned(
        f"line {rows.lines[first]} says the same as line {rows.lines[twins[0]]}"
        f"{f', and {more - 1} more such lines follow' if more > 1 else ''}: all are counted. "
        "Remove them if the file was joined from parts that overlap."
    )
