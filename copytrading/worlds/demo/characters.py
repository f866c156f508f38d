"""
The invented leads, and how each of them decides.

A character looks at the coins, largest first, and at what they cost lately (looks, A), and says which share of the
portfolio each coin should have (A,); the rest is cash. Looks are a character's own: between two *turns* there is a
pause, and what it looks back on is two pauses, whether a pause is a day of the past or a minute of the demo. The same
rule is used for both, and nothing in it is random.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import FloatArray

Rule = Callable[[FloatArray, int], FloatArray]

LARGE_COINS = 4
BASKET_COINS = 8
# How far a character looks back, in its own pauses.
LOOKS_BACK_PAUSES = 2


@dataclass(frozen=True, kw_only=True)
class Character:
    """
    An invented lead.

    `stake` is the lead's own money in USDT. A turn comes every `pause_seconds` while the demo runs, and came every
    `pause_hours` in the past: a demo in real time would be a quiet one. Most show strangers everything at once, which
    is livelier; who is `discreet` shows trades a day later and the shares of a daily close, as every new lead does.
    """

    name: str
    bio: str
    tags: tuple[str, ...]
    stake: int
    profit_share_percent: int
    followers_max: int
    pause_seconds: int
    pause_hours: int
    rule: Rule
    discreet: bool = False

    @property
    def email(self) -> str:
        """The address that tells a demo lead from everybody else."""
        return f"{self.name.lower().replace(' ', '.')}@demo.example.org"

    def weights(self, *, closes: FloatArray, turn: int) -> FloatArray:
        """Return the share of each coin (A,), in all at most 1, after looking at closes (looks, A)."""
        assert closes.ndim == 2 and closes.size and (closes > 0).all(), "there is at least one look, at known prices"
        weights = self.rule(closes, turn)
        assert weights.shape == closes.shape[1:], "one weight for each coin"
        assert (weights >= 0).all() and weights.sum() <= 1 + 1e-9, "spot neither owes nor lends"
        return weights


def gains(closes: FloatArray) -> FloatArray:
    """Return what each coin gained over the looks, (A,), as a fraction."""
    return np.asarray(closes[-1] / closes[0] - 1)


def rotate_large(closes: FloatArray, _: int) -> FloatArray:
    """Hold the large coins, and of the one that gained most three times as much as of the others."""
    coins = np.arange(min(LARGE_COINS, closes.shape[1]))
    shares = np.ones(len(coins))
    shares[gains(closes)[coins].argmax()] = 3
    return _spread(closes, coins, shares, invested=0.93)


def keep_half(closes: FloatArray, _: int) -> FloatArray:
    """Hold the two largest with half of everything: a little less after they rose, a little more after they fell."""
    coins = np.arange(min(2, closes.shape[1]))
    market = closes[:, coins].mean(axis=1)
    steps = np.diff(np.log(market))
    deviation = float(steps.std()) * np.sqrt(len(steps)) if len(steps) > 1 else 0.0
    # How unusual the move was, so that the same rule fits a day and a minute.
    surprise = float(steps.sum()) / deviation if deviation > 0 else 0.0
    return _spread(closes, coins, np.ones(len(coins)), invested=0.5 - 0.05 * float(np.clip(surprise, -2, 2)))


def hold_many(closes: FloatArray, _: int) -> FloatArray:
    """Hold every coin: of the one that gained most about three times as much as of the one that gained least."""
    coins = np.arange(closes.shape[1])
    ranks = gains(closes).argsort(kind="stable").argsort(kind="stable")
    return _spread(closes, coins, 1 + 2 * ranks / max(len(coins) - 1, 1), invested=0.95)


def equal_basket(closes: FloatArray, turn: int) -> FloatArray:
    """Hold eight coins in equal shares; at each turn one leaves and the next in line takes its place."""
    count = closes.shape[1]
    coins = np.unique((turn + np.arange(min(BASKET_COINS, count))) % count)
    return _spread(closes, coins, np.ones(len(coins)), invested=0.96)


def chase_two(closes: FloatArray, _: int) -> FloatArray:
    """Hold the two of the smaller coins that gained most, the first of them with more than half of everything."""
    coins = _smaller(closes)
    best = coins[(-gains(closes)[coins]).argsort(kind="stable")[:2]]
    return _spread(closes, best, np.array([6.0, 3.5])[: len(best)], invested=0.95)


def buy_fallen(closes: FloatArray, _: int) -> FloatArray:
    """Hold the three of the smaller coins that lost most, with three quarters of everything."""
    coins = _smaller(closes)
    worst = coins[gains(closes)[coins].argsort(kind="stable")[:3]]
    return _spread(closes, worst, np.ones(len(worst)), invested=0.75)


def _smaller(closes: FloatArray) -> np.ndarray:
    """Return the places of the coins that are not among the large ones; of all, where there are only those."""
    count = closes.shape[1]
    return np.arange(LARGE_COINS if count > LARGE_COINS else 0, count)


def _spread(closes: FloatArray, coins: np.ndarray, shares: FloatArray, *, invested: float) -> FloatArray:
    weights = np.zeros(closes.shape[1])
    weights[coins] = shares / shares.sum() * invested
    return weights


CHARACTERS = (
    Character(
        name="Basalt",
        bio="Rotates among the four largest coins and leans on the one that leads. Hardly ever in cash.",
        tags=("large coins", "trend"),
        stake=120_000,
        profit_share_percent=10,
        followers_max=500,
        pause_seconds=40,
        pause_hours=96,
        rule=rotate_large,
    ),
    Character(
        name="Quiet Harbor",
        bio="Bitcoin and Ether, and half of it always in cash. Trims after a rise, adds after a fall, in small steps.",
        tags=("calm", "half in cash"),
        stake=200_000,
        profit_share_percent=5,
        followers_max=1000,
        pause_seconds=60,
        pause_hours=48,
        rule=keep_half,
    ),
    Character(
        name="Northwind",
        bio="A little of everything that trades here, more of what is rising. No single coin decides.",
        tags=("many coins", "diversified"),
        stake=80_000,
        profit_share_percent=8,
        followers_max=300,
        pause_seconds=50,
        pause_hours=96,
        rule=hold_many,
    ),
    Character(
        name="Tessera",
        bio="Eight coins in equal parts, set straight at every turn; one leaves and the next in line joins.",
        tags=("equal weights", "by the rules"),
        stake=60_000,
        profit_share_percent=0,
        followers_max=200,
        pause_seconds=55,
        pause_hours=168,
        rule=equal_basket,
    ),
    Character(
        name="Ember",
        bio="Two smaller coins at a time, whichever run fastest. Bold, concentrated, and not for the faint of heart.",
        tags=("bold", "concentrated"),
        stake=15_000,
        profit_share_percent=20,
        followers_max=50,
        pause_seconds=45,
        pause_hours=120,
        rule=chase_two,
        discreet=True,
    ),
    Character(
        name="Lumen",
        bio="Buys the three smaller coins that fell the most and waits for them, a quarter kept in cash.",
        tags=("contrarian", "patient"),
        stake=45_000,
        profit_share_percent=15,
        followers_max=150,
        pause_seconds=60,
        pause_hours=120,
        rule=buy_fallen,
        discreet=True,
    ),
)
