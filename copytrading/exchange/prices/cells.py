"""
What one cell of a recording says: a time, a number, a pair.

Each conversion raises ValueError with the half sentence that follows the column's name: what is wrong, and what to do.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# Nobody traded a coin before there was one; and who meets a later year read a number wrongly.
FIRST_YEAR, LAST_YEAR = 2009, 2099

# No coin is so dear or so cheap, and nobody trades so many or so few; beyond it floats run over.
NUMBER_MIN, NUMBER_MAX = 1e-18, 1e18

# Python reads more than this as a time, "2024-03-01 09-00" (an hour and an offset) and "20240301" among it.
ISO_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?Z|[+-]\d{2}(:?\d{2}){0,2})?)?",
    re.ASCII | re.IGNORECASE,
)
STAMP = re.compile(r"\d+(\.\d+)?", re.ASCII)
# From 2033-05-18 on, ten digits of a count may as well be a written hour (2024030109).
STAMP_END = 2 * 10**15
# Digits before the point of a moment since 1970 in seconds, milliseconds, microseconds and nanoseconds.
STAMP_MICROSECONDS = {10: Decimal(10**6), 13: Decimal(1000), 16: Decimal(1), 19: Decimal("0.001")}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")

COIN = re.compile(r"\w{1,16}")
# BTC-USDT-SWAP, BTC/USDT:USDT, BTC-PERP, BTCUSDT_240329, BTC-29MAR24-60000-C: contracts on a coin, not the coin.
CONTRACT = re.compile(r":|[-_/ ](SWAP|PERP|PERPETUAL|FUTURES?|\d{6,8}|\d{1,2}[A-Z]{3}\d{2})\b|[-_/ ][CP]$|PERP$")


def to_time(text: str) -> int:
    """
    Return microseconds since 1970-01-01 UTC of an ISO 8601 time or date, or of a number since 1970.

    A time without an offset is taken as UTC, which is what recordings are written in. A number counts seconds,
    milliseconds, microseconds or nanoseconds: between 2009 and 2033 its digits leave no doubt which.

    :raises ValueError: if the text is no such time, or names another offset.
    """
    text = text.strip()
    if STAMP.fullmatch(text):
        return _time_of_stamp(text)
    try:
        moment = (
            datetime.fromisoformat(text.replace(" Z", "Z").replace(" z", "Z")) if ISO_TIME.fullmatch(text) else None
        )
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"{text!r} is not a time. Write it as 2021-03-15T08:00:00Z.")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment.utcoffset() != timedelta(0):
        raise ValueError(f"{text!r} is not in UTC. Convert it and write it as 2021-03-15T08:00:00Z.")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{text!r} is no year in which coins are traded. Correct the time.")
    return time_of(moment)


def _time_of_stamp(text: str) -> int:
    factor = STAMP_MICROSECONDS.get(len(text.partition(".")[0]))
    # Digits with a leading zero are no count of anything.
    if factor is not None and text[0] != "0":
        time = int(Decimal(text) * factor)
        if time < STAMP_END and moment_of(time).year >= FIRST_YEAR:
            return time
    raise ValueError(
        f"{text!r} is a number, and no count of seconds, milliseconds or microseconds since 1970. "
        "Write the time as 2021-03-15T08:00:00Z."
    )


def time_of(moment: datetime) -> int:
    """Return microseconds since 1970-01-01 UTC of an aware moment, exactly."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(time: int) -> datetime:
    """Return the moment that lies `time` microseconds after 1970-01-01 UTC."""
    return EPOCH + int(time) * MICROSECOND


def to_positive_float(text: str) -> float:
    """
    Return a number above zero.

    :raises ValueError: if the text is no finite number, is zero or negative, or beyond anything that is traded.
    """
    # float() would read 1_000, inf and the digits of any script as numbers; an exchange writes none of them.
    number = float(text) if NUMBER.fullmatch(text.strip()) else math.nan
    if not math.isfinite(number):
        raise ValueError(_not_a_number(text))
    if not NUMBER_MIN <= number <= NUMBER_MAX:
        raise ValueError(_size_sentence(number, text))
    return number


def to_positive_decimal(text: str) -> Decimal:
    """
    Return a number above zero, exactly as written.

    :raises ValueError: if the text is no finite number, is zero or negative, or beyond anything that is traded.
    """
    number = to_decimal(text)
    if not NUMBER_MIN <= number <= NUMBER_MAX:
        raise ValueError(_size_sentence(number, text))
    return number


def to_decimal(text: str) -> Decimal:
    """
    Return a finite number, exactly as written.

    :raises ValueError: if the text is none.
    """
    text = text.strip()
    try:
        number = Decimal(text) if NUMBER.fullmatch(text) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise ValueError(_not_a_number(text))
    return number


def _not_a_number(text: str) -> str:
    if DECIMAL_COMMA.fullmatch(text.strip()):
        return f"{text!r} is not a number. Write a point, not a comma, before its decimals, and none between thousands."
    return f"{text!r} is not a number. Correct or remove the row."


def _size_sentence(number: float | Decimal, text: str) -> str:
    if number <= 0:
        return f"{text!r} must be above zero. Correct or remove the row."
    return f"{text!r} is no price and no quantity of a coin. Correct or remove the row."


def to_symbol(text: str) -> str:
    """
    Return the symbol of a spot pair, `BASE-QUOTE`; one quoted in USD is taken as quoted in USDT.

    :raises ValueError: if the text does not name a pair, or names a contract.
    """
    symbol = text.strip().upper()
    if CONTRACT.search(symbol):
        raise ValueError(f"{text!r} is a contract, and only spot pairs are read. Remove its rows.")
    base, dash, quote = symbol.partition("-")
    if not dash or not COIN.fullmatch(base) or not COIN.fullmatch(quote) or "_" in symbol or base == quote:
        raise ValueError(f"{text!r} is not a pair. Write it as BTC-USDT.")
    quote = "USDT" if quote == "USD" else quote
    if base in ("USD", quote):
        raise ValueError(f"{text!r} changes cash into cash: dollars are taken as USDT. Remove its rows.")
    return f"{base}-{quote}"
