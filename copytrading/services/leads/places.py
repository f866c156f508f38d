"""
Two looks at an account elsewhere as parallel columns (P,): the coins of the board first, then what is not traded here.

Each place has its units at both looks and the range of its price since. A coin that nobody has priced has no value, so
nothing can be said of what became of it: its change counts as none.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from accounts.models import Asset
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings import balance_changes
from copytrading.engine.holdings.balance_changes import CASH, BalanceChange, Fill, PriceRange
from copytrading.engine.holdings.portfolios import LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.units import unit_price, units_of
from copytrading.exchange.live.own_trades import OwnTrade
from copytrading.services.leads.account_reading import AccountHoldings
from copytrading.services.leads.untraded import Untraded
from copytrading.services.market import mark_ranges

# Coins of exchanges themselves, in which they take a part of their fees.
PAYS_FEES = ("BNB", "OKB", "BGB", "MNT", "KCS")
# What is not traded here has a price at each look and none between: it may have gone so far beyond them.
BETWEEN_LOOKS = 0.02
# Digits of a quantity that are kept where there is no asset to say how many decimals it has.
DIGITS = 15
DECIMALS_MAX = 18


@dataclass(frozen=True, kw_only=True)
class Places:
    """Columns (P,) of two looks; `others` are the coins after those of the board, and cash has no place."""

    board: Board
    cash: Asset
    others: tuple[Untraded, ...]
    symbols: tuple[str, ...]
    decimals: IntArray
    before_units: IntArray
    units: IntArray
    cash_before_units: int
    cash_units: int
    prices: PriceRange

    @property
    def change_units(self) -> IntArray:
        return np.where(np.isfinite(self.prices.now), self.units - self.before_units, 0)

    @property
    def cash_change_units(self) -> int:
        return self.cash_units - self.cash_before_units

    @property
    def is_changed(self) -> bool:
        """Return whether anything is held in another quantity, priced or not."""
        return bool(self.change_units.any() or self.cash_change_units or any(other.is_changed for other in self.others))

    @property
    def waits_for_prices(self) -> bool:
        """Return whether a coin that changed has no fresh price although its market trades."""
        changed = self.change_units[: len(self.board.asset_ids)] != 0
        return bool((changed & self.board.listed & ~self.board.fresh).any())

    def other_at(self, place: int) -> Untraded | None:
        """Return what is not traded here at a place; None where it is on the board."""
        first = len(self.board.asset_ids)
        return self.others[place - first] if place >= first else None

    def read(self, own_trades: Sequence[OwnTrade] = ()) -> BalanceChange:
        """Return what the change between the looks was, by the account's own trades where they explain it."""
        pays_fees = np.isin(np.array(self.symbols, dtype=object), PAYS_FEES)
        fills = self._fills(own_trades)
        reading = self._read(pays_fees, fills)
        # Fills that would have spent what was not there yet are not all of them.
        return reading if not fills or self._is_bookable(reading) else self._read(pays_fees, ())

    def is_dust_conversion(self, *, equity_units: float) -> bool:
        return balance_changes.is_dust_conversion(
            change_units=self.change_units,
            cash_change_units=self.cash_change_units,
            held_units=self.before_units,
            prices=self.prices,
            equity_units=equity_units,
        )

    def changed_symbols(self) -> list[str]:
        """Return the coins that changed, those worth most first, and the cash if it did."""
        values = np.abs(np.where(self.change_units != 0, self.change_units * self.prices.now, 0.0))
        coins = [self.symbols[place] for place in np.argsort(-values) if values[place] > 0]
        return coins + ([self.cash.symbol] if self.cash_change_units else [])

    def held_symbols(self) -> list[str]:
        """Return the coins that are held or were, those worth most first."""
        values = np.nan_to_num(np.maximum(self.units, self.before_units) * self.prices.now)
        return [self.symbols[place] for place in np.argsort(-values) if values[place] > 0]

    def _read(self, pays_fees: BoolArray, fills: Sequence[Fill]) -> BalanceChange:
        return balance_changes.read_change(
            change_units=self.change_units,
            cash_change_units=self.cash_change_units,
            prices=self.prices,
            pays_fees=pays_fees,
            fills=fills,
        )

    def _is_bookable(self, reading: BalanceChange) -> bool:
        """Return whether nothing is below zero on the way, what came being there before the trades."""
        units = self.before_units + np.maximum(reading.moved_units, 0)
        cash = self.cash_before_units + max(reading.moved_cash_units, 0)
        for trade in reading.trades:
            units[trade.place] += trade.units
            cash += trade.cash_units
            # Of what is not traded here no trade is booked, and each was rounded by itself.
            if (units[trade.place] < 0 and self.other_at(trade.place) is None) or cash < 0:
                return False
        return True

    def _fills(self, own_trades: Iterable[OwnTrade]) -> list[Fill]:
        """Return the trades of pairs that have places here, oldest first."""
        place_of = {symbol: place for place, symbol in enumerate(self.symbols)} | {self.cash.symbol: CASH}
        return [fill for trade in own_trades if (fill := self._fill(trade, place_of)) is not None]

    def _fill(self, trade: OwnTrade, place_of: dict[str, int]) -> Fill | None:
        base, quote = place_of.get(trade.base), place_of.get(trade.quote)
        quantities = {trade.base: trade.base_quantity, trade.quote: trade.quote_quantity}
        fee_place, kept_place = None, None
        if trade.fee_coin in quantities:
            quantities[trade.fee_coin] -= trade.fee_quantity
            kept_place = place_of.get(trade.fee_coin)
        elif trade.fee_quantity > 0:
            fee_place = place_of.get(trade.fee_coin)
        if base is None or quote is None or base == CASH or not self._is_priced(quote):
            return None
        return Fill(
            base=base,
            base_units=self._units(quantities[trade.base], base),
            quote=quote,
            quote_units=self._units(quantities[trade.quote], quote),
            fee_place=fee_place if fee_place != CASH and fee_place is not None and self._is_priced(fee_place) else None,
            fee_units=self._units(trade.fee_quantity, fee_place) if fee_place is not None else 0,
            kept_value_units=0 if kept_place is None else self._value(trade.fee_quantity, kept_place),
        )

    def _is_priced(self, place: int) -> bool:
        return place == CASH or bool(np.isfinite(self.prices.now[place]))

    def _value(self, quantity: Decimal, place: int) -> int:
        """Return what coins of a place, or cash, are worth now, in quote units; 0 where they have no price."""
        units = self._units(quantity, place)
        return units if place == CASH else round(units * float(np.nan_to_num(self.prices.now[place])))

    def _units(self, quantity: Decimal, place: int) -> int:
        return units_of(quantity, self.cash.decimals if place == CASH else int(self.decimals[place]))


def place_looks(
    *,
    board: Board,
    cash: Asset,
    portfolio: LeadPortfolio,
    held: AccountHoldings,
    others: tuple[Untraded, ...],
    since: datetime | None,
) -> Places:
    """Return the last look and this one as columns; `since` is when the last one was, None where prices stand still."""
    decimals = np.append(board.decimals, [decimals_of(other) for other in others]).astype(np.int64)
    tail = decimals[len(board.asset_ids) :].tolist()
    symbols = dict(Asset.objects.filter(pk__in=board.asset_ids.tolist()).values_list("pk", "symbol"))
    units = [held.coins.get(int(asset_id), 0) for asset_id in board.asset_ids]
    pairs = list(zip(others, tail, strict=True))
    return Places(
        board=board,
        cash=cash,
        others=others,
        symbols=(*(symbols[int(asset_id)] for asset_id in board.asset_ids), *(other.symbol for other in others)),
        decimals=decimals,
        before_units=_joined(portfolio.units, [units_of(other.quantity_before, places) for other, places in pairs]),
        units=_joined(units, [units_of(other.quantity, places) for other, places in pairs]),
        cash_before_units=portfolio.cash_units,
        cash_units=held.cash_units,
        prices=_prices(board, cash, pairs, since),
    )


def _joined(board_units: IntArray | list[int], other_units: list[int]) -> IntArray:
    return np.append(np.asarray(board_units, dtype=np.int64), np.array(other_units, dtype=np.int64))


def decimals_of(other: Untraded) -> int:
    """Return with how many decimals quantities of a coin are counted in units that fit any array."""
    largest = max(abs(other.quantity), abs(other.quantity_before))
    return min(max(DIGITS - 1 - largest.adjusted(), 0), DECIMALS_MAX) if largest else 0


def _prices(board: Board, cash: Asset, others: list[tuple[Untraded, int]], since: datetime | None) -> PriceRange:
    now = board.unit_prices
    low, high = now.copy(), now.copy()
    ranges = mark_ranges.ranges_since(since) if since is not None else {}
    for place, market_id in enumerate(board.market_ids.tolist()):
        if (seen := ranges.get(market_id)) is not None:
            scale = 10.0 ** (cash.decimals - int(board.decimals[place]))
            low[place] = min(low[place], seen.low * scale)
            high[place] = max(high[place], seen.high * scale)
    told = [range_of(other, places, cash) for other, places in others]
    lows, highs, nows = (np.array([row[column] for row in told], dtype=np.float64) for column in range(3))
    return PriceRange(low=np.append(low, lows), high=np.append(high, highs), now=np.append(now, nows))


def range_of(other: Untraded, decimals: int, cash: Asset) -> tuple[float, float, float]:
    """Return the least, the most and the present unit price of what is not traded here; NaN where nobody names one."""
    if other.price is None:
        return np.nan, np.nan, np.nan
    now, before = (
        unit_price(price, base_decimals=decimals, quote_decimals=cash.decimals)
        for price in (other.price, other.price_before or other.price)
    )
    return min(now, before) * (1 - BETWEEN_LOOKS), max(now, before) * (1 + BETWEEN_LOOKS), now


def values_of(units: IntArray, prices: PriceRange) -> FloatArray:
    """Return what units (P,) are worth now, zero where there are none."""
    return np.where(units != 0, units * prices.now, 0.0)
