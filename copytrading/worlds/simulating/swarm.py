"""
Which faults a seed has, and how often each strikes.

Every seed draws its own subset, so that rare faults also meet in pairs that a world with all of them would drown.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

# Each fault with the rate that it has at most, where a seed has it at all: a chance at every occasion.
RATES_MAX = {
    # Orders on their way
    "order never arrived": 0.3,
    "order accepted, answer lost": 0.35,
    "order accepted late": 0.5,
    "order accepted past its time": 0.3,
    "order accepted, duplicate error": 0.3,
    "order refused": 0.2,
    "order answered with nonsense": 0.3,
    # What the venue tells afterwards
    "order stays open": 0.4,
    "order not found for a while": 0.4,
    "trades told later": 0.4,
    "question without answer": 0.2,
    "venue busy": 0.2,
    "nonsense answered": 0.15,
    # The market
    "thin book": 0.3,
    "market suspended": 0.1,
    "price jump": 0.2,
    "wick": 0.2,
    "stale prices": 0.15,
    "fee in coins": 0.9,
    # Our own machines
    "crash": 0.05,
    "ring lost": 0.4,
    "ring doubled": 0.3,
    "ring late": 0.3,
    "two beats at once": 0.3,
    "clock step": 0.1,
}
# Of all faults, how many a seed usually has.
SHARE = 0.45


@dataclass(kw_only=True)
class Swarm:
    """The faults of one seed. `struck` counts what happened; once `ended`, nothing fails any more."""

    random: Random
    rates: dict[str, float]
    struck: Counter[str] = field(default_factory=Counter)
    ended: bool = False

    def strikes(self, fault: str) -> bool:
        """Return whether a fault strikes at this occasion, and count it."""
        assert fault in RATES_MAX, f"{fault!r} is no fault that a seed could have"
        rate = self.rates.get(fault, 0.0)
        if not rate or self.ended or self.random.random() >= rate:
            return False
        self.struck[fault] += 1
        return True

    def between(self, least: float, most: float) -> float:
        """Return a number of this seed between two others."""
        return self.random.uniform(least, most)


def draw_swarm(random: Random) -> Swarm:
    """Return the faults of a seed."""
    rates = {
        fault: rate_max * random.uniform(0.2, 1.0) for fault, rate_max in RATES_MAX.items() if random.random() < SHARE
    }
    return Swarm(random=random, rates=rates)
