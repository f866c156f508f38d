"""
The way of a delivery: claimed before it is posted, and noted afterwards.

    1. `claim_due`: `due_at` moves a lease ahead and the attempts count up. Whoever updates the row owns that attempt.
    2. It is posted, with no transaction open.
    3. `note` writes the attempt, and what comes of it: delivered, due again, given up, or the end of the webhook.

Who dies between 1 and 3 is not known to have posted or not, so it is posted again when the lease is over: at least
once, under the same id. Within a lane (a copy, or the person's own) only the first that is not over is ever due: a
later event waits until the earlier one was delivered or given up. A webhook that fails is called by one at a time, so
that it holds up nobody else.
"""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext_noop

from accounts.transactions import in_transaction, outside_transaction
from copytrading.models import Notice, Webhook, WebhookAttempt, WebhookDelivery
from copytrading.services.hooks.posting import Answer
from copytrading.services.telling import notices

GIVE_UP_AFTER = timedelta(hours=24)
AT_ONCE_PER_WEBHOOK = 4
# Who posts gives up after the time limit; who held a claim for so many times that is dead.
LEASES = 6
JITTER = 0.2

CLAIM = """
    UPDATE copytrading_webhookdelivery AS claimed SET due_at = %(lease_ends_at)s, attempts = claimed.attempts + 1
    FROM (
        SELECT delivery.id FROM copytrading_webhookdelivery AS delivery
        WHERE delivery.id IN (
            SELECT id FROM (
                SELECT first.id, first.due_at,
                    row_number() OVER (PARTITION BY first.webhook_id ORDER BY first.due_at, first.id) AS turn,
                    CASE WHEN webhook.failures > 0 THEN 1 ELSE %(at_once)s END - busy.count AS room
                FROM copytrading_webhookdelivery AS first
                JOIN copytrading_webhook AS webhook ON webhook.id = first.webhook_id AND webhook.status = 'ACTIVE'
                JOIN accounts_user AS person ON person.id = webhook.user_id AND person.is_active
                CROSS JOIN LATERAL (
                    SELECT count(*) FROM unnest(%(busy)s::bigint[]) AS posted(webhook_id)
                    WHERE posted.webhook_id = webhook.id) AS busy
                WHERE first.delivered_at IS NULL AND first.given_up_at IS NULL AND first.due_at <= %(now)s
                    AND (first.lane IS NULL OR first.id = (
                        SELECT waiting.id FROM copytrading_webhookdelivery AS waiting
                        WHERE waiting.webhook_id = first.webhook_id AND waiting.lane = first.lane
                            AND waiting.delivered_at IS NULL AND waiting.given_up_at IS NULL
                        ORDER BY waiting.id LIMIT 1))
            ) AS due
            WHERE turn <= room ORDER BY due_at, id LIMIT %(count)s)
            AND delivery.delivered_at IS NULL AND delivery.given_up_at IS NULL AND delivery.due_at <= %(now)s
        FOR UPDATE SKIP LOCKED
    ) AS free
    WHERE claimed.id = free.id
    RETURNING claimed.id
"""


@outside_transaction
def claim_due(*, count: int, busy: Sequence[int] = (), now: datetime) -> list[WebhookDelivery]:
    """
    Claim up to `count` deliveries that are due, and return them with their webhooks.

    :param busy: the webhooks that this process is calling now, one for each call.
    """
    named: dict[str, Any] = {
        "now": now,
        "lease_ends_at": now + timedelta(seconds=LEASES * settings.WEBHOOK_SECONDS_MAX),
        "at_once": AT_ONCE_PER_WEBHOOK,
        "busy": list(busy),
        "count": count,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, named)
        ids = [each for (each,) in cursor.fetchall()]
    return list(WebhookDelivery.objects.filter(pk__in=ids).select_related("webhook").order_by("pk")) if ids else []


def note(delivery: WebhookDelivery, answer: Answer, *, now: datetime) -> None:
    """Write down what an attempt came to, and what follows from it. Of one that somebody else took over, only that."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=delivery.webhook_id)
        WebhookAttempt.objects.create(
            delivery=delivery,
            tried_at=answer.tried_at,
            status=answer.status,
            trouble=answer.trouble[:200],
            milliseconds=answer.milliseconds,
        )
        waiting = WebhookDelivery.objects.filter(pk=delivery.pk, delivered_at__isnull=True, given_up_at__isnull=True)
        if answer.is_taken:
            waiting.update(delivered_at=now)
            Webhook.objects.filter(pk=webhook.pk).update(failures=0, delivered_at=now)
            return
        Webhook.objects.filter(pk=webhook.pk).update(failures=F("failures") + 1)
        if answer.is_gone:
            rest_webhook(
                webhook, Webhook.Status.GONE, reason=gettext_noop("The receiver answered 410: it is gone."), now=now
            )
        # Who took it over meanwhile decides on the next attempt.
        ours = waiting.filter(attempts=delivery.attempts)
        ends_at = delivery.queued_at + GIVE_UP_AFTER
        if delivery.lane is None or now >= ends_at:
            if ours.update(given_up_at=now) and delivery.lane is not None:
                _pause_if_silent(webhook, since=delivery.queued_at, now=now)
        else:
            ours.update(due_at=min(now + wait_after(delivery.attempts), ends_at))


def wait_after(attempts: int) -> timedelta:
    """Return how long the next attempt waits after so many, give or take a fifth, so that not all come at once."""
    waits = settings.WEBHOOK_RETRY_SECONDS
    return timedelta(seconds=waits[min(attempts, len(waits)) - 1] * random.uniform(1 - JITTER, 1 + JITTER))


@in_transaction
def rest_webhook(webhook: Webhook, status: Webhook.Status, *, reason: str, now: datetime) -> None:
    """Send nothing more to an active webhook, and tell its person; what waits of one that is gone is given up."""
    active = Webhook.objects.filter(pk=webhook.pk, status=Webhook.Status.ACTIVE)
    if not active.update(status=status, reason=reason):
        return
    if status == Webhook.Status.GONE:
        give_up_all(webhook, now=now)
    notices.tell_person(webhook.user_id, Notice.Kind.WEBHOOK_PAUSED, now, words=str(webhook))


def give_up_all(webhook: Webhook, *, now: datetime) -> None:
    """Give up what waits for a webhook."""
    waiting = WebhookDelivery.objects.filter(webhook=webhook, delivered_at__isnull=True, given_up_at__isnull=True)
    waiting.update(given_up_at=now)


def _pause_if_silent(webhook: Webhook, *, since: datetime, now: datetime) -> None:
    """Pause a webhook that took nothing since an event was queued that is given up now."""
    if webhook.delivered_at is None or webhook.delivered_at < since:
        rest_webhook(webhook, Webhook.Status.PAUSED, reason=gettext_noop("It took nothing for a day."), now=now)
