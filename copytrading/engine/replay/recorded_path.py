"""
A lead's account as it was really kept, made into the path that a what-if follows.

An account is a series of *moves*: trades, and money in or out. A path counts in units of a fund instead, so that
money moved is no return: whoever pays in buys units at their price, and what one unit holds is thinned by it.

    account   cash 1,000   buys 500 of BTC   1,000 more is paid in    (an equity of 1,000 becomes 2,000)
    path      cash 1,000   500 BTC, 500      250 BTC, 750 cash        what the first 1,000 is now
    scales    1            1                 0.5

A survival index is thinned alike: what a copy did not take over stays the same share of what the lead holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.holdings.baseline import after_sale
from copytrading.engine.replay.lead_path import START_UNITS, Bars, LeadOrder, LeadPath

# `Move.asset` of money that was paid in or out.
MONEY = -1


@dataclass(frozen=True, kw_only=True)
class Move:
    """
    One change of an account: whole units of a coin, and of cash, both signed, fees included.

    `value` is what was traded, in quote units and without a sign. A move of MONEY has no coin and no value.
    `is_start` begins the account anew: what stood in it before is put aside without a trade.
    """

    time: int
    asset: int
    units: int
    cash_units: int
    value: float = 0.0
    is_start: bool = False


@dataclass(frozen=True, kw_only=True)
class RecordedPath:
    """
    The path, and how to read it: `start_cash` in quote units is what `START_UNITS` stand for, and `scales` (V,) tell
    which part of the account one unit has in each state. `equity` / `scales` is the real equity.
    """

    path: LeadPath
    start_cash: float
    scales: FloatArray

    def account_values(self) -> FloatArray:
        """Return what the account was really worth at each bar, (T,), in quote units."""
        states = self.path.state_of_bar
        return self.path.equity() * (self.start_cash / START_UNITS) / self.scales[states]


class RecordIncomplete(Exception):
    """A move took more than the moves before had put there; `move` is its position."""

    def __init__(self, *, move: int) -> None:
        super().__init__(f"move {move} takes what is not there")
        self.move = move


def path_of_moves(
    *, bars: Bars, moves: Sequence[Move], price_units: FloatArray, in_one_order: bool = False
) -> RecordedPath:
    """
    Return the path of an account whose first move is money paid in.

    `price_units` (A,) are the quote units that one unit of each coin is worth at a price of 1. Moves after the last
    bar are not looked at; each of the others belongs to the first bar at or after it.

    :param in_one_order: the lead traded here, in one order with the copies; see LeadPath.
    :raises RecordIncomplete: if a move takes more of a coin, or of cash, than there is.
    """
    assert moves and moves[0].asset == MONEY and moves[0].cash_units > 0, "an account begins with money"
    account = _Account(bars=bars, start_cash=moves[0].cash_units, price_units=price_units, in_one_order=in_one_order)
    for position, move in enumerate(moves):
        bar = bars.bar_at_or_after(move.time)
        if bar == len(bars.times):
            break
        if not account.take(move, bar=bar):
            raise RecordIncomplete(move=position)
    return account.recorded()


class _Account:
    """The account on its way through the moves, and the states it leaves behind."""

    def __init__(self, *, bars: Bars, start_cash: int, price_units: FloatArray, in_one_order: bool) -> None:
        assets = len(price_units)
        self._bars, self._start_cash = bars, float(start_cash)
        self._unit_prices = bars.marks * price_units
        # A coin unit of the account in coin units of a path, see Bars.coin_prices.
        self._path_units = (bars.coin_prices * price_units).tolist()
        self._cash, self._held = 0, [0] * assets
        self._scale, self._worth_without_money = 1.0, float(start_cash)
        self._survival, self._epoch = np.ones(assets), np.zeros(assets, dtype=np.int64)
        # The first state is all cash, before anything was done.
        self._bars_of_states = [-1]
        self._states = [(START_UNITS, np.zeros(assets, dtype=np.int64), self._survival.copy(), self._epoch.copy())]
        self._scales = [1.0]
        self._touched = [np.zeros(assets, dtype=np.bool_)]
        self._orders: list[list[LeadOrder]] = [[]]
        self._in_one_order = in_one_order
        self._sale_fees, self._purchase_fees = [0], [0]

    def take(self, move: Move, *, bar: int) -> bool:
        """Make one move and return whether it was possible."""
        if bar > self._bars_of_states[-1]:
            self._bars_of_states.append(bar)
            self._states.append(self._states[-1])
            self._scales.append(self._scale)
            self._touched.append(np.zeros_like(self._touched[0]))
            self._orders.append([])
            self._sale_fees.append(0)
            self._purchase_fees.append(0)
        is_possible = self._pay(move, bar=bar) if move.asset == MONEY else self._trade(move)
        self._states[-1] = self._state()
        self._scales[-1] = self._scale
        return is_possible

    def recorded(self) -> RecordedPath:
        cash, held, survival, epoch = zip(*self._states, strict=True)
        times = np.arange(len(self._bars.times))
        path = LeadPath(
            bars=self._bars,
            state_of_bar=np.searchsorted(self._bars_of_states, times, side="right") - 1,
            cash_units=np.array(cash, dtype=np.int64),
            held_units=np.stack(held),
            survival=np.stack(survival),
            epoch=np.stack(epoch),
            touched=np.stack(self._touched),
            orders=tuple(tuple(orders) for orders in self._orders),
            sale_fees=np.array(self._sale_fees, dtype=np.int64),
            purchase_fees=np.array(self._purchase_fees, dtype=np.int64),
        )
        return RecordedPath(path=path, start_cash=self._start_cash, scales=np.array(self._scales))

    def _pay(self, move: Move, *, bar: int) -> bool:
        # What a new start puts aside is worth what it was before: the new account makes the rest of that bar itself.
        is_between = move.is_start and move.time < self._bars.times[bar]
        before = self._equity(max(bar - 1, 0) if is_between else bar)
        if move.is_start:
            for asset in [asset for asset, units in enumerate(self._held) if units]:
                self._close(asset)
            self._held, self._cash = [0] * len(self._held), move.cash_units
        else:
            self._cash += move.cash_units
        if self._cash < 0:
            return False
        # What the units in issue are worth; an account that was emptied keeps the worth it had, for whoever comes next.
        worth = before * self._scale if before >= 1.0 else self._worth_without_money
        after = self._equity(bar)
        if after >= 1.0:
            scale = worth / after
            self._survival = self._survival * (scale / self._scale)
            self._scale = scale
        else:
            self._worth_without_money = worth
        return True

    def _trade(self, move: Move) -> bool:
        before = self._held[move.asset]
        self._held[move.asset] += move.units
        self._cash += move.cash_units
        if self._held[move.asset] < 0 or self._cash < 0:
            return False
        sold_fraction = 0.0
        if move.units < 0:
            sold_fraction = -move.units / before
            self._survival[move.asset], self._epoch[move.asset] = after_sale(
                survival=float(self._survival[move.asset]),
                epoch=int(self._epoch[move.asset]),
                held_units=before,
                sold_units=-move.units,
            )
        self._touched[-1][move.asset] = True
        order = LeadOrder(
            time=move.time,
            asset=move.asset,
            bought_value=move.value * START_UNITS / self._start_cash if move.units > 0 else 0.0,
            sold_fraction=sold_fraction,
        )
        self._orders[-1].append(order)
        if self._in_one_order and move.value:
            fee = (move.value if move.units < 0 else -move.value) - move.cash_units
            fees = self._sale_fees if move.units < 0 else self._purchase_fees
            fees[-1] += int(fee * self._scale * START_UNITS / self._start_cash)
        return True

    def _close(self, asset: int) -> None:
        self._survival[asset], self._epoch[asset] = 1.0, self._epoch[asset] + 1
        self._touched[-1][asset] = True

    def _equity(self, bar: int) -> float:
        prices = self._unit_prices[bar]
        return self._cash + sum(units * float(prices[asset]) for asset, units in enumerate(self._held) if units)

    def _state(self) -> tuple[int, IntArray, FloatArray, IntArray]:
        factor = self._scale * START_UNITS / self._start_cash
        cash = int(self._cash * factor)
        if not self._cash and not any(self._held):
            cash = int(self._worth_without_money * START_UNITS / self._start_cash)
        held = [int(units * factor * price) for units, price in zip(self._held, self._path_units, strict=True)]
        return cash, np.array(held, dtype=np.int64), self._survival.copy(), self._epoch.copy()
