"""
A total loss over all copies: a person names it, and once it is reached every copy of theirs is stopped.

It is looked at for everybody at once, on the beat and by the rules of a copy's own stop loss: a loss counts only at
fresh marks of which none is in doubt, and only when it still stands at prices that are all more than five seconds
younger. All is read as of one moment, so no money on its way from a copy to a wallet is a loss. Then

    1. The limit fires: its row says so, and the person is told, in one transaction. That decides.
    2. The copies are stopped, lead by lead, each under the lead's lock. Who dies in between has left the fired row, and
       the next look goes on.
    3. The row goes with the last of them. The limit is used up: whoever starts again sets a new one, as the loss that
       it was meant for has been made.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext

from accounts.identity.places import written
from accounts.models import User
from accounts.transactions import outside_transaction, owns_transaction
from copytrading.engine.holdings import stop_loss
from copytrading.engine.rules import Rules
from copytrading.models import Copy, LossLimit, Notice
from copytrading.queries.copies import loss_limits
from copytrading.queries.copies.loss_limits import LimitedLosses
from copytrading.queries.rules import platform_rules
from copytrading.services.books import stops
from copytrading.services.keys import cash_words
from copytrading.services.locks import lock_lead
from copytrading.services.refusals import Refusal
from copytrading.services.telling import notices

NOTE_BREACHES = """
    UPDATE copytrading_losslimit AS own SET breached_at = line.seen_at
    FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS line(id, set_at, seen_at)
    WHERE own.id = line.id AND own.set_at = line.set_at AND own.fired_at IS NULL
"""


class LossLimitNotPossible(Refusal, code="loss_limit_not_possible", field="loss"):
    """The limit makes no sense, or would fire at once."""


class LossLimitFired(Refusal, code="loss_limit_fired"):
    """The limit has fired, and copies are still being stopped by it."""


@owns_transaction
def set_loss_limit(*, user: User, loss_units: int | None, loss_fraction: float | None, now: datetime) -> None:
    """
    Set the loss over all copies together at which they all stop, in quote units or as a share; neither for never.

    It takes effect at once, for copies that are started later too. The share is of what counts as invested in the
    copies that run, and follows that.

    :raises LossLimitNotPossible: if both are given, it is not above zero, a share is not below one, or the loss has
        been made already.
    :raises LossLimitFired: while the copies are being stopped by the one before.
    """
    # One at a time, though the row may not be there yet; and it does not fire meanwhile.
    User.objects.select_for_update().get(pk=user.pk)
    before = LossLimit.objects.select_for_update().filter(user=user).first()
    if before is not None and before.fired_at is not None:
        raise LossLimitFired(
            gettext("Your loss limit has just fired: all your copies are being stopped. Set a new one later.")
        )
    _refuse_senseless(loss_units, loss_fraction)
    if loss_units is None and loss_fraction is None:
        if before is not None:
            before.delete()
            notices.tell_person(user.pk, Notice.Kind.LOSS_LIMIT_CHANGED, now)
        return
    wanted = LossLimit(user=user, loss_units=loss_units, loss_fraction=loss_fraction, set_at=now)
    units = _refuse_reached(wanted, now=now, rules=platform_rules())
    if before is not None and (before.loss_units, before.loss_fraction) == (loss_units, loss_fraction):
        return
    LossLimit.objects.update_or_create(
        user=user,
        defaults={"loss_units": loss_units, "loss_fraction": loss_fraction, "set_at": now, "breached_at": None},
    )
    words = cash_words(units) if loss_fraction is None else f"{loss_fraction * 100:g} % of what is invested"
    notices.tell_person(user.pk, Notice.Kind.LOSS_LIMIT_CHANGED, now, units=units, words=words)


@outside_transaction
def check_loss_limits(*, now: datetime) -> int:
    """Look at everybody's limit, stop the copies of those whose loss is confirmed, and return how many limits fired."""
    rules = platform_rules()
    fired = 0
    limited = loss_limits.limited_losses(now=now, rules=rules)
    if limited is not None:
        fired = _look(limited, now=now, rules=rules)
    for limit in LossLimit.objects.filter(fired_at__isnull=False).order_by("pk"):
        _stop_all(limit, now=now)
    return fired


def _look(limited: LimitedLosses, *, now: datetime, rules: Rules) -> int:
    """Note who is at the limit, let the limits fire whose loss is confirmed, and return how many did."""
    losses, before = limited.losses, limited.breached_at
    # As with a copy's stop loss: what is not known is neither breached nor cleared, but for a price in doubt at which
    # it may have recovered.
    hoped = np.isfinite(losses.equity_hoped) & ~limited.reached(losses.equity_hoped)
    seen_at, stop = stop_loss.confirm(
        breached=limited.reached(losses.equity) & losses.known,
        breached_at=before,
        oldest_price_at=losses.oldest_price_at,
        newest_price_at=losses.newest_price_at,
        confirm_seconds=rules.stop_loss_confirm_seconds,
    )
    stop &= losses.known
    same = (seen_at == before) | (np.isnan(seen_at) & np.isnan(before))
    changed = (losses.known | hoped) & ~stop & ~same
    _note_breaches([limited.limits[row] for row in np.flatnonzero(changed)], seen_at[changed].tolist())
    fired = 0
    for row in np.flatnonzero(stop).tolist():
        fired += _fire(
            limited.limits[row], lost=int(losses.lost[row]), limit_units=int(limited.limit_units[row]), now=now
        )
    return fired


def _note_breaches(limits: Sequence[LossLimit], seen_at: Sequence[float]) -> None:
    if not limits:
        return
    times = [None if np.isnan(second) else datetime.fromtimestamp(second, tz=UTC) for second in seen_at]
    with connection.cursor() as cursor:
        cursor.execute(NOTE_BREACHES, [[limit.pk for limit in limits], [limit.set_at for limit in limits], times])


def _fire(seen: LossLimit, *, lost: int, limit_units: int, now: datetime) -> bool:
    """Let a limit fire, once, unless the person has changed it since the look."""
    with transaction.atomic(durable=True):
        fired = LossLimit.objects.filter(pk=seen.pk, set_at=seen.set_at, fired_at__isnull=True).update(fired_at=now)
        if fired:
            notices.tell_person(seen.user_id, Notice.Kind.LOSS_LIMIT_FIRED, now, units=lost, value_units=limit_units)
    return bool(fired)


def _stop_all(limit: LossLimit, *, now: datetime) -> None:
    """Stop every running copy of whom a limit fired for, then let go of the limit."""
    running = Copy.objects.filter(follower=limit.user_id, status__in=Copy.GUARDED)
    for lead_id in list(running.order_by("lead_id").values_list("lead_id", flat=True).distinct()):
        with transaction.atomic(durable=True):
            lock_lead(lead_id)
            ids = list(running.filter(lead_id=lead_id).values_list("pk", flat=True))
            stops.stop_copies(lead_id=lead_id, copy_ids=ids, reason=Copy.StopReason.TOTAL_LOSS, now=now)
    if not running.exists():
        LossLimit.objects.filter(pk=limit.pk, fired_at__isnull=False).delete()


def _refuse_senseless(loss_units: int | None, loss_fraction: float | None) -> None:
    if loss_units is not None and loss_fraction is not None:
        raise LossLimitNotPossible(gettext("Name the loss either as money or as a share; leave the other one out."))
    if loss_units is not None and loss_units <= 0:
        raise LossLimitNotPossible(gettext("The loss must be above zero; leave it empty for none."))
    if loss_fraction is not None and not 0 < loss_fraction < 1:
        raise LossLimitNotPossible(gettext("The share must be above zero and below 100 %."), field="fraction")


def _refuse_reached(wanted: LossLimit, *, now: datetime, rules: Rules) -> int:
    """Refuse a limit that would fire at once, and return what it comes to now in quote units."""
    losses = loss_limits.losses_of([wanted.user_id], now=now, rules=rules)
    limit_units = loss_limits.limit_units_of(wanted, float(losses.invested[0]))
    lost = float(losses.lost[0])
    if losses.invested[0] > 0 and lost >= limit_units:
        raise LossLimitNotPossible(
            gettext(
                "Your copies have lost %(lost)s together already, so all of them would stop at once; choose more than"
                " that, or stop the copies yourself."
            )
            % {"lost": written(cash_words(int(lost)))},
            field="fraction" if wanted.loss_fraction is not None else "loss",
        )
    return limit_units
