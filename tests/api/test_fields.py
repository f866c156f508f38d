"""Money as decimal strings: exact both ways, and nothing else is money."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from copytrading.api.fields import PriceField, decimal_text, units_from_text


class TestDecimalText:
    @pytest.mark.parametrize(
        ("units", "text"),
        [
            (100_000_000_000, "1000.00"),
            (1, "0.00000001"),
            (-150_000_000, "-1.50"),
            (0, "0.00"),
            (12_345_678_900_000_001, "123456789.00000001"),
        ],
    )
    def test_is_exact_with_two_places_at_least(self, units: int, text: str) -> None:
        assert decimal_text(units, decimals=8, places_min=2) == text

    def test_writes_whole_coins_without_a_point(self) -> None:
        assert decimal_text(300_000_000, decimals=8) == "3"


class TestUnitsFromText:
    @given(units=st.integers(min_value=0, max_value=10**18 - 1), decimals=st.integers(min_value=0, max_value=12))
    def test_reads_what_was_written(self, units: int, decimals: int) -> None:
        units %= 10 ** (10 + decimals)

        assert units_from_text(decimal_text(units, decimals=decimals), decimals=decimals) == units

    @pytest.mark.parametrize(
        "text",
        [
            1000,
            1000.0,
            None,
            True,
            "",
            "-1",
            "1e3",
            "1,000",
            " 1",
            "1.",
            ".5",
            "٣",
            "NaN",
            "0.000000001",
            "10000000000",
        ],
    )
    def test_takes_nothing_that_is_not_plainly_money(self, text: object) -> None:
        with pytest.raises(ValidationError):
            units_from_text(text, decimals=8)


class TestPriceField:
    @pytest.mark.parametrize(
        ("is_average", "text"), [(False, "145.499999999902923"), (True, "145.5")], ids=["exact", "average"]
    )
    def test_rounds_averages_and_nothing_else(self, is_average: bool, text: str) -> None:
        assert PriceField(is_average=is_average).to_representation(Decimal("145.499999999902923")) == text
