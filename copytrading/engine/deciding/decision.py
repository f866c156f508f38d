"""
One decision for one lead: who trades what now, in which orders, and what has to be told.

    board, lead, copies, the lead's orders      what everybody holds and asks for
      → wishes                                  what each would trade                        deciding/wishes
      → books                                   the markets to ask are named where none were given
      → offers, orders                          at most one a market, priced in its book     orders/bunching
      → adjustments, a rest                     where a plan differs from a wish, and what the next cycle goes on with

Live cycles, previews, held-back wishes, what-ifs and replays all come here, so the core is the back-test. Pure: it
reads no clock and no database, and decides the same of the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np

from copytrading.engine.adjustments import VALUE_WORTH_TELLING, Adjusted, Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.deciding.lead_orders import LeadWish, OpenOrder, join_orders
from copytrading.engine.deciding.wishes import Wishes, wish
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.market.books import Book, Side
from copytrading.engine.orders.bunching import Offer, PlannedOrder, offer_of, plan_order
from copytrading.engine.rules import Rules

# An exit that finds no buyer within the cap reaches one cap further each time, so that a stop does finish.
EXIT_STEP_SECONDS = 10
EXIT_SLIPPAGE_MAX = 0.10


class Phase(StrEnum):
    """A cycle sells first, and buys on what the sells brought."""

    SELLING = "SELLING"
    BUYING = "BUYING"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """
    What was decided. `places` (M,) on the board are the markets whose books it takes, or took.

    With books: `orders` are those of the phase, `adjustments` what differs from a wish, `lead_order_ids` the lead's own
    orders that they trade for, `has_rest` whether something is left that the next cycle can go on with. `wishes` are
    those of the phase, of all markets where no phase was asked for. `is_nothing` says that nothing is wished,
    waited for or told in any market.
    """

    places: IntArray
    own: LeadWish
    wishes: Wishes
    has_rest: bool
    is_nothing: bool
    offers: dict[int, Offer]
    orders: tuple[PlannedOrder, ...] = ()
    adjustments: tuple[Adjusted, ...] = ()
    lead_order_ids: tuple[int, ...] = ()


def decide(
    *, board: Board, lead: LeadPortfolio, copies: CopyTable, lead_orders: Iterable[OpenOrder],
    books: Mapping[int, Book] | None, phase: Phase | None, rules: Rules, now: float, traded: BoolArray | None = None,
) -> Decision:  # fmt: skip
    """
    Decide what a lead and its copies trade now.

    1. The lead's orders join, and everybody's wish is sized by the dearest price that the rules allow.
    2. Without books that is all: `places` says which to ask.
    3. The books tell what each market's net costs, and everybody's wish is sized by that.
    4. The phase takes its markets: those that net to sells when selling, to buys when buying.

    :param lead_orders: the lead's open orders, oldest first in each market.
    :param books: by place on the board; None where they were not asked yet.
    :param phase: None decides for all markets and plans no orders, as a preview does.
    :param now: in seconds.
    :param traded: markets (A,) that this cycle has an order in already.
    """
    orders = tuple(lead_orders)
    exits = np.asarray((copies.units[copies.has_status("STOPPING")] > 0).any(axis=0), dtype=np.bool_)
    own = join_orders(orders, board=board, lead=lead, exits=exits, books=books, rules=rules)
    sitting = _Sitting(board=board, lead=lead, copies=copies, rules=rules, now=now)
    wishes = sitting.wishes(own, buy_prices=sitting.cap_prices)
    offers: dict[int, Offer] = {}
    if books is not None:
        offers = sitting.offers(own, wishes, books)
        opposed = [
            place
            for place in own.limits
            if place not in offers or (offers[place].side is Side.BUY) != (own.units[place] > 0)
        ]
        if opposed:
            # The market as a whole goes the other way, at a price that nobody's limit bounds: this limit order waits.
            own = own.without(opposed)
            wishes = sitting.wishes(own, buy_prices=sitting.cap_prices)
            offers = sitting.offers(own, wishes, books)
        buy_prices = sitting.cap_prices
        for place, offer in offers.items():
            buy_prices[place] = board.market(place).unit_price(offer.price_buy_max)
        wishes = sitting.wishes(own, buy_prices=buy_prices)
    places = np.flatnonzero(wishes.markets)
    waits = sitting.is_waiting(own)
    is_nothing = wishes.is_nothing and not wishes.explained.any() and not sitting.is_awaited(own)
    if books is None or phase is None:
        return Decision(places=places, own=own, wishes=wishes, has_rest=waits, is_nothing=is_nothing, offers=offers)

    selling = phase is Phase.SELLING
    in_phase = np.zeros(len(board.asset_ids), dtype=np.bool_)
    for place, offer in offers.items():
        in_phase[place] = (offer.side is Side.SELL) == selling
    if traded is not None and not selling:
        in_phase &= ~traded
    wishes = wishes.within(in_phase)
    planned = sitting.plan(wishes, offers)
    sent_to = {order.market.market_id for order in planned}
    capped = {Reason.DEPTH_CAPPED, Reason.ORDER_SIZE_CAPPED}
    # A copy that sold and bought at once could not spend what it had not yet received.
    sold_late = not selling and bool(((wishes.copies < 0).any(axis=1) & (wishes.cash_factors < 1)).any())
    return Decision(
        places=places,
        own=own,
        wishes=wishes,
        has_rest=waits or sold_late or any(not capped.isdisjoint(order.reasons) for order in planned),
        is_nothing=is_nothing,
        offers=offers,
        orders=tuple(planned),
        adjustments=tuple(sitting.adjustments(own, wishes, planned, selling=selling)),
        lead_order_ids=tuple(
            order_id
            for place, ids in own.order_ids.items()
            if wishes.lead[place] and int(board.market_ids[place]) in sent_to
            for order_id in ids
        ),
    )


@dataclass(frozen=True, kw_only=True)
class _Sitting:
    """What one decision looks at, and the questions that it asks of it."""

    board: Board
    lead: LeadPortfolio
    copies: CopyTable
    rules: Rules
    now: float

    @property
    def cap_prices(self) -> FloatArray:
        """Return the dearest unit prices (A,) that a buy may reach by the rules."""
        return self.board.unit_prices * (1 + self.rules.slippage_cap)

    @cached_property
    def slippage_max(self) -> FloatArray:
        """Return how far from the mark each market (A,) may go, further step by step where a stop waits to sell."""
        cap, stopping = self.rules.slippage_cap, self.copies.has_status("STOPPING")
        if not stopping.any():
            return np.full(len(self.board.asset_ids), cap)
        waiting = np.nan_to_num(np.where(stopping, self.now - self.copies.stopping_at, 0.0))
        longest = np.where(self.copies.units > 0, waiting[:, None], 0.0).max(axis=0, initial=0.0)
        return np.minimum(cap * (1 + np.floor(longest / EXIT_STEP_SECONDS)), max(EXIT_SLIPPAGE_MAX, cap))

    @cached_property
    def widened(self) -> BoolArray:
        """Return the markets (A,) in which an exit has to reach further than the usual cap."""
        return np.asarray(self.slippage_max > self.rules.slippage_cap, dtype=np.bool_)

    def wishes(self, own: LeadWish, *, buy_prices: FloatArray) -> Wishes:
        """Return what everybody wishes; an exit that reaches further goes alone: nobody else pays for its haste."""
        wishes = wish(
            board=self.board,
            lead=self.lead,
            own=own,
            copies=self.copies,
            buy_prices=buy_prices,
            fee_rate=float(self.rules.fee_rate),
            drift_band=self.rules.drift_band,
            settling=self.lead.settling_until > self.now,
        )
        widened = self.widened
        if not widened.any():
            return wishes
        others = ~self.copies.has_status("STOPPING")[:, None] & widened[None, :]
        return wishes.without(copies=others, lead=widened)

    def offers(self, own: LeadWish, wishes: Wishes, books: Mapping[int, Book]) -> dict[int, Offer]:
        """Return what each book that was asked offers to the side its market nets to, by place."""
        net, slippage_max = wishes.net, self.slippage_max
        return {
            place: offer_of(
                market=self.board.market(place),
                book=books[place],
                net_units=int(net[place]),
                slippage_max=float(slippage_max[place]),
                rules=self.rules,
                price_limit=own.limits.get(place),
            )
            for place in np.flatnonzero(wishes.markets).tolist()
            if place in books
        }

    def plan(self, wishes: Wishes, offers: Mapping[int, Offer]) -> list[PlannedOrder]:
        """Return the orders of some markets: none where nobody takes part, or the net has changed sides."""
        planned = []
        accounts = np.append(self.copies.account_ids, self.lead.account_id or 0)
        for place, offer in offers.items():
            wish_units = np.append(wishes.copies[:, place], wishes.lead[place])
            taking_part = wish_units != 0
            net = int(wish_units.sum())
            if not taking_part.any() or (net != 0 and (net > 0) != (offer.side is Side.BUY)):
                continue
            order = plan_order(
                market=self.board.market(place),
                offer=offer,
                participant_ids=accounts[taking_part],
                wish_units=wish_units[taking_part],
                rules=self.rules,
            )
            planned.append(order)
        return planned

    def is_awaited(self, own: LeadWish) -> bool:
        """Return whether somebody waits to follow a trade in a market that is closed to us."""
        if self.board.listed.all():
            return False
        touched = self.lead.due(self.board) | (own.units != 0)
        aligning = bool((self.copies.aligning & self.copies.has_status("STARTING", "ACTIVE")).any())
        return bool((~self.board.listed & (touched | (aligning & (self.lead.units > 0)))).any())

    def is_waiting(self, own: LeadWish) -> bool:
        """
        Return whether somebody waits.

        They wait for a market that is listed but cannot be traded this moment, or in which an exit goes alone, or for a
        lead unseen. A copy may have to sell what the lead does not hold any more.
        """
        lead, copies = self.lead, self.copies
        wanted_places = np.asarray(lead.due(self.board) | (own.units != 0), dtype=np.bool_)
        to_ratios = copies.aligning & copies.has_status("STARTING", "ACTIVE")
        if not lead.is_seen and (wanted_places.any() or to_ratios.any()):
            return True
        closed = ~self.board.tradable | self.widened
        if not (closed & self.board.listed).any():
            return False
        relevant = wanted_places | (copies.units[copies.aligning | copies.short] > 0).any(axis=0)
        if to_ratios.any():
            relevant = relevant | (lead.units > 0)
        elif wanted_places.any():
            relevant = relevant | self._due_beside(own, np.asarray((lead.units > 0) & closed, dtype=np.bool_))
        return bool((relevant & self.board.listed & closed).any())

    def _due_beside(self, own: LeadWish, closed: BoolArray) -> BoolArray:
        """
        Return which of some closed markets (A,) whoever follows a trade in another would have to trade in, too.

        Without every price nobody knows the ratios. Where all are near enough to them it makes no difference whether
        another lead's order is on its way there.
        """
        if not closed.any():
            return closed
        board = replace(self.board, tradable=self.board.tradable | (closed & self.board.fresh))
        wishes = replace(self, board=board).wishes(own, buy_prices=self.cap_prices)
        return np.asarray(closed & (~self.board.fresh | wishes.markets), dtype=np.bool_)

    def adjustments(
        self, own: LeadWish, wishes: Wishes, planned: list[PlannedOrder], *, selling: bool
    ) -> Iterator[Adjusted]:
        """Yield what the phase does otherwise than wished, where somebody waits for it and it is worth a sentence."""
        prices = np.nan_to_num(self.board.unit_prices)
        worth = VALUE_WORTH_TELLING * 10.0**self.rules.cash_decimals
        for reason, cells, planned_units in self._findings(own, wishes, planned, selling=selling):
            wanted = np.abs(self._wanted(own, wishes, reason)) * prices
            given = np.abs(planned_units) * prices
            rows, places = np.nonzero(cells & (np.abs(wanted - given) >= worth))
            if len(rows):
                yield Adjusted(
                    reason=reason,
                    copy_ids=self.copies.ids[rows],
                    asset_ids=self.board.asset_ids[places],
                    wanted_values=wanted[rows, places],
                    planned_values=given[rows, places],
                )

    def _findings(
        self, own: LeadWish, wishes: Wishes, planned: list[PlannedOrder], *, selling: bool
    ) -> Iterator[tuple[Reason, BoolArray, FloatArray]]:
        """Yield each reason with its cells (N, A) and what is planned there in units (N, A)."""
        as_planned = wishes.copies.astype(np.float64)
        if selling:
            yield Reason.MARKET_UNAVAILABLE, self._shut(own), np.zeros(as_planned.shape)
        else:
            for reason, cells in wishes.cuts.items():
                yield reason, cells, as_planned
        for order in planned:
            for reason in order.reasons:
                place = np.flatnonzero(self.board.market_ids == order.market.market_id)
                cells = np.zeros(wishes.copies.shape, dtype=np.bool_)
                cells[:, place] = (wishes.copies[:, place] > 0) == (wishes.net[place] > 0)
                cells &= wishes.explained & (wishes.copies != 0)
                yield reason, cells, as_planned * order.planned_fraction
        if not selling:
            # Sized by the limit, a buy of the whole cash always keeps the fee and the slippage back.
            usual = 1 - float(self.rules.fee_rate) - self.rules.slippage_cap
            short = (wishes.cash_factors < usual)[:, None] & wishes.explained & (wishes.wanted > 0)
            yield Reason.CASH_SHORT, short, as_planned
            yield Reason.CONCENTRATION_CAPPED, wishes.capped & (wishes.copies > 0), as_planned

    def _shut(self, own: LeadWish) -> BoolArray:
        """Return the cells (N, A) in which a copy waits for a coin of the lead whose market is closed."""
        touched = self.lead.due(self.board) | (own.units != 0)
        aligning = self.copies.aligning & self.copies.has_status("STARTING", "ACTIVE")
        waited_for = (touched | aligning[:, None]) & (self.lead.units > 0)
        return np.asarray(~self.board.listed & waited_for, dtype=np.bool_)

    def _wanted(self, own: LeadWish, wishes: Wishes, reason: Reason) -> FloatArray:
        """Return what would be traded (N, A) in units if it were not for that reason."""
        if reason in wishes.cuts:
            prices = self.board.unit_prices
            return np.divide(wishes.asked_values, prices, out=np.zeros_like(wishes.asked_values), where=prices > 0)
        if reason is Reason.MARKET_UNAVAILABLE:
            return wishes.targets - self.copies.units
        if reason is Reason.CONCENTRATION_CAPPED:
            lead_value = np.nan_to_num(self.lead.equity(self.board))
            sizes = wishes.valuation.sizing / lead_value if lead_value else np.zeros(len(self.copies.ids))
            return np.outer(sizes, self.lead.units + own.units) - self.copies.units
        return wishes.wanted.astype(np.float64)
