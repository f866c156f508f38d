"""The rules of the platform: each within its bounds, or a sentence."""

from contextlib import nullcontext
from dataclasses import fields
from decimal import Decimal
from math import inf, nan
from typing import Any, ClassVar

import pytest

from copytrading.engine.rules import BOUNDS, RuleOutOfBounds, Rules, changeable, check_bounds, in_words, parse, unit_of

USUAL: dict[str, Any] = {
    "fee_rate": Decimal("0.001"),
    "investment_min": 100,
    "drift_band": 0.01,
    "repair_seconds": 60,
    "settling_seconds": 900,
    "cycle_spacing_seconds": 0.5,
    "profit_share_max": 0.3,
    "platform_share": 0,
    "reference_copy_amount": 100,
    "stake_min": 500,
    "stake_alarm": 0.1,
    "limit_order_days": 30,
    "lead_order_seconds": 60,
    "link_look_seconds": 10,
    "link_retry_seconds": 60,
    "link_check_seconds": 3600,
    "slippage_cap": 0.005,
    "depth_share": 0.25,
    "limit_cushion": 0.0005,
    "price_age_max_seconds": 10,
    "price_outlier": 0.03,
    "price_jump": 0.1,
    "price_leap": 5.0,
    "frozen_after_seconds": 900,
    "delisted_after_seconds": 600,
    "stop_loss_confirm_seconds": 5,
    "order_value_max": 5_000_000,
    "minute_value_max": 50_000_000,
    "day_value_max": 1_000_000_000,
    "price_collar": 0.12,
    "reconcile_seconds": 60,
    "failures_max": 5,
    "dust_float": 10_000,
    "deposit_max": 1_000_000,
    "deposit_day_max": 10_000_000,
    "deposit_total_max": 10_000_000_000,
    "cash": "USDT",
    "cash_decimals": 8,
}


def just_outside(name: str) -> tuple[float, float]:
    """Return one value below a rule's bounds and one above: a unit where it is counted in those, else a little."""
    least, most, _ = BOUNDS[name]
    step = 1 if isinstance(USUAL[name], int) else 1e-6
    return least - step, most + step


class TestRules:
    @pytest.mark.parametrize("name", BOUNDS)
    def test_may_be_at_either_end_of_their_bounds(self, name: str) -> None:
        # The collar has to be wider than the cap, wherever that stands.
        others = {"slippage_cap": {"price_collar": 1}, "price_collar": {"slippage_cap": 0}}.get(name, {})
        for end in BOUNDS[name][:2]:
            assert getattr(Rules(**USUAL | others | {name: end}), name) == end

    @pytest.mark.parametrize("name", BOUNDS)
    def test_are_refused_past_either_end_with_name_value_and_bounds(self, name: str) -> None:
        least, most, _ = BOUNDS[name]
        # Some rules have no upper end.
        outside = [value for value in (*just_outside(name), inf, -inf, nan) if not least <= value <= most]

        for value in outside:
            with pytest.raises(RuleOutOfBounds) as refusal:
                Rules(**USUAL | {name: value})

            assert str(refusal.value) == f"SMARTSYNC_{name.upper()} is {value}, but it is {in_words(name)}."

    def test_need_a_collar_that_is_wider_than_the_cap(self) -> None:
        with pytest.raises(RuleOutOfBounds, match=r"PRICE_COLLAR is 0\.005, and SMARTSYNC_SLIPPAGE_CAP 0\.005"):
            Rules(**USUAL | {"price_collar": 0.005})

    def test_have_bounds_but_for_the_name_of_the_cash(self) -> None:
        assert {field.name for field in fields(Rules)} - set(BOUNDS) == {"cash"}


class TestBounds:
    """What every operator may rely on: a platform that ran with a value yesterday runs with it tomorrow."""

    DAY, MONTH, MOST = 86_400, 30 * 86_400, 1_000_000_000_000
    PROMISED: ClassVar[dict[tuple[float, float], str]] = {
        (0, 1): "drift_band profit_share_max platform_share stake_alarm",
        (0, 0.1): "fee_rate limit_cushion",
        (0, 0.5): "slippage_cap",
        (0, 18): "cash_decimals",
        (0, 3_600): "cycle_spacing_seconds stop_loss_confirm_seconds",
        (0, DAY): "settling_seconds",
        (0, 1_000_000): "reference_copy_amount",
        (0, MOST): "stake_min dust_float",
        (0.0001, 1): "depth_share price_outlier price_collar",
        (0.0001, inf): "price_jump",
        (0.001, 3_650): "limit_order_days",
        (0.1, 3_600): "price_age_max_seconds",
        (1, 1_000): "failures_max",
        (1, 3_600): "link_look_seconds",
        (1, DAY): "repair_seconds lead_order_seconds link_retry_seconds reconcile_seconds",
        (1, MONTH): "link_check_seconds frozen_after_seconds delisted_after_seconds",
        (1, 80_000_000_000): "deposit_total_max",
        (1, MOST): "investment_min order_value_max minute_value_max day_value_max deposit_max deposit_day_max",
        (1.5, inf): "price_leap",
    }

    def test_are_those_that_were_promised(self) -> None:
        promised = {name: bounds for bounds, names in self.PROMISED.items() for name in names.split()}

        assert set(promised) == set(BOUNDS)
        for name, (least, most) in promised.items():
            for value in (least, most):
                check_bounds(name, value)
            for value in (least - 1e-5, most * (1 + 1e-5)):
                with pytest.raises(RuleOutOfBounds) if value < inf else nullcontext():
                    check_bounds(name, value)


class TestInWords:
    def test_says_what_a_rule_is_and_what_it_may_be_without_exponents(self) -> None:
        assert in_words("order_value_max") == "the most that one order may be worth: from 1 to 1,000,000,000,000"
        assert in_words("price_outlier") == "how far from the median a source counts: from 0.0001 to 1"

    def test_says_of_a_rule_without_an_upper_end_what_it_is_at_least(self) -> None:
        assert in_words("price_leap").endswith(": 1.5 or more")


class TestParse:
    @pytest.mark.parametrize(
        ("name", "text", "value"),
        [
            ("failures_max", " 60 ", 60),
            ("failures_max", "6e1", 60),
            ("failures_max", "60.0", 60),
            ("fee_rate", "0.001", Decimal("0.001")),
            ("price_leap", "2", 2.0),
        ],
    )
    def test_is_of_the_type_of_the_rule(self, name: str, text: str, value: object) -> None:
        found = parse(name, text)

        assert (found, type(found)) == (value, type(value))

    @pytest.mark.parametrize(
        ("name", "text", "words"),
        [
            ("failures_max", "1.5", "'1.5' is no whole number; it is "),
            ("failures_max", "soon", "'soon' is no whole number; it is "),
            ("fee_rate", "little", "'little' is no number; it is "),
            ("fee_rate", "0.0_01", "'0.0_01' is no number; it is "),
            ("fee_rate", "٠.١", "is no number; it is "),
            ("fee_rate", "inf", "'inf' is no number; it is "),
            # Finite as it is written, and not as the figure that it would become.
            ("price_leap", "1e999", "'1e999' is no number; it is "),
            ("failures_max", "0", "SMARTSYNC_FAILURES_MAX is 0, but it is "),
            ("failures_max", "9e99", r"SMARTSYNC_FAILURES_MAX is 9E\+99, but it is "),
            ("failures_max", "1e20", r"SMARTSYNC_FAILURES_MAX is 1E\+20, but it is "),
            ("failures_max", "1e19", "SMARTSYNC_FAILURES_MAX is 10000000000000000000, but it is "),
        ],
    )
    def test_is_refused_with_what_was_written_and_what_may_be(self, name: str, text: str, words: str) -> None:
        with pytest.raises(RuleOutOfBounds, match=words) as refusal:
            parse(name, text)

        assert str(refusal.value).endswith(f"{in_words(name)}.")


class TestWhatOperatorsSee:
    def test_is_every_rule_but_for_what_is_fixed(self) -> None:
        assert set(BOUNDS) - set(changeable()) == {"cash_decimals"}

    @pytest.mark.parametrize(
        ("name", "unit"),
        [
            ("investment_min", "cash"), ("repair_seconds", "seconds"), ("limit_order_days", "days"),
            ("failures_max", "failures"), ("cash_decimals", "decimals"), ("price_leap", "times"),
            ("fee_rate", "share of 1"),
        ],
    )  # fmt: skip
    def test_is_counted_in_a_unit(self, name: str, unit: str) -> None:
        assert unit_of(name) == unit
