"""
Who copies in a replay: so many people, each with an amount and a mode.

Amounts lie between two ends in steps of an equal ratio, once for each mode, so that the smallest and the largest amount
are there in every mode.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.custom import CUSTOM_FIXED, CUSTOM_RATIO
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.leads.verbs import FOLLOWERS_MAX
from copytrading.services.lookback.questions import CASH_MAX, ORDER_VALUE_FRACTION, WhatIfRefused
from copytrading.worlds.replaying.lead import whole_units

UNIT_VALUE = Decimal(1).scaleb(-CASH_DECIMALS)

# A crowd copies all in one mode, or half by Smart Sync and a quarter each by the two custom modes.
BOTH = "both"


@dataclass(frozen=True, kw_only=True)
class Investor:
    """Somebody with so many units of cash who copies in a mode, and stops at a loss of so many; None for never."""

    mode: SizingMode
    units: int
    stop_loss_units: int | None = None

    @property
    def value(self) -> float:
        """The investment in quote currency."""
        return self.units / 10**CASH_DECIMALS

    @property
    def order_value_units(self) -> int:
        """What each buy of the lead is answered with where the mode is a fixed value."""
        return int(self.units * ORDER_VALUE_FRACTION)

    def terms(self, *, lead_equity_units: float) -> Terms:
        """Return the terms of a copy: an order is answered by a tenth of the money, or in its ratio to the lead."""
        by_value, by_ratio = ("order_value_units" in self.mode.requires, "order_ratio" in self.mode.requires)
        return Terms(
            mode=self.mode.name,
            buy_existing=self.mode.holds_ratios,
            order_value_units=self.order_value_units if by_value else None,
            order_ratio=self.units / lead_equity_units if by_ratio else None,
            stop_loss_units=self.stop_loss_units,
        )


def crowd_of(
    *, modes: str, followers: int, investment: Decimal, investment_max: Decimal, stop_loss: Decimal | None = None
) -> list[Investor]:
    """
    Return the investors, those of a mode together, the smallest first; `modes` is the word of a mode, or BOTH.

    :param stop_loss: of the smallest investment, below it, in quote currency; the others stop at the same share of
        theirs.
    :raises WhatIfRefused: if nobody follows, the amounts are the wrong way round, or whole units cannot say one.
    """
    if not 1 <= followers <= FOLLOWERS_MAX:
        raise WhatIfRefused(f"There can be 1 to {FOLLOWERS_MAX:,} followers, not {followers:,}.")
    if investment_max < investment:
        raise WhatIfRefused(
            f"The largest investment of {investment_max} USDT is below the smallest of {investment} USDT."
        )
    if investment_max > CASH_MAX:
        raise WhatIfRefused(f"The largest investment can be {CASH_MAX:,} USDT, not {investment_max}.")
    counts = _halves(followers) if modes == BOTH else {registry.mode_of(modes): followers}
    return [
        Investor(
            mode=mode, units=units, stop_loss_units=_stop_loss_units(units, stop_loss=stop_loss, investment=investment)
        )
        for mode, count in counts.items()
        for units in _amounts(count, first=float(investment), last=float(investment_max))
    ]


def _stop_loss_units(units: int, *, stop_loss: Decimal | None, investment: Decimal) -> int | None:
    """Return the stop loss of an investment of so many units: the share that `stop_loss` is of `investment`."""
    if stop_loss is None:
        return None
    found = units * whole_units(stop_loss) // whole_units(investment)
    if not 0 < found < units:
        raise WhatIfRefused(f"A stop loss of {stop_loss} USDT is none in whole units of {UNIT_VALUE} USDT.")
    return found


def _halves(followers: int) -> dict[SizingMode, int]:
    custom = followers // 2
    by_value = custom // 2
    return {
        SMART_SYNC: followers - custom,
        CUSTOM_RATIO: custom - by_value,
        CUSTOM_FIXED: by_value,
    }


def _amounts(count: int, *, first: float, last: float) -> Sequence[int]:
    """Return investments in units, to the cent."""
    cent = 10 ** (CASH_DECIMALS - 2)
    return [round(value * 100) * cent for value in np.geomspace(first, last, count).tolist()]
