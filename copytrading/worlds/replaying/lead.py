"""
What the lead of a recording did, in whole units, as the platform sees a lead who trades elsewhere.

Levels are rounded, not changes: what is held and what cash is left after each movement, so that roundings never add up
to a coin that is not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from copytrading.engine.replay.lead_path import START_UNITS, LeadPath, LeadTrade
from copytrading.queries.rules import CASH_DECIMALS


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One trade of the lead in whole units: signed units of the coin, and what the cash changed by, fee included."""

    time: int
    symbol: str
    units: int
    cash_units: int


def movements_of_trades(
    trades: Sequence[LeadTrade], *, symbols: Sequence[str], lead_cash: Decimal, fee_rate: Decimal
) -> list[Movement]:
    """Return a lead's trades in whole units, each at its own price and with its own fee, or else the rate."""
    held = [Decimal(0)] * len(symbols)
    cash = lead_cash
    movements = []
    for trade in trades:
        held_before, cash_before = held[trade.asset], cash
        held[trade.asset] += trade.coins_change
        cash += trade.cash_change(fee_rate=fee_rate)
        movements.append(
            Movement(
                time=trade.time,
                symbol=symbols[trade.asset],
                units=whole_units(held[trade.asset]) - whole_units(held_before),
                cash_units=whole_units(cash) - whole_units(cash_before),
            )
        )
    return movements


def movements_of_weights(
    path: LeadPath, *, symbols: Sequence[str], lead_cash: Decimal, fee_rate: Decimal
) -> list[Movement]:
    """Return the trades that lead from each state of a model portfolio to the next: first sales, then purchases."""
    scale = float(lead_cash) / START_UNITS * 10**CASH_DECIMALS
    held_units = np.floor(path.held_units * (scale / path.bars.coin_prices)).astype(np.int64)
    movements = []
    for state in range(1, len(path.cash_units)):
        bar = int(np.searchsorted(path.state_of_bar, state))
        values = (path.held_units[state] - path.held_units[state - 1]) * np.nan_to_num(path.bars.unit_prices[bar])
        cash = float(path.cash_units[state - 1])
        places = [
            place for place in np.argsort(values).tolist() if held_units[state, place] != held_units[state - 1, place]
        ]
        for place in places:
            before = cash
            cash -= values[place] + abs(values[place]) * float(fee_rate)
            if place == places[-1]:
                cash = float(path.cash_units[state])
            movements.append(
                Movement(
                    time=int(path.bars.times[bar]),
                    symbol=symbols[place],
                    units=int(held_units[state, place] - held_units[state - 1, place]),
                    cash_units=int(cash * scale) - int(before * scale),
                )
            )
    return movements


def whole_units(quantity: Decimal) -> int:
    """Return a number of coins, or a value, in whole units, rounded down."""
    return int(quantity.scaleb(CASH_DECIMALS).to_integral_value(rounding=ROUND_FLOOR))
