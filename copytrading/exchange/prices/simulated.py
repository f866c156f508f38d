"""
A simulated market: twelve coins that move like coins, from a seed.

Every second each coin's price changes by a factor exp(r), where

    r = σ·(β·m + √(1−β²)·e) + jump − σ²/2

m is the market's move, shared by all, and e the coin's own; both are Student-t
with 4 degrees of freedom scaled to variance one, which gives the fat tails. A
jump, rare, shared or a coin's own, is normal and much larger. So r is a pure
function of (seed, second): the same seed gives the same market, second by
second, whatever was asked before.

`speed` is how many market seconds pass in one second: at 60 an hour of ups and
downs takes a minute.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache

import numpy as np

from copytrading.engine.arrays import FloatArray
from copytrading.exchange.markets import MarketRules, Quote
from copytrading.exchange.prices.cells import time_of

SECONDS_PER_YEAR = 365 * 24 * 3600
TAIL_DEGREES = 4
TAIL_DEVIATION = math.sqrt(TAIL_DEGREES / (TAIL_DEGREES - 2))

# Once a day for the market, once a day for each coin, in market seconds.
JUMPS_PER_SECOND = 1 / 86_400
MARKET_JUMP_DEVIATION = 0.01
COIN_JUMP_DEVIATION = 0.02

# Random numbers are drawn for this many seconds at once; part of what a seed means.
BLOCK_STEPS = 256

# After a gap (a laptop asleep) the market goes on from where it was, it does not make up for hours.
CATCH_UP_STEPS = 600

MICROSECONDS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class SimulatedCoin:
    """A coin's market rules, its first price, and how it moves: yearly volatility, share β of the market's move."""

    rules: MarketRules
    start_price: Decimal
    volatility: float
    market_share: float
    level_value: Decimal


def _coin(
    base: str,
    start_price: str,
    *,
    tick_size: str,
    lot_size: str,
    volatility: float,
    market_share: float,
    level_value: int,
) -> SimulatedCoin:
    rules = MarketRules(
        symbol=f"{base}-USDT",
        base=base,
        quote="USDT",
        lot_size=Decimal(lot_size),
        tick_size=Decimal(tick_size),
        value_min=Decimal(5),
    )
    return SimulatedCoin(
        rules=rules,
        start_price=Decimal(start_price),
        volatility=volatility,
        market_share=market_share,
        level_value=Decimal(level_value),
    )


# Steps as large exchanges list them; `level_value` is what the best level of a book offers, in USDT.
# fmt: off
COINS: tuple[SimulatedCoin, ...] = (
    _coin("ADA", "0.4500", tick_size="0.0001", lot_size="0.1",
          volatility=0.85, market_share=0.75, level_value=8_000),
    _coin("AVAX", "28.50", tick_size="0.01", lot_size="0.01",
          volatility=0.95, market_share=0.75, level_value=6_000),
    _coin("BNB", "585.0", tick_size="0.1", lot_size="0.001",
          volatility=0.55, market_share=0.75, level_value=20_000),
    _coin("BTC", "64000.00", tick_size="0.01", lot_size="0.00001",
          volatility=0.50, market_share=0.90, level_value=60_000),
    _coin("DOGE", "0.12000", tick_size="0.00001", lot_size="1",
          volatility=1.00, market_share=0.70, level_value=10_000),
    _coin("DOT", "6.200", tick_size="0.001", lot_size="0.01",
          volatility=0.80, market_share=0.75, level_value=5_000),
    _coin("ETH", "3100.00", tick_size="0.01", lot_size="0.0001",
          volatility=0.65, market_share=0.85, level_value=45_000),
    _coin("LINK", "14.20", tick_size="0.01", lot_size="0.01",
          volatility=0.85, market_share=0.70, level_value=6_000),
    _coin("LTC", "72.00", tick_size="0.01", lot_size="0.001",
          volatility=0.70, market_share=0.70, level_value=6_000),
    _coin("SOL", "145.00", tick_size="0.01", lot_size="0.001",
          volatility=0.90, market_share=0.80, level_value=25_000),
    _coin("UNI", "8.400", tick_size="0.001", lot_size="0.01",
          volatility=1.00, market_share=0.70, level_value=3_000),
    _coin("XRP", "0.5600", tick_size="0.0001", lot_size="1",
          volatility=0.80, market_share=0.65, level_value=15_000),
)
# fmt: on


def log_returns(*, seed: int, first_step: int, steps: int, speed: float = 1.0) -> FloatArray:
    """Return the logarithmic change of every coin in every second from `first_step` on, (steps, coins)."""
    assert first_step >= 0 and steps >= 0
    assert speed > 0
    first_block, offset = divmod(first_step, BLOCK_STEPS)
    blocks = -(-(offset + steps) // BLOCK_STEPS)
    if blocks == 0:
        return np.empty((0, len(COINS)))
    drawn = [_block(seed=seed, block=first_block + place, speed=speed) for place in range(blocks)]
    return np.concatenate(drawn)[offset : offset + steps]


@lru_cache(maxsize=4)
def _block(*, seed: int, block: int, speed: float) -> FloatArray:
    """Return the logarithmic changes of one block of seconds, (BLOCK_STEPS, coins)."""
    random = np.random.default_rng([seed, block])
    shape = (BLOCK_STEPS, len(COINS))
    market = random.standard_t(TAIL_DEGREES, size=(BLOCK_STEPS, 1)) / TAIL_DEVIATION
    own = random.standard_t(TAIL_DEGREES, size=shape) / TAIL_DEVIATION
    jump_chance = min(1.0, JUMPS_PER_SECOND * speed)
    market_jumps = _jumps(random, shape=(BLOCK_STEPS, 1), chance=jump_chance, deviation=MARKET_JUMP_DEVIATION)
    own_jumps = _jumps(random, shape=shape, chance=jump_chance, deviation=COIN_JUMP_DEVIATION)

    shares = np.array([coin.market_share for coin in COINS])
    deviations = np.array([coin.volatility for coin in COINS]) * math.sqrt(speed / SECONDS_PER_YEAR)
    moves = deviations * (shares * market + np.sqrt(1 - shares**2) * own)
    # Without the last term a coin that goes nowhere on the logarithmic scale would gain on ours.
    returns: FloatArray = moves + market_jumps + own_jumps - deviations**2 / 2
    returns.flags.writeable = False
    return returns


def _jumps(random: np.random.Generator, *, shape: tuple[int, int], chance: float, deviation: float) -> FloatArray:
    # Both are drawn always, so that the numbers that follow do not depend on who jumped.
    happens = random.random(shape) < chance
    sizes = random.standard_normal(shape) * deviation
    return np.where(happens, sizes, 0.0)


class SimulatedPrices:
    """
    A price source over the simulated market.

    Its steps are the seconds since 1970, so a source that is started again
    with the last prices goes on as if it had never stopped.
    """

    name = "simulated"

    def __init__(
        self,
        *,
        seed: int,
        now: datetime,
        speed: float = 1.0,
        last_prices: Mapping[str, Decimal] | None = None,
    ) -> None:
        known = last_prices or {}
        self.symbols = tuple(coin.rules.symbol for coin in COINS)
        self._seed = seed
        self._speed = speed
        self._step = _step_at(now)
        self._prices = np.array([float(known.get(coin.rules.symbol, coin.start_price)) for coin in COINS])

    def quotes(self, now: datetime) -> list[Quote]:
        """Return the price of every coin at this second, rounded to its tick."""
        steps = _step_at(now) - self._step
        if steps > 0:
            made_up = min(steps, CATCH_UP_STEPS)
            first_step = self._step + 1 + steps - made_up
            changes = log_returns(seed=self._seed, first_step=first_step, steps=made_up, speed=self._speed)
            self._prices = self._prices * np.exp(changes.sum(axis=0))
            self._step += steps
        return [
            Quote(symbol=coin.rules.symbol, price=_to_tick(price, coin.rules.tick_size), as_of=now, source=self.name)
            for coin, price in zip(COINS, self._prices.tolist(), strict=True)
        ]

    def market_time(self, now: datetime) -> datetime:
        """Return now: the simulated market has no history of its own."""
        return now

    def finished(self, now: datetime) -> bool:
        """Return False: the simulated market never ends."""
        return False


def _step_at(now: datetime) -> int:
    return time_of(now) // MICROSECONDS


def _to_tick(price: float, tick_size: Decimal) -> Decimal:
    ticks = (Decimal(price) / tick_size).to_integral_value(rounding=ROUND_HALF_EVEN)
    return max(ticks, Decimal(1)) * tick_size
