"""
Withdrawals that wait a while before anything moves, where the installation says so (SMARTSYNC_FIRST_WITHDRAWAL_HOURS).

Whoever got into somebody's account wants the money out, by a way that was never used, or right after making the sign-in
theirs. So the first withdrawal by a channel, and each within the same hours after another password, address or second
factor, is held in the ledger at once and goes later. Its person is told as of a sign-in, and can cancel it until then.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from accounts import wallet
from accounts.models import OperatorRequest, Transfer, User
from copytrading.models import Notice
from copytrading.services.telling import notices

CHANGES = (Notice.Kind.PASSWORD_CHANGED, Notice.Kind.EMAIL_CHANGED, Notice.Kind.SECOND_FACTOR_CHANGED)
RESETS = (OperatorRequest.Kind.PASSWORD, OperatorRequest.Kind.EMAIL, OperatorRequest.Kind.SECOND_FACTOR)


def held_until(*, user: User, channel: Transfer.Channel, now: datetime) -> datetime | None:
    """Return until when a withdrawal that is asked for now has to wait; None where it goes at once."""
    wait = timedelta(hours=settings.SMARTSYNC_FIRST_WITHDRAWAL_HOURS)
    if not wait or (_has_withdrawn(user, channel) and not _has_changed_since(user, now - wait)):
        return None
    return now + wait


def tell_held(*, now: datetime, transfer_id: int | None = None) -> None:
    """Tell whose withdrawals wait that they do, each once: all that nobody was told of yet, or that one."""
    once = Concat(Value("transfer:"), Cast(OuterRef("pk"), CharField()), Value(":held"))
    told = Notice.objects.filter(user=OuterRef("user"), once=once)
    waiting = Transfer.objects.filter(~Exists(told), status=Transfer.Status.REQUESTED, held_until__gt=now)
    if transfer_id is not None:
        waiting = waiting.filter(pk=transfer_id)
    for transfer in waiting:
        assert transfer.held_until is not None, "it was asked for"
        hours = -(-(transfer.held_until - transfer.requested_at) // timedelta(hours=1))
        with transaction.atomic():
            notices.tell_person(
                transfer.user_id,
                Notice.Kind.WITHDRAWAL_HELD,
                now,
                units=transfer.units,
                number=hours,
                once=f"transfer:{transfer.pk}:held",
            )


def _has_withdrawn(user: User, channel: Transfer.Channel) -> bool:
    """Return whether money of somebody has left by this channel before; what was not let in and went back is none."""
    gone = Transfer.objects.filter(
        user=user, channel=channel, direction=Transfer.Direction.WITHDRAWAL, status=Transfer.Status.BOOKED
    )
    return gone.exclude(idempotency_key__startswith=wallet.RETURN_KEY).exists()


def _has_changed_since(user: User, since: datetime) -> bool:
    """Return whether the way somebody signs in was changed, by them or by operators."""
    return (
        Notice.objects.filter(user=user, kind__in=CHANGES, noted_at__gt=since).exists()
        or OperatorRequest.objects.filter(person=user, kind__in=RESETS, approved_at__gt=since).exists()
    )
