"""What the venue takes of a limit order, and what it may cost at most."""

from dataclasses import replace
from decimal import Decimal

import pytest

from copytrading.models import Market
from copytrading.services.books import limit_orders
from tests.engine.stage import rules


class TestIsTooSmall:
    @pytest.mark.parametrize(
        ("units", "unit_price", "expected"), [(9, 100.0, True), (10, 5.0, False), (10, 4.9, True), (19, 4.9, True)]
    )
    def test_counts_whole_lots_by_what_they_are_worth(self, units: int, unit_price: float, expected: bool) -> None:
        market = Market(lot_units=10, value_min_units=50)

        assert limit_orders.is_too_small(market, units, unit_price) is expected

    @pytest.mark.parametrize(("units", "expected"), [(0, True), (1, False)])
    def test_is_true_of_nothing_at_all_only_where_the_venue_names_no_least_value(
        self, units: int, expected: bool
    ) -> None:
        assert limit_orders.is_too_small(Market(lot_units=1, value_min_units=0), units, 1.0) is expected


class TestCost:
    def test_is_rounded_up_with_its_fee_and_two_units_for_rounding(self) -> None:
        at_a_tenth = replace(rules(), fee_rate=Decimal("0.1"))

        assert limit_orders.cost_units(3, 1.5, at_a_tenth) == 5 + 2
        assert limit_orders.cost_units(0, 1.5, at_a_tenth) == 0
