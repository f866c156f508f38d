"""
The market as the planner sees it: a board of parallel columns (assets,), one place for each coin that has a market.

Prices on the board are *unit prices*: quote units for one base unit, so that units times unit price is a value
in quote units whatever the decimals of the coin are.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from accounts import queries as account_queries
from accounts.models import Asset, User
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.models import Market


@dataclass(frozen=True, kw_only=True)
class Board:
    """
    Columns (A,), sorted by asset id.

    `unit_prices` is NaN where no price was ever seen; `fresh` says whether the mark is young enough to act on and
    `listed` whether the market trades.
    """

    asset_ids: IntArray
    market_ids: IntArray
    unit_prices: FloatArray
    lot_units: IntArray
    value_min_units: IntArray
    decimals: IntArray
    fresh: BoolArray
    listed: BoolArray

    def places_of(self, asset_ids: IntArray) -> IntArray:
        """Return the place of each asset on the board; all of them must be on it."""
        places = np.searchsorted(self.asset_ids, asset_ids)
        assert (self.asset_ids[np.minimum(places, len(self.asset_ids) - 1)] == asset_ids).all(), (
            "an asset has no market"
        )
        return places.astype(np.int64)

    def narrow(self, keep: BoolArray) -> "Board":
        """Return the board with only the kept places."""
        return Board(**{column.name: getattr(self, column.name)[keep] for column in fields(self)})


def cash_asset() -> Asset:
    """Return the asset that everything is quoted in and paid out in."""
    return Asset.objects.get(symbol=settings.SMARTSYNC_CASH)


def markets() -> QuerySet[Market]:
    """Return all markets with their assets and marks."""
    return Market.objects.select_related("base", "quote", "mark")


def unit_price_of(price: Decimal, *, base_decimals: int, quote_decimals: int) -> float:
    """Return quote units per base unit for a price in quote currency per coin."""
    return float(price.scaleb(quote_decimals - base_decimals))


def load_board(*, now: datetime) -> Board:
    """Return the board of all markets, marked now."""
    rows = sorted(markets(), key=lambda market: market.base_id)
    marks = [getattr(row, "mark", None) for row in rows]
    ages = [(now - mark.as_of).total_seconds() if mark else np.inf for mark in marks]
    return Board(
        asset_ids=np.array([row.base_id for row in rows], dtype=np.int64),
        market_ids=np.array([row.pk for row in rows], dtype=np.int64),
        unit_prices=np.array(
            [
                unit_price_of(mark.price, base_decimals=row.base.decimals, quote_decimals=row.quote.decimals)
                if mark
                else np.nan
                for row, mark in zip(rows, marks, strict=True)
            ],
            dtype=np.float64,
        ),
        lot_units=np.array([row.lot_units for row in rows], dtype=np.int64),
        value_min_units=np.array([row.value_min_units for row in rows], dtype=np.int64),
        decimals=np.array([row.base.decimals for row in rows], dtype=np.int64),
        # A clock that runs ahead of ours is as wrong as a price that is old.
        fresh=np.array([abs(age) <= settings.SMARTSYNC_PRICE_AGE_MAX_SECONDS for age in ages], dtype=np.bool_),
        listed=np.array([row.status == Market.Status.TRADING for row in rows], dtype=np.bool_),
    )


def available_cash_units_of(user: User) -> int:
    """Return what a person's main account has available of the cash asset, in units."""
    return account_queries.available_units_of(user, asset_symbol=settings.SMARTSYNC_CASH)


def market_choices() -> list[tuple[int, str]]:
    """Return the markets that trade, as (id, coin), in the order in which the portal shows them."""
    return list(Market.objects.filter(status=Market.Status.TRADING).values_list("pk", "base__symbol"))
