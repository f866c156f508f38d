"""
Every known error of the four exchanges, served over a socket to ccxt's real client: what it proves about an order that
was sent, and what it means for one that was asked about.
"""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from copytrading.exchange.errors import (
    ClockSkewed,
    DuplicateOrder,
    KeyRefused,
    OrderRejected,
    OutcomeUnknown,
    QuestionRefused,
    RejectionCode,
    VenueBusy,
    VenueUnreachable,
)
from copytrading.exchange.live.dialects import DIALECTS
from copytrading.exchange.live.placing import SENTENCES
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.live.verdicts import Known
from tests.conftest import PROJECT
from tests.exchange.live.conftest import find, place, prepared
from tests.exchange.live.error_rows import ROWS, Row

# When an order was sent: a code proves that it was rejected, or it is a duplicate, or nothing is known. When it was
# asked about: there is none (None), or the kind of silence.
No = RejectionCode
VERDICTS: dict[tuple[str, str], tuple[object, type[Exception] | None]] = {
    ("okx", "order rejected, insufficient balance"): (No.NOT_ENOUGH_BALANCE, QuestionRefused),
    ("okx", "order rejected, below minimum size"): (No.VALUE_TOO_SMALL, QuestionRefused),
    ("okx", "batch partially succeeded"): (OutcomeUnknown, QuestionRefused),
    ("okx", "bad parameter"): (No.MALFORMED, QuestionRefused),
    ("okx", "order does not exist"): (OutcomeUnknown, None),
    ("okx", "rate limit"): (No.RATE_LIMITED, VenueBusy),
    ("okx", "timestamp expired (clock skew)"): (No.CLOCK_SKEWED, ClockSkewed),
    ("okx", "invalid sign"): (No.SECRET_WRONG, KeyRefused),
    ("okx", "invalid key"): (No.KEY_UNKNOWN, KeyRefused),
    ("binance", "insufficient balance"): (No.NOT_ENOUGH_BALANCE, QuestionRefused),
    ("binance", "duplicate client id"): (DuplicateOrder, QuestionRefused),
    ("binance", "filter NOTIONAL"): (No.VALUE_TOO_SMALL, QuestionRefused),
    ("binance", "filter MIN_NOTIONAL (older)"): (No.VALUE_TOO_SMALL, QuestionRefused),
    ("binance", "filter LOT_SIZE"): (No.LOT_SIZE, QuestionRefused),
    ("binance", "filter PRICE_FILTER"): (No.TICK_SIZE, QuestionRefused),
    ("binance", "filter PERCENT_PRICE_BY_SIDE"): (No.PRICE_BAND, QuestionRefused),
    ("binance", "max position"): (No.POSITION_LIMIT, QuestionRefused),
    ("binance", "invalid symbol"): (No.MARKET_UNKNOWN, VenueUnreachable),
    ("binance", "clock skew"): (No.CLOCK_SKEWED, ClockSkewed),
    ("binance", "bad signature"): (No.SECRET_WRONG, KeyRefused),
    ("binance", "rate limit"): (No.RATE_LIMITED, VenueBusy),
    ("binance", "ip banned"): (OutcomeUnknown, VenueBusy),
    ("binance", "unknown execution status (must reconcile, not retry blindly)"): (OutcomeUnknown, VenueUnreachable),
}

# Not in the recorded list, and each has cost somebody money: (dialect, status, body, verdict).
MORE: list[tuple[str, int, Any, object]] = [
    ("okx", 200, {"code": "1", "msg": "", "data": [{"sCode": "51149", "sMsg": "Order timed out."}]}, OutcomeUnknown),
    ("okx", 200, {"code": "1", "msg": "", "data": [{"sCode": "51054", "sMsg": "Request timed out."}]}, OutcomeUnknown),
    (
        "okx",
        200,
        {"code": "1", "msg": "", "data": [{"sCode": "51016", "sMsg": "Duplicated client id."}]},
        DuplicateOrder,
    ),
    ("okx", 200, {"code": "1", "msg": "", "data": [{"sCode": "99999", "sMsg": "Who knows."}]}, OutcomeUnknown),
    ("okx", 200, {"code": "1", "msg": "", "data": []}, OutcomeUnknown),
    ("okx", 200, {"code": "0", "msg": "", "data": []}, OutcomeUnknown),
    ("okx", 400, {"code": "50004", "msg": "Endpoint request timeout.", "data": []}, OutcomeUnknown),
    ("okx", 503, {"code": "50001", "msg": "Service temporarily unavailable.", "data": []}, OutcomeUnknown),
    ("okx", 500, {"code": "1", "msg": "", "data": [{"sCode": "51008", "sMsg": "Insufficient."}]}, OutcomeUnknown),
    ("binance", 400, {"code": -2010, "msg": "Something new."}, OutcomeUnknown),
    ("binance", 400, {"code": -1007, "msg": "Timeout waiting for response from backend server."}, OutcomeUnknown),
    ("binance", 400, {"code": -1006, "msg": "An unexpected response was received."}, OutcomeUnknown),
    ("binance", 503, {"code": -1008, "msg": "Server is currently overloaded."}, OutcomeUnknown),
    ("binance", 500, {"code": -1013, "msg": "Filter failure: LOT_SIZE"}, OutcomeUnknown),
    ("binance", 400, {"code": -1013, "msg": "Market is closed."}, RejectionCode.MARKET_SUSPENDED),
    ("binance", 418, {"code": -1003, "msg": "Way too much request weight used."}, RejectionCode.RATE_LIMITED),
    ("binance", 429, "", OutcomeUnknown),
    ("binance", 200, {}, OutcomeUnknown),
    ("binance", 200, [], OutcomeUnknown),
    ("binance", 200, "null", OutcomeUnknown),
    *[
        (dialect, status, body, OutcomeUnknown)
        for dialect in DIALECTS
        for status, body in (
            (200, "<html><body>Just a moment...</body></html>"),
            (200, ""),
            (200, '{"orderId": 1'),
            (403, "<html>Forbidden</html>"),
            (404, "<html>Not found</html>"),
            (502, "<html>Bad gateway</html>"),
            (523, "<html>Origin is unreachable</html>"),
            (524, "<html>A timeout occurred</html>"),
        )
    ],
]


@pytest.fixture(scope="module")
def rows(recorded_data: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """The recorded errors by dialect and case."""
    recorded = json.loads((recorded_data / "exchange" / "errors_okx_binance.json").read_text())
    return {(dialect, row["case"]): row for dialect in ("okx", "binance") for row in recorded[dialect]}


def verdict(venue: LiveVenue) -> object:
    """Return what became of an order that was sent: a rejection's code, the kind of not knowing, or that it is fine."""
    try:
        place(venue)
    except OrderRejected as rejection:
        return rejection.code
    except OutcomeUnknown as unknown:
        return type(unknown)
    return "placed"


def silence(venue: LiveVenue) -> object:
    """Return the kind of silence about an order, None when the venue says that there is none."""
    try:
        return find(venue)
    except VenueUnreachable as trouble:
        return type(trouble)


class TestEveryRecordedError:
    def test_has_a_verdict(self, rows):
        assert rows.keys() == VERDICTS.keys()

    @pytest.mark.parametrize(("dialect", "case"), VERDICTS)
    def test_proves_of_an_order_what_it_proves(self, rows, dialect, case):
        row = rows[dialect, case]

        with prepared(dialect) as (fake, venue):
            fake.disturb(fault="answer", endpoint="place", status=row["http"], body=row["body"])
            assert verdict(venue) == VERDICTS[dialect, case][0]
            assert fake.state()["requests"]["place"] == 1

    @pytest.mark.parametrize(("dialect", "case"), VERDICTS)
    def test_means_for_a_question_what_it_means(self, rows, dialect, case):
        row = rows[dialect, case]

        with prepared(dialect) as (fake, venue):
            fake.disturb(fault="answer", endpoint="find", status=row["http"], body=row["body"], times=0)
            assert silence(venue) == VERDICTS[dialect, case][1]

    @pytest.mark.parametrize(("dialect", "case"), VERDICTS)
    def test_proves_nothing_where_the_other_venue_says_it(self, rows, dialect, case):
        row = rows[dialect, case]

        with prepared("okx" if dialect == "binance" else "binance") as (fake, venue):
            fake.disturb(fault="answer", endpoint="place", status=row["http"], body=row["body"])
            assert verdict(venue) is OutcomeUnknown


def name_of(row: Row) -> str:
    return f"{row.exchange}-{row.case}"


class TestEveryPublishedError:
    @pytest.mark.parametrize("row", ROWS, ids=name_of)
    def test_proves_of_an_order_what_it_proves(self, row: Row):
        with prepared(row.exchange) as (fake, venue):
            fake.disturb(fault="answer", endpoint="place", status=row.status, body=row.body)
            assert verdict(venue) == row.of_order
            assert fake.state()["requests"]["place"] == 1

    @pytest.mark.parametrize("row", ROWS, ids=name_of)
    def test_means_for_a_question_what_it_means(self, row: Row):
        with prepared(row.exchange) as (fake, venue):
            fake.disturb(fault="answer", endpoint="find", status=row.status, body=row.body, times=0)
            assert silence(venue) == row.of_question

    @pytest.mark.parametrize("exchange", ["binance", "okx", "bybit", "bitget"])
    def test_of_a_key_has_a_sentence_of_its_own(self, exchange: str):
        rows = [row for row in ROWS if row.exchange == exchange and row.of_question is KeyRefused]
        sentences = {}
        for row in rows:
            with prepared(exchange) as (fake, venue):
                fake.disturb(fault="answer", endpoint="balances", status=row.status, body=row.body)
                with pytest.raises(KeyRefused) as refusal:
                    venue.balances()
                assert refusal.value.code is row.of_order
                sentences[refusal.value.code] = str(refusal.value)

        assert len(set(sentences.values())) == len(sentences)
        assert all("does not take our key: " in sentence for sentence in sentences.values())


class TestTheListOfCodes:
    @pytest.mark.parametrize("exchange", DIALECTS)
    def test_has_a_sentence_for_each_rejection(self, exchange: str):
        codes = sys.modules[DIALECTS[exchange].read_code.__module__].CODES

        assert {meaning for meaning in codes.values() if isinstance(meaning, No)} <= SENTENCES.keys()


class TestThePage:
    def test_says_what_each_verdict_means(self):
        page = (PROJECT / "docs" / "exchanges.md").read_text()

        assert [verdict for verdict in (*No, *Known) if f"`{verdict}`" not in page] == []
        assert [exchange for exchange in DIALECTS if f"`{exchange}`" not in page] == []


class TestAnAnswer:
    @pytest.mark.parametrize(("dialect", "status", "body", "expected"), MORE)
    def test_proves_of_an_order_what_it_proves(self, dialect, status, body, expected):
        with prepared(dialect) as (fake, venue):
            fake.disturb(fault="answer", endpoint="place", status=status, body=body)
            assert verdict(venue) == expected

    @pytest.mark.parametrize("fault", ["lost", "cut", "hold"])
    def test_that_never_comes_proves_nothing(self, fake, venue, fault):
        fake.disturb(fault=fault, endpoint="place")

        assert verdict(venue) is OutcomeUnknown
        assert fake.state()["requests"]["place"] == 1

    @pytest.mark.parametrize("announced", ["half", "full"])
    def test_that_ends_in_the_middle_proves_nothing(self, fake, venue, announced):
        fake.disturb(fault="truncated", endpoint="place", announced=announced)

        assert verdict(venue) is OutcomeUnknown

    def test_full_of_nonsense_proves_nothing(self, fake, venue):
        fake.disturb(fault="nonsense", endpoint="place")
        fake.disturb(fault="nonsense", endpoint="find", times=0)

        assert verdict(venue) is OutcomeUnknown

    def test_that_points_elsewhere_is_not_followed(self, fake, venue):
        fake.disturb(fault="answer", endpoint="place", status=307, headers={"Location": "/api/v3/order"})

        assert verdict(venue) is OutcomeUnknown
        assert fake.state()["requests"]["place"] == 1
