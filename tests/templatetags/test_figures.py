"""Figures as people read them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
import time_machine

from copytrading.templatetags import figures


class TestMoney:
    @pytest.mark.parametrize(
        ("units", "text"),
        [
            (118_420_000_000, "1,184.20"),
            (999_999_999, "9.99"),
            (-340_000_000, "−3.40"),
            (0, "0.00"),
            (None, "–"),
        ],
    )
    def test_is_cut_and_never_rounded_up(self, units: int | None, text: str):
        assert figures.money(units) == text

    @pytest.mark.parametrize(("units", "text"), [(18_420_000_000, "+184.20"), (-340_000_000, "−3.40"), (999, "0.00")])
    def test_carries_a_sign_unless_it_shows_a_zero(self, units: int, text: str):
        assert figures.signed_money(units) == text

    def test_shows_no_smaller_loss_than_there_is(self):
        put_in, came_back = 30_000_000_000, 29_978_480_000

        assert figures.money(came_back) == "299.78"
        assert figures.signed_money(came_back - put_in) == "−0.22"

    @pytest.mark.parametrize(("units", "text"), [(85_000_000_000, "850"), (85_050_000_000, "850.50")])
    def test_leaves_empty_decimals_out(self, units: int, text: str):
        assert figures.round_money(units) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (950, "950"),
            (12_400, "12.4\u202fK"),
            (999_990, "999.9\u202fK"),
            (3_100_000, "3.1\u202fM"),
            (-2_000, "−2.0\u202fK"),
        ],
    )
    def test_is_short_in_a_card(self, value: int, text: str):
        assert figures.short_money(value * 10**8) == text

    @pytest.mark.parametrize(("units", "text"), [(100_000_000_000, "1000"), (100_050_000_000, "1000.5"), (None, "")])
    def test_can_be_typed_again(self, units: int | None, text: str):
        assert figures.money_input(units) == text


class TestQuantity:
    @pytest.mark.parametrize(
        ("units", "text"),
        [
            (712_000, "0.00712"),
            (102_300_000, "1.023"),
            (41_200_000_000, "412"),
            (123_456_700_000_000, "1,234,567"),
            (1, "0.00000001"),
        ],
    )
    def test_shows_the_decimals_that_say_something(self, units: int, text: str):
        assert figures.quantity(units, 8) == text


class TestPrice:
    @pytest.mark.parametrize(
        ("value", "text"),
        [("68412.5", "68,412.50"), ("142.31", "142.31"), ("0.08214", "0.08214"), ("0.00001234", "0.00001234")],
    )
    def test_has_the_decimals_that_its_size_needs(self, value: str, text: str):
        assert figures.price(Decimal(value)) == text


class TestPercent:
    @pytest.mark.parametrize(
        ("fraction", "text"), [(0.382, "+38.2\u202f%"), (-0.062, "−6.2\u202f%"), (-0.0001, "0.0\u202f%"), (None, "–")]
    )
    def test_carries_a_sign_unless_it_shows_a_zero(self, fraction: float | None, text: str):
        assert figures.signed_percent(fraction) == text

    @pytest.mark.parametrize(("fraction", "text"), [(Decimal("0.1"), "10\u202f%"), (Decimal("0.125"), "12.5\u202f%")])
    def test_leaves_empty_decimals_out(self, fraction: Decimal, text: str):
        assert figures.whole_percent(fraction) == text

    @pytest.mark.parametrize(
        ("value", "name"), [(0.1, "gain"), (-5, "loss"), (0, ""), (None, ""), (0.0001, ""), (999_999, "")]
    )
    def test_has_a_colour_where_it_has_a_sign(self, value: float | None, name: str):
        assert figures.direction(value) == name


class TestMoment:
    @pytest.mark.parametrize(
        ("when", "text"),
        [
            (datetime(2026, 3, 5, 9, 41, 7, tzinfo=UTC), "09:41:07"),
            (datetime(2026, 3, 4, 9, 41, 7, tzinfo=UTC), "4 March 09:41"),
            (datetime(2025, 3, 4, 9, 41, 7, tzinfo=UTC), "4 March 2025"),
        ],
    )
    def test_says_no_more_than_needed(self, when: datetime, text: str):
        with time_machine.travel(datetime(2026, 3, 5, 12, tzinfo=UTC)):
            assert figures.moment(when) == text
