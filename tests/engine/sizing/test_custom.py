"""Custom copy: order by order, fixed or by ratio, within the follower's own limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.engine.holdings.terms import CopyTerms
from copytrading.engine.sizing import custom
from copytrading.engine.sizing.mode import Ordered

NAN = np.nan
COPIES, ASSETS = 4, 3


@dataclass
class Wishes:
    """What copies trade (N, A), and which of their buys were cut."""

    wish_units: IntArray
    order_max_capped: BoolArray
    total_max_capped: BoolArray
    market_not_chosen: BoolArray


def answer_to(
    *, lead_wish: IntArray, lead_held: IntArray, prices: FloatArray, held: IntArray, terms: CopyTerms
) -> Wishes:
    """Return what copies trade when a lead who holds `lead_held` orders `lead_wish`, both (A,) in signed units."""
    bought, sold = np.maximum(lead_wish, 0), np.minimum(np.maximum(-lead_wish, 0), lead_held)
    ordered = Ordered(
        bought_values=bought * np.nan_to_num(prices),
        orders=np.ones(len(prices)),
        sold_fractions=np.divide(sold, lead_held, out=np.zeros(len(prices)), where=sold > 0),
    )
    answered = custom.answer(ordered, held_units=held, unit_prices=prices, terms=terms)
    return Wishes(
        wish_units=answered.held_units - held,
        order_max_capped=answered.buys.order_max_capped,
        total_max_capped=answered.buys.total_max_capped,
        market_not_chosen=answered.buys.market_not_chosen,
    )


def size(
    *, lead_wish: list[int], lead_held: list[int], prices: list[float], held: list[list[int]] | None = None, **terms
) -> Wishes:
    copies = len(held) if held else 1
    columns = {
        "modes": np.ones(copies, dtype=np.int64),
        "weight_max": np.full(copies, NAN),
        "order_values": np.full(copies, NAN),
        "order_ratios": np.full(copies, NAN),
        "order_values_max": np.full(copies, NAN),
        "total_values_max": np.full(copies, NAN),
        "chosen": np.ones((copies, len(prices)), dtype=bool),
    }
    return answer_to(
        lead_wish=np.array(lead_wish),
        lead_held=np.array(lead_held),
        prices=np.array(prices),
        held=np.array(held or [[0] * len(prices)]),
        terms=CopyTerms(**columns | {name: np.array(value) for name, value in terms.items()}),
    )


class TestAnswer:
    def test_buys_for_the_fixed_value_whatever_the_lead_pays(self):
        wishes = size(lead_wish=[500, 0], lead_held=[0, 0], prices=[10.0, 1.0], order_values=[200.0])

        assert wishes.wish_units.tolist() == [[20, 0]]

    def test_buys_coins_of_which_one_unit_is_worth_next_to_nothing(self):
        wishes = size(lead_wish=[500, 500], lead_held=[0, 0], prices=[0.5, 1e-6], order_values=[2.0])

        assert wishes.wish_units.tolist() == [[4, 2_000_000]]

    def test_buys_for_a_ratio_of_the_leads_value(self):
        wishes = size(lead_wish=[500], lead_held=[0], prices=[10.0], order_ratios=[0.1])

        assert wishes.wish_units.tolist() == [[50]]

    def test_sells_the_leads_fraction_of_the_own_holding(self):
        wishes = size(lead_wish=[-30], lead_held=[120], prices=[10.0], held=[[8], [3]], order_ratios=[0.1, 0.1])

        assert wishes.wish_units.tolist() == [[-2], [0]]

    def test_sells_to_the_last_unit_when_the_lead_sells_all(self):
        held = 2**53 + 1
        wishes = size(lead_wish=[-7], lead_held=[7], prices=[10.0], held=[[held]], order_values=[5.0])

        assert wishes.wish_units.tolist() == [[-held]]

    def test_cuts_an_order_to_its_maximum(self):
        wishes = size(lead_wish=[500], lead_held=[0], prices=[10.0], order_ratios=[0.1], order_values_max=[300.0])

        assert wishes.wish_units.tolist() == [[30]]
        assert wishes.order_max_capped.tolist() == [[True]]

    def test_shrinks_all_buys_to_what_is_left_of_the_total(self):
        wishes = size(
            lead_wish=[5, 5, -1],
            lead_held=[0, 0, 1],
            prices=[1.0, 1.0, 1.0],
            held=[[100, 0, 500]],
            order_values=[100.0],
            total_values_max=[200.0],
        )

        # Its own sell of 500 frees the room that the two buys share.
        assert wishes.wish_units.tolist() == [[50, 50, -500]]
        assert wishes.total_max_capped.tolist() == [[True, True, False]]

    def test_buys_nothing_that_was_not_chosen_but_sells_it(self):
        terms = {"lead_held": [10], "prices": [1.0], "held": [[6]], "order_ratios": [1.0], "chosen": [[False]]}

        assert size(lead_wish=[10], **terms).wish_units.tolist() == [[0]]
        assert size(lead_wish=[10], **terms).market_not_chosen.tolist() == [[True]]
        assert size(lead_wish=[-5], **terms).wish_units.tolist() == [[-3]]

    def test_buys_nothing_without_a_price(self):
        assert size(lead_wish=[10], lead_held=[0], prices=[NAN], order_values=[10.0]).wish_units.tolist() == [[0]]

    def test_gives_a_coin_without_a_price_no_part_of_the_total(self):
        wishes = size(
            lead_wish=[10, 10], lead_held=[0, 0], prices=[NAN, 1.0], order_values=[100.0], total_values_max=[100.0]
        )

        assert wishes.wish_units.tolist() == [[0, 100]]
        assert not wishes.total_max_capped.any()

    def test_refuses_a_copy_with_two_ways_to_size(self):
        with pytest.raises(AssertionError, match="fixed value or by a ratio"):
            size(lead_wish=[1], lead_held=[0], prices=[1.0], order_values=[1.0], order_ratios=[1.0])

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
        wishes = answer_to(
            lead_wish=lead_wish,
            lead_held=lead_held,
            prices=prices,
            held=held,
            terms=CopyTerms(
                modes=np.where(by_ratio, 2, 1),
                weight_max=np.full(COPIES, NAN),
                order_values=np.where(by_ratio, NAN, 1e6),
                order_ratios=np.where(by_ratio, 0.25, NAN),
                order_values_max=order_max,
                total_values_max=total_max,
                chosen=chosen,
            ),
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
