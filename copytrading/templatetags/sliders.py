"""
Amounts to slide along or to press, beside the field that they are typed in.

A slider goes from the least investment on, in steps that grow with the amount.
"""

import json
from bisect import bisect_right
from decimal import Decimal
from typing import Any

from django import template

from copytrading.queries.money.means import PARTS
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.templatetags.figures import money_input, round_money

register = template.Library()

# The steps of each power of ten, as tenths of it: none is far from the one before, and all are easily said.
STEPS_IN_TENTHS = (10, 15, 20, 30, 40, 50, 60, 80)
UNITS = 10**CASH_DECIMALS
# As far as it slides; where it is about money that somebody has, as far as that, but never less far than the second.
MOST, MOST_FOR_A_NEWCOMER = 100_000 * UNITS, 10_000 * UNITS
STOPS_IN_PERCENT = (10, 15, 25, 40)


@register.inclusion_tag("parts/amount_slider.html")
def amount_slider(field_id: str, units: int | None = None, own_units: int | None = None) -> dict[str, Any]:
    """
    Return a slider that writes into a field of an amount. Without a script it is not there: the field is all one needs.

    :param units: what the field says now, in quote units. :param own_units: what there is to choose from, else no end.
    """
    amounts = amounts_up_to(MOST if own_units is None else max(own_units, MOST_FOR_A_NEWCOMER))
    place = max(bisect_right(amounts, units or 0) - 1, 0)
    return {
        "field_id": field_id,
        "place": place,
        "last": len(amounts) - 1,
        "shown": round_money(amounts[place]),
        "first_amount": round_money(amounts[0]),
        "last_amount": round_money(amounts[-1]),
        # What is written into the field, what is read out, and what is compared with what somebody types.
        "amounts": json.dumps(
            [[money_input(amount), round_money(amount), amount // UNITS] for amount in amounts], separators=(",", ":")
        ),
    }


@register.simple_tag
def stop_chips() -> tuple[int, ...]:
    """Return the stop losses that are offered to be pressed, in percent of the investment."""
    return STOPS_IN_PERCENT


@register.simple_tag
def quick_parts() -> tuple[int, ...]:
    """Return the parts that a ticket offers to be pressed, in percent."""
    return PARTS


def amounts_up_to(most_units: int) -> list[int]:
    """Return whole amounts in quote units, from the least investment to the most that is wanted."""
    least_units = int(platform_rules().investment_min * UNITS)
    amounts, power = {least_units, max(most_units // UNITS * UNITS, least_units)}, Decimal(1)
    while power * UNITS <= most_units:
        amounts |= {int(power * tenths * UNITS) // 10 for tenths in STEPS_IN_TENTHS}
        power *= 10
    return sorted(amount for amount in amounts if least_units <= amount <= max(most_units, least_units))
