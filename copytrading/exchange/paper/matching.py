"""
The book of a paper market and what an order gets from it. Pure.

Around the price lie `level_count` levels a side. The best ones are half the
spread away, each further one a gap more, and each offers more than the one
before, as real books do:

    bids                                price                                asks
    ... -spread/2 - gap, -spread/2  <-----+----->  +spread/2, +spread/2 + gap ...
              value·(1 + ½)   value                     value   value·(1 + ½)

What was taken since the price came is missing, best levels first. With
`level_count` zero the book has one level a side, at the price itself, that
does not end: for replays, where every order fills at the recorded price.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_UP, Decimal

from copytrading.exchange.markets import Book, Level
from copytrading.exchange.orders import Side
from copytrading.exchange.paper.models import PaperMarket

# An "endless" level must still fit a bigint column at 8 decimals: 5e10 coins are 5e18 units.
ENDLESS_QUANTITY = Decimal("5E10")

# Each level offers this much more, in parts of the best level's value.
LEVEL_GROWTH = Decimal("0.5")

# Values and fees are paid in whole units of a quote currency with 8 decimals.
QUOTE_UNIT = Decimal("0.00000001")


@dataclass(frozen=True, kw_only=True)
class Match:
    """What an order got at one level; value and fee in quote currency."""

    price: Decimal
    quantity: Decimal
    value: Decimal
    fee: Decimal


def book_of(market: PaperMarket) -> Book:
    """Return the book as it stands now; empty before the first price."""
    return Book(
        symbol=market.symbol,
        bids=tuple(_remaining(market, side=Side.SELL)),
        asks=tuple(_remaining(market, side=Side.BUY)),
        as_of=market.priced_at,
    )


def matches_of(market: PaperMarket, *, side: Side, quantity: Decimal, price_limit: Decimal) -> list[Match]:
    """Return what an order of this side and quantity gets within its limit, level by level, best first."""
    matches = []
    wanted = quantity
    for level in book_of(market).levels_within(side=side, price_limit=price_limit):
        matched = min(wanted, level.quantity)
        value = (matched * level.price).quantize(QUOTE_UNIT, rounding=ROUND_HALF_EVEN)
        fee = (value * market.fee_rate).quantize(QUOTE_UNIT, rounding=ROUND_UP)
        matches.append(Match(price=level.price, quantity=matched, value=value, fee=fee))
        wanted -= matched
        if not wanted:
            break
    return matches


def _remaining(market: PaperMarket, *, side: Side) -> Iterator[Level]:
    """Yield the levels that an order of this side meets, without what was taken already."""
    taken = market.taken_ask_quantity if side is Side.BUY else market.taken_bid_quantity
    for level in _fresh(market, side=side):
        missing = min(taken, level.quantity)
        taken -= missing
        if level.quantity > missing:
            yield Level(price=level.price, quantity=level.quantity - missing)


def _fresh(market: PaperMarket, *, side: Side) -> Iterator[Level]:
    """Yield the levels as they are when a price has just come."""
    if market.price is None:
        return
    if market.level_count == 0:
        # What was taken must not shorten an endless level.
        taken = market.taken_ask_quantity if side is Side.BUY else market.taken_bid_quantity
        yield Level(price=market.price, quantity=ENDLESS_QUANTITY + taken)
        return
    away = 1 if side is Side.BUY else -1
    rounding = ROUND_CEILING if side is Side.BUY else ROUND_FLOOR
    before = None
    for place in range(market.level_count):
        distance = market.spread_rate / 2 + place * market.level_gap_rate
        price = market.price * (1 + away * distance)
        price = (price / market.tick_size).to_integral_value(rounding=rounding) * market.tick_size
        # Where ticks are coarse two levels would fall on one price; move the worse one a tick out.
        if before is not None and (price - before) * away <= 0:
            price = before + away * market.tick_size
        if price <= 0:
            return
        before = price
        value = market.level_value * (1 + place * LEVEL_GROWTH)
        lots = (value / price / market.lot_size).to_integral_value(rounding=ROUND_DOWN)
        if lots:
            yield Level(price=price, quantity=lots * market.lot_size)
