"""Curves over time as charts, drawn on the server: a copy's worth, a lead's own worth, a return."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, gettext_noop

from accounts.identity.places import written
from copytrading.queries.copies.curves import AccountCurve, CopyCurve, Move
from copytrading.queries.leading.growth import Growth
from copytrading.queries.rules import cash_symbol
from copytrading.templatetags.figures import CENT_UNITS, day, money, signed_money, signed_percent
from copytrading.templatetags.plots import Line, Plot, coloured, kind_of, stretches_of

register = template.Library()

# In points of percent: a return that moved less does not fill a chart.
RETURN_SPAN_MIN = 0.2
# Copies, or cash.
GROWTH_SPAN_MIN = 5.0
GROWTH_LABELS = {
    "copies": gettext_noop("Copies running"),
    "money": gettext_noop("Money that follows"),
    "earned": gettext_noop("Earned so far"),
}


@register.simple_tag
def worth_chart(curve: CopyCurve, is_over: bool = False) -> SafeString:
    """Return a copy's worth beside what is invested, in the colours of its result, with the money that moved."""
    points, last = curve.points, curve.points[-1]
    worth = [(point.at, _cash(point.worth_units)) for point in points]
    invested = [(point.at, _cash(point.invested_units)) for point in points]
    results = [(point.at, _cash(point.result_units)) for point in points]
    plot = Plot.of_money(worth, [value for _, value in worth + invested])
    stretches = stretches_of(
        [
            (plot.x(at), value, base, result)
            for (at, value), (_, base), (_, result) in zip(worth, invested, results, strict=True)
        ]
    )
    return plot.figure(
        coloured(stretches, plot.y) + format_html('<path class="line invested" d="{}"/>', plot.stairs(invested)),
        marks=plot.moves(_said(curve.moves)) + plot.dot(*worth[-1], kind_of(last.result_units)),
        lines=[
            Line(name=gettext("Worth"), points=worth, classes="worth"),
            Line(name=gettext("Invested"), points=invested, classes="invested"),
            Line(name=gettext("Result"), points=results, is_result=True),
        ],
        label=_worth_spoken(curve, is_over=is_over) + _moves_spoken(curve.moves),
        unit=cash_symbol(),
        last_label="" if is_over else gettext("now"),
    )


@register.simple_tag
def account_chart(curve: AccountCurve) -> SafeString:
    """Return a lead's own worth over time. It has no colour of gain or loss: the money that moved is in it, marked."""
    if len(curve.points) < 2:
        return too_early()
    worth = [(at, _cash(units)) for at, units in curve.points]
    plot = Plot.of_money(worth, [value for _, value in worth])
    return plot.figure(
        format_html('<path class="line own" d="{}"/>', plot.broken_line(worth)),
        marks=plot.moves(_said(curve.moves)) + plot.dot(*worth[-1], "own"),
        lines=[Line(name=gettext("Worth"), points=worth, classes="own")],
        label=gettext("Own worth: %(first)s %(cash)s on %(since)s, %(last)s now.")
        % {
            "first": money(curve.points[0][1]),
            "cash": cash_symbol(),
            "since": day(curve.points[0][0]),
            "last": money(curve.points[-1][1]),
        }
        + _moves_spoken(curve.moves),
        unit=cash_symbol(),
        last_label=gettext("now"),
    )


@register.simple_tag
def growth_chart(growth: Growth, what: str) -> SafeString:
    """
    Return one line of how much followed a lead: `copies` and `earned` hold until they change, `money` goes along.

    It has no colour of gain or loss: money that comes is no result, and money that leaves no loss.
    """
    if what == "money":
        points = [(one.at, _cash(one.money_units)) for one in growth.days if one.money_units is not None]
    else:
        points = [(one.at, _cash(one.earned_units) if what == "earned" else float(one.copies)) for one in growth.days]
    if len(points) < 2:
        return too_early()
    unit = "" if what == "copies" else cash_symbol()
    # Copies are whole, so an axis of less than a few would name halves.
    plot = Plot.around(points, [0.0, *(value for _, value in points)], span_min=GROWTH_SPAN_MIN)
    path = plot.line(points) if what == "money" else plot.stairs(points)
    first, last = (written(f"{value:,.2f}" if unit else f"{value:,.0f}") for _, value in (points[0], points[-1]))
    return plot.figure(
        format_html('<path class="line own" d="{}"/>', path),
        marks=plot.dot(*points[-1], "own"),
        lines=[Line(name="", points=points, classes="own")],
        label=gettext("%(what)s: %(first)s on %(since)s, %(last)s at the end.")
        % {"what": gettext(GROWTH_LABELS[what]), "first": first, "since": day(points[0][0]), "last": last},
        unit=unit,
        last_label=gettext("now") if points[-1][0] == growth.days[-1].at else "",
        is_low=True,
    )


@register.simple_tag
def return_chart(points: Sequence[tuple[datetime, float]], label: str = "") -> SafeString:
    """Return a return in percent over time, (time, percent) oldest first: green above zero and red below."""
    if len(points) < 2:
        return too_early()
    plot = Plot.around(points, [0.0, *(value for _, value in points)], span_min=RETURN_SPAN_MIN)
    stretches = stretches_of([(plot.x(at), value, 0.0, value) for at, value in points])
    return plot.figure(
        coloured(stretches, plot.y),
        marks=plot.dot(*points[-1], kind_of(points[-1][1])),
        lines=[Line(name="", points=points, classes="worth", is_result=True)],
        label=gettext("%(label)s: %(gain)s from %(first)s to %(last)s.")
        % {
            "label": label or gettext("Return over time"),
            "gain": signed_percent(points[-1][1] / 100),
            "first": day(points[0][0]),
            "last": day(points[-1][0]),
        },
        unit="%",
    )


@register.simple_tag
def fall_chart(points: Sequence[tuple[datetime, float]], label: str = "") -> SafeString:
    """Return how far a return in percent, (time, percent) oldest first, was below its highest point so far."""
    highest, falls = points[0][1], []
    for at, value in points:
        highest = max(highest, value)
        falls.append((at, ((1 + value / 100) / (1 + highest / 100) - 1) * 100))
    plot = Plot.around(falls, [0.0, *(value for _, value in falls)], span_min=RETURN_SPAN_MIN)
    stretches = stretches_of([(plot.x(at), value, 0.0, value) for at, value in falls])
    deepest = min(value for _, value in falls)
    return plot.figure(
        coloured(stretches, plot.y),
        marks=SafeString(""),
        lines=[Line(name="", points=falls, classes="worth", is_result=True)],
        label=gettext("%(label)s: %(fall)s at the deepest.")
        % {"label": label or gettext("Below the highest point"), "fall": signed_percent(deepest / 100)},
        unit="%",
        is_low=True,
    )


@register.simple_tag
def line_swatch(classes: str) -> SafeString:
    """Return a short piece of a line, for the key of a chart."""
    return format_html(
        '<svg class="swatch-line" viewBox="0 0 14 8" aria-hidden="true"><path class="line {}" d="M0 4H14"/></svg>',
        classes,
    )


@register.simple_tag
def move_swatch() -> SafeString:
    """Return the circle that stands where money moved, for the key of a chart."""
    return mark_safe(
        '<svg class="swatch-line" viewBox="0 0 14 10" aria-hidden="true">'
        '<circle class="move" cx="7" cy="5" r="3.5"/></svg>'
    )


def too_early() -> SafeString:
    """Return what stands where a chart will be."""
    return format_html(
        '<p class="too-early">{}</p>', gettext("Too early to draw: there is one record so far, or none.")
    )


def _said(moves: Sequence[Move]) -> list[tuple[datetime, float, float, str]]:
    """Return moves as a chart says them, (time, worth before, worth after, sum): whole sums without cents."""
    return [
        (
            move.at,
            _cash(move.worth_units - move.units),
            _cash(move.worth_units),
            signed_money(move.units).removesuffix(written(".00")),
        )
        for move in moves
    ]


def _moves_spoken(moves: Sequence[Move]) -> str:
    if not moves:
        return ""
    told = [gettext("%(sum)s on %(day)s") % {"sum": said, "day": day(at)} for at, _, _, said in _said(moves)]
    return " " + gettext("Money moved: %(moves)s.") % {"moves": ", ".join(told)}


def _worth_spoken(curve: CopyCurve, *, is_over: bool) -> str:
    """Return what the picture of a copy's worth shows, for those who do not see it."""
    first, last = curve.points[0], curve.points[-1]
    said = gettext(
        "Worth over time: %(first)s %(cash)s on %(since)s, %(last)s now; invested %(invested)s, result %(result)s."
    )
    if is_over:
        said = gettext(
            "Worth over time: %(first)s %(cash)s on %(since)s, %(last)s on %(until)s; invested %(invested)s, result"
            " %(result)s."
        )
    return said % {
        "first": money(first.worth_units),
        "cash": cash_symbol(),
        "since": day(first.at),
        "last": money(last.worth_units),
        "until": day(last.at),
        "invested": money(last.invested_units),
        "result": signed_money(last.result_units),
    }


def _cash(units: int) -> float:
    """Return quote units in cash, cut to cents like the figures beside a chart: both say the same."""
    return units // CENT_UNITS / 100
