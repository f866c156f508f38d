"""
A plot: a span of time across and of values upward, and the SVG that is drawn in it.

Curves are drawn in a box of 1,000 by 1,000 that is stretched to the page; lines keep their width. Dots and words stand
in percent outside of it, so that nothing is distorted. The numbers of a curve travel in `data-chart`, for the script
that reads them out under a finger; the picture itself needs no script.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from copytrading.templatetags.axes import Tick, ValueAxis, time_ticks

BOX = 1_000
# How wide the column of values has to be, by the characters of its longest label.
LABEL_CLASSES = ((5, ""), (7, " wide-labels"), (99, " widest-labels"))
WORTH_SPAN_MIN, CENTS_SPAN_MIN = 0.001, 0.02
MOVES_NAMED_MAX = 6
# Two sums closer than this, in hundredths, would stand on each other; right of the middle they stand left of their dot.
MOVES_APART = 11.0
TURNS_AT = 70.0


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line to draw and to read out: a name, the class of its colour, and (time, value), oldest first."""

    name: str
    points: Sequence[tuple[datetime, float]]
    classes: str = ""
    # A result: read out with its sign, and drawn as the colour of another line.
    is_result: bool = False


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """A part of a curve on one side of zero: `kind` is gain, loss or even; rows of (x, value, base)."""

    kind: str
    rows: list[tuple[float, float, float]] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Plot:
    """The span that is drawn. `x` and `y` are places in hundredths, from the left and from the top."""

    begins_at: datetime
    ends_at: datetime
    axis: ValueAxis

    @classmethod
    def around(cls, points: Sequence[tuple[datetime, float]], values: Sequence[float], *, span_min: float) -> "Plot":
        """Return the plot of points, oldest first, high and low enough for values: theirs, and what else is drawn."""
        axis = ValueAxis.around(min(values), max(values), span_min=span_min)
        return cls(begins_at=points[0][0], ends_at=points[-1][0], axis=axis)

    @classmethod
    def of_money(cls, points: Sequence[tuple[datetime, float]], values: Sequence[float]) -> "Plot":
        """Return the plot of a worth: less than a thousandth of it, or two cents, does not fill a chart."""
        return cls.around(points, values, span_min=max(max(values) * WORTH_SPAN_MIN, CENTS_SPAN_MIN))

    def x(self, at: datetime) -> float:
        seconds = max((self.ends_at - self.begins_at).total_seconds(), 1e-6)
        return (at - self.begins_at).total_seconds() / seconds * 100

    def y(self, value: float) -> float:
        return (self.axis.high - value) / (self.axis.high - self.axis.low) * 100

    def line(self, points: Iterable[tuple[datetime, float]]) -> str:
        """Return the path of a line through points."""
        return path_through((self.x(at), self.y(value)) for at, value in points)

    def broken_line(self, points: Sequence[tuple[datetime, float]]) -> str:
        """Return the path of a line through points that is not drawn where it steps."""
        path, last = self.line(points[:1]), points[0][0]
        for at, value in points[1:]:
            path += f"{'M' if at == last else 'L'}{_spot(self.x(at))} {_spot(self.y(value))}"
            last = at
        return path

    def stairs(self, points: Sequence[tuple[datetime, float]]) -> str:
        """Return the path of a value that holds until it changes."""
        path, last = "", None
        for at, value in points:
            x, y = _spot(self.x(at)), _spot(self.y(value))
            if last is None:
                path = f"M{x} {y}"
            elif y != last:
                path += f"H{x}V{y}"
            last = y
        return f"{path}H{_spot(self.x(points[-1][0]))}"

    def moves(self, moves: Iterable[tuple[datetime, float, float, str]]) -> SafeString:
        """Return a step and a circle where money moved: (time, value before, value after, sum in words); some named."""
        named: list[float] = []
        drawn = []
        for at, before, after, said in moves:
            x, y = self.x(at), self.y(after)
            is_named = len(named) < MOVES_NAMED_MAX and all(abs(x - other) >= MOVES_APART for other in named)
            named += [x] if is_named else []
            turned = x > TURNS_AT
            text = (
                format_html(
                    '<text class="{}" x="{}%" y="{}%" dx="{}" dy="4">{}</text>',
                    "said end" if turned else "said",
                    f"{x:.2f}",
                    # Beside the step: the curve is above it on one side and below it on the other.
                    f"{self.y((before + after) / 2):.2f}",
                    -9 if turned else 9,
                    said,
                )
                if is_named
                else SafeString("")
            )
            drawn.append((f"{x:.2f}", f"{self.y(before):.2f}", f"{y:.2f}", said, text))
        return format_html_join(
            "",
            '<line class="step" x1="{0}%" x2="{0}%" y1="{1}%" y2="{2}%"/>'
            '<circle class="move" cx="{0}%" cy="{2}%" r="4"><title>{3}</title></circle>{4}',
            drawn,
        )

    def dot(self, at: datetime, value: float, classes: str) -> SafeString:
        """Return the dot that a line ends in."""
        return format_html(
            '<circle class="dot {}" cx="{}%" cy="{}%" r="4.5"/>', classes, f"{self.x(at):.2f}", f"{self.y(value):.2f}"
        )

    def level(self, value: float, said: str) -> SafeString:
        """Return a dashed line at a value, with what it is above it at the left, where curves are still together."""
        y = f"{self.y(value):.2f}"
        return format_html(
            '<line class="level" x2="100%" y1="{0}%" y2="{0}%"/>'
            '<text class="said level-said" y="{0}%" dy="-6">{1}</text>',
            y,
            said,
        )

    def end(self, at: datetime, value: float, said: str) -> SafeString:
        """Return the mark where a curve came to an end before the others, with the day beside it."""
        x, turned = self.x(at), self.x(at) > TURNS_AT
        return format_html(
            '<circle class="dot stopped" cx="{0}%" cy="{1}%" r="5"/>'
            '<text class="{2}" x="{0}%" y="{1}%" dx="{3}" dy="18">{4}</text>',
            f"{x:.2f}",
            f"{self.y(value):.2f}",
            "said end" if turned else "said",
            -6 if turned else 6,
            said,
        )

    def figure(
        self,
        curves: SafeString,
        *,
        marks: SafeString,
        lines: Sequence[Line],
        label: str,
        unit: str,
        last_label: str = "",
        is_low: bool = False,
    ) -> SafeString:
        """Return the whole chart: grid, curves, marks, both axes, and the numbers of its lines for the script."""
        longest = max(len(tick.label) for tick in self.axis.ticks)
        return format_html(
            '<figure class="chart{}{}" data-chart="{}"><svg class="plot" role="img" aria-label="{}">'
            '<g class="grid">{}</g><svg viewBox="0 0 {} {}" preserveAspectRatio="none" width="100%" height="100%">'
            "{}</svg>{}</svg>"
            '<svg class="values" aria-hidden="true">{}</svg><svg class="times" aria-hidden="true">{}</svg></figure>',
            " low" if is_low else "",
            next(classes for length, classes in LABEL_CLASSES if longest <= length),
            self._readings(lines, unit),
            label,
            format_html_join(
                "",
                '<line{} x2="100%" y1="{}%" y2="{}%"/>',
                (
                    (SafeString(' class="zero"') if tick.is_zero else "", f"{tick.place:.2f}", f"{tick.place:.2f}")
                    for tick in self.axis.ticks
                ),
            ),
            BOX,
            BOX,
            curves,
            marks,
            format_html_join(
                "",
                '<text x="100%" y="{}%">{}</text>',
                ((f"{tick.place:.2f}", tick.label) for tick in self.axis.ticks),
            ),
            format_html_join(
                "",
                '<text{} x="{}%">{}</text>',
                (_time_text(tick) for tick in time_ticks(self.begins_at, self.ends_at, last_label=last_label)),
            ),
        )

    def _readings(self, lines: Sequence[Line], unit: str) -> str:
        begins_at = self.begins_at.timestamp()
        times: list[list[float]] = [[round(at.timestamp() - begins_at, 1) for at, _ in line.points] for line in lines]
        told: list[dict[str, Any]] = [
            {
                "name": line.name,
                "classes": line.classes,
                "result": line.is_result,
                "values": [round(value, 4) for _, value in line.points],
                # Most lines share the times of the first, which then stand there once.
                **({} if place and own == times[0] else {"at": own}),
            }
            for place, (line, own) in enumerate(zip(lines, times, strict=True))
        ]
        return json.dumps(
            {
                "from": begins_at,
                "seconds": (self.ends_at - self.begins_at).total_seconds(),
                "low": self.axis.low,
                "high": self.axis.high,
                "unit": unit,
                "zone": timezone.get_current_timezone_name(),
                "lines": told,
            },
            separators=(",", ":"),
        )


def coloured(stretches: Iterable[Stretch], y: Callable[[float], float]) -> SafeString:
    """Return stretches of a curve in the colours of gain and loss, with a wash between each and its base."""
    return format_html_join(
        "",
        '<path class="wash {0}" d="{1}"/><path class="line {0}" d="{2}"/>',
        (
            (
                stretch.kind,
                path_through(
                    [(x, y(value)) for x, value, _ in stretch.rows]
                    + [(x, y(base)) for x, _, base in stretch.rows[::-1]]
                )
                + "Z",
                path_through((x, y(value)) for x, value, _ in stretch.rows),
            )
            for stretch in stretches
        ),
    )


def path_through(spots: Iterable[tuple[float, float]]) -> str:
    """Return the path through places in hundredths, for the box of a thousand."""
    return "M" + "L".join(f"{_spot(x)} {_spot(y)}" for x, y in spots)


def stretches_of(rows: Sequence[tuple[float, float, float, float]]) -> list[Stretch]:
    """
    Return a curve cut where its result crosses zero, and where it steps: what happens in no time is no result.

    :param rows: (x, value, base, result), from left to right.
    """
    stretches: list[Stretch] = []
    is_new = True
    for before, after in pairwise(rows):
        if before[0] == after[0]:
            is_new = True
            continue
        crossing = _crossing(before, after)
        for one, other in ((before, crossing), (crossing, after)) if crossing else ((before, after),):
            kind = kind_of(one[3] + other[3])
            if is_new or stretches[-1].kind != kind:
                stretches.append(Stretch(kind=kind, rows=[one[:3]]))
            stretches[-1].rows.append(other[:3])
            is_new = False
    return stretches


def kind_of(result: float) -> str:
    """Return the name of a result's colour."""
    return "gain" if result > 0 else "loss" if result < 0 else "even"


def _crossing(
    before: tuple[float, float, float, float], after: tuple[float, float, float, float]
) -> tuple[float, float, float, float] | None:
    """Return the row where the result is zero between two rows, if it changes sides there."""
    if before[3] * after[3] >= 0:
        return None
    share = before[3] / (before[3] - after[3])
    x, value, base = (one + (other - one) * share for one, other in zip(before[:3], after[:3], strict=True))
    return x, value, base, 0.0


def _time_text(tick: Tick) -> tuple[SafeString, str, str]:
    classes = {0.0: "", 100.0: ' class="end"'}.get(tick.place, ' class="middle"')
    return SafeString(classes), f"{tick.place:.2f}", tick.label


def _spot(place: float) -> int:
    return round(place / 100 * BOX)
