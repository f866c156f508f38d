"""
What copies hold beside what their leads hold, line by line, valued at the marks.

Everything here is for reading: a handful of statements load the portfolios of any number of copies as arrays, and the
engine says how far apart they are. A coin without a mark counts nothing and is named, never guessed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np

from accounts.models import Asset, Balance
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.deciding.decision import decide
from copytrading.engine.holdings import valuation
from copytrading.engine.holdings.valuation import Valuation
from copytrading.engine.holdings.weights import distance_of
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
    copy_ids = [copy.pk for copy in copies]
    lead_ids, table = holdings.load_together(leads, board=board, cash=prices.cash, copy_ids=copy_ids)
    # What waits for a price is not at rest: it is looked at as if every price that is known were good.
    known = ~np.isnan(board.unit_prices)
    awake = replace(board, fresh=known, tradable=np.asarray(board.listed & known, dtype=np.bool_))
    lead_units, shares, targets = np.zeros_like(table.units), np.ones(table.units.shape), np.zeros(table.units.shape)
    lead_cash, at_rest = np.zeros_like(table.ids), np.zeros(len(table.ids), dtype=np.bool_)
    for lead_id in np.unique(lead_ids).tolist():
        rows, lead = np.flatnonzero(lead_ids == lead_id), portfolios[lead_id]
        beside = table.narrow(rows)
        decided = decide(
            board=awake,
            lead=lead,
            copies=beside,
            lead_orders=orders.get(lead_id, ()),
            books=None,
            phase=None,
            rules=rules,
            now=now.timestamp(),
        )
        lead_units[rows], lead_cash[rows] = lead.units, lead.cash_units + lead.other_value_units
        shares[rows] = beside.followed_shares(lead, lead_units=lead.units)
        targets[rows], at_rest[rows] = decided.wishes.targets, ~decided.wishes.copies.any(axis=1)
    # From here on in the order of the price list, which is the one that is shown.
    listed = board.places_of(np.array([coin.asset_id for coin in prices.coins], dtype=np.int64))
    seen = _Seen(
        worth=table.valued(board),
        unit_prices=board.unit_prices[listed],
        units=table.units[:, listed],
        cash_units=table.cash_units,
        lead_units=lead_units[:, listed],
        lead_cash=lead_cash,
        wanted_shares=shares[:, listed],
        weights_max=np.where(np.isnan(table.terms.weight_max), 1.0, table.terms.weight_max),
        targets=targets[:, listed],
        at_rest=at_rest,
    )
    return dict(zip(table.ids.tolist(), _compared(seen, prices), strict=True))


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Copies as they were decided on, (N,) and (N, A), beside their leads; A in the order of the price list."""

    worth: Valuation
    unit_prices: FloatArray
    units: IntArray
    cash_units: IntArray
    lead_units: IntArray
    lead_cash: IntArray
    wanted_shares: FloatArray
    weights_max: FloatArray
    targets: FloatArray
    at_rest: BoolArray


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


def _compared(seen: _Seen, prices: PriceList) -> Iterator[Comparison]:
    """Yield each copy beside its lead."""
    values = valuation.values_of(held_units=seen.units, unit_prices=seen.unit_prices)
    lead_values = valuation.values_of(held_units=seen.lead_units, unit_prices=seen.unit_prices)
    weights, cash_weights = _weights(seen.units, values, seen.cash_units)
    lead_weights, lead_cash_weights = _weights(seen.lead_units, lead_values, seen.lead_cash)
    wanted = np.minimum(lead_weights * seen.wanted_shares, seen.weights_max[:, None])
    aims = np.where(np.isnan(seen.unit_prices), 0.0, seen.targets * seen.unit_prices)
    sizing = np.maximum(seen.worth.sizing.astype(np.float64), 1.0)[:, None]
    distances = distance_of(weights=weights, lead_weights=lead_weights).tolist()
    distances_wanted = distance_of(weights=wanted, lead_weights=lead_weights).tolist()
    distances_left = distance_of(weights=values / sizing, lead_weights=aims / sizing).tolist()
    # A dearer coin of the lead comes first, of two alike the copy's own dearer one; what neither holds is left out.
    order = np.lexsort((-weights, -lead_weights), axis=1)
    is_held = (seen.units != 0) | (seen.lead_units != 0)
    for row in range(len(values)):
        held = order[row][is_held[row][order[row]]].tolist()
        own = zip(
            held,
            seen.units[row, held].tolist(),
            values[row, held].tolist(),
            weights[row, held].tolist(),
            lead_weights[row, held].tolist(),
            strict=True,
        )
        cash_units = int(seen.cash_units[row])
        cash = Position(
            asset_id=prices.cash.pk,
            symbol=prices.cash.symbol,
            name="Cash",
            colour=0,
            decimals=prices.cash.decimals,
            units=cash_units,
            value_units=cash_units,
            weight=float(cash_weights[row]),
            lead_weight=float(lead_cash_weights[row]),
        )
        yield Comparison(
            positions=(*(_position(prices.coins[column], *figures) for column, *figures in own), cash),
            gross_units=int(seen.worth.gross[row]),
            due_units=int(seen.worth.accrued[row]),
            worth_units=int(seen.worth.worth[row]),
            leaving_units=int(seen.worth.owed[row]),
            distance=distances[row],
            distance_wanted=distances_wanted[row],
            distance_left=distances_left[row],
            is_at_rest=bool(seen.at_rest[row]),
            unpriced=tuple(prices.coins[column].symbol for column in held if prices.coins[column].price is None),
            priced_at=prices.oldest_of(prices.coins[column].asset_id for column in held),
        )


def _weights(units: IntArray, values: IntArray, cash_units: IntArray) -> tuple[FloatArray, FloatArray]:
    """
    Return the share of each coin in its whole (N, A), and what is left of it for the cash (N,).

    Both are zeros where there is nothing; coins without a price weigh nothing, and leave it to the cash.
    """
    totals = values.sum(axis=1) + cash_units
    weights = values / np.where(totals > 0, totals, np.inf)[:, None]
    has_something = units.any(axis=1) | (cash_units != 0)
    return weights, np.where(has_something, np.maximum(0.0, 1.0 - weights.sum(axis=1)), 0.0)


def _position(coin: Coin, units: int, value_units: int, weight: float, lead_weight: float) -> Position:
    return Position(
        asset_id=coin.asset_id,
        symbol=coin.symbol,
        name=coin.name,
        colour=coin.colour,
        decimals=coin.decimals,
        units=units,
        value_units=value_units,
        weight=weight,
        lead_weight=lead_weight,
    )
