"""
K copies on their way through a lead's recorded bars, from event to event, each decided as a live one is.

Copies need looking at where something happens: one starts, is changed by its follower, the lead changed, a coin that
was waited for has a bar again. Between two such events holdings stand still, so a whole *window* of bars is valued at
once, and only a copy that drifted beyond its band or breached its stop loss there is looked at in between:

    bars      0 1 2 3 4 5 6 7 8 9
    events    ↑       ↑         ↑       start, two lead trades
    copy 1    ─────── ─────────  ──     three looks
    copy 2    ─────── ──↑──────  ──     four, for it drifted at bar 6

The outcome is that of looking at every copy at every bar. A look is the live decision (deciding/wishes), once for the
sells and once more for the buys that they pay for, carried out at the bar's close.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.deciding.lead_orders import LeadWish
from copytrading.engine.deciding.wishes import Wishes, wish
from copytrading.engine.holdings import stop_loss as stop_losses
from copytrading.engine.holdings.baseline import followed_shares
from copytrading.engine.holdings.portfolios import STATUS_NUMBERS, CopyTable, LeadPortfolio
from copytrading.engine.holdings.profit_share import ShareState
from copytrading.engine.market.board import Board
from copytrading.engine.replay.bar_board import BarBoards
from copytrading.engine.replay.followers_money import FollowersMoney, Rows
from copytrading.engine.replay.investments import Change, ChangeKind, Investments
from copytrading.engine.replay.lead_path import START_UNITS, LeadPath
from copytrading.engine.replay.rebalancing import carry_out
from copytrading.engine.replay.waiting_orders import WaitingOrders
from copytrading.engine.sizing import planning
from copytrading.engine.sizing.mode import Ordered

NOT_STOPPED = -1
ACTIVE, PAUSED, STOPPING = (STATUS_NUMBERS[name] for name in ("ACTIVE", "PAUSED", "STOPPING"))

EVERYBODY = slice(None)

# Copies × bars that one window values at once: some hundred kilobytes an array stay in a processor's cache.
WINDOW_CELLS = 32_768
# A common factor this near to 1 is the rounding of a portfolio that is fully invested.
CASH_SUFFICED = 1 - 1e-9


class ReplayedCopies:
    """The copies themselves: the one thing in the engine that changes, so it stays in here."""

    def __init__(
        self, *, path: LeadPath, lead_cash: float, terms: Investments, start_times: IntArray, last_bars: IntArray
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
        self.money = FollowersMoney.at_start(
            START_UNITS, stop_losses=terms.stop_losses / terms.investments * START_UNITS
        )

        self._path, self._terms = path, terms
        self._columns = terms.columns(lead_cash=lead_cash, assets=assets)
        self._end_bars, self._end_bar = last_bars + 1, last_bar + 1
        self._start_times = start_times
        self._follows_orders = terms.follows_orders
        self._unit_prices = bars.unit_prices
        # A coin without a price yet is held by nobody.
        self._marks = np.where(np.isnan(self._unit_prices), 0.0, self._unit_prices)
        self._lead_equity = path.equity()
        # A pair whose bars went on later was only halted; one whose bars ended is gone.
        self._last_bars = len(bars.times) - 1 - bars.tradable[::-1].argmax(axis=0)
        self._status = np.full(copies, ACTIVE)
        # What a copy has to follow but no bar has let it trade yet.
        self._pending = np.zeros((copies, assets), dtype=np.bool_)
        self._waiting_orders = WaitingOrders(assets)
        start = path.state_of_bar[self.start_bars]
        self._baseline_units = np.where(terms.buys_existing, 0, path.held_units[start])
        self._baseline_survival = path.survival[start]
        self._baseline_epoch = path.epoch[start]
        self._may_stop = not np.isnan(terms.stop_losses).all() or any(
            change.kind is ChangeKind.STOP_LOSS for change in terms.changes
        )
        self._changes: dict[int, list[Change]] = {}
        for change in terms.changes:
            self._changes.setdefault(bars.bar_at_or_after(change.time), []).append(change)
        self._boards = BarBoards(unit_prices=self._unit_prices, tradable=bars.tradable)
        # What stop losses are looked at by, and what they sell at.
        self._stop_boards, self._stop_marks = self._boards, self._marks
        if terms.stops_at_low:
            self._stop_boards = BarBoards(unit_prices=bars.unit_lows, tradable=bars.tradable)
            self._stop_marks = np.nan_to_num(bars.unit_lows)
        # What does not change of the copies, and of those that looked last.
        self._everybody = self._narrowed = self._table_of_all()
        self._nothing = np.zeros(assets, dtype=np.int64)
        self._no_wish = LeadWish(units=self._nothing, orders=np.zeros(assets))

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
        events = np.concatenate([self.start_bars, self._end_bars, changes, np.array(list(self._changes), dtype=int)])
        return np.unique(events[(events >= self.first_bar) & (events < self._end_bar)]).tolist()

    def _meet(self, bar: int, rows: IntArray) -> None:
        """Let the copies that run meet what happens at this bar: some start, a follower or the lead changed."""
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
                    self._waiting_orders.add(order, takes)
                    touched[takes, order.asset] = True
        else:
            touched = running[:, None] & self._path.touched[state]
            touched[starting] = self._terms.buys_existing
        for change in self._changes.get(bar, ()):
            self._change(change, bar=bar)
        self._pending |= touched
        if not (is_change and (self._path.purchase_fees[state] or self._path.sale_fees[state])):
            self._look(bar, rows=rows, opens=True, touched=touched)
            return
        # Who runs trades along with the lead; who starts comes when that is done.
        comes = starting[rows]
        for some, trades_along in ((rows[~comes], True), (rows[comes], False)):
            if len(some):
                self._look(bar, rows=some, opens=True, touched=touched, trades_along=trades_along)

    def _change(self, change: Change, *, bar: int) -> None:
        """Let a follower change a copy; what that means for its holdings is decided at the next look."""
        row, money = change.copy, self.money
        if self._status[row] == STOPPING or not self.start_bars[row] <= bar < self._end_bars[row]:
            return
        units = change.value * START_UNITS / self._terms.investments[row]
        if change.kind is ChangeKind.PAUSE:
            self._status[row] = PAUSED
            return
        if change.kind is ChangeKind.STOP_LOSS:
            money.stop_losses[row] = units
            return
        if change.kind is ChangeKind.INCREASE:
            self.cash[row] += round(units)
            money.put_in(row, units=units)
        elif change.kind is ChangeKind.REDUCE:
            equity = float(self.cash[row] + self.held[row] @ self._marks[bar] - money.owed[row])
            money.ask_for(row, units=units, equity=equity)
        elif change.kind is ChangeKind.RESUME:
            self._status[row] = ACTIVE
        if not self._follows_orders:
            # It is brought to the lead's ratios in every coin.
            self._pending[row] = True

    def _next_tradable(self, *, after: int, before: int) -> int:
        """Return the next bar at which a coin that is waited for can be traded, `before` at the latest."""
        waiting = self._pending.any(axis=0)
        if not waiting.any():
            return before
        found = self._path.bars.tradable[after + 1 : before, waiting].any(axis=1)
        return after + 1 + int(found.argmax()) if found.any() else before

    def _look(
        self, bar: int, *, rows: IntArray, opens: bool, touched: BoolArray | None = None, trades_along: bool = False
    ) -> None:
        """
        Let some copies look at one bar, trade, and note their equity after it; `opens` takes pending orders up.

        :param trades_along: they are in one order with the lead, who has paid no fee yet.
        """
        tradable = self._path.bars.tradable[bar]
        self._stop(bar, rows=rows)
        at = self._at(rows)
        board, lead = self._boards.at(bar), self._lead(bar, at)
        lead, lead_sold = self._before_fees(bar, lead) if trades_along else (lead, lead)
        # A copy that is out takes no more orders, so none is cut for it; one that pauses skips them.
        running = self._status[at] == ACTIVE
        ordered = self._waiting_orders.take_due(tradable=tradable, rows=at, running=running) if opens else ()
        wishes = self._wish(board, lead, at, ordered)
        if touched is not None:
            self._count_untradable(bar, rows=at, targets=wishes.targets, touched=touched[at])
        self._pending[at] &= ~tradable
        self._sell(board, at, wishes)
        bought = self._buy(board, lead_sold, at, wishes)
        self._count(at, wishes, bought)
        self._pay_out(at, tradable)
        self.equity[at, bar - self.first_bar] = self.cash[at] + self.held[at] @ self._marks[bar]

    def _at(self, rows: IntArray) -> Rows:
        return EVERYBODY if len(rows) == len(self.cash) else rows

    def _wish(self, board: Board, lead: LeadPortfolio, rows: Rows, ordered: tuple[Ordered, ...]) -> Wishes:
        return wish(
            board=board,
            lead=lead,
            own=self._no_wish,
            copies=self._table(rows),
            buy_prices=board.unit_prices * (1 + self._terms.slippage_rate),
            fee_rate=self._terms.fee_rate,
            drift_band=self._terms.drift_band,
            settling=False,
            ordered=ordered,
        )

    def _sell(self, board: Board, rows: Rows, wishes: Wishes) -> None:
        sold = np.maximum(-wishes.copies, 0)
        if not sold.any():
            return
        self._book(rows, carry_out(units=-sold, unit_prices=board.unit_prices, fee_rate=self._terms.fee_rate,
                                   slippage_rate=self._terms.slippage_rate), -sold)  # fmt: skip

    def _buy(self, board: Board, lead: LeadPortfolio, rows: Rows, wishes: Wishes) -> planning.BuyPlan:
        """
        Buy on what the sells brought: ratios are decided anew, an answer to an order stands. Return the plan.

        Whoever wished no buy before the sells wishes none after them: what they cost lowers every target.
        """
        sold = wishes.copies < 0
        units = np.maximum(wishes.copies, 0)
        plan = planning.BuyPlan(
            trade_units=units, wanted_units=np.maximum(wishes.wanted, 0), factors=wishes.cash_factors
        )
        if not plan.wanted_units.any():
            return plan
        if sold.any() and self._follows_orders:
            plan = planning.plan_buys(
                target_units=wishes.targets,
                held_units=self.held[rows],
                cash_units=self.cash[rows] - self.money.owed[rows],
                unit_prices=board.unit_prices * (1 + self._terms.slippage_rate),
                fee_rate=self._terms.fee_rate,
                acting=wishes.wanted > 0,
            )
        elif sold.any():
            anew = self._wish(board, lead, rows, ())
            plan = planning.BuyPlan(
                trade_units=np.where(sold, 0, np.maximum(anew.copies, 0)),
                wanted_units=np.where(sold, 0, np.maximum(anew.wanted, 0)),
                factors=anew.cash_factors,
            )
        if plan.trade_units.any():
            self._book(rows, carry_out(units=plan.trade_units, unit_prices=board.unit_prices,
                                       fee_rate=self._terms.fee_rate, slippage_rate=self._terms.slippage_rate),
                       plan.trade_units)  # fmt: skip
        return plan

    def _book(self, rows: Rows, payments: tuple[IntArray, FloatArray, FloatArray], units: IntArray) -> None:
        cash, fees, slippage = payments
        self.cash[rows] += cash
        self.held[rows] += units
        self.fee_costs[rows] += fees
        self.slippage_costs[rows] += slippage

    def _count(self, rows: Rows, wishes: Wishes, plan: planning.BuyPlan) -> None:
        was_short = plan.factors < CASH_SUFFICED
        if was_short.any():
            short = (plan.trade_units < plan.wanted_units) & was_short[:, None]
            self.adjustments[Reason.CASH_SHORT][rows] += short.sum(axis=1)
        if wishes.capped.any():
            capped = wishes.capped & (plan.trade_units > 0)
            self.adjustments[Reason.CONCENTRATION_CAPPED][rows] += capped.sum(axis=1)
        for reason, cells in wishes.cuts.items():
            self.adjustments[reason][rows] += cells.sum(axis=1)

    def _pay_out(self, rows: Rows, tradable: BoolArray) -> None:
        """Pay what was asked to be taken out, as far as the cash goes once everything could be sold for it."""
        if not self.money.owed[rows].any():
            return
        waits = np.asarray(((self.held[rows] > 0) & ~tradable).any(axis=1), dtype=np.bool_)
        self.cash[rows] -= self.money.pay(rows, cash=self.cash[rows], waits=waits)

    def _stop(self, bar: int, *, rows: IntArray) -> None:
        if not self._may_stop:
            return
        equity = self.cash[rows] + self.held[rows] @ self._stop_marks[bar]
        # What a bar says is a confirmed price.
        breached = stop_losses.breached(
            equity=equity - self.money.owed[rows],
            invested=self.money.invested[rows],
            stop_loss=self.money.stop_losses[rows],
        )
        stopping = rows[breached & (self._status[rows] != STOPPING)]
        self.stopped_bars[stopping] = bar - self.first_bar
        self._status[stopping] = STOPPING
        # Money on its way out goes out with the rest.
        self.money.owed[stopping] = 0
        if self._terms.stops_at_low and len(stopping):
            # The low came before the close, at which those that stop at closes sell with all others.
            board = self._stop_boards.at(bar)
            self._sell(board, stopping, self._wish(board, self._lead(bar, stopping), stopping, ()))

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
        at = self._at(rows)
        held, marks = self.held[at], self._marks[begin:end]
        in_use = held.any(axis=0)
        assets = np.flatnonzero(in_use)
        equity = self.cash[at][:, None] + held[:, assets] @ marks[:, assets].T
        self.equity[at, begin - self.first_bar : end - self.first_bar] = equity
        acts = np.zeros(equity.shape, dtype=np.bool_)
        tradable, status, owed = self._path.bars.tradable[begin:end], self._status[rows], self.money.owed[rows]
        stopped = status == STOPPING
        if self._may_stop:
            worth = equity
            if self._terms.stops_at_low:
                worth = self.cash[at][:, None] + held[:, assets] @ self._stop_marks[begin:end, assets].T
            loss = self.money.invested[rows, None] - (worth - owed[:, None])
            acts |= ~stopped[:, None] & (loss >= self.money.stop_losses[rows, None])
            acts |= ((held > 0) & stopped[:, None]) @ tradable.T
        # Who owes waits to be paid at each bar.
        acts |= (owed > 0)[:, None]
        if self._follows_orders:
            return acts
        following = status == ACTIVE
        if not following.any():
            return acts
        # Who owes has to act at each bar anyway.
        size = np.maximum(equity, 0.0)
        parts = size / self._lead_equity[begin:end]
        lead_units = self._path.held_units[self._path.state_of_bar[begin]]
        shares, weight_max = self._shares(begin, rows), self._columns.weight_max[rows, None]
        band, is_capped = self._terms.drift_band * equity, not np.isnan(weight_max).all()
        drifts = np.zeros(equity.shape, dtype=np.bool_)
        for asset in np.flatnonzero(in_use | (lead_units > 0)).tolist():
            aimed = parts * (shares[:, asset, None] * lead_units[asset])
            if is_capped:
                # NaN is no cap, and a coin that has no price yet is aimed at by nobody.
                aimed = np.fmin(aimed, weight_max * size / np.maximum(marks[:, asset], 1e-300))
            drift = np.abs(aimed - held[:, asset, None]) * marks[:, asset]
            drifts |= (drift > band) & tradable[:, asset]
        return acts | (drifts & following[:, None])

    def _shares(self, bar: int, rows: IntArray) -> FloatArray:
        """Return the share of each lead position that R copies follow at a bar, (R, A)."""
        if self._terms.buys_existing:
            return np.ones((len(rows), len(self._nothing)))
        state = self._path.state_of_bar[bar]
        return followed_shares(
            lead_units=self._path.held_units[state],
            survival=self._path.survival[state],
            epoch=self._path.epoch[state],
            baseline_units=self._baseline_units[rows],
            baseline_survival=self._baseline_survival[rows],
            baseline_epoch=self._baseline_epoch[rows],
        )

    def _lead(self, bar: int, rows: Rows) -> LeadPortfolio:
        path, state = self._path, self._path.state_of_bar[bar]
        return LeadPortfolio(
            account_id=None,
            cash_units=int(path.cash_units[state]),
            cash_held_units=0,
            units=path.held_units[state],
            held_units=self._nothing,
            survival=path.survival[state],
            epoch=path.epoch[state],
            # What is pending ends at this look, and the buys on what the sells brought are a part of it.
            touched=self._pending[rows].copy(),
            pending_units=self._nothing,
            pending_orders=self._nothing,
        )

    def _before_fees(self, bar: int, lead: LeadPortfolio) -> tuple[LeadPortfolio, LeadPortfolio]:
        """Return the lead before it has paid for this bar's trades: when all sell, and when all buy."""
        state = self._path.state_of_bar[bar]
        buying = replace(lead, cash_units=lead.cash_units + int(self._path.purchase_fees[state]))
        return replace(buying, cash_units=buying.cash_units + int(self._path.sale_fees[state])), buying

    def _table(self, rows: Rows) -> CopyTable:
        """Return the table of some copies as they stand now."""
        if isinstance(rows, slice):
            steady = self._everybody
        else:
            if not np.array_equal(rows, self._narrowed.ids):
                self._narrowed = self._everybody.narrow(rows)
            steady = self._narrowed
        return CopyTable(
            ids=steady.ids,
            account_ids=steady.account_ids,
            invested_units=steady.invested_units,
            stop_loss_units=self.money.stop_losses[rows],
            status=self._status[rows],
            owed_units=self.money.owed[rows],
            share_state=steady.share_state,
            terms=steady.terms,
            aligning=steady.aligning,
            stopping_at=steady.stopping_at,
            cash_units=self.cash[rows],
            cash_held_units=steady.cash_held_units,
            units=self.held[rows],
            held_units=steady.held_units,
            baseline_units=steady.baseline_units,
            baseline_survival=steady.baseline_survival,
            baseline_epoch=steady.baseline_epoch,
        )

    def _table_of_all(self) -> CopyTable:
        """Return the table of all copies at their start; what changes on the way is in `_table`."""
        copies, assets = self.held.shape
        return CopyTable(
            ids=np.arange(copies),
            account_ids=np.arange(copies),
            invested_units=self.cash.copy(),
            stop_loss_units=self.money.stop_losses,
            status=self._status,
            owed_units=self.money.owed,
            share_state=ShareState(
                issued_units=self.cash.copy(),
                mark_value_units=self.cash.copy(),
                rate_millionths=np.zeros(copies, dtype=np.int64),
            ),
            terms=self._columns,
            aligning=np.zeros(copies, dtype=np.bool_),
            stopping_at=np.full(copies, np.nan),
            cash_units=self.cash,
            cash_held_units=np.zeros(copies, dtype=np.int64),
            units=self.held,
            held_units=np.zeros((copies, assets), dtype=np.int64),
            baseline_units=self._baseline_units,
            baseline_survival=self._baseline_survival,
            baseline_epoch=self._baseline_epoch,
        )

    def _count_untradable(self, bar: int, *, rows: Rows, targets: FloatArray, touched: BoolArray) -> None:
        if self._path.bars.tradable[bar].all():
            return
        missing = touched & ~self._path.bars.tradable[bar]
        started = ~np.isnan(self._unit_prices[bar]) & (self._path.bars.tradable[: bar + 1].any(axis=0))
        halted = started & (bar < self._last_bars)
        # An order that waits has not moved its target yet, but it is wanted all the same.
        wanted = (targets != self.held[rows]) | self._follows_orders
        self.adjustments[Reason.PRICE_STALE][rows] += (wanted & (missing & halted)).sum(axis=1)
        self.adjustments[Reason.MARKET_UNAVAILABLE][rows] += (wanted & (missing & ~halted)).sum(axis=1)
