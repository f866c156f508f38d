"""
What copies hold beside what their leads hold, line by line, valued at the marks.

Everything here is for reading: a handful of statements load the portfolios of any number of copies as arrays, and the
engine says how far apart they are. A coin without a mark counts nothing and is named, never guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from accounts.models import Asset, Balance
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.baseline import followed_shares
from copytrading.engine.weights import distance_of
from copytrading.models import Copy, CopyBaseline, Lead, LeadHolding, LeadPosition, Market
from copytrading.queries.market import cash_asset


@dataclass(frozen=True, kw_only=True)
class Coin:
    """A coin as it is traded here: `price` in quote currency per coin, None while nobody has named one."""

    asset_id: int
    market_id: int
    symbol: str
    name: str
    decimals: int
    colour: int
    price: Decimal | None
    as_of: datetime | None
    # Quote units for one unit of the coin.
    unit_price: Decimal

    def value_units(self, units: int) -> int:
        """Return the value of some units of this coin in quote units, rounded toward zero."""
        return int(units * self.unit_price)


@dataclass(frozen=True, kw_only=True)
class PriceList:
    """Every coin with its mark, and the cash they are quoted in. The order of the coins is the order of all columns."""

    coins: tuple[Coin, ...]
    cash: Asset

    @property
    def unit_prices(self) -> FloatArray:
        return np.array([float(coin.unit_price) for coin in self.coins], dtype=np.float64)

    @property
    def column_of(self) -> dict[int, int]:
        """Return the column of each asset by its id; cash has none."""
        return {coin.asset_id: column for column, coin in enumerate(self.coins)}

    def oldest_of(self, asset_ids: Iterable[int]) -> datetime | None:
        """Return the time of the oldest mark among some assets; None if one of them has none, or there are none."""
        wanted = set(asset_ids)
        times = [coin.as_of for coin in self.coins if coin.asset_id in wanted]
        return None if not times or None in times else min(time for time in times if time)


@dataclass(frozen=True, kw_only=True)
class Position:
    """One coin, or the cash (colour 0), of a copy and its lead. Weights are shares of equity, 0 to 1."""

    asset_id: int
    symbol: str
    name: str
    colour: int
    decimals: int
    units: int
    value_units: int
    weight: float
    lead_weight: float


@dataclass(frozen=True, kw_only=True)
class Slice:
    """What a ribbon draws of a portfolio: a share of it, 0 to 1, in the colour of the coin."""

    symbol: str
    colour: int
    weight: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """
    A copy beside its lead: coins by the lead's weight, cash last.

    `distance` is the share of the copy that would have to be traded to look like the lead; `distance_wanted` how much
    of that is by the follower's own choice (existing assets not bought, a cap on one coin); `distance_left` how far
    the copy is from what it aims at.
    """

    positions: tuple[Position, ...]
    equity_units: int
    distance: float
    distance_wanted: float
    distance_left: float
    unpriced: tuple[str, ...]
    priced_at: datetime | None

    @property
    def lead_slices(self) -> tuple[Slice, ...]:
        """Return the lead's ribbon, in the order of the copy's own (which are the positions themselves)."""
        return tuple(
            Slice(symbol=position.symbol, colour=position.colour, weight=position.lead_weight)
            for position in self.positions
        )


def price_list() -> PriceList:
    """Return all coins quoted in the platform's cash with their marks."""
    cash = cash_asset()
    markets = Market.objects.filter(quote=cash).select_related("base", "mark").order_by("colour", "symbol")
    return PriceList(coins=tuple(_coin(market, cash) for market in markets), cash=cash)


def compare(copies: Sequence[Copy], *, prices: PriceList) -> dict[int, Comparison]:
    """Return each copy beside its lead, by the copy's id. The number of statements does not depend on how many."""
    leads = {copy.lead_id: copy.lead for copy in copies}
    own = _held_here([copy.ledger_account_id for copy in copies], prices)
    lead_held = _held_by_leads(list(leads.values()), prices)
    shares = _shares_followed(copies, lead_held, prices)
    return {
        copy.pk: _compare_one(copy, own[copy.ledger_account_id], lead_held[copy.lead_id], shares[copy.pk], prices)
        for copy in copies
    }


def lead_portfolio(lead: Lead, *, prices: PriceList) -> IntArray:
    """Return what a lead holds in units, (A + 1,): the coins in the order of the price list, then cash."""
    return _held_by_leads([lead], prices)[lead.pk]


def _coin(market: Market, cash: Asset) -> Coin:
    mark = getattr(market, "mark", None)
    price = mark.price if mark else None
    return Coin(
        asset_id=market.base_id,
        market_id=market.pk,
        symbol=market.base.symbol,
        name=market.base.name,
        decimals=market.base.decimals,
        colour=market.colour,
        price=price,
        as_of=mark.as_of if mark else None,
        unit_price=(price or Decimal(0)).scaleb(cash.decimals - market.base.decimals),
    )


def _empty(keys: Iterable[int], prices: PriceList) -> dict[int, IntArray]:
    return {key: np.zeros(len(prices.coins) + 1, dtype=np.int64) for key in keys}


def _fill(rows: dict[int, IntArray], values: Iterable[tuple[int, int, int]], prices: PriceList) -> dict[int, IntArray]:
    """Write (key, asset, units) into rows of (A + 1,): the last column is cash."""
    columns = {**prices.column_of, prices.cash.pk: len(prices.coins)}
    for key, asset_id, units in values:
        if asset_id in columns:
            rows[key][columns[asset_id]] = units
    return rows


def _held_here(account_ids: Sequence[int], prices: PriceList) -> dict[int, IntArray]:
    balances = Balance.objects.filter(ledger_account_id__in=account_ids)
    values = balances.values_list("ledger_account_id", "asset_id", "posted")
    return _fill(_empty(account_ids, prices), values, prices)


def _held_by_leads(leads: Sequence[Lead], prices: PriceList) -> dict[int, IntArray]:
    """
    Return what leads hold by their id: here in the ledger, or elsewhere as last seen.

    What is not traded here counts with the cash: that is what copies hold in its place.
    """
    lead_of_account = {lead.ledger_account_id: lead.pk for lead in leads if lead.ledger_account_id}
    held_here = _held_here(list(lead_of_account), prices)
    observed = LeadHolding.objects.filter(lead__in=[lead.pk for lead in leads if not lead.ledger_account_id])
    rows = _fill(
        _empty([lead.pk for lead in leads], prices), observed.values_list("lead_id", "asset_id", "units"), prices
    )
    for lead in leads:
        rows[lead.pk][-1] = max(rows[lead.pk][-1] + lead.other_value_units, 0)
    return rows | {lead_of_account[account_id]: row for account_id, row in held_here.items()}


def _shares_followed(
    copies: Sequence[Copy], lead_held: dict[int, IntArray], prices: PriceList
) -> dict[int, FloatArray]:
    """Return the share (A,) of each lead position that each copy follows, by the copy's id."""
    joined_late = [copy for copy in copies if not copy.buy_existing]
    columns = prices.column_of
    positions = _Positions(LeadPosition.objects.filter(lead__in={copy.lead_id for copy in joined_late}), columns)
    baselines = _Positions(CopyBaseline.objects.filter(copy__in=joined_late), columns)
    everything = np.ones(len(columns))
    return {
        copy.pk: everything
        if copy.buy_existing
        else followed_shares(
            lead_units=lead_held[copy.lead_id][:-1],
            survival=positions.survival(copy.lead_id),
            epoch=positions.epoch(copy.lead_id),
            baseline_units=baselines.units(copy.pk)[None, :],
            baseline_survival=baselines.survival(copy.pk)[None, :],
            baseline_epoch=baselines.epoch(copy.pk)[None, :],
        )[0]
        for copy in copies
    }


class _Positions:
    """Survival, epoch and (for baselines) units as arrays (A,), by the id of the copy or lead that the rows are of."""

    def __init__(self, rows: Iterable[LeadPosition] | Iterable[CopyBaseline], columns: dict[int, int]) -> None:
        self._columns = columns
        self._rows: dict[int, list[LeadPosition | CopyBaseline]] = {}
        for row in rows:
            owner_id = row.copy_id if isinstance(row, CopyBaseline) else row.lead_id
            self._rows.setdefault(owner_id, []).append(row)

    def survival(self, owner_id: int) -> FloatArray:
        return self._column(owner_id, "survival", np.ones(len(self._columns)))

    def epoch(self, owner_id: int) -> IntArray:
        return self._column(owner_id, "epoch", np.zeros(len(self._columns), dtype=np.int64))

    def units(self, owner_id: int) -> IntArray:
        return self._column(owner_id, "units", np.zeros(len(self._columns), dtype=np.int64))

    def _column(self, owner_id: int, name: str, values: np.ndarray) -> np.ndarray:
        for row in self._rows.get(owner_id, ()):
            if row.asset_id in self._columns:
                values[self._columns[row.asset_id]] = getattr(row, name)
        return values


def _compare_one(
    copy: Copy, own: IntArray, lead_own: IntArray, shares_followed: FloatArray, prices: PriceList
) -> Comparison:
    weights, lead_weights = (_weights(held, prices)[None, :-1] for held in (own, lead_own))
    wanted = lead_weights * shares_followed
    if copy.weight_max is not None:
        wanted = np.minimum(wanted, copy.weight_max)
    seen = [column for column in range(len(prices.coins)) if own[column] or lead_own[column]]
    seen.sort(key=lambda column: (-lead_weights[0, column], -weights[0, column]))
    positions = [_position(prices.coins[column], own, weights, lead_weights, column) for column in seen]
    cash_units = int(own[-1])
    cash = Position(
        asset_id=prices.cash.pk,
        symbol=prices.cash.symbol,
        name="Cash",
        colour=0,
        decimals=prices.cash.decimals,
        units=cash_units,
        value_units=cash_units,
        weight=max(0.0, 1.0 - float(weights.sum())) if own.any() else 0.0,
        lead_weight=max(0.0, 1.0 - float(lead_weights.sum())) if lead_own.any() else 0.0,
    )
    return Comparison(
        positions=(*positions, cash),
        equity_units=cash_units + sum(position.value_units for position in positions),
        distance=float(distance_of(weights=weights, lead_weights=lead_weights[0])[0]),
        distance_wanted=float(distance_of(weights=wanted, lead_weights=lead_weights[0])[0]),
        distance_left=float(distance_of(weights=weights, lead_weights=wanted[0])[0]),
        unpriced=tuple(prices.coins[column].symbol for column in seen if prices.coins[column].price is None),
        priced_at=prices.oldest_of(prices.coins[column].asset_id for column in seen),
    )


def _weights(held: IntArray, prices: PriceList) -> FloatArray:
    """Return the share of each column of (A + 1,) in the whole; zeros where there is nothing."""
    values = held * np.append(prices.unit_prices, 1.0)
    total = values.sum()
    return values / total if total > 0 else np.zeros_like(values)


def _position(coin: Coin, own: IntArray, weights: FloatArray, lead_weights: FloatArray, column: int) -> Position:
    units = int(own[column])
    return Position(
        asset_id=coin.asset_id,
        symbol=coin.symbol,
        name=coin.name,
        colour=coin.colour,
        decimals=coin.decimals,
        units=units,
        value_units=coin.value_units(units),
        weight=float(weights[0, column]),
        lead_weight=float(lead_weights[0, column]),
    )
