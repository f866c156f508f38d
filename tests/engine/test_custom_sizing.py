"""Custom copy: order by order, fixed or by ratio, within the follower's own limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from copytrading.engine import custom_sizing
from copytrading.engine.custom_sizing import CustomWishes

NAN = np.nan
COPIES, ASSETS = 4, 3


def size(
    *, lead_wish: list[int], lead_held: list[int], prices: list[float], held: list[list[int]] | None = None, **terms
) -> CustomWishes:
    copies = len(held) if held else 1
    values = {
        "fixed_values": np.full(copies, NAN),
        "ratios": np.full(copies, NAN),
        "order_values_max": np.full(copies, NAN),
        "total_values_max": np.full(copies, NAN),
        "chosen": np.ones((copies, len(prices)), dtype=bool),
    }
    return custom_sizing.size_wishes(
        lead_wish_units=np.array(lead_wish),
        lead_held_units=np.array(lead_held),
        unit_prices=np.array(prices),
        held_units=np.array(held or [[0] * len(prices)]),
        **values | {name: np.array(value) for name, value in terms.items()},
    )


class TestSizeWishes:
    def test_buys_for_the_fixed_value_whatever_the_lead_pays(self):
        wishes = size(lead_wish=[500, 0], lead_held=[0, 0], prices=[10.0, 1.0], fixed_values=[200.0])

        assert wishes.wish_units.tolist() == [[20, 0]]

    def test_buys_for_a_ratio_of_the_leads_value(self):
        wishes = size(lead_wish=[500], lead_held=[0], prices=[10.0], ratios=[0.1])

        assert wishes.wish_units.tolist() == [[50]]

    def test_sells_the_leads_fraction_of_the_own_holding(self):
        wishes = size(lead_wish=[-30], lead_held=[120], prices=[10.0], held=[[8], [3]], ratios=[0.1, 0.1])

        assert wishes.wish_units.tolist() == [[-2], [0]]

    def test_sells_to_the_last_unit_when_the_lead_sells_all(self):
        held = 2**53 + 1
        wishes = size(lead_wish=[-7], lead_held=[7], prices=[10.0], held=[[held]], fixed_values=[5.0])

        assert wishes.wish_units.tolist() == [[-held]]

    def test_cuts_an_order_to_its_maximum(self):
        wishes = size(lead_wish=[500], lead_held=[0], prices=[10.0], ratios=[0.1], order_values_max=[300.0])

        assert wishes.wish_units.tolist() == [[30]]
        assert wishes.order_max_capped.tolist() == [[True]]

    def test_shrinks_all_buys_to_what_is_left_of_the_total(self):
        wishes = size(
            lead_wish=[5, 5, -1],
            lead_held=[0, 0, 1],
            prices=[1.0, 1.0, 1.0],
            held=[[100, 0, 500]],
            fixed_values=[100.0],
            total_values_max=[200.0],
        )

        # Its own sell of 500 frees the room that the two buys share.
        assert wishes.wish_units.tolist() == [[50, 50, -500]]
        assert wishes.total_max_capped.tolist() == [[True, True, False]]

    def test_buys_nothing_that_was_not_chosen_but_sells_it(self):
        terms = {"lead_held": [10], "prices": [1.0], "held": [[6]], "ratios": [1.0], "chosen": [[False]]}

        assert size(lead_wish=[10], **terms).wish_units.tolist() == [[0]]
        assert size(lead_wish=[10], **terms).market_not_chosen.tolist() == [[True]]
        assert size(lead_wish=[-5], **terms).wish_units.tolist() == [[-3]]

    def test_buys_nothing_without_a_price(self):
        assert size(lead_wish=[10], lead_held=[0], prices=[NAN], fixed_values=[10.0]).wish_units.tolist() == [[0]]

    def test_refuses_a_copy_with_two_ways_to_size(self):
        with pytest.raises(AssertionError, match="fixed value or by a ratio"):
            size(lead_wish=[1], lead_held=[0], prices=[1.0], fixed_values=[1.0], ratios=[1.0])

    @given(
        lead_wish=arrays.arrays(np.int64, ASSETS, elements=st.integers(-(10**12), 10**12)),
        lead_held=arrays.arrays(np.int64, ASSETS, elements=st.integers(0, 10**12)),
        prices=arrays.arrays(np.float64, ASSETS, elements=st.sampled_from([1e-4, 0.37, 1.0, 61_837.63])),
        held=arrays.arrays(np.int64, (COPIES, ASSETS), elements=st.integers(0, 10**12)),
        by_ratio=arrays.arrays(np.bool_, COPIES),
        order_max=arrays.arrays(np.float64, COPIES, elements=st.sampled_from([NAN, 1e3, 1e9])),
        total_max=arrays.arrays(np.float64, COPIES, elements=st.sampled_from([NAN, 1e3, 1e12])),
        chosen=arrays.arrays(np.bool_, (COPIES, ASSETS)),
    )
    def test_never_passes_a_limit_nor_sells_what_is_not_held(
        self, lead_wish, lead_held, prices, held, by_ratio, order_max, total_max, chosen
    ):
        wishes = custom_sizing.size_wishes(
            lead_wish_units=lead_wish,
            lead_held_units=lead_held,
            unit_prices=prices,
            held_units=held,
            fixed_values=np.where(by_ratio, NAN, 1e6),
            ratios=np.where(by_ratio, 0.25, NAN),
            order_values_max=order_max,
            total_values_max=total_max,
            chosen=chosen,
        )

        bought, sold = np.maximum(wishes.wish_units, 0), np.maximum(-wishes.wish_units, 0)
        assert (sold <= held).all()
        assert (sold[:, lead_wish >= 0] == 0).all()
        assert (bought[:, lead_wish <= 0] == 0).all()
        assert (bought[~chosen] == 0).all()
        assert not (bought * prices > order_max[:, None] * (1 + 1e-12)).any()
        in_coins = (held - sold) @ prices
        room = np.maximum(total_max - in_coins, 0)
        assert not ((bought * prices).sum(axis=1) > room * (1 + 1e-9)).any()
        assert (wishes.market_not_chosen <= ~chosen).all()
