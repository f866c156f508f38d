"""What a book offers, and what that may cost at most."""

from decimal import Decimal

import pytest

from copytrading.engine.market.books import Book, Level
from copytrading.engine.orders import bunching
from tests.engine.stage import market, rules

CAP = Decimal("0.005")


def level(price: int) -> Level:
    return Level(price=Decimal(price), quantity=Decimal(1))


class TestOfferOf:
    @pytest.mark.parametrize("net_units", [0, 1_000_000, -1_000_000])
    @pytest.mark.parametrize("middle", [40_000, 49_990, 50_010, 60_000])
    def test_asks_nobody_for_more_than_the_cap_allows_be_it_inside(self, net_units: int, middle: int) -> None:
        mark = Decimal(50_000)
        book = Book(symbol="BTC-USDT", bids=(level(middle - 10),), asks=(level(middle + 10),), as_of=None)

        offer = bunching.offer_of(
            market=market(mark=str(mark)),
            book=book,
            net_units=net_units,
            slippage_max=float(CAP),
            rules=rules(),
        )

        assert mark * (1 - CAP) <= offer.price_mid <= offer.price_buy_max <= mark * (1 + CAP)
