"""
What is kept of a lead for others to read, besides the record itself: a summary for lists, and when it was paused.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from copytrading.models.leads import Lead


class LeadSummary(models.Model):
    """
    The figures of a lead's card, counted every minute, so that a list of leads reads one row a lead.

    Fractions of 1 over the last 90 days, null where it is too early to say; nothing here is not in the records and
    balances as well.
    """

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, related_name="summary", primary_key=True)
    counted_at = models.DateTimeField()
    return_fraction = models.FloatField(null=True)
    fall_fraction = models.FloatField(null=True)
    # Whether the record is as long as the period, so that its return may be ranked.
    is_whole_period = models.BooleanField(default=False)
    own_units = models.BigIntegerField(default=0)
    following_units = models.BigIntegerField(default=0)
    followers = models.PositiveIntegerField(default=0)
    # What copies that ran through the last `got_days` got after all costs, and what the lead made in the same days;
    # null below five copies.
    got_days = models.PositiveSmallIntegerField(default=0)
    got_copies = models.PositiveIntegerField(default=0)
    median_fraction = models.FloatField(null=True)
    worst_tenth_fraction = models.FloatField(null=True)
    got_lead_fraction = models.FloatField(null=True)
    # 1 to 10, see engine/track_record/risk.py; null below thirty days.
    risk = models.PositiveSmallIntegerField(null=True)
    # 0 to 100, see engine/track_record/ranking.py: what lists are ranked by.
    score = models.FloatField(default=0.0, db_default=0.0)
    # Unit prices, oldest first, one a day.
    curve = ArrayField(models.FloatField(), default=list)

    class Meta:
        verbose_name_plural = "lead summaries"

    def __str__(self) -> str:
        return f"lead {self.lead_id} at {self.counted_at}"


class LeadStatusChange(models.Model):
    """A lead paused or went on. The beginning and the end are columns of the lead."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="status_changes")
    status = models.CharField(max_length=10, choices=Lead.Status)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["lead", "-changed_at"], name="status_change_of_lead"),)

    def __str__(self) -> str:
        return f"{self.status} at {self.changed_at}"
