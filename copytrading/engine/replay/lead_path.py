"""
What a lead did, bar by bar: the recorded side of a what-if.

Prices come as a table of bars; a lead comes as its trades, or as the weights of a model
portfolio. Both become a *path*: the portfolio after each change, and which of them holds at
which bar.

    bars      0   1   2   3   4        times (T,), marks and tradable (T, A)
    trades      b       s s            each belongs to the first bar at or after it
    states    0   1   1   2   2        state_of_bar (T,) → cash, holdings, survival, epoch

A what-if is scale-free, so each portfolio counts in its own units: what it starts with is
`START_UNITS` of cash. Coins count so that the cheapest mark of the recording is one cash unit a
coin unit. A rounding then is 1e-15 of the portfolio, too little for two implementations to differ by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.baseline import after_sale
from copytrading.engine.replay.rebalancing import trade_toward

# Exact in a float, and room for a portfolio to grow nine thousandfold in int64.
START_UNITS = 10**15


@dataclass(frozen=True, kw_only=True)
class Bars:
    """
    Recorded prices made ready: `marks` (T, A) value, `tradable` (T, A) says where there really is a bar.

    A pair without a bar keeps its last close as its mark; before its first bar it has none (NaN).
    `coin_prices` (A,) is the price that counts as one cash unit a coin unit. `lows` (T, A) are the lowest prices of
    each bar, the mark where there is no bar; None where nobody knows them.
    """

    times: IntArray
    marks: FloatArray
    tradable: BoolArray
    coin_prices: FloatArray
    lows: FloatArray | None = None

    @property
    def unit_prices(self) -> FloatArray:
        """The marks in cash units per coin unit, (T, A), at least 1 where known."""
        return self.marks / self.coin_prices

    @property
    def unit_lows(self) -> FloatArray:
        """The lows in cash units per coin unit, (T, A); somebody knows them."""
        assert self.lows is not None, "a recording of closes has no lows"
        return self.lows / self.coin_prices

    def bar_at_or_after(self, time: int) -> int:
        """Return the index of the first bar at or after a time; T if there is none."""
        return int(np.searchsorted(self.times, time, side="left"))


@dataclass(frozen=True, kw_only=True)
class LeadTrade:
    """
    One trade of the lead: `side` +1 bought, −1 sold; quantity in coins, price in quote currency.

    The fee is `fee_cash` in quote currency and `fee_coins` of the coin itself; where `fee_cash` is None, it is the rate
    of the run.
    """

    time: int
    asset: int
    side: int
    quantity: Decimal
    price: Decimal
    fee_cash: Decimal | None = None
    fee_coins: Decimal = Decimal(0)

    @property
    def coins_change(self) -> Decimal:
        """What the trade adds to the coins held, fee taken off; negative for a sale."""
        return self.side * self.quantity - self.fee_coins

    def cash_change(self, *, fee_rate: Decimal) -> Decimal:
        """Return what the trade adds to the cash, fee taken off; negative for a purchase."""
        value = self.quantity * self.price
        return -self.side * value - (value * fee_rate if self.fee_cash is None else self.fee_cash)


@dataclass(frozen=True, kw_only=True)
class LeadOrder:
    """A trade as a follower of single orders sees it: the cash units it bought for, or the fraction it sold."""

    time: int
    asset: int
    bought_value: float
    sold_fraction: float


@dataclass(frozen=True, kw_only=True)
class LeadPath:
    """
    A lead's portfolio over the bars, see above; V states, the first of which is all cash.

    `touched` (V, A) and `orders` are the changes that led to each state. `sale_fees` and `purchase_fees` (V,) are what
    those cost a lead who trades here, in cash units: copies are in one order with it, so they are sized before it has
    paid them. Of a lead elsewhere they are 0, for there the trade, and its fee, are over when copies follow.
    """

    bars: Bars
    state_of_bar: IntArray
    cash_units: IntArray
    held_units: IntArray
    survival: FloatArray
    epoch: IntArray
    touched: BoolArray
    orders: tuple[tuple[LeadOrder, ...], ...]
    sale_fees: IntArray
    purchase_fees: IntArray

    def equity(self) -> FloatArray:
        """Return the lead's equity at every bar, (T,), in its cash units."""
        held = self.held_units[self.state_of_bar]
        values = np.where(held == 0, 0.0, held * self.bars.unit_prices)
        return np.asarray(self.cash_units[self.state_of_bar] + values.sum(axis=1))


class SoldMoreThanHeld(Exception):
    """The lead sold coins it did not have; `trade` is the position of that trade."""

    def __init__(self, *, trade: int, held: Decimal) -> None:
        super().__init__(f"trade {trade} sells more than the {held} coins held")
        self.trade = trade
        self.held = held


class SpentMoreThanCash(Exception):
    """The lead bought for more than it had; `trade` is the position of that trade."""

    def __init__(self, *, trade: int, cash: Decimal, cost: Decimal) -> None:
        super().__init__(f"trade {trade} costs {cost} where {cash} is left")
        self.trade = trade
        self.cash = cash
        self.cost = cost


def bars_of(
    *, times: IntArray, closes: FloatArray, lead_trades: Sequence[LeadTrade] = (), lows: FloatArray | None = None
) -> Bars:
    """
    Return bars ready for valuation from closes and lows (T, A), NaN where a pair has no bar.

    A pair that the lead traded before its first bar is marked at that trade's price until then.
    """
    tradable = ~np.isnan(closes)
    last_bar = np.maximum.accumulate(np.where(tradable, np.arange(len(times))[:, None], -1), axis=0)
    marks = np.where(last_bar >= 0, np.take_along_axis(closes, np.maximum(last_bar, 0), axis=0), np.nan)
    first_bar = np.where(tradable.any(axis=0), tradable.argmax(axis=0), len(times))
    for trade in lead_trades:
        bar = int(np.searchsorted(times, trade.time, side="left"))
        marks[bar : first_bar[trade.asset], trade.asset] = float(trade.price)
    known = ~np.isnan(marks)
    cheapest = np.min(marks, axis=0, where=known, initial=np.inf)
    return Bars(
        times=times,
        marks=marks,
        tradable=tradable,
        coin_prices=np.where(known.any(axis=0), cheapest, 1.0),
        lows=None if lows is None else np.where(tradable, lows, marks),
    )


def path_of_trades(
    *, bars: Bars, trades: Sequence[LeadTrade], lead_cash: Decimal, fee_rate: Decimal, in_one_order: bool = False
) -> LeadPath:
    """
    Return the path of a lead that starts with `lead_cash` and made these trades, in order of time.

    A trade executes at its own price and pays its own fee, or the rate in cash. Trades after the last bar are not
    looked at.

    :param in_one_order: the lead traded here, in one order with the copies; see LeadPath.
    :raises SoldMoreThanHeld: if a trade sells what the lead does not have.
    :raises SpentMoreThanCash: if a trade, with its fee, costs more than the lead has.
    """
    recorder = _Recorder(bars=bars)
    units_per_value = Decimal(START_UNITS) / lead_cash
    coin_units = [units_per_value * Decimal(float(price)) for price in bars.coin_prices]
    cash = lead_cash
    held = [Decimal(0)] * len(bars.coin_prices)
    for position, trade in enumerate(trades):
        if trade.time > bars.times[-1]:
            break
        before, change = held[trade.asset], trade.cash_change(fee_rate=fee_rate)
        fee = -change - trade.side * trade.quantity * trade.price
        sold = max(-trade.coins_change, Decimal(0))
        if cash + change < 0:
            raise SpentMoreThanCash(trade=position, cash=cash, cost=-change)
        if sold > before:
            raise SoldMoreThanHeld(trade=position, held=before)
        cash += change
        held[trade.asset] += trade.coins_change
        sold_fraction = 0.0
        if trade.side < 0:
            sold_fraction = 1.0 if sold == before else float(sold / before)
        after = int(held[trade.asset] * coin_units[trade.asset])
        recorder.record(
            bar=bars.bar_at_or_after(trade.time),
            cash_units=int(cash * units_per_value),
            asset=trade.asset,
            held_units=after,
            order=LeadOrder(
                time=trade.time,
                asset=trade.asset,
                bought_value=float(trade.quantity * trade.price * units_per_value) if trade.side > 0 else 0.0,
                sold_fraction=sold_fraction,
            ),
            fee_units=int(fee * units_per_value) if in_one_order else 0,
        )
    return recorder.path()


def path_of_weights(*, bars: Bars, times: IntArray, weights: FloatArray, fee_rate: float) -> LeadPath:
    """
    Return the path of a model portfolio that takes on `weights` (R, A) at `times` (R,).

    It rebalances at the close of the first bar at or after each time. The weight of a pair that
    has no bar then stays as it is until the next rebalance.
    """
    recorder = _Recorder(bars=bars)
    cash = np.array([START_UNITS])
    held = np.zeros((1, weights.shape[1]), dtype=np.int64)
    for row, time in enumerate(times.tolist()):
        bar = bars.bar_at_or_after(time)
        if bar == len(bars.times):
            break
        unit_prices = np.where(np.isnan(bars.marks[bar]), 1.0, bars.unit_prices[bar])
        equity = cash + held @ unit_prices
        acting = bars.tradable[bar][None, :]
        rebalance = trade_toward(
            target_units=np.where(acting, weights[row] * equity[:, None] / unit_prices, held),
            held_units=held,
            cash_units=cash,
            unit_prices=unit_prices,
            fee_rate=fee_rate,
            slippage_rate=0.0,
            acting=acting,
        )
        for asset in np.flatnonzero(acting[0]).tolist():
            change = int(rebalance.held_units[0, asset] - held[0, asset])
            recorder.record(
                bar=bar,
                cash_units=int(rebalance.cash_units[0]),
                asset=asset,
                held_units=int(rebalance.held_units[0, asset]),
                order=LeadOrder(
                    time=time,
                    asset=asset,
                    bought_value=max(change, 0) * float(unit_prices[asset]),
                    sold_fraction=-change / int(held[0, asset]) if change < 0 else 0.0,
                ),
            )
        cash, held = rebalance.cash_units, rebalance.held_units
    return recorder.path()


class _Recorder:
    """Writes down a lead's states: changes that fall on the same bar make one state."""

    def __init__(self, *, bars: Bars) -> None:
        self._bars = bars
        assets = len(bars.coin_prices)
        self._state_bars = [-1]
        self._cash = [START_UNITS]
        self._held = [[0] * assets]
        self._survival = [[1.0] * assets]
        self._epoch = [[0] * assets]
        self._touched = [[False] * assets]
        self._orders: list[list[LeadOrder]] = [[]]
        self._sale_fees, self._purchase_fees = [0], [0]

    def record(
        self, *, bar: int, cash_units: int, asset: int, held_units: int, order: LeadOrder, fee_units: int = 0
    ) -> None:
        assert bar >= self._state_bars[-1], "a path is written forward"
        if bar > self._state_bars[-1]:
            self._open_state(bar)
        held, survival, epoch = self._held[-1], self._survival[-1], self._epoch[-1]
        if order.sold_fraction > 0 and held[asset] > 0:
            # The fraction knows when a position closed; coin units are rounded.
            sold = held[asset] if order.sold_fraction == 1.0 else held[asset] - held_units
            survival[asset], epoch[asset] = after_sale(
                survival=survival[asset], epoch=epoch[asset], held_units=held[asset], sold_units=sold
            )
        held[asset] = held_units
        self._cash[-1] = cash_units
        self._touched[-1][asset] = True
        self._orders[-1].append(order)
        fees = self._sale_fees if order.sold_fraction > 0 else self._purchase_fees
        fees[-1] += fee_units

    def path(self) -> LeadPath:
        return LeadPath(
            bars=self._bars,
            state_of_bar=np.searchsorted(self._state_bars, np.arange(len(self._bars.times)), side="right") - 1,
            cash_units=np.array(self._cash, dtype=np.int64),
            held_units=np.array(self._held, dtype=np.int64),
            survival=np.array(self._survival),
            epoch=np.array(self._epoch, dtype=np.int64),
            touched=np.array(self._touched),
            orders=tuple(tuple(orders) for orders in self._orders),
            sale_fees=np.array(self._sale_fees, dtype=np.int64),
            purchase_fees=np.array(self._purchase_fees, dtype=np.int64),
        )

    def _open_state(self, bar: int) -> None:
        self._state_bars.append(bar)
        self._cash.append(self._cash[-1])
        self._held.append(list(self._held[-1]))
        self._survival.append(list(self._survival[-1]))
        self._epoch.append(list(self._epoch[-1]))
        self._touched.append([False] * len(self._bars.coin_prices))
        self._orders.append([])
        self._sale_fees.append(0)
        self._purchase_fees.append(0)
