"""
K copies on their way through a lead's recorded bars, from event to event.

Copies need looking at where something happens: one starts, the lead changed, a coin that was waited for has
a bar again. Between two such events holdings stand still, so a whole *window* of bars is valued at once, and
only a copy that drifted beyond its band or breached its stop loss there is looked at in between:

    bars      0 1 2 3 4 5 6 7 8 9
    events    ↑       ↑         ↑       start, two lead trades
    copy 1    ─────── ─────────  ──     three looks
    copy 2    ─────── ──↑──────  ──     four, for it drifted at bar 6

The outcome is that of looking at every copy at every bar.
"""

from __future__ import annotations

import numpy as np

from copytrading.engine import stop_loss as stop_losses
from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.baseline import followed_shares
from copytrading.engine.copy_terms import OrderSizes, Terms
from copytrading.engine.lead_path import START_UNITS, LeadOrder, LeadPath
from copytrading.engine.planning import acting_mask
from copytrading.engine.rebalancing import trade_toward
from copytrading.engine.weights import target_units

NOT_STOPPED = -1

# Copies × bars that one window values at once: some hundred kilobytes an array stay in a processor's cache.
WINDOW_CELLS = 32_768


class ReplayedCopies:
    """The copies themselves: the one thing in the engine that changes, so it stays in here."""

    def __init__(
        self, *, path: LeadPath, lead_cash: float, terms: Terms, start_times: IntArray, last_bars: IntArray
    ) -> None:
        """Copies start at the first bar at or after their start times (K,) and run to their last bars, inclusive."""
        bars, last_bar = path.bars, int(last_bars.max())
        self.start_bars = np.searchsorted(bars.times, start_times, side="left")
        assert (self.start_bars <= last_bars).all() and last_bar < len(bars.times), "a run has at least one bar"
        self.first_bar = int(self.start_bars.min())
        copies, assets = len(terms.investments), len(bars.coin_prices)
        assert len(start_times) == copies, "each investment starts once"
        self.cash = np.full(copies, START_UNITS)
        self.held = np.zeros((copies, assets), dtype=np.int64)
        self.fee_costs = np.zeros(copies)
        self.slippage_costs = np.zeros(copies)
        # Counted from the first bar of the run; the caller knows when each copy started.
        self.stopped_bars = np.full(copies, NOT_STOPPED)
        self.adjustments = {reason: np.zeros(copies, dtype=np.int64) for reason in Reason}
        # Before it starts, and after it ended, a copy has no equity.
        self.equity = np.full((copies, last_bar + 1 - self.first_bar), np.nan)

        self._path, self._terms = path, terms
        self._end_bars, self._end_bar = last_bars + 1, last_bar + 1
        self._start_times = start_times
        self._follows_orders = terms.follows_orders
        self._order_sizes = OrderSizes(terms=terms, lead_cash=lead_cash, assets=assets)
        self._unit_prices = bars.unit_prices
        # A coin without a price yet is held by nobody.
        self._marks = np.where(np.isnan(self._unit_prices), 0.0, self._unit_prices)
        self._lead_equity = path.equity()
        # A pair whose bars went on later was only halted; one whose bars ended is gone.
        self._last_bars = len(bars.times) - 1 - bars.tradable[::-1].argmax(axis=0)
        # What the lead touched but no bar has let a copy trade yet.
        self._pending = np.zeros((copies, assets), dtype=np.bool_)
        self._pending_orders: list[tuple[LeadOrder, BoolArray]] = []
        start = path.state_of_bar[self.start_bars]
        self._baseline_units = np.where(terms.buys_existing, 0, path.held_units[start])
        self._baseline_survival = path.survival[start]
        self._baseline_epoch = path.epoch[start]
        self._shares = np.ones((copies, assets))
        self._stop_losses = terms.stop_losses / terms.investments * START_UNITS
        self._may_stop = not np.isnan(terms.stop_losses).all()

    def run(self) -> None:
        """Take all copies from their starts to their ends."""
        events = self._event_bars()
        for bar, next_bar in zip(events, [*events[1:], self._end_bar], strict=True):
            running = np.flatnonzero((self.start_bars <= bar) & (self._end_bars > bar))
            # Those who ended wait for nothing.
            self._pending[self._end_bars == bar] = False
            self._meet(bar, running)
            while bar < next_bar:
                waited_for = self._next_tradable(after=bar, before=next_bar)
                self._glide(begin=bar + 1, end=waited_for, rows=running)
                bar = waited_for
                if bar < next_bar:
                    self._look(bar, rows=running, opens=True)

    def _event_bars(self) -> list[int]:
        states = self._path.state_of_bar
        changes = np.flatnonzero(np.diff(states)) + 1
        events = np.concatenate([self.start_bars, self._end_bars, changes])
        return np.unique(events[(events >= self.first_bar) & (events < self._end_bar)]).tolist()

    def _meet(self, bar: int, rows: IntArray) -> None:
        """Let the copies that run meet what happens at this bar: some start, or the lead changed."""
        state = self._path.state_of_bar[bar]
        starting = self.start_bars == bar
        # What already runs follows a change; what starts meets a portfolio.
        is_change = bar > 0 and state != self._path.state_of_bar[bar - 1]
        running = (self.start_bars < bar) & (self._end_bars > bar) & is_change
        touched = np.zeros_like(self._pending)
        if self._follows_orders:
            for order in self._path.orders[state]:
                # Orders have nothing existing: those given since the start are followed, even at the first bar.
                takes = running | (starting & (order.time >= self._start_times))
                if takes.any():
                    self._pending_orders.append((order, takes))
                    touched[takes, order.asset] = True
        else:
            touched = running[:, None] & self._path.touched[state]
            touched[starting] = self._terms.buys_existing
            if not self._terms.buys_existing:
                self._shares = followed_shares(
                    lead_units=self._path.held_units[state],
                    survival=self._path.survival[state],
                    epoch=self._path.epoch[state],
                    baseline_units=self._baseline_units,
                    baseline_survival=self._baseline_survival,
                    baseline_epoch=self._baseline_epoch,
                )
        self._pending |= touched
        self._look(bar, rows=rows, opens=True, touched=touched)

    def _next_tradable(self, *, after: int, before: int) -> int:
        """Return the next bar at which a coin that is waited for can be traded, `before` at the latest."""
        waiting = self._pending.any(axis=0)
        if not waiting.any():
            return before
        found = self._path.bars.tradable[after + 1 : before, waiting].any(axis=1)
        return after + 1 + int(found.argmax()) if found.any() else before

    def _look(self, bar: int, *, rows: IntArray, opens: bool, touched: BoolArray | None = None) -> None:
        """Let some copies look at one bar, trade, and note their equity after it; `opens` takes pending orders up."""
        unit_prices, tradable = self._unit_prices[bar], self._path.bars.tradable[bar]
        held, cash = self.held[rows], self.cash[rows]
        equity = cash + held @ self._marks[bar]
        self._stop(bar, rows=rows, equity=equity)
        if not self._follows_orders:
            target = target_units(
                equity=equity,
                lead_equity=float(self._lead_equity[bar]),
                followed_shares=self._shares[rows],
                lead_units=self._path.held_units[self._path.state_of_bar[bar]],
            )
        else:
            target = held.astype(np.float64)
            if opens:
                self._take_orders(bar, rows=rows, target=target)
        stopped = self.stopped_bars[rows] != NOT_STOPPED
        target[stopped] = 0.0
        if touched is not None:
            self._count_untradable(bar, rows=rows, target=target, touched=touched[rows])

        acting = acting_mask(
            target_units=target,
            held_units=held,
            unit_prices=unit_prices,
            equity=equity,
            touched=self._pending[rows],
            aligning=stopped,
            drift_band=self._terms.drift_band,
            settling=self._follows_orders,
            tradable=tradable,
        )
        self._pending[rows] &= ~tradable
        if acting.any():
            rebalance = trade_toward(
                target_units=target,
                held_units=held,
                cash_units=cash,
                unit_prices=unit_prices,
                fee_rate=self._terms.fee_rate,
                slippage_rate=self._terms.slippage_rate,
                acting=acting,
            )
            held, cash = rebalance.held_units, rebalance.cash_units
            self.held[rows], self.cash[rows] = held, cash
            self.fee_costs[rows] += rebalance.fee_costs
            self.slippage_costs[rows] += rebalance.slippage_costs
            self.adjustments[Reason.CASH_SHORT][rows] += rebalance.cash_short.sum(axis=1)
            equity = cash + held @ self._marks[bar]
        self.equity[rows, bar - self.first_bar] = equity

    def _stop(self, bar: int, *, rows: IntArray, equity: FloatArray) -> None:
        if not self._may_stop:
            return
        # A bar's close is a confirmed price.
        breached = stop_losses.breached(
            equity=equity, invested=np.full(len(equity), float(START_UNITS)), stop_loss=self._stop_losses[rows]
        )
        self.stopped_bars[rows[breached & (self.stopped_bars[rows] == NOT_STOPPED)]] = bar - self.first_bar

    def _glide(self, *, begin: int, end: int, rows: IntArray) -> None:
        """Take some copies over the bars from `begin` to before `end`, at which nothing is known to happen."""
        width = max(WINDOW_CELLS // max(len(rows), 1), 1)
        for window in range(begin, end, width):
            window_end = min(window + width, end)
            waiting = [(window, rows)]
            while waiting:
                first, valued = waiting.pop()
                acts = self._value(begin=first, end=window_end, rows=valued)
                acting = acts.any(axis=1)
                if not acting.any():
                    continue
                first_acts = first + acts[acting].argmax(axis=1)
                drifted = valued[acting]
                for bar in np.unique(first_acts).tolist():
                    due = drifted[first_acts == bar]
                    self._look(bar, rows=due, opens=False)
                    if bar + 1 < window_end:
                        waiting.append((bar + 1, due))

    def _value(self, *, begin: int, end: int, rows: IntArray) -> BoolArray:
        """Note the equity of R copies that stand still over W bars, and return where each has to act, (R, W)."""
        held, marks = self.held[rows], self._marks[begin:end]
        in_use = held.any(axis=0)
        assets = np.flatnonzero(in_use)
        equity = self.cash[rows][:, None] + held[:, assets] @ marks[:, assets].T
        self.equity[rows, begin - self.first_bar : end - self.first_bar] = equity
        acts = np.zeros(equity.shape, dtype=np.bool_)
        tradable = self._path.bars.tradable[begin:end]
        stopped = self.stopped_bars[rows] != NOT_STOPPED
        if self._may_stop:
            acts |= ~stopped[:, None] & (float(START_UNITS) - equity >= self._stop_losses[rows, None])
            acts |= ((held > 0) & stopped[:, None]) @ tradable.T
        if self._follows_orders:
            return acts
        size = np.maximum(equity, 0.0) / self._lead_equity[begin:end]
        size[stopped] = 0.0
        lead_units = self._path.held_units[self._path.state_of_bar[begin]]
        band = self._terms.drift_band * equity
        for asset in np.flatnonzero(in_use | (lead_units > 0)).tolist():
            followed = self._shares[rows, asset] * lead_units[asset]
            drift = np.abs(size * followed[:, None] - held[:, asset, None]) * marks[:, asset]
            acts |= (drift > band) & tradable[:, asset]
        return acts

    def _take_orders(self, bar: int, *, rows: IntArray, target: FloatArray) -> None:
        """Add to the targets (R, A) of copies the orders that can be followed at this bar."""
        tradable = self._path.bars.tradable[bar]
        due = [pending for pending in self._pending_orders if tradable[pending[0].asset]]
        self._pending_orders = [pending for pending in self._pending_orders if not tradable[pending[0].asset]]
        # Buys of different coins are sized together; an order only waits for those before it in its own coin.
        buys: dict[int, tuple[LeadOrder, BoolArray]] = {}
        for order, takes in due:
            if order.asset in buys:
                self._size_buys(bar, buys=buys, rows=rows, target=target)
                buys = {}
            if order.sold_fraction > 0:
                target[takes[rows], order.asset] *= 1.0 - order.sold_fraction
            else:
                buys[order.asset] = order, takes
        if buys:
            self._size_buys(bar, buys=buys, rows=rows, target=target)

    def _size_buys(
        self, bar: int, *, buys: dict[int, tuple[LeadOrder, BoolArray]], rows: IntArray, target: FloatArray
    ) -> None:
        # A copy that is out takes no more orders, so none is cut for it.
        running = self.stopped_bars[rows] == NOT_STOPPED
        takes = np.stack([takes[rows] & running for _, takes in buys.values()], axis=1)
        sized = self._order_sizes.buy_values(
            [order for order, _ in buys.values()], rows=rows, takes=takes, coin_values=target @ self._marks[bar]
        )
        assets = list(buys)
        target[:, assets] += sized.values / self._unit_prices[bar, assets]
        for reason, cut in (
            (Reason.ORDER_MAX_CAPPED, sized.order_max_capped),
            (Reason.TOTAL_MAX_CAPPED, sized.total_max_capped),
            (Reason.MARKET_NOT_CHOSEN, sized.market_not_chosen),
        ):
            self.adjustments[reason][rows] += cut.sum(axis=1)

    def _count_untradable(self, bar: int, *, rows: IntArray, target: FloatArray, touched: BoolArray) -> None:
        if self._path.bars.tradable[bar].all():
            return
        missing = touched & ~self._path.bars.tradable[bar]
        started = ~np.isnan(self._unit_prices[bar]) & (self._path.bars.tradable[: bar + 1].any(axis=0))
        halted = started & (bar < self._last_bars)
        # An order that waits has not moved its target yet, but it is wanted all the same.
        wanted = (target != self.held[rows]) | self._follows_orders
        self.adjustments[Reason.PRICE_STALE][rows] += (wanted & (missing & halted)).sum(axis=1)
        self.adjustments[Reason.MARKET_UNAVAILABLE][rows] += (wanted & (missing & ~halted)).sum(axis=1)
