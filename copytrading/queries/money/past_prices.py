"""
What a coin was worth at a past second, as far as it was recorded: the last hourly close, or the mid of an own trade.

What is recorded does not change, so the same second has the same price whenever it is asked for; only the close of an
hour may come up to five minutes late. Bars of a coin that was counted anew are turned into its new unit; here a price
is for the unit of the moment that is asked about.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from django.db import connection

from copytrading.models import CoinVerdict

# The last close of each coin by each moment.
CLOSES = """
    SELECT wanted.asset_id, wanted.at, bar.closed_at, bar.close
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS wanted(asset_id, at)
    JOIN copytrading_market AS market ON market.base_id = wanted.asset_id AND market.quote_id = %s
    CROSS JOIN LATERAL (
        SELECT closed_at, close FROM copytrading_pricebar
        WHERE market_id = market.id AND closed_at <= wanted.at ORDER BY closed_at DESC LIMIT 1
    ) AS bar
"""


@dataclass(frozen=True, kw_only=True)
class SeenPrice:
    """Quote currency for one coin, in the unit that it had at `as_of`; in the books since `known_at`."""

    asset_id: int
    as_of: datetime
    known_at: datetime
    price: Decimal


@dataclass(frozen=True, kw_only=True)
class PastPrice:
    """Quote currency for one coin, in the unit of the moment that was asked about, and when it was so."""

    price: Decimal
    as_of: datetime

    def value_units(self, units: int, *, decimals: int, cash_decimals: int) -> int:
        """Return what some units are worth in quote units, cut toward zero."""
        return worth_of(units, price=self.price, decimals=decimals, cash_decimals=cash_decimals)


@dataclass(frozen=True)
class NewUnits:
    """By asset: when a coin was counted anew, and how many new coins one old became."""

    by_asset: Mapping[int, Sequence[tuple[datetime, Fraction]]]

    def since(self, at: datetime, *, asset_id: int) -> Fraction:
        """Return how many of today's coins one coin of a moment is."""
        factor = Fraction(1)
        for done_at, ratio in self.by_asset.get(asset_id, ()):
            # What is booked at a moment is after it: a statement until then does not have it.
            if done_at >= at:
                factor *= ratio
        return factor


def load_new_units() -> NewUnits:
    """Return every coin that was ever counted anew."""
    done = CoinVerdict.objects.filter(kind=CoinVerdict.Kind.NEW_UNIT, done_at__isnull=False)
    by_asset: dict[int, list[tuple[datetime, Fraction]]] = {}
    for asset_id, done_at, old, new in done.values_list("market__base_id", "done_at", "old_count", "new_count"):
        assert done_at is not None, "the filter says so"
        by_asset.setdefault(asset_id, []).append((done_at, Fraction(new, old)))
    return NewUnits(by_asset)


def past_prices(
    wanted: Iterable[tuple[int, datetime]], *, cash_id: int, seen: Iterable[SeenPrice], new_units: NewUnits
) -> dict[tuple[int, datetime], PastPrice]:
    """
    Return the last recorded price of some (asset, moment); those without any are left out.

    :param seen: prices of other sources that were recorded too, as the mids of orders are.
    """
    pairs = list(dict.fromkeys(wanted))
    found: dict[tuple[int, datetime], tuple[datetime, Fraction]] = {}
    with connection.cursor() as cursor:
        cursor.execute(CLOSES, [[asset_id for asset_id, _ in pairs], [at for _, at in pairs], cash_id])
        for asset_id, at, closed_at, close in cursor.fetchall():
            found[asset_id, at] = closed_at, Fraction(str(close))
    by_asset: dict[int, list[SeenPrice]] = {}
    for one in seen:
        by_asset.setdefault(one.asset_id, []).append(one)
    for asset_id, at in pairs:
        earlier = [one for one in by_asset.get(asset_id, ()) if one.known_at < at]
        if not earlier:
            continue
        last = max(earlier, key=lambda one: one.as_of)
        if (asset_id, at) not in found or found[asset_id, at][0] < last.as_of:
            today = Fraction(last.price) / new_units.since(last.as_of, asset_id=asset_id)
            found[asset_id, at] = last.as_of, today
    return {
        (asset_id, at): PastPrice(price=_decimal(price * new_units.since(at, asset_id=asset_id)), as_of=as_of)
        for (asset_id, at), (as_of, price) in found.items()
    }


def worth_of(units: int, *, price: Decimal, decimals: int, cash_decimals: int) -> int:
    """Return what units of a coin are worth at a price, in quote units, cut toward zero."""
    return int(units * Fraction(price) * Fraction(10) ** (cash_decimals - decimals))


def _decimal(price: Fraction) -> Decimal:
    return Decimal(price.numerator) / Decimal(price.denominator)
