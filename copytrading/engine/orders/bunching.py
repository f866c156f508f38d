"""
From wishes to orders: at most one a market, priced within the book, with the holds that pay for it.

The book decides three things: how much may be taken (a share of what is visible within the cap), how far the limit
price must reach, and the mid at which opposite wishes meet when nothing is left to send.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import IntArray
from copytrading.engine.market.board import MarketTerms
from copytrading.engine.market.books import Book, Side, on_tick
from copytrading.engine.orders import netting
from copytrading.engine.rules import Rules
from copytrading.engine.units import coins


@dataclass(frozen=True, kw_only=True)
class Offer:
    """
    What a book offers to the side that a market nets to: how much, up to which price, around which mid.

    `price_buy_max` is the dearest that any participant who buys can come to pay, also one who buys from another
    participant while the market as a whole sells.
    """

    side: Side
    depth_units: int
    price_limit: Decimal
    price_mid: Decimal
    price_buy_max: Decimal


@dataclass(frozen=True, kw_only=True)
class PlannedOrder:
    """
    One market's order before it is written: its participants (P,), their wishes, and what is held of whom.

    `quote_holds` and `base_holds` are units (P,); zero where nothing is held.
    """

    market: MarketTerms
    side: Side
    quantity_units: int
    price_limit: Decimal
    price_mid: Decimal
    price_buy_max: Decimal
    participant_ids: IntArray
    wish_units: IntArray
    quote_holds: IntArray
    base_holds: IntArray
    reasons: tuple[Reason, ...]
    # Of what the heavier side wished, the share that this order can bring.
    planned_fraction: float


def offer_of(
    *,
    market: MarketTerms,
    book: Book,
    net_units: int,
    slippage_max: float,
    rules: Rules,
    price_limit: Decimal | None = None,
) -> Offer:
    """
    Return what the book offers for a net quantity (signed units) within the slippage cap around the mark.

    A buy's limit reaches just past the level that it needs: buys are sized by their limit, so each step further would
    leave that much cash idle. A sell's limit is the cap itself.

    :param price_limit: of a lead's limit order that takes part; nobody in the order pays more, or gets less.
    """
    side = Side.BUY if net_units > 0 else Side.SELL
    mark = market.mark
    lowest, highest = mark * (1 - Decimal(str(slippage_max))), mark * (1 + Decimal(str(slippage_max)))
    cap = highest if side is Side.BUY else lowest
    if price_limit is not None:
        cap = min(cap, price_limit) if side is Side.BUY else max(cap, price_limit)
    cap = on_tick(side=side, price=cap, tick_size=market.tick_size)
    levels = book.levels_within(side=side, price_limit=cap)
    depth = sum((level.quantity for level in levels), start=Decimal(0)) * Decimal(str(rules.depth_share))
    limit = cap
    if side is Side.BUY and levels:
        wanted, reached = coins(net_units, market.base_decimals), Decimal(0)
        for level in levels:
            limit = level.price
            reached += level.quantity
            if reached >= wanted:
                break
        cushion = limit * Decimal(str(rules.limit_cushion))
        limit = min(cap, on_tick(side=side, price=limit + max(cushion, Decimal(0)), tick_size=market.tick_size))
    # Who meets inside is bound by the cap like who sends: a wish is sized by it, so it must be payable here too.
    mid = min(max(book.mid or mark, lowest), highest)
    return Offer(
        side=side,
        depth_units=int(depth.scaleb(market.base_decimals)),
        price_limit=limit,
        price_mid=mid,
        price_buy_max=max(limit, mid) if side is Side.BUY else min(mid, mark) * (1 + Decimal(str(slippage_max))),
    )


def plan_order(
    *, market: MarketTerms, offer: Offer, participant_ids: IntArray, wish_units: IntArray, rules: Rules
) -> PlannedOrder:
    """
    Return the one order that these wishes (P,) come to; its quantity is 0 where nothing is left to send.

    :param offer: what the book offers on the side that the wishes net to.
    """
    largest = int(rules.order_value_max * 10**market.quote_decimals / market.unit_price(offer.price_limit))
    net = netting.net_market(
        wish_units=wish_units,
        lot_units=market.lot_units,
        depth_units=min(offer.depth_units, largest),
        unit_price=market.unit_price(min(offer.price_limit, offer.price_mid)),
        value_min_units=market.value_min_units,
    )
    heavier = max(int(wish_units[wish_units > 0].sum()), -int(wish_units[wish_units < 0].sum()))
    planned = net.crossed_units + net.quantity_units
    quote_holds = costs_of(np.maximum(wish_units, 0), market.unit_price(offer.price_buy_max), float(rules.fee_rate))
    return PlannedOrder(
        market=market,
        side=offer.side,
        quantity_units=net.quantity_units,
        price_limit=offer.price_limit,
        price_mid=offer.price_mid,
        price_buy_max=offer.price_buy_max,
        participant_ids=participant_ids,
        wish_units=wish_units,
        quote_holds=quote_holds,
        base_holds=np.maximum(-wish_units, 0),
        reasons=tuple(
            Reason.ORDER_SIZE_CAPPED if reason is Reason.DEPTH_CAPPED and largest < offer.depth_units else reason
            for reason in net.reasons
        ),
        planned_fraction=planned / heavier if heavier else 0.0,
    )


def costs_of(units: IntArray, unit_price: float, fee_rate: float) -> IntArray:
    """Return what units may cost at most, fee included, in quote units."""
    exact = units * unit_price * (1 + fee_rate)
    return np.where(units > 0, np.ceil(exact) + 2, 0).astype(np.int64)
