"""
What operators look for by one field: by number, by the beginning of a name, or by somebody's address.

Each probe is a statement that an index answers, so that a million orders are not looked through for one. A beginning is
taken in the order of that index, since any other order would sort all that begin so. Alarms are few while they are
open, and only those are read; one that was cleared is found by its number.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.text import slugify

from accounts.models import Asset, Journal, LedgerAccount, Transfer, User
from copytrading.models import Alarm, Copy, Lead, LimitOrder, Market, Order, SyncCycle

HITS_MAX = 5
# A beginning of one letter names too many to be worth a look.
BEGINNING_MIN = 2
# What a row's number can be at most, and so the most digits of one.
NUMBER_MAX = 2**63 - 1
DIGITS_MAX = 19


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A row that was found: its number, what it is called, and what tells it from others."""

    id: int
    name: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was found in one table, the first few; `has_more` says that there are others."""

    title: str
    table: str
    hits: tuple[Hit, ...]
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What was typed, as what it may mean; `number` is None where it is none, the others empty."""

    text: str

    @property
    def number(self) -> int | None:
        digits = self.text.removeprefix("#")
        if not (digits.isascii() and digits.isdecimal() and len(digits) <= DIGITS_MAX):
            return None
        return int(digits) if int(digits) <= NUMBER_MAX else None

    @property
    def beginning(self) -> str:
        return self.text if len(self.text) >= BEGINNING_MIN else ""

    @property
    def address(self) -> str:
        return self.text.lower() if "@" in self.text else ""


Probe = Callable[[_Asked], "QuerySet[Any] | None"]


@dataclass(frozen=True, kw_only=True)
class _Place:
    """A table to look in: the ways to look, the most exact first, and how a row of it is told."""

    title: str
    model: type[Model]
    probes: tuple[Probe, ...]
    name: Callable[[Any], str] = str
    note: Callable[[Any], str]

    @property
    def table(self) -> str:
        return self.model._meta.label_lower


def find(text: str, *, may_look: Callable[[str], bool]) -> tuple[Found, ...]:
    """Return what answers to a text, by table; tables that may not be looked at are not asked."""
    asked = _Asked(text=text.strip())
    found = (_found_in(place, asked) for place in PLACES if may_look(place.table))
    return tuple(one for one in found if one.hits)


def probes_of(text: str) -> Iterator[QuerySet[Any]]:
    """Return every statement that a text is looked for by, unasked: so that it can be explained."""
    asked = _Asked(text=text.strip())
    for place in PLACES:
        yield from _asked_of(place, asked)


def _found_in(place: _Place, asked: _Asked) -> Found:
    hits: dict[int, Hit] = {}
    for rows in _asked_of(place, asked):
        for row in rows:
            hits.setdefault(row.pk, Hit(id=row.pk, name=place.name(row), note=place.note(row)))
    first = tuple(hits.values())[:HITS_MAX]
    return Found(title=place.title, table=place.table, hits=first, has_more=len(hits) > HITS_MAX)


def _asked_of(place: _Place, asked: _Asked) -> Iterable[QuerySet[Any]]:
    for probe in place.probes:
        rows = probe(asked)
        if rows is not None:
            yield rows[: HITS_MAX + 1]


def _by_number(rows: QuerySet[Any]) -> Probe:
    return lambda asked: None if asked.number is None else rows.filter(pk=asked.number)


def _by_address(rows: QuerySet[Any], column: str) -> Probe:
    """Return how rows of the person with an address are found, the latest first."""
    return lambda asked: rows.filter(**{column: asked.address}).order_by("-pk") if asked.address else None


def _by_beginning(rows: QuerySet[Any], column: str, form: Callable[[str], str] = str) -> Probe:
    """Return how rows are found by how a column begins, in the form that the column is written in."""
    meta = rows.model._meta
    field, number = meta.get_field(column).column, meta.pk.column
    statement = (
        f'SELECT "{number}" FROM "{meta.db_table}" WHERE "{field}" LIKE %s'
        f' ORDER BY "{field}" USING ~<~ LIMIT {HITS_MAX + 1}'
    )

    def probe(asked: _Asked) -> QuerySet[Any] | None:
        begins = form(asked.beginning)
        if not begins:
            return None
        return rows.filter(pk__in=RawSQL(statement, [f"{_literally(begins)}%"])).order_by(column)

    return probe


def _literally(text: str) -> str:
    """Return a text as LIKE takes it for itself."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _by_reference(asked: _Asked) -> QuerySet[Any] | None:
    """Return the transfer that the exchange calls so."""
    if not asked.text:
        return None
    # Both directions are named, as the index of references begins with them.
    return TRANSFERS.exclude(venue_reference="").filter(
        direction__in=Transfer.Direction.values, venue_reference=asked.text
    )


def _open_alarms(asked: _Asked) -> QuerySet[Any] | None:
    """Return the open alarms that say so, or are of a kind that is called so."""
    if not asked.beginning:
        return None
    kinds = [
        kind for kind, label in Alarm.Kind.choices
        if kind.startswith(asked.text.upper()) or asked.text.lower() in str(label)
    ]  # fmt: skip
    says = Q(sentence__icontains=asked.text) | Q(key__startswith=asked.text) | Q(kind__in=kinds)
    return Alarm.objects.filter(says, cleared_at__isnull=True).order_by("-last_seen_at", "-pk")


COPIES = Copy.objects.select_related("lead", "follower")
ORDERS = Order.objects.select_related("market").defer("participant_ids", "wish_units")
TRANSFERS = Transfer.objects.select_related("user", "asset")
ACCOUNTS = LedgerAccount.objects.select_related("owner")
MARKETS = Market.objects.order_by()

# In the order in which they are shown.
PLACES = (
    _Place(
        title="People",
        model=User,
        probes=(_by_number(User.objects.all()), _by_beginning(User.objects.all(), "email", str.lower)),
        name=lambda user: user.email,
        note=lambda user: "operator" if user.is_staff else "" if user.is_active else "may not sign in",
    ),
    _Place(
        title="Copies",
        model=Copy,
        probes=(_by_number(COPIES), _by_address(COPIES, "follower__email")),
        name=lambda copy: f"Copy {copy.pk} of {copy.lead.name}",
        note=lambda copy: f"{copy.follower.email}, {copy.get_status_display()}",
    ),
    _Place(
        title="Leads",
        model=Lead,
        probes=(
            _by_number(Lead.objects.all()),
            # A lead's name in an address is made of the name itself.
            _by_beginning(Lead.objects.all(), "slug", slugify),
        ),
        name=lambda lead: lead.name,
        note=lambda lead: f"{lead.slug}, {lead.get_status_display()}",
    ),
    _Place(
        title="Orders",
        model=Order,
        probes=(_by_number(ORDERS), _by_beginning(ORDERS, "client_order_id")),
        name=lambda order: order.client_order_id,
        note=lambda order: (
            f"order {order.pk}: {order.get_side_display()} {order.market.symbol},"
            f" {order.get_status_display()}, {order.planned_at:%Y-%m-%d %H:%M:%S} UTC"
        ),
    ),
    _Place(
        title="Limit orders of wallets",
        model=LimitOrder,
        probes=(_by_number(LimitOrder.objects.select_related("user", "market")),),
        name=lambda order: f"Limit order {order.pk}",
        note=lambda order: f"{order.user.email}, {order.market.symbol}",
    ),
    _Place(
        title="Cycles",
        model=SyncCycle,
        probes=(_by_number(SyncCycle.objects.select_related("lead")),),
        name=lambda cycle: f"Cycle {cycle.pk}",
        note=lambda cycle: f"{cycle.lead.name}, {cycle.opened_at:%Y-%m-%d %H:%M:%S} UTC",
    ),
    _Place(
        title="Journals",
        model=Journal,
        probes=(_by_number(Journal.objects.all()), _by_beginning(Journal.objects.all(), "idempotency_key")),
        name=lambda journal: journal.idempotency_key,
        note=lambda journal: (
            f"journal {journal.pk}: {journal.get_kind_display()}, {journal.posted_at:%Y-%m-%d %H:%M:%S} UTC"
        ),
    ),
    _Place(
        title="Transfers",
        model=Transfer,
        probes=(_by_number(TRANSFERS), _by_reference, _by_address(TRANSFERS, "user__email")),
        name=lambda transfer: f"{transfer.get_direction_display().capitalize()} {transfer.pk}",
        note=lambda transfer: f"{transfer.user.email}, {transfer.asset.symbol}, {transfer.get_status_display()}",
    ),
    _Place(
        title="Ledger accounts",
        model=LedgerAccount,
        probes=(_by_number(ACCOUNTS), _by_address(ACCOUNTS, "owner__email")),
        name=lambda account: f"Ledger account {account.pk}",
        note=lambda account: f"{account.get_kind_display()} of {account.owner or 'the platform'}",
    ),
    _Place(
        title="Markets",
        model=Market,
        probes=(_by_beginning(MARKETS, "symbol", str.upper),),
        note=lambda market: market.get_status_display(),
    ),
    _Place(
        title="Coins",
        model=Asset,
        probes=(_by_beginning(Asset.objects.all(), "symbol", str.upper),),
        note=lambda asset: asset.name,
    ),
    _Place(
        title="Alarms",
        model=Alarm,
        probes=(_by_number(Alarm.objects.all()), _open_alarms),
        name=lambda alarm: alarm.sentence,
        note=lambda alarm: f"{alarm.get_kind_display()}, {'open' if alarm.cleared_at is None else 'cleared'}",
    ),
)
