"""Pictures of figures, drawn on the server as SVG: the ribbon, the coin, the sparkline, the avatar, the icons."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol
from zlib import crc32

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from copytrading.templatetags.figures import percent, signed_percent
from copytrading.templatetags.plots import coloured, path_through, stretches_of
from copytrading.templatetags.portal import said as in_words

register = template.Library()

# What a ribbon leaves between two coins, in hundredths of its width.
GAP = 0.35

# Places in the palette of faces, 1 to 8: dark enough for a white mark.
AVATAR_COLOURS = (2, 4, 3, 5, 1, 8, 6, 7)
AVATAR_MARKS = (
    '<path class="mark" d="M9 30 18 20l6 6 11-13"/>',
    '<path class="mark" d="M9 25c4-8 8-8 13 0s9 8 13 0"/>',
    '<path class="mark" d="M12 31V22m10 9V13m10 18V18"/>',
    '<path class="mark" d="M10 31h8v-8h8v-8h8"/>',
    '<path class="mark" d="M22 11 33 30H11Z"/>',
    '<path class="mark" d="M22 12v20M12 22h20"/><circle class="dot" cx="22" cy="22" r="4"/>',
    '<path class="mark" d="M11 16l11 8 11-8M11 25l11 8 11-8"/>',
    '<circle class="mark" cx="18" cy="22" r="8"/><circle class="mark" cx="26" cy="22" r="8"/>',
)

ICONS = {
    "discover": '<circle cx="12" cy="12" r="9"/><path d="m15.5 8.5-2 5-5 2 2-5z"/>',
    "copies": '<path d="M4 8h16M4 12h16M4 16h16"/><path d="M9 6v4M15 10v4M7 14v4"/>',
    "wallet": '<rect x="3" y="6" width="18" height="13" rx="3"/><path d="M3 10h18M16 14.5h2"/>',
    "lead": '<path d="M6 21V4m0 1h11l-2.5 3.5L17 12H6"/>',
    "person": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20c1.2-3.6 4-5.5 7.5-5.5s6.3 1.9 7.5 5.5"/>',
    "back": '<path d="M15 5 8 12l7 7"/>',
    "star": '<path d="m12 3.6 2.6 5.3 5.9.9-4.2 4.1 1 5.9-5.3-2.8-5.3 2.8 1-5.9L3.5 9.8l5.9-.9z"/>',
    "compare": '<path d="M4 5h6v14H4zM14 5h6v14h-6z"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 2h-15z"/><path d="M10 21h4"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>',
}


class Slice(Protocol):
    """A share of a portfolio: what it is, its colour 0..12 (0 is cash) and its weight 0..1."""

    symbol: str
    colour: int
    weight: float


@register.simple_tag
def ribbon(slices: Iterable[Slice], label: str = "") -> SafeString:
    """Return one ribbon of weights; coins below a tenth of a percent are too thin to see and left out."""
    shown = [part for part in slices if part.weight >= 0.001]
    total = sum(part.weight for part in shown) or 1.0
    bars, left = [], 0.0
    for part in shown:
        width = part.weight / total * 100
        # Nothing here but figures, so nothing to escape: a page of copies has a thousand of these.
        bars.append(
            f'<rect class="f{part.colour:d}" x="{left:.2f}" y="0" width="{max(width - GAP, 0.1):.2f}" height="10"/>'
        )
        left += width
    spoken = ", ".join(f"{_spoken(part)} {percent(part.weight)}" for part in shown) or gettext("nothing")
    return format_html(
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}{}">{}</svg>',
        f"{label}: " if label else "",
        spoken,
        mark_safe("".join(bars)),
    )


def _spoken(part: Slice) -> str:
    """Return what a part is called: a coin has its symbol in every language, cash a word."""
    return part.symbol if part.colour else in_words(part.symbol)


@register.simple_tag
def coin(symbol: str, colour: int) -> SafeString:
    """Return a coin's own mark, its letter on its colour, which ties a row of a table to its part of a ribbon."""
    return format_html(
        '<svg class="coin" viewBox="0 0 22 22" aria-hidden="true"><circle class="f{0}" cx="11" cy="11" r="11"/>'
        '<text class="on{0}" x="11" y="14.5">{1}</text></svg>',
        colour,
        symbol[:1] if colour else "$",
    )


@register.simple_tag
def risk_ticks(risk: int | None) -> SafeString:
    """Return a risk of 1 to 10 as ten ticks and its figure."""
    if risk is None:
        return format_html('<span class="quiet">{}</span>', gettext("too early"))
    return format_html(
        '<span class="risk"><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<path d="M0 5H100"/><path class="on" d="M0 5H{}"/></svg><strong>{}</strong></span>',
        risk * 10 - 2,
        risk,
    )


@register.simple_tag
def ribbon_key(slices: Iterable[Slice]) -> SafeString:
    """Return the key of a ribbon: each coin with its colour."""
    return format_html(
        '<ul class="key">{}</ul>',
        format_html_join(
            "", "<li>{}{}</li>", ((coin(part.symbol, part.colour), in_words(part.symbol)) for part in slices)
        ),
    )


@register.simple_tag
def sparkline(returns: Sequence[float], scale: tuple[float, float], steps: int, label: str = "") -> SafeString:
    """
    Return a return over time as a small curve: green above its zero line, red below.

    :param returns: at even steps of time, the last one at the right edge; fractions of 1.
    :param scale: the lowest and the highest return that the picture reaches, the same for all that stand together.
    :param steps: how many steps the whole width has; who began later begins further right.
    """
    low, high = min(scale[0], 0.0), max(scale[1], 0.0)
    height = high - low or 1.0

    def y(value: float) -> float:
        return (high - value) / height * 100

    curve, said = SafeString(""), gettext("too early to draw")
    if len(returns) > 1:
        first = steps - len(returns) + 1
        rows = [((first + number) / steps * 100, value, 0.0, value) for number, value in enumerate(returns)]
        curve = coloured(stretches_of(rows), y)
        said = gettext("%(gain)s, drawn between %(low)s and %(high)s") % {
            "gain": signed_percent(returns[-1]),
            "low": signed_percent(low),
            "high": signed_percent(high),
        }
    return _spark(
        format_html('<path class="zero" d="{}"/>{}', path_through([(0, y(0)), (100, y(0))]), curve), label, said
    )


@register.simple_tag
def level_line(points: Sequence[tuple[datetime, float]], label: str = "") -> SafeString:
    """Return a size over time, (time, value) oldest first, two or more, as a small curve that stands on zero."""
    highest = max(value for _, value in points) or 1.0
    begins_at, seconds = points[0][0], (points[-1][0] - points[0][0]).total_seconds() or 1.0
    spots = [((at - begins_at).total_seconds() / seconds * 100, (1 - value / highest) * 100) for at, value in points]
    return _spark(
        format_html(
            '<path class="wash own" d="{}L1000 1000L0 1000Z"/><path class="line own" d="{}"/>',
            path_through(spots),
            path_through(spots),
        ),
        label,
        "",
    )


@register.simple_tag
def book_bar(share: float, from_right: bool = False) -> SafeString:
    """Return the bar behind one price of a book: how much is there, 0 to 1 of the largest that is shown."""
    width = min(max(share, 0.0), 1.0) * 100
    return format_html(
        '<svg class="depth" aria-hidden="true"><rect x="{}%" width="{}%" height="100%"/></svg>',
        f"{100 - width if from_right else 0:.1f}",
        f"{width:.1f}",
    )


@register.simple_tag
def avatar(name: str, large: bool = False) -> SafeString:
    """Return somebody's picture: a mark on a colour, both from the name, so that it is the same everywhere."""
    number = crc32(name.encode())
    return format_html(
        '<svg class="{}" viewBox="0 0 44 44" aria-hidden="true"><circle cx="22" cy="22" r="22" class="a{}"/>{}</svg>',
        "avatar large" if large else "avatar",
        AVATAR_COLOURS[number % len(AVATAR_COLOURS)],
        mark_safe(AVATAR_MARKS[number // 8 % len(AVATAR_MARKS)]),
    )


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return one of the portal's icons."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{}</svg>',
        mark_safe(ICONS[name]),
    )


def _spark(curves: SafeString, label: str, said: str) -> SafeString:
    return format_html(
        '<svg class="spark" viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        ": ".join(str(part) for part in (label, said) if part),
        curves,
    )
