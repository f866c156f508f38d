"""Exports of trades: what is particular to each exchange's file."""

from decimal import Decimal

import pytest

from copytrading.exchange.prices.cells import moment_of
from copytrading.exchange.prices.files import LeadTrades, RecordingError, read_lead_trades
from tests.exports import trades
from tests.exports.tables import TRADES


@pytest.fixture
def read(written):
    """Return a function that reads the lines of a file, with its fees."""

    def read(*lines: str) -> LeadTrades:
        return read_lead_trades(written(*lines), with_fees=True)

    return read


def rows_of(read_trades: LeadTrades) -> list[tuple]:
    return [
        (f"{moment_of(time):%d %H:%M:%S}", symbol, side, quantity, price, fee, coin)
        for time, symbol, side, quantity, price, fee, coin in zip(
            read_trades.times.tolist(),
            read_trades.symbols,
            read_trades.sides.tolist(),
            read_trades.quantities,
            read_trades.prices,
            read_trades.fees,
            read_trades.fee_coins,
            strict=True,
        )
    ]


class TestEveryLayout:
    @pytest.mark.parametrize("layout", [name for name in trades.LAYOUTS if name != "smartsync"])
    def test_says_the_same_four_trades_oldest_first(self, written, layout):
        path = written(trades.LAYOUTS[layout]().text())

        found = read_lead_trades(path, with_fees=True)

        assert [f"{moment_of(time):%H}" for time in found.times.tolist()] == ["01", "03", "06", "20"]
        assert found.symbols == tuple(f"{trade.coin}-USDT" for trade in TRADES)
        assert found.quantities == tuple(Decimal(trade.quantity) for trade in TRADES)
        assert found.prices == tuple(Decimal(trade.price) for trade in TRADES)
        assert found.sides.tolist() == [1, 1, -1, -1]

    @pytest.mark.parametrize("layout", ["binance", "binance_until_2021", "okx", "bybit"])
    def test_that_names_fees_says_what_they_cost_in_which_coin(self, written, layout):
        path = written(trades.LAYOUTS[layout]().text())

        found = read_lead_trades(path, with_fees=True)

        assert found.fees == (Decimal("0.00005"), Decimal("0.001"), Decimal("3.06"), Decimal("3.2"))
        assert found.fee_coins == ("BTC", "ETH", "USDT", "USDT")


class TestOrder:
    HEADER = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee"

    def test_of_a_file_that_begins_with_the_newest_is_turned_round_within_a_second_too(self, read):
        rows = [f"2024-03-01 0{hour}:00:00,BTCUSDT,BUY,{price},1BTC,{price}USDT,0BTC" for hour, price in (
            (3, 105), (2, 104), (2, 103), (1, 102), (1, 101)
        )]  # fmt: skip

        assert read(self.HEADER, *rows).prices == tuple(map(Decimal, (101, 102, 103, 104, 105)))

    def test_of_a_file_that_begins_with_the_oldest_stays_within_a_second(self, read):
        rows = [f"2024-03-01 0{hour}:00:00,BTCUSDT,BUY,{price},1BTC,{price}USDT,0BTC" for hour, price in (
            (1, 101), (1, 102), (3, 105), (2, 103), (2, 104), (4, 106)
        )]  # fmt: skip

        assert read(self.HEADER, *rows).prices == tuple(map(Decimal, (101, 102, 103, 104, 105, 106)))


class TestBinance:
    HEADER = "Date(UTC),Pair,Side,Price,Executed,Amount,Fee"

    def test_takes_coins_off_the_amounts_whatever_they_begin_with(self, read):
        found = read(
            self.HEADER,
            "2024-03-01 13:00:00,1INCHUSDT,BUY,0.51,100.0001INCH,51USDT,0.1001INCH",
            '2024-03-01 13:00:01,1000SATSTRY,BUY,0.013,"2,000.001000SATS",26.00001300TRY,0.00001BNB',
        )

        assert rows_of(found) == [
            ("01 13:00:00", "1INCH-USDT", 1, Decimal("100.000"), Decimal("0.51"), Decimal("0.100"), "1INCH"),
            ("01 13:00:01", "1000SATS-TRY", 1, Decimal("2000.00"), Decimal("0.013"), Decimal("0.00001"), "BNB"),
        ]

    def test_takes_the_offset_of_its_header_off(self, read):
        found = read(
            self.HEADER.replace("(UTC)", "(UTC+8)"),
            "2024-03-01 09:00:00,BTCUSDT,BUY,60200,0.05BTC,3010USDT,0BTC",
        )

        assert rows_of(found)[0][0] == "01 01:00:00"

    def test_is_refused_where_the_amount_is_not_the_price_times_the_quantity(self, read):
        with pytest.raises(RecordingError, match=r"line 2: Amount is 3010, but 0.05 at 6020 make 301.00. Correct"):
            read(self.HEADER, "2024-03-01 09:00:00,BTCUSDT,BUY,6020,0.05BTC,3010USDT,0BTC")

    @pytest.mark.parametrize(
        ("header", "sentence"),
        [
            ("User_ID,UTC_Time,Account,Operation,Coin,Change,Remark", "This is Binance's transaction history"),
            (
                "Date(UTC),OrderNo,Pair,Type,Side,Order Price,Order Amount,Time,Executed,Average Price,Status",
                "This is Binance's order history. Fetch the trade history",
            ),
        ],
    )
    def test_is_told_from_its_other_histories(self, read, header, sentence):
        with pytest.raises(RecordingError, match=f"line 1: {sentence}"):
            read(header, ",".join("1" * len(header.split(","))))


class TestOkx:
    ABOVE = "UID:000,Account Type:Main,Time Zone:UTC+8"
    HEADER = (
        "id,Order id,Time,Trade Type,Symbol,Action,Amount,Trading Unit,Filled Price,PnL,Fee,Fee Unit,Position Change,"
        "Position Balance,Balance Change,Balance,Balance Unit"
    )
    BUY = (
        "11,100,2024-03-01 09:00:00,Spot,BTC-USDT,Buy,0.05,BTC,60200,0,-0.00005,BTC,0,0,0.04995,0.04995,BTC",
        "10,100,2024-03-01 09:00:00,Spot,BTC-USDT,Sell,3010,BTC,60200,0,0,USDT,0,0,-3010,100,USDT",
    )

    def test_is_in_the_time_zone_above_its_header(self, read):
        found = read(self.ABOVE, self.HEADER, *self.BUY)

        assert rows_of(found) == [
            ("01 01:00:00", "BTC-USDT", 1, Decimal("0.05"), Decimal(60200), Decimal("0.00005"), "BTC")
        ]
        assert found.warnings == ()

    def test_says_that_it_took_utc_where_no_zone_is_named(self, read):
        found = read(self.HEADER, *self.BUY)

        assert rows_of(found)[0][0] == "01 09:00:00"
        assert found.warnings == ("some.csv: OKX names no time zone above the header: its times are taken as UTC.",)

    def test_gives_a_rebate_back(self, read):
        found = read(self.ABOVE, self.HEADER, self.BUY[0].replace("-0.00005", "0.00001"), self.BUY[1])

        assert found.fees == (Decimal("-0.00001"),)

    def test_leaves_out_what_is_no_spot_trade_and_says_so(self, read):
        transfer = "12,101,2024-03-01 08:00:00,Transfer,,Transfer in,0,cont,0,0,0,USDT,0,0,1000,1000,USDT"

        found = read(self.ABOVE, self.HEADER, *self.BUY, transfer)

        assert len(found) == 1
        assert "left out, from line 5 on: 1 of Transfer" in found.warnings[0]

    def test_is_refused_without_the_other_half_of_a_trade(self, read):
        with pytest.raises(RecordingError, match="line 3: There is no second line of this trade"):
            read(self.ABOVE, self.HEADER, self.BUY[0])
        with pytest.raises(RecordingError, match="line 3: The line is of USDT, and no line of the same order"):
            read(self.ABOVE, self.HEADER, self.BUY[1])


class TestBybit:
    HEADER = "Spot Pairs,Order Type,Direction,feeCoin,ExecFeeV2,Filled Value,Filled Price,Filled Quantity,Fees,"
    LATER = "Transaction ID,Order No.,Timestamp (UTC)"

    def test_writes_the_hour_before_the_day_and_names_the_coin_of_its_fee(self, read):
        found = read(
            f"{self.HEADER}{self.LATER}",
            "BTCEUR,MARKET,SELL,EUR,0.0040382175,1.61528700,53842.90,0.00003,--,3010000000039612078, 04058112,"
            "08:22 2026-06-05",
        )

        assert rows_of(found) == [
            ("05 08:22:00", "BTC-EUR", -1, Decimal("0.00003"), Decimal("53842.90"), Decimal("0.0040382175"), "EUR")
        ]


class TestKraken:
    HEADER = "txid,ordertxid,pair,time,type,ordertype,price,cost,fee,vol,margin,misc,ledgers"

    @pytest.mark.parametrize(
        ("pair", "symbol"),
        [
            ("XXBTZUSD", "BTC-USDT"),
            ("XETHXXBT", "ETH-BTC"),
            ("XBTUSDT", "BTC-USDT"),
            ("XDGEUR", "DOGE-EUR"),
            ("DOTUSD", "DOT-USDT"),
            ("SOLEUR", "SOL-EUR"),
            ("POL/EUR", "POL-EUR"),
            ("XBT/USDC", "BTC-USDC"),
            ("XTZUSD", "XTZ-USDT"),
            ("USDTZEUR", "USDT-EUR"),
            ("SOLXBT", "SOL-BTC"),
            ("ZECUSD", "ZEC-USDT"),
        ],
    )
    def test_knows_kraken_s_own_names(self, read, pair, symbol):
        found = read(self.HEADER, f"T1,O1,{pair},2021-02-15 20:28:14.7123,sell,market,100,50,0.1,0.5,0.00000,,L1")

        assert found.symbols == (symbol,)

    def test_refuses_a_trade_on_margin(self, read):
        row = "T1,O1,XXBTZUSD,2021-02-15 20:28:14.7123,buy,market,100,50,0.1,0.5,10.5,,L1"

        with pytest.raises(RecordingError, match="line 2: The trade was made on margin, and only spot trades are read"):
            read(self.HEADER, row)

    def test_is_told_from_its_ledgers(self, read):
        with pytest.raises(RecordingError, match=r"line 1: This is Kraken's ledgers. Fetch the trades"):
            read("txid,refid,time,type,subtype,aclass,asset,amount,fee,balance", "1,2,3,4,5,6,7,8,9,0")


class TestCoinbase:
    REPORT = (
        "ID,Timestamp,Transaction Type,Asset,Quantity Transacted,Price Currency,Price at Transaction,Subtotal,"
        "Total (inclusive of fees and/or spread),Fees and/or Spread,Notes"
    )

    def test_reports_purchases_with_signs_of_currency_and_conversions_in_a_note(self, read):
        found = read(
            "",
            "Transactions",
            "User,somebody,0000",
            self.REPORT,
            "3,2024-04-01 10:00:00 UTC,Staking Income,ETH,0.001,EUR,€3000.00,€3.00,€3.00,€0.00,",
            "2,2024-02-01 10:00:00 UTC,Convert,BTC,-0.005,EUR,€41000.00,€205.00,€205.00,€0.00,"
            "Converted 0.005 BTC to 0.1 ETH",
            '1,2024-01-02 10:00:00 UTC,Buy,BTC,0.01,EUR,"€40,000.00",€400.00,€405.99,€5.99,Bought 0.01 BTC',
        )

        assert rows_of(found) == [
            ("02 10:00:00", "BTC-EUR", 1, Decimal("0.01"), Decimal("40000.00"), Decimal("5.99"), "EUR"),
            ("01 10:00:00", "ETH-BTC", 1, Decimal("0.1"), Decimal("0.05"), Decimal("0.00"), "EUR"),
        ]
        assert "left out, from line 5 on: 1 of Staking Income" in found.warnings[0]

    def test_refuses_a_conversion_that_its_note_does_not_explain(self, read):
        row = "2,2024-02-01 10:00:00 UTC,Convert,BTC,-0.005,EUR,€41000.00,€205.00,€205.00,€0.00,Converted"

        with pytest.raises(RecordingError, match="line 2: Notes 'Converted' do not say what was converted into what"):
            read(self.REPORT, row)

    def test_refuses_a_trade_of_two_coins_of_which_it_says_only_the_worth(self, read):
        row = (
            "x,2026-02-10 12:00:00 UTC,Advanced Trade Sell,ETH,-30,USD,$3300.00,-$99000.00,-$99000.00,$0.00,"
            "Sold 30 ETH for 1 BTC on ETH-BTC at 0.0333 BTC/ETH"
        )

        with pytest.raises(RecordingError, match=r"line 2: It was traded on ETH-BTC.* Give the fills"):
            read(self.REPORT, row)


class TestFreqtrade:
    TRADES = "id,pair,is_open,fee_open,fee_close,open_rate,close_rate,amount,open_date,close_date,leverage,is_short"
    ORDERS = "ft_pair,side,amount,filled,average,price,status,order_filled_date,order_date"

    def test_buys_what_is_still_open_and_sells_what_is_closed(self, read):
        found = read(
            self.TRADES,
            "1,BTC/USDT,0,0.001,0.002,100,110,2,2021-03-21 09:08:57.924000,2021-03-22 00:00:00+00:00,1.0,0",
            "2,ETH/USDT,1,0.001,,10,,3,2021-03-21 12:00:00,,1.0,0",
        )

        assert rows_of(found) == [
            ("21 09:08:57", "BTC-USDT", 1, Decimal(2), Decimal(100), Decimal("0.2"), "USDT"),
            ("21 12:00:00", "ETH-USDT", 1, Decimal(3), Decimal(10), Decimal("0.03"), "USDT"),
            ("22 00:00:00", "BTC-USDT", -1, Decimal(2), Decimal(110), Decimal("0.44"), "USDT"),
        ]

    @pytest.mark.parametrize("kind", ["1.0,1", "3.0,0"])
    def test_refuses_what_is_short_or_leveraged(self, read, kind):
        with pytest.raises(RecordingError, match="line 2: The trade is short or leveraged"):
            read(self.TRADES, f"1,BTC/USDT,1,0.001,,100,,2,2021-03-21 09:08:57,,{kind}")

    def test_counts_of_an_order_what_was_filled(self, read):
        found = read(
            self.ORDERS,
            "BTC/USDT,buy,2,2,100,99,closed,2021-03-21 09:00:00,2021-03-21 08:00:00",
            "BTC/USDT,sell,2,0.5,,110,canceled,,2021-03-21 10:00:00",
            "BTC/USDT,sell,2,0,,120,canceled,,2021-03-21 11:00:00",
        )

        assert [row[2:5] for row in rows_of(found)] == [
            (1, Decimal(2), Decimal(100)),
            (-1, Decimal("0.5"), Decimal(110)),
        ]
        assert found.skipped_rows == 1
