"""
The rules of the platform, as one frozen value that is handed in like `now`.

Each rule has bounds, and a value outside them is answered with a sentence before anything starts. Shares are 0 to 1,
times are seconds, values are in the currency of the platform's cash.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from math import inf
from typing import Any, NamedTuple


class Bounds(NamedTuple):
    """What a rule may be, both ends included, and what it is, in words."""

    least: float
    most: float
    meaning: str


DAY_SECONDS = 86_400
VALUE_MAX = 1_000_000_000_000
# An account of the ledger holds 2 ** 63 units, which of cash with eight decimals is a little more than this.
LEDGER_VALUE_MAX = 80_000_000_000

# No rule has so many: a number with more is outside of every bounds, and is not written out to be compared.
DIGITS_MAX = 20

BOUNDS: dict[str, Bounds] = {
    # Following
    "fee_rate": Bounds(0, 0.1, "the venue's fee as a share of a trade's value"),
    "investment_min": Bounds(1, VALUE_MAX, "the least that a copy is started with"),
    "drift_band": Bounds(0, 1, "the drift, as a share of a copy's equity, that is left alone"),
    "repair_seconds": Bounds(1, DAY_SECONDS, "the time between two looks for drift"),
    "settling_seconds": Bounds(0, DAY_SECONDS, "how long drift repair waits after a lead moved own money"),
    "cycle_spacing_seconds": Bounds(0, 3_600, "the time between two cycles of one lead"),
    "profit_share_max": Bounds(0, 1, "the most of a profit that a lead may take"),
    "platform_share": Bounds(0, 1, "the platform's part of the leads' profit share"),
    "reference_copy_amount": Bounds(0, 1_000_000, "the money of the platform's own copy of each lead, 0 for none"),
    # Leading
    "stake_min": Bounds(0, VALUE_MAX, "the least of a lead's own money"),
    "stake_alarm": Bounds(0, 1, "the stake, as a share of the money that follows, below which an alarm is raised"),
    "limit_order_days": Bounds(0.001, 3_650, "how many days a lead's limit order stands"),
    "lead_order_seconds": Bounds(1, DAY_SECONDS, "how long a lead's market order is tried"),
    "link_look_seconds": Bounds(1, 3_600, "the time between two looks at a linked account"),
    "link_retry_seconds": Bounds(1, DAY_SECONDS, "the time between two tries of a broken link"),
    "link_check_seconds": Bounds(1, 30 * DAY_SECONDS, "the time between two checks of what a key may do"),
    # Risk
    "slippage_cap": Bounds(0, 0.5, "how far from the mark an order may reach, as a share of it"),
    "depth_share": Bounds(0.0001, 1, "how much of the visible book one order may take"),
    "limit_cushion": Bounds(0, 0.1, "how far past the level it needs a buy's limit reaches"),
    "price_age_max_seconds": Bounds(0.1, 3_600, "how old a price may be that is acted on"),
    "price_outlier": Bounds(0.0001, 1, "how far from the median a source counts"),
    "price_jump": Bounds(0.0001, inf, "the jump of a single source that needs a second quote"),
    "price_leap": Bounds(1.5, inf, "the multiple of a mark that no price is believed to reach by itself"),
    "frozen_after_seconds": Bounds(1, 30 * DAY_SECONDS, "how long a suspended market is waited for"),
    "delisted_after_seconds": Bounds(1, 30 * DAY_SECONDS, "how long a market may be missing at the venue"),
    "stop_loss_confirm_seconds": Bounds(0, 3_600, "how far apart the prices are that confirm a stop loss"),
    "order_value_max": Bounds(1, VALUE_MAX, "the most that one order may be worth"),
    "minute_value_max": Bounds(1, VALUE_MAX, "the most that all orders of a minute may be worth"),
    "day_value_max": Bounds(1, VALUE_MAX, "the most that all orders of a day may be worth"),
    "price_collar": Bounds(0.0001, 1, "how far past the mark no order ever goes"),
    "reconcile_seconds": Bounds(1, DAY_SECONDS, "the time between two looks at our trades at the venue"),
    "failures_max": Bounds(1, 1_000, "how many failures in a row set a lead aside"),
    "dust_float": Bounds(0, VALUE_MAX, "the platform's money that takes dust over"),
    "deposit_max": Bounds(1, VALUE_MAX, "the most that one paper deposit may be"),
    "deposit_day_max": Bounds(1, VALUE_MAX, "the most that one person's deposits of a day may be"),
    "deposit_total_max": Bounds(1, LEDGER_VALUE_MAX, "the most that everybody's deposits may come to"),
    "cash_decimals": Bounds(0, 18, "the decimals of the cash"),
}

# What the books are counted in is no policy, so it cannot be changed while they are kept.
FIXED = frozenset({"cash_decimals"})
# How often the platform looks, and how long it tries: no money is lost by these, so one operator may change them.
ALONE = frozenset(
    {
        "repair_seconds",
        "cycle_spacing_seconds",
        "link_look_seconds",
        "link_retry_seconds",
        "link_check_seconds",
        "reconcile_seconds",
        "failures_max",
    }
)
# In the currency of the cash.
VALUES = frozenset(
    {
        "investment_min",
        "reference_copy_amount",
        "stake_min",
        "order_value_max",
        "minute_value_max",
        "day_value_max",
        "dust_float",
        "deposit_max",
        "deposit_day_max",
        "deposit_total_max",
    }
)
UNITS = {"failures_max": "failures", "cash_decimals": "decimals", "price_leap": "times"}


class RuleOutOfBounds(ValueError):
    """A rule is not what it may be; its words say which, and what it may be."""


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The platform's rules, each within its `BOUNDS`. `cash` is the symbol that everything is quoted in."""

    fee_rate: Decimal
    investment_min: int
    drift_band: float
    repair_seconds: float
    settling_seconds: float
    cycle_spacing_seconds: float
    profit_share_max: float
    platform_share: float
    reference_copy_amount: int
    stake_min: int
    stake_alarm: float
    limit_order_days: float
    lead_order_seconds: float
    link_look_seconds: float
    link_retry_seconds: float
    link_check_seconds: float
    slippage_cap: float
    depth_share: float
    limit_cushion: float
    price_age_max_seconds: float
    price_outlier: float
    price_jump: float
    price_leap: float
    frozen_after_seconds: float
    delisted_after_seconds: float
    stop_loss_confirm_seconds: float
    order_value_max: int
    minute_value_max: int
    day_value_max: int
    price_collar: float
    reconcile_seconds: float
    failures_max: int
    dust_float: int
    deposit_max: int
    deposit_day_max: int
    deposit_total_max: int
    cash: str
    cash_decimals: int

    def __post_init__(self) -> None:
        """
        Check every rule against its bounds.

        :raises RuleOutOfBounds: at the first one outside.
        """
        for field in fields(self):
            if field.name in BOUNDS:
                check_bounds(field.name, getattr(self, field.name))
        if self.price_collar <= self.slippage_cap:
            raise RuleOutOfBounds(
                f"SMARTSYNC_PRICE_COLLAR is {self.price_collar:g}, and SMARTSYNC_SLIPPAGE_CAP {self.slippage_cap:g}:"
                " the collar has to be wider than the cap, or no order could be sent."
            )


def check_bounds(name: str, value: Any) -> None:
    """
    Check one rule by its name.

    :raises RuleOutOfBounds: if its value is outside its bounds.
    """
    least, most, _ = BOUNDS[name]
    # Not a number is within no bounds.
    if not least <= value <= most:
        raise RuleOutOfBounds(f"SMARTSYNC_{name.upper()} is {value}, but it is {in_words(name)}.")


def in_words(name: str) -> str:
    """Return what a rule is and what it may be: "the decimals of the cash: from 0 to 18"."""
    least, most, meaning = BOUNDS[name]
    if most == inf:
        return f"{meaning}: {Decimal(str(least)):,f} or more"
    # Through Decimal, so that neither the largest nor the smallest of them has an exponent.
    return f"{meaning}: from {Decimal(str(least)):,f} to {Decimal(str(most)):,f}"


def changeable() -> list[str]:
    """Return the names of the rules that operators may change while the platform runs."""
    return [name for name in BOUNDS if name not in FIXED]


def unit_of(name: str) -> str:
    """Return what a rule is counted in: "seconds", "days", "cash", "share of 1" and the like."""
    if name in VALUES:
        return "cash"
    last = name.rpartition("_")[2]
    return last if last in {"seconds", "days"} else UNITS.get(name, "share of 1")


def parse(name: str, text: str) -> int | float | Decimal:
    """
    Return the value of a rule that somebody wrote, of the type that the rule has, within its bounds.

    :raises RuleOutOfBounds: if it is no number, none of that type, or outside.
    """
    try:
        # What is no plain figure to people is none here, though Python would take it.
        number = Decimal(text.strip() if text.isascii() and "_" not in text else "nan")
    except InvalidOperation:
        number = Decimal("nan")
    kind = Rules.__annotations__[name]
    is_whole = number.is_finite() and number == number.to_integral_value()
    if not number.is_finite() or (kind == "int" and not is_whole):
        wanted = "whole number" if kind == "int" else "number"
        raise RuleOutOfBounds(f"{text.strip()!r} is no {wanted}; it is {in_words(name)}.")
    value: int | float | Decimal = number
    if kind == "float":
        value = float(number)
    elif kind == "int" and number.adjusted() < DIGITS_MAX:
        value = int(number)
    check_bounds(name, value)
    if value == inf:
        raise RuleOutOfBounds(f"{text.strip()!r} is no number; it is {in_words(name)}.")
    return value
