"""
How long is kept what nobody needs for ever: the installation says it in days, and once a day what is older goes.

Each table goes in pieces, a transaction each, so that nobody waits long for a lock and what was forgotten stays so when
the process dies. What ledger or audit need is in none of them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import structlog
from allauth.account.models import EmailConfirmation
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from accounts.devices import REFRESH_AGE_MAX
from accounts.models import Device, IdempotentRequest, ProgramKey, RefreshToken
from accounts.transactions import outside_transaction
from copytrading.models import (
    Delivery,
    GateCase,
    GateQuestion,
    KnownDevice,
    Notice,
    PushSubscription,
    WebhookAttempt,
    WebhookDelivery,
)
from copytrading.services.personal.archives import remove_archives

log = structlog.get_logger()

ROWS_A_TIME = 5_000
# Told once for ever: were it forgotten, the same number would be told again.
NEVER_TOLD_AGAIN = (Notice.Kind.FOLLOWERS_REACHED,)


@dataclass(frozen=True)
class Kept:
    """Rows of one table that are older than they are kept: `with_them` are the rows of others that go before."""

    setting: str
    rows: Callable[[datetime], QuerySet[Any]]
    with_them: tuple[tuple[type, str], ...] = ()


def _ended_devices(until: datetime) -> QuerySet[Any]:
    # One that did not refresh for so long cannot any more, whether or not somebody revoked it.
    return Device.objects.filter(Q(revoked_at__lt=until) | Q(last_used_at__lt=until - REFRESH_AGE_MAX))


def _ended_sessions(until: datetime) -> QuerySet[Any]:
    goes_on = Session.objects.filter(session_key=OuterRef("session_key"))
    return UserSession.objects.filter(~Exists(goes_on), last_seen_at__lt=until)


KEPT = (
    Kept("KEEP_ANSWERS_DAYS", lambda until: IdempotentRequest.objects.filter(created_at__lt=until)),
    Kept(
        "WEBHOOK_LOG_DAYS",
        lambda until: WebhookDelivery.objects.filter(queued_at__lt=until),
        ((WebhookAttempt, "delivery"),),
    ),
    Kept("KEEP_DELIVERIES_DAYS", lambda until: Delivery.objects.filter(finished_at__lt=until)),
    Kept(
        "KEEP_NOTICES_DAYS",
        lambda until: Notice.objects.filter(noted_at__lt=until).exclude(kind__in=NEVER_TOLD_AGAIN),
        ((Delivery, "notice"),),
    ),
    Kept("KEEP_ENDED_DEVICES_DAYS", _ended_devices, ((RefreshToken, "device"),)),
    Kept(
        "KEEP_ENDED_DEVICES_DAYS",
        lambda until: RefreshToken.objects.filter(expires_at__lt=until),
    ),
    Kept("KEEP_ENDED_DEVICES_DAYS", _ended_sessions),
    Kept(
        "KEEP_ENDED_DEVICES_DAYS",
        lambda until: ProgramKey.objects.filter(Q(revoked_at__lt=until) | Q(expires_at__lt=until)),
    ),
    Kept(
        "KEEP_ENDED_DEVICES_DAYS",
        lambda until: PushSubscription.objects.filter(retired_at__lt=until),
        ((Delivery, "subscription"),),
    ),
    Kept(
        "KEEP_ENDED_DEVICES_DAYS",
        # A browser keeps its name for 400 days at most.
        lambda until: KnownDevice.objects.filter(seen_at__lt=until - timedelta(days=400)),
    ),
    Kept("KEEP_ENDED_DEVICES_DAYS", lambda until: EmailConfirmation.objects.filter(created__lt=until)),
    Kept(
        "KEEP_GATE_ANSWERS_DAYS",
        lambda until: GateQuestion.objects.filter(
            ~Exists(GateCase.objects.filter(question=OuterRef("pk"))), asked_at__lt=until
        ),
    ),
)


@outside_transaction
def forget_what_is_old(*, now: datetime) -> dict[str, int]:
    """Forget everything that is older than the installation keeps it; return how many rows of each table went."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    gone: dict[str, int] = {}
    for kept in KEPT:
        until = now - timedelta(days=getattr(settings, kept.setting))
        for table, count in _forget(kept, until):
            gone[table] = gone.get(table, 0) + count
    with transaction.atomic():
        gone["archive"] = remove_archives(kept_until=now, now=now)
    log.info("what was old is forgotten", **gone)
    return gone


def _forget(kept: Kept, until: datetime) -> Iterator[tuple[str, int]]:
    """Yield table and count of each piece that is gone."""
    while True:
        with transaction.atomic():
            _say_that_we_forget()
            rows = kept.rows(until)
            ids = list(rows.order_by("pk").values_list("pk", flat=True)[:ROWS_A_TIME])
            for model, path in kept.with_them:
                model._default_manager.filter(**{f"{path}__in": ids}).delete()  # type: ignore[attr-defined]
            count, _ = rows.model._default_manager.filter(pk__in=ids).delete() if ids else (0, {})
        if ids:
            yield str(rows.model._meta.model_name), count
        if len(ids) < ROWS_A_TIME:
            return


def _say_that_we_forget() -> None:
    # What was asked of a check is removed by this walk and by no other statement: the database wants to hear it.
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('smartsync.forgetting', 'on', TRUE)")
