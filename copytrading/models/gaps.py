"""
The tracking gap: how far a copy is from its lead's return, and why. See engine/tracking_gap for what the parts mean.

    LeadSnapshot    the last look at a lead: marks, what was booked by then, and the lead's return as an index
    CopyGap         each copy's gap at that look
    CopyGapRecord   the same, kept once a day
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.models.whole_numbers import WholeNumbersField
from copytrading.models.copies import Copy
from copytrading.models.leads import Lead

# The parts are all there is between worth and ideal.
PARTS_SUM_TO_GAP = Q(
    equity_units=F("ideal_units")
    + F("price_units")
    + F("fees_units")
    + F("timing_units")
    + F("uninvested_units")
    + F("unfollowed_units")
    + F("rounding_units")
    + F("profit_share_units")
)


class LeadSnapshot(models.Model):
    """
    The last look at a lead. What happened since is found by the ids, which a lead's writers raise in turn.

    `growth_index` is what one unit of money became with this lead since the first look; deposits do not move it.
    """

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, related_name="snapshot", primary_key=True)
    measured_at = models.DateTimeField()
    growth_index = models.FloatField(default=1)
    # Marks by asset, as unit prices; a coin that is not here had none.
    asset_ids = WholeNumbersField()
    unit_prices = ArrayField(models.FloatField())
    # What an observed lead's own trades since then brought beside these marks, without the fees that were named.
    traded_units = models.BigIntegerField(default=0)
    # What its exchange says it took for them; below zero where it paid.
    traded_fee_units = models.BigIntegerField(default=0, db_default=0)
    # What an observed lead's coins that are not traded here have brought since this look.
    untraded_units = models.BigIntegerField(default=0, db_default=0)
    cycle_id_last = models.BigIntegerField(default=0)
    allocation_id_last = models.BigIntegerField(default=0)
    profit_share_id_last = models.BigIntegerField(default=0)
    recorded_on = models.DateField(null=True)

    def __str__(self) -> str:
        return f"lead {self.lead_id} at {self.measured_at}"


class GapFigures(models.Model):
    """
    A gap in quote units. The parts sum to equity − ideal to the unit.

    `equity_units` counts money that is on its way out until it has left; `invested_units` is what the ideal grew from.
    """

    invested_units = models.BigIntegerField()
    equity_units = models.BigIntegerField()
    ideal_units = models.BigIntegerField()
    price_units = models.BigIntegerField(default=0)
    fees_units = models.BigIntegerField(default=0)
    timing_units = models.BigIntegerField(default=0)
    uninvested_units = models.BigIntegerField(default=0)
    unfollowed_units = models.BigIntegerField(default=0)
    rounding_units = models.BigIntegerField(default=0)
    profit_share_units = models.BigIntegerField(default=0)

    class Meta:
        abstract = True


class CopyGap(GapFigures):
    """The gap of one copy at the last look at its lead. Kept as it was at the end when the copy stops."""

    copy = models.OneToOneField(Copy, on_delete=models.PROTECT, related_name="gap", primary_key=True)
    measured_at = models.DateTimeField()
    # The ideal by the lead's index: what would have been bought of the lead. It decides nothing and moves no money.
    ideal_shares = models.FloatField()
    # Profit share that has accrued and is not paid.
    accrued_units = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=PARTS_SUM_TO_GAP, name="parts_sum_to_the_gap"),)

    def __str__(self) -> str:
        return f"gap of copy {self.copy_id}"


class CopyGapRecord(GapFigures):
    """The gap of one copy at the first look of a day."""

    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="gap_records")
    recorded_on = models.DateField()

    class Meta:
        ordering = ("recorded_on",)
        constraints = (
            models.UniqueConstraint(fields=["copy", "recorded_on"], name="one_gap_record_per_day"),
            models.CheckConstraint(condition=PARTS_SUM_TO_GAP, name="recorded_parts_sum_to_the_gap"),
        )

    def __str__(self) -> str:
        return f"{self.recorded_on}, copy {self.copy_id}"
