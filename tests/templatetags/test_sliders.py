"""Amounts to slide along: all of them can be invested, and none is far from the one before."""

import json
from itertools import pairwise

import pytest

from copytrading.templatetags.sliders import amount_slider, amounts_up_to
from tests.cast import usdt

pytestmark = pytest.mark.django_db


class TestAmounts:
    def test_go_from_the_least_investment_to_the_most(self):
        amounts = amounts_up_to(usdt(10_000))

        assert (amounts[0], amounts[-1]) == (usdt(100), usdt(10_000))
        assert usdt(1_000) in amounts and usdt(1_500) in amounts
        assert all(1 < after / before <= 1.5 for before, after in pairwise(amounts))

    def test_end_with_all_that_somebody_has_in_whole_units(self):
        amounts = amounts_up_to(usdt("4320.55"))

        assert amounts[-2:] == [usdt(4_000), usdt(4_320)]

    def test_are_the_least_alone_for_somebody_who_has_less(self):
        assert amounts_up_to(usdt(7)) == [usdt(100)]


class TestSlider:
    def test_stands_at_the_amount_or_just_below(self):
        slider = amount_slider("id_investment", units=usdt(1_234))

        assert slider["shown"] == "1,000"
        assert json.loads(slider["amounts"])[slider["place"]] == ["1000", "1,000", 1_000]

    def test_stands_at_its_beginning_where_nothing_is_typed(self):
        assert amount_slider("id_investment", units=None)["place"] == 0

    def test_reaches_as_far_as_the_money_goes(self):
        assert amount_slider("id_investment", units=0, own_units=usdt(25_000))["last_amount"] == "25,000"
        assert amount_slider("id_investment", units=0, own_units=0)["last_amount"] == "10,000"
