"""
What is kept for others to read, besides the records themselves: of a lead a summary for lists, what was held hour by
hour, and when its state or terms changed; of all copies together what they held and were worth, minute by minute.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models.whole_numbers import WholeNumbersField
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


class LeadWeights(models.Model):
    """
    What a lead held in one hour, as shares of the equity: coins by `asset_ids`, and cash is the rest.

    Strangers are shown these where the lead shows the book later. Nothing in it is younger than `recorded_at`.
    `is_close` marks the first of a day (UTC), which stands for the close of the day before.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="weights", db_index=False)
    hour = models.DateTimeField()
    recorded_at = models.DateTimeField()
    is_close = models.BooleanField(default=False)
    asset_ids = WholeNumbersField()
    weights = ArrayField(models.FloatField())

    class Meta:
        verbose_name_plural = "lead weights"
        constraints = (models.UniqueConstraint(fields=["lead", "hour"], name="one_set_of_weights_per_lead_and_hour"),)
        indexes = (models.Index(fields=["lead", "-recorded_at"], name="weights_of_lead"),)

    def __str__(self) -> str:
        return f"lead {self.lead_id} at {self.recorded_at}"


class LeadStatusChange(models.Model):
    """
    A lead paused or went on, or began or ceased to take copies on own accounts.

    The beginning and the end are columns of the lead.
    """

    class What(models.TextChoices):
        PAUSED = "PAUSED", "paused"
        ACTIVE = "ACTIVE", "went on"
        TAKES_OWN = "TAKES_OWN", "takes copies on own accounts"
        NO_OWN = "NO_OWN", "takes no more copies on own accounts"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="status_changes")
    status = models.CharField(max_length=10, choices=What)
    changed_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["lead", "-changed_at"], name="status_change_of_lead"),)

    def __str__(self) -> str:
        return f"{self.status} at {self.changed_at}"


class MoneyUnderCopy(models.Model):
    """
    What all live copies of followers held at one minute: units of each asset, cash among them, by `asset_ids`.

    Operators look at it all day, and a hundred thousand copies are not added up for each look. `worth_units` is in
    quote units, null where a copy held a coin without a price: a gap is better than a wrong value.
    """

    recorded_at = models.DateTimeField(unique=True)
    copies = models.PositiveIntegerField()
    worth_units = models.BigIntegerField(null=True)
    asset_ids = WholeNumbersField()
    units = WholeNumbersField()

    class Meta:
        verbose_name_plural = "money under copy"

    def __str__(self) -> str:
        return f"{self.copies} copies at {self.recorded_at}"
