"""What operators see first: what needs a person now, the halts by name, and what they can choose from."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import Case, CharField, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable

from accounts.models import Asset, Balance, Erasure, LedgerAccount, Transfer, User
from copytrading.models import (
    Alarm,
    CoinVerdict,
    Correction,
    CustodyDifference,
    GateCase,
    Halt,
    Heartbeat,
    Lead,
    Mark,
    Market,
    Order,
    RuleChange,
)
from copytrading.queries.copies import reference
from copytrading.queries.market import doubts
from copytrading.queries.operating.running import SILENT_AFTER
from copytrading.queries.rules import platform_rules

LINES_MAX = 5
TRANSFERS = Transfer._meta.label_lower


@dataclass(frozen=True, kw_only=True)
class Need:
    """
    Something that waits for an operator: what it is, how many there are, and the first of them as sentences.

    `table` is where they are listed, narrowed by `filters`; who may not look at that table is not told.
    """

    title: str
    table: str
    count: int
    lines: tuple[str, ...]
    filters: dict[str, str] = field(default_factory=dict)


def needs_now(*, now: datetime) -> tuple[Need, ...]:
    """Return what waits for an operator at this moment, the most urgent first; nothing where nothing does."""
    alarms = Alarm.objects.filter(cleared_at__isnull=True).order_by("-last_seen_at")
    halts = named_halts().filter(lifted_at__isnull=True).order_by("-placed_at")
    corrections = Correction.objects.filter(approved_at__isnull=True, withdrawn_at__isnull=True).order_by("pk")
    transfers = Transfer.objects.exclude(channel=Transfer.Channel.PAPER).select_related("user").order_by("pk")
    confirmed = transfers.filter(status=Transfer.Status.CONFIRMED)
    announced = transfers.filter(status=Transfer.Status.REQUESTED).exclude(
        channel=Transfer.Channel.VENUE, direction=Transfer.Direction.DEPOSIT
    )
    # What its person may still cancel waits for nobody.
    announced = announced.filter(Q(held_until__isnull=True) | Q(held_until__lte=now))
    erasures = Erasure.objects.filter(due_at__isnull=True, done_at__isnull=True, withdrawn_at__isnull=True)
    erasures = erasures.order_by("pk")
    verdicts = CoinVerdict.objects.filter(approved_at__isnull=True, withdrawn_at__isnull=True).order_by("pk")
    verdicts = verdicts.select_related("market")
    rules = RuleChange.objects.filter(holds_from__isnull=True, withdrawn_at__isnull=True).order_by("pk")
    differences = CustodyDifference.objects.exclude(units=0).select_related("asset").order_by("since")
    unknown = Order.objects.filter(status=Order.Status.UNKNOWN).select_related("market").order_by("pk")
    unknown = unknown.defer("participant_ids", "wish_units")
    suspense = Balance.objects.filter(ledger_account__kind=LedgerAccount.Kind.SUSPENSE).exclude(posted=0)
    suspense = suspense.select_related("asset").order_by("asset__symbol")
    unassigned = Balance.objects.filter(ledger_account__kind=LedgerAccount.Kind.UNASSIGNED).exclude(posted=0)
    unassigned = unassigned.select_related("asset").order_by("asset__symbol")
    set_aside = Lead.objects.filter(failures__gte=platform_rules().failures_max).order_by("name")
    silent = Heartbeat.objects.filter(beaten_at__lt=now - SILENT_AFTER).order_by("name")
    found = (
        _need("Processes that are silent", silent, (row.name for row in silent[:LINES_MAX])),
        _need("Open alarms", alarms, (alarm.sentence for alarm in alarms[:LINES_MAX]), cleared_at__isempty="True"),
        _need(
            "Standing halts",
            halts,
            (f"{halt.target_name}: {halt.reason}" for halt in halts[:LINES_MAX]),  # type: ignore[attr-defined]
            lifted_at__isempty="True",
        ),
        _need(
            "Corrections that wait for a second operator",
            corrections,
            (correction.reason for correction in corrections[:LINES_MAX]),
            waits="yes",
        ),
        _need(
            "Transfers that wait for a second operator",
            confirmed,
            (f"{row.get_direction_display()} of {row.user}" for row in confirmed[:LINES_MAX]),
            status__exact=Transfer.Status.CONFIRMED.value,
        ),
        _need(
            "Transfers to be paid, or to be looked for",
            announced,
            (f"{row.get_direction_display()} of {row.user}" for row in announced[:LINES_MAX]),
            status__exact=Transfer.Status.REQUESTED.value,
        ),
        _need(
            "Verdicts on coins that wait for a second operator",
            verdicts,
            (str(verdict) for verdict in verdicts[:LINES_MAX]),
            waits="yes",
        ),
        _need(
            "Changes of rules that wait for a second operator",
            rules,
            (str(change) for change in rules[:LINES_MAX]),
            waits="yes",
        ),
        _need(
            "Erasures that wait for a second operator",
            erasures,
            (str(erasure) for erasure in erasures[:LINES_MAX]),
            done_at__isempty="True",
        ),
        _need(
            "Ledger and custody differ",
            differences,
            (f"{row.asset.symbol}, since {row.since:%H:%M:%S} UTC" for row in differences[:LINES_MAX]),
            differs="yes",
        ),
        _need(
            "Orders whose outcome is unknown",
            unknown,
            (f"{order.client_order_id} in {order.market.symbol}" for order in unknown[:LINES_MAX]),
            status__exact=Order.Status.UNKNOWN.value,
        ),
        _need(
            "In the suspense account: whose is it?",
            suspense,
            (f"{row.asset.symbol}: {row.posted:,} of its smallest units" for row in suspense[:LINES_MAX]),
            ledger_account__kind__exact=LedgerAccount.Kind.SUSPENSE.value,
        ),
        _need(
            "Unassigned at the venue: whose is it?",
            unassigned,
            (f"{row.asset.symbol}: {row.posted:,} of its smallest units" for row in unassigned[:LINES_MAX]),
            ledger_account__kind__exact=LedgerAccount.Kind.UNASSIGNED.value,
        ),
        *_reference_needs(),
        _need("Leads set aside", set_aside, (lead.name for lead in set_aside[:LINES_MAX]), trouble="set-aside"),
    )
    return tuple(need for need in (*found, *_open_cases()) if need.count)


def _open_cases() -> list[Need]:
    """Return what the operator's own check leaves to somebody; no statement where nobody is asked."""
    if not settings.SMARTSYNC_GATE.url:
        return []
    cases = GateCase.objects.filter(status=GateCase.Status.OPEN).order_by("opened_at")
    return [
        _need(
            "Checks that wait for a decision",
            cases,
            (str(case) for case in cases[:LINES_MAX]),
            status__exact=GateCase.Status.OPEN.value,
        )
    ]


def _reference_needs() -> tuple[Need, ...]:
    held_by = reference.holder_without_money()
    if held_by is None:
        return ()
    missing = reference.leads_without().count()
    line = f"Enter a deposit for {held_by.user}, confirm it and have it booked: the platform's own copies wait for it."
    return (Need(title="Reference copies without money", table=TRANSFERS, count=missing, lines=(line,)),)


def named_halts() -> QuerySet[Halt]:
    """Return all halts with `target_name`: what they stop, as people call it."""
    names: tuple[tuple[Halt.Scope, QuerySet[Lead] | QuerySet[Market] | QuerySet[Asset], str], ...] = (
        (Halt.Scope.LEAD, Lead.objects.all(), "name"),
        (Halt.Scope.MARKET, Market.objects.order_by(), "symbol"),
        (Halt.Scope.ASSET, Asset.objects.order_by(), "symbol"),
    )
    return Halt.objects.annotate(
        target_name=Case(
            *(
                When(scope=scope, then=Subquery(table.filter(pk=OuterRef("target_id")).values(column)[:1]))
                for scope, table, column in names
            ),
            default=Value("Everything"),
            output_field=CharField(),
        )
    ).select_related("placed_by", "lifted_by")


def halt_targets() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what can be halted, grouped, as (SCOPE:id, name)."""
    leads = Lead.objects.exclude(status__in=[Lead.Status.APPLIED, Lead.Status.ENDED]).order_by("name")
    groups: tuple[tuple[str, Halt.Scope, Iterable[tuple[int, str]]], ...] = (
        ("A lead", Halt.Scope.LEAD, leads.values_list("pk", "name")),
        ("A market", Halt.Scope.MARKET, Market.objects.order_by("symbol").values_list("pk", "symbol")),
        ("A coin in all its markets", Halt.Scope.ASSET, assets()),
    )
    targets = [(label, [(f"{scope.value}:{pk}", name) for pk, name in rows]) for label, scope, rows in groups]
    return [("Everything", [(f"{Halt.Scope.PLATFORM.value}:0", "Everything, all leads and markets")]), *targets]


def markets_by_doubt() -> list[tuple[int, str]]:
    """Return the markets that people may have to judge, those in doubt first, as (id, what is quoted)."""
    doubted = doubts.coins_in_doubt()
    markets = Market.objects.exclude(status=Market.Status.DELISTED).select_related("mark").order_by("symbol")
    named = []
    for market in markets:
        mark: Mark | None = getattr(market, "mark", None)
        quoted = None if mark is None else mark.doubted_price or mark.price
        named.append((market.base_id not in doubted, market.pk, market.symbol, quoted))
    return [
        (pk, symbol if quoted is None else f"{symbol}, quoted at {quoted.normalize():f}")
        for _, pk, symbol, quoted in sorted(named, key=lambda one: (one[0], one[2]))
    ]


def verdict_kinds() -> list[tuple[str, str]]:
    """Return what may be said of a coin in doubt."""
    return list(CoinVerdict.Kind.choices)


def assets() -> list[tuple[int, str]]:
    """Return all assets as (id, symbol)."""
    return list(Asset.objects.order_by("symbol").values_list("pk", "symbol"))


def decimals_of(*, asset_id: int) -> int:
    """Return how many decimals an asset has."""
    return Asset.objects.values_list("decimals", flat=True).get(pk=asset_id)


def correctable_kinds() -> list[tuple[str, str]]:
    """Return the platform's own accounts that a correction may name by kind."""
    kinds = (LedgerAccount.Kind.SUSPENSE, LedgerAccount.Kind.FEES, LedgerAccount.Kind.DUST)
    return [(kind.value, f"The platform's {kind.label} account") for kind in kinds]


def corrected_against() -> list[tuple[str, str]]:
    """Return what the other side of a correction can be."""
    return list(Correction.Against.choices)


def transfer_directions() -> list[tuple[str, str]]:
    """Return the ways that money moves."""
    return list(Transfer.Direction.choices)


def person(*, email: str) -> User | None:
    """Return who has an e-mail address, None where nobody does."""
    return User.objects.filter(email__iexact=email).first()


def by_openness(column: str) -> tuple[str | Combinable, ...]:
    """Return an ordering that puts what is still open first, then the latest."""
    return (F(column).desc(nulls_first=True), "-pk")


def _need(title: str, rows: QuerySet, lines: Iterable[str], **filters: str) -> Need:
    return Need(
        title=title, table=rows.model._meta.label_lower, count=rows.count(), lines=tuple(lines), filters=filters
    )
