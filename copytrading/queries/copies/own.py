"""What a follower reads of their own copies. Every query starts from `copies_of`, so no interface can forget whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time

from django.db.models import F, Func, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce
from django.utils.translation import gettext

from accounts.models import User
from copytrading.engine.sizing import registry
from copytrading.models import Copy, CopyFlow, Lead, ProfitShare
from copytrading.queries.copies.portfolios import Comparison, PriceList, compare, price_list
from copytrading.queries.rules import platform_rules


@dataclass(frozen=True, kw_only=True)
class CopySummary:
    """
    A copy in figures, in quote units. `result` counts everything since the start, `today` since midnight UTC.

    Worth and result are after the profit share: `due` is what the lead would get of it if it were settled now, and
    `profit_share` that and all that was paid before. `leaving` is on its way to the main account, and still counted.
    `comparison` is None once the copy has stopped: there is nothing left to compare.
    """

    copy: Copy
    comparison: Comparison | None
    worth_units: int
    result_units: int
    today_units: int
    leaving_units: int
    due_units: int
    profit_share_units: int

    @property
    def result_fraction(self) -> float:
        """Return the result as a share of all that was ever put in."""
        return self.result_units / self.copy.paid_in_units if self.copy.paid_in_units else 0.0

    @property
    def stops_at_units(self) -> int | None:
        """Return the worth at which the copy stops itself."""
        return level_of(self.copy)

    @property
    def is_smart_sync(self) -> bool:
        """Return whether the copy holds ratios; a Custom copy answers orders and is never out of sync."""
        return registry.holds_ratios(self.copy.mode)

    @property
    def state(self) -> str:
        """Return where the copy stands, in the words of its chip."""
        if self.copy.status == Copy.Status.STOPPED:
            return gettext("stopped")
        if self.copy.status == Copy.Status.STOPPING:
            return gettext("stopping")
        if self.copy.status == Copy.Status.PAUSED:
            return gettext("paused")
        if self.copy.status == Copy.Status.STARTING:
            return gettext("starting")
        if self.copy.lead.status == Lead.Status.PAUSED:
            return gettext("lead paused")
        if not self.is_smart_sync:
            return gettext("follows orders")
        return gettext("in sync") if self.is_in_sync else gettext("catching up")

    @property
    def is_in_sync(self) -> bool:
        """Return whether the decision would trade nothing for an active copy."""
        if self.copy.status != Copy.Status.ACTIVE or self.comparison is None:
            return False
        return not self.is_smart_sync or self.comparison.is_at_rest


@dataclass(frozen=True, kw_only=True)
class Overview:
    """All copies of a person together, in quote units; `result` counts those that ended too."""

    worth_units: int
    invested_units: int
    result_units: int
    paid_in_units: int
    today_units: int
    due_units: int
    summaries: tuple[CopySummary, ...]
    ended_count: int

    @property
    def result_fraction(self) -> float:
        return self.result_units / self.paid_in_units if self.paid_in_units else 0.0


# What was recorded last of a copy by some time, in quote units.
WORTH_AT = (
    "(SELECT equity_units FROM copy_records(copytrading_copy.id) WHERE recorded_at <= %s"
    " ORDER BY recorded_at DESC LIMIT 1)"
)


def copies_of(user: User) -> QuerySet[Copy]:
    """Return a person's copies, latest first, with their leads."""
    return Copy.objects.filter(follower=user).select_related("lead").order_by("-started_at", "-id")


def current_copies_of(user: User) -> QuerySet[Copy]:
    """Return a person's copies that still hold money or are about to give it back."""
    return copies_of(user).exclude(status=Copy.Status.STOPPED)


def ended_copies_of(user: User) -> QuerySet[Copy]:
    """Return a person's stopped copies, last stopped first."""
    return copies_of(user).filter(status=Copy.Status.STOPPED).order_by("-stopped_at", "-id")


def level_of(copy: Copy) -> int | None:
    """Return the worth, in quote units, at which a copy stops itself; None without a stop loss."""
    return None if copy.stop_loss_units is None else copy.invested_units - copy.stop_loss_units


def with_figures(copies: QuerySet[Copy], *, now: datetime) -> QuerySet[Copy]:
    """Return copies with what `summed_up` reads beside each of them."""
    midnight = datetime.combine(now.astimezone(UTC).date(), time.min, tzinfo=UTC)
    return copies.annotate(
        worth_at_midnight=RawSQL(WORTH_AT, [midnight]),
        moved_today=_moved(Q(status=CopyFlow.Status.DONE, moved_at__gte=midnight)),
        profit_paid=_profit_paid(),
    )


def summed_up(rows: Sequence[Copy], *, now: datetime, prices: PriceList | None = None) -> list[CopySummary]:
    """Return copies that were read by `with_figures` in figures, in as many statements as one copy takes."""
    live = [copy for copy in rows if copy.status != Copy.Status.STOPPED]
    comparisons = compare(live, prices=prices or price_list(), now=now, rules=platform_rules()) if live else {}
    return [_summary(copy, comparisons.get(copy.pk)) for copy in rows]


def summaries_of(copies: QuerySet[Copy], *, now: datetime, prices: PriceList | None = None) -> list[CopySummary]:
    """Return copies in figures. The number of statements does not depend on how many copies there are."""
    return summed_up(list(with_figures(copies, now=now)), now=now, prices=prices)


def summary_of(copy: Copy, *, now: datetime, prices: PriceList | None = None) -> CopySummary:
    """Return one copy in figures."""
    return summaries_of(copies_of(copy.follower).filter(pk=copy.pk), now=now, prices=prices)[0]


def overview_of(user: User, *, now: datetime) -> Overview:
    """Return all copies of a person together, with the current ones one by one."""
    summaries = summaries_of(current_copies_of(user), now=now)
    ended = ended_copies_of(user)
    totals = ended.aggregate(paid_in=Sum("paid_in_units"), paid_out=Sum("paid_out_units"))
    ended_paid_in, ended_paid_out = totals["paid_in"] or 0, totals["paid_out"] or 0
    return Overview(
        worth_units=sum(summary.worth_units for summary in summaries),
        invested_units=sum(summary.copy.invested_units for summary in summaries),
        result_units=sum(summary.result_units for summary in summaries) + ended_paid_out - ended_paid_in,
        paid_in_units=sum(summary.copy.paid_in_units for summary in summaries) + ended_paid_in,
        today_units=sum(summary.today_units for summary in summaries),
        due_units=sum(summary.due_units for summary in summaries),
        summaries=tuple(summaries),
        ended_count=ended.count(),
    )


def _moved(condition: Q) -> Coalesce:
    """Return the sum of a copy's flows that meet a condition, as an annotation."""
    flows = CopyFlow.objects.filter(condition, copy=OuterRef("pk")).order_by()
    # A subquery that sums must not group, or it would return a row for each flow.
    total = flows.annotate(total=Func(F("units"), function="SUM")).values("total")
    return Coalesce(Subquery(total), 0)


def _profit_paid() -> Coalesce:
    """Return what a copy has paid as profit share, as an annotation: a row a week, where its postings are thousands."""
    shares = ProfitShare.objects.filter(copy=OuterRef("pk")).order_by()
    return Coalesce(Subquery(shares.annotate(total=Func(F("share_units"), function="SUM")).values("total")), 0)


def _summary(copy: Copy, comparison: Comparison | None) -> CopySummary:
    due = comparison.due_units if comparison else 0
    worth = comparison.worth_units if comparison else 0
    result = worth + copy.paid_out_units - copy.paid_in_units
    # Before the first record of a former day everything happened today.
    at_midnight = copy.worth_at_midnight or 0  # type: ignore[attr-defined]
    return CopySummary(
        copy=copy,
        comparison=comparison,
        worth_units=worth,
        result_units=result,
        today_units=worth - at_midnight - copy.moved_today,  # type: ignore[attr-defined]
        leaving_units=comparison.leaving_units if comparison else 0,
        due_units=due,
        profit_share_units=due + copy.profit_paid,  # type: ignore[attr-defined]
    )
