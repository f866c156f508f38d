"""
The one door to the ledger: nothing else writes journals, postings, balances or holds.

`Lines` are the body of a journal or a hold as three columns: whose, of what, how much. They come by the thousand, so
they are arrays, and every function here is a handful of statements however many lines there are.

Locks are always taken on balances in the order of their ids, so that two movements never wait for each other in a
ring. Available = posted − held; the database refuses a balance whose holds exceed it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import IntegrityError, connection, transaction
from numpy.typing import ArrayLike, NDArray

from accounts import bulk_rows
from accounts.models import Asset, Hold, Journal, LedgerAccount, User


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


def open_account(*, kind: LedgerAccount.Kind, owner: User, now: datetime) -> LedgerAccount:
    """Open a personal ledger account. A second MAIN account of the same person is refused by the database."""
    return LedgerAccount.objects.create(kind=kind, owner=owner, opened_at=now)


def open_accounts(*, kind: LedgerAccount.Kind, owner_ids: Sequence[int], now: datetime) -> list[LedgerAccount]:
    """Open one personal account for each owner, in one statement."""
    return LedgerAccount.objects.bulk_create(
        [LedgerAccount(kind=kind, owner_id=owner_id, opened_at=now) for owner_id in owner_ids], batch_size=5_000
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

    1. Claim the key: whoever inserts the journal books it.
    2. Open the balances that do not exist yet, then lock all that it touches in id order.
    3. Release the holds that were placed for it.
    4. Append the postings; the database adds them to the balances.

    :param releases: keys of holds that this movement settles.
    :raises UnbalancedJournal: if the lines do not sum to zero for every asset.
    :raises NotEnoughMoney: if a balance would fall below what is held of it.
    :raises KeyAlreadyUsed: if the key belongs to a journal of another kind.
    """
    lines = lines.without_zeros()
    _require_balance(lines)
    with transaction.atomic():
        journal_id = _claim_journal(kind, idempotency_key, now)
        if journal_id is None:
            journal = Journal.objects.get(idempotency_key=idempotency_key)
            if journal.kind != kind:
                raise KeyAlreadyUsed(f"The key {idempotency_key} was used for a {journal.get_kind_display()}.")
            return journal
        holds = list(Hold.objects.select_for_update().filter(key__in=releases, released_at=None).order_by("key"))
        _open_balances(lines)
        _lock_balances(Lines.join(lines, *(_lines_of(hold) for hold in holds)))
        with _money_refusals():
            for hold in holds:
                _release(hold, now)
            bulk_rows.write_columns(
                "accounts_posting",
                {
                    "journal_id": np.full(len(lines.units), journal_id, dtype=np.int64),
                    "ledger_account_id": lines.ledger_account_ids,
                    "asset_id": lines.asset_ids,
                    "units": lines.units,
                },
            )
    return Journal.objects.get(pk=journal_id)


def place_hold(
    *, key: str, asset: Asset, ledger_account_ids: NDArray[np.int64], units: NDArray[np.int64], now: datetime
) -> Hold:
    """
    Promise units (accounts,) of one asset to an order, all or nothing.

    :raises NotEnoughMoney: if somebody has less available than is to be held.
    """
    lines = Lines.of(ledger_account_ids, asset.pk, units).without_zeros()
    assert (lines.units > 0).all(), "a hold promises something"
    with transaction.atomic(), _money_refusals():
        if _lock_balances(lines) < len(lines.units):
            raise NotEnoughMoney("There is no money of that kind to be held.")
        hold = Hold.objects.create(
            key=key,
            asset=asset,
            ledger_account_ids=lines.ledger_account_ids.tolist(),
            units=lines.units.tolist(),
            placed_at=now,
        )
        _add_to_held(hold, sign=+1)
    return hold


def release_hold(*, key: str, now: datetime) -> None:
    """Give a hold back. A hold that is released already, or was never placed, is left alone."""
    with transaction.atomic():
        hold = Hold.objects.select_for_update().filter(key=key, released_at__isnull=True).first()
        if hold is None:
            return
        _lock_balances(_lines_of(hold))
        _release(hold, now)


class _money_refusals:  # noqa: N801 — reads as a phrase: `with _money_refusals():`
    """Says in our words what the database refused."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IntegrityError) and "nothing_spent_twice" in str(error):
            raise NotEnoughMoney("There is not enough money available for this.") from error


def _require_balance(lines: Lines) -> None:
    if not len(lines.units):
        raise UnbalancedJournal("The journal moves nothing.")
    for asset_id in np.unique(lines.asset_ids):
        if sum(lines.units[lines.asset_ids == asset_id].tolist()) != 0:
            raise UnbalancedJournal(f"The lines of asset {asset_id} do not sum to zero.")


def _claim_journal(kind: Journal.Kind, idempotency_key: str, now: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_journal (kind, idempotency_key, posted_at) VALUES (%s, %s, %s)"
            " ON CONFLICT (idempotency_key) DO NOTHING RETURNING id",
            [kind, idempotency_key, now],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _open_balances(lines: Lines) -> None:
    """
    Open the balances of the lines that do not exist yet, in the order of their names.

    Before anything is locked: whoever waits here for another movement to open the same one holds nothing up.
    """
    pairs = [lines.ledger_account_ids.tolist(), lines.asset_ids.tolist()]
    with connection.cursor() as cursor:
        # Nearly always there is nothing to open, and to count is far cheaper than to look for what is not there.
        cursor.execute(
            "SELECT count(*) FROM unnest(%s::bigint[], %s::bigint[]) AS pair(account_id, asset_id)"
            " JOIN accounts_balance AS balance"
            " ON balance.ledger_account_id = pair.account_id AND balance.asset_id = pair.asset_id",
            pairs,
        )
        if cursor.fetchone()[0] == len(lines.units):
            return
        cursor.execute(
            "INSERT INTO accounts_balance (ledger_account_id, asset_id, may_be_negative)"
            " SELECT DISTINCT pair.account_id, pair.asset_id, account.kind IN ('VENUE', 'EXTERNAL', 'SUSPENSE')"
            " FROM unnest(%s::bigint[], %s::bigint[]) AS pair(account_id, asset_id)"
            " JOIN accounts_ledgeraccount AS account ON account.id = pair.account_id"
            " WHERE NOT EXISTS (SELECT FROM accounts_balance AS balance"
            "  WHERE balance.ledger_account_id = pair.account_id AND balance.asset_id = pair.asset_id)"
            " ORDER BY 1, 2 ON CONFLICT DO NOTHING",
            pairs,
        )


def _lock_balances(lines: Lines) -> int:
    """Lock the balances of the lines in id order and return how many were found."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT balance.id FROM accounts_balance AS balance"
            " JOIN unnest(%s::bigint[], %s::bigint[]) AS pair(account_id, asset_id)"
            " ON balance.ledger_account_id = pair.account_id AND balance.asset_id = pair.asset_id"
            " ORDER BY balance.id FOR UPDATE OF balance) AS locked",
            [lines.ledger_account_ids.tolist(), lines.asset_ids.tolist()],
        )
        return int(cursor.fetchone()[0])


def _lines_of(hold: Hold) -> Lines:
    return Lines.of(hold.ledger_account_ids, hold.asset_id, hold.units)


def _release(hold: Hold, now: datetime) -> None:
    """Give back what a hold promised. Hold and balances are locked."""
    _add_to_held(hold, sign=-1)
    hold.released_at = now
    hold.save(update_fields=["released_at"])


def _add_to_held(hold: Hold, *, sign: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_balance AS balance SET held = balance.held + %s * line.units"
            " FROM (SELECT account_id, sum(units)::bigint AS units"
            "  FROM unnest(%s::bigint[], %s::bigint[]) AS line(account_id, units) GROUP BY 1) AS line"
            " WHERE balance.ledger_account_id = line.account_id AND balance.asset_id = %s",
            [sign, hold.ledger_account_ids, hold.units, hold.asset_id],
        )
