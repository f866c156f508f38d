from datetime import UTC, datetime
from decimal import Decimal

import pytest

from copytrading.exchange.prices.files import RecordingError, moment_of, read_lead_trades

TRADES_HEADER = "ts,trader,symbol,side,quantity,price,status"


def trade(ts: str = "2021-01-01T00:00:00Z", **changes: str) -> str:
    cells = {
        "trader": "ann",
        "symbol": "BTC-USDT",
        "side": "buy",
        "quantity": "0.5",
        "price": "100",
        "status": "closed",
    }
    return ",".join([ts, *(cells | changes).values()])


class TestReadLeadTrades:
    def test_keeps_quantities_and_prices_exactly(self, written):
        path = written(
            TRADES_HEADER,
            trade("2021-01-01T00:00:00.123Z", quantity="1.67899529486", price="0.98917013352"),
            trade("2021-01-01T00:00:00.123Z", side="SELL", symbol="ETH-USD"),
        )

        trades = read_lead_trades(path)

        assert trades.quantities == (Decimal("1.67899529486"), Decimal("0.5"))
        assert trades.prices[0] == Decimal("0.98917013352")
        assert trades.sides.tolist() == [1, -1]
        assert trades.symbols == ("BTC-USDT", "ETH-USDT")
        assert moment_of(trades.times[0]) == datetime(2021, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)

    def test_skips_and_counts_what_was_never_traded(self, written):
        path = written(
            TRADES_HEADER,
            trade(),
            trade(status="canceled", quantity="0"),
            trade(status="open", price=""),
            trade(status="Filled"),
            trade(status=""),
        )

        trades = read_lead_trades(path)

        assert (len(trades), trades.skipped_rows) == (3, 2)
        assert trades.lines.tolist() == [2, 5, 6]

    def test_takes_the_trader_named(self, written):
        path = written(
            TRADES_HEADER, trade(), trade("2020-01-01", trader="bob"), trade(trader="bob", symbol="ETH-USDT")
        )

        trades = read_lead_trades(path, trader="bob")

        assert trades.symbols == ("BTC-USDT", "ETH-USDT")
        assert trades.skipped_rows == 0

    def test_reads_fees_and_their_coins_where_asked_for(self, written):
        path = written(
            f"{TRADES_HEADER},fee,fee_currency",
            f"{trade()},0.00006019,btc",
            f"{trade(side='sell')},0.9,USDT",
            f"{trade()},,",
        )

        trades = read_lead_trades(path, with_fees=True)

        assert trades.fees == (Decimal("0.00006019"), Decimal("0.9"), Decimal(0))
        assert trades.fee_coins == ("BTC", "USDT", "")
        assert read_lead_trades(path).fees == ()

    @pytest.mark.parametrize(
        ("columns", "cells", "sentence"),
        [
            ("fee", "1", "line 1: The header lacks fee and fee_asset. Leave out the fees."),
            ("fee,fee_asset", "-1,BTC", "line 2: fee '-1' is below zero, as OKX and others write what was paid."),
            ("fee,fee_asset", "much,BTC", "line 2: fee 'much' is not a number. Correct or remove the row."),
            ("fee,fee_asset", "1,", "line 2: fee_asset is missing. Name the fee's coin."),
        ],
    )
    def test_refuses_fees_that_say_nothing(self, written, columns, cells, sentence):
        path = written(f"{TRADES_HEADER},{columns}", f"{trade()},{cells}")

        with pytest.raises(RecordingError, match=sentence):
            read_lead_trades(path, with_fees=True)

    @pytest.mark.parametrize(
        ("lines", "sentence"),
        [
            ([trade(), trade(side="hold")], "line 3: side 'hold' is unknown. Write buy or sell."),
            ([trade(quantity="0")], "line 2: quantity '0' must be above zero. Correct or remove the row."),
            ([trade(price="1e")], "line 2: price '1e' is not a number. Correct or remove the row."),
            (
                [trade(), trade("2020-12-31T23:59:59Z")],
                "line 3: The trade is older than the one above it. Sort the trades by time.",
            ),
        ],
    )
    def test_names_the_line_at_fault(self, written, lines, sentence):
        with pytest.raises(RecordingError) as refusal:
            read_lead_trades(written(TRADES_HEADER, *lines))

        assert str(refusal.value) == f"some.csv, {sentence}"

    @pytest.mark.parametrize(
        ("lines", "trader", "sentence"),
        [
            (
                [trade(), trade(trader="bob")],
                None,
                "The file holds several traders. Choose one with --trader: ann, bob.",
            ),
            ([trade()], "eve", "There is no trader 'eve'. Choose one with --trader: ann."),
            ([trade(status="open")], None, "No row was traded. Give a file with closed or filled trades."),
        ],
    )
    def test_refuses_when_nobodys_trades_are_meant(self, written, lines, trader, sentence):
        with pytest.raises(RecordingError) as refusal:
            read_lead_trades(written(TRADES_HEADER, *lines), trader=trader)

        assert str(refusal.value) == f"some.csv: {sentence}"

    def test_refuses_a_trader_when_the_file_names_none(self, written):
        path = written("ts,symbol,side,quantity,price", "2021-01-01,BTC-USDT,buy,1,1")

        assert len(read_lead_trades(path)) == 1
        with pytest.raises(RecordingError, match="The file has no column trader"):
            read_lead_trades(path, trader="ann")
