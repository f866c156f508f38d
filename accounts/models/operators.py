"""
What operators may do only together, who made whom an operator, and what everybody of them did.

An `OperatorRequest` changes what a person may do or how they sign in; one operator asks, another one approves within a
day. A `Vouching` says who made, promoted or reset an operator, since whoever depends on somebody else is no second
person beside them. An `AuditEntry` is written by every act and every look, numbered and chained by the database.
"""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q

from accounts.models.people import User

APPROVED_WITHIN = timedelta(hours=24)
DEPENDS_FOR = timedelta(days=14)


class OperatorRequest(models.Model):
    """A change of a person's rights or sign-in that one operator asks for and another one approves."""

    class Kind(models.TextChoices):
        RIGHTS = "RIGHTS", "change what they may do"
        PASSWORD = "PASSWORD", "take the password away, so that they choose a new one by mail"
        SECOND_FACTOR = "SECOND_FACTOR", "take the second factor away, so that they set up a new one"
        EMAIL = "EMAIL", "change the address they sign in with"
        ACTIVITY = "ACTIVITY", "let them sign in, or not any more"

    kind = models.CharField(max_length=20, choices=Kind)
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # What is to be afterwards: `is_staff`, `is_superuser` and `roles`, or `email`, or `is_active`; by kind.
    wanted = models.JSONField(default=dict)
    reason = models.CharField(max_length=200)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False) & ~Q(approved_by=F("requested_by")),
                name="two_people_decide_on_rights",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("person")),
                name="nobody_approves_what_concerns_them",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True)
                | Q(approved_at__gte=F("requested_at"), approved_at__lte=F("requested_at") + APPROVED_WITHIN),
                name="approved_within_a_day",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(withdrawn_at__isnull=True),
                name="approved_or_withdrawn_and_not_both",
            ),
            models.UniqueConstraint(
                fields=["person", "kind"],
                condition=Q(approved_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_request_per_person_and_kind",
            ),
        )

    def __str__(self) -> str:
        return f"{self.person}: {self.get_kind_display()}"


class Vouching(models.Model):
    """Who made, promoted or reset whom; nobody where it was done on the server. Never changed."""

    class Act(models.TextChoices):
        CREATED = "CREATED", "created"
        PROMOTED = "PROMOTED", "promoted"
        RESET = "RESET", "reset"

    maker = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="vouchings")
    act = models.CharField(max_length=10, choices=Act)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person} {self.get_act_display()} by {self.maker or 'the server'}"


class AuditEntry(models.Model):
    """
    One act or look of one person. The database numbers it without gaps and chains it: `hash` is of everything in the
    row and of `previous_hash`, which is the hash of the entry before.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    # Nobody where the platform or the server's own command did it.
    actor = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    act = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True, db_index=True)
    words = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=45, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "audit entries"
        permissions = (
            ("export_audit", "Can export the audit"),
            ("see_metrics", "Can see the figures for machines"),
        )

    def __str__(self) -> str:
        return f"{self.number}: {self.act}"


class AuditHead(models.Model):
    """The last entry's number and hash, kept beside the entries, so that a missing last one is missed."""

    number = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_audit_head"),)

    def __str__(self) -> str:
        return str(self.number)
