from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copytrading.exchange.orders import Side
from copytrading.exchange.paper.matching import book_of, matches_of
from copytrading.exchange.paper.models import PaperMarket

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def market(**changes: object) -> PaperMarket:
    described = {
        "symbol": "SOL-USDT",
        "base": "SOL",
        "quote": "USDT",
        "lot_size": Decimal("0.001"),
        "tick_size": Decimal("0.01"),
        "value_min": Decimal(5),
        "fee_rate": Decimal("0.001"),
        "spread_rate": Decimal("0.002"),
        "level_gap_rate": Decimal("0.001"),
        "level_value": Decimal(1000),
        "level_count": 3,
        "price": Decimal(100),
        "priced_at": NOON,
        "taken_bid_quantity": Decimal(0),
        "taken_ask_quantity": Decimal(0),
    }
    return PaperMarket(**(described | changes))


class TestBookOf:
    def test_lies_half_the_spread_away_on_either_side(self):
        book = book_of(market())

        assert [level.price for level in book.asks] == [Decimal("100.10"), Decimal("100.20"), Decimal("100.30")]
        assert [level.price for level in book.bids] == [Decimal("99.90"), Decimal("99.80"), Decimal("99.70")]
        assert book.mid == 100
        assert book.as_of == NOON

    def test_offers_more_the_further_from_the_price(self):
        values = [level.price * level.quantity for level in book_of(market()).asks]

        assert values == pytest.approx([1000, 1500, 2000], abs=0.2)

    def test_is_empty_before_the_first_price(self):
        book = book_of(market(price=None, priced_at=None))

        assert book.bids == book.asks == ()

    def test_lacks_what_was_taken_best_levels_first(self):
        fresh = book_of(market()).asks
        taken = fresh[0].quantity + 1

        asks = book_of(market(taken_ask_quantity=taken)).asks

        assert [level.price for level in asks] == [level.price for level in fresh[1:]]
        assert asks[0].quantity == fresh[1].quantity - 1

    def test_keeps_its_bids_while_the_asks_are_taken(self):
        assert book_of(market(taken_ask_quantity=Decimal(10_000))).bids == book_of(market()).bids

    def test_never_puts_two_levels_on_one_price(self):
        asks = book_of(market(tick_size=Decimal(1), level_count=5)).asks

        assert [level.price for level in asks] == [101, 102, 103, 104, 105]

    def test_ends_where_a_price_would_not_be_above_zero(self):
        bids = book_of(market(price=Decimal("0.03"), tick_size=Decimal("0.01"), level_count=9)).bids

        assert [level.price for level in bids] == [Decimal("0.02"), Decimal("0.01")]

    def test_has_no_spread_and_no_end_when_told_so(self):
        endless = market(level_count=0, price=Decimal("0.0098138"))

        book = book_of(endless)

        assert book.bids[0].price == book.asks[0].price == book.mid == Decimal("0.0098138")
        # It fits a bigint of units at 8 decimals.
        assert 10**18 < book.asks[0].quantity * 10**8 < 2**63

    def test_does_not_end_by_being_used(self):
        fresh, used = market(level_count=0), market(level_count=0, taken_ask_quantity=Decimal(10**9))

        assert book_of(used).asks == book_of(fresh).asks


class TestMatchesOf:
    def test_meets_one_level_after_the_other(self):
        matches = matches_of(market(), side=Side.BUY, quantity=Decimal(20), price_limit=Decimal("100.20"))

        assert [match.price for match in matches] == [Decimal("100.10"), Decimal("100.20")]
        assert sum(match.quantity for match in matches) == 20

    def test_stops_at_the_limit(self):
        matches = matches_of(market(), side=Side.SELL, quantity=Decimal(1000), price_limit=Decimal("99.80"))

        assert [match.price for match in matches] == [Decimal("99.90"), Decimal("99.80")]

    def test_gets_nothing_when_the_limit_is_off_the_book(self):
        assert matches_of(market(), side=Side.BUY, quantity=Decimal(1), price_limit=Decimal(100)) == []

    def test_takes_the_fee_in_quote_currency_and_never_rounds_it_away(self):
        cheap = market(price=Decimal("0.00012345"), tick_size=Decimal("0.00000001"), level_count=0)

        (match,) = matches_of(cheap, side=Side.BUY, quantity=Decimal("0.010"), price_limit=Decimal(1))

        assert match.value == Decimal("0.00000123")
        assert match.fee == Decimal("0.00000001")

    @given(
        price=st.decimals("0.01", "90000", places=2),
        lots=st.integers(1, 10**7),
        taken_lots=st.integers(0, 10**6),
        side=st.sampled_from(Side),
        room=st.decimals("-0.01", "0.01", places=4),
    )
    def test_never_gives_more_than_wanted_or_offered_or_past_the_limit(self, price, lots, taken_lots, side, room):
        taken = taken_lots * Decimal("0.001")
        traded = market(price=price, level_count=8, taken_bid_quantity=taken, taken_ask_quantity=taken)
        quantity = lots * Decimal("0.001")
        price_limit = price * (1 + room)

        matches = matches_of(traded, side=side, quantity=quantity, price_limit=price_limit)

        got = sum((match.quantity for match in matches), start=Decimal(0))
        assert got == min(quantity, book_of(traded).depth_within(side, price_limit))
        for match in matches:
            assert match.price <= price_limit if side is Side.BUY else match.price >= price_limit
            assert match.price % traded.tick_size == 0
            assert match.quantity % traded.lot_size == 0
