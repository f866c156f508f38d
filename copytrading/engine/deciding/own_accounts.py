"""
What copies trade on their followers' own accounts: the same wishes, and an order of its own for each account.

    board, lead, copies          as for everybody                              deciding/wishes
      → wishes                   what each would trade: aims, caps and bands are the same as in the pool
      → books                    asked once for all; what they give is shared among the accounts
      → orders                   at most one an account and market, in whole lots, not below the venue's minimum
      → rests                    what cannot be sent stays a gap, with the reason

Nothing is bunched, so nothing meets inside, and each account bears the venue's minimum alone. A copy sells first and
buys on the proceeds, each at its own pace: whoever waits for an answer is left out by the caller. Pure, as `decision`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from copytrading.engine.adjustments import VALUE_WORTH_TELLING, Adjusted, Reason
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.deciding.decision import EXIT_SLIPPAGE_MAX, EXIT_STEP_SECONDS
from copytrading.engine.deciding.lead_orders import LeadWish
from copytrading.engine.deciding.wishes import Wishes, wish
from copytrading.engine.holdings.portfolios import CopyTable, LeadPortfolio
from copytrading.engine.market.board import Board, MarketTerms
from copytrading.engine.market.books import Book, Side
from copytrading.engine.orders.bunching import Offer, PlannedOrder, costs_of, offer_of
from copytrading.engine.rules import Rules


@dataclass(frozen=True, kw_only=True)
class OwnOrder:
    """An order before it is written, and the row (0 … N−1) of the copy that it is for."""

    row: int
    planned: PlannedOrder


@dataclass(frozen=True, kw_only=True)
class OwnDecision:
    """
    What was decided for copies (N,) on own accounts.

    `places` on the board are the markets whose books it takes, or took. `selling` and `buying` are the copies that have
    orders; `short` those that could not order all that they wished because of the book or an order's largest size.
    `waiting` have something to trade that a market, a price or a book does not allow at the moment; who is none of
    these has got as far as it goes.
    """

    places: IntArray
    orders: tuple[OwnOrder, ...] = ()
    adjustments: tuple[Adjusted, ...] = ()
    selling: BoolArray
    buying: BoolArray
    short: BoolArray
    waiting: BoolArray

    @property
    def arrived(self) -> BoolArray:
        """Return the copies (N,) that have nothing to order and wait for nothing."""
        return np.asarray(~(self.selling | self.buying | self.waiting), dtype=np.bool_)


def decide_own(
    *, board: Board, lead: LeadPortfolio, copies: CopyTable, touched: BoolArray, may_sell: BoolArray,
    closed: BoolArray, books: Mapping[int, Book] | None, rules: Rules, now: float,
) -> OwnDecision:  # fmt: skip
    """
    Decide what copies on own accounts trade now.

    :param touched: cells (N, A) in which a trade of the lead is still to be followed by that copy.
    :param may_sell: copies (N,) that have not sold in this round yet; the others go on to buy.
    :param closed: cells (N, A) in which the venue refused that account an order a moment ago.
    :param books: by place on the board; None where they were not asked yet: then only `places` is of use.
    :param now: in seconds.
    """
    sitting = _Sitting(
        board=board, lead=lead, copies=copies, touched=touched, closed=closed, books=books or {}, rules=rules, now=now
    )
    wishes = sitting.wishes(sitting.cap_prices)
    if books is not None:
        buy_prices = sitting.cap_prices
        for place, offer in sitting.buy_offers(wishes).items():
            buy_prices[place] = board.market(place).unit_price(offer.price_buy_max)
        wishes = sitting.wishes(buy_prices)
    places = np.flatnonzero(wishes.wanted.any(axis=0))
    if books is None:
        nobody = np.zeros(len(copies.ids), dtype=np.bool_)
        return OwnDecision(places=places, selling=nobody, buying=nobody, short=nobody, waiting=nobody)
    return sitting.decide(wishes, places, may_sell | copies.has_status("STOPPING") | copies.short)


@dataclass(frozen=True, kw_only=True)
class _Sitting:
    board: Board
    lead: LeadPortfolio
    copies: CopyTable
    touched: BoolArray
    closed: BoolArray
    books: Mapping[int, Book]
    rules: Rules
    now: float

    @property
    def cap_prices(self) -> FloatArray:
        """Return the dearest unit prices (A,) that a buy may reach by the rules."""
        return self.board.unit_prices * (1 + self.rules.slippage_cap)

    @cached_property
    def slippage_max(self) -> FloatArray:
        """Return how far from the mark each copy (N,) may sell: a stop reaches further step by step, for itself."""
        cap, stopping = self.rules.slippage_cap, self.copies.has_status("STOPPING")
        waited = np.nan_to_num(np.where(stopping, self.now - self.copies.stopping_at, 0.0))
        return np.minimum(cap * (1 + np.floor(waited / EXIT_STEP_SECONDS)), max(EXIT_SLIPPAGE_MAX, cap))

    def wishes(self, buy_prices: FloatArray) -> Wishes:
        """Return what everybody wishes, with the trades that each copy has still to follow."""
        return wish(
            board=self.board,
            lead=replace(self.lead, touched=self.touched),
            own=LeadWish.nothing(self.board),
            copies=self.copies,
            buy_prices=buy_prices,
            fee_rate=float(self.rules.fee_rate),
            drift_band=self.rules.drift_band,
            settling=self.lead.settling_until > self.now,
        )

    def buy_offers(self, wishes: Wishes) -> dict[int, Offer]:
        """Return what each book offers to all who buy there together, by place."""
        totals = np.maximum(wishes.wanted, 0).sum(axis=0)
        return {
            place: self.buy_offer(place, int(totals[place]))
            for place in np.flatnonzero(totals).tolist()
            if place in self.books
        }

    def buy_offer(self, place: int, total: int) -> Offer:
        """Return what one book offers to all who buy there together."""
        return offer_of(
            market=self.board.market(place),
            book=self.books[place],
            net_units=total,
            slippage_max=self.rules.slippage_cap,
            rules=self.rules,
        )

    def sell_offers(self, rows: IntArray, place: int) -> dict[float, Offer]:
        """Return what a book offers to sellers, by how far they may go: most go as far as the cap."""
        return {
            reach: offer_of(
                market=self.board.market(place),
                book=self.books[place],
                net_units=-1,
                slippage_max=reach,
                rules=self.rules,
            )
            for reach in np.unique(self.slippage_max[rows]).tolist()
        }

    def decide(self, wishes: Wishes, places: IntArray, may_sell: BoolArray) -> OwnDecision:
        """Plan sells; whoever has none buys."""
        units = np.where(self.closed, 0, wishes.copies)
        sells, small_sells, short_sells = self._plan(np.where(may_sell[:, None], np.minimum(units, 0), 0))
        selling = np.zeros(len(self.copies.ids), dtype=np.bool_)
        selling[[order.row for order in sells]] = True
        buys, small_buys, short_buys = self._plan(np.where(selling[:, None], 0, np.maximum(units, 0)))
        buying = np.zeros(len(self.copies.ids), dtype=np.bool_)
        buying[[order.row for order in buys]] = True
        short = short_sells | np.where(selling[:, None], False, short_buys)
        small = small_sells | np.where(selling[:, None], False, small_buys)
        # What the book could not give waits for the next one.
        waiting = np.asarray(self._waiting(wishes) | short.any(axis=1), dtype=np.bool_)
        # Who only waits is looked at again and again, and told when it is over.
        told = (selling | buying | ~waiting)[:, None]
        return OwnDecision(
            places=places,
            orders=(*sells, *buys),
            adjustments=tuple(
                self._adjustments(wishes, units, small=small & told, short=short & told, buys_now=~selling & told[:, 0])
            ),
            selling=selling,
            buying=buying,
            short=np.asarray(short.any(axis=1), dtype=np.bool_),
            waiting=waiting,
        )

    def _plan(self, units: IntArray) -> tuple[list[OwnOrder], BoolArray, BoolArray]:
        """Return the orders of wishes of one side (N, A), which cells are too small to send, and which were cut."""
        orders: list[OwnOrder] = []
        small, short = (np.zeros(units.shape, dtype=np.bool_) for _ in range(2))
        for place in np.flatnonzero(units.any(axis=0)).tolist():
            if place not in self.books:
                continue
            rows = np.flatnonzero(units[:, place])
            is_buy = bool(units[rows[0], place] > 0)
            if is_buy:
                groups = [(rows, self.buy_offer(place, int(units[rows, place].sum())))]
            else:
                offers = self.sell_offers(rows, place)
                groups = [(rows[self.slippage_max[rows] == reach], offer) for reach, offer in offers.items()]
            for some, offer in groups:
                self._plan_at(place, some, units, offer, orders, small, short)
        return orders, small, short

    def _plan_at(
        self, place: int, rows: IntArray, units: IntArray, offer: Offer, orders: list[OwnOrder],
        small: BoolArray, short: BoolArray,
    ) -> None:  # fmt: skip
        market = self.board.market(place)
        wanted = np.abs(units[rows, place])
        largest = int(self.rules.order_value_max * 10**market.quote_decimals / market.unit_price(offer.price_limit))
        # What the book may give is shared in proportion: nobody is first.
        given = min(1.0, offer.depth_units / max(int(wanted.sum()), 1))
        quantities = np.minimum(np.floor(wanted * given).astype(np.int64), largest) // market.lot_units
        quantities *= market.lot_units
        full = wanted // market.lot_units * market.lot_units
        least_price = market.unit_price(min(offer.price_limit, offer.price_mid))
        sendable = (quantities > 0) & (quantities * least_price >= market.value_min_units)
        # An empty book is short of depth, not of value.
        small[rows, place] = (full * least_price < market.value_min_units) | (full == 0)
        short[rows, place] = (quantities < full) & ~small[rows, place]
        for row, quantity in zip(rows[sendable].tolist(), quantities[sendable].tolist(), strict=True):
            orders.append(OwnOrder(row=row, planned=self._order(market, offer, row, quantity)))

    def _order(self, market: MarketTerms, offer: Offer, row: int, quantity: int) -> PlannedOrder:
        signed = np.array([quantity if offer.side is Side.BUY else -quantity], dtype=np.int64)
        return PlannedOrder(
            market=market,
            side=offer.side,
            quantity_units=quantity,
            price_limit=offer.price_limit,
            price_mid=offer.price_mid,
            price_buy_max=offer.price_buy_max,
            participant_ids=self.copies.account_ids[row : row + 1],
            wish_units=signed,
            quote_holds=costs_of(
                np.maximum(signed, 0), market.unit_price(offer.price_limit), float(self.rules.fee_rate)
            ),
            base_holds=np.maximum(-signed, 0),
            reasons=(),
            planned_fraction=1.0,
        )

    def _waiting(self, wishes: Wishes) -> BoolArray:
        """
        Return the copies (N,) that have something to trade where nothing can be traded this moment.

        A market that is closed to all, or to that account for a few seconds; an old price; a lead unseen.
        """
        copies, lead = self.copies, self.lead
        following = copies.has_status("STARTING", "ACTIVE")
        aligning = (copies.aligning & following)[:, None]
        concerned = (self.touched & following[:, None]) | (aligning & ((lead.units > 0)[None, :] | (copies.units > 0)))
        concerned |= copies.has_status("STOPPING")[:, None] & (copies.units > 0)
        concerned |= (copies.short & ~copies.has_status("STOPPING"))[:, None] & (copies.units > 0)
        shut = (~self.board.tradable | ~self.board.fresh) & ~self.board.frozen
        waits = (concerned & (shut[None, :] | self.closed)).any(axis=1)
        # A ratio needs every price in it, and a lead who is seen.
        is_valued = lead.is_seen and bool(self.board.fresh[lead.units > 0].all())
        unpriced = ((copies.units > 0) & ~self.board.fresh[None, :] & ~self.board.frozen[None, :]).any(axis=1)
        waits |= concerned.any(axis=1) & following & (unpriced | (not is_valued))
        return np.asarray(waits | (wishes.copies * self.closed).any(axis=1), dtype=np.bool_)

    def _adjustments(
        self, wishes: Wishes, units: IntArray, *, small: BoolArray, short: BoolArray, buys_now: BoolArray
    ) -> Iterator[Adjusted]:
        """Yield what is done otherwise than wished, where somebody waits for it and it is worth a sentence."""
        prices = np.nan_to_num(self.board.unit_prices)
        worth = VALUE_WORTH_TELLING * 10.0**self.rules.cash_decimals
        explained = wishes.explained
        usual = 1 - float(self.rules.fee_rate) - self.rules.slippage_cap
        lacking = (wishes.cash_factors < usual)[:, None] & (wishes.wanted > 0) & buys_now[:, None]
        capped = wishes.capped & (wishes.copies > 0) & buys_now[:, None]
        planned = np.abs(units).astype(np.float64)
        nothing = np.zeros(units.shape)
        wanted = np.abs(wishes.wanted).astype(np.float64)
        for reason, cells, asked, given in (
            (Reason.BELOW_VENUE_MINIMUM, small & explained, planned, nothing),
            (Reason.DEPTH_CAPPED, short & explained, planned, nothing),
            (Reason.CASH_SHORT, lacking & explained, wanted, planned),
            (Reason.CONCENTRATION_CAPPED, capped & explained, self._uncapped(wishes), planned),
        ):
            wanted_values, planned_values = asked * prices, given * prices
            rows, places = np.nonzero(cells & (np.abs(wanted_values - planned_values) >= worth))
            if len(rows):
                yield Adjusted(
                    reason=reason,
                    copy_ids=self.copies.ids[rows],
                    asset_ids=self.board.asset_ids[places],
                    wanted_values=wanted_values[rows, places],
                    planned_values=planned_values[rows, places],
                )

    def _uncapped(self, wishes: Wishes) -> FloatArray:
        """Return what copies (N, A) would buy if no cap of their own stood against it."""
        lead_value = np.nan_to_num(self.lead.equity(self.board))
        sizes = wishes.valuation.sizing / lead_value if lead_value else np.zeros(len(self.copies.ids))
        return np.abs(np.outer(sizes, self.lead.units) - self.copies.units)
