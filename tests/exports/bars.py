"""The hourly bars of BTC in each layout that is read."""

from tests.exports.tables import FIRST, HOURS, Table, bars_of

MILLISECONDS = 1000


def stamp(hour: int) -> int:
    return int(FIRST.timestamp() + 3600 * hour) * MILLISECONDS


def smartsync(*coins: str) -> Table:
    return Table(
        name="smartsync",
        header=["ts", "symbol", "open", "high", "low", "close", "volume"],
        rows=[
            [f"2024-03-01T{hour:02}:00:00Z", f"{coin}-USDT", *map(str, bars_of(coin, hour)), "10"]
            for hour in range(HOURS)
            for coin in coins or ("BTC",)
        ],
        roles={"time": "ts", "pair": "symbol", "open": "open", "high": "high", "low": "low", "close": "close"},
        is_export=False,
    )


def cryptodatadownload() -> Table:
    return Table(
        name="cryptodatadownload",
        above=["https://www.CryptoDataDownload.com"],
        header=["Unix", "Date", "Symbol", "Open", "High", "Low", "Close", "Volume BTC", "Volume USDT", "tradecount"],
        rows=[
            [
                f"{stamp(hour)}", f"2024-03-01 {hour:02}:00:00", "BTCUSDT", *map(str, bars_of("BTC", hour)), "10",
                "600000", "99",
            ]
            for hour in reversed(range(HOURS))
        ],
        roles={"time": "Unix", "pair": "Symbol", "open": "Open", "high": "High", "low": "Low", "close": "Close"},
    )  # fmt: skip


def binance_vision() -> Table:
    return Table(
        name="binance-vision",
        header=[
            "open_time", "open", "high", "low", "close", "volume", "close_time", "quote_volume", "count",
            "taker_buy_volume", "taker_buy_quote_volume", "ignore",
        ],
        rows=[
            [
                f"{stamp(hour)}", *(f"{price}.00000000" for price in bars_of("BTC", hour)), "10.0",
                f"{stamp(hour + 1) - 1}", "600000.0", "99", "5.0", "300000.0", "0",
            ]
            for hour in range(HOURS)
        ],
        roles={"time": "open_time", "open": "open", "high": "high", "low": "low", "close": "close"},
    )  # fmt: skip


LAYOUTS = {writer.__name__: writer for writer in (smartsync, cryptodatadownload, binance_vision)}
FILE_NAMES = {"binance_vision": "BTCUSDT-1h-2024-03"}
