"""Leads beside each other: how much they hold the same coins, and how alike they moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations

import numpy as np

from copytrading.engine.track_record import likeness
from copytrading.models import Lead
from copytrading.queries.copies.portfolios import Slice, price_list
from copytrading.queries.leads.listing import CARD_DAYS, LeadCard
from copytrading.queries.shown.visibility import Visibility
from copytrading.queries.shown.weights import slices_shown

SIDE_BY_SIDE_MAX = 4


@dataclass(frozen=True, kw_only=True)
class Pair:
    """
    Two leads: the share of both in the same coins, 0 to 1, and how they moved in the days both have.

    `correlation` and `together` (the share of days both went the same way) are None where it is too early to say.
    """

    one: Lead
    other: Lead
    overlap: float
    correlation: float | None
    together: float | None
    slices: tuple[Slice, ...]
    other_slices: tuple[Slice, ...]

    @property
    def is_overlap_known(self) -> bool:
        """Return whether what both hold may be seen."""
        return bool(self.slices and self.other_slices)

    @property
    def overlap_shown(self) -> float | None:
        """Return the overlap where it may be seen."""
        return self.overlap if self.is_overlap_known else None


def likeness_of(cards: Sequence[LeadCard], *, visibilities: Mapping[int, Visibility]) -> tuple[Pair, ...]:
    """
    Return each two of some leads beside each other, by their cards of the last 90 days and what is shown of holdings.
    """
    if len(cards) < 2:
        return ()
    held = slices_shown([card.lead for card in cards], visibilities=visibilities, prices=price_list())
    return tuple(_pair(one, other, held) for one, other in combinations(cards, 2))


def daily_points(card: LeadCard, *, now: datetime) -> list[tuple[datetime, float]]:
    """Return a card's curve as (time, percent), a point a day up to now or to the lead's end."""
    ends_at = card.lead.ended_at or now
    last = len(card.returns) - 1
    return [(ends_at - timedelta(days=last - place), value * 100) for place, value in enumerate(card.returns)]


def _pair(one: LeadCard, other: LeadCard, held: dict[int, tuple[Slice, ...]]) -> Pair:
    slices, other_slices = held[one.lead.pk], held[other.lead.pk]
    symbols = sorted({part.symbol for part in (*slices, *other_slices) if part.colour})
    weights, other_weights = (
        np.array([{part.symbol: part.weight for part in parts}.get(symbol, 0.0) for symbol in symbols])
        for parts in (slices, other_slices)
    )
    moved = likeness.likeness_of(unit_prices=np.array(one.curve), other_prices=np.array(other.curve))
    assert len(one.curve) <= CARD_DAYS + 1, "a card's curve has a point a day"
    return Pair(
        one=one.lead,
        other=other.lead,
        overlap=likeness.overlap_of(weights, other_weights),
        correlation=moved.correlation if moved else None,
        together=moved.together if moved else None,
        slices=slices,
        other_slices=other_slices,
    )
