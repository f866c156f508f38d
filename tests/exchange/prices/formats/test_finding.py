"""Which format a file has, and what is said of one that has none."""

import pytest

from copytrading.exchange.prices.files import FORMAT_NAMES, RecordingError, read_lead_trades, read_prices
from tests.exports import bars, trades


class TestFormats:
    def test_are_listed_in_one_order(self):
        assert FORMAT_NAMES == (
            "auto",
            "binance",
            "okx",
            "bybit",
            "kraken",
            "coinbase",
            "freqtrade",
            "cryptodatadownload",
            "binance-vision",
            "smartsync",
        )

    @pytest.mark.parametrize("layout", trades.LAYOUTS)
    def test_are_read_by_their_name(self, written, layout):
        whole = trades.LAYOUTS[layout]()

        found = read_lead_trades(written(whole.text()), format_name=whole.name)

        assert len(found) == 4

    def test_of_prices_say_nothing_of_trades(self, written):
        path = written(trades.kraken().text())

        assert len(read_lead_trades(path, format_name="binance-vision")) == 4

    def test_that_are_named_are_meant(self, written):
        path = written(trades.kraken().text())

        for other in ("okx", "smartsync"):
            sentence = f"line 1: The header is that of kraken, not of {other}. Give --format kraken, or leave it out"
            with pytest.raises(RecordingError, match=sentence):
                read_lead_trades(path, format_name=other)

    def test_are_told_apart_by_what_they_are_about(self, written):
        sentence = "These are prices .cryptodatadownload., and trades are asked for here. Exchange the two files"

        with pytest.raises(RecordingError, match=f"line 2: {sentence}"):
            read_lead_trades(written(bars.cryptodatadownload().text()))
        with pytest.raises(RecordingError, match=r"line 1: These are trades .kraken., and prices are asked for"):
            read_prices(written(trades.kraken().text()))

    @pytest.mark.parametrize(
        ("first_line", "sentence"),
        [
            (
                "txid,pair,time,type,price,cost,fee",
                "The line is 'txid,pair,time,type,price,cost,fee'. It is nearest to an export of kraken .* lacks vol",
            ),
            (
                "ts,symbol,side,amount,price",
                "The header lacks quantity. It must name ts, symbol, side, quantity, price.",
            ),
            (
                "wine,year,stars",
                "The line is 'wine,year,stars'. The header lacks ts, symbol, side, quantity, price. It must name .*, "
                "or the file be an export of binance, okx, bybit, kraken, coinbase, freqtrade.",
            ),
            ("<!DOCTYPE html>", "This is a web page, not CSV. Sign in there and download the file again."),
            ('[{"a": 1}]', "This is JSON, not CSV. Export it as CSV."),
        ],
    )
    def test_that_are_none_are_answered_with_the_nearest(self, written, first_line, sentence):
        with pytest.raises(RecordingError, match=f"line 1: {sentence}"):
            read_lead_trades(written(first_line, "1,2,3"))
