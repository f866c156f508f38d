"""
Webhooks: where a person's own server is told what happened, by a POST that is signed.

    Webhook ──spread──→ WebhookDelivery (one for each event)  ──tried──→ WebhookAttempt (one for each try)
                        waits until `due_at`, then delivered or given up

A delivery keeps the text that is sent, so every attempt says the same under the same id. Those of one lane (a copy, or
the person) go out one after the other. Who claims a delivery moves `due_at` ahead: if the sender dies, it is due again.
"""

from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_noop

from accounts.models import User

NUMBER_MAX = 5


class Webhook(models.Model):
    """An address that a person wants told, what of, and the secret that it knows us by. A person has five at most."""

    class Status(models.TextChoices):
        ACTIVE = "ACTIVE", gettext_noop("active")
        PAUSED = "PAUSED", gettext_noop("paused")
        GONE = "GONE", gettext_noop("ended by the receiver")
        REMOVED = "REMOVED", gettext_noop("removed")

    class Event(models.TextChoices):
        COPY = "copy", gettext_noop("A copy was started, changed, paused, resumed or stopped")
        FILL = "fill", gettext_noop("A copy bought or sold: its exact share")
        ORDER = "order", gettext_noop("What became of an order that a copy takes part in")
        ADJUSTMENT = "adjustment", gettext_noop("A plan differs from the wish, and why")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="webhooks", db_index=False)
    # The lowest of 1 to 5 that is free: so there are never more.
    number = models.PositiveSmallIntegerField()
    address = models.CharField(max_length=500)
    description = models.CharField(max_length=60, blank=True)
    events = ArrayField(models.CharField(max_length=12), default=list)
    # Topics of notices, as people switch them.
    topics = ArrayField(models.CharField(max_length=24), default=list)
    status = models.CharField(max_length=7, choices=Status, default=Status.ACTIVE)
    # Why it is not active, as a sentence for the person.
    reason = models.CharField(max_length=200, blank=True)
    # What the seals are bound to, known before the row has an id.
    seal_place = models.UUIDField(default=uuid4, editable=False, unique=True)
    sealed_secret = models.BinaryField(default=b"")
    seal_id = models.CharField(max_length=12, blank=True)
    # The secret before, which signs as well until then.
    previous_sealed_secret = models.BinaryField(default=b"")
    previous_seal_id = models.CharField(max_length=12, blank=True)
    previous_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    # Attempts in a row that failed, and when one was taken last.
    failures = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    # Up to where its events are spread: transaction, kind and id, see queries.happened.happenings.
    place_transaction = models.BigIntegerField()
    place_kind = models.CharField(max_length=12)
    place_id = models.BigIntegerField()
    spread_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user", "number"], condition=~Q(status="REMOVED"), name="one_webhook_per_number"
            ),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=NUMBER_MAX), name="a_person_has_five_webhooks_at_most"
            ),
            models.CheckConstraint(
                condition=Q(events__contained_by=["copy", "fill", "order", "adjustment"])
                & (Q(events__len__gt=0) | Q(topics__len__gt=0)),
                name="a_webhook_wants_something",
            ),
            models.CheckConstraint(
                condition=Q(status="REMOVED", sealed_secret=b"", seal_id="", previous_until__isnull=True)
                | (~Q(status="REMOVED") & ~Q(sealed_secret=b"") & ~Q(seal_id="")),
                name="a_removed_webhook_keeps_no_secret",
            ),
            models.CheckConstraint(
                condition=Q(previous_sealed_secret=b"", previous_seal_id="", previous_until__isnull=True)
                | (~Q(previous_sealed_secret=b"") & ~Q(previous_seal_id="") & Q(previous_until__isnull=False)),
                name="a_secret_before_has_its_end",
            ),
            models.CheckConstraint(
                condition=Q(status="ACTIVE", reason="") | (~Q(status="ACTIVE") & ~Q(reason="")),
                name="a_webhook_that_rests_says_why",
            ),
        )
        indexes = (
            models.Index(fields=["user", "-id"], name="webhook_of_user"),
            models.Index(fields=["spread_at"], condition=Q(status="ACTIVE"), name="webhook_to_spread"),
        )

    def __str__(self) -> str:
        return self.description or self.address


class WebhookDelivery(models.Model):
    """One event on its way to one webhook: the text that is sent, and how far it is."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="deliveries", db_index=False)
    # The same however often it is sent: the row of the outbox that it tells of, as in notice_4711.
    event_id = models.CharField(max_length=60)
    event_type = models.CharField(max_length=40)
    payload = models.TextField()
    # The copy that it is about, 0 for the person's own: one after the other within it. Null waits for nobody: a test.
    lane = models.BigIntegerField(null=True)
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "webhook deliveries"
        constraints = (
            models.UniqueConstraint(fields=["webhook", "event_id"], name="an_event_is_spread_once"),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(given_up_at__isnull=True), name="delivered_or_given_up"
            ),
            models.CheckConstraint(
                condition=Q(delivered_at__isnull=True) | Q(attempts__gt=0), name="what_was_delivered_was_tried"
            ),
        )
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=Q(delivered_at__isnull=True, given_up_at__isnull=True),
                name="webhook_delivery_due",
            ),
            models.Index(
                fields=["webhook", "lane", "id"],
                condition=Q(delivered_at__isnull=True, given_up_at__isnull=True),
                name="webhook_delivery_in_lane",
            ),
            models.Index(fields=["webhook", "-id"], name="delivery_of_webhook"),
            models.Index(fields=["queued_at"], name="webhook_delivery_queued"),
        )

    def __str__(self) -> str:
        return self.event_id


class WebhookAttempt(models.Model):
    """One try: what the receiver answered, or what was in the way, and how long it took."""

    delivery = models.ForeignKey(WebhookDelivery, on_delete=models.PROTECT, related_name="tries", db_index=False)
    tried_at = models.DateTimeField()
    # Of the answer; null where there was none, and then `trouble` says why.
    status = models.PositiveSmallIntegerField(null=True)
    trouble = models.CharField(max_length=200, blank=True)
    milliseconds = models.PositiveIntegerField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status__isnull=False) | ~Q(trouble=""), name="an_attempt_without_answer_says_why"
            ),
        )
        indexes = (models.Index(fields=["delivery", "-id"], name="attempt_of_delivery"),)

    def __str__(self) -> str:
        return str(self.status or self.trouble)
