"""How the invented leads decide, and what that would have brought them before today."""

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from django.test import override_settings

from copytrading.engine.arrays import FloatArray
from copytrading.worlds.demo import history
from copytrading.worlds.demo.characters import CHARACTERS, Character
from copytrading.worlds.demo.history import Past
from tests.worlds.demo.demo_stage import START_PRICES, SYMBOLS, character


class TestCharacters:
    @pytest.mark.parametrize("rule", CHARACTERS, ids=lambda rule: rule.name)
    @pytest.mark.parametrize("coins", [1, 2, 4, 5, 12, 30])
    def test_any_market_gives_weights_that_spot_can_hold(self, rule: Character, coins: int) -> None:
        random = np.random.default_rng(coins)
        closes = 100 * np.exp(random.normal(0, 0.01, (50, coins)).cumsum(axis=0))

        for turn in range(20):
            weights = rule.weights(closes=closes[turn : turn + 30], turn=turn)
            assert weights.shape == (coins,)
            assert 0.3 < weights.sum() <= 1

    def test_basalt_leans_on_the_large_coin_that_gained_most(self) -> None:
        closes = np.array([[100.0] * 6, [100.0, 104.0, 101.0, 99.0, 150.0, 90.0]])

        weights = character("Basalt").weights(closes=closes, turn=0)

        assert weights.argmax() == 1
        assert (weights[4:] == 0).all()

    def test_quiet_harbor_has_less_after_a_rise_than_after_a_fall(self) -> None:
        rise = 100 * np.exp(np.linspace(0, 0.05, 30))[:, None] * np.ones((1, 3))

        after_rise = character("Quiet Harbor").weights(closes=rise + np.arange(30)[:, None] % 2, turn=0)
        after_fall = character("Quiet Harbor").weights(closes=rise[::-1] + np.arange(30)[:, None] % 2, turn=0)

        assert after_rise.sum() < 0.5 < after_fall.sum()

    def test_tessera_swaps_one_of_eight_equal_coins_a_turn(self) -> None:
        closes = np.ones((2, 12))

        baskets = [set(np.flatnonzero(character("Tessera").weights(closes=closes, turn=turn))) for turn in range(13)]

        assert all(len(basket) == 8 for basket in baskets)
        assert all(len(some & other) == 7 for some, other in pairwise(baskets))
        assert baskets[12] == baskets[0]

    def test_ember_holds_the_two_fastest_of_the_smaller_coins_and_lumen_the_slowest_three(self) -> None:
        closes = np.array([[1.0] * 8, [9.0, 9.0, 9.0, 9.0, 1.1, 0.8, 1.3, 0.9]])

        ember = character("Ember").weights(closes=closes, turn=0)
        lumen = character("Lumen").weights(closes=closes, turn=0)

        assert np.flatnonzero(ember).tolist() == [4, 6]
        assert ember.argmax() == 6
        assert np.flatnonzero(lumen).tolist() == [4, 5, 7]


class TestHistory:
    def test_the_past_ends_at_the_prices_of_today(self) -> None:
        past = history.past_of(prices=START_PRICES, symbols=SYMBOLS)

        assert past.closes.shape == (history.PAST_DAYS * 24 + 1, 12)
        assert np.allclose(past.closes[-1], [float(START_PRICES[symbol]) for symbol in SYMBOLS], rtol=1e-12)

    @override_settings(SMARTSYNC_FEE_RATE=Decimal(0))
    def test_a_lead_gained_what_a_plain_loop_over_its_weights_gains(self) -> None:
        past = history.past_of(prices=START_PRICES, symbols=SYMBOLS)

        for rule in CHARACTERS:
            expected = plain_equity(rule, past=past)
            assert np.allclose(unit_prices_of(rule, past=past), expected, rtol=1e-9)

    def test_fees_are_paid_in_the_past_too(self) -> None:
        past = history.past_of(prices=START_PRICES, symbols=SYMBOLS)

        with_fees = unit_prices_of(character("Ember"), past=past)

        assert with_fees[-1] < plain_equity(character("Ember"), past=past)[-1] * 0.98


def unit_prices_of(rule: Character, *, past: Past) -> FloatArray:
    """Return the unit prices that a character's past is told with."""
    return history.path_of(rule, past=past).equity() / history.START_UNITS


def plain_equity(rule: Character, *, past: Past) -> FloatArray:
    """Return the equity of a portfolio that takes on a rule's weights at its turns, without fees: a witness."""
    equity, cash, held = [], 1.0, np.zeros(len(past.symbols))
    for hour, prices in enumerate(past.closes):
        worth = cash + float(held @ prices)
        if hour % rule.pause_hours == 0:
            weights = history.weights_at(rule, past=past, hour=hour)
            held, cash = worth * weights / prices, worth * (1 - weights.sum())
        equity.append(cash + float(held @ prices))
    return np.array(equity)
