"""Values in the platform's cash, as operators read them."""

from accounts.admin.tables import whole
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol


def in_cash(units: int | None) -> str:
    """Return quote units as money."""
    return whole(units, decimals=CASH_DECIMALS, symbol=cash_symbol())
