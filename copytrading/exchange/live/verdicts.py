"""
What an answer proves.

An order that was sent exists, or does not, or nobody knows. Only a code on the lists below, in an answer of the right
form, proves that it does not. Everything else proves nothing: time-outs, 5xx, resets, pages of HTML, numbers that are
none, and every code that is not listed, because an order that is taken for refused and was not is bought twice.

The codes are the venues' own (Binance "Error Codes", OKX "Error Code"), without those that leave it open: Binance
-1000, -1001, -1006, -1007, -1008 and OKX 50001, 50004, 50013, 50026, 51054, 51149.
"""

from enum import StrEnum
from typing import Any

from copytrading.exchange.errors import RejectionCode as No
from copytrading.exchange.live.client import Answer


class Known(StrEnum):
    """What an answer can prove besides a rejection."""

    DUPLICATE = "DUPLICATE"
    NO_SUCH_ORDER = "NO_SUCH_ORDER"


Meaning = No | Known

BINANCE_CODES: dict[int, Meaning] = {
    -1002: No.KEY_REFUSED,
    -1003: No.RATE_LIMITED,
    -1015: No.RATE_LIMITED,
    -1021: No.CLOCK_SKEWED,
    -1022: No.KEY_REFUSED,
    -1100: No.MALFORMED,
    -1101: No.MALFORMED,
    -1102: No.MALFORMED,
    -1103: No.MALFORMED,
    -1104: No.MALFORMED,
    -1105: No.MALFORMED,
    -1106: No.MALFORMED,
    -1108: No.MALFORMED,
    -1111: No.LOT_SIZE,
    -1114: No.MALFORMED,
    -1115: No.MALFORMED,
    -1116: No.MALFORMED,
    -1117: No.MALFORMED,
    -1121: No.MARKET_UNKNOWN,
    -1130: No.MALFORMED,
    -2013: Known.NO_SUCH_ORDER,
    -2014: No.KEY_REFUSED,
    -2015: No.KEY_REFUSED,
}

# -1013 says that a request did not reach the matching engine; the filter it failed stands in the message.
BINANCE_FILTERS: dict[str, Meaning] = {
    "LOT_SIZE": No.LOT_SIZE,
    "MARKET_LOT_SIZE": No.LOT_SIZE,
    "PRICE_FILTER": No.TICK_SIZE,
    "NOTIONAL": No.VALUE_TOO_SMALL,
    "MIN_NOTIONAL": No.VALUE_TOO_SMALL,
    "PERCENT_PRICE": No.PRICE_BAND,
    "PERCENT_PRICE_BY_SIDE": No.PRICE_BAND,
    "MAX_POSITION": No.POSITION_LIMIT,
    "MAX_NUM_ORDERS": No.POSITION_LIMIT,
    "EXCHANGE_MAX_NUM_ORDERS": No.POSITION_LIMIT,
}
BINANCE_FILTER_WORDS = "Filter failure: "
BINANCE_FILTER_FAILED = -1013

# -2010 says "new order rejected" of a duplicate, too, so here the message decides; an unknown one proves nothing.
BINANCE_ORDER_REFUSED = -2010
BINANCE_MESSAGES: dict[str, Meaning] = {
    "Account has insufficient balance for requested action.": No.NOT_ENOUGH_BALANCE,
    "Duplicate order sent.": Known.DUPLICATE,
    "Market is closed.": No.MARKET_SUSPENDED,
    "This action is disabled on this account.": No.KEY_REFUSED,
    "This account may not place or cancel orders.": No.KEY_REFUSED,
    "This symbol is restricted for this account.": No.KEY_REFUSED,
    "This symbol is not permitted for this account.": No.KEY_REFUSED,
    "Rest API trading is not enabled.": No.KEY_REFUSED,
    "Price * QTY is zero or less.": No.VALUE_TOO_SMALL,
}

OKX_CODES: dict[str, Meaning] = {
    "50002": No.MALFORMED,
    "50006": No.MALFORMED,
    "50007": No.KEY_REFUSED,
    "50011": No.RATE_LIMITED,
    "50014": No.MALFORMED,
    "50015": No.MALFORMED,
    "50016": No.MALFORMED,
    "50024": No.MALFORMED,
    "50027": No.KEY_REFUSED,
    "50030": No.KEY_REFUSED,
    "50061": No.RATE_LIMITED,
    "50100": No.KEY_REFUSED,
    "50101": No.KEY_REFUSED,
    "50102": No.CLOCK_SKEWED,
    "50103": No.KEY_REFUSED,
    "50104": No.KEY_REFUSED,
    "50105": No.KEY_REFUSED,
    "50106": No.KEY_REFUSED,
    "50107": No.KEY_REFUSED,
    "50110": No.KEY_REFUSED,
    "50111": No.KEY_REFUSED,
    "50112": No.CLOCK_SKEWED,
    "50113": No.KEY_REFUSED,
    "50114": No.KEY_REFUSED,
    "50119": No.KEY_REFUSED,
    "50120": No.KEY_REFUSED,
    "51000": No.MALFORMED,
    "51001": No.MARKET_UNKNOWN,
    "51004": No.POSITION_LIMIT,
    "51005": No.POSITION_LIMIT,
    "51006": No.PRICE_BAND,
    "51008": No.NOT_ENOUGH_BALANCE,
    "51010": No.KEY_REFUSED,
    "51015": No.MARKET_UNKNOWN,
    "51016": Known.DUPLICATE,
    "51020": No.VALUE_TOO_SMALL,
    "51021": No.MARKET_SUSPENDED,
    "51022": No.MARKET_SUSPENDED,
    "51024": No.KEY_REFUSED,
    "51027": No.MARKET_SUSPENDED,
    "51028": No.MARKET_SUSPENDED,
    "51100": No.VALUE_TOO_SMALL,
    "51116": No.PRICE_BAND,
    "51119": No.NOT_ENOUGH_BALANCE,
    "51120": No.VALUE_TOO_SMALL,
    "51121": No.LOT_SIZE,
    "51127": No.NOT_ENOUGH_BALANCE,
    "51129": No.POSITION_LIMIT,
    "51131": No.NOT_ENOUGH_BALANCE,
    "51137": No.PRICE_BAND,
    "51138": No.PRICE_BAND,
    "51155": No.KEY_REFUSED,
    "51603": Known.NO_SUCH_ORDER,
}
OKX_DONE = "0"
# "All operations failed": the code of the one order is in its row.
OKX_FAILED = "1"


def binance_meaning(answer: Answer) -> Meaning | None:
    """Return what an answer of Binance proves; None where it proves nothing."""
    body = answer.body
    if not 400 <= answer.status < 500 or not isinstance(body, dict):
        return None
    code, message = body.get("code"), body.get("msg")
    if not isinstance(code, int) or not isinstance(message, str):
        return None
    if code in (BINANCE_FILTER_FAILED, BINANCE_ORDER_REFUSED) and message.startswith(BINANCE_FILTER_WORDS):
        return BINANCE_FILTERS.get(message.removeprefix(BINANCE_FILTER_WORDS).strip(" ."), No.MALFORMED)
    if code == BINANCE_FILTER_FAILED:
        return BINANCE_MESSAGES.get(message, No.MALFORMED)
    if code == BINANCE_ORDER_REFUSED:
        return BINANCE_MESSAGES.get(message)
    return BINANCE_CODES.get(code)


def okx_meaning(answer: Answer) -> Meaning | None:
    """Return what an answer of OKX proves; None where it proves nothing."""
    body = answer.body
    if answer.status >= 500 or not isinstance(body, dict):
        return None
    code = body.get("code")
    if code == OKX_FAILED:
        row = only_row(body)
        return OKX_CODES.get(str(row.get("sCode"))) if row is not None else None
    return OKX_CODES.get(code) if isinstance(code, str) else None


def nothing_proven(_answer: Answer) -> Meaning | None:
    """Return None: of a venue whose codes we have not read no answer proves anything."""
    return None


def only_row(body: Any) -> dict[str, Any] | None:
    """Return the one row of an OKX answer; None where it has none or several, which is no answer about one order."""
    rows = body.get("data") if isinstance(body, dict) else None
    if isinstance(rows, list) and len(rows) == 1 and isinstance(rows[0], dict):
        return rows[0]
    return None
