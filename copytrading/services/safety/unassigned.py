"""
Money at the venue that is nobody's yet: what came without a word, until people say whose it is.

    custody = what is owed + unassigned

So a surplus is no reason to stop anybody: it becomes unassigned money, and operators are told. What goes away again is
taken from there first. Only a shortage that is larger than that is somebody's loss.
"""

from datetime import datetime

from accounts import ledger
from accounts import queries as account_queries
from accounts.ledger import Lines
from accounts.models import Asset, Journal, LedgerAccount
from accounts.transactions import in_transaction
from copytrading.engine.units import coins
from copytrading.models import Alarm
from copytrading.services.safety import alarms


@in_transaction
def settle_difference(*, asset: Asset, units: int, key: str, now: datetime) -> int:
    """
    Book a confirmed difference of custody as far as unassigned money goes, once for each key, and tell it.

    :param units: custody less what is owed; negative is a shortage, which is met from what is unassigned.
    :returns: the units that were booked, signed alike; 0 where there is nothing to meet a shortage from.
    """
    account = ledger.platform_account(LedgerAccount.Kind.UNASSIGNED, now=now)
    booked = max(units, -account_queries.available_units_in(account, asset=asset))
    if not booked:
        return 0
    venue_account = ledger.platform_account(LedgerAccount.Kind.VENUE, now=now)
    ledger.post(
        kind=Journal.Kind.SURPLUS,
        idempotency_key=f"surplus:{asset.pk}:{key}",
        lines=Lines.of([account.pk, venue_account.pk], asset.pk, [booked, -booked]),
        now=now,
    )
    quantity = f"{coins(abs(booked), asset.decimals):f} {asset.symbol}"
    sentence = (
        f"{quantity} came to the venue without a word and is nobody's yet: say whose it is."
        if booked > 0
        else f"{quantity} that was nobody's has left the venue."
    )
    alarms.raise_alarm(kind=Alarm.Kind.SURPLUS, key=surplus_key(asset), sentence=sentence, now=now)
    return booked


def surplus_key(asset: Asset) -> str:
    """Return the key of the alarm about unassigned money of an asset."""
    return f"surplus:{asset.symbol}"
