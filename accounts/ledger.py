"""
The one door to the ledger: nothing else writes journals, postings, balances or holds.

`Lines` are the body of a journal or a hold as three columns: whose, of what, how much. They come by the thousand, so
they are arrays, and every function here is a handful of statements however many lines there are.

Balances are opened, moved and locked by the database, in one order, so that two movements never wait for each other in
a ring; whoever moves a copy's or a lead's holds that lead's lock (accounts.transactions). Available = posted − held;
the database refuses a balance whose holds exceed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import psycopg
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext
from numpy.typing import ArrayLike, NDArray

from accounts.database import bulk_rows
from accounts.database.array_parameters import as_column, bound_by_server
from accounts.models import Asset, Hold, Journal, LedgerAccount, User
from accounts.transactions import in_transaction


class NotEnoughMoney(Exception):
    """There is not enough available for this."""


class UnbalancedJournal(Exception):
    """The lines do not sum to zero for every asset."""


class KeyAlreadyUsed(Exception):
    """That idempotency key belongs to a movement of another kind."""


class FloatInMoneyPath(TypeError):
    """Money is counted in whole units; a fraction arrived where units were expected."""


@dataclass(frozen=True)
class Lines:
    """Columns (lines,) of equal length: ledger accounts, assets, and signed whole units."""

    ledger_account_ids: NDArray[np.int64]
    asset_ids: NDArray[np.int64]
    units: NDArray[np.int64]

    @staticmethod
    def of(ledger_account_ids: ArrayLike, asset_ids: ArrayLike, units: ArrayLike) -> "Lines":
        """
        Return lines from columns; a single asset id stands for all lines.

        :raises FloatInMoneyPath: if anything but whole numbers is given as units.
        """
        columns = [np.atleast_1d(np.asarray(column)) for column in (ledger_account_ids, asset_ids, units)]
        if any(column.size and column.dtype.kind not in "iu" for column in columns):
            raise FloatInMoneyPath("Money moves in whole units: convert before you post, and say how you round.")
        accounts, assets, amounts = (column.astype(np.int64) for column in columns)
        return Lines(accounts, np.broadcast_to(assets, accounts.shape), np.broadcast_to(amounts, accounts.shape))

    @staticmethod
    def join(*parts: "Lines") -> "Lines":
        """Return the lines of all parts, one after the other."""
        return Lines(
            np.concatenate([part.ledger_account_ids for part in parts]),
            np.concatenate([part.asset_ids for part in parts]),
            np.concatenate([part.units for part in parts]),
        )

    def without_zeros(self) -> "Lines":
        moving = self.units != 0
        return Lines(self.ledger_account_ids[moving], self.asset_ids[moving], self.units[moving])


def open_account(*, kind: LedgerAccount.Kind, owner: User, now: datetime, guard: int | None = None) -> LedgerAccount:
    """
    Open a personal ledger account. A second MAIN account of the same person is refused by the database.

    :param guard: the lead whose lock guards a lead's or a copy's account; None for a main account.
    """
    return LedgerAccount.objects.create(kind=kind, owner=owner, guard=guard, opened_at=now)


def open_accounts(
    *, kind: LedgerAccount.Kind, owner_ids: Sequence[int], now: datetime, guard: int | None = None
) -> list[LedgerAccount]:
    """Open one personal account for each owner, in one statement."""
    return LedgerAccount.objects.bulk_create(
        [LedgerAccount(kind=kind, owner_id=owner_id, guard=guard, opened_at=now) for owner_id in owner_ids],
        batch_size=5_000,
    )


def main_account(*, user: User, now: datetime) -> LedgerAccount:
    """Return a person's main account, opening it on first use."""
    account, _ = LedgerAccount.objects.get_or_create(
        owner=user, kind=LedgerAccount.Kind.MAIN, defaults={"opened_at": now}
    )
    return account


def platform_account(kind: LedgerAccount.Kind, *, now: datetime) -> LedgerAccount:
    """Return the platform's single account of a kind, opening it on first use."""
    account, _ = LedgerAccount.objects.get_or_create(owner=None, kind=kind, defaults={"opened_at": now})
    return account


def post(
    *, kind: Journal.Kind, idempotency_key: str, lines: Lines, now: datetime, releases: Sequence[str] = ()
) -> Journal:
    """
    Book one balanced movement and return its journal; the same key again returns the first one and moves nothing.

    Runs in the caller's transaction, or in one of its own.

    1. Claim the key: whoever inserts the journal books it. The holds that it releases stand on it.
    2. Append the postings; the database adds them to the balances and takes the holds off, in one update of each.

    :param releases: keys of holds that this movement settles.
    :raises UnbalancedJournal: if the lines do not sum to zero for every asset.
    :raises NotEnoughMoney: if a balance would fall below what is held of it.
    :raises KeyAlreadyUsed: if the key belongs to a journal of another kind.
    """
    with transaction.atomic():
        return post_at_once(kind=kind, idempotency_key=idempotency_key, lines=lines, now=now, releases=releases)


@in_transaction
def post_at_once(
    *, kind: Journal.Kind, idempotency_key: str, lines: Lines, now: datetime, releases: Sequence[str] = ()
) -> Journal:
    """Book one balanced movement, see `post`. Where it is refused, nothing else can be done in the transaction."""
    lines = lines.without_zeros()
    _require_balance(lines)
    journal = _claim_journal(kind, idempotency_key, releases, now)
    if journal is None:
        journal = Journal.objects.get(idempotency_key=idempotency_key)
        if journal.kind != kind:
            raise KeyAlreadyUsed(f"The key {idempotency_key} was used for a {journal.get_kind_display()}.")
        return journal
    with _money_refusals():
        bulk_rows.write_columns(
            "accounts_posting",
            {
                "journal_id": np.full(len(lines.units), journal.pk, dtype=np.int64),
                "ledger_account_id": lines.ledger_account_ids,
                "asset_id": lines.asset_ids,
                "units": lines.units,
            },
        )
    return journal


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What is to be held of one asset under a key: `units` (accounts,) of these ledger accounts (accounts,)."""

    key: str
    asset_id: int
    ledger_account_ids: NDArray[np.int64]
    units: NDArray[np.int64]


def place_hold(
    *, key: str, asset: Asset, ledger_account_ids: NDArray[np.int64], units: NDArray[np.int64], now: datetime
) -> Hold:
    """
    Promise units (accounts,) of one asset to an order, all or nothing.

    :raises NotEnoughMoney: if somebody has less available than is to be held.
    """
    promise = Promise(key=key, asset_id=asset.pk, ledger_account_ids=ledger_account_ids, units=units)
    with transaction.atomic():
        (hold,) = place_holds([promise], now=now)
    return hold


@in_transaction
def place_holds(promises: Sequence[Promise], *, now: datetime) -> list[Hold]:
    """
    Make several promises in one statement, all or nothing: one update of a balance, of however many it is in.

    Where that is refused, nothing else can be done in the transaction.

    :raises NotEnoughMoney: if somebody has less available than is to be held.
    """
    rows = []
    for promise in promises:
        lines = Lines.of(promise.ledger_account_ids, promise.asset_id, promise.units).without_zeros()
        assert (lines.units > 0).all(), "a hold promises something"
        rows.append(
            Hold(
                key=promise.key,
                asset_id=promise.asset_id,
                ledger_account_ids=as_column(lines.ledger_account_ids),
                units=as_column(lines.units),
                placed_at=now,
            )
        )
    if not rows:
        return []
    with bound_by_server(), _money_refusals():
        return Hold.objects.bulk_create(rows)


def release_hold(*, key: str, now: datetime) -> None:
    """Give a hold back. A hold that is released already, or was never placed, is left alone."""
    Hold.objects.filter(key=key, released_at__isnull=True).update(released_at=now)


class _money_refusals:  # noqa: N801 — reads as a phrase: `with _money_refusals():`
    """Says in our words what the database refused."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IntegrityError) and _constraint_of(error) in ("nothing_spent_twice", "hold_has_a_balance"):
            raise NotEnoughMoney(gettext("There is not enough money available for this.")) from error


def _constraint_of(error: IntegrityError) -> str | None:
    cause = error.__cause__
    return cause.diag.constraint_name if isinstance(cause, psycopg.Error) else None


def _require_balance(lines: Lines) -> None:
    if not len(lines.units):
        raise UnbalancedJournal("The journal moves nothing.")
    for asset_id in np.unique(lines.asset_ids):
        if sum(lines.units[lines.asset_ids == asset_id].tolist()) != 0:
            raise UnbalancedJournal(f"The lines of asset {asset_id} do not sum to zero.")


def _claim_journal(kind: Journal.Kind, idempotency_key: str, releases: Sequence[str], now: datetime) -> Journal | None:
    """Insert a journal that releases these holds, as far as they are open; None where its key is taken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH promised AS (SELECT id FROM accounts_hold"
            "  WHERE key = ANY(%s::varchar[]) AND released_at IS NULL ORDER BY key FOR UPDATE)"
            " INSERT INTO accounts_journal (kind, idempotency_key, posted_at, hold_ids)"
            " VALUES (%s, %s, %s, (SELECT array_agg(id) FROM promised))"
            " ON CONFLICT (idempotency_key) DO NOTHING RETURNING id, hold_ids, transaction_id",
            [list(releases), kind, idempotency_key, now],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    journal = Journal(pk=row[0], kind=kind, idempotency_key=idempotency_key, posted_at=now)
    journal.hold_ids, journal.transaction_id = row[1:]
    journal._state.adding, journal._state.db = False, connection.alias
    return journal
