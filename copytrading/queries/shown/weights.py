"""What leads hold as shares of the whole, as far as somebody may see it: now, or as it was kept at an earlier hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from copytrading.models import Lead
from copytrading.queries.copies.portfolios import PriceList, Slice, slices_of
from copytrading.queries.shown.visibility import Visibility

# The last that may be seen: of every hour up to the third array, of daily closes up to the second.
KEPT = """
    SELECT asked.lead_id, kept.recorded_at, kept.asset_ids, kept.weights
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS asked(lead_id, until, finer_until)
    CROSS JOIN LATERAL (
        SELECT recorded_at, asset_ids, weights FROM copytrading_leadweights
        WHERE lead_id = asked.lead_id AND recorded_at <= asked.until
            AND (is_close OR recorded_at <= asked.finer_until)
        ORDER BY recorded_at DESC LIMIT 1
    ) AS kept
"""


@dataclass(frozen=True, kw_only=True)
class KeptWeights:
    """What a lead held at a time: the weight, 0 to 1, of each coin by asset id; what is left of 1 is cash."""

    recorded_at: datetime
    weights: Mapping[int, float]

    @property
    def cash_weight(self) -> float:
        return max(0.0, 1.0 - sum(self.weights.values()))


def kept_weights(visibilities: Mapping[int, Visibility]) -> dict[int, KeptWeights]:
    """
    Return the last kept weights that may be seen, by lead id, in one statement.

    A lead whose whole book is shown is not among them, nor one of whom nothing is old enough yet.
    """
    hidden = {lead_id: part for lead_id, part in visibilities.items() if part.weights_until is not None}
    if not hidden:
        return {}
    untils = [part.weights_until for part in hidden.values()]
    finer = [part.finer_until for part in hidden.values()]
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [list(hidden), untils, finer])
        rows = cursor.fetchall()
    return {
        lead_id: KeptWeights(recorded_at=recorded_at, weights=dict(zip(asset_ids, weights, strict=True)))
        for lead_id, recorded_at, asset_ids, weights in rows
    }


def slices_shown(
    leads: Sequence[Lead], *, visibilities: Mapping[int, Visibility], prices: PriceList
) -> dict[int, tuple[Slice, ...]]:
    """
    Return what leads hold as shares by their id, the largest first and cash last, as far as it may be seen.

    Nothing for one without value, and for one of whom nothing is old enough to be seen.
    """
    kept = kept_weights(visibilities)
    now = [lead for lead in leads if visibilities[lead.pk].weights_until is None]
    shown: dict[int, tuple[Slice, ...]] = {lead.pk: () for lead in leads}
    return shown | slices_of(now, prices=prices) | {pk: _slices(found, prices) for pk, found in kept.items()}


def _slices(kept: KeptWeights, prices: PriceList) -> tuple[Slice, ...]:
    coins = [
        Slice(symbol=coin.symbol, colour=coin.colour, weight=kept.weights[coin.asset_id])
        for coin in prices.coins
        if kept.weights.get(coin.asset_id, 0) > 0
    ]
    cash = [Slice(symbol="Cash", colour=0, weight=kept.cash_weight)] if kept.cash_weight > 0 else []
    return (*sorted(coins, key=lambda part: -part.weight), *cash)
