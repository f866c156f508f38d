"""
What a person may ask of us about themselves: an archive of everything that is kept, and to be erased.

    Archive    asked ──packed by a worker──→ ready, for some days ──→ removed
    Erasure    asked ──(by an operator: approved by another)──→ due after a cooling time ──→ done
                 └───────────────── withdrawn ←─────────────────────┘

An archive's file lies in a row of its own, so that looking at archives reads none of it. An erasure that something
stands in the way of when it is due stays as it is, says what, and is tried again.
"""

from django.db import models
from django.db.models import F, Q

from accounts.models.operators import APPROVED_WITHIN
from accounts.models.people import User


class Archive(models.Model):
    """Everything that is kept of a person, as of `asked_at` or a little later, in one file."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="archives", db_index=False)
    # The person, or the operator who asked on their behalf.
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.CharField(max_length=200, blank=True, db_default="")
    asked_at = models.DateTimeField()
    # How often a worker began to pack it, and when one did last.
    attempts = models.PositiveSmallIntegerField(default=0)
    begun_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    kept_until = models.DateTimeField(null=True)
    byte_count = models.BigIntegerField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(made_at__isnull=True, removed_at__isnull=True),
                name="one_archive_is_made_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(made_at__isnull=True, kept_until__isnull=True, byte_count__isnull=True)
                | Q(made_at__isnull=False, kept_until__isnull=False, byte_count__isnull=False),
                name="an_archive_that_is_made_has_its_end",
            ),
        )
        indexes = (
            models.Index(fields=["user", "-id"], name="archive_of_user"),
            models.Index(fields=["id"], condition=Q(removed_at__isnull=True), name="archive_that_is_kept"),
        )

    def __str__(self) -> str:
        return f"archive {self.pk}"


class ArchiveFile(models.Model):
    """The bytes of an archive, as long as it is kept."""

    archive = models.OneToOneField(Archive, on_delete=models.PROTECT, related_name="file", primary_key=True)
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"file of archive {self.pk}"


class Erasure(models.Model):
    """That a person is to be made unreadable, who asked for it, and when it is done."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="erasures", db_index=False)
    reason = models.CharField(max_length=200, blank=True, db_default="")
    # The person, or an operator; then another operator approves it within a day.
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    # When the cooling time is over; none while an operator's request waits for another one.
    due_at = models.DateTimeField(null=True, blank=True)
    # What stood in the way when it was tried last, in English.
    hindered_by = models.CharField(max_length=300, blank=True, db_default="")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True, approved_at__isnull=True)
                | Q(approved_by__isnull=False, approved_at__isnull=False)
                & ~Q(approved_by=F("requested_by"))
                & ~Q(approved_by=F("user")),
                name="two_people_erase_a_third",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True)
                | Q(approved_at__gte=F("requested_at"), approved_at__lte=F("requested_at") + APPROVED_WITHIN),
                name="an_erasure_is_approved_within_a_day",
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=True) | Q(requested_by=F("user")) | Q(approved_by__isnull=False),
                name="an_erasure_is_the_persons_or_two_operators",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(withdrawn_at__isnull=True, due_at__lte=F("done_at")),
                name="an_erasure_waits_until_it_is_due",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(done_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_erasure_per_person",
            ),
        )
        indexes = (
            models.Index(fields=["user", "-id"], name="erasure_of_user"),
            models.Index(
                fields=["due_at"], condition=Q(done_at__isnull=True, withdrawn_at__isnull=True), name="erasure_due"
            ),
        )

    def __str__(self) -> str:
        return f"erasure {self.pk} of person {self.user_id}"
