"""
What if I had copied this lead? The live rules, replayed over a recorded path.

K investments start together at the first bar and look at every bar after it:

    mark the portfolios  →  stop those that lost too much  →  plan with the live
    functions            →  trade at the bar's close       →  note the equity

Smart Sync holds the lead's ratios. The two custom modes follow single orders instead, as
other platforms do, so that both can be compared on the same record.

Each copy counts in units of its own: its investment is `START_UNITS` of cash (see lead_path).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from copytrading.engine import stop_loss as stop_losses
from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.baseline import followed_shares
from copytrading.engine.lead_path import START_UNITS, LeadOrder, LeadPath
from copytrading.engine.performance import tracking_error_per_bar
from copytrading.engine.planning import acting_mask
from copytrading.engine.rebalancing import trade_toward
from copytrading.engine.weights import equity_of, target_units

NOT_STOPPED = -1


class Mode(StrEnum):
    SMART_SYNC = "smart-sync"
    CUSTOM_FIXED = "custom-fixed"
    CUSTOM_RATIO = "custom-ratio"


@dataclass(frozen=True, kw_only=True)
class Terms:
    """
    The terms on which K investments copy; values are in quote currency, one for each investment (K,).

    `stop_losses` is NaN for none. `order_values` is what custom-fixed pays for each buy of the lead, `order_ratios`
    the multiple of the lead's own order that custom-ratio buys. Custom copies follow orders only: they never buy
    existing assets and their drift is not repaired.
    """

    investments: FloatArray
    mode: Mode
    buys_existing: bool
    fee_rate: float
    slippage_rate: float
    stop_losses: FloatArray
    order_values: FloatArray
    order_ratios: FloatArray
    drift_band: float = 0.01


@dataclass(frozen=True, kw_only=True)
class Replay:
    """
    What became of K investments over T bars; values in quote currency, quantities in coins.

    `stopped_bars` (K,) is the bar of the run at which the stop loss sold everything, or `NOT_STOPPED`.
    """

    times: IntArray
    lead_equity: FloatArray
    copy_equity: FloatArray
    lead_return: float
    copy_returns: FloatArray
    tracking_errors_per_bar: FloatArray
    final_quantities: FloatArray
    final_cash: FloatArray
    fee_costs: FloatArray
    slippage_costs: FloatArray
    adjustments: dict[Reason, IntArray]
    stopped_bars: IntArray


def replay_portfolio(*, path: LeadPath, lead_cash: float, terms: Terms, start_time: int, last_bar: int) -> Replay:
    """
    Replay K investments that start at the first bar at or after `start_time` and run to `last_bar`, inclusive.

    What the lead holds at the close of the first bar is what exists when the copies join.
    `lead_return` is measured from the lead's equity there, `copy_returns` from the investments.
    """
    bars = path.bars
    first_bar = bars.bar_at_or_after(start_time)
    assert first_bar <= last_bar < len(bars.times), "a run has at least one bar"
    copies = _Copies(path=path, lead_cash=lead_cash, terms=terms, first_bar=first_bar, start_time=start_time)
    equity = np.stack([copies.look(bar) for bar in range(first_bar, last_bar + 1)], axis=1)

    # From each portfolio's own units back to currency and coins.
    value_of_unit = terms.investments / START_UNITS
    lead_equity = path.equity()[first_bar : last_bar + 1] * (lead_cash / START_UNITS)
    copy_equity = equity * value_of_unit[:, None]
    return Replay(
        times=bars.times[first_bar : last_bar + 1],
        lead_equity=lead_equity,
        copy_equity=copy_equity,
        lead_return=float(lead_equity[-1] / lead_equity[0] - 1),
        copy_returns=copy_equity[:, -1] / terms.investments - 1,
        tracking_errors_per_bar=tracking_error_per_bar(values=copy_equity, lead_values=lead_equity),
        final_quantities=copies.held * value_of_unit[:, None] / bars.coin_prices,
        final_cash=copies.cash * value_of_unit,
        fee_costs=copies.fee_costs * value_of_unit,
        slippage_costs=copies.slippage_costs * value_of_unit,
        adjustments={reason: counts for reason, counts in copies.adjustments.items() if counts.any()},
        stopped_bars=copies.stopped_bars,
    )


class _Copies:
    """K copies on their way through the bars: the one thing in the engine that changes, so it stays in here."""

    def __init__(self, *, path: LeadPath, lead_cash: float, terms: Terms, first_bar: int, start_time: int) -> None:
        self.path = path
        self.terms = terms
        self.first_bar = first_bar
        self.start_time = start_time
        self.lead_cash = lead_cash
        self.unit_prices = path.bars.unit_prices
        self.lead_equity = path.equity()
        self.follows_orders = terms.mode is not Mode.SMART_SYNC
        # A pair whose bars went on later was only halted; one whose bars ended is gone.
        self.last_bars = len(path.bars.times) - 1 - path.bars.tradable[::-1].argmax(axis=0)

        copies, assets = len(terms.investments), self.unit_prices.shape[1]
        self.cash = np.full(copies, START_UNITS)
        self.held = np.zeros((copies, assets), dtype=np.int64)
        self.fee_costs = np.zeros(copies)
        self.slippage_costs = np.zeros(copies)
        self.stopped_bars = np.full(copies, NOT_STOPPED)
        self.adjustments = {reason: np.zeros(copies, dtype=np.int64) for reason in Reason}
        # What the lead touched but no bar has let us trade yet.
        self.pending = np.zeros(assets, dtype=np.bool_)
        self.pending_orders: list[LeadOrder] = []
        start = path.state_of_bar[first_bar]
        # One row for all: they joined together, so they share one baseline.
        self.baseline_units = np.where(terms.buys_existing, 0, path.held_units[start])[None, :]
        self.baseline_survival = path.survival[start][None, :]
        self.baseline_epoch = path.epoch[start][None, :]

    def look(self, bar: int) -> FloatArray:
        """Let all copies look at one bar, trade, and return their equity (K,) after it."""
        unit_prices, tradable = self.unit_prices[bar], self.path.bars.tradable[bar]
        equity = equity_of(cash_units=self.cash, held_units=self.held, unit_prices=unit_prices)
        self._stop(bar=bar, equity=equity)
        touched_now = self._note_touched(bar)
        target = self._target_of_orders(bar) if self.follows_orders else self._target_of_ratios(bar, equity=equity)
        stopped = self.stopped_bars != NOT_STOPPED
        target[stopped] = 0.0
        self._count_untradable(bar, target=target, touched=touched_now)

        acting = acting_mask(
            target_units=target,
            held_units=self.held,
            unit_prices=unit_prices,
            equity=equity,
            touched=self.pending,
            aligning=stopped,
            drift_band=self.terms.drift_band,
            settling=self.follows_orders,
            tradable=tradable,
        )
        self.pending = self.pending & ~tradable
        if not acting.any():
            return equity
        rebalance = trade_toward(
            target_units=target,
            held_units=self.held,
            cash_units=self.cash,
            unit_prices=unit_prices,
            fee_rate=self.terms.fee_rate,
            slippage_rate=self.terms.slippage_rate,
            acting=acting,
        )
        self.held, self.cash = rebalance.held_units, rebalance.cash_units
        self.fee_costs += rebalance.fee_costs
        self.slippage_costs += rebalance.slippage_costs
        self.adjustments[Reason.CASH_SHORT] += rebalance.cash_short.sum(axis=1)
        return equity_of(cash_units=self.cash, held_units=self.held, unit_prices=unit_prices)

    def _stop(self, *, bar: int, equity: FloatArray) -> None:
        # A bar's close is a confirmed price.
        breached = stop_losses.breached(
            equity=equity,
            invested=np.full(len(equity), float(START_UNITS)),
            stop_loss=self.terms.stop_losses / self.terms.investments * START_UNITS,
        )
        self.stopped_bars[breached & (self.stopped_bars == NOT_STOPPED)] = bar - self.first_bar

    def _note_touched(self, bar: int) -> BoolArray:
        """Add to `pending` what is to be followed from this bar on, and return just that, (A,)."""
        state = self.path.state_of_bar[bar]
        touched = np.zeros_like(self.pending)
        if bar == self.first_bar:
            if self.follows_orders:
                # Orders have nothing existing: those given since the start are followed, even at the first bar.
                orders = [order for order in self.path.orders[state] if order.time >= self.start_time]
                self._take_orders(orders, touched=touched)
            elif self.terms.buys_existing:
                touched[:] = True
        elif state != self.path.state_of_bar[bar - 1]:
            if self.follows_orders:
                self._take_orders(self.path.orders[state], touched=touched)
            else:
                touched = self.path.touched[state].copy()
        self.pending = self.pending | touched
        return touched

    def _take_orders(self, orders: list[LeadOrder] | tuple[LeadOrder, ...], *, touched: BoolArray) -> None:
        self.pending_orders.extend(orders)
        touched[[order.asset for order in orders]] = True

    def _target_of_ratios(self, bar: int, *, equity: FloatArray) -> FloatArray:
        state = self.path.state_of_bar[bar]
        shares = followed_shares(
            lead_units=self.path.held_units[state],
            survival=self.path.survival[state],
            epoch=self.path.epoch[state],
            baseline_units=self.baseline_units,
            baseline_survival=self.baseline_survival,
            baseline_epoch=self.baseline_epoch,
        )
        return target_units(
            equity=equity,
            lead_equity=float(self.lead_equity[bar]),
            followed_shares=shares,
            lead_units=self.path.held_units[state],
        )

    def _target_of_orders(self, bar: int) -> FloatArray:
        """Return what each copy holds once it has followed the orders that can be followed at this bar, (K, A)."""
        target = self.held.astype(np.float64)
        tradable = self.path.bars.tradable[bar]
        for order in self.pending_orders:
            if not tradable[order.asset]:
                continue
            if order.sold_fraction > 0:
                target[:, order.asset] *= 1.0 - order.sold_fraction
            else:
                target[:, order.asset] += self._order_units(order) / self.unit_prices[bar, order.asset]
        self.pending_orders = [order for order in self.pending_orders if not tradable[order.asset]]
        return target

    def _order_units(self, order: LeadOrder) -> FloatArray:
        """Return the cash units each copy puts into a buy of the lead, (K,)."""
        if self.terms.mode is Mode.CUSTOM_FIXED:
            return self.terms.order_values / self.terms.investments * START_UNITS
        lead_value = order.bought_value * self.lead_cash
        return lead_value * self.terms.order_ratios / self.terms.investments

    def _count_untradable(self, bar: int, *, target: FloatArray, touched: BoolArray) -> None:
        missing = touched & ~self.path.bars.tradable[bar]
        if not missing.any():
            return
        started = ~np.isnan(self.unit_prices[bar]) & (self.path.bars.tradable[: bar + 1].any(axis=0))
        halted = started & (bar < self.last_bars)
        # An order that waits has not moved its target yet, but it is wanted all the same.
        wanted = (target != self.held) | self.follows_orders
        self.adjustments[Reason.PRICE_STALE] += (wanted & (missing & halted)).sum(axis=1)
        self.adjustments[Reason.MARKET_UNAVAILABLE] += (wanted & (missing & ~halted)).sum(axis=1)
