from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from copytrading.exchange.prices.simulated import COINS, SimulatedPrices, log_returns

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def returns() -> np.ndarray:
    """Return the changes of 100,000 seconds, (100000, 12)."""
    return log_returns(seed=7, first_step=0, steps=100_000)


class TestLogReturns:
    def test_depend_on_seed_and_second_alone(self):
        whole = log_returns(seed=7, first_step=1000, steps=600)

        parts = [log_returns(seed=7, first_step=1000 + 200 * part, steps=200) for part in range(3)]

        np.testing.assert_array_equal(whole, np.concatenate(parts))
        assert (log_returns(seed=8, first_step=1000, steps=600) != whole).all()

    def test_can_be_none(self):
        assert log_returns(seed=7, first_step=5, steps=0).shape == (0, len(COINS))

    def test_move_together(self, returns):
        correlations = np.corrcoef(returns.T)[np.triu_indices(len(COINS), k=1)]

        assert correlations.min() > 0.3
        assert 0.45 < correlations.mean() < 0.75

    def test_have_fat_tails(self, returns):
        centred = returns - returns.mean(axis=0)
        kurtosis = (centred**4).mean(axis=0) / (centred**2).mean(axis=0) ** 2

        assert (kurtosis > 4).all()

    def test_jump_now_and_then(self, returns):
        # No tail reaches one percent within a second (some 60 deviations), a jump often does;
        # a day of twelve coins and a market should bring about two dozen jumps.
        far = (np.abs(returns) > 0.01).any(axis=1).sum()

        assert 4 <= far <= 40

    def test_are_as_lively_as_the_coin(self, returns):
        # Jumps add to the variance of the quiet seconds, so compare the middle: half of all moves are below it.
        middle = np.median(np.abs(returns), axis=0)
        volatilities = np.array([coin.volatility for coin in COINS])

        np.testing.assert_allclose(middle / middle.mean(), volatilities / volatilities.mean(), rtol=0.05)

    def test_grow_with_the_root_of_the_speed(self, returns):
        fast = log_returns(seed=7, first_step=0, steps=100_000, speed=100)

        ratio = np.median(np.abs(fast), axis=0) / np.median(np.abs(returns), axis=0)
        np.testing.assert_allclose(ratio, 10, rtol=0.05)


class TestSimulatedPrices:
    def test_start_at_the_coins_first_prices(self):
        quotes = SimulatedPrices(seed=7, now=NOON).quotes(NOON)

        assert {quote.symbol: quote.price for quote in quotes} == {
            coin.rules.symbol: coin.start_price for coin in COINS
        }
        assert len(quotes) == 12

    def test_move_every_second_in_whole_ticks(self):
        source = SimulatedPrices(seed=7, now=NOON)

        quotes = source.quotes(NOON + 60 * SECOND)

        for coin, quote in zip(COINS, quotes, strict=True):
            assert quote.price % coin.rules.tick_size == 0
            assert quote.as_of == NOON + 60 * SECOND
            assert abs(quote.price / coin.start_price - 1) < Decimal("0.1")
        assert sum(quote.price != coin.start_price for coin, quote in zip(COINS, quotes, strict=True)) > 6

    def test_do_not_depend_on_how_often_they_are_asked(self):
        often, rarely = SimulatedPrices(seed=7, now=NOON), SimulatedPrices(seed=7, now=NOON)

        for passed in range(300):
            often.quotes(NOON + passed * SECOND)

        assert often.quotes(NOON + 300 * SECOND) == rarely.quotes(NOON + 300 * SECOND)

    def test_stand_still_within_a_second(self):
        source = SimulatedPrices(seed=7, now=NOON)
        before = source.quotes(NOON + SECOND)

        after = source.quotes(NOON + 1.9 * SECOND)

        assert [quote.price for quote in after] == [quote.price for quote in before]

    def test_go_on_from_the_last_prices(self):
        first = SimulatedPrices(seed=7, now=NOON)
        last_prices = {quote.symbol: quote.price for quote in first.quotes(NOON + 100 * SECOND)}

        second = SimulatedPrices(seed=7, now=NOON + 100 * SECOND, last_prices=last_prices)

        assert {quote.symbol: quote.price for quote in second.quotes(NOON + 100 * SECOND)} == last_prices
        later = NOON + 130 * SECOND
        for coin, continued, unbroken in zip(COINS, second.quotes(later), first.quotes(later), strict=True):
            assert abs(continued.price - unbroken.price) <= coin.rules.tick_size

    def test_do_not_make_up_for_hours_asleep(self):
        source = SimulatedPrices(seed=7, now=NOON, speed=3600)

        quotes = source.quotes(NOON + timedelta(days=2))

        assert source.quotes(NOON + timedelta(days=2)) == quotes
        assert all(quote.price > 0 for quote in quotes)
