"""
A `Market` is a spot pair at the venue with its rules; a `Mark` is the price we value and decide by.

Marks change every second and rules almost never, so they are two tables.
"""

from django.db import models
from django.db.models import Q

from accounts.models import Asset


class Market(models.Model):
    class Status(models.TextChoices):
        TRADING = "TRADING", "trading"
        SUSPENDED = "SUSPENDED", "suspended"
        DELISTED = "DELISTED", "delisted"

    symbol = models.CharField(max_length=30, unique=True)
    base = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="markets")
    quote = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    # Whole units of base: orders are multiples of it. Participants' shares are not, and need not be.
    lot_units = models.BigIntegerField()
    tick_size = models.DecimalField(max_digits=24, decimal_places=12)
    # Quote units: the venue refuses an order worth less.
    value_min_units = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.TRADING)
    # 1..12: a coin keeps its colour everywhere in the portal.
    colour = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ("colour", "symbol")
        constraints = (
            models.UniqueConstraint(fields=["base", "quote"], name="one_market_per_pair"),
            models.CheckConstraint(condition=Q(lot_units__gt=0), name="lot_is_positive"),
            models.CheckConstraint(condition=Q(tick_size__gt=0), name="tick_is_positive"),
        )

    def __str__(self) -> str:
        return self.symbol


class Mark(models.Model):
    """The last price of a market that may be acted on, when it was made and who said it."""

    market = models.OneToOneField(Market, on_delete=models.PROTECT, related_name="mark", primary_key=True)
    price = models.DecimalField(max_digits=30, decimal_places=12)
    as_of = models.DateTimeField()
    source = models.CharField(max_length=30)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(price__gt=0), name="mark_is_positive"),)

    def __str__(self) -> str:
        return f"{self.market_id} {self.price}"


class ScheduledRun(models.Model):
    """A piece of periodic work that was done, so that two beats or a late one cannot do it again."""

    job = models.CharField(max_length=40)
    slot = models.DateTimeField()
    done_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["job", "slot"], name="one_run_per_slot"),)

    def __str__(self) -> str:
        return f"{self.job} {self.slot}"
