"""The readers of recorded files and what they return; every one of them raises RecordingError."""

from copytrading.exchange.prices.bar_files import read_prices
from copytrading.exchange.prices.cells import moment_of, time_of
from copytrading.exchange.prices.formats.finding import FORMAT_NAMES, FORMATS
from copytrading.exchange.prices.lead_trades import LeadTrades, read_lead_trades
from copytrading.exchange.prices.price_tables import PriceTable, paths_in
from copytrading.exchange.prices.sheets import RecordingError
from copytrading.exchange.prices.weight_tables import CASH, WeightTable, read_weights

__all__ = [
    "CASH",
    "FORMATS",
    "FORMAT_NAMES",
    "LeadTrades",
    "PriceTable",
    "RecordingError",
    "WeightTable",
    "moment_of",
    "paths_in",
    "read_lead_trades",
    "read_prices",
    "read_weights",
    "time_of",
]
