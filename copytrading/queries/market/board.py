"""The markets and the board that a decision sees, read from the database at one moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from accounts import queries as account_queries
from accounts.models import Asset, User
from copytrading.engine.market.board import Board as Board
from copytrading.engine.market.board import MarketTerms
from copytrading.engine.rules import Rules
from copytrading.engine.units import unit_price
from copytrading.models import Mark, Market
from copytrading.queries.rules import cash_symbol


def cash_asset() -> Asset:
    """Return the asset that everything is quoted in and paid out in."""
    return Asset.objects.get(symbol=cash_symbol())


def markets() -> QuerySet[Market]:
    """Return all markets with their assets and marks."""
    return Market.objects.select_related("base", "quote", "mark")


def terms_of(market: Market) -> MarketTerms:
    """Return what a market accepts, and its mark, for the engine; it must have a mark."""
    return MarketTerms(
        market_id=market.pk,
        base_decimals=market.base.decimals,
        quote_decimals=market.quote.decimals,
        lot_units=market.lot_units,
        value_min_units=market.value_min_units,
        tick_size=market.tick_size,
        mark=market.mark.price,
    )


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
    tick_size: Decimal
    status: str
    status_since: datetime | None
    price: Decimal | None
    priced_at: datetime | None
    doubt: str | None
    doubted_price: Decimal | None
    quote_id: int
    quote_symbol: str
    quote_name: str
    is_closed: bool

    def unit_price(self, price: Decimal | None) -> float:
        """Return quote units per base unit, NaN where there is no price."""
        if price is None:
            return np.nan
        return unit_price(price, base_decimals=self.base_decimals, quote_decimals=self.quote_decimals)

    def is_frozen(self, *, now: datetime, rules: Rules) -> bool:
        """Return whether the coin can be sold nowhere: delisted, or suspended for longer than we wait."""
        if self.price is None:
            return False
        if self.status == Market.Status.SUSPENDED:
            waits = timedelta(seconds=rules.frozen_after_seconds)
            return self.status_since is not None and now - self.status_since >= waits
        return self.status == Market.Status.DELISTED


def load_board(*, now: datetime, rules: Rules) -> Board:
    """Return the board of all markets, marked now; the rules say which price is young, and which coin is frozen."""
    return load_board_and_cash(now=now, rules=rules)[0]


def load_board_and_cash(*, now: datetime, rules: Rules, closed: Q | None = None) -> tuple[Board, Asset]:
    """
    Return the board of all markets, see `load_board`, and the cash that they are quoted in: in one statement.

    :param closed: which markets take no order, beside those that do not trade; a condition on `Market`.
    """
    # Without a condition of its own: no market is the one without a number.
    is_closed = ExpressionWrapper(closed or Q(pk__isnull=True), output_field=BooleanField())
    rows = [
        _BoardRow(*row)
        for row in Market.objects.order_by("base_id").annotate(is_closed=is_closed).values_list(
            "base_id", "pk", "lot_units", "value_min_units", "base__decimals", "quote__decimals",
            "tick_size", "status", "status_since", "mark__price", "mark__as_of", "mark__doubt", "mark__doubted_price",
            "quote_id", "quote__symbol", "quote__name", "is_closed",
        )
    ]  # fmt: skip
    return _board_of(rows, now=now, rules=rules), _cash_of(rows)


def _cash_of(rows: Sequence[_BoardRow]) -> Asset:
    if not rows:
        return cash_asset()
    row = rows[0]
    return Asset(pk=row.quote_id, symbol=row.quote_symbol, name=row.quote_name, decimals=row.quote_decimals)


def _board_of(rows: Sequence[_BoardRow], *, now: datetime, rules: Rules) -> Board:
    priced_at = np.array([row.priced_at.timestamp() if row.priced_at else -np.inf for row in rows], dtype=np.float64)
    frozen = np.array([row.is_frozen(now=now, rules=rules) for row in rows], dtype=np.bool_)
    # What waits for people is believed by nobody, not even at its last mark.
    unjudged = np.array([row.doubt in Mark.FOR_PEOPLE for row in rows], dtype=np.bool_)
    # A clock that runs ahead of ours is as wrong as a price that is old.
    young = np.abs(now.timestamp() - priced_at) <= rules.price_age_max_seconds
    sure = np.array([row.doubt == Mark.Doubt.NONE for row in rows], dtype=np.bool_)
    fresh = np.asarray(((young & sure) | frozen) & ~unjudged, dtype=np.bool_)
    closed = np.array([row.is_closed for row in rows], dtype=np.bool_)
    listed = np.array([row.status == Market.Status.TRADING for row in rows], dtype=np.bool_)
    return Board(
        asset_ids=np.array([row.asset_id for row in rows], dtype=np.int64),
        market_ids=np.array([row.market_id for row in rows], dtype=np.int64),
        unit_prices=np.array([row.unit_price(row.price) for row in rows], dtype=np.float64),
        lot_units=np.array([row.lot_units for row in rows], dtype=np.int64),
        value_min_units=np.array([row.value_min_units for row in rows], dtype=np.int64),
        decimals=np.array([row.base_decimals for row in rows], dtype=np.int64),
        quote_decimals=np.array([row.quote_decimals for row in rows], dtype=np.int64),
        tick_sizes=_objects([row.tick_size for row in rows]),
        marks=_objects([row.price for row in rows]),
        fresh=fresh,
        listed=listed,
        tradable=np.asarray(listed & fresh & ~closed, dtype=np.bool_),
        frozen=frozen,
        priced_at=priced_at,
        doubted_prices=np.array([row.unit_price(row.doubted_price) for row in rows], dtype=np.float64),
    )


def _objects(values: Sequence[Decimal | None]) -> np.ndarray:
    """Return decimals as a column of objects, whatever their number."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def available_cash_units_of(user: User) -> int:
    """Return what a person's main account has available of the cash asset, in units."""
    return account_queries.available_units_of(user, asset_symbol=cash_symbol())


def market_choices() -> list[tuple[int, str]]:
    """Return the markets that trade, as (id, coin), in the order in which the portal shows them."""
    return list(Market.objects.filter(status=Market.Status.TRADING).values_list("pk", "base__symbol"))
