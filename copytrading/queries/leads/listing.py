"""
What everybody may know about leads: who they are, what their record says, what those who follow really got.

Nothing here is scoped to a person, and so nothing here tells of one: holdings are ratios, followers are counted. Leads
who ended stay findable. The number of statements never depends on how many leads or copies there are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, overload

import numpy as np
from django.db.models import Case, DurationField, ExpressionWrapper, F, FloatField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Collate, Extract, Lower

from accounts.models import User
from copytrading.engine.track_record import ranking
from copytrading.engine.track_record.ranking import Score
from copytrading.engine.track_record.risk import risk_of
from copytrading.models import Copy, Favourite, Lead, LeadSummary
from copytrading.queries.leads import links, records
from copytrading.queries.leads.followers_got import FollowersGot, followers_got
from copytrading.queries.leads.yardstick import bitcoin_closes

CARD_DAYS = 90
# A step of a card's curve is a day.
CARD_STEPS = CARD_DAYS


class Sorting(StrEnum):
    KEPT = "kept"
    SCORE = "score"
    RETURN = "return"
    MEDIAN = "median"
    FALL = "fall"
    RISK = "risk"
    DAYS = "days"
    FOLLOWERS = "followers"
    STAKE = "stake"


class Standing(StrEnum):
    """Whether somebody can copy a lead now, and if not, why not."""

    OPEN = "OPEN"
    STRANGER = "STRANGER"
    OWN = "OWN"
    COPIED = "COPIED"
    FULL = "FULL"
    PAUSED = "PAUSED"
    ENDED = "ENDED"
    UNSEEN = "UNSEEN"


@dataclass(frozen=True, kw_only=True)
class LeadFilter:
    """What a visitor asks of leads; the defaults ask nothing, except that they still lead."""

    search: str = ""
    days_min: int = 0
    fall_max: float | None = None
    stake_min: float | None = None
    risk_max: int | None = None
    profit_share_max: float | None = None
    copies_min: int = 0
    # Somebody's favourites only, by that user's id.
    favourites_of: int | None = None
    own_units_min: int = 0
    following_units_min: int = 0
    has_vacancies: bool = False
    with_ended: bool = False


@dataclass(frozen=True, kw_only=True)
class LeadCard:
    """A lead in the figures of a card; fractions of 1, None where it is too early to say."""

    lead: Lead
    days_leading: int
    return_fraction: float | None
    fall_fraction: float | None
    # Whether the record is as long as the period; a return of fewer days is shown, and not ranked.
    is_whole_period: bool
    own_units: int
    following_units: int
    followers: int
    # What copies gained after all costs, over the same days as the lead beside them.
    got: FollowersGot
    # 1 to 10, where Bitcoin is 7.
    risk: int | None = None
    # Unit prices at even steps over the period, the last of now; fewer where the record is shorter.
    curve: tuple[float, ...] = field(default=())

    @property
    def ranked_median(self) -> float | None:
        """Return what followers got in the period that leads are ranked by; a shorter one is shown, and not ranked."""
        return self.got.median_fraction if self.got.days == CARD_DAYS else None

    @property
    def kept_per_risk(self) -> float | None:
        """Return what followers kept for each point of risk, in points of percent; what leads are listed by."""
        return None if self.ranked_median is None or not self.risk else self.ranked_median * 100 / self.risk

    @property
    def returns(self) -> tuple[float, ...]:
        """Return the curve as returns since its beginning: the last is the return of the period."""
        return tuple(price / self.curve[0] - 1 for price in self.curve)

    @property
    def stake_fraction(self) -> float | None:
        """Return the lead's own money by the money that follows."""
        return self.own_units / self.following_units if self.following_units > 0 else None

    @property
    def score(self) -> Score:
        """Return the figure that leads are ranked by, with its parts."""
        return ranking.score_of(
            return_90_days=self.return_fraction if self.is_whole_period else None,
            drawdown_90_days=self.fall_fraction if self.is_whole_period else None,
            followers_median=self.ranked_median,
            own_stake_units=self.own_units,
            following_units=self.following_units,
            days_leading=self.days_leading,
        )

    @property
    def has_small_stake(self) -> bool:
        """Return whether more money follows than the lead has in it: then the ratio is the figure to look at."""
        return self.own_units < self.following_units

    @property
    def is_full(self) -> bool:
        return self.followers >= self.lead.followers_max

    @property
    def is_open(self) -> bool:
        return self.lead.status == Lead.Status.ACTIVE and not self.is_full


def public_leads() -> QuerySet[Lead]:
    """Return every lead that was ever approved, the ended ones too."""
    return Lead.objects.filter(started_at__isnull=False)


class RankedCards(Sequence[LeadCard]):
    """Leads in an order that the database keeps: their number, and the cards of whatever part is asked for."""

    def __init__(self, leads: QuerySet[Lead], *, now: datetime) -> None:
        self._leads, self._now = leads, now

    @cached_property
    def _count(self) -> int:
        return self._leads.count()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[LeadCard]:
        return iter(self[:])

    @overload
    def __getitem__(self, place: int) -> LeadCard: ...

    @overload
    def __getitem__(self, place: slice) -> list[LeadCard]: ...

    def __getitem__(self, place: int | slice) -> LeadCard | list[LeadCard]:
        if isinstance(place, int):
            return cards_of([self._leads[place]], now=self._now)[0]
        return cards_of(list(self._leads[place]), now=self._now)


def ranked(*, wanted: LeadFilter, sorting: Sorting, now: datetime) -> Sequence[LeadCard]:
    """
    Return the leads that answer a filter as cards in order; only the part that is asked for is read.

    The figures are those of the last summary, a minute old at most; a lead without one is counted now, with all others.
    """
    matching = _matching(wanted)
    if matching.filter(summary__isnull=True).exists():
        return _counted(matching, wanted=wanted, sorting=sorting, now=now)
    return RankedCards(_in_order(_answering(matching, wanted, now), sorting, now), now=now)


def cards(*, wanted: LeadFilter, sorting: Sorting, now: datetime) -> list[LeadCard]:
    """Return all leads that answer a filter as cards in order."""
    return list(ranked(wanted=wanted, sorting=sorting, now=now))


def _counted(leads: QuerySet[Lead], *, wanted: LeadFilter, sorting: Sorting, now: datetime) -> list[LeadCard]:
    """Return the same, each lead's figures looked at here."""
    found = [card for card in cards_of(list(leads), now=now) if _answers(card, wanted)]
    worth = _WORTH[sorting]

    def place(card: LeadCard) -> tuple[bool, float, float, str]:
        """Leads of whom it is too early to say come last, by their score; the name decides between equals."""
        known = worth(card)
        return known is None, known or 0.0, -card.score.points if known is None else 0.0, card.lead.name.lower()

    return sorted(found, key=place)


def card_of(lead: Lead, *, now: datetime) -> LeadCard:
    """Return one lead's card, counted now."""
    return _card(lead, count_summaries([lead], now=now)[0], now)


def count_summaries(leads: Sequence[Lead], *, now: datetime) -> list[LeadSummary]:
    """Return what the summaries of leads should say now, unsaved, in five statements for any number of leads."""
    if not leads:
        return []
    lead_ids = [lead.pk for lead in leads]
    figures = records.figures_of(lead_ids, days=CARD_DAYS, now=now)
    following = records.following_of(lead_ids)
    got = followers_got(lead_ids, now=now)
    curves = records.curves_of(lead_ids, days=CARD_DAYS, steps=CARD_STEPS, now=now)
    bitcoin = bitcoin_closes(days=CARD_DAYS, now=now)
    risks = {lead_id: risk_of(unit_prices=np.array(curve), bitcoin_prices=bitcoin) for lead_id, curve in curves.items()}
    nothing, nobody, unknown = records.RecordFigures(), records.Following(), FollowersGot()
    counted = [
        LeadSummary(
            lead_id=lead_id,
            counted_at=now,
            return_fraction=figures.get(lead_id, nothing).return_fraction,
            fall_fraction=figures.get(lead_id, nothing).fall_fraction,
            is_whole_period=figures.get(lead_id, nothing).is_whole,
            own_units=figures.get(lead_id, nothing).equity_units,
            following_units=following.get(lead_id, nobody).following_units,
            followers=following.get(lead_id, nobody).followers,
            got_days=got.get(lead_id, unknown).days,
            got_copies=got.get(lead_id, unknown).copies,
            median_fraction=got.get(lead_id, unknown).median_fraction,
            worst_tenth_fraction=got.get(lead_id, unknown).worst_tenth_fraction,
            got_lead_fraction=got.get(lead_id, unknown).lead_fraction,
            risk=risk.points if (risk := risks.get(lead_id)) else None,
            curve=curves.get(lead_id, []),
        )
        for lead_id in lead_ids
    ]
    for lead, summary in zip(leads, counted, strict=True):
        summary.score = _card(lead, summary, now).score.points
    return counted


def scale_of(cards: Sequence[LeadCard]) -> tuple[float, float]:
    """Return the lowest and the highest return that any of some cards ever had, zero among them."""
    returns = [0.0, *(value for card in cards for value in card.returns)]
    return min(returns), max(returns)


def favourite_ids_of(user: User) -> set[int]:
    """Return the ids of the leads that somebody keeps an eye on."""
    return set(Favourite.objects.filter(user=user).values_list("lead_id", flat=True))


def cards_of(leads: Sequence[Lead], *, now: datetime) -> list[LeadCard]:
    """Return the cards of some leads in their order, of the last summary or counted now."""
    summaries = {summary.lead_id: summary for summary in LeadSummary.objects.filter(lead__in=leads)}
    summaries |= {
        summary.lead_id: summary
        for summary in count_summaries([lead for lead in leads if lead.pk not in summaries], now=now)
    }
    return [_card(lead, summaries[lead.pk], now) for lead in leads]


def standing_of(card: LeadCard, user: User | None) -> Standing:
    """Return whether a visitor can copy a lead now; the lead's own state outweighs the visitor's."""
    lead = card.lead
    if user and lead.user_id == user.pk:
        return Standing.OWN
    if user and live_copy_of(lead, user):
        return Standing.COPIED
    if lead.status == Lead.Status.ENDED:
        return Standing.ENDED
    if lead.status != Lead.Status.ACTIVE:
        return Standing.PAUSED
    if not links.is_seen(lead):
        return Standing.UNSEEN
    if card.is_full:
        return Standing.FULL
    return Standing.OPEN if user else Standing.STRANGER


def live_copy_of(lead: Lead, user: User) -> Copy | None:
    """Return the copy that a person runs of this lead, if there is one."""
    return Copy.objects.filter(lead=lead, follower=user).exclude(status=Copy.Status.STOPPED).first()


def days_leading(lead: Lead, *, now: datetime) -> int:
    """Return the whole days between a lead's approval and now, or the end."""
    if lead.started_at is None:
        return 0
    return max(0, ((lead.ended_at or now) - lead.started_at) // timedelta(days=1))


def _matching(wanted: LeadFilter) -> QuerySet[Lead]:
    leads = public_leads()
    if not wanted.with_ended:
        leads = leads.exclude(status=Lead.Status.ENDED)
    if wanted.search:
        leads = leads.filter(Q(name__icontains=wanted.search) | Q(bio__icontains=wanted.search))
    if wanted.favourites_of is not None:
        leads = leads.filter(pk__in=Favourite.objects.filter(user=wanted.favourites_of).values("lead"))
    if wanted.profit_share_max is not None:
        leads = leads.filter(profit_share_rate__lte=wanted.profit_share_max)
    return leads


def _answers(card: LeadCard, wanted: LeadFilter) -> bool:
    return (
        card.days_leading >= wanted.days_min
        and (wanted.fall_max is None or (card.fall_fraction is not None and card.fall_fraction <= wanted.fall_max))
        # A lead whom nobody follows yet has all the stake there is.
        and (wanted.stake_min is None or card.stake_fraction is None or card.stake_fraction >= wanted.stake_min)
        and card.own_units >= wanted.own_units_min
        and card.following_units >= wanted.following_units_min
        and (wanted.risk_max is None or (card.risk is not None and card.risk <= wanted.risk_max))
        and card.followers >= wanted.copies_min
        and (card.is_open or not wanted.has_vacancies)
    )


def _answering(leads: QuerySet[Lead], wanted: LeadFilter, now: datetime) -> QuerySet[Lead]:
    """Return what `_answers` would leave, asked of the database."""
    asked = Q(
        started_at__lte=Coalesce("ended_at", Value(now)) - timedelta(days=wanted.days_min),
        summary__own_units__gte=wanted.own_units_min,
        summary__following_units__gte=wanted.following_units_min,
        summary__followers__gte=wanted.copies_min,
    )
    if wanted.fall_max is not None:
        asked &= Q(summary__fall_fraction__lte=wanted.fall_max)
    if wanted.stake_min is not None:
        asked &= Q(summary__following_units__lte=0) | Q(stake_fraction__gte=wanted.stake_min)
    if wanted.risk_max is not None:
        asked &= Q(summary__risk__lte=wanted.risk_max)
    if wanted.has_vacancies:
        asked &= Q(status=Lead.Status.ACTIVE, summary__followers__lt=F("followers_max"))
    return leads.annotate(stake_fraction=_STAKE).filter(asked)


def _in_order(leads: QuerySet[Lead], sorting: Sorting, now: datetime) -> QuerySet[Lead]:
    """Return leads in the order in which `_counted` would put them; among equals of one name the earlier one."""
    unknown_by_score = Case(When(worth__isnull=True, then=-F("summary__score")), default=Value(0.0))
    led_for = ExpressionWrapper(Coalesce("ended_at", Value(now)) - F("started_at"), output_field=DurationField())
    worth = -Cast(Extract(led_for, "day"), FloatField()) if sorting == Sorting.DAYS else _WORTH_IN_DATABASE[sorting]
    return leads.annotate(worth=worth).order_by(
        F("worth").asc(nulls_last=True), unknown_by_score, Collate(Lower("name"), "C"), "pk"
    )


def _card(lead: Lead, summary: LeadSummary, now: datetime) -> LeadCard:
    return LeadCard(
        lead=lead,
        days_leading=days_leading(lead, now=now),
        return_fraction=summary.return_fraction,
        fall_fraction=summary.fall_fraction,
        is_whole_period=summary.is_whole_period,
        own_units=summary.own_units,
        following_units=summary.following_units,
        followers=summary.followers,
        got=FollowersGot(
            days=summary.got_days,
            copies=summary.got_copies,
            median_fraction=summary.median_fraction,
            worst_tenth_fraction=summary.worst_tenth_fraction,
            lead_fraction=summary.got_lead_fraction,
        ),
        risk=summary.risk,
        curve=tuple(summary.curve),
    )


def _highest_first(value: float | None) -> float | None:
    return None if value is None else -value


# What each sorting goes by; the smallest comes first.
_WORTH: dict[Sorting, Callable[[LeadCard], float | None]] = {
    Sorting.KEPT: lambda card: _highest_first(card.kept_per_risk),
    Sorting.RISK: lambda card: card.risk,
    Sorting.SCORE: lambda card: -card.score.points,
    Sorting.RETURN: lambda card: _highest_first(card.return_fraction),
    Sorting.MEDIAN: lambda card: _highest_first(card.ranked_median),
    Sorting.FALL: lambda card: card.fall_fraction,
    Sorting.DAYS: lambda card: -card.days_leading,
    Sorting.FOLLOWERS: lambda card: -card.followers,
    Sorting.STAKE: lambda card: _highest_first(card.stake_fraction),
}

_STAKE = Case(
    When(
        summary__following_units__gt=0,
        then=Cast("summary__own_units", FloatField()) / Cast("summary__following_units", FloatField()),
    ),
    output_field=FloatField(),
)
_MEDIAN = Case(When(summary__got_days=CARD_DAYS, then=F("summary__median_fraction")), output_field=FloatField())
# The same by what is kept with a summary.
_WORTH_IN_DATABASE: dict[Sorting, Any] = {
    Sorting.KEPT: Case(
        When(
            summary__got_days=CARD_DAYS, summary__risk__gt=0, then=-F("summary__median_fraction") / F("summary__risk")
        ),
        output_field=FloatField(),
    ),
    Sorting.RISK: Cast("summary__risk", FloatField()),
    Sorting.SCORE: -F("summary__score"),
    Sorting.RETURN: -F("summary__return_fraction"),
    Sorting.MEDIAN: -_MEDIAN,
    Sorting.FALL: F("summary__fall_fraction"),
    Sorting.FOLLOWERS: -Cast("summary__followers", FloatField()),
    Sorting.STAKE: -_STAKE,
}
