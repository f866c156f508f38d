"""
What a what-if looks back on: the close of every market at every hour, and what leads did where we only looked.

What a lead traded here is in its allocations and needs no second row.
"""

from django.db import models
from django.db.models import Q

from copytrading.models.leads import Lead
from copytrading.models.market import Market


class PriceBar(models.Model):
    """The last mark of an hour. `close` is quote currency for one coin, a figure to look at."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="bars", db_index=False)
    closed_at = models.DateTimeField()
    close = models.FloatField()

    class Meta:
        ordering = ("closed_at",)
        constraints = (
            models.UniqueConstraint(fields=["market", "closed_at"], name="one_bar_per_market_and_time"),
            models.CheckConstraint(condition=Q(close__gt=0), name="close_is_positive"),
        )

    def __str__(self) -> str:
        return f"{self.closed_at} {self.close}"


class ObservedTrade(models.Model):
    """
    A trade that a lead made elsewhere, or before it came here: signed units of the coin, and of cash, fee included.

    Without a market it is money that the lead began with there.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="observed_trades", db_index=False)
    market = models.ForeignKey(Market, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    units = models.BigIntegerField(default=0)
    cash_units = models.BigIntegerField()
    traded_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["lead", "traded_at", "id"], name="observed_trade_of_lead"),)
        constraints = (
            models.CheckConstraint(
                condition=Q(market__isnull=False) | Q(units=0, cash_units__gt=0), name="money_has_no_units_of_a_coin"
            ),
        )

    def __str__(self) -> str:
        return f"{self.units} for {self.cash_units}"
