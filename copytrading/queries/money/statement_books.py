"""
What a statement is read from: everything that was ever booked for one copy, or for all accounts of a person.

Six statements, however much it is: accounts, lines of the ledger, own shares of orders, takeovers, assets, new units.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from django.db.models import Min
from django.utils.translation import gettext

from accounts.models import Asset, Journal, LedgerAccount, Posting, User
from copytrading.models import Allocation, Copy, Lead, Notice
from copytrading.queries.market.board import cash_asset
from copytrading.queries.money.past_prices import NewUnits, load_new_units

ORDER_KEY = "order:"


@dataclass(frozen=True, kw_only=True)
class Place:
    """One ledger account of a person, and what people call it."""

    account_id: int
    name: str
    is_copy: bool


@dataclass(frozen=True, kw_only=True)
class OwnShare:
    """What an account got of one order, in signed units, with the mid and the time of the decision."""

    order_id: int
    cycle_id: int | None
    market: str
    asset_id: int
    planned_at: datetime
    booked_at: datetime
    price_mid: Decimal
    value_units: int
    fee_units: int
    fee_base_units: int


@dataclass(frozen=True, kw_only=True)
class BookedJournal:
    """One journal, with the lines of the person's own accounts: (account, asset, units)."""

    id: int
    kind: Journal.Kind
    at: datetime
    key: str
    lines: tuple[tuple[int, int, int], ...]

    @property
    def order_id(self) -> int | None:
        """Return the order that it books, None where it books none."""
        number = self.key.removeprefix(ORDER_KEY)
        return int(number) if number != self.key and number.isdigit() else None

    def net(self) -> dict[int, int]:
        """Return what came (positive) or went of each asset, in units; what only moved between own accounts is out."""
        sums: dict[int, int] = {}
        for _, asset_id, units in self.lines:
            sums[asset_id] = sums.get(asset_id, 0) + units
        return {asset_id: units for asset_id, units in sums.items() if units}


@dataclass(frozen=True, kw_only=True)
class StatementBooks:
    """
    Everything booked before a moment, in the order in which it was booked.

    `shares` by order and account; `rests` is what the platform paid for the rest of a coin, by account, asset and time.
    """

    places: dict[int, Place]
    journals: tuple[BookedJournal, ...]
    shares: dict[tuple[int, int], OwnShare]
    rests: dict[tuple[int, int, datetime], int]
    assets: dict[int, Asset]
    cash: Asset
    new_units: NewUnits


def load_books(*, user: User, copy: Copy | None, before: datetime) -> StatementBooks:
    """Return what was booked for a copy of a person, or for everything they have, before a moment."""
    places = _places(user, copy)
    cash = cash_asset()
    journals = tuple(_journals(list(places), before))
    asset_ids = {asset_id for journal in journals for _, asset_id, _ in journal.lines}
    return StatementBooks(
        places=places,
        journals=journals,
        shares=_shares(list(places), before),
        rests=_rests(user, copy, before),
        assets={**Asset.objects.in_bulk(asset_ids), cash.pk: cash},
        cash=cash,
        new_units=load_new_units(),
    )


def trades_of(*, user: User, copy: Copy | None, begins_at: datetime, ends_at: datetime) -> int:
    """Return how many trades a statement would list."""
    owned = {"ledger_account": copy.ledger_account_id} if copy else {"ledger_account__owner": user}
    journals = Posting.objects.filter(
        **owned,
        journal__kind=Journal.Kind.TRADE,
        journal__posted_at__gte=begins_at,
        journal__posted_at__lt=ends_at,
    )
    return journals.values("journal_id").distinct().count()


def first_moment_of(*, user: User, copy_id: int | None) -> datetime | None:
    """Return when the first thing was booked for a copy of a person, or for anything of theirs; None before it."""
    owned = {"ledger_account__copy": copy_id} if copy_id else {}
    lines = Posting.objects.filter(ledger_account__owner=user, **owned)
    first: datetime | None = lines.aggregate(first=Min("journal__posted_at"))["first"]
    return first


def _places(user: User, copy: Copy | None) -> dict[int, Place]:
    if copy is not None:
        place = Place(account_id=copy.ledger_account_id, name=copy.lead.name, is_copy=True)
        return {place.account_id: place}
    copies = Copy.objects.filter(follower=user).values_list("ledger_account_id", "lead__name")
    leads = Lead.objects.filter(user=user, ledger_account__isnull=False).values_list("ledger_account_id", "name")
    names = {**{pk: gettext("As %(name)s") % {"name": name} for pk, name in leads if pk}, **dict(copies)}
    copied = {account_id for account_id, _ in copies}
    owned = LedgerAccount.objects.filter(owner=user, kind__in=LedgerAccount.PERSONAL).order_by("pk")
    return {
        pk: Place(account_id=pk, name=names.get(pk, gettext("Wallet")), is_copy=pk in copied)
        for pk in owned.values_list("pk", flat=True)
    }


def _journals(account_ids: list[int], before: datetime) -> Iterator[BookedJournal]:
    rows = (
        Posting.objects.filter(ledger_account__in=account_ids, journal__posted_at__lt=before)
        .order_by("journal_id", "pk")
        .values_list(
            "journal_id", "journal__kind", "journal__posted_at", "journal__idempotency_key",
            "ledger_account_id", "asset_id", "units",
        )
    )  # fmt: skip
    for (journal_id, kind, at, key), lines in groupby(rows.iterator(chunk_size=10_000), key=itemgetter(0, 1, 2, 3)):
        own = tuple((account_id, asset_id, units) for *_, account_id, asset_id, units in lines)
        yield BookedJournal(id=journal_id, kind=Journal.Kind(kind), at=at, key=key, lines=own)


def _shares(account_ids: list[int], before: datetime) -> dict[tuple[int, int], OwnShare]:
    rows = Allocation.objects.filter(ledger_account__in=account_ids, order__booked_at__lt=before).values_list(
        "ledger_account_id", "order_id", "order__cycle_id", "order__market__symbol", "order__market__base_id",
        "order__planned_at", "order__booked_at", "order__price_mid", "value_units", "fee_units", "fee_base_units",
    )  # fmt: skip
    return {
        (order_id, account_id): OwnShare(
            order_id=order_id,
            cycle_id=cycle_id,
            market=market,
            asset_id=asset_id,
            planned_at=planned_at,
            booked_at=booked_at,
            price_mid=price_mid,
            value_units=value_units,
            fee_units=fee_units,
            fee_base_units=fee_base_units,
        )
        for (
            account_id, order_id, cycle_id, market, asset_id, planned_at, booked_at, price_mid, value_units, fee_units,
            fee_base_units,
        ) in rows
        if booked_at is not None
    }  # fmt: skip


def _rests(user: User, copy: Copy | None, before: datetime) -> dict[tuple[int, int, datetime], int]:
    owned = {"copy": copy} if copy else {"copy__follower": user}
    noted = Notice.objects.filter(**owned, kind__in=Notice.RESTS, noted_at__lt=before).order_by("pk")
    rows = noted.values_list("copy__ledger_account_id", "asset_id", "noted_at", "value_units")
    return {(account, asset, at): value for account, asset, at, value in rows if value is not None}
