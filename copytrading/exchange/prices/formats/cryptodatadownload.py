"""
Bars of cryptodatadownload.com as downloaded, newest first, in UTC.

    https://www.CryptoDataDownload.com                                 the first line is its address
    Unix,Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USDT,tradecount
    Date,Symbol,Open,High,Low,Close,Volume BTC,Volume USD              older files; hours are written 2020-07-04 01-PM

`Unix` counts seconds in old rows and milliseconds in new ones, also within one file. Where both stand, both must say
the same moment.
"""

import re
from collections.abc import Sequence

from copytrading.exchange.prices.cells import to_time
from copytrading.exchange.prices.formats.layout import PRICES_COLUMNS, Format, Kind, split_pair
from copytrading.exchange.prices.rows import Rows

WITH_STAMP = ("unix", "date", "symbol", "open", "high", "low", "close")
WITHOUT_STAMP = ("date", "symbol", "open", "high", "low", "close")
HALF_DAY_HOUR = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2})-(AM|PM)", re.IGNORECASE)


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """Return bars in our columns."""
    dates = [_whole_day_hour(text) for text in rows.texts("date")]
    times = [text.strip() for text in rows.texts("unix")] if "unix" in rows.columns else dates
    for place, (time, date) in enumerate(zip(times, dates, strict=True)):
        if time is not date and not _agree(time, date):
            raise rows.refusal(place, f"Unix {time!r} and Date {date!r} are two moments. Correct or remove the row.")
    return rows.rewritten(
        {
            "ts": times,
            "symbol": [split_pair(text) for text in rows.texts("symbol")],
            **{name: rows.texts(name) for name in PRICES_COLUMNS[2:]},
        },
        written={name: rows.written[name] for name in PRICES_COLUMNS[1:]}
        | {"ts": rows.written["unix" if "unix" in rows.columns else "date"]},
    )


def _whole_day_hour(text: str) -> str:
    found = HALF_DAY_HOUR.fullmatch(text.strip())
    if not found or not 1 <= int(found[2]) <= 12:
        return text
    hour = int(found[2]) % 12 + (12 if found[3].upper() == "PM" else 0)
    return f"{found[1]} {hour:02}:00:00"


def _agree(stamp: str, date: str) -> bool:
    try:
        return to_time(stamp) == to_time(date)
    except ValueError:
        # Whoever converts the column says what is wrong with the one that counts.
        return True


FORMAT = Format(
    name="cryptodatadownload",
    kind=Kind.PRICES,
    where="www.cryptodatadownload.com, spot prices of an exchange",
    layouts=(WITH_STAMP, WITHOUT_STAMP),
    read=read,
)
