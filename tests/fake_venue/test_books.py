"""Books: built ones, recorded ones, and what orders leave of them."""

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from tests.fake_venue.books import BuiltLadder, FakeBook, RecordedLadder, read_recorded_ladder
from tests.fake_venue.clients import client_of, place
from tests.fake_venue.venue import started_in_thread
from tests.fake_venue.world import SMALL_WORLD


def built() -> FakeBook:
    return FakeBook(source=BuiltLadder(price=Decimal(100), tick_size=Decimal("0.01"), lot_size=Decimal("0.001")))


class TestFakeBook:
    def test_keeps_what_was_taken_until_it_is_refilled(self) -> None:
        book = built()
        price, quantity = book.sides(seconds=0)[1][0]

        book.take(price, quantity)
        after = book.sides(seconds=1)[1][0][0]
        refilled = book.sides(seconds=2)[1][0]

        assert after > price
        assert refilled == (price, quantity)

    def test_is_refilled_by_a_new_price(self) -> None:
        book = built()
        price, quantity = book.sides(seconds=0)[1][0]
        book.take(price, quantity)

        assert isinstance(book.source, BuiltLadder)
        book.source.set_price(Decimal(100))

        assert book.sides(seconds=0.1)[1][0] == (price, quantity)


class TestRecordedLadder:
    def test_plays_its_snapshots_in_time(self, tmp_path: Path) -> None:
        path = tmp_path / "book.csv.gz"
        rows = ["ts,symbol,side,level,price,qty"]
        for second, price in ((0, 100), (1, 101)):
            rows += [f"2024-08-08T00:00:0{second}.000Z,X-USDT,bid,1,{price - 1},2"]
            rows += [f"2024-08-08T00:00:0{second}.000Z,X-USDT,ask,1,{price + 1},3"]
        path.write_bytes(gzip.compress("\n".join([*rows, "2024-08-08T00:00:02.000Z,X-USDT,bid,1,7,1"]).encode()))

        ladder = read_recorded_ladder(path, speed=2)

        assert [ladder.ladder(seconds=seconds).mid for seconds in (0, 0.4, 0.5, 9)] == [100, 100, 101, 101]

    def test_is_what_was_recorded(self, recorded_data: Path) -> None:
        recording = str(recorded_data / "market" / "book50_ETH-USDT_2024-08-08.csv.gz")
        world = SMALL_WORLD | {"markets": [{"symbol": "ETH-USDT", "lot_size": "0.0001", "recording": recording}]}

        with started_in_thread(dialect="binance", world=world) as venue:
            client = client_of(venue)
            book = client.fetch_order_book("ETH/USDT")
            order = place(client, symbol="ETH/USDT", quantity="5", price=str(book["asks"][-1][0]))

        assert len(book["bids"]) == 50
        assert Decimal(order["filled"]) == 5
        assert Decimal(order["average"]) >= Decimal(str(book["asks"][0][0]))


class TestBuiltLadder:
    @pytest.mark.parametrize("price", ["0.00001", "0.5", "60000"])
    def test_never_offers_below_zero_or_crosses(self, price: str) -> None:
        ladder = BuiltLadder(price=Decimal(price), tick_size=Decimal("0.00001"), lot_size=Decimal(1)).ladder(seconds=0)

        assert all(level[0] > 0 for level in ladder.bids)
        assert not ladder.bids or ladder.bids[0][0] < ladder.asks[0][0]
        assert (
            RecordedLadder(seconds=[0.0], snapshots=[(ladder.bids, ladder.asks)]).ladder(seconds=1).asks == ladder.asks
        )
