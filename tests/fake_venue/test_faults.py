"""Every fault of the script, in every dialect, as ccxt's real client meets it."""

import contextlib
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.fake_venue.clients import client_of, find, place
from tests.fake_venue.faults import FaultScript, Rule
from tests.fake_venue.venue import FakeVenue, started_as_process

# For what never comes in time.
IMPATIENT_MS = 300


@pytest.fixture
def client(fake_venue: FakeVenue) -> Iterator[ccxt.Exchange]:
    client = client_of(fake_venue, timeout=5_000)
    client.options["fetchCurrencies"] = False
    client.load_markets()
    yield client
    client.session.close()


class TestLost:
    def test_order_never_exists(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.disturb(fault="lost", endpoint="place")

        with pytest.raises(ccxt.NetworkError):
            place(client)
        assert fake_venue.orders() == []


class TestLate:
    def test_order_is_accepted_after_the_answer_timed_out(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        client.timeout = IMPATIENT_MS
        fake_venue.disturb(fault="late", endpoint="place", seconds=1.2)

        with pytest.raises(ccxt.RequestTimeout):
            place(client)
        before = fake_venue.orders()
        fake_venue.wait_until(lambda state: len(state["orders"]) == 1)
        client.timeout = 5_000

        assert before == []
        assert find(client)["status"] == "closed"

    def test_order_is_not_accepted_after_its_time(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        client.timeout = IMPATIENT_MS
        client.options["recvWindow"] = 200
        client.headers = {"expTime": str(client.milliseconds() + 200)}
        window = {"requestTime": str(client.milliseconds()), "receiveWindow": "200"}
        fake_venue.disturb(fault="late", endpoint="place", seconds=0.4)

        with pytest.raises(ccxt.NetworkError):
            place(client, **(window if fake_venue.dialect == "bitget" else {}))
        time.sleep(0.3)

        assert fake_venue.orders() == []


class TestCut:
    def test_order_exists_and_nobody_was_told(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.disturb(fault="cut", endpoint="place")

        with pytest.raises(ccxt.NetworkError):
            place(client)

        assert find(client)["status"] == "closed"


class TestHold:
    def test_order_exists_while_its_answer_waits(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.disturb(fault="hold", endpoint="place")
        answers: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: answers.append(place(client)))

        thread.start()
        state = fake_venue.wait_until(lambda state: bool(state["held"]))
        waited = list(answers)
        fake_venue.release()
        thread.join()

        assert state["held"][0]["client_order_id"] == "ss1a1"
        assert len(state["orders"]) == 1
        assert waited == []
        assert answers[0]["clientOrderId"] == "ss1a1"

    def test_is_over_when_nobody_waits_any_more(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        client.timeout = IMPATIENT_MS
        fake_venue.disturb(fault="hold", endpoint="place")

        with pytest.raises(ccxt.RequestTimeout):
            place(client)

        fake_venue.wait_until(lambda state: not state["held"])
        assert len(fake_venue.orders()) == 1

    def test_can_end_without_an_answer(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.disturb(fault="hold", endpoint="place")
        cutter = threading.Thread(
            target=lambda: (
                fake_venue.wait_until(lambda state: bool(state["held"])),
                fake_venue.release(cut=True),
            )
        )

        cutter.start()
        with pytest.raises(ccxt.NetworkError):
            place(client)
        cutter.join()


class TestAnswer:
    def test_html_of_a_gateway_gives_an_order_without_an_id(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        page = "<html><body>Just a moment</body></html>"
        fake_venue.disturb(fault="answer", endpoint="place", body=page, content_type="text/html", performed=True)

        try:
            told = place(client)["id"]
        except ccxt.BaseError:
            told = None

        assert told is None
        assert len(fake_venue.orders()) == 1

    @pytest.mark.parametrize("status", [429, 418])
    def test_asks_to_be_slower(self, client: ccxt.Exchange, fake_venue: FakeVenue, status: int) -> None:
        fake_venue.disturb(fault="answer", endpoint="place", status=status, headers={"Retry-After": "7"})

        with pytest.raises(ccxt.NetworkError):
            place(client)

        assert client.last_response_headers["Retry-After"] == "7"
        assert fake_venue.orders() == []

    @pytest.mark.parametrize(("status", "body"), [(503, "{}"), (523, "error code: 523"), (524, "error code: 524")])
    @pytest.mark.parametrize("performed", [True, False])
    def test_of_a_broken_gateway_proves_nothing(
        self, client: ccxt.Exchange, fake_venue: FakeVenue, status: int, body: str, performed: bool
    ) -> None:
        fake_venue.disturb(fault="answer", endpoint="place", status=status, body=body, performed=performed)

        with pytest.raises(ccxt.BaseError):
            place(client)

        assert len(fake_venue.orders()) == performed

    def test_of_any_code_is_told_as_it_stands(self, fake_okx: FakeVenue) -> None:
        row = {"clOrdId": "", "ordId": "", "sCode": "51149", "sMsg": "Order timed out. Please try again later."}
        fake_okx.disturb(fault="answer", endpoint="place", body={"code": "1", "msg": "", "data": [row]})

        with pytest.raises(ccxt.ExchangeError, match="51149"):
            place(client_of(fake_okx))


class TestTruncated:
    @pytest.mark.parametrize("announced", ["half", "full"])
    def test_answer_hides_an_order_that_exists(
        self, client: ccxt.Exchange, fake_venue: FakeVenue, announced: str
    ) -> None:
        fake_venue.disturb(fault="truncated", endpoint="place", announced=announced)

        try:
            told = place(client)["id"]
        except ccxt.BaseError:
            told = None

        assert told is None
        assert find(client)["status"] == "closed"


class TestNonsense:
    def test_numbers_come_as_they_are_told(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        place(client)
        fields = dict.fromkeys(("executedQty", "accFillSz", "cumExecQty", "baseVolume"), "-3")
        fields |= dict.fromkeys(("clientOrderId", "clOrdId", "orderLinkId", "clientOid"), "zzz")
        fake_venue.disturb(fault="nonsense", endpoint="find", fields=fields)

        nonsense, sense = find(client), find(client)

        assert (nonsense["filled"], nonsense["clientOrderId"]) == ("-3", "zzz")
        assert sense["clientOrderId"] == "ss1a1"

    def test_without_fields_no_number_is_left(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.disturb(fault="nonsense", endpoint="balances")

        with contextlib.suppress(ValueError):  # what ccxt makes of it differs
            client.fetch_balance()

        assert '"NaN"' in client.last_http_response


class TestLag:
    def test_hides_what_just_happened(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        place(client)
        for endpoint in ("find", "trades", "orders"):
            fake_venue.disturb(fault="lag", endpoint=endpoint, seconds=60, times=0)

        with pytest.raises(ccxt.OrderNotFound):
            find(client)
        hidden = client.fetch_my_trades("BTC/USDT")
        fake_venue.calm()

        assert hidden == []
        assert find(client)["status"] == "closed"
        assert len(client.fetch_my_trades("BTC/USDT")) == 1


class TestPartial:
    def test_order_is_filled_in_part(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.disturb(fault="partial", endpoint="place", fraction="0.3")

        place(client)

        assert Decimal(find(client)["filled"]) == Decimal("0.03")
        assert Decimal(client.fetch_balance()["USDT"]["used"]) == 0


class TestSlow:
    def test_answer_comes_too_late(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        client.timeout = IMPATIENT_MS
        fake_venue.disturb(fault="slow", endpoint="place", seconds=0.6)

        with pytest.raises(ccxt.RequestTimeout):
            place(client)

        assert len(fake_venue.orders()) == 1


class TestRateLimit:
    def test_refuses_beyond_its_weight_and_bans_who_goes_on(self, client: ccxt.Exchange, fake_venue: FakeVenue) -> None:
        fake_venue.set_rates(weight_max=0, ban_after=2, ban_seconds=60)

        for _ in range(4):
            with pytest.raises(ccxt.NetworkError, match=r"429|418|403|50011|10006"):
                client.fetch_time()

        state = fake_venue.state()
        assert state["refused_for_rate"] == 4
        fake_venue.set_rates(weight_max=6_000, banned_until_ms=0)
        assert client.fetch_time()


class TestRule:
    def test_fires_at_its_turn_and_no_more(self) -> None:
        script = FaultScript()
        script.add([{"fault": "cut", "endpoint": "place", "nth": 2}])

        fired = [script.next_for(endpoint) is not None for endpoint in ("place", "find", "place", "place")]

        assert fired == [False, False, True, False]

    def test_of_chance_is_the_same_for_the_same_seed(self) -> None:
        rules = [Rule(fault="cut", probability=0.3, seed=7, times=0) for _ in range(2)]

        first, second = ([rule.fires("place") for _ in range(200)] for rule in rules)

        assert first == second
        assert 30 < sum(first) < 90

    def test_ends_alone_or_with_all(self, fake_binance: FakeVenue) -> None:
        fake_binance.disturb(fault="hold")
        fake_binance.disturb(fault="cut")

        fake_binance.calm(fault="hold")
        left = [rule["fault"] for rule in fake_binance.state()["faults"]]
        fake_binance.calm()

        assert left == ["cut"]
        assert fake_binance.state()["faults"] == []

    def test_of_no_known_fault_is_refused(self, fake_binance: FakeVenue) -> None:
        with pytest.raises(OSError, match="400"):
            fake_binance.disturb(fault="earthquake")


class TestProcess:
    def test_keeps_its_orders_while_others_die(self) -> None:
        with started_as_process(dialect="binance") as venue:
            client = client_of(venue)
            place(client)

            assert [order["status"] for order in venue.orders()] == ["FILLED"]
            assert venue.state()["requests"]["place"] == 1
