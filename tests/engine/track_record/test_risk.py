"""Risk beside Bitcoin: by hand, at its bounds, and blind to how wild the market was."""

import itertools

import numpy as np
import pytest

from copytrading.engine.track_record.risk import DAYS_MIN, risk_of

DAYS = 91
BITCOIN = np.cumprod(1 + np.random.default_rng(7).normal(0, 0.02, DAYS))


def levered(prices: np.ndarray, factor: float) -> np.ndarray:
    """Return what a portfolio makes that holds a part of Bitcoin, set straight every day."""
    return np.cumprod(np.append(1.0, 1 + factor * (prices[1:] / prices[:-1] - 1)))


def test_bitcoin_itself_is_seven_in_calm_and_in_wild_months():
    for wildness in (0.2, 1.0, 3.0):
        prices = levered(BITCOIN, wildness)
        assert risk_of(unit_prices=prices * 12.5, bitcoin_prices=prices).points == 7


def test_is_the_mean_of_both_shares_by_hand():
    own = levered(BITCOIN, 0.5)
    found = risk_of(unit_prices=own, bitcoin_prices=BITCOIN)

    def of(prices: np.ndarray) -> tuple[float, float]:
        gains = [later / earlier - 1 for earlier, later in itertools.pairwise(prices)]
        middle = sum(gains) / len(gains)
        swings = (sum((gain - middle) ** 2 for gain in gains) / (len(gains) - 1)) ** 0.5 * 365**0.5
        return swings, max(1 - price / max(prices[: place + 1]) for place, price in enumerate(prices))

    (own_swings, own_fall), (swings, fall) = of(own), of(BITCOIN)
    assert found.volatility == pytest.approx(own_swings)
    assert found.fall_fraction == pytest.approx(own_fall)
    assert found.points == round(7 * (own_swings / swings + own_fall / fall) / 2)


def test_keeps_to_one_and_ten():
    assert risk_of(unit_prices=np.ones(DAYS), bitcoin_prices=BITCOIN).points == 1
    assert risk_of(unit_prices=levered(BITCOIN, 4.0), bitcoin_prices=BITCOIN).points == 10


def test_a_fall_counts_beside_swings():
    calm = np.ones(DAYS)
    broken = np.append(np.ones(DAYS - 1), 0.4)
    assert (
        risk_of(unit_prices=broken, bitcoin_prices=BITCOIN).points
        > risk_of(unit_prices=calm, bitcoin_prices=BITCOIN).points
    )


def test_says_nothing_too_early_or_without_a_yardstick():
    assert risk_of(unit_prices=BITCOIN[:DAYS_MIN], bitcoin_prices=BITCOIN) is None
    assert risk_of(unit_prices=BITCOIN[: DAYS_MIN + 1], bitcoin_prices=BITCOIN) is not None
    assert risk_of(unit_prices=BITCOIN, bitcoin_prices=np.ones(DAYS)) is None
    assert risk_of(unit_prices=BITCOIN, bitcoin_prices=np.ones(0)) is None


def test_takes_the_days_that_both_have():
    assert risk_of(unit_prices=BITCOIN[40:], bitcoin_prices=BITCOIN) == risk_of(
        unit_prices=BITCOIN[40:], bitcoin_prices=BITCOIN[40:]
    )


def test_says_nothing_beside_a_bitcoin_that_never_fell_or_never_swung():
    risen = np.cumprod(1 + np.random.default_rng(8).uniform(0.001, 0.02, DAYS))
    halved = 0.5 ** np.arange(DAYS)

    assert risk_of(unit_prices=BITCOIN, bitcoin_prices=risen) is None
    assert risk_of(unit_prices=BITCOIN, bitcoin_prices=halved) is None


def test_tells_what_it_is_made_of():
    own = levered(BITCOIN, 0.5)
    found = risk_of(unit_prices=own, bitcoin_prices=BITCOIN)
    mirrored = risk_of(unit_prices=BITCOIN, bitcoin_prices=own)

    assert (found.bitcoin_volatility, found.bitcoin_fall_fraction) == (mirrored.volatility, mirrored.fall_fraction)


def test_of_a_portfolio_that_never_moved_is_the_least_and_its_swings_are_none():
    found = risk_of(unit_prices=np.ones(DAYS), bitcoin_prices=BITCOIN)

    assert (found.points, found.volatility, found.fall_fraction) == (1, 0.0, 0.0)
