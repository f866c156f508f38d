"""
What differs between exchanges: a file for each that is known in detail, and one for all others of ccxt.

    base       what a dialect has to say
    binance    okx    bybit    bitget
    others     any exchange that is named in the settings and known to nobody here: met with more caution

A new exchange is a file and a line in `DIALECTS`.
"""

from copytrading.exchange.live.dialects.base import Dialect
from copytrading.exchange.live.dialects.binance import BINANCE
from copytrading.exchange.live.dialects.bitget import BITGET
from copytrading.exchange.live.dialects.bybit import BYBIT
from copytrading.exchange.live.dialects.okx import OKX
from copytrading.exchange.live.dialects.others import OTHER

DIALECTS: dict[str, Dialect] = {"binance": BINANCE, "okx": OKX, "bybit": BYBIT, "bitget": BITGET}


def dialect_of(exchange: str) -> Dialect:
    """Return how an exchange is spoken to, by ccxt's id of it."""
    return DIALECTS.get(exchange, OTHER)
