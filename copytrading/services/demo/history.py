"""
What the characters would have done before today.

Nobody drew these curves: each character's rule trades a stretch of the same simulated market, an hour a step, that
ends at the prices of today, with the fees of the platform, and the engine that replays what-ifs keeps the books. It is
always the same stretch, so that every demo tells the same story: some leads gained, some lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
from django.conf import settings

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.lead_path import START_UNITS, bars_of, path_of_weights
from copytrading.exchange.prices.simulated import COINS, log_returns
from copytrading.exchange.registry import SIMULATION_SEED
from copytrading.models import Lead, LeadRecord
from copytrading.services.demo.characters import LOOKS_BACK_PAUSES, Character

PAST_DAYS = 120
STEP_SECONDS = 3_600
RECORD_HOURS = 4
# Where in the endless simulated market the past of the demo lies: some 120 days in which it went nowhere as a whole.
FIRST_STEP = 15_000


@dataclass(frozen=True, kw_only=True)
class Past:
    """Closes (T, A) of the coins, one an hour; the last is what they cost today."""

    symbols: tuple[str, ...]
    closes: FloatArray


def past_of(*, prices: Mapping[str, Decimal], symbols: tuple[str, ...]) -> Past:
    """Return the hours of the simulated market that end at these prices, for the pairs in this order."""
    steps = PAST_DAYS * 24
    order = [[coin.rules.symbol for coin in COINS].index(symbol) for symbol in symbols]
    changes = log_returns(seed=SIMULATION_SEED, first_step=FIRST_STEP, steps=steps, speed=STEP_SECONDS)[:, order]
    levels = np.concatenate([np.zeros((1, len(symbols))), changes.cumsum(axis=0)])
    today = np.array([float(prices[symbol]) for symbol in symbols])
    return Past(symbols=symbols, closes=today * np.exp(levels - levels[-1]))


def unit_prices_of(character: Character, *, past: Past) -> FloatArray:
    """Return what one unit of the character's portfolio was worth at each hour of the past, (T,); the first is 1."""
    hours = len(past.closes)
    turns = np.arange(0, hours, character.pause_hours)
    path = path_of_weights(
        bars=bars_of(times=np.arange(hours), closes=past.closes),
        times=turns,
        weights=np.stack([weights_at(character, past=past, hour=hour) for hour in turns.tolist()]),
        fee_rate=float(settings.SMARTSYNC_FEE_RATE),
    )
    return path.equity() / START_UNITS


def weights_at(character: Character, *, past: Past, hour: int) -> FloatArray:
    """Return the weights (A,) that a character decided on at one of its turns."""
    looks_from = max(0, hour - LOOKS_BACK_PAUSES * character.pause_hours)
    return character.weights(closes=past.closes[looks_from : hour + 1], turn=hour // character.pause_hours)


def write_record(*, lead: Lead, unit_prices: FloatArray, equity_units: int, now: datetime) -> None:
    """
    Give a lead whose money has just moved in a past of `unit_prices` (T,), one an hour, the last one now.

    What the lead's equity was worth then is told for the units it has now, and these are counted so that the curve
    goes on from its last price without a step.
    """
    lead.units_issued = equity_units / 10**settings.SMARTSYNC_CASH_DECIMALS / float(unit_prices[-1])
    lead.save(update_fields=["units_issued"])
    # The last hour is left to the first real record.
    hours: IntArray = np.arange(0, len(unit_prices) - 1, RECORD_HOURS)
    last = len(unit_prices) - 1
    LeadRecord.objects.bulk_create(
        [
            LeadRecord(
                lead=lead,
                recorded_at=now - timedelta(hours=last - hour),
                equity_units=round(equity_units * price / float(unit_prices[-1])),
                unit_price=price,
            )
            for hour, price in zip(hours.tolist(), unit_prices[hours].tolist(), strict=True)
        ],
        batch_size=2_000,
        ignore_conflicts=True,
    )
