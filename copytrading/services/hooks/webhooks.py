"""What a person does with webhooks: add, change, rotate the secret, let go on, remove, try, send something again."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from accounts.models import User
from accounts.transactions import outside_transaction
from copytrading.models import Webhook, WebhookDelivery
from copytrading.queries.happened import happenings
from copytrading.queries.hooks.wanted import EVENTS, NUMBER_MAX
from copytrading.queries.notices.kinds import TOPICS
from copytrading.services.hooks import hook_secrets
from copytrading.services.hooks.deliveries import give_up_all
from copytrading.services.hooks.events import TEST_TYPE, make_test_event
from copytrading.services.hooks.spreading import put_at, queue
from copytrading.services.hooks.targets import machines_of, target_of
from copytrading.services.refusals import Refusal

OVERLAP_HOURS, OVERLAP_HOURS_MAX = 24, 168
DESCRIPTION_LENGTH_MAX = 60
SECRET_OF_BEFORE = ["previous_sealed_secret", "previous_seal_id", "previous_until"]


class TooManyWebhooks(Refusal, code="too_many_webhooks", field="address"):
    """A person has five webhooks at most."""


class WebhookWantsNothing(Refusal, code="webhook_wants_nothing", field="events"):
    """A webhook is told of nothing, or of something that there is not."""


class WebhookNotActive(Refusal, code="webhook_not_active"):
    """A webhook that is paused, or that its receiver has ended, is sent nothing."""


class WebhooksNotPossible(Refusal, code="webhooks_not_possible"):
    """This platform has no key to seal secrets with, so it keeps none."""


class DeliveryStillWaits(Refusal, code="delivery_still_waits"):
    """What is on its way already is not sent again beside that."""


@outside_transaction
def add_webhook(
    *, user: User, address: str, events: Iterable[str], topics: Iterable[str], now: datetime, description: str = ""
) -> tuple[Webhook, str]:
    """
    Return a new webhook that is told of what happens from now on, and its secret, which is shown this once.

    :raises WebhookAddressRefused: if the address is none that is called, or leads to no public machine.
    :raises WebhookWantsNothing: if nothing, or something unknown, is wanted.
    :raises TooManyWebhooks: if the person has five.
    :raises WebhooksNotPossible: if secrets cannot be kept here.
    """
    if not hook_secrets.can_seal():
        raise WebhooksNotPossible(
            gettext("This platform cannot keep secrets yet; its operators have to name a key for them.")
        )
    wanted_events, wanted_topics = _wanted(events, topics)
    machines_of(target_of(address))
    secret = hook_secrets.make_secret()
    with transaction.atomic():
        # Whoever else adds one for this person waits here.
        User.objects.select_for_update().get(pk=user.pk)
        standing = Webhook.objects.filter(user=user).exclude(status=Webhook.Status.REMOVED)
        taken = set(standing.values_list("number", flat=True))
        free = [number for number in range(1, NUMBER_MAX + 1) if number not in taken]
        if not free:
            raise TooManyWebhooks(
                gettext("You have %(webhooks)s webhooks; remove one first.") % {"webhooks": NUMBER_MAX}
            )
        webhook = Webhook(
            user=user,
            number=free[0],
            address=address,
            description=description.strip()[:DESCRIPTION_LENGTH_MAX],
            events=wanted_events,
            topics=wanted_topics,
            created_at=now,
            spread_at=now,
        )
        put_at(webhook, happenings.place_now())
        hook_secrets.seal_secret(webhook, secret)
        webhook.save()
    return webhook, secret


@outside_transaction
def change_webhook(
    *,
    webhook: Webhook,
    now: datetime,
    address: str | None = None,
    description: str | None = None,
    events: Iterable[str] | None = None,
    topics: Iterable[str] | None = None,
    is_active: bool | None = None,
) -> Webhook:
    """
    Change what is named, and return the webhook; one that went on is told of what happens from now on.

    :raises WebhookAddressRefused: if the address is none that is called, or leads to no public machine.
    :raises WebhookWantsNothing: if nothing, or something unknown, would be wanted.
    :raises WebhookNotActive: if it is to go on, and its receiver has ended it.
    """
    if address is not None and address != webhook.address:
        machines_of(target_of(address))
    with transaction.atomic():
        changed = _locked(webhook)
        changed.address = changed.address if address is None else address
        if description is not None:
            changed.description = description.strip()[:DESCRIPTION_LENGTH_MAX]
        changed.events, changed.topics = _wanted(
            changed.events if events is None else events, changed.topics if topics is None else topics
        )
        if is_active is not None:
            _switch(changed, is_active=is_active, now=now)
        changed.save()
    return changed


@outside_transaction
def rotate_secret(*, webhook: Webhook, now: datetime, overlap_hours: int = OVERLAP_HOURS) -> tuple[Webhook, str]:
    """
    Return a webhook with a new secret, and that secret, which is shown this once.

    The secret before signs as well for the hours of the overlap; with none it is worth nothing from now on.
    """
    assert 0 <= overlap_hours <= OVERLAP_HOURS_MAX, "the interfaces know how long an overlap can be"
    secret = hook_secrets.make_secret()
    with transaction.atomic():
        rotated = _locked(webhook)
        if overlap_hours:
            hook_secrets.retire_secret(rotated, until=now + timedelta(hours=overlap_hours))
        else:
            hook_secrets.forget_previous(rotated)
        hook_secrets.seal_secret(rotated, secret)
        rotated.save(update_fields=["sealed_secret", "seal_id", *SECRET_OF_BEFORE])
    return rotated, secret


@outside_transaction
def remove_webhook(*, webhook: Webhook, now: datetime) -> None:
    """Send nothing more to a webhook, and forget its secrets."""
    with transaction.atomic():
        removed = _locked(webhook)
        removed.status, removed.reason = Webhook.Status.REMOVED, gettext_noop("You removed it.")
        removed.sealed_secret, removed.seal_id = b"", ""
        hook_secrets.forget_previous(removed)
        removed.save(update_fields=["status", "reason", "sealed_secret", "seal_id", *SECRET_OF_BEFORE])
        give_up_all(removed, now=now)


def send_test(*, webhook: Webhook, now: datetime) -> WebhookDelivery:
    """
    Return the delivery of an event that says nothing: it is tried once, and the attempt tells what came of it.

    :raises WebhookNotActive: if nothing is sent to the webhook.
    :raises DeliveryStillWaits: if a test is on its way already: nobody is to be flooded by this button.
    """
    event = make_test_event(webhook_id=webhook.pk, now=now)
    with transaction.atomic():
        tried = _active(webhook)
        tests = WebhookDelivery.objects.filter(webhook=tried, event_type=TEST_TYPE)
        if tests.filter(delivered_at__isnull=True, given_up_at__isnull=True).exists():
            raise DeliveryStillWaits(gettext("A test is on its way already; wait for what comes of it."))
        queue(tried, [event], now=now)
    return WebhookDelivery.objects.get(webhook=webhook, event_id=event.id)


def send_again(*, webhook: Webhook, delivery: WebhookDelivery, now: datetime) -> WebhookDelivery:
    """
    Return a delivery that is sent once more, under its id, with a day of its own to arrive.

    :raises WebhookNotActive: if nothing is sent to the webhook.
    :raises DeliveryStillWaits: if it is on its way already.
    """
    with transaction.atomic():
        _active(webhook)
        over = WebhookDelivery.objects.filter(pk=delivery.pk).exclude(
            delivered_at__isnull=True, given_up_at__isnull=True
        )
        if not over.update(delivered_at=None, given_up_at=None, attempts=0, queued_at=now, due_at=now):
            raise DeliveryStillWaits(
                gettext("This event is on its way already; its attempts say when it is tried next.")
            )
    delivery.refresh_from_db()
    return delivery


def _wanted(events: Iterable[str], topics: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return what is wanted, each once and in our order."""
    named, known = {*events, *topics}, [*(event for event, _ in EVENTS), *TOPICS]
    if strange := named - set(known):
        raise WebhookWantsNothing(gettext("There is no %(name)s to be told of.") % {"name": min(strange)[:30]})
    if not named:
        raise WebhookWantsNothing(gettext("Choose what the webhook is told of."))
    return [event for event, _ in EVENTS if event in named], [topic for topic in TOPICS if topic in named]


def _switch(webhook: Webhook, *, is_active: bool, now: datetime) -> None:
    """Let a webhook rest or go on, unsaved."""
    if is_active and webhook.status == Webhook.Status.GONE:
        raise WebhookNotActive(gettext("Its receiver answered that it is gone. Remove it and add another one."))
    if is_active and webhook.status == Webhook.Status.PAUSED:
        webhook.status, webhook.reason, webhook.failures = Webhook.Status.ACTIVE, "", 0
        put_at(webhook, happenings.place_now())
        webhook.spread_at = now
    elif not is_active and webhook.status == Webhook.Status.ACTIVE:
        webhook.status, webhook.reason = Webhook.Status.PAUSED, gettext_noop("You paused it.")


def _locked(webhook: Webhook) -> Webhook:
    """Return a webhook with its row locked, as it is now."""
    locked = Webhook.objects.select_for_update().get(pk=webhook.pk)
    if locked.status == Webhook.Status.REMOVED:
        raise WebhookNotActive(gettext("This webhook was removed."))
    return locked


def _active(webhook: Webhook) -> Webhook:
    locked = _locked(webhook)
    if locked.status != Webhook.Status.ACTIVE:
        raise WebhookNotActive(gettext("%(reason)s Let it go on first.") % {"reason": gettext(locked.reason)})
    return locked
