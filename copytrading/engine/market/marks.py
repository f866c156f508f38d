"""
Which price of a market may be acted on.

Several sources: a price counts when more than half of the sources agree on it, and the mark is the median of
those. A source that is further off than `outlier_max` is left out, and where no majority is left nobody knows who is
right: there is no price to act on.

One source: nobody can contradict it, so its own next quote has to. A jump is not believed until a second, later quote
has gone to the same side; then the nearer of the two is believed, as of the moment at which it was quoted, and the
other one waits for its own confirmation where it is a jump from there. What comes back in between was a wick.

A leap: a price that is a multiple or a fraction of the mark, as after a redenomination, or that is not where it was
before its market was suspended. However many sources say so, and however often, it may be another coin, or the same
one counted in another unit. So a confirmed leap is believed by no rule at all: a person has to say which coin it is.

Everything here decides and nothing is computed: the answers say *which* quote is meant, so that the price that becomes
a mark is exactly the one that was quoted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from copytrading.engine.arrays import BoolArray, FloatArray, IntArray

# The market moves while a coin is counted anew: a ratio this far from a power of ten is still taken for one.
POWER_TOLERANCE = 0.2


@dataclass(frozen=True, kw_only=True)
class Majority:
    """
    What several sources come to, for each market (M,).

    The median lies half way between the prices in the columns `lower` and `upper` (the same one where their number is
    odd); `kept` (M, S) are the sources that agree. Where not `agreed` no majority does.
    """

    agreed: BoolArray
    lower: IntArray
    upper: IntArray
    kept: BoolArray


@dataclass(frozen=True, kw_only=True)
class Jumps:
    """
    Whether the one quote of each market (M,) is believed.

    Where it is, `use_doubted` says that the price doubted before is meant, the nearer of the two. `doubt_anew` says
    that this quote is what has to be confirmed from now on.
    """

    believed: BoolArray
    use_doubted: BoolArray
    doubt_anew: BoolArray


def find_majority(*, prices: FloatArray, outlier_max: float) -> Majority:
    """
    Return what the sources agree on.

    :param prices: what each source says (M, S), NaN where it says nothing; each market has at least one price.
    :param outlier_max: how far off the middle a source may be, as a fraction of it.
    """
    said = ~np.isnan(prices)
    assert said.any(axis=1).all(), "a market without a price has no majority"
    order = np.argsort(prices, axis=1, kind="stable")  # NaN comes last
    count = said.sum(axis=1)
    rows = np.arange(len(prices))
    # Of an even number the lower of the two in the middle: a median between two camps would agree with neither.
    middle = prices[rows, order[rows, (count - 1) // 2]]
    kept = said & (np.abs(prices - middle[:, None]) <= outlier_max * middle[:, None])
    agreeing = kept.sum(axis=1)
    order = np.argsort(np.where(kept, prices, np.nan), axis=1, kind="stable")
    return Majority(
        agreed=np.asarray(agreeing * 2 > count, dtype=np.bool_),
        lower=order[rows, (agreeing - 1) // 2].astype(np.int64),
        upper=order[rows, agreeing // 2].astype(np.int64),
        kept=np.asarray(kept, dtype=np.bool_),
    )


@dataclass(frozen=True, kw_only=True)
class Leaps:
    """Which prices (M,) a person has to judge: a `factor` of the mark, or `moved` while the market was suspended."""

    factor: BoolArray
    moved: BoolArray

    @property
    def any(self) -> BoolArray:
        return np.asarray(self.factor | self.moved, dtype=np.bool_)


def judge_jumps(
    *,
    marks: FloatArray,
    marked_at: FloatArray,
    quotes: FloatArray,
    quoted_at: FloatArray,
    doubted: FloatArray,
    doubted_at: FloatArray,
    jump_max: float,
    age_max: float,
    leapt: BoolArray | None = None,
) -> Jumps:
    """
    Return which quotes are believed, all (M,), times in seconds.

    :param marks: the last price believed, NaN for none; one older than `age_max` is no measure of a jump.
    :param doubted: the price that waits to be confirmed, NaN for none.
    :param jump_max: how far a price may move from one quote to the next and be believed at once, as a fraction.
    :param leapt: quotes that are jumps however old the mark is, see `judge_leaps`; none when None.
    """
    # NaN compares false: no mark, no jump.
    jumped = _is_far(quotes, marks, jump_max) & (quoted_at - marked_at <= age_max)
    if leapt is not None:
        jumped = jumped | leapt
    same_side = (quotes > marks) == (doubted > marks)
    has_doubt = ~np.isnan(doubted)
    confirmed = jumped & has_doubt & same_side & (quoted_at > doubted_at)
    use_doubted = confirmed & (np.abs(doubted - marks) < np.abs(quotes - marks))
    anew = jumped & ~confirmed & ~(has_doubt & same_side)
    return Jumps(
        believed=np.asarray(~jumped | confirmed, dtype=np.bool_),
        use_doubted=np.asarray(use_doubted, dtype=np.bool_),
        doubt_anew=np.asarray(anew | use_doubted & _is_far(quotes, doubted, jump_max), dtype=np.bool_),
    )


def judge_leaps(
    *, marks: FloatArray, prices: FloatArray, was_suspended: BoolArray, jump_max: float, leap_max: float
) -> Leaps:
    """
    Return which prices may be those of another coin or of another unit of it, all (M,).

    :param marks: the last price believed, however long ago; NaN for none, and then nothing is a leap.
    :param was_suspended: whether the market was suspended at any time since that mark.
    :param jump_max: how far a price may be from what it was before a suspension, as a fraction; every leap is a jump.
    :param leap_max: a multiple of the mark from which on no market is believed to have moved there by itself.
    """
    jumped = _is_far(prices, marks, jump_max)
    factor = jumped & (np.maximum(prices / marks, marks / prices) >= leap_max)
    return Leaps(
        factor=np.asarray(factor, dtype=np.bool_),
        moved=np.asarray(jumped & was_suspended & ~factor, dtype=np.bool_),
    )


def is_near(prices: FloatArray, marks: FloatArray, jump_max: float) -> BoolArray:
    """Return which prices are no jump from their mark; what is unknown is not near."""
    return np.isfinite(prices) & np.isfinite(marks) & ~_is_far(prices, marks, jump_max)


def explaining_power(ratio: float) -> int | None:
    """
    Return which power of ten explains a ratio of prices, as 3 for about 1,000 and -2 for about 0.01; None for none.

    Coins are counted anew by such powers, and the market moves a little meanwhile.
    """
    power = round(math.log10(ratio))
    return power if power and abs(ratio / 10.0**power - 1) <= POWER_TOLERANCE else None


def _is_far(prices: FloatArray, others: FloatArray, jump_max: float) -> BoolArray:
    # A ratio, so that a fall to a half is as far as a rise to the double.
    return np.asarray(np.maximum(prices / others, others / prices) > 1 + jump_max, dtype=np.bool_)
