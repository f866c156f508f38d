"""
A `Market` is a spot pair at the venue with its rules; a `Mark` is the price we value and decide by; a `SourcePrice` is
what one source last said.

Prices change every second and rules almost never, so they are tables of their own.
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
    # Since when it has this status; null where it always had.
    status_since = models.DateTimeField(null=True, blank=True)
    # When the venue's list was first without it. A list may be half an answer, so it is delisted at a later look.
    missing_since = models.DateTimeField(null=True, blank=True)
    # Since when the venue does not let our account trade it, which its list does not say; an operator ends that.
    barred_since = models.DateTimeField(null=True, blank=True)
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


class SourcePrice(models.Model):
    """The latest price that one source named for a market, and when it was so there."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="source_prices", db_index=False)
    source = models.CharField(max_length=30)
    price = models.DecimalField(max_digits=30, decimal_places=12)
    as_of = models.DateTimeField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["market", "source"], name="one_price_per_market_and_source"),
            models.CheckConstraint(condition=Q(price__gt=0), name="source_price_is_positive"),
        )

    def __str__(self) -> str:
        return f"{self.source}: {self.price}"


class Mark(models.Model):
    """
    The last price of a market that was believed, when it was made and who said it.

    While it is in doubt nothing is decided by it; `doubted_price` is the highest that the coin may be worth instead.
    A jump or a disagreement ends by itself; the doubts in `FOR_PEOPLE` end by a `CoinVerdict`: `doubted_price` is then
    what was quoted last, whatever it means.
    """

    class Doubt(models.TextChoices):
        NONE = "", "none"
        JUMP = "JUMP", "it jumped, and no later quote confirms it yet"
        DISAGREEMENT = "DISAGREEMENT", "the sources disagree"
        REDENOMINATION = "REDENOMINATION", "it is a multiple or a fraction of the mark: another unit, or another coin"
        SUSPENSION = "SUSPENSION", "it is not where it was before the market was suspended"

    FOR_PEOPLE = (Doubt.REDENOMINATION, Doubt.SUSPENSION)

    market = models.OneToOneField(Market, on_delete=models.PROTECT, related_name="mark", primary_key=True)
    price = models.DecimalField(max_digits=30, decimal_places=12)
    as_of = models.DateTimeField()
    source = models.CharField(max_length=30)
    doubt = models.CharField(max_length=16, choices=Doubt, default=Doubt.NONE, db_default="", blank=True)
    doubted_price = models.DecimalField(max_digits=30, decimal_places=12, null=True, blank=True)
    doubted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(price__gt=0), name="mark_is_positive"),
            models.CheckConstraint(
                condition=Q(doubt="", doubted_price__isnull=True, doubted_at__isnull=True)
                | (~Q(doubt="") & Q(doubted_price__gt=0, doubted_at__isnull=False)),
                name="a_doubt_has_its_price_and_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.market_id} {self.price}"


class MarkRange(models.Model):
    """
    The least and the most that any source said of a market in some seconds: what a trade elsewhere may have cost.

    Kept for an hour or so, and only while somebody's account elsewhere is looked at. Nothing is valued by it, so a
    price that nobody confirms is in it too, unless it is out of all proportion.
    """

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+", db_index=False)
    began_at = models.DateTimeField()
    low = models.FloatField()
    high = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["market", "began_at"], name="one_range_per_market_and_time"),
            models.CheckConstraint(condition=Q(low__gt=0, low__lte=models.F("high")), name="low_is_not_above_high"),
        )
        indexes = (models.Index(fields=["began_at"], name="mark_range_by_time"),)

    def __str__(self) -> str:
        return f"{self.low}–{self.high}"


class ScheduledRun(models.Model):
    """A piece of periodic work that was done, so that two beats or a late one cannot do it again."""

    job = models.CharField(max_length=40)
    slot = models.DateTimeField()
    done_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["job", "slot"], name="one_run_per_slot"),)

    def __str__(self) -> str:
        return f"{self.job} {self.slot}"
