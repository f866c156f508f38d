"""Pictures that lay one thing beside another, drawn on the server as SVG: curves on one scale, counts on one axis."""

from collections.abc import Sequence
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from accounts.identity.places import written
from copytrading.queries.happened.sentences import ratio_in_words
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.templatetags.figures import dated, round_money, signed_percent
from copytrading.templatetags.plots import Line, Plot

register = template.Library()

# In points of percent: returns that moved less do not fill a chart.
RETURN_SPAN_MIN = 0.2
WIDTH, HEIGHT, MARGIN = 100.0, 40.0, 3.0
# What a histogram leaves between two bins, as a share of their width.
BIN_GAP = 0.18
RETURNS = gettext_noop("Returns over time")

# A curve: what it is called, its name in the stylesheet (lead, smart, custom), and its (time, value), oldest first.
Curve = tuple[str, str, Sequence[tuple[datetime, float]]]


@register.filter
def times(ratio: float) -> str:
    """Return a ratio with as many decimals as say something: 0.0669, 1.5."""
    return written(ratio_in_words(ratio))


@register.simple_tag
def curves(
    lines: Sequence[Curve],
    label: str = "",
    unit: str = "",
    stop_units: int | None = None,
    stopped_at: datetime | None = None,
) -> SafeString:
    """
    Return curves on one scale, each in the colour that the stylesheet gives to its name; they begin together.

    :param stop_units: the worth at which a stop loss sells everything, in quote units, drawn as a line.
    :param stopped_at: when the last of the curves came to it, marked there.
    """
    everything = sorted(point for _, _, points in lines for point in points)
    stop = [] if stop_units is None else [stop_units / 10**CASH_DECIMALS]
    plot = Plot.of_money(everything, [value for _, value in everything] + stop)
    marks = format_html_join("", "{}", ((plot.dot(*points[-1], name),) for _, name, points in lines))
    if stop_units is not None:
        marks = plot.level(stop[0], gettext("stop %(level)s") % {"level": round_money(stop_units)}) + marks
    if stopped_at is not None:
        # From there on it is cash, so it ended in what it had then.
        marks += plot.end(stopped_at, lines[-1][2][-1][1], dated(timezone.localtime(stopped_at), "j M"))
    return plot.figure(
        format_html_join(
            "", '<path class="line {}" d="{}"/>', ((name, plot.line(points)) for _, name, points in lines)
        ),
        marks=marks,
        lines=[Line(name=title, points=points, classes=name) for title, name, points in lines],
        label=f"{label}: "
        + ", ".join(f"{title} {written(f'{points[-1][1]:,.2f}')}" for title, _, points in lines)
        + f" {unit}",
        unit=unit,
    )


@register.simple_tag
def return_curves(lines: Sequence[Curve], label: str = "") -> SafeString:
    """Return curves of returns in percent on one scale with its zero line; who began later begins further right."""
    everything = sorted(point for _, _, points in lines for point in points)
    plot = Plot.around(everything, [0.0, *(value for _, value in everything)], span_min=RETURN_SPAN_MIN)
    return plot.figure(
        format_html_join(
            "", '<path class="line {}" d="{}"/>', ((name, plot.line(points)) for _, name, points in lines)
        ),
        marks=format_html_join("", "{}", ((plot.dot(*points[-1], name),) for _, name, points in lines)),
        lines=[Line(name=title, points=points, classes=name, is_result=True) for title, name, points in lines],
        label=f"{label or gettext(RETURNS)}: "
        + ", ".join(f"{title} {signed_percent(points[-1][1] / 100)}" for title, _, points in lines),
        unit="%",
    )


@register.simple_tag
def line_key(lines: Sequence[Curve]) -> SafeString:
    """Return the key of curves: each line's name with its colour."""
    return format_html(
        '<ul class="key">{}</ul>',
        format_html_join(
            "",
            '<li><svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">'
            '<rect class="bar {}" width="10" height="10"/></svg>{}</li>',
            ((name, title) for title, name, _ in lines),
        ),
    )


@register.simple_tag
def histogram(edges: Sequence[float], smart: Sequence[int], custom: Sequence[int], label: str = "") -> SafeString:
    """
    Return how often returns fell between edges (B + 1,), the counts (B,) of both modes side by side.

    A rule marks where nothing was gained or lost, if that is among them.
    """
    bin_width = WIDTH / len(smart)
    most = max(*smart, *custom, 1)
    bars = []
    for place, counts in enumerate(zip(smart, custom, strict=True)):
        for side, (name, count) in enumerate(zip(("smart", "custom"), counts, strict=True)):
            height = count / most * (HEIGHT - MARGIN)
            left = (place + BIN_GAP / 2 + side * (1 - BIN_GAP) / 2) * bin_width
            width = bin_width * (1 - BIN_GAP) / 2
            bars.append((name, f"{left:.2f}", f"{HEIGHT - height:.2f}", f"{width:.2f}", f"{height:.2f}"))
    rule = SafeString("")
    low, high = edges[0], edges[-1]
    if low < 0 < high:
        rule = format_html('<path class="rule" d="M{0} 0V40"/>', f"{-low / (high - low) * WIDTH:.2f}")
    return format_html(
        '<figure class="histogram"><svg viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label="{}">'
        "{}{}</svg>"
        "<figcaption><span>{}</span>{}<span>{}</span></figcaption></figure>",
        label,
        format_html_join("", '<rect class="bar {}" x="{}" y="{}" width="{}" height="{}"/>', bars),
        rule,
        signed_percent(low),
        format_html("<span>{}</span>", gettext("dashed: nothing gained, nothing lost")) if rule else "",
        signed_percent(high),
    )
