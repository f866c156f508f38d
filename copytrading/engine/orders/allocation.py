"""
One fill, shared to the last unit.

A market's participants wished signed quantities; the venue filled some of their net, for a value
and a fee. A settlement gives each participant its exact share of all three. Everybody trades
at one average price, whether met inside or at the venue:

    wishes    +60  +40  −20     net +80, the venue filled 40 for 400, fee 4
    crossed   20 at the same price of 10
    quantity  +36  +24  −20     Σ = +40
    value    −360 −240 +200     Σ = −400
    fee         2    1    1     Σ = 4        (by value, remainders to the largest)

Shares are whole units by *largest remainder*: round all down, then give the units
left over to those whose remainders are largest. Ties rotate, so that no one is always first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import IntArray

# Below this the quotient fits a long double's mantissa and the remainder fits int64.
EXACT_MAX = 2**62
LONG_DOUBLE_IS_WIDE = np.finfo(np.longdouble).nmant >= 63


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """
    Each participant's share of one market's trade, all (P,).

    Positive quantity was bought; negative value was paid; the fee is paid besides. A fee that the venue keeps of the
    coins themselves is taken from what the buyers receive.
    """

    quantity_units: IntArray
    value_units: IntArray
    fee_units: IntArray
    fee_base_units: IntArray

    @property
    def received_units(self) -> IntArray:
        """Return the coins that each participant has more or less afterwards (P,)."""
        return self.quantity_units - self.fee_base_units


def allocate_units(*, total: int, shares: IntArray, rotation: int) -> IntArray:
    """
    Return `total` divided in proportion to `shares` (P,), by largest remainder in whole units.

    The parts sum to the total, each is within one unit of its exact share, and a part never
    exceeds its share while the total does not exceed their sum. Equal remainders are served from position
    `rotation` on.
    """
    assert total >= 0, "a total is shared by size; its sign is the caller's"
    assert (shares >= 0).all(), "a share is a size"
    sum_of_shares = _exact_sum(shares)
    if total == 0:
        return np.zeros_like(shares)
    assert sum_of_shares > 0, "a total needs somebody to go to"

    parts, remainders = _divide(total=total, shares=shares, divisor=sum_of_shares)
    left_over = total - _exact_sum(parts)
    if left_over > 0:
        turn = (np.arange(len(shares)) - rotation) % len(shares)
        first_served = np.lexsort((turn, -remainders))[:left_over]
        parts[first_served] += 1
    return parts


def settle_market(
    *,
    wish_units: IntArray,
    filled_units: int,
    value_units: int,
    fee_units: int,
    cross_unit_price: float,
    rotation: int,
    fee_base_units: int = 0,
) -> Settlement:
    """
    Return each participant's exact share of a market's crossed wishes and of the net order's fill.

    The lighter side gets all it wished; the heavier side shares what crossed plus what the venue
    filled, pro rata to its wishes. The crossed part is valued at the fill's average price, or at
    `cross_unit_price` when the venue filled nothing. A fee in coins is shared by those who buy, by quantity.
    """
    bought = np.maximum(wish_units, 0)
    sold = np.maximum(-wish_units, 0)
    buy_total, sell_total = _exact_sum(bought), _exact_sum(sold)
    crossed = min(buy_total, sell_total)
    assert 0 <= filled_units <= abs(buy_total - sell_total), "a venue fills no more than the net order"
    assert filled_units > 0 or (value_units == 0 and fee_units == 0), "no fill has no value and no fee"

    if buy_total >= sell_total:
        bought = allocate_units(total=crossed + filled_units, shares=bought, rotation=rotation)
    else:
        sold = allocate_units(total=crossed + filled_units, shares=sold, rotation=rotation)

    crossed_value = _crossed_value(
        crossed=crossed, filled=filled_units, value=value_units, cross_unit_price=cross_unit_price
    )
    paid_total, received_total = crossed_value, crossed_value
    if buy_total >= sell_total:
        paid_total += value_units
    else:
        received_total += value_units
    paid = allocate_units(total=paid_total, shares=bought, rotation=rotation)
    received = allocate_units(total=received_total, shares=sold, rotation=rotation)

    traded_value = paid + received
    # A fill so small that its value rounds to nothing still shares its fee, by quantity.
    fee_shares = traded_value if traded_value.any() else bought + sold
    fees = allocate_units(total=fee_units, shares=fee_shares, rotation=rotation)
    assert fee_base_units == 0 or bought.any(), "a venue keeps coins of a purchase only"
    base_fees = allocate_units(total=fee_base_units, shares=bought, rotation=rotation)
    return Settlement(
        quantity_units=bought - sold, value_units=received - paid, fee_units=fees, fee_base_units=base_fees
    )


def _crossed_value(*, crossed: int, filled: int, value: int, cross_unit_price: float) -> int:
    """Return the value of what met inside, rounded to the nearest unit."""
    if crossed == 0:
        return 0
    if filled > 0:
        return (2 * crossed * value + filled) // (2 * filled)
    assert cross_unit_price > 0, "wishes that meet inside need a price to meet at"
    return round(crossed * cross_unit_price)


def _exact_sum(values: IntArray) -> int:
    """Return the sum as a Python integer, also where it passes 2**63."""
    # Halves of 32 bits cannot overflow for fewer than 2**31 rows.
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def _divide(*, total: int, shares: IntArray, divisor: int) -> tuple[IntArray, IntArray]:
    """
    Return quotients and remainders of `total · shares / divisor`, exactly.

    The products pass 64 bits. A long double's 64-bit mantissa finds each quotient to within one;
    the remainder then is small, so computing it modulo 2**64 loses nothing, and its sign corrects the quotient.
    """
    if not LONG_DOUBLE_IS_WIDE or divisor >= EXACT_MAX or total >= EXACT_MAX:
        return _divide_one_by_one(total=total, shares=shares, divisor=divisor)
    quotients = np.floor(shares.astype(np.longdouble) * np.longdouble(total) / np.longdouble(divisor)).astype(np.int64)
    # Unsigned arithmetic wraps by definition; reading the result as signed gives it its sign back.
    products = shares.astype(np.uint64) * np.uint64(total)
    remainders = (products - quotients.astype(np.uint64) * np.uint64(divisor)).view(np.int64)
    too_low, too_high = remainders >= divisor, remainders < 0
    quotients += too_low.astype(np.int64) - too_high.astype(np.int64)
    remainders += divisor * (too_high.astype(np.int64) - too_low.astype(np.int64))
    assert ((remainders >= 0) & (remainders < divisor)).all(), "one correction reaches the exact quotient"
    return quotients, remainders


def _divide_one_by_one(*, total: int, shares: IntArray, divisor: int) -> tuple[IntArray, IntArray]:
    """Return the same in Python integers: slower, for sums past 2**62 and machines without a wide long double."""
    results = [divmod(total * int(share), divisor) for share in shares]
    quotients = np.array([quotient for quotient, _ in results], dtype=np.int64)
    exact_remainders = [remainder for _, remainder in results]
    # Only their order matters, and it must fit int64: rank them, equal ones alike.
    ranks = {remainder: rank for rank, remainder in enumerate(sorted(set(exact_remainders)))}
    return quotients, np.array([ranks[remainder] for remainder in exact_remainders], dtype=np.int64)
