"""
Coins and whole units: 10 ** decimals units make one coin, and a unit price is quote units for one base unit.

    0.5 BTC at 8 decimals         50,000,000 units
    60,000 USDT for one BTC       60,000 · 10^(8 − 8) = 60,000 quote units for one base unit
"""

from __future__ import annotations

from decimal import Decimal


def coins(units: int, decimals: int) -> Decimal:
    """Return whole units as a decimal number of coins."""
    return Decimal(int(units)).scaleb(-decimals)


def units_of(quantity: Decimal, decimals: int) -> int:
    """Return a decimal number of coins in whole units, rounded to the nearest."""
    return int(quantity.scaleb(decimals).to_integral_value())


def unit_price(price: Decimal, *, base_decimals: int, quote_decimals: int) -> float:
    """Return quote units for one base unit, for a price in quote currency per coin."""
    return float(price.scaleb(quote_decimals - base_decimals))
