"""
The two axes of a chart: round values upward, and times across that are true to time.

A tick is a place in hundredths of the axis (from the left, or from the top) and what is written there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, floor, log10

from django.utils import timezone

from accounts.identity.places import written
from copytrading.templatetags.figures import DAY, HOUR, MINUS, MINUTE, dated

STEPS_MAX = 5
# What a label takes of the axis on a phone, in hundredths, and what stays free between two.
CHARACTER_WIDTH, TIMES_GAP = 2.3, 3.0
# How far apart the labels of hours and days may be, in seconds; beyond these go months.
SPANS = (
    *(1, 2, 5, 10, 15, 30),
    *(MINUTE * number for number in (1, 2, 5, 10, 15, 30)),
    *(HOUR * number for number in (1, 2, 3, 6, 12)),
    *(DAY * number for number in (1, 2, 4, 7, 14)),
)
MONTHS = (1, 2, 3, 6, 12, 24, 60, 120, 240)


@dataclass(frozen=True, kw_only=True)
class Tick:
    """A place on an axis, 0 to 100, and what is written there; the line at zero is the yardstick."""

    place: float
    label: str
    is_zero: bool = False


@dataclass(frozen=True, kw_only=True)
class ValueAxis:
    """A span of values from one round number to another, with a tick at each round step."""

    low: float
    high: float
    ticks: tuple[Tick, ...]

    @classmethod
    def around(cls, low: float, high: float, *, span_min: float) -> "ValueAxis":
        """Return the shortest round axis that holds a span of values; a shorter one than `span_min` is widened."""
        if high - low < span_min:
            widened = (low + high - span_min) / 2
            # Money that is all there is does not go below nothing.
            low = widened if low < 0 else max(widened, 0.0)
            high = low + span_min
        step = _round_step(low, high)
        first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        decimals = max(0, -floor(log10(step) + 1e-9))
        count = last - first
        return cls(
            low=first * step,
            high=last * step,
            ticks=tuple(
                Tick(
                    place=(last - number) / count * 100,
                    label=written(f"{number * step:,.{decimals}f}").replace("-", MINUS),
                    is_zero=number == 0,
                )
                for number in range(first, last + 1)
            ),
        )


def time_ticks(begins_at: datetime, ends_at: datetime, *, last_label: str = "") -> tuple[Tick, ...]:
    """Return labels for a span of time: its beginning, its end, and round times between where there is room."""
    begins_at, ends_at = timezone.localtime(begins_at), timezone.localtime(ends_at)
    seconds = max((ends_at - begins_at).total_seconds(), 1.0)
    step = next((span for span in SPANS if span / seconds * 100 >= 1.25 * _room(8 if span < MINUTE else 6)), None)
    rounds = _round_times(begins_at, ends_at, step) if step else _round_months(begins_at, ends_at, seconds)
    first = Tick(place=0.0, label=_first_label(begins_at, seconds))
    last = Tick(place=100.0, label=last_label or _label(ends_at, step or DAY))
    ticks = [first]
    taken, free_until = _room(len(first.label)), 100 - _room(len(last.label))
    for when in rounds:
        tick = Tick(place=(when - begins_at).total_seconds() / seconds * 100, label=_label(when, step))
        half = len(tick.label) * CHARACTER_WIDTH / 2
        if taken <= tick.place - half and tick.place + half <= free_until:
            ticks.append(tick)
            taken = tick.place + half + TIMES_GAP
    return (*ticks, last)


def _room(characters: int) -> float:
    """Return what a label needs of the axis, with what stays free behind it."""
    return characters * CHARACTER_WIDTH + TIMES_GAP


def _round_step(low: float, high: float) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that divides a span into a few steps."""
    power = floor(log10((high - low) / STEPS_MAX))
    while True:
        for factor in (1, 2, 5):
            step = factor * 10.0**power
            if ceil(high / step - 1e-9) - floor(low / step + 1e-9) <= STEPS_MAX:
                return step
        power += 1


def _round_times(begins_at: datetime, ends_at: datetime, step: int) -> Iterator[datetime]:
    """Return the multiples of some seconds in a span, counted from a midnight (days: from a Monday)."""
    midnight = begins_at.replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - timedelta(days=midnight.weekday()) if step >= DAY else midnight
    passed = ceil((begins_at - start).total_seconds() / step)
    when = start + timedelta(seconds=passed * step)
    while when <= ends_at:
        yield when
        when += timedelta(seconds=step)


def _round_months(begins_at: datetime, ends_at: datetime, seconds: float) -> Iterator[datetime]:
    """Return first days of months in a span, so many months apart that their labels have room."""
    apart = next((months for months in MONTHS if months * 30.4 * DAY / seconds * 100 >= _room(4)), MONTHS[-1])
    number = begins_at.year * 12 + begins_at.month
    while True:
        if number % apart == 0:
            when = begins_at.replace(
                year=number // 12, month=number % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
            )
            if when > ends_at:
                return
            yield when
        number += 1


def _first_label(begins_at: datetime, seconds: float) -> str:
    if seconds < DAY:
        return f"{begins_at:%H:%M:%S}" if seconds < 2 * MINUTE else f"{begins_at:%H:%M}"
    return dated(begins_at, "M Y") if seconds > 300 * DAY else _label(begins_at, DAY)


def _label(when: datetime, step: int | None) -> str:
    """Return a time in as few words as its step needs: 14 Nov, 09:40, 09:40:05, Nov; a year begins with its number."""
    if step is None:
        return f"{when:%Y}" if when.month == 1 else dated(when, "M")
    if step >= DAY or (when.hour, when.minute, when.second) == (0, 0, 0):
        return dated(when, "j M")
    return f"{when:%H:%M:%S}" if step < MINUTE else f"{when:%H:%M}"
