"""
The operators' morning page: the figures of each part, and the pictures of the last day.

A part is shown to whoever may look at the table that it is read from; what somebody may not see is not asked for.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from copytrading.queries.operating import morning
from copytrading.queries.operating.unclaimed import unclaimed
from copytrading.queries.rules import cash_symbol
from copytrading.services.running.queue_lengths import rings_waiting
from copytrading.templatetags.axes import ValueAxis
from copytrading.templatetags.figures import CENT_UNITS, DAY, HOUR, MINUTE, money
from copytrading.templatetags.plots import Line, Plot, path_through

register = template.Library()

# A day without a cycle still has an axis; what moves by less than a thousandth does not fill a picture.
COUNT_SPAN_MIN, WORTH_SPAN_MIN = 1.0, 0.001
BAR_SHARE = 0.8

# Each part of the page: its name, the table whose right shows it, and how it is read.
PARTS: tuple[tuple[str, str, Callable[[datetime], Any]], ...] = (
    ("money", "copytrading.view_moneyundercopy", lambda now: morning.money_under_copy(now=now)),
    ("worth", "copytrading.view_moneyundercopy", lambda now: morning.worth_of_the_day(now=now)),
    ("copies", "copytrading.view_copy", lambda _: morning.copies_by_status()),
    ("cycles", "copytrading.view_synccycle", lambda now: morning.cycles_of_the_day(now=now)),
    ("orders", "copytrading.view_order", lambda now: morning.orders_of_the_day(now=now)),
    ("unclaimed", "accounts.view_balance", lambda _: unclaimed()),
    ("processes", "copytrading.view_heartbeat", lambda now: morning.processes(now=now)),
    ("rings", "copytrading.view_heartbeat", lambda _: {"by_queue": rings_waiting()}),
    ("price", "copytrading.view_mark", lambda now: _price(now)),
    ("queues", "copytrading.view_lead", lambda _: morning.queues()),
    ("custody", "copytrading.view_custodydifference", lambda _: morning.reconciliation()),
    ("alarms", "copytrading.view_alarm", lambda _: {"kinds": morning.open_alarms()}),
)


@register.simple_tag(takes_context=True)
def morning_figures(context: dict[str, Any]) -> dict[str, Any]:
    """Return the parts of the page that this operator may see, by name, and when they were read as `now`."""
    now, user = timezone.now(), context["request"].user
    return {"now": now, **{name: read(now) for name, right, read in PARTS if user.has_perm(right)}}


@register.simple_tag
def now_of_page() -> datetime:
    """Return the moment by which ages are told."""
    return timezone.now()


@register.filter
def age(since: datetime | None, now: datetime) -> str:
    """Return how long ago something was, in few characters: 12 s, 4 min, 3 h 20 min, 2 days."""
    if since is None:
        return "—"
    seconds = max(int((now - since).total_seconds()), 0)
    if seconds < 2 * MINUTE:
        return f"{seconds} s"
    if seconds < 2 * HOUR:
        return f"{seconds // MINUTE} min"
    if seconds < 2 * DAY:
        minutes = seconds % HOUR // MINUTE
        return f"{seconds // HOUR} h {minutes} min" if minutes and seconds < 12 * HOUR else f"{seconds // HOUR} h"
    return f"{seconds // DAY} days"


@register.filter
def units_of(units: int, decimals: int) -> str:
    """Return units of a coin whole, as people write them: 0.00000001, −12.5."""
    coins, rest = divmod(abs(units), 10**decimals)
    fraction = f"{rest:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{'−' if units < 0 else ''}{coins:,}{'.' if fraction else ''}{fraction}"


@register.filter
def share_of(part: int | None, whole: int) -> str:
    """Return a part of a whole in percent, for the length of a bar; nothing where there is none."""
    return f"{max(part or 0, 0) / whole * 100:.2f}" if whole > 0 else "0"


@register.filter
def summed(rows: Sequence[Any], name: str) -> int:
    """Return the sum of one column of rows."""
    return sum(getattr(row, name) or 0 for row in rows)


@register.filter
def live_count(copies: Sequence[tuple[str, str, int]]) -> int:
    """Return how many copies live, of those by status."""
    return sum(number for _, _, number in copies)


@register.filter
def alarm_count(kinds: Sequence[tuple[str, str, int, datetime]]) -> int:
    """Return how many alarms are open, of those by kind."""
    return sum(number for _, _, number, _ in kinds)


@register.simple_tag
def worth_plot(points: Sequence[tuple[datetime, int]]) -> SafeString:
    """Return what was under copy over the last day as a line."""
    if len(points) < 2:
        return _too_early()
    worth = [(at, units // CENT_UNITS / 100) for at, units in points]
    values = [value for _, value in worth]
    plot = Plot.around(worth, values, span_min=max(max(values) * WORTH_SPAN_MIN, 1.0))
    return plot.figure(
        format_html('<path class="line own" d="{}"/>', plot.line(worth)),
        marks=plot.dot(*worth[-1], "own"),
        lines=[Line(name="Worth", points=worth, classes="own")],
        label=f"Under copy: {money(points[0][1])} {cash_symbol()} at the beginning, {money(points[-1][1])} now.",
        unit=cash_symbol(),
        last_label="now",
    )


@register.simple_tag
def count_plot(quarters: Sequence[tuple[datetime, float]], what: str) -> SafeString:
    """Return what was counted in each quarter of an hour as bars; `what` names it, as "Cycles"."""
    width = timedelta(minutes=15)
    highest = max(count for _, count in quarters)
    plot = Plot(
        begins_at=quarters[0][0],
        ends_at=quarters[-1][0] + width,
        axis=ValueAxis.around(0.0, highest, span_min=COUNT_SPAN_MIN),
    )
    return plot.figure(
        format_html('<path class="bars" d="{}"/>', "".join(_bar(plot, at, count, width) for at, count in quarters)),
        marks=SafeString(""),
        lines=[Line(name=what, points=quarters, classes="own")],
        label=f"{what}: {sum(count for _, count in quarters):,.0f} in the last day, {highest:,.0f} in the busiest"
        f" quarter of an hour, {quarters[-1][1]:,.0f} in the last.",
        unit="",
        last_label="now",
    )


def _bar(plot: Plot, at: datetime, count: float, width: timedelta) -> str:
    """Return one bar as a closed path; nothing where there is nothing to draw."""
    if not count:
        return ""
    left, right = plot.x(at), plot.x(at + width * BAR_SHARE)
    bottom, top = plot.y(0.0), plot.y(count)
    return path_through([(left, bottom), (left, top), (right, top), (right, bottom)]) + "Z"


def _price(now: datetime) -> dict[str, Any]:
    last = morning.last_price_at()
    return {"at": last, "is_old": last is None or last < now - morning.PRICES_OLD_AFTER}


def _too_early() -> SafeString:
    return format_html('<p class="too-early">{}</p>', "Too early to draw: nothing is recorded yet.")
