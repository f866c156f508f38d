"""Values in the platform's cash, as operators read them."""

from django.conf import settings

from accounts.admin.tables import whole


def in_cash(units: int | None) -> str:
    """Return quote units as money."""
    return whole(units, decimals=settings.SMARTSYNC_CASH_DECIMALS, symbol=settings.SMARTSYNC_CASH)
