"""What an account holds, wherever the exchange keeps it, and what all of it costs there."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from copytrading.exchange.errors import KeyRefused, VenueUnreachable
from copytrading.exchange.live import holdings
from copytrading.exchange.live.holdings import Place, PriceBoard, own_names, read_holdings
from tests.exchange.live.conftest import venue_at, wire_to
from tests.fake_venue.venue import FakeVenue, started_in_thread

REFUSALS = {
    "binance": (401, {"code": -2015, "msg": "Invalid API-key, IP, or permissions for action."}),
    "okx": (200, {"code": "50030", "msg": "You don't have permission to use this API endpoint", "data": []}),
    "bybit": (200, {"retCode": 10005, "retMsg": "Permission denied, please check your API key permissions."}),
    "bitget": (400, {"code": "40014", "msg": "Incorrect permissions, need spot read permissions", "data": None}),
}


@pytest.fixture(params=sorted(holdings.READINGS))
def fake(request: pytest.FixtureRequest) -> Iterator[FakeVenue]:
    """A fake venue of each exchange that is read in more places than one."""
    with started_in_thread(dialect=request.param) as venue:
        yield venue


class TestReadHoldings:
    @pytest.mark.parametrize("place", ["funding", "earn"])
    def test_adds_up_all_places(self, fake: FakeVenue, place: str) -> None:
        fake.deposit("outsider", place=place, USDT="700", ETH="1")

        held = read_holdings(wire_to(fake, holder="reading"))

        assert held.totals() == {"USDT": Decimal(5_700), "ETH": Decimal(4)}
        assert held.unread == frozenset()

    def test_names_a_place_that_is_refused(self, fake: FakeVenue) -> None:
        status, body = REFUSALS[fake.dialect]
        fake.disturb(fault="answer", endpoint="earn", status=status, body=body, times=0)

        held = read_holdings(wire_to(fake, holder="reading"))

        # Bybit tells what is staked by the same question.
        assert held.unread - {Place.STAKED} == {Place.EARN}
        assert held.totals() == {"USDT": Decimal(5_000), "ETH": Decimal(3)}

    @pytest.mark.parametrize("endpoint", ["balances", "funding", "earn"])
    def test_knows_nothing_where_a_place_gives_no_answer(self, fake: FakeVenue, endpoint: str) -> None:
        fake.disturb(fault="answer", endpoint=endpoint, status=200, body="<html>Maintenance</html>", times=0)

        with pytest.raises(VenueUnreachable):
            read_holdings(wire_to(fake, holder="reading"))

    def test_knows_nothing_without_the_spot_market(self, fake: FakeVenue) -> None:
        fake.change_key("reading-key", revoked=True)

        with pytest.raises(KeyRefused):
            read_holdings(wire_to(fake, holder="reading"))

    def test_turns_the_pages_of_what_is_locked(self, fake_binance: FakeVenue, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(holdings, "EARN_ROWS_A_PAGE", 2)
        fake_binance.deposit("outsider", place="earn", USDT="1", ETH="2", DOT="3", SOL="4", ADA="5")

        held = read_holdings(wire_to(fake_binance, holder="reading"))

        assert sum(held.by_place[Place.EARN].values()) == 15

    def test_remembers_what_is_dear_until_something_changes(self, fake_binance: FakeVenue) -> None:
        wire = wire_to(fake_binance, holder="reading")
        before = read_holdings(wire)

        kept = read_holdings(wire, before=before, before_age_seconds=299)
        old = read_holdings(wire, before=before, before_age_seconds=300)
        fake_binance.deposit("outsider", USDT="-1000")
        changed = read_holdings(wire, before=before, before_age_seconds=10)

        assert (kept.is_remembered, old.is_remembered, changed.is_remembered) == (True, False, False)
        assert fake_binance.state()["requests"]["earn"] == 3

    def test_remembers_refusals_too(self, fake_binance: FakeVenue) -> None:
        status, body = REFUSALS["binance"]
        fake_binance.disturb(fault="answer", endpoint="earn", status=status, body=body, times=0)
        wire = wire_to(fake_binance, holder="reading")
        before = read_holdings(wire)

        kept = read_holdings(wire, before=before, before_age_seconds=299)

        assert kept.unread == {Place.EARN}
        assert fake_binance.state()["requests"]["earn"] == 1

    def test_takes_no_open_profit_for_money(self, fake: FakeVenue) -> None:
        fake.deposit("outsider", place="open_profit", USDT="-900")

        assert read_holdings(wire_to(fake, holder="reading")).totals()["USDT"] == 5_000

    def test_knows_what_is_staked(self, fake: FakeVenue) -> None:
        if fake.dialect == "binance":
            pytest.skip("Binance tells what is staked among what is locked.")
        fake.deposit("outsider", place="staked", ETH="4")
        fake.deposit("outsider", place="earn", ETH="2")

        assert read_holdings(wire_to(fake, holder="reading")).totals()["ETH"] == 9


class TestCustody:
    @pytest.mark.parametrize("place", ["funding", "earn"])
    def test_is_what_is_kept_in_all_places(self, fake: FakeVenue, place: str) -> None:
        fake.deposit("platform", USDT="-40000")
        fake.deposit("platform", place=place, USDT="40000")

        assert venue_at(fake).balances() == {"USDT": Decimal(100_000), "BTC": Decimal(1)}

    def test_knows_claims_on_coins(self, fake_binance: FakeVenue) -> None:
        fake_binance.deposit("platform", BTC="-0.4", LDBTC="0.4", LDO="7")

        assert venue_at(fake_binance).balances() == {"USDT": Decimal(100_000), "BTC": Decimal(1), "LDO": Decimal(7)}


class TestOwnNames:
    KNOWN = frozenset({"BTC", "USDT", "LDO", "O"})

    @pytest.mark.parametrize(
        ("listed", "expected"),
        [("LDBTC", "BTC"), ("LDUSDT", "USDT"), ("LDO", "LDO"), ("LD", "LD"), ("LDXYZ", "LDXYZ"), ("BTC", "BTC")],
    )
    def test_are_those_of_the_coins(self, listed: str, expected: str) -> None:
        named = own_names({listed: Decimal(2)}, exchange="binance", trades=self.KNOWN.__contains__)

        assert named == {expected: Decimal(2)}

    def test_add_a_claim_to_the_coin_itself(self) -> None:
        held = {"BTC": Decimal(1), "LDBTC": Decimal(2)}

        assert own_names(held, exchange="binance", trades=self.KNOWN.__contains__) == {"BTC": Decimal(3)}

    def test_are_the_exchanges_elsewhere(self) -> None:
        held = {"LDBTC": Decimal(2)}

        assert own_names(held, exchange="okx", trades=self.KNOWN.__contains__) == held


class TestPrices:
    def test_are_the_middle_of_every_pair_in_one_request(self, fake: FakeVenue) -> None:
        board = holdings.price_board(wire_to(fake, holder="reading"), cash="USDT", name=fake.address)

        assert float(board.price_of("BTC") or 0) == pytest.approx(50_000, rel=1e-3)
        assert board.has_pair("ETH", "USDT")
        assert fake.state()["requests"]["ticker"] == 1


class TestPriceBoard:
    @pytest.mark.parametrize(
        ("coin", "expected"),
        [("USDT", 1), ("EUR", "1.08"), ("TRY", "0.025"), ("NEO", 10), ("MXN", "0.054"), ("RUGGED", None)],
    )
    def test_prices_directly_backwards_and_by_way_of_another(self, coin: str, expected: str | None) -> None:
        pairs = {"EURUSDT": "1.08", "USDTTRY": "40", "NEOBTC": "0.0002", "BTCUSDT": "50000", "EURMXN": "20"}
        board = PriceBoard(cash="USDT", prices={pair: Decimal(price) for pair, price in pairs.items()})

        price = board.price_of(coin)

        assert price == (None if expected is None else pytest.approx(Decimal(expected)))

    def test_takes_no_side_without_an_offer_for_a_price(self) -> None:
        rows = [("BTCUSDT", "49990", "50010"), ("OLDUSDT", "0.00000000", "5"), ("NEWUSDT", "", "")]

        assert holdings.mids_of(rows) == {"BTCUSDT": Decimal(50_000)}
