"""Bitcoin's daily closes, in the steps of a lead's curve."""

from datetime import timedelta

import numpy as np
import pytest

from copytrading.models import Lead, Market
from copytrading.queries.leads.listing import card_of
from copytrading.queries.leads.yardstick import bitcoin_closes
from copytrading.services.books.price_bars import write_bars
from tests.cast import NOON, World
from tests.pasts import record

pytestmark = pytest.mark.django_db


def write(*closes: tuple[float, float], symbol: str = "BTC-USDT") -> None:
    """Write closes of (days ago, price)."""
    for days_ago, close in closes:
        write_bars(closes={symbol: np.array([close])}, times=[NOON - timedelta(days=days_ago)])


class TestBitcoinCloses:
    def test_begin_with_what_stood_before_and_end_now(self, world: World) -> None:
        write((3.1, 90.0), (2.5, 100.0), (1.9, 105.0), (1.1, 110.0), (0.5, 120.0))

        assert bitcoin_closes(days=3, now=NOON).tolist() == [90.0, 100.0, 110.0, 120.0]

    def test_a_day_without_a_bar_keeps_the_close_before(self, world: World) -> None:
        write((2.5, 100.0), (0.5, 120.0))

        assert bitcoin_closes(days=3, now=NOON).tolist() == [100.0, 100.0, 120.0]

    def test_know_bitcoin_only(self, world: World) -> None:
        assert Market.objects.filter(symbol="ETH-USDT").exists()
        write((1.5, 100.0), symbol="ETH-USDT")

        assert bitcoin_closes(days=3, now=NOON).size == 0


class TestRiskOfACard:
    def test_is_that_of_bitcoin_for_a_lead_that_moves_as_it_does(self, lead: Lead) -> None:
        prices = np.cumprod(1 + np.random.default_rng(3).normal(0, 0.02, 60))
        record(lead, prices.tolist())
        write(*((59 - place, price * 50_000) for place, price in enumerate(prices)))

        assert card_of(lead, now=NOON).risk == 7

    def test_is_unknown_below_thirty_days_and_without_a_yardstick(self, lead: Lead) -> None:
        record(lead, np.linspace(1, 2, 60).tolist())
        assert card_of(lead, now=NOON).risk is None
        write(*((day, 50_000 + 100 * (day % 3)) for day in range(20)))
        assert card_of(lead, now=NOON).risk is None
