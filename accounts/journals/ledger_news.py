"""
What was booked since one looked last, for whoever keeps balances in memory beside the ledger.

Ids of journals are drawn before they are committed, so a higher id is no later news. A journal keeps the id of its
transaction instead, and a snapshot of PostgreSQL knows the oldest transaction that was still going on: whatever it does
not show yet belongs to that one or to a later one. So a `Place` is that transaction, and the journals of it and of
later ones that were there already.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from accounts.database import bulk_rows
from accounts.models import Journal

JOURNALS = """
    SELECT snapshot.oldest_id, journal.id, journal.transaction_id, journal.kind
    FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest_id) AS snapshot
    LEFT JOIN accounts_journal AS journal ON journal.transaction_id >= {first_id}
"""
MOVEMENTS = """
    SELECT ledger_account_id, asset_id, sum(units)::bigint FROM accounts_posting
    WHERE journal_id = ANY(%s) GROUP BY 1, 2
"""
ACCOUNTS = "SELECT DISTINCT ledger_account_id FROM accounts_posting WHERE journal_id = ANY(%s)"


@dataclass(frozen=True)
class Place:
    """How far somebody has read: `transaction_id` is the oldest that may bring more; `journal_ids` were seen since."""

    transaction_id: int
    journal_ids: frozenset[int]


@dataclass(frozen=True, kw_only=True)
class News:
    """
    What moved since a place: columns (rows,) of account, asset and signed units, one row each.

    `changed_account_ids` are those that something other than a trade moved.
    """

    account_ids: NDArray[np.int64]
    asset_ids: NDArray[np.int64]
    units: NDArray[np.int64]
    changed_account_ids: NDArray[np.int64]


@contextmanager
def one_moment() -> Iterator[None]:
    """Read everything of the block as it was at one moment; inside another transaction as that sees it."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def place_now() -> Place:
    """Return the place of what is booked by now. Balances read in the same moment are as of this place."""
    # The oldest transaction going on is known only once it was asked for; nothing is older than that.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        (oldest_id,) = cursor.fetchone()
    place, _ = _read(Place(oldest_id, frozenset()))
    return place


def news_since(place: Place) -> tuple[News, Place]:
    """Return what was booked since a place, and the place to go on from."""
    after, kinds = _read(place)
    new = [journal_id for journal_id in kinds if journal_id not in place.journal_ids]
    nothing = np.zeros(0, dtype=np.int64)
    if not new:
        return News(account_ids=nothing, asset_ids=nothing, units=nothing, changed_account_ids=nothing), after
    account_ids, asset_ids, units = bulk_rows.read_columns(MOVEMENTS, [new], types=["bigint"] * 3)
    changing = [journal_id for journal_id in new if kinds[journal_id] != Journal.Kind.TRADE]
    (changed,) = bulk_rows.read_columns(ACCOUNTS, [changing], types=["bigint"]) if changing else (nothing,)
    return News(account_ids=account_ids, asset_ids=asset_ids, units=units, changed_account_ids=changed), after


def _read(place: Place) -> tuple[Place, dict[int, str]]:
    """Return the place of now, and the kinds of all journals of the place's transaction and later ones."""
    with connection.cursor() as cursor:
        # As a literal: a plan for any number would read every journal ever written.
        cursor.execute(JOURNALS.format(first_id=int(place.transaction_id)))
        rows = cursor.fetchall()
    oldest_id = rows[0][0]
    seen = frozenset(journal_id for _, journal_id, transaction_id, _ in rows if (transaction_id or -1) >= oldest_id)
    return Place(oldest_id, seen), {journal_id: kind for _, journal_id, _, kind in rows if journal_id is not None}
