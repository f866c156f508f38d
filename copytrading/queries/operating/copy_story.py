"""
Why a copy made or lost what it did on one day (UTC): its worth at both ends, and everything between them.

    worth at the beginning + money in and out + change = worth at the end       as it was recorded, and as pages show it
    change = prices, coin by coin + spread + fees + profit share + corrections + the rest that nothing explains

Nothing is counted here that is not counted elsewhere: coins, spread and fees are the follower's own statement of that
day, the profit share and the distance to the lead are the tracking gap's, the worth is what was recorded for the curve.
The statement's prices are the closes of the hours, and records are made within the minute after: where both are of one
minute the rest is nothing. Records of days long past are of the minute before, and what prices did in that minute is in
the rest.

A day that is not over ends now, at the present marks.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from django.db import connection

from copytrading.engine.rounding import cut_together
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.engine.track_record.tracking_gap import Part as GapPart
from copytrading.models import Copy, CopyGapRecord
from copytrading.queries.copies import gap_pages
from copytrading.queries.copies.gaps import PART_COLUMNS
from copytrading.queries.copies.own import summary_of
from copytrading.queries.copies.portfolios import PriceList, price_list
from copytrading.queries.money.past_prices import SeenPrice
from copytrading.queries.money.statement_lines import Part, Statement
from copytrading.queries.money.statements import statement_of
from copytrading.queries.operating.figures import in_money, percent
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol

Figure = TypeVar("Figure", int, float)

CENT_UNITS = 10 ** (CASH_DECIMALS - 2)
NAMED_MAX = 6
# Beside each moment: what was recorded in the minute after it, and what was recorded last by then.
RECORDED = """
    SELECT copy_after.equity_units, copy_before.equity_units, lead_after.unit_price, lead_before.unit_price
    FROM unnest(%(moments)s::timestamptz[]) WITH ORDINALITY AS wanted(at, place)
    LEFT JOIN LATERAL (
        SELECT equity_units FROM copy_records(%(copy)s)
        WHERE recorded_at >= wanted.at AND recorded_at < wanted.at + interval '1 minute' ORDER BY recorded_at LIMIT 1
    ) AS copy_after ON true
    LEFT JOIN LATERAL (
        SELECT equity_units FROM copy_records(%(copy)s)
        WHERE recorded_at < wanted.at ORDER BY recorded_at DESC LIMIT 1
    ) AS copy_before ON true
    LEFT JOIN LATERAL (
        SELECT unit_price FROM copytrading_leadrecord WHERE lead_id = %(lead)s
            AND recorded_at >= wanted.at AND recorded_at < wanted.at + interval '1 minute' ORDER BY recorded_at LIMIT 1
    ) AS lead_after ON true
    LEFT JOIN LATERAL (
        SELECT unit_price FROM copytrading_leadrecord WHERE lead_id = %(lead)s
            AND recorded_at < wanted.at ORDER BY recorded_at DESC LIMIT 1
    ) AS lead_before ON true
    ORDER BY place
"""
WORDS = {
    Part.SPREAD: "spread",
    Part.FEES: "fees",
    Part.CORRECTION: "corrections",
}
PROFIT_SHARE = "profit share, paid and set aside"
REST = "other"
REST_NOTE = "what prices did between the close of an hour and the record beside it, and what no mark was recorded of"


@dataclass(frozen=True, kw_only=True)
class StoryLine:
    """
    One thing that made a copy worth more or less: `units` in quote units, exact; `shown_units` in whole cents, cut so
    that the lines sum to the change that is shown.
    """

    name: str
    units: int
    shown_units: int
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class GapOfDay:
    """How far a copy went ahead of (positive) or behind what its lead made of the same money, in quote units."""

    units: int
    parts: tuple[tuple[str, int], ...]

    @property
    def shown(self) -> tuple[tuple[str, int], ...]:
        """Return the parts in whole cents, cut so that they sum to the whole as it is shown; without those of none."""
        whole = self.units // CENT_UNITS * CENT_UNITS
        cut = cut_together([units for _, units in self.parts], whole=whole, step=CENT_UNITS)
        return tuple((label, units) for (label, _), units in zip(self.parts, cut, strict=True) if units)


@dataclass(frozen=True, kw_only=True)
class DayStory:
    """
    One day of a copy in figures, in quote units and whole cents; the lines sum to the change, the change and what moved
    in and out to the difference of the two ends.

    `units` is the change exactly, `fraction` the same as a share of what was at work; None where nothing was.
    `lead_fraction` is what the lead made the same day, None where it was not recorded; `gap` is None where it was not.
    """

    day: date
    begins_at: datetime
    ends_at: datetime
    is_over: bool
    opening_units: int
    closing_units: int
    flow_units: int
    change_units: int
    units: int
    fraction: float | None
    lines: tuple[StoryLine, ...]
    unpriced: tuple[str, ...]
    lead_fraction: float | None
    gap: GapOfDay | None

    @property
    def sentence(self) -> str:
        """Return why, in a sentence or three."""
        return " ".join(part for part in (self._what(), self._moved(), self._beside_the_lead()) if part)

    def _what(self) -> str:
        so_far = "" if self.is_over else "so far "
        if not self.change_units:
            return f"It {so_far}neither made nor lost anything."
        verb = "lost" if self.change_units < 0 else "made"
        money = f"{in_money(self.change_units, signed=True)} {cash_symbol()}"
        how_much = money if self.fraction is None else f"{percent(abs(self.fraction))} ({money})"
        return f"It {so_far}{verb} {how_much}: {self._because()}."

    def _because(self) -> str:
        lines = sorted(self.lines, key=lambda line: -abs(line.shown_units))
        named = [f"{line.name} {in_money(line.shown_units, signed=True)}" for line in lines[:NAMED_MAX]]
        left = sum(line.shown_units for line in lines[NAMED_MAX:])
        if left or len(lines) > NAMED_MAX:
            named.append(f"{len(lines) - NAMED_MAX} more {in_money(left, signed=True)}")
        return ", ".join(named)

    def _moved(self) -> str:
        if not self.flow_units:
            return ""
        way = "into it" if self.flow_units > 0 else "out of it"
        return f"{in_money(abs(self.flow_units))} {cash_symbol()} moved {way}, which is no part of that."

    def _beside_the_lead(self) -> str:
        if self.lead_fraction is None:
            return "Nothing was recorded of its lead for that day."
        when = "the same day" if self.is_over else "in the same hours"
        if percent(abs(self.lead_fraction)) == percent(0):
            return f"Its lead neither made nor lost anything {when}."
        return f"Its lead {'lost' if self.lead_fraction < 0 else 'made'} {percent(abs(self.lead_fraction))} {when}."


def begin_of(day: date) -> datetime:
    """Return the first moment of a day, UTC."""
    return datetime.combine(day, time.min, tzinfo=UTC)


def existed_on(copy: Copy, day: date, *, now: datetime) -> bool:
    """Return whether a copy was there on a day, or on a part of it."""
    begins_at = begin_of(day)
    ended_at = copy.stopped_at or now
    return copy.started_at < begins_at + timedelta(days=1) and begins_at <= min(ended_at, now)


def story_of(copy: Copy, *, day: date, now: datetime) -> DayStory | None:
    """
    Return one day of a copy, in as many statements whatever happened; None where the copy was not there.

    :param copy: with its lead and its follower.
    """
    if not existed_on(copy, day, now=now):
        return None
    begins_at = begin_of(day)
    is_over = begins_at + timedelta(days=1) <= now
    ends_at = begins_at + timedelta(days=1) if is_over else now
    prices = None if is_over else price_list()
    statement = statement_of(
        user=copy.follower,
        copy=copy,
        begins_at=begins_at,
        ends_at=ends_at,
        method=LotMethod.FIFO,
        marks=_marks(prices, now=now),
    )
    opening, closing, lead_fraction = _ends(copy, statement, prices=prices, now=now)
    flow_units = statement.flow_units
    units = closing - opening - flow_units
    gap = _gap_of(copy, day, ends_at=ends_at, now=now)
    return DayStory(
        day=day,
        begins_at=begins_at,
        ends_at=ends_at,
        is_over=is_over,
        **_in_cents(opening, closing, flow_units),
        units=units,
        fraction=_share_of(units, opening, statement),
        lines=_lines(statement, gap, units=units, whole=_in_cents(opening, closing, flow_units)["change_units"]),
        unpriced=tuple(sorted({*statement.opening.unpriced, *statement.closing.unpriced})),
        lead_fraction=lead_fraction,
        gap=gap,
    )


def _marks(prices: PriceList | None, *, now: datetime) -> Iterable[SeenPrice]:
    """Return the marks of this moment, as prices that were seen."""
    for coin in prices.coins if prices else ():
        if coin.price is not None and coin.as_of is not None:
            # A price that nobody has quoted since is still the one that pages value by.
            as_of = max(coin.as_of, now - timedelta(microseconds=1))
            yield SeenPrice(
                asset_id=coin.asset_id, as_of=as_of, known_at=now - timedelta(microseconds=1), price=coin.price
            )


def _ends(
    copy: Copy, statement: Statement, *, prices: PriceList | None, now: datetime
) -> tuple[int, int, float | None]:
    """Return the worth at the beginning, at the end, and what the lead made between them."""
    with connection.cursor() as cursor:
        moments = [statement.begins_at, statement.ends_at]
        cursor.execute(RECORDED, {"copy": copy.pk, "lead": copy.lead_id, "moments": moments})
        begin, end = cursor.fetchall()
    opening = _first(begin[0], begin[1], statement.opening.value_units)
    closing = _first(end[0], end[1], statement.closing.value_units)
    if copy.started_at >= statement.begins_at:
        opening = 0
    if copy.stopped_at is not None and copy.stopped_at < statement.ends_at:
        closing = 0
    elif prices is not None:
        closing = summary_of(copy, now=now, prices=prices).worth_units
    price_before, price_after = _first(begin[2], begin[3], 0.0), _first(end[2], end[3], 0.0)
    lead_fraction = price_after / price_before - 1 if price_before and price_after else None
    return opening, closing, lead_fraction


def _first(after: Figure | None, before: Figure | None, otherwise: Figure) -> Figure:
    """Return what was recorded in the minute after a moment, else what was recorded last before it, else a third."""
    if after is not None:
        return after
    return otherwise if before is None else before


def _share_of(units: int, opening: int, statement: Statement) -> float | None:
    """Return a change as a share of what was at work: what was there, and what was put in since."""
    base = opening + sum(flow.value_units for flow in statement.flows if flow.value_units > 0)
    return units / base if base > 0 else None


def _in_cents(opening: int, closing: int, flow_units: int) -> dict[str, int]:
    """Return the heading as people read it: cut to cents, and still opening + flow + change = closing."""
    shown = [units // CENT_UNITS * CENT_UNITS for units in (opening, closing, flow_units)]
    return {
        "opening_units": shown[0],
        "closing_units": shown[1],
        "flow_units": shown[2],
        "change_units": shown[1] - shown[0] - shown[2],
    }


def _lines(statement: Statement, gap: GapOfDay | None, *, units: int, whole: int) -> tuple[StoryLine, ...]:
    """Return what explains a change, and the rest that nothing does; a rest below a cent is none."""
    found = [
        (part.name if part.part == Part.PRICES else WORDS[part.part], part.units)
        for part in statement.results
        if part.part == Part.PRICES or part.part in WORDS
    ]
    shared = sum(part.units for part in statement.results if part.part in (Part.PROFIT_SHARE, Part.EARNED_SHARE))
    if gap is not None:
        shared = dict(gap.parts)[gap_pages.LABELS[GapPart.PROFIT_SHARE]]
    found.append((PROFIT_SHARE, shared))
    rest = units - sum(part for _, part in found)
    if abs(rest) >= CENT_UNITS:
        found.append((REST, rest))
    found = [(name, part) for name, part in found if part]
    shown = cut_together([part for _, part in found], whole=whole, step=CENT_UNITS)
    return tuple(
        StoryLine(name=name, units=part, shown_units=cents, note=REST_NOTE if name == REST else "")
        for (name, part), cents in zip(found, shown, strict=True)
    )


def _gap_of(copy: Copy, day: date, *, ends_at: datetime, now: datetime) -> GapOfDay | None:
    """Return what a day did to the gap: where it stood at the first look of the next day, less that of this one."""
    days = [day, day + timedelta(days=1)]
    records = {row.recorded_on: row for row in CopyGapRecord.objects.filter(copy=copy, recorded_on__in=days)}
    first = records.get(days[0])
    before: Sequence[int] | None = None
    if first is not None:
        before = [int(getattr(first, column)) for column in PART_COLUMNS]
    elif copy.started_at >= begin_of(day):
        before = [0] * len(GapPart)
    after: Sequence[int] | None = None
    if (following := records.get(days[1])) is not None:
        after = [int(getattr(following, column)) for column in PART_COLUMNS]
    elif ends_at == now or (copy.stopped_at is not None and copy.stopped_at < ends_at):
        view = gap_pages.gap_of(copy, now=now)
        after = [line.units for line in view.lines] if view else None
    if before is None or after is None:
        return None
    parts = [int(end - begin) for begin, end in zip(before, after, strict=True)]
    return GapOfDay(
        units=sum(parts),
        parts=tuple((gap_pages.LABELS[part], parts[part]) for part in GapPart),
    )
