"""
What happened to a person's copies, in an order in which a stream can go on where it was cut.

Ids are given out before their transaction commits, so a row with a lower id may appear after one with a higher one.
What a stream goes by is therefore the number of the transaction that wrote a row:

    place      (transaction, kind, id) of the last thing that was told
    frontier   the oldest transaction that is still writing: all before it are over, and nothing joins them any more
    next       the rows with place < (transaction, kind, id), and a transaction before the frontier, in that order

The rows below the frontier are a closed set in one order: nothing is told twice and nothing is left out, however often
and wherever it is cut. What is written waits for the oldest writer, which is milliseconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext

from accounts.models import User
from copytrading.queries.copies.own import copies_of
from copytrading.queries.happened.activity import ADJUSTMENT, KINDS, NOTICE, TRADE

# A stream that was away for longer is told to read everything anew.
REMEMBERED = timedelta(days=7)
# No transaction here is open for so long: what is written after a place was dated no longer before it.
OPEN_FOR_MAX = timedelta(days=1)
AFTER_EVERYTHING = "~"
ORDER = "order"

# A row keeps the lower half of its transaction's number; the upper one is that of now, or one less. A notice, which is
# read and spread later, keeps the whole number in a column.
_WRITTEN_BY = """
    SELECT kind, id, CASE WHEN kind = 'notice' THEN half WHEN half <= top.low THEN top.high + half
        ELSE top.high - 4294967296 + half END AS written_by
    FROM (
        {rows}
    ) AS rows, (
        SELECT latest & 4294967295 AS low, latest - (latest & 4294967295) AS high
        FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS latest) AS counted
    ) AS top
"""
_ROWS = {
    TRADE: """
        SELECT 'trade' AS kind, row.id, row.xmin::text::bigint AS half
        FROM copytrading_allocation AS row
        JOIN copytrading_order AS parent ON parent.id = row.order_id
        WHERE row.ledger_account_id = ANY(%(accounts)s) AND parent.planned_at >= %(since)s
    """,
    ADJUSTMENT: """
        SELECT 'adjustment' AS kind, row.id, row.xmin::text::bigint AS half
        FROM copytrading_adjustment AS row
        WHERE row.copy_id = ANY(%(copies)s) AND row.noted_at >= %(since)s
    """,
    NOTICE: """
        SELECT 'notice' AS kind, row.id, row.transaction_id AS half
        FROM copytrading_notice AS row
        WHERE row.copy_id = ANY(%(copies)s) AND row.noted_at >= %(since)s
    """,
}
# For whoever is told outside: all notices of the person, and each order at its end. An order is not touched after it is
# booked; should it ever be, it comes a second time under the same id.
_ROWS_OUTSIDE = {
    TRADE: """
        SELECT 'trade' AS kind, row.id, row.xmin::text::bigint AS half
        FROM copytrading_allocation AS row
        JOIN copytrading_order AS parent ON parent.id = row.order_id
        WHERE row.ledger_account_id = ANY(%(accounts)s) AND parent.booked_at >= %(since)s
    """,
    ORDER: """
        SELECT 'order' AS kind, row.id, row.xmin::text::bigint AS half
        FROM copytrading_order AS row
        JOIN copytrading_synccycle AS cycle ON cycle.id = row.cycle_id
        WHERE row.booked_at >= %(since)s AND cycle.lead_id = ANY(%(leads)s)
            AND row.participant_ids && %(accounts)s::bigint[]
    """,
    ADJUSTMENT: _ROWS[ADJUSTMENT],
    NOTICE: """
        SELECT 'notice' AS kind, row.id, row.transaction_id AS half
        FROM copytrading_notice AS row
        WHERE row.user_id = %(user)s AND row.kind = ANY(%(notice_kinds)s) AND row.noted_at >= %(since)s
    """,
}
_NEXT = """
    SELECT kind, id, written_by FROM ({written}) AS found
    WHERE (written_by, kind, id) > (%(transaction)s, %(kind)s, %(id)s)
        AND written_by < pg_snapshot_xmin(pg_current_snapshot())::text::bigint
    ORDER BY written_by, kind, id LIMIT %(count)s
"""


class PlaceUnreadable(ValueError):
    """This is no place that a stream has told."""


@dataclass(frozen=True, order=True)
class Place:
    """Where a stream is: the transaction, kind and id of what was told last."""

    transaction: int
    kind: str = ""
    id: int = 0

    def __str__(self) -> str:
        return f"{self.transaction}.{self.kind}.{self.id}"

    @staticmethod
    def parse(text: str) -> "Place":
        """
        Return the place that a stream told.

        :raises PlaceUnreadable: if it is none.
        """
        parts = text.split(".")
        numbers = [part for part in (parts[0], parts[-1]) if part.isascii() and part.isdigit() and len(part) < 19]
        if len(parts) != 3 or len(numbers) != 2 or parts[1] not in (*KINDS, AFTER_EVERYTHING):
            raise PlaceUnreadable(gettext("This is no id of an event of this stream; leave it out to begin now."))
        return Place(int(parts[0]), parts[1], int(parts[2]))


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One thing that happened, by the kind and the id of its row, and the place after it."""

    kind: str
    id: int
    place: Place


def place_now() -> Place:
    """Return the place after everything that is over now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (frontier,) = cursor.fetchone()
    return Place(int(frontier) - 1, AFTER_EVERYTHING, 0)


def happened_after(
    user: User, place: Place, *, kinds: Sequence[str], now: datetime, count: int = 200
) -> list[Happening]:
    """Return what happened to a person's copies after a place, in order; two statements for any number of copies."""
    copies = list(copies_of(user).values_list("pk", "ledger_account_id"))
    if not copies or not kinds:
        return []
    asked: dict[str, Any] = {
        "copies": [copy_id for copy_id, _ in copies],
        "accounts": [account_id for _, account_id in copies],
        "since": now - REMEMBERED,
    }
    return _next([_ROWS[kind] for kind in KINDS if kind in kinds], asked, place=place, count=count)


def happened_outside(
    user: User,
    place: Place,
    *,
    kinds: Sequence[str],
    notice_kinds: Sequence[str],
    dated_at: datetime,
    now: datetime,
    count: int = 200,
) -> tuple[list[Happening], Place]:
    """
    Return what is to be told outside after a place, in order, and the place to go on from.

    :param kinds: of TRADE, ORDER and ADJUSTMENT. :param notice_kinds: the kinds of notices, about copies or not.
    :param dated_at: when the place was true.
    """
    # Before the rows are read: what is below it is over now, so they hold all of that.
    frontier = place_now()
    if place.transaction > frontier.transaction:
        # Of a place that is not there yet the database was put back to an earlier day.
        return [], frontier
    copies = list(copies_of(user).values_list("pk", "ledger_account_id", "lead_id"))
    asked: dict[str, Any] = {
        "copies": [copy_id for copy_id, _, _ in copies],
        "accounts": [account_id for _, account_id, _ in copies],
        "leads": list({lead_id for _, _, lead_id in copies}),
        "user": user.pk,
        "notice_kinds": list(notice_kinds),
        "since": max(min(now, dated_at) - OPEN_FOR_MAX, now - REMEMBERED),
    }
    wanted = [kind for kind in (TRADE, ORDER, ADJUSTMENT) if kind in kinds] if copies else []
    if notice_kinds:
        wanted.append(NOTICE)
    found = _next([_ROWS_OUTSIDE[kind] for kind in wanted], asked, place=place, count=count) if wanted else []
    if len(found) == count:
        return found, found[-1].place
    return found, max([frontier, *(happening.place for happening in found)])


def _next(rows: Sequence[str], asked: dict[str, Any], *, place: Place, count: int) -> list[Happening]:
    """Return the first rows after a place that nothing can join any more."""
    after = {"transaction": place.transaction, "kind": place.kind, "id": place.id, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(_NEXT.format(written=_WRITTEN_BY.format(rows=" UNION ALL ".join(rows))), asked | after)
        found = cursor.fetchall()
    return [Happening(kind=kind, id=id_, place=Place(written_by, kind, id_)) for kind, id_, written_by in found]
