"""
The market as the planner sees it: a board of parallel columns (assets,), one place for each coin that has a market.

Prices on the board are *unit prices*: quote units for one base unit, so that units times unit price is a value
in quote units whatever the decimals of the coin are.
"""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db.models import QuerySet

from accounts import queries as account_queries
from accounts.models import Asset, User
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.units import unit_price
from copytrading.models import Mark, Market


@dataclass(frozen=True, kw_only=True)
class Board:
    """
    Columns (A,), sorted by asset id.

    `unit_prices` is NaN where no price was ever seen; `fresh` says whether the mark may be acted on: young enough and
    not in doubt; `listed` whether the market trades. What is `frozen` can be sold nowhere for long: it counts at its
    last mark, so that everything else goes on. `priced_at` is when the price was made, in seconds; `doubted_prices`
    what the coin may be worth instead, NaN where nothing is in doubt.
    """

    asset_ids: IntArray
    market_ids: IntArray
    unit_prices: FloatArray
    lot_units: IntArray
    value_min_units: IntArray
    decimals: IntArray
    fresh: BoolArray
    listed: BoolArray
    frozen: BoolArray
    priced_at: FloatArray
    doubted_prices: FloatArray

    @property
    def awaited(self) -> BoolArray:
        """Return the markets (A,) that do not trade but may do so again."""
        return np.asarray(~self.listed & ~self.frozen, dtype=np.bool_)

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


def unit_price_in(market: Market, price: Decimal) -> float:
    """Return quote units for one base unit of a market, for a price in quote currency per coin."""
    return unit_price(price, base_decimals=market.base.decimals, quote_decimals=market.quote.decimals)


class _BoardRow(NamedTuple):
    """A market with its coin's decimals and its mark; the mark's columns are None where no price was ever seen."""

    asset_id: int
    market_id: int
    lot_units: int
    value_min_units: int
    base_decimals: int
    quote_decimals: int
    status: str
    status_since: datetime | None
    price: Decimal | None
    priced_at: datetime | None
    doubt: str | None
    doubted_price: Decimal | None

    def unit_price(self, price: Decimal | None) -> float:
        """Return quote units per base unit, NaN where there is no price."""
        if price is None:
            return np.nan
        return unit_price(price, base_decimals=self.base_decimals, quote_decimals=self.quote_decimals)

    def is_frozen(self, *, now: datetime) -> bool:
        """Return whether the coin can be sold nowhere: delisted, or suspended for longer than we wait."""
        if self.price is None:
            return False
        if self.status == Market.Status.SUSPENDED:
            waits = timedelta(seconds=settings.SMARTSYNC_FROZEN_AFTER_SECONDS)
            return self.status_since is not None and now - self.status_since >= waits
        return self.status == Market.Status.DELISTED


def load_board(*, now: datetime) -> Board:
    """Return the board of all markets, marked now."""
    rows = [
        _BoardRow(*row)
        for row in Market.objects.order_by("base_id").values_list(
            "base_id", "pk", "lot_units", "value_min_units", "base__decimals", "quote__decimals",
            "status", "status_since", "mark__price", "mark__as_of", "mark__doubt", "mark__doubted_price",
        )
    ]  # fmt: skip
    priced_at = np.array([row.priced_at.timestamp() if row.priced_at else -np.inf for row in rows], dtype=np.float64)
    frozen = np.array([row.is_frozen(now=now) for row in rows], dtype=np.bool_)
    # What waits for people is believed by nobody, not even at its last mark.
    unjudged = np.array([row.doubt in Mark.FOR_PEOPLE for row in rows], dtype=np.bool_)
    # A clock that runs ahead of ours is as wrong as a price that is old.
    young = np.abs(now.timestamp() - priced_at) <= settings.SMARTSYNC_PRICE_AGE_MAX_SECONDS
    sure = np.array([row.doubt == Mark.Doubt.NONE for row in rows], dtype=np.bool_)
    return Board(
        asset_ids=np.array([row.asset_id for row in rows], dtype=np.int64),
        market_ids=np.array([row.market_id for row in rows], dtype=np.int64),
        unit_prices=np.array([row.unit_price(row.price) for row in rows], dtype=np.float64),
        lot_units=np.array([row.lot_units for row in rows], dtype=np.int64),
        value_min_units=np.array([row.value_min_units for row in rows], dtype=np.int64),
        decimals=np.array([row.base_decimals for row in rows], dtype=np.int64),
        fresh=np.asarray(((young & sure) | frozen) & ~unjudged, dtype=np.bool_),
        listed=np.array([row.status == Market.Status.TRADING for row in rows], dtype=np.bool_),
        frozen=frozen,
        priced_at=priced_at,
        doubted_prices=np.array([row.unit_price(row.doubted_price) for row in rows], dtype=np.float64),
    )


def available_cash_units_of(user: User) -> int:
    """Return what a person's main account has available of the cash asset, in units."""
    return account_queries.available_units_of(user, asset_symbol=settings.SMARTSYNC_CASH)


def market_choices() -> list[tuple[int, str]]:
    """Return the markets that trade, as (id, coin), in the order in which the portal shows them."""
    return list(Market.objects.filter(status=Market.Status.TRADING).values_list("pk", "base__symbol"))
