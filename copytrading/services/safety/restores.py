"""
After a restore: the ledger is of yesterday and the venue is of today.

    restored ──→ everything is halted ──→ trades and custody are compared ──→ they agree once ──→ trading goes on

What the venue did meanwhile is found as everything foreign is: trades that are none of our orders, money that is
unassigned, money that is missing. Operators book what people owe and own; a corrected difference is none.
"""

from datetime import datetime

from accounts.transactions import owns_transaction
from copytrading.models import Alarm, Halt, Order, Restore, SyncCycle
from copytrading.services import bell
from copytrading.services.safety import alarms, halts

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
KEY = "restore"
PLANNED_BEFORE = "It was planned before the database was restored, and is decided anew."


@owns_transaction
def note_restore(*, taken_at: datetime, now: datetime) -> Restore:
    """
    Halt everything because the database was put back, and begin a new epoch of client order ids.

    What was planned and not sent is ended: after the backup it may have been sent, and its id have been at the venue.

    :param taken_at: when the backup was made. :param now: makes the epoch, so it must be the true time.
    """
    # One that was waiting in the backup is over: this one takes its place.
    earlier = Halt.objects.filter(restore__isnull=False, restore__clean_at__isnull=True, lifted_at__isnull=True)
    earlier.update(lifted_at=now)
    Restore.objects.filter(clean_at__isnull=True).update(clean_at=now)
    stands = Halt.objects.filter(scope=Halt.Scope.PLATFORM, lifted_at__isnull=True).exists()
    halt = None
    if not stands:
        halt = halts.place_halt_here(
            scope=Halt.Scope.PLATFORM,
            reason=f"Restored to {taken_at:%Y-%m-%d %H:%M:%S} UTC: ledger and venue have to agree first.",
            now=now,
        )
    restore = Restore.objects.create(epoch=epoch_of(now), taken_at=taken_at, restored_at=now, halt=halt)
    planned = Order.objects.filter(status=Order.Status.PLANNED)
    SyncCycle.objects.filter(orders__in=planned).update(has_rest=True)
    planned.update(status=Order.Status.CANCELED, refusal=PLANNED_BEFORE, answered_at=now)
    alarms.raise_alarm(
        kind=Alarm.Kind.RESTORED,
        key=KEY,
        sentence=f"The database was restored to {taken_at:%Y-%m-%d %H:%M:%S} UTC. Nothing is sent until it agrees with"
        " the venue once.",
        now=now,
    )
    return restore


@owns_transaction
def note_agreement(*, now: datetime) -> bool:
    """Ledger and venue agree: let go on what only a restore kept, and return whether there was one."""
    restore = Restore.objects.select_for_update().filter(clean_at__isnull=True).order_by("pk").last()
    if restore is None:
        return False
    Restore.objects.filter(pk=restore.pk).update(clean_at=now)
    Halt.objects.filter(restore=restore, lifted_at__isnull=True).update(lifted_at=now)
    alarms.clear_alarm(key=KEY, now=now)
    bell.publish("platform", "halts")
    return True


def epoch_of(now: datetime) -> str:
    """Return seconds as letters and digits: another one after every restore."""
    seconds, letters = int(now.timestamp()), ""
    while seconds:
        seconds, digit = divmod(seconds, len(DIGITS))
        letters = DIGITS[digit] + letters
    return letters
