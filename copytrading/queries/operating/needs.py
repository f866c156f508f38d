"""
What needs a person now, each with its age and who takes it, in a statement each.

A need is told to whoever may look at the table where it is listed, and taken by the roles that act on `acted_on`:
which roles those are, `smartsync_site.operators.roles` says.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Window

from accounts.models import Balance, Erasure, LedgerAccount, OperatorRequest, Transfer
from accounts.models.operators import APPROVED_WITHIN
from copytrading.engine.rules import Rules
from copytrading.models import (
    Alarm,
    CoinVerdict,
    Correction,
    CustodyDifference,
    GateCase,
    Halt,
    Heartbeat,
    Lead,
    Order,
    ReferenceHolder,
    RuleChange,
)
from copytrading.queries.copies import reference
from copytrading.queries.desk import complaints
from copytrading.queries.operating.overview import named_halts
from copytrading.queries.operating.running import SILENT_AFTER
from copytrading.queries.operating.unclaimed import unclaimed
from copytrading.queries.rules import platform_rules

LINES_MAX = 5
ALARMS, CORRECTIONS = Alarm._meta.label_lower, Correction._meta.label_lower
TRANSFERS = Transfer._meta.label_lower
BALANCES = Balance._meta.label_lower


@dataclass(frozen=True, kw_only=True)
class Need:
    """
    Something that waits for an operator: what it is, how many there are, and the first of them as sentences.

    `table` is where they are listed, narrowed by `filters`; who may not look at that table is not told. `since` is when
    the oldest of them began to wait; None where nobody wrote that down. Whoever acts on `acted_on` takes it.
    """

    title: str
    table: str
    count: int
    lines: tuple[str, ...]
    acted_on: str
    since: datetime | None = None
    filters: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """A kind of need: its rows in the order they are told, how one of them is told, and by which column it ages."""

    title: str
    rows: QuerySet[Any]
    line: Callable[[Any], str] = str
    since: str
    # Where the rows' own table is not what is acted on.
    acted_on: str = ""
    filters: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return self.rows.model._meta.label_lower


def _everything(_: str) -> bool:
    return True


def needs_now(*, now: datetime, may_look: Callable[[str], bool] = _everything) -> tuple[Need, ...]:
    """
    Return what waits for an operator at this moment, the most urgent first; nothing where nothing does.

    :param may_look: whether a table may be looked at; what is listed where it may not is left out.
    """
    kinds = [*_trouble(now), *_decisions(now), *_unsettled(now), *_leads(platform_rules())]
    found = [_counted(kind) for kind in kinds if may_look(kind.table)]
    if may_look(BALANCES):
        found += _unclaimed()
    if may_look(TRANSFERS):
        found += _reference_needs()
    return tuple(need for need in found if need.count)


def _trouble(now: datetime) -> list[_Kind]:
    """Return what is wrong."""
    return [
        _Kind(
            title="Processes that are silent",
            rows=Heartbeat.objects.filter(beaten_at__lt=now - SILENT_AFTER).order_by("name"),
            since="beaten_at",
            acted_on=ALARMS,
        ),
        _Kind(
            title="Open alarms",
            rows=Alarm.objects.filter(cleared_at__isnull=True).order_by("-last_seen_at", "-pk"),
            line=lambda alarm: alarm.sentence,
            since="raised_at",
            filters={"cleared_at__isempty": "True"},
        ),
        _Kind(
            title="Standing halts",
            rows=named_halts().filter(lifted_at__isnull=True).order_by("-placed_at"),
            line=lambda halt: f"{halt.target_name}: {halt.reason}",
            since="placed_at",
            acted_on=Halt._meta.label_lower,
            filters={"lifted_at__isempty": "True"},
        ),
        _Kind(
            title="Complaints whose time has run out",
            rows=complaints.overdue(now=now),
            line=lambda complaint: complaints.line_of(complaint, now=now),
            since="received_at",
            filters={"clock": "overdue"},
        ),
    ]


def _decisions(now: datetime) -> list[_Kind]:
    """Return what one operator asked for and another one has to decide, and what is to be done by hand."""
    undecided = {"approved_at__isnull": True, "withdrawn_at__isnull": True}
    transfers = Transfer.objects.exclude(channel=Transfer.Channel.PAPER).select_related("user").order_by("pk")
    announced = transfers.filter(status=Transfer.Status.REQUESTED).exclude(
        channel=Transfer.Channel.VENUE, direction=Transfer.Direction.DEPOSIT
    )
    # What its person may still cancel waits for nobody.
    announced = announced.filter(Q(held_until__isnull=True) | Q(held_until__lte=now))
    erasures = Erasure.objects.filter(due_at__isnull=True, done_at__isnull=True, withdrawn_at__isnull=True)
    changes = OperatorRequest.objects.filter(**undecided, requested_at__gte=now - APPROVED_WITHIN)
    kinds = [
        _Kind(
            title="Corrections that wait for a second operator",
            rows=Correction.objects.filter(**undecided).order_by("pk"),
            line=lambda correction: correction.reason,
            since="requested_at",
            filters={"waits": "yes"},
        ),
        _Kind(
            title="Transfers that wait for a second operator",
            rows=transfers.filter(status=Transfer.Status.CONFIRMED),
            line=lambda row: f"{row.get_direction_display()} of {row.user}",
            since="requested_at",
            filters={"status__exact": Transfer.Status.CONFIRMED.value},
        ),
        _Kind(
            title="Transfers to be paid, or to be looked for",
            rows=announced,
            line=lambda row: f"{row.get_direction_display()} of {row.user}",
            since="requested_at",
            filters={"status__exact": Transfer.Status.REQUESTED.value},
        ),
        _Kind(
            title="Verdicts on coins that wait for a second operator",
            rows=CoinVerdict.objects.filter(**undecided).select_related("market").order_by("pk"),
            since="requested_at",
            filters={"waits": "yes"},
        ),
        _Kind(
            title="Changes of rules that wait for a second operator",
            rows=RuleChange.objects.filter(holds_from__isnull=True, withdrawn_at__isnull=True).order_by("pk"),
            since="requested_at",
            filters={"waits": "yes"},
        ),
        _Kind(
            title="Changes of rights that wait for a second operator",
            rows=changes.select_related("person").order_by("pk"),
            since="requested_at",
        ),
        _Kind(
            title="Erasures that wait for a second operator",
            rows=erasures.order_by("pk"),
            since="requested_at",
            filters={"done_at__isempty": "True"},
        ),
    ]
    if settings.SMARTSYNC_GATE.url:
        kinds.append(
            _Kind(
                title="Checks that wait for a decision",
                rows=GateCase.objects.filter(status=GateCase.Status.OPEN).order_by("opened_at"),
                since="opened_at",
                filters={"status__exact": GateCase.Status.OPEN.value},
            )
        )
    return kinds


def _unsettled(now: datetime) -> list[_Kind]:
    """Return what does not add up, is not known, or was complained of."""
    # That it is not booked follows from the state; the index of those wants it said.
    unknown = Order.objects.filter(status=Order.Status.UNKNOWN, booked_at__isnull=True).select_related("market")
    return [
        _Kind(
            title="Ledger and custody differ",
            rows=CustodyDifference.objects.exclude(units=0).select_related("asset").order_by("since"),
            line=lambda row: f"{row.asset.symbol}, since {row.since:%H:%M:%S} UTC",
            since="since",
            filters={"differs": "yes"},
        ),
        _Kind(
            title="Orders whose outcome is unknown",
            rows=unknown.order_by("pk").defer("participant_ids", "wish_units"),
            line=lambda order: f"{order.client_order_id} in {order.market.symbol}",
            since="claimed_at",
            acted_on=ALARMS,
            filters={"status__exact": Order.Status.UNKNOWN.value},
        ),
        _Kind(
            title="Complaints that wait",
            rows=complaints.in_time(now=now),
            line=lambda complaint: complaints.line_of(complaint, now=now),
            since="received_at",
            filters={"clock": "waits"},
        ),
    ]


def _leads(rules: Rules) -> list[_Kind]:
    """Return the leads that wait for somebody."""
    set_aside = Lead.objects.filter(failures__gte=rules.failures_max).order_by("name")
    return [
        _Kind(
            title="Leads set aside",
            rows=set_aside,
            since="sync_wanted_at",
            filters={"trouble": "set-aside"},
        ),
        _Kind(
            title="Leads that applied",
            rows=Lead.objects.filter(status=Lead.Status.APPLIED).order_by("applied_at"),
            since="applied_at",
            filters={"status__exact": Lead.Status.APPLIED.value},
        ),
    ]


def _counted(kind: _Kind) -> Need:
    """Return a need with the first of its rows, how many there are and since when, in one statement."""
    counted = kind.rows.annotate(need_count=Window(Count("*")), need_since=Window(Min(kind.since)))
    first = list(counted[:LINES_MAX])
    return Need(
        title=kind.title,
        table=kind.table,
        count=first[0].need_count if first else 0,
        lines=tuple(kind.line(row) for row in first),
        acted_on=kind.acted_on or kind.table,
        since=first[0].need_since if first else None,
        filters=kind.filters,
    )


def _unclaimed() -> Iterable[Need]:
    """Return the money that is nobody's yet."""
    found = unclaimed()
    for kind, title in (
        (LedgerAccount.Kind.SUSPENSE, "In the suspense account: whose is it?"),
        (LedgerAccount.Kind.UNASSIGNED, "Unassigned at the venue: whose is it?"),
    ):
        rows = [row for row in found if row.kind == kind]
        yield Need(
            title=title,
            table=BALANCES,
            count=len(rows),
            lines=tuple(f"{row.symbol}: {row.units:,} of its smallest units" for row in rows[:LINES_MAX]),
            acted_on=CORRECTIONS,
            since=min((row.since for row in rows if row.since), default=None),
            filters={"ledger_account__kind__exact": kind.value},
        )


def _reference_needs() -> Iterable[Need]:
    held_by: ReferenceHolder | None = reference.holder_without_money()
    if held_by is None:
        return
    line = f"Enter a deposit for {held_by.user}, confirm it and have it booked: the platform's own copies wait for it."
    yield Need(
        title="Reference copies without money",
        table=TRANSFERS,
        count=reference.leads_without().count(),
        lines=(line,),
        acted_on=TRANSFERS,
        since=held_by.lacks_money_since,
    )
