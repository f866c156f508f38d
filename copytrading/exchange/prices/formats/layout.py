"""
A format of recorded files, and the columns that every reader turns its own into.

Trades   ts, symbol, side, quantity, price; where the format has them fee and fee_asset, trade_id, status and filled
         (how much of the quantity was traded), and value (quantity × price as the exchange reckoned it, to compare)
Prices   ts, symbol, open, high, low, close

A reader changes how a value is written, never what it says: what it cannot read it leaves as it is, and whoever
converts the column names the line.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from copytrading.exchange.prices.rows import Rows, plain_name
from copytrading.exchange.prices.sheets import Sheet

TRADES_COLUMNS = ("ts", "symbol", "side", "quantity", "price")
PRICES_COLUMNS = ("ts", "symbol", "open", "high", "low", "close")

# What pairs are quoted in where a name glues both together (BTCUSDT); the longest that fits is meant.
GLUED_QUOTES = (
    "USDT", "FDUSD", "USDC", "BUSD", "TUSD", "USDP", "USDS", "USD1", "USDE", "RLUSD", "PYUSD", "DAI", "PAX", "USD",
    "EURI", "EURC", "EUR", "GBP", "CHF", "JPY", "AUD", "CAD", "TRY", "BRL", "BRZ", "MXN", "ARS", "COP", "ZAR", "PLN",
    "CZK", "RON", "UAH", "RUB", "NGN", "IDRT", "BIDR", "BVND", "VAI", "AEUR", "BTC", "ETH", "BNB", "XRP", "TRX",
    "DOGE", "SOL", "DOT",
)  # fmt: skip

BASE_LENGTH_MIN = 3
THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(,\d{3})+\.\d+|-?[1-9]\d{0,2}(,\d{3}){2,}")
UTC_OFFSET = re.compile(r"UTC\s*([+-]?)\s*(\d{1,2})?(?::?(\d{2}))?", re.IGNORECASE)


class Kind(StrEnum):
    """What a file can be about."""

    TRADES = "trades"
    PRICES = "prices"


@dataclass(frozen=True, kw_only=True)
class Format:
    """
    One format: its name, where one downloads it, and how it is read.

    `layouts` are the headers it is known by: for each the columns that must be there, in small letters. `read` takes
    the rows below such a header, and the lines above it (a title, an account, a time zone), and returns them in our
    columns.
    """

    name: str
    kind: Kind
    where: str
    layouts: tuple[tuple[str, ...], ...]
    read: Callable[[Rows, Sequence[Sequence[str]]], Rows]

    def missing_in(self, names: Sequence[str]) -> list[str]:
        """Return which columns a header lacks of the layout that it comes nearest to."""
        known = {plain_name(name) for name in names}
        lacks = [[name for name in layout if name not in known] for layout in self.layouts]
        return min(lacks, key=lambda missing: len(missing))

    def nearness(self, names: Sequence[str]) -> float:
        """Return which share of a layout's columns a header has, of the layout that it comes nearest to."""
        known = {plain_name(name) for name in names}
        return max(sum(name in known for name in layout) / len(layout) for layout in self.layouts)


def header_place(sheet: Sheet, found: Format, *, lines_max: int) -> int | None:
    """Return the place of the line that is a header of this format, among the first lines; None without one."""
    for place in range(min(lines_max, len(sheet.cells))):
        if not found.missing_in(sheet.cells[place]):
            return place
    return None


def split_pair(text: str, *, quotes: Sequence[str] = GLUED_QUOTES) -> str:
    """Return a pair as BASE-QUOTE where it is written BASE/QUOTE, BASE_QUOTE or glued; else as it is."""
    pair = text.strip().upper()
    if ":" in pair or "-" in pair:
        return pair
    for sign in "/_":
        if sign in pair:
            return pair.replace(sign, "-", 1)
    # DOTUSD is DOT in USD: what leaves less than three letters of a coin, or dollars for one, is the shorter quote.
    endings = [quote for quote in quotes if pair.endswith(quote) and len(pair) - len(quote) >= BASE_LENGTH_MIN]
    ending = max((quote for quote in endings if pair != f"USD{quote}"), key=len, default="")
    return f"{pair[: -len(ending)]}-{ending}" if ending else pair


def bare_number(text: str) -> str:
    """Return a number without the commas between its thousands; a lone comma may be a decimal sign, and stays."""
    number = text.strip()
    return number.replace(",", "") if THOUSANDS.fullmatch(number) else number


def offset_minutes(text: str) -> int | None:
    """Return how many minutes a text such as `Time Zone:UTC+8` lies before UTC; None where it names no zone."""
    found = UTC_OFFSET.search(text)
    if found is None:
        return None
    minutes = int(found[2] or 0) * 60 + int(found[3] or 0)
    return -minutes if found[1] == "-" else minutes


def in_utc(text: str, *, minutes: int) -> str:
    """Return a local time without an offset of its own in UTC; what is no time stays as it is."""
    text = text.strip()
    if not minutes:
        return text
    try:
        moment = datetime.fromisoformat(text) if re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d", text) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        return text
    try:
        return (moment - timedelta(minutes=minutes)).isoformat()
    except OverflowError:
        return text
