"""
Binance Vision's klines of spot as downloaded (data.binance.vision), in their archive or out of it.

    open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,taker_buy_quote_volume,ignore

Most of the files have no header, and none names its pair: the name of the file does (BTCUSDT-1h-2024-03.csv).
`open_time` counts milliseconds, since 2025 microseconds.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from copytrading.exchange.prices.formats.layout import Format, Kind, split_pair
from copytrading.exchange.prices.rows import Rows
from copytrading.exchange.prices.sheets import RecordingError, Sheet

HEADER = ("open_time", "open", "high", "low", "close", "volume", "close_time")
COLUMNS = (*HEADER, "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore")
NAME = re.compile(r"([A-Z0-9]+)-\d+(?:s|m|h|d|w|mo)-\d{4}-\d{2}(?:-\d{2})?(?: ?\(\d+\))?", re.IGNORECASE)
NUMBER = re.compile(r"-?\d+(\.\d+)?")


def with_header(sheet: Sheet) -> Sheet:
    """Return bars that have no header with the one that they would have; any other sheet as it is."""
    first = sheet.cells[0] if sheet.cells else []
    if len(first) != len(COLUMNS) or not all(NUMBER.fullmatch(cell.strip()) for cell in first):
        return sheet
    return replace(sheet, cells=[list(COLUMNS), *sheet.cells], lines=[1, *sheet.lines])


def read(rows: Rows, above: Sequence[Sequence[str]]) -> Rows:
    """
    Return bars in our columns.

    :raises RecordingError: if the name of the file does not say the pair.
    """
    name = rows.path.name.partition(".")[0]
    found = NAME.fullmatch(name)
    symbol = split_pair(found[1]) if found else ""
    if "-" not in symbol:
        raise RecordingError(
            path=rows.path,
            line=1,
            sentence="These are bars of Binance Vision, which do not name their pair; only the name of the file does. "
            "Name it as it was downloaded, such as BTCUSDT-1h-2024-03.csv.",
        )
    return rows.rewritten(
        {
            "ts": rows.texts("open_time"),
            "symbol": [symbol] * len(rows),
            **{column: rows.texts(column) for column in HEADER[1:5]},
        },
        written={"ts": "open_time"},
    )


FORMAT = Format(
    name="binance-vision",
    kind=Kind.PRICES,
    where="data.binance.vision, spot, klines",
    layouts=(HEADER,),
    read=read,
)
