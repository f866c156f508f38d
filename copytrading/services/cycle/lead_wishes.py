"""
Which of a lead's open orders take part in a decision, and what they come to.

A market order takes part at once. A limit order takes part when the mark has reached its price, one a market at a
time and after the market orders there, so that the bunched order can keep to that one price. While a copy sells out
of a market, limit orders wait: an exit goes as far as it must.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import groupby

import numpy as np
from django.conf import settings

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.units import unit_price
from copytrading.exchange.markets import Book
from copytrading.models import Lead, LeadOrder
from copytrading.queries.holdings import LeadPortfolio
from copytrading.queries.market import Board


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

    def without(self, places: Iterable[int]) -> "LeadWish":
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


def load_lead_wish(
    lead: Lead, *, board: Board, portfolio: LeadPortfolio, exits: BoolArray, cost_factor: float, slack: int,
    now: datetime,
) -> LeadWish:  # fmt: skip
    """
    Return what the lead's open orders ask for now, cut to what the lead has.

    :param exits: markets (A,) that a stopping copy has still to sell in.
    :param cost_factor: what a buy may cost at most, as a multiple of its value at the mark.
    :param slack: cash units to leave.
    """
    units, orders = np.zeros_like(board.asset_ids), np.zeros(len(board.asset_ids))
    wish = LeadWish(units=units, orders=orders)
    if portfolio.account_id is None:
        return wish
    waiting = LeadOrder.objects.filter(lead=lead, status=LeadOrder.Status.SUBMITTED, expires_at__gt=now)
    for market_id, group in groupby(waiting.order_by("market_id", "pk"), key=lambda order: order.market_id):
        place = int(np.flatnonzero(board.market_ids == market_id)[0])
        joining = _joining(list(group), board, place, is_exit=bool(exits[place]))
        for order in joining:
            left = order.quantity_units - order.filled_units
            units[place] += left if order.side == LeadOrder.Side.BUY else -left
            orders[place] += left / order.quantity_units if order.side == LeadOrder.Side.BUY else 0.0
            if order.price_limit is not None:
                wish.limits[place] = order.price_limit
        wish.order_ids[place] = tuple(order.pk for order in joining)
    np.maximum(units, portfolio.held_units - portfolio.units, out=units)
    costs = np.maximum(units, 0) * np.nan_to_num(board.unit_prices) * cost_factor
    cash = max(portfolio.cash_units - portfolio.cash_held_units - slack, 0)
    if (total := costs.sum()) > cash:
        factor = cash / total
        units[units > 0] = np.floor(units[units > 0] * factor).astype(np.int64)
    return wish


def reaches(book: Book, *, is_buy: bool, price_limit: Decimal) -> bool:
    """Return whether a book has anything to give within a limit price."""
    if is_buy:
        return bool(book.asks) and book.asks[0].price <= price_limit
    return bool(book.bids) and book.bids[0].price >= price_limit


def _joining(orders: list[LeadOrder], board: Board, place: int, *, is_exit: bool) -> list[LeadOrder]:
    """Return which open orders of one market take part: all market orders, or else the one limit order that is due."""
    at_market = [order for order in orders if order.price_limit is None]
    if at_market or is_exit:
        return at_market
    reached = [(order, order.price_limit) for order in orders if order.price_limit and _is_reached(order, board, place)]
    if not reached:
        return []
    side = reached[0][0].side
    # The price that gives most is filled first; of two alike the older one.
    sign = -1 if side == LeadOrder.Side.BUY else 1
    order, _ = min((pair for pair in reached if pair[0].side == side), key=lambda pair: sign * pair[1])
    return [order]


def _is_reached(order: LeadOrder, board: Board, place: int) -> bool:
    assert order.price_limit is not None, "only a limit order waits for a price"
    limit = unit_price(
        order.price_limit,
        base_decimals=int(board.decimals[place]),
        quote_decimals=settings.SMARTSYNC_CASH_DECIMALS,
    )
    mark = board.unit_prices[place]
    return bool(mark <= limit if order.side == LeadOrder.Side.BUY else mark >= limit)
