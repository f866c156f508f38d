"""
Which of a lead's open orders take part in a decision, and what they come to.

A market order takes part at once. A limit order takes part when the mark has reached its price and the book still
gives something for it, one a market at a time and after the market orders there, so that the bunched order can keep
to that one price. While a copy sells out of a market, limit orders wait: an exit goes as far as it must.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.portfolios import LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.engine.market.books import Book, Side
from copytrading.engine.rules import Rules

# Shares of a fill are rounded to whole units, so a participant may pay a unit or two more than was planned.
ROUNDING_SLACK_UNITS = 4


@dataclass(frozen=True, kw_only=True)
class OpenOrder:
    """One open order of a lead: what is left of it in units, of how many; `price_limit` None is at the market."""

    id: int
    place: int
    side: Side
    left_units: int
    quantity_units: int
    price_limit: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class LeadWish:
    """
    What a lead's orders ask for: signed `units` (A,) and how many buy `orders` (A,) that is, a filled part off.

    `limits` has the price of the limit order by place on the board, `order_ids` whose wish it is.
    """

    units: IntArray
    orders: FloatArray
    limits: dict[int, Decimal] = field(default_factory=dict)
    order_ids: dict[int, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def nothing(cls, board: Board) -> LeadWish:
        """Return the wish of a lead without orders."""
        return cls(units=np.zeros_like(board.asset_ids), orders=np.zeros(len(board.asset_ids)))

    def without(self, places: Iterable[int]) -> LeadWish:
        """Return the wish without some places."""
        left_out = list(places)
        units, orders = self.units.copy(), self.orders.copy()
        units[left_out], orders[left_out] = 0, 0.0
        return LeadWish(
            units=units,
            orders=orders,
            limits={place: price for place, price in self.limits.items() if place not in left_out},
            order_ids={place: ids for place, ids in self.order_ids.items() if place not in left_out},
        )


def is_reached(*, side: Side, price_limit: Decimal, price: Decimal | None) -> bool:
    """Return whether a price, of a mark or the best of a book, is as good as a limit order wants it."""
    if price is None:
        return False
    return price <= price_limit if side is Side.BUY else price >= price_limit


def join_orders(
    orders: Iterable[OpenOrder], *, board: Board, lead: LeadPortfolio, exits: BoolArray,
    books: Mapping[int, Book] | None, rules: Rules,
) -> LeadWish:  # fmt: skip
    """
    Return what a lead's open orders, oldest first in each market, ask for now, cut to what the lead has.

    :param exits: markets (A,) that a stopping copy has still to sell in.
    :param books: by place on the board, where they were asked: a limit order that none reaches does not take part.
    """
    wish = LeadWish.nothing(board)
    if lead.account_id is None:
        return wish
    units, counts = wish.units, wish.orders
    for place, group in groupby(sorted(orders, key=lambda order: order.place), key=lambda order: order.place):
        joining = _joining(list(group), mark=board.marks[place], is_exit=bool(exits[place]))
        if not joining or (books is not None and not _is_within(joining, books.get(place))):
            continue
        for order in joining:
            is_buy = order.side is Side.BUY
            units[place] += order.left_units if is_buy else -order.left_units
            counts[place] += order.left_units / order.quantity_units if is_buy else 0.0
            if order.price_limit is not None:
                wish.limits[place] = order.price_limit
        wish.order_ids[place] = tuple(order.id for order in joining)
    if not wish.order_ids:
        return wish
    np.maximum(units, lead.held_units - lead.units, out=units)
    costs = np.maximum(units, 0) * np.nan_to_num(board.unit_prices)
    costs *= (1 + rules.slippage_cap) * (1 + float(rules.fee_rate))
    cash = max(lead.cash_units - lead.cash_held_units - ROUNDING_SLACK_UNITS * len(board.asset_ids), 0)
    if (total := costs.sum()) > cash:
        units[units > 0] = np.floor(units[units > 0] * (cash / total)).astype(np.int64)
    return wish


def _joining(orders: list[OpenOrder], *, mark: Decimal | None, is_exit: bool) -> list[OpenOrder]:
    """Return which open orders of one market take part: all market orders, or else the one limit order that is due."""
    at_market = [order for order in orders if order.price_limit is None]
    if at_market or is_exit:
        return at_market
    reached = [
        (order, order.price_limit)
        for order in orders
        if order.price_limit is not None and is_reached(side=order.side, price_limit=order.price_limit, price=mark)
    ]
    if not reached:
        return []
    side = reached[0][0].side
    # The price that gives most is filled first; of two alike the older one.
    sign = -1 if side is Side.BUY else 1
    order, _ = min((pair for pair in reached if pair[0].side is side), key=lambda pair: sign * pair[1])
    return [order]


def _is_within(joining: list[OpenOrder], book: Book | None) -> bool:
    """Return whether the book of a market gives something within the limit of the order that takes part there."""
    for order in joining:
        if order.price_limit is None:
            continue
        best = None if book is None else book.best_for(order.side)
        if not is_reached(side=order.side, price_limit=order.price_limit, price=best):
            return False
    return True
