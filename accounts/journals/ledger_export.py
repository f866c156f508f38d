"""
The ledger as a beancount file, for a program that is not ours to add it up again.

    Liabilities:Main:7  Liabilities:Lead:3  Liabilities:Copy:12    what we owe people
    Liabilities:Suspense  Liabilities:Unassigned                   what we owe whoever turns out to own it
    Equity:Fees  Equity:Dust                                       the platform's own
    Assets:Venue  Assets:External                                  both together are what the venue keeps for us

Beancount writes what is owed as negative, so every sign is turned around. Amounts have all decimals of their asset and
the tolerance is zero: one unit too many anywhere, and `bean-check` says where.

At the end stands a balance assertion for every account and asset, taken from the *stored* balances, not from the
postings above it. Everything is read from one snapshot, and postings stream through, however many there are.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from accounts.models import Asset, Journal, LedgerAccount

FETCH_ROWS = 10_000

ROOTS = {
    LedgerAccount.Kind.VENUE: "Assets",
    LedgerAccount.Kind.EXTERNAL: "Assets",
    LedgerAccount.Kind.OWN: "Assets",
    LedgerAccount.Kind.FEES: "Equity",
    LedgerAccount.Kind.DUST: "Equity",
    LedgerAccount.Kind.SUSPENSE: "Liabilities",
    LedgerAccount.Kind.UNASSIGNED: "Liabilities",
    LedgerAccount.Kind.MAIN: "Liabilities",
    LedgerAccount.Kind.LEAD: "Liabilities",
    LedgerAccount.Kind.COPY: "Liabilities",
}

# What beancount takes for a commodity as it is; words that mean something else in its language are none.
COMMODITY = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]")
BEANCOUNT_WORDS = frozenset({"TRUE", "FALSE", "NULL"})

# One row an account and asset: what there was before the first day, and what is stored less what came after the last.
STANDS = """
    SELECT account_id, asset_id, booked.first_at, coalesce(booked.before_units, 0)::bigint,
        (coalesce(balance.posted, 0) - coalesce(booked.after_units, 0))::bigint
    FROM (
        SELECT posting.ledger_account_id AS account_id, posting.asset_id, min(journal.posted_at) AS first_at,
            sum(posting.units) FILTER (WHERE journal.posted_at < %(begins_at)s) AS before_units,
            sum(posting.units) FILTER (WHERE journal.posted_at >= %(ends_at)s) AS after_units
        FROM accounts_posting AS posting JOIN accounts_journal AS journal ON journal.id = posting.journal_id
        GROUP BY 1, 2
    ) AS booked
    FULL JOIN (SELECT ledger_account_id AS account_id, asset_id, posted FROM accounts_balance) AS balance
        USING (account_id, asset_id)
    ORDER BY 1, 2
"""

POSTINGS = """
    SELECT journal.id, journal.kind, journal.idempotency_key, journal.posted_at,
        posting.ledger_account_id, posting.asset_id, posting.units
    FROM accounts_journal AS journal JOIN accounts_posting AS posting ON posting.journal_id = journal.id
    WHERE journal.posted_at >= %s AND journal.posted_at < %s
    ORDER BY journal.id, posting.id
"""


@dataclass(frozen=True)
class _Stand:
    """What an account has of one asset before the days that are shown and after them, in units."""

    account_id: int
    asset_id: int
    first_at: datetime | None
    units_before: int
    units_after: int


def beancount_lines(*, first_day: date | None = None, last_day: date | None = None) -> Iterator[str]:
    """
    Yield the lines of a beancount file of all journals of some days, both inclusive; None is from or to the end.

    What was booked before the first day is one opening transaction. Runs in a transaction of its own.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield from _Book(first_day=first_day, last_day=last_day).lines()


def write_beancount(path: Path, *, first_day: date | None = None, last_day: date | None = None) -> None:
    """
    Write the lines of beancount_lines to a file.

    :raises OSError: if the file cannot be written.
    """
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in beancount_lines(first_day=first_day, last_day=last_day))


class _Book:
    """The days that are shown, with the names of all accounts and assets."""

    def __init__(self, *, first_day: date | None, last_day: date | None) -> None:
        self.first_day, self.last_day = _days_shown(first_day, last_day)
        self.has_opening = first_day is not None
        self.begins_at = datetime.combine(self.first_day, time.min, UTC)
        self.ends_at = datetime.combine(self.last_day + timedelta(days=1), time.min, UTC)
        self.assets = list(Asset.objects.order_by("pk"))
        self.accounts = list(LedgerAccount.objects.order_by("pk"))
        self.commodities = {asset.pk: _commodity_of(asset) for asset in self.assets}
        self.decimals = {asset.pk: asset.decimals for asset in self.assets}
        self.names = {account.pk: _name_of(account) for account in self.accounts}
        self.stands = [_Stand(*row) for row in self._rows_of_stands()]

    def lines(self) -> Iterator[str]:
        yield f'option "title" "{settings.SMARTSYNC_BRAND.name}"'
        yield 'option "tolerance_multiplier" "0"'
        yield ""
        yield from self._commodities()
        yield from self._openings()
        if self.has_opening:
            yield from self._opening_transaction()
        yield from self._transactions()
        yield from self._assertions()

    def _rows_of_stands(self) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(STANDS, {"begins_at": self.begins_at, "ends_at": self.ends_at})
            return cursor.fetchall()

    def _commodities(self) -> Iterator[str]:
        for asset in self.assets:
            yield f"{self.first_day} commodity {self.commodities[asset.pk]}"
            yield f"  name: {_quoted(asset.symbol)}"
        yield ""

    def _openings(self) -> Iterator[str]:
        first_times: dict[int, datetime] = {}
        moving = set()
        for stand in self.stands:
            if stand.first_at is not None:
                first_times[stand.account_id] = min(stand.first_at, first_times.get(stand.account_id, stand.first_at))
            if stand.units_before or stand.units_after:
                moving.add(stand.account_id)
        for account in self.accounts:
            opened_on = min(account.opened_at, first_times.get(account.pk, account.opened_at)).astimezone(UTC).date()
            if opened_on <= self.last_day or account.pk in moving:
                yield f"{min(opened_on, self.last_day)} open {self.names[account.pk]}"
        yield ""

    def _opening_transaction(self) -> Iterator[str]:
        before = [stand for stand in self.stands if stand.units_before]
        if before:
            yield f'{self.first_day} * "What was booked before"'
            for stand in before:
                yield self._posting(stand.account_id, stand.asset_id, stand.units_before)
            yield ""

    def _transactions(self) -> Iterator[str]:
        kinds = dict(Journal.Kind.choices)
        with connection.chunked_cursor() as cursor:
            cursor.execute(POSTINGS, [self.begins_at, self.ends_at])
            for (journal_id, kind, key, posted_at), rows in groupby(_streamed(cursor), key=itemgetter(0, 1, 2, 3)):
                moment = posted_at.astimezone(UTC)
                yield f"{moment:%Y-%m-%d} * {_quoted(kinds[kind])} {_quoted(key)}"
                yield f"  journal: {journal_id}"
                yield f'  posted_at: "{moment:%Y-%m-%dT%H:%M:%S.%fZ}"'
                for *_, account_id, asset_id, units in rows:
                    yield self._posting(account_id, asset_id, units)
                yield ""

    def _assertions(self) -> Iterator[str]:
        # Beancount looks at a balance before anything of its day.
        day = self.last_day + timedelta(days=1)
        opened_later = {account.pk for account in self.accounts if account.opened_at >= self.ends_at}
        for stand in self.stands:
            if stand.units_after or stand.account_id not in opened_later:
                amount = _amount(-stand.units_after, self.decimals[stand.asset_id])
                account, commodity = self.names[stand.account_id], self.commodities[stand.asset_id]
                yield f"{day} balance {account} {amount} ~ 0 {commodity}"

    def _posting(self, account_id: int, asset_id: int, units: int) -> str:
        amount = _amount(-units, self.decimals[asset_id])
        return f"  {self.names[account_id]}  {amount} {self.commodities[asset_id]}"


def _days_shown(first_day: date | None, last_day: date | None) -> tuple[date, date]:
    """Return the days given, or else those of the first and of the last journal."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(at), max(at) FROM (SELECT min(posted_at) AS at FROM accounts_journal"
            " UNION ALL SELECT max(posted_at) FROM accounts_journal"
            " UNION ALL SELECT max(opened_at) FROM accounts_ledgeraccount) AS found"
        )
        earliest, latest = cursor.fetchone()
    if earliest is None:
        earliest = latest = datetime(1970, 1, 1, tzinfo=UTC)
    return first_day or earliest.astimezone(UTC).date(), last_day or latest.astimezone(UTC).date()


def _streamed(cursor: Any) -> Iterator[tuple[Any, ...]]:
    while rows := cursor.fetchmany(FETCH_ROWS):
        yield from rows


def _name_of(account: LedgerAccount) -> str:
    kind = LedgerAccount.Kind(account.kind)
    name = f"{ROOTS[kind]}:{kind.title()}"
    return f"{name}:{account.pk}" if kind in (*LedgerAccount.PERSONAL, *LedgerAccount.MIRRORS) else name


def _commodity_of(asset: Asset) -> str:
    if COMMODITY.fullmatch(asset.symbol) and asset.symbol not in BEANCOUNT_WORDS:
        return asset.symbol
    # The asset's id keeps two such names apart.
    return f"X{asset.pk}-{re.sub('[^A-Z0-9]+', '-', asset.symbol.upper())}".rstrip("-")


def _amount(units: int, decimals: int) -> str:
    digits = f"{abs(units):0{decimals + 1}d}"
    number = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return f"-{number}" if units < 0 else number


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
