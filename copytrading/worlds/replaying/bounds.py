"""
What a platform that counts in whole units can replay.

The engine reckons in fractions and takes any price; the platform holds coins and cash as whole units of 0.00000001 in
64 bits, and prices with twelve decimals. A recording beyond that is refused before anything is written.
"""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.lookback.questions import WhatIfRefused
from copytrading.services.lookback.recordings import Recording
from copytrading.worlds.replaying.crowd import Investor
from copytrading.worlds.replaying.lead import Movement

# Half of what 64 bits hold, and room for what copies gain before they buy.
UNITS_MAX = 2**61
# Of twelve decimals three are left to say such a price with.
PRICE_MIN, PRICE_MAX = 1e-9, 1e17
# A unit of a coin may be this part of the smallest portfolio; a dearer one cannot be bought in its share.
UNIT_SHARE_MAX = 1e-3
# A low comes before its close, and the prices that confirm a stop loss after those that reached it, all within a bar.
BAR_MICROSECONDS_MIN = 1_000_000


def refuse_uncountable(
    recording: Recording,
    *,
    movements: Sequence[Movement],
    crowd: Sequence[Investor],
    lead_cash: Decimal,
    stops_at_low: bool = False,
) -> None:
    """
    Look at prices, amounts and numbers of coins, and with stop losses at the distance of bars and at their lows.

    :raises WhatIfRefused: if the platform's units and decimals cannot say one of them.
    """
    decimals = CASH_DECIMALS
    investments = [investor.units for investor in crowd]
    if sum(investments) > UNITS_MAX:
        raise WhatIfRefused(
            f"All investments together are {sum(investments) / 10**decimals:,.0f} USDT, more than a platform can count "
            f"({UNITS_MAX / 10**decimals:,.0f}). Ask for fewer followers or smaller investments."
        )
    bars = recording.path.bars
    apart = np.diff(bars.times[recording.first_bar : recording.last_bar + 1])
    if any(investor.stop_loss_units is not None for investor in crowd) and (apart < BAR_MICROSECONDS_MIN).any():
        raise WhatIfRefused("With a stop loss bars have to be a second apart at least, not less. Ask whatif.")
    marks = bars.marks[: recording.last_bar + 1]
    lows = bars.lows[: recording.last_bar + 1] if stops_at_low and bars.lows is not None else marks
    smallest = min(float(lead_cash), min(investments) / 10**decimals)
    for place, symbol in enumerate(recording.symbols):
        known = ~np.isnan(marks[:, place])
        if known.any():
            lowest, highest = float(lows[known, place].min()), float(marks[known, place].max())
            _refuse_price(symbol, lowest, highest, smallest=smallest, decimals=decimals)
    copies_of_lead = max(1.0, sum(investments) / 10**decimals / float(lead_cash))
    held: dict[str, int] = defaultdict(int)
    for movement in movements:
        held[movement.symbol] += movement.units
        units = held[movement.symbol] * copies_of_lead
        if units > UNITS_MAX:
            raise WhatIfRefused(
                f"Lead and copies would hold {units / 10**decimals:.3g} {movement.symbol}, more than a platform counts "
                f"({UNITS_MAX / 10**decimals:,.0f}). Ask whatif, or for less money."
            )


def _refuse_price(symbol: str, lowest: float, highest: float, *, smallest: float, decimals: int) -> None:
    if lowest < PRICE_MIN or highest > PRICE_MAX:
        price = lowest if lowest < PRICE_MIN else highest
        raise WhatIfRefused(
            f"{symbol} costs {price:.3g} in a bar, which twelve decimals of a price cannot say. Ask whatif."
        )
    if highest / 10**decimals > UNIT_SHARE_MAX * smallest:
        raise WhatIfRefused(
            f"The smallest part of {symbol} that a platform counts costs {highest / 10**decimals:.3g} USDT, too much "
            f"for a portfolio of {smallest:.3g}. Give lead and followers more money, or ask whatif."
        )
