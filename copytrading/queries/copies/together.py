"""
All copies of a person as one portfolio: what they were worth together over time, what they made, what they are spread
over.

As in the curve of one copy: between two records the result is taken to change evenly, and what moved is a step at its
own moment, so that money put in never looks like a gain.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext

from accounts.models import User
from copytrading.engine.arrays import BoolArray, IntArray
from copytrading.engine.track_record.moved_money import Step, money_weighted_return, time_weighted_return
from copytrading.models import Copy, CopyFlow, Lead, ProfitShare
from copytrading.queries.copies.curves import CopyCurve, Move, WorthPoint
from copytrading.queries.copies.loss_limits import LossStanding, standing_of
from copytrading.queries.copies.own import CopySummary, Overview, copies_of, current_copies_of, overview_of
from copytrading.queries.leads import listing
from copytrading.queries.leads.overlaps import Pair, likeness_of
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.queries.shown.visibility import visibilities_of

POINTS_MAX = 120
# Looks into the index of records in all: of many copies each is looked at less often.
LOOKS_MAX, POINTS_MIN = 3_600, 24
# A record is written as of a moment, and read a little later: so near to a move nobody knows on which side of it.
DOUBTFUL = timedelta(seconds=30)
# From this part on one coin, or one lead, is said to be what the copies are.
CONCENTRATED = 0.5
# The largest copies are looked at two by two; from there on two leads are the same to somebody who copies both.
LEADS_BESIDE, OVERLAP_SAID, CORRELATION_SAID = 8, 0.5, 0.7
# So far apart the two returns are before the time of moving money is said to be why.
TIMING_SAID = 0.01

RECORDS = """
    SELECT copy.id, record.recorded_at, record.equity_units[own.place], roster.invested_units[own.place]
    FROM unnest(%(ids)s::bigint[], %(begins)s::timestamptz[], %(ends)s::timestamptz[]) AS copy(id, begins_at, ends_at)
    JOIN generate_series(1, %(steps)s) AS step(number)
        ON %(begins_at)s + %(width)s * step.number > copy.begins_at
        AND %(begins_at)s + %(width)s * (step.number - 1) < copy.ends_at
    CROSS JOIN LATERAL (
        SELECT recorded_at, equity_units, roster_id FROM copytrading_copyrecord
        WHERE block = copy.id >> 8
            AND recorded_at > greatest(%(begins_at)s + %(width)s * (step.number - 1), copy.begins_at)
            AND recorded_at <= %(begins_at)s + %(width)s * step.number AND recorded_at < copy.ends_at
        ORDER BY recorded_at DESC LIMIT 1
    ) AS record
    JOIN copytrading_copyroster AS roster ON roster.id = record.roster_id
    CROSS JOIN LATERAL (SELECT array_position(roster.copy_ids, copy.id) AS place) AS own
    WHERE own.place IS NOT NULL
    ORDER BY copy.id, record.recorded_at
"""

FEES = """
    SELECT coalesce(sum(own.fee_units + trunc(own.fee_base_units / 10::numeric ^ base.decimals * placed.price_mid
        * 10::numeric ^ %s)), 0)
    FROM copytrading_allocation AS own
    JOIN copytrading_order AS placed ON placed.id = own.order_id
    JOIN copytrading_market AS market ON market.id = placed.market_id
    JOIN accounts_asset AS base ON base.id = market.base_id
    WHERE own.ledger_account_id = ANY(%s)
"""


@dataclass(frozen=True, kw_only=True)
class Share:
    """A part of everything: of a coin (cash has colour 0) or of a lead; `weight` is 0 to 1, values in quote units."""

    name: str
    symbol: str = ""
    colour: int = 0
    value_units: int
    weight: float


@dataclass(frozen=True, kw_only=True)
class Together:
    """
    All copies of a person, the ended ones among them, as one portfolio. Money in quote units, returns as fractions.

    `money_weighted` is what the person made with the money at the time it was there, `time_weighted` what one unit
    made that was there all the time, both over the whole time since `began_at`; None while there was nothing. `coins`
    and `leads` are what the current copies hold and follow, the largest first; `alike` are leads that are nearly the
    same to somebody who copies both. `loss` is the limit to what all may lose, beside what they have lost.
    """

    overview: Overview
    began_at: datetime | None
    curve: CopyCurve | None
    money_weighted: float | None
    time_weighted: float | None
    put_in_units: int
    taken_out_units: int
    fee_units: int
    profit_share_units: int
    coins: tuple[Share, ...] = ()
    leads: tuple[Share, ...] = ()
    alike: tuple[Pair, ...] = ()
    loss: LossStanding | None = None

    @property
    def points(self) -> tuple[WorthPoint, ...]:
        return self.curve.points if self.curve else ()

    @property
    def moves(self) -> tuple[Move, ...]:
        return self.curve.moves if self.curve else ()

    @property
    def concentrated_coin(self) -> Share | None:
        """Return the coin that half of the copies or more is, if there is one."""
        return next((coin for coin in self.coins if coin.colour and coin.weight >= CONCENTRATED), None)

    @property
    def timing(self) -> str:
        """Return in a sentence what the times of putting in and taking out did; nothing where they did little."""
        if self.money_weighted is None or self.time_weighted is None:
            return ""
        if abs(self.money_weighted - self.time_weighted) < TIMING_SAID:
            return ""
        if self.money_weighted > self.time_weighted:
            return gettext("More of your money was in while it went well: that brought you more than the copies alone.")
        return gettext("More of your money was in while it went badly: the copies alone did better than your money.")

    @property
    def concentrated_lead(self) -> Share | None:
        """Return the lead whom half of the money or more follows, where it follows several."""
        if len(self.leads) < 2:
            return None
        return next((lead for lead in self.leads if lead.weight >= CONCENTRATED), None)


# Money that moved: the copy, the units (positive in), the time.
Flow = tuple[int, int, datetime]


def together_of(user: User, *, now: datetime) -> Together:
    """Return all copies of a person as one portfolio, in as many statements however many there are."""
    overview = overview_of(user, now=now)
    copies = list(copies_of(user))
    done = CopyFlow.objects.filter(copy__follower=user, status=CopyFlow.Status.DONE).order_by("moved_at", "pk")
    flows = list(done.values_list("copy_id", "units", "moved_at"))
    shares = ProfitShare.objects.filter(copy__follower=user).aggregate(units=Sum("share_units", default=0))
    largest = sorted(overview.summaries, key=lambda summary: (-summary.worth_units, summary.copy.pk))
    walk = _Walk(copies, flows, overview, now) if flows else None
    return Together(
        overview=overview,
        began_at=walk.began_at if walk else None,
        curve=walk.curve() if walk else None,
        money_weighted=_money_weighted(flows, overview.worth_units, now),
        time_weighted=walk.time_weighted() if walk else None,
        put_in_units=sum(units for _, units, _ in flows if units > 0),
        taken_out_units=-sum(units for _, units, _ in flows if units < 0),
        fee_units=_fees([copy.ledger_account_id for copy in copies], cash_decimals=CASH_DECIMALS),
        profit_share_units=shares["units"] + overview.due_units,
        coins=coins_of(overview.summaries),
        leads=leads_of(overview.summaries),
        alike=_alike(user, [summary.copy.lead for summary in largest], now=now),
        loss=standing_of(user, overview.summaries),
    )


def coins_of(summaries: Iterable[CopySummary]) -> tuple[Share, ...]:
    """Return what some running copies hold together by coin, cash among it, the largest first."""
    values: dict[tuple[str, str, int], int] = defaultdict(int)
    for summary in summaries:
        for position in summary.comparison.positions if summary.comparison else ():
            values[(position.name, position.symbol, position.colour)] += position.value_units
    total = sum(values.values())
    shares = [
        Share(name=name, symbol=symbol, colour=colour, value_units=units, weight=units / total if total else 0.0)
        for (name, symbol, colour), units in values.items()
        if units
    ]
    return tuple(sorted(shares, key=lambda share: (-share.value_units, share.symbol)))


def leads_of(summaries: Iterable[CopySummary]) -> tuple[Share, ...]:
    """Return whom some running copies follow, with what, the largest first."""
    values: dict[tuple[int, str], int] = defaultdict(int)
    for summary in summaries:
        values[(summary.copy.lead_id, summary.copy.lead.name)] += summary.worth_units
    total = sum(values.values())
    shares = [
        Share(name=name, value_units=units, weight=units / total if total else 0.0)
        for (_, name), units in values.items()
    ]
    return tuple(sorted(shares, key=lambda share: (-share.value_units, share.name)))


def alike_to(lead: Lead, user: User, *, now: datetime) -> tuple[Pair, ...]:
    """Return the leads of a person's largest copies who are nearly the same as another one, whom they look at."""
    copied = current_copies_of(user).exclude(lead=lead).order_by("-invested_units", "pk")[:LEADS_BESIDE]
    pairs = _alike(user, [lead, *(copy.lead for copy in copied)], now=now)
    return tuple(pair for pair in pairs if lead in (pair.one, pair.other))


def _alike(user: User, leads: Iterable[Lead], *, now: datetime) -> tuple[Pair, ...]:
    """Return each two of some leads, the first few, that hold the same coins, or move as one."""
    leads = list(dict.fromkeys(leads))[: LEADS_BESIDE + 1]
    if len(leads) < 2:
        return ()
    pairs = likeness_of(listing.cards_of(leads, now=now), visibilities=visibilities_of(leads, user, now=now))
    return tuple(
        pair
        for pair in pairs
        if (pair.is_overlap_known and pair.overlap >= OVERLAP_SAID)
        or (pair.correlation is not None and pair.correlation >= CORRELATION_SAID)
    )


def _fees(ledger_account_ids: list[int], *, cash_decimals: int) -> int:
    """Return what venues took of the trades of some accounts, in quote units; of fees in coins their value then."""
    with connection.cursor() as cursor:
        cursor.execute(FEES, [cash_decimals, ledger_account_ids])
        (units,) = cursor.fetchone()
    return int(units)


def _money_weighted(flows: Sequence[Flow], worth_units: int, now: datetime) -> float | None:
    if not flows or now <= flows[0][2]:
        return None
    whole = (now - flows[0][2]).total_seconds()
    moves = [(max((now - at).total_seconds(), 0.0) / whole, float(units)) for _, units, at in flows]
    return money_weighted_return(moves=moves, worth=float(worth_units))


class _Walk:
    """All copies of a person at many moments at once: at even steps, and before and after each time money moved."""

    def __init__(self, copies: Sequence[Copy], flows: Sequence[Flow], overview: Overview, now: datetime) -> None:
        self.now, self.began_at, self.overview = now, flows[0][2], overview
        self.moved: dict[datetime, int] = defaultdict(int)
        for _, units, at in flows:
            self.moved[at] += units
        points = max(POINTS_MIN, min(POINTS_MAX, LOOKS_MAX // len(copies)))
        width = (now - self.began_at) / points
        steps = {(at, is_after) for at in self.moved for is_after in (False, True)}
        even = {(self.began_at + width * number, True) for number in range(1, points)}
        self.moments = sorted(steps | even)
        times = np.array([_microseconds(at) for at, _ in self.moments], dtype=np.int64)
        is_after = np.array([after for _, after in self.moments], dtype=np.bool_)
        records = _records(copies, began_at=self.began_at, width=width, points=points, now=now)
        flows_of: dict[int, list[tuple[datetime, int]]] = defaultdict(list)
        for copy_id, units, at in flows:
            flows_of[copy_id].append((at, units))
        results_now = {summary.copy.pk: summary.result_units for summary in overview.summaries}
        self.worth, self.invested, self.result = (np.zeros(len(times), dtype=np.int64) for _ in range(3))
        for copy in copies:
            if moves := flows_of.get(copy.pk):
                ended = (copy.stopped_at or now, results_now.get(copy.pk, -sum(units for _, units in moves)))
                worth, invested, result = _life(moves, records.get(copy.pk, []), ended, times, is_after)
                self.worth += worth
                self.invested += invested
                self.result += result

    def curve(self) -> CopyCurve:
        """Return what all were worth together over time; it ends at the worth of now."""
        overview = self.overview
        rows = zip(self.moments, self.worth.tolist(), self.invested.tolist(), self.result.tolist(), strict=True)
        points = [
            WorthPoint(at=at, worth_units=worth, invested_units=invested, result_units=result)
            for (at, _), worth, invested, result in rows
        ]
        last = WorthPoint(
            at=self.now,
            worth_units=overview.worth_units,
            invested_units=overview.invested_units,
            result_units=overview.result_units,
        )
        worth_at = self._worth_at(is_after=True)
        moves = [
            Move(at=at, units=units, worth_units=worth_at[at])
            for at, units in sorted(self.moved.items())
            if at != self.began_at and units
        ]
        # Before the very first move there was nothing.
        return CopyCurve(points=(*points[1:], last), moves=tuple(moves))

    def time_weighted(self) -> float | None:
        """Return what one unit made that was there all the time."""
        before = self._worth_at(is_after=False)
        steps = [Step(worth_before=before[at], moved=units) for at, units in sorted(self.moved.items())]
        return time_weighted_return(steps=steps, worth=self.overview.worth_units)

    def _worth_at(self, *, is_after: bool) -> dict[datetime, int]:
        pairs = zip(self.moments, self.worth.tolist(), strict=True)
        return {at: worth for (at, after), worth in pairs if after == is_after}


def _life(
    moves: Sequence[tuple[datetime, int]],
    records: Sequence[tuple[datetime, int, int]],
    ended: tuple[datetime, int],
    times: IntArray,
    is_after: BoolArray,
) -> tuple[IntArray, IntArray, IntArray]:
    """
    Return (worth, invested, result) of one copy at each moment, before or after what moved in it.

    :param records: (time, worth, invested), oldest first.
    :param ended: (the end or now, the result by then).
    """
    moved_at = np.array([_microseconds(at) for at, _ in moves], dtype=np.int64)
    units = np.array([units for _, units in moves], dtype=np.int64)
    net = np.concatenate(([0], np.cumsum(units)))
    put_in = np.concatenate(([0], np.cumsum(np.maximum(units, 0))))
    sure = [record for record in records if all(abs(record[0] - at) >= DOUBTFUL for at, _ in moves)]
    recorded_at = np.array([_microseconds(at) for at, _, _ in sure], dtype=np.int64)
    known = np.searchsorted(moved_at, recorded_at, side="right")
    results = np.array([worth for _, worth, _ in sure], dtype=np.int64) - net[known]
    count = np.where(
        is_after, np.searchsorted(moved_at, times, side="right"), np.searchsorted(moved_at, times, side="left")
    )
    is_there = count > 0
    result = np.interp(
        times,
        np.concatenate(([moved_at[0]], recorded_at, [_microseconds(ended[0])])),
        np.concatenate(([0], results, [ended[1]])),
    )
    result_units = np.where(is_there, np.rint(result), 0.0).astype(np.int64)
    invested = np.concatenate(([0], np.array([units for _, _, units in sure], dtype=np.int64) - put_in[known]))
    invested = invested[np.searchsorted(recorded_at, times, side="right")] + put_in[count]
    worth = net[count] + result_units
    # With the last that came back nothing is left in it.
    is_over = (times >= _microseconds(ended[0])) & (worth == 0)
    return np.where(is_there, worth, 0), np.where(is_there & ~is_over, invested, 0), result_units


def _records(
    copies: Sequence[Copy], *, began_at: datetime, width: timedelta, points: int, now: datetime
) -> dict[int, list[tuple[datetime, int, int]]]:
    """Return (time, worth, invested) of each copy by its id, the last record of each of some stretches of the time."""
    found: dict[int, list[tuple[datetime, int, int]]] = defaultdict(list)
    parameters: dict[str, Any] = {
        "ids": [copy.pk for copy in copies],
        "begins": [copy.started_at for copy in copies],
        "ends": [copy.stopped_at or now for copy in copies],
        "begins_at": began_at,
        "width": width,
        "steps": points,
    }
    with connection.cursor() as cursor:
        cursor.execute(RECORDS, parameters)
        for copy_id, at, worth, invested in cursor.fetchall():
            found[copy_id].append((at, worth, invested))
    return found


def _microseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)
