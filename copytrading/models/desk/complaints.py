"""
Complaints, with a clock that the person can read too.

    RECEIVED ──→ ACKNOWLEDGED ──→ ANSWERED ──→ CLOSED
                                   │    ↑         by the person, or by the clock
                                   └─→ REOPENED   by the person, within a month

Until when it is to be acknowledged and answered is written with it, so a promise once made does not move. What was said
by either side, and when, are its steps: rows that are added and never changed.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_noop

from accounts.models import User
from copytrading.models.copies import Copy


class Complaint(models.Model):
    """What somebody complains of; its id is the number that it has for both sides."""

    class Status(models.TextChoices):
        RECEIVED = "RECEIVED", gettext_noop("received")
        ACKNOWLEDGED = "ACKNOWLEDGED", gettext_noop("acknowledged")
        ANSWERED = "ANSWERED", gettext_noop("answered")
        REOPENED = "REOPENED", gettext_noop("reopened")
        CLOSED = "CLOSED", gettext_noop("closed")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="complaints", db_index=False)
    # Of the person's own, where it is about one.
    copy = models.ForeignKey(Copy, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject = models.CharField(max_length=120)
    text = models.CharField(max_length=4000)
    idempotency_key = models.CharField(max_length=80)
    status = models.CharField(max_length=12, choices=Status, default=Status.RECEIVED)
    received_at = models.DateTimeField()
    acknowledge_by = models.DateTimeField()
    # Of the latest text that is to be answered.
    answer_by = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="one_complaint_per_key"),
            models.CheckConstraint(
                condition=Q(status="RECEIVED", acknowledged_at__isnull=True)
                | (~Q(status="RECEIVED") & Q(acknowledged_at__isnull=False)),
                name="a_complaint_is_acknowledged_first",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["RECEIVED", "ACKNOWLEDGED"], answered_at__isnull=True)
                | Q(status__in=["ANSWERED", "REOPENED", "CLOSED"], answered_at__isnull=False),
                name="a_complaint_is_answered_before_it_ends",
            ),
            models.CheckConstraint(
                condition=(Q(status="CLOSED") & Q(closed_at__isnull=False))
                | (~Q(status="CLOSED") & Q(closed_at__isnull=True)),
                name="a_closed_complaint_has_its_time",
            ),
        )
        indexes = (
            models.Index(fields=["user", "-id"], name="complaint_of_user"),
            models.Index(
                fields=["answer_by"],
                condition=Q(status__in=["RECEIVED", "ACKNOWLEDGED", "REOPENED"]),
                name="complaint_that_waits",
            ),
            models.Index(fields=["answered_at"], condition=Q(status="ANSWERED"), name="complaint_answered"),
        )

    def __str__(self) -> str:
        return f"No. {self.pk}: {self.subject}"


class ComplaintStep(models.Model):
    """One step of a complaint, with what was said in it; by nobody where the clock took it."""

    class Kind(models.TextChoices):
        ACKNOWLEDGED = "ACKNOWLEDGED", "acknowledged"
        ANSWERED = "ANSWERED", "answered"
        REOPENED = "REOPENED", "reopened"
        CLOSED = "CLOSED", "closed"

    complaint = models.ForeignKey(Complaint, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=12, choices=Kind)
    text = models.CharField(max_length=4000, blank=True)
    taken_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    taken_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=["ACKNOWLEDGED", "CLOSED"], text="")
                | (Q(kind__in=["ANSWERED", "REOPENED"]) & ~Q(text="")),
                name="an_answer_says_something",
            ),
            models.CheckConstraint(
                condition=Q(kind="CLOSED") | Q(taken_by__isnull=False), name="only_the_clock_is_nobody"
            ),
        )

    def __str__(self) -> str:
        return f"No. {self.complaint_id}, {self.get_kind_display()}"
