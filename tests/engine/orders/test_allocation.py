from __future__ import annotations

from fractions import Fraction
from math import ulp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copytrading.engine.orders import allocation
from copytrading.engine.orders.allocation import allocate_units, settle_market

SHARES = st.lists(st.integers(0, 2**62 - 1), min_size=1, max_size=12)


def allocate(total, shares, rotation=0):
    return allocate_units(total=total, shares=np.array(shares, dtype=np.int64), rotation=rotation).tolist()


class TestAllocateUnits:
    def test_gives_each_its_exact_share_when_it_divides(self):
        assert allocate(100, [1, 3, 6]) == [10, 30, 60]

    def test_gives_the_unit_left_over_to_the_largest_remainder(self):
        assert allocate(10, [10, 56, 34]) == [1, 6, 3]

    def test_rotates_ties_instead_of_serving_the_first(self):
        assert [allocate(1, [5, 5, 5], rotation) for rotation in (0, 1, 2, 3)] == [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
            [1, 0, 0],
        ]

    def test_divides_among_shares_that_pass_64_bits_together(self):
        huge = 2**62 - 1
        part = (2**62 - 4) // 5

        assert allocate(10, [huge] * 3, rotation=1) == [3, 4, 3]
        assert allocate(huge, [huge] * 5) == [part + 1, part + 1, part + 1, part, part]

    def test_gives_nothing_to_who_has_no_share(self):
        assert allocate(7, [0, 3, 0], rotation=2) == [0, 7, 0]

    def test_divides_nothing_among_nobody(self):
        assert allocate(0, []) == []

    def test_refuses_a_total_with_nobody_to_go_to(self):
        with pytest.raises(AssertionError, match="somebody"):
            allocate(1, [0, 0])

    @settings(max_examples=400)
    @given(total=st.integers(0, 2**62 - 1), shares=SHARES, rotation=st.integers(0, 2**40))
    def test_sums_exactly_and_stays_within_one_unit_of_exact(self, total, shares, rotation):
        if sum(shares) == 0:
            shares = [*shares, 1]

        parts = allocate(total, shares, rotation)

        assert sum(parts) == total
        for part, share in zip(parts, shares, strict=True):
            assert abs(part - Fraction(total * share, sum(shares))) < 1

    @given(
        total=st.integers(0, 2**61),
        shares=st.lists(st.integers(0, 2**58), min_size=1, max_size=8).filter(any),
        rotation=st.integers(0, 20),
    )
    def test_divides_alike_with_and_without_a_wide_long_double(self, total, shares, rotation):
        quick = allocate(total, shares, rotation)
        quotients, remainders = allocation._divide_one_by_one(
            total=total, shares=np.array(shares, dtype=np.int64), divisor=sum(shares)
        )

        served = sorted(range(len(shares)), key=lambda i: (-remainders[i], (i - rotation) % len(shares)))
        parts = quotients.tolist()
        for index in served[: total - sum(parts)]:
            parts[index] += 1
        assert quick == parts

    @given(shares=st.lists(st.integers(0, 2**58), min_size=1, max_size=8).filter(any), portion=st.fractions(0, 1))
    def test_gives_nobody_more_than_its_share_while_there_is_enough(self, shares, portion):
        parts = allocate(int(sum(shares) * portion), shares)

        assert all(part <= share for part, share in zip(parts, shares, strict=True))


def settle(wishes, *, filled, value, fee=0, kept=0, mid=10.0, rotation=0):
    return settle_market(
        wish_units=np.array(wishes, dtype=np.int64),
        filled_units=filled,
        value_units=value,
        fee_units=fee,
        fee_base_units=kept,
        cross_unit_price=mid,
        rotation=rotation,
    )


class TestSettleMarket:
    def test_gives_sellers_all_and_shares_the_rest_among_buyers(self):
        settlement = settle([60, 40, -20], filled=40, value=400, fee=4)

        assert settlement.quantity_units.tolist() == [36, 24, -20]
        assert settlement.value_units.tolist() == [-360, -240, 200]
        assert settlement.fee_units.tolist() == [2, 1, 1]

    def test_mirrors_itself_for_a_net_sell(self):
        settlement = settle([-60, -40, 20], filled=40, value=400, fee=4)

        assert settlement.quantity_units.tolist() == [-36, -24, 20]
        assert settlement.value_units.tolist() == [360, 240, -200]

    def test_meets_at_the_mid_when_nothing_was_filled(self):
        settlement = settle([30, -20], filled=0, value=0, mid=7.5)

        assert settlement.quantity_units.tolist() == [20, -20]
        assert settlement.value_units.tolist() == [-150, 150]

    @pytest.mark.parametrize(("value", "paid"), [(7, 23), (8, 27), (10, 33), (11, 37)])
    def test_values_what_met_inside_at_the_nearest_unit_which_favours_nobody(self, value, paid):
        # Ten met inside, three were filled for the value: 3⅓ times it, to the nearest unit, is paid and received.
        settlement = settle([13, -10], filled=3, value=value)

        assert settlement.value_units.tolist() == [-(paid + value), paid]

    def test_rounds_a_half_of_what_met_inside_upwards(self):
        # One met inside at half of what two were filled for: 2½ units.
        settlement = settle([3, -1], filled=2, value=5)

        assert settlement.value_units.tolist() == [-8, 3]

    def test_trades_nothing_when_nothing_met_and_nothing_was_filled(self):
        settlement = settle([30, 10], filled=0, value=0)

        assert not settlement.quantity_units.any()
        assert not settlement.value_units.any()

    def test_shares_a_fee_by_quantity_when_the_value_rounds_to_nothing(self):
        settlement = settle([3, 1], filled=4, value=0, fee=4)

        assert settlement.fee_units.tolist() == [3, 1]

    def test_takes_coins_that_the_venue_kept_from_those_who_buy(self):
        settlement = settle([60, 40, -20], filled=40, value=400, kept=5)

        assert settlement.quantity_units.tolist() == [36, 24, -20]
        assert settlement.fee_base_units.tolist() == [3, 2, 0]
        assert settlement.received_units.tolist() == [33, 22, -20]
        assert sum(settlement.received_units.tolist()) == 40 - 5

    def test_refuses_a_fill_beyond_the_net_order(self):
        with pytest.raises(AssertionError, match="no more than the net order"):
            settle([30, -20], filled=11, value=110)

    @settings(max_examples=300)
    @given(
        wishes=st.lists(st.integers(-(2**45), 2**45), min_size=1, max_size=10),
        portion=st.fractions(0, 1),
        price=st.floats(1e-3, 1e3),
        fee_rate=st.floats(0, 0.01),
        rotation=st.integers(0, 1000),
    )
    def test_books_the_fill_to_the_last_unit_at_one_price(self, wishes, portion, price, fee_rate, rotation):
        filled = int(abs(sum(wishes)) * portion)
        value = int(filled * price)
        fee = int(value * fee_rate)

        settlement = settle(wishes, filled=filled, value=value, fee=fee, mid=price, rotation=rotation)

        side = 1 if sum(wishes) >= 0 else -1
        assert sum(settlement.quantity_units.tolist()) == side * filled
        assert sum(settlement.value_units.tolist()) == -side * value
        assert sum(settlement.fee_units.tolist()) == fee
        assert (settlement.fee_units >= 0).all()
        average = Fraction(value, filled) if filled else Fraction(price)
        # Where nothing was filled the price is a float, and so is what met inside at it: exact below 2**53 units.
        crossed_value = int(np.maximum(settlement.value_units, 0).sum())
        slack = 0.0 if filled else ulp(float(crossed_value)) / 2
        for wish, quantity, worth in zip(
            wishes, settlement.quantity_units.tolist(), settlement.value_units.tolist(), strict=True
        ):
            assert 0 <= quantity * (1 if wish >= 0 else -1) <= abs(wish)
            # The crossed value is rounded to a unit before it is shared, and each share to a unit again.
            assert abs(worth + quantity * average) < 2 + slack
