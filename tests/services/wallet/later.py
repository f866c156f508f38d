"""Withdrawals that wait before they go."""

from datetime import datetime
from uuid import uuid4

from django.test import override_settings

from accounts.models import Transfer, User
from copytrading.services.wallet import transfers


def withdraw_later(
    user: User, units: int, *, now: datetime, hours: int = 24, channel: Transfer.Channel | None = None, key: str = ""
) -> Transfer:
    """Return a withdrawal that somebody asked for where the first one waits so many hours."""
    with override_settings(SMARTSYNC_FIRST_WITHDRAWAL_HOURS=hours):
        return transfers.withdraw(user=user, units=units, idempotency_key=key or uuid4().hex, channel=channel, now=now)
