"""
From what happened to the deliveries of those who want it.

    1. The active webhook that was looked at longest ago is locked.
    2. What happened after its place, as far as nothing can join it any more, becomes its deliveries, in that order.
    3. Its place moves behind them.

All of it is one transaction, and an event is spread once to a webhook by a constraint, so it makes no difference how
many do it and whenever one dies.
"""

from datetime import datetime, timedelta

import structlog
from django.db import OperationalError, transaction

from accounts.transactions import outside_transaction
from copytrading.models import Webhook, WebhookDelivery
from copytrading.queries.happened import happenings
from copytrading.queries.happened.happenings import Place
from copytrading.queries.hooks.wanted import notice_kinds_of, row_kinds_of
from copytrading.services.hooks.events import Describe, Event

log = structlog.get_logger()

LOOK_EVERY = timedelta(seconds=1)
EVENTS_A_TIME = 500
# So that those who wait for their calls do not wait for all looks.
WEBHOOKS_A_TIME = 50
SET_ASIDE = timedelta(minutes=1)


@outside_transaction
def spread_events(*, describe: Describe, now: datetime, set_aside: dict[int, datetime] | None = None) -> bool:
    """
    Spread what happened to those that were not looked at lately, some at a time; return whether any may be left.

    :param set_aside: until when webhooks are left out whose events could not be told; it is kept up to date here.
    """
    aside = {} if set_aside is None else set_aside
    for webhook_id in [one for one, until in aside.items() if until <= now]:
        del aside[webhook_id]
    return all(_spread_next(describe, now, aside) for _ in range(WEBHOOKS_A_TIME))


def _spread_next(describe: Describe, now: datetime, aside: dict[int, datetime]) -> bool:
    """Spread to the webhook whose turn it is, and return whether there was one."""
    with transaction.atomic():
        due = Webhook.objects.filter(
            status=Webhook.Status.ACTIVE, spread_at__lte=now - LOOK_EVERY, user__is_active=True
        ).exclude(pk__in=aside)
        unlocked = due.select_related("user").select_for_update(skip_locked=True, of=("self",))
        webhook = unlocked.order_by("spread_at").first()
        if webhook is None:
            return False
        try:
            with transaction.atomic():
                _spread_to(webhook, describe, now)
        except OperationalError:
            # The database is away, or somebody was faster: that is nothing about this webhook.
            raise
        except Exception:
            # It stays where it is and is tried again later; nobody else is held up by it.
            log.exception("What happened could not be told to a webhook.", webhook_id=webhook.pk)
            aside[webhook.pk] = now + SET_ASIDE
        return True


def _spread_to(webhook: Webhook, describe: Describe, now: datetime) -> None:
    """Write the deliveries of what happened after a webhook's place, and move the place behind it."""
    found, place = happenings.happened_outside(
        webhook.user,
        place_of(webhook),
        kinds=row_kinds_of(webhook),
        notice_kinds=notice_kinds_of(webhook),
        dated_at=webhook.spread_at,
        now=now,
        count=EVENTS_A_TIME,
    )
    if found:
        queue(webhook, describe(webhook.user, found), now=now)
    put_at(webhook, place)
    # With more to come it is looked at again in this round.
    webhook.spread_at = now if len(found) < EVENTS_A_TIME else webhook.spread_at
    webhook.save(update_fields=["place_transaction", "place_kind", "place_id", "spread_at"])


def queue(webhook: Webhook, events: list[Event], *, now: datetime) -> None:
    """Write the deliveries of some events to a webhook, due now; those that are there stay as they are."""
    WebhookDelivery.objects.bulk_create(
        [
            WebhookDelivery(
                webhook=webhook,
                event_id=event.id,
                event_type=event.type,
                payload=event.payload,
                lane=event.lane,
                queued_at=now,
                due_at=now,
            )
            for event in events
        ],
        ignore_conflicts=True,
    )


def place_of(webhook: Webhook) -> Place:
    """Return up to where a webhook's events are spread."""
    return Place(webhook.place_transaction, webhook.place_kind, webhook.place_id)


def put_at(webhook: Webhook, place: Place) -> None:
    """Put a webhook at a place, unsaved."""
    webhook.place_transaction, webhook.place_kind, webhook.place_id = place.transaction, place.kind, place.id
