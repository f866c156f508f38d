"""Figures in an operator's sentence: money to the cent and shares in percent, in English, with a true minus."""

from copytrading.queries.rules import CASH_DECIMALS

CENTS_UNITS = 10 ** (CASH_DECIMALS - 2)


def in_money(units: int, *, signed: bool = False) -> str:
    """Return quote units as money, cut to cents downwards; with a plus where it is one and signs are asked for."""
    cents = units // CENTS_UNITS
    sign = "−" if cents < 0 else "+" if signed and cents > 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02}"


def percent(fraction: float) -> str:
    """Return a share of 1 in percent: to a tenth, and below one percent to a hundredth."""
    size = abs(fraction) * 100
    shown = f"{size:,.1f}" if size >= 0.995 else f"{size:.2f}"
    return f"{'−' if fraction < 0 and float(shown) else ''}{shown} %"
