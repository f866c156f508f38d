"""Which rows are trades: what was filled, and what stands there twice."""

from decimal import Decimal

import pytest

from copytrading.exchange.prices.files import RecordingError, read_lead_trades

HEADER = "ts,symbol,side,quantity,price"
TRADE = "2021-01-01T00:00:00Z,BTC-USDT,buy,0.5,100"


@pytest.fixture
def read(written):
    """Return a function that reads rows with some more columns."""
    return lambda columns, *rows: read_lead_trades(written(f"{HEADER},{columns}", *rows))


class TestStatus:
    @pytest.mark.parametrize("word", ["closed", "Filled", " FILLED ", "Fully Executed", "completed", ""])
    def test_says_that_all_of_it_was_traded(self, read, word):
        found = read("status", f"{TRADE},{word}")

        assert found.quantities == (Decimal("0.5"),)

    @pytest.mark.parametrize("word", ["canceled", "Cancelled", "EXPIRED", "rejected", "open", "NEW", "live"])
    def test_says_that_nothing_was(self, read, word):
        found = read("status", f"{TRADE},closed", f"{TRADE},{word}")

        assert (len(found), found.skipped_rows) == (1, 1)

    @pytest.mark.parametrize("word", ["done", "Success!", "ok", "partial fill", "trade"])
    def test_that_is_not_known_is_refused_and_never_skipped(self, read, word):
        with pytest.raises(RecordingError, match=r"line 3: The status .* is unknown.* Write closed for what was"):
            read("status", f"{TRADE},closed", f"{TRADE},{word}")


class TestFilled:
    @pytest.mark.parametrize("status", ["canceled", "expired", "partially_filled", "PartiallyFilledCanceled", "closed"])
    def test_is_how_much_of_it_was_traded(self, read, status):
        assert read("status,filled", f"{TRADE},{status},0.2").quantities == (Decimal("0.2"),)

    def test_is_what_does_not_remain(self, read):
        assert read("status,remaining", f"{TRADE},canceled,0.3").quantities == (Decimal("0.2"),)

    def test_counts_where_no_status_says_anything(self, read):
        found = read("filled", f"{TRADE},0.2", f"{TRADE},0")

        assert (found.quantities, found.skipped_rows) == ((Decimal("0.2"),), 1)

    @pytest.mark.parametrize(
        ("cells", "sentence"),
        [
            ("partially_filled,", "A part of it was traded, and no column `filled` says how much. Add the quantity"),
            ("closed,0", "It is closed, of 0.5 0 were filled: that cannot be"),
            ("closed,0.6", "It is closed, of 0.5 0.6 were filled: that cannot be"),
            ("canceled,-0.1", "It is canceled, of 0.5 -0.1 were filled: that cannot be"),
            ("canceled,some", "It is canceled, of 0.5 some were filled: that cannot be"),
        ],
    )
    def test_is_refused_where_it_cannot_be(self, read, cells, sentence):
        with pytest.raises(RecordingError, match=f"line 2: {sentence}"):
            read("status,filled", f"{TRADE},{cells}")


class TestRepeatedId:
    def test_counts_once_for_a_pair_and_side(self, read):
        other = TRADE.replace("BTC", "ETH")

        found = read("trade_id", f"{TRADE},7", f"{other},7", f"{TRADE},7", f"{TRADE.replace('buy', 'sell')},7")

        assert found.lines.tolist() == [2, 3, 5]
        assert found.warnings == ("some.csv: line 4 repeats a trade by its trade_id: each counts once.",)

    def test_is_refused_where_it_stands_for_two_trades(self, read):
        with pytest.raises(RecordingError, match="line 3: trade_id '7' stands in line 2 too, with another time"):
            read("trade_id", f"{TRADE},7", f"{TRADE.replace('0.5', '0.6')},7")

    def test_is_nothing_where_it_is_blank(self, read):
        found = read("trade_id", f"{TRADE},", f"{TRADE},")

        assert len(found) == 2
        assert "line 3 says the same as line 2: all are counted" in found.warnings[0]

    def test_cannot_be_told_where_there_is_none(self, read):
        found = read("note", f"{TRADE},a", f"{TRADE},b", f"{TRADE},a", f"{TRADE},a")

        assert len(found) == 4
        assert found.warnings == (
            "some.csv: line 4 says the same as line 2, and 1 more such lines follow: all are counted. "
            "Remove them if the file was joined from parts that overlap.",
        )
