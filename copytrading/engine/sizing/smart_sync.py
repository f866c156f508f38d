"""
Smart Sync: hold the lead's ratios.

`q* = (e / E) · φ · Q`, see engine/weights and engine/baseline; what a copy's own cap on one coin cuts stays cash.
"""

from __future__ import annotations

import numpy as np

from copytrading.engine.holdings import weights
from copytrading.engine.sizing import planning
from copytrading.engine.sizing.mode import Aim, Sight, SizingMode, nowhere


class SmartSync(SizingMode):
    name = "SMART_SYNC"
    label = short_label = "Smart Sync"
    holds_ratios = True
    allows = ("buy_existing", "weight_max")

    def aim(self, sight: Sight) -> Aim:
        targets = weights.target_units(
            equity=sight.sizing,
            lead_equity=sight.lead_equity,
            # A sale leaves the followed share as it is; a purchase adds to what is followed.
            followed_shares=sight.copies.followed_shares(
                sight.lead, lead_units=np.maximum(sight.lead_units, sight.lead.units)
            ),
            lead_units=sight.lead_units,
        )
        weight_max = sight.copies.terms.weight_max
        if np.isnan(weight_max).all():
            return Aim(target_units=targets, capped=nowhere(sight))
        targets, capped = planning.cap_concentration(
            target_units=targets,
            unit_prices=sight.board.unit_prices,
            equity=np.maximum(sight.sizing, 0.0),
            weight_max=weight_max,
        )
        return Aim(target_units=targets, capped=capped)


SMART_SYNC = SmartSync()
