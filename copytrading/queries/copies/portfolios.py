"""
What copies hold beside what their leads hold, line by line, valued at the marks.

Everything here is for reading: a handful of statements load the portfolios of any number of copies as arrays, and the
engine says how far apart they are. A coin without a mark counts nothing and is named, never guessed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from accounts.models import Asset, Balance
from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.deciding.decision import decide
from copytrading.engine.deciding.wishes import Wishes
from copytrading.engine.holdings import valuation
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.holdings.weights import distance_of
from copytrading.engine.market.board import Board
from copytrading.engine.rules import Rules
from copytrading.models import Copy, Lead, LeadHolding, Market
from copytrading.queries import holdings
from copytrading.queries.market.board import cash_asset, load_board


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
        """Return the value of some units of this coin in quote units, as every worth counts it."""
        prices = np.array([float(self.unit_price)])
        return int(valuation.values_of(held_units=np.array([units]), unit_prices=prices)[0])


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
    A copy beside its lead: coins by the lead's weight, cash last. Values in quote units, see engine/holdings/valuation.

    `distance` is the share of the copy that would have to be traded to look like the lead; `distance_wanted` how much
    of that is by the follower's own choice (existing assets not bought, a cap on one coin); `distance_left` how far
    the copy is from what the decision aims at. `is_at_rest` is the decision's own answer: it would trade nothing.
    """

    positions: tuple[Position, ...]
    gross_units: int
    due_units: int
    worth_units: int
    leaving_units: int
    distance: float
    distance_wanted: float
    distance_left: float
    is_at_rest: bool
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
    markets = Market.objects.filter(quote=cash).order_by("colour", "symbol")
    rows = markets.values_list(
        "pk",
        "colour",
        "base_id",
        "base__symbol",
        "base__name",
        "base__decimals",
        "mark__price",
        "mark__as_of",
        named=True,
    )
    return PriceList(coins=tuple(_coin(row, cash) for row in rows), cash=cash)


def compare(copies: Sequence[Copy], *, prices: PriceList, now: datetime, rules: Rules) -> dict[int, Comparison]:
    """Return each copy beside its lead, by the copy's id. The number of statements does not depend on how many."""
    leads = {copy.lead_id: copy.lead for copy in copies}
    board = load_board(now=now, rules=rules)
    portfolios = holdings.load_leads(list(leads.values()), board=board, cash=prices.cash)
    orders = holdings.load_open_orders(list(leads), board=board, now=now)
    tables = holdings.load_tables(leads, board=board, cash=prices.cash, copy_ids=[copy.pk for copy in copies])
    # What waits for a price is not at rest: it is looked at as if every price that is known were good.
    known = ~np.isnan(board.unit_prices)
    awake = replace(board, fresh=known, tradable=np.asarray(board.listed & known, dtype=np.bool_))
    by_id = {copy.pk: copy for copy in copies}
    listed = board.places_of(np.array([coin.asset_id for coin in prices.coins], dtype=np.int64))
    compared: dict[int, Comparison] = {}
    for lead_id, table in tables.items():
        decided = decide(
            board=awake,
            lead=portfolios[lead_id],
            copies=table,
            lead_orders=orders.get(lead_id, ()),
            books=None,
            phase=None,
            rules=rules,
            now=now.timestamp(),
        )
        for row, copy_id in enumerate(table.ids.tolist()):
            compared[copy_id] = _compare_one(
                by_id[copy_id], _Row(board, portfolios[lead_id], table, decided.wishes, row, listed), prices
            )
    return compared


@dataclass(frozen=True)
class _Row:
    """One copy of a table, as it was decided on; `listed` are the places of the price list's coins on the board."""

    board: Board
    lead: LeadPortfolio
    table: CopyTable
    wishes: Wishes
    row: int
    listed: IntArray

    def cells(self, grid: np.ndarray) -> np.ndarray:
        """Return the copy's row of a grid (N, A), or a column (A,), in the order of the price list."""
        columns = grid if grid.ndim == 1 else grid[self.row]
        return columns[self.listed]


def lead_portfolio(lead: Lead, *, prices: PriceList) -> IntArray:
    """Return what a lead holds in units, (A + 1,): the coins in the order of the price list, then cash."""
    return _held_by_leads([lead], prices)[lead.pk]


def slices_of(leads: Sequence[Lead], *, prices: PriceList) -> dict[int, tuple[Slice, ...]]:
    """Return what leads hold as shares by their id, the largest first and cash last; nothing for one without value."""
    held = _held_by_leads(leads, prices)
    slices: dict[int, tuple[Slice, ...]] = {}
    for lead_id, units in held.items():
        values = units * np.append(prices.unit_prices, 1.0)
        worth = float(values.sum())
        coins = [
            Slice(symbol=coin.symbol, colour=coin.colour, weight=float(value / worth))
            for coin, value in zip(prices.coins, values[:-1], strict=True)
            if worth > 0 and value > 0
        ]
        coins.sort(key=lambda part: -part.weight)
        if worth > 0 and values[-1] > 0:
            coins.append(Slice(symbol="Cash", colour=0, weight=float(values[-1] / worth)))
        slices[lead_id] = tuple(coins)
    return slices


def _coin(row: Any, cash: Asset) -> Coin:
    return Coin(
        asset_id=row.base_id,
        market_id=row.pk,
        symbol=row.base__symbol,
        name=row.base__name,
        decimals=row.base__decimals,
        colour=row.colour,
        price=row.mark__price,
        as_of=row.mark__as_of,
        unit_price=(row.mark__price or Decimal(0)).scaleb(cash.decimals - row.base__decimals),
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
        rows[lead.pk][-1] += lead.other_value_units
    return rows | {lead_of_account[account_id]: row for account_id, row in held_here.items()}


def _compare_one(copy: Copy, seen: _Row, prices: PriceList) -> Comparison:
    unit_prices = seen.cells(seen.board.unit_prices)
    own, lead_own = seen.cells(seen.table.units), seen.cells(seen.lead.units)
    cash_units, worth = int(seen.table.cash_units[seen.row]), seen.wishes.valuation
    values = valuation.values_of(held_units=own, unit_prices=unit_prices)
    lead_values = valuation.values_of(held_units=lead_own, unit_prices=unit_prices)
    lead_cash = seen.lead.cash_units + seen.lead.other_value_units
    weights, lead_weights = _weights(values, cash_units)[None, :], _weights(lead_values, lead_cash)[None, :]
    shares = seen.table.followed_shares(seen.lead, lead_units=seen.lead.units)
    wanted = lead_weights * seen.cells(shares)
    if copy.weight_max is not None:
        wanted = np.minimum(wanted, copy.weight_max)
    aims = np.where(np.isnan(unit_prices), 0.0, seen.cells(seen.wishes.targets) * unit_prices)
    sizing = max(float(worth.sizing[seen.row]), 1.0)
    held = [column for column in range(len(prices.coins)) if own[column] or lead_own[column]]
    held.sort(key=lambda column: (-lead_weights[0, column], -weights[0, column]))
    positions = [_position(prices.coins[column], own, values, weights, lead_weights, column) for column in held]
    cash = Position(
        asset_id=prices.cash.pk,
        symbol=prices.cash.symbol,
        name="Cash",
        colour=0,
        decimals=prices.cash.decimals,
        units=cash_units,
        value_units=cash_units,
        weight=max(0.0, 1.0 - float(weights.sum())) if own.any() or cash_units else 0.0,
        lead_weight=max(0.0, 1.0 - float(lead_weights.sum())) if lead_own.any() or lead_cash else 0.0,
    )
    return Comparison(
        positions=(*positions, cash),
        gross_units=int(worth.gross[seen.row]),
        due_units=int(worth.accrued[seen.row]),
        worth_units=int(worth.worth[seen.row]),
        leaving_units=int(worth.owed[seen.row]),
        distance=float(distance_of(weights=weights, lead_weights=lead_weights[0])[0]),
        distance_wanted=float(distance_of(weights=wanted, lead_weights=lead_weights[0])[0]),
        distance_left=float(distance_of(weights=values[None, :] / sizing, lead_weights=aims / sizing)[0]),
        is_at_rest=not seen.wishes.copies[seen.row].any(),
        unpriced=tuple(prices.coins[column].symbol for column in held if prices.coins[column].price is None),
        priced_at=prices.oldest_of(prices.coins[column].asset_id for column in held),
    )


def _weights(values: IntArray, cash_units: int) -> FloatArray:
    """Return the share of each coin (A,) in the whole, cash included; zeros where there is nothing."""
    total = int(values.sum()) + cash_units
    return values / total if total > 0 else np.zeros(len(values))


def _position(
    coin: Coin, own: IntArray, values: IntArray, weights: FloatArray, lead_weights: FloatArray, column: int
) -> Position:
    return Position(
        asset_id=coin.asset_id,
        symbol=coin.symbol,
        name=coin.name,
        colour=coin.colour,
        decimals=coin.decimals,
        units=int(own[column]),
        value_units=int(values[column]),
        weight=float(weights[0, column]),
        lead_weight=float(lead_weights[0, column]),
    )
