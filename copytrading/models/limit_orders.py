"""A person's own order that waits on the platform until its price is there; see services/wallet/limits.py."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from accounts.models import Asset, User
from copytrading.models.market import Market
from copytrading.models.trading import Order


class LimitOrder(models.Model):
    """
    WAITING → PARTIALLY_FILLED → FILLED, or from the first two CANCELED | EXPIRED | ENDED; what was filled stays.

    What it may still cost is held all the time: `held_units`, in quote units for a buy and base units for a sell, under
    `hold_key`, and the rest of it by the order that is on its way. `ManualOrder`s name the limit order they came of.
    """

    class Status(models.TextChoices):
        WAITING = "WAITING", gettext_noop("waiting")
        PARTIALLY_FILLED = "PARTIALLY_FILLED", gettext_noop("partly filled, the rest waits")
        FILLED = "FILLED", gettext_noop("filled")
        CANCELED = "CANCELED", gettext_noop("canceled")
        EXPIRED = "EXPIRED", gettext_noop("expired")
        ENDED = "ENDED", gettext_noop("ended")

    class Why(models.TextChoices):
        """Why it was ended by nobody who asked for that; the words complete "it ended, as …"."""

        NONE = "", "none"
        RECOUNTED = "RECOUNTED", gettext_noop("the coin is counted in another unit now")
        DELISTED = "DELISTED", gettext_noop("the market is no longer listed")
        TOO_SMALL = "TOO_SMALL", gettext_noop("what is left is less than the venue takes")

    OPEN = (Status.WAITING, Status.PARTIALLY_FILLED)

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="limit_orders")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=Order.Side)
    price_limit = models.DecimalField(max_digits=30, decimal_places=12)
    quantity_units = models.BigIntegerField()
    filled_units = models.BigIntegerField(default=0)
    value_units = models.BigIntegerField(default=0)
    fee_units = models.BigIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.WAITING)
    ended_because = models.CharField(max_length=9, choices=Why, default=Why.NONE, blank=True)
    held_units = models.BigIntegerField(default=0)
    hold_key = models.CharField(max_length=80, blank=True)
    # What is being asked of the venue for it now, booked or canceled while it waits for nothing.
    on_its_way = models.OneToOneField(Order, null=True, on_delete=models.PROTECT, related_name="+")
    idempotency_key = models.CharField(max_length=80)
    placed_at = models.DateTimeField()
    # Null is good till canceled.
    expires_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="one_limit_order_per_key"),
            models.CheckConstraint(condition=Q(price_limit__gt=0), name="limit_order_has_a_price"),
            models.CheckConstraint(condition=Q(quantity_units__gt=0), name="limit_order_trades_something"),
            models.CheckConstraint(
                condition=Q(filled_units__lte=F("quantity_units")), name="limit_order_not_overfilled"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["WAITING", "PARTIALLY_FILLED"], finished_at__isnull=True)
                | (~Q(status__in=["WAITING", "PARTIALLY_FILLED"]) & Q(finished_at__isnull=False)),
                name="a_limit_order_waits_or_is_finished",
            ),
            models.CheckConstraint(
                condition=Q(hold_key="", held_units=0)
                | (~Q(hold_key="") & Q(held_units__gt=0, status__in=["WAITING", "PARTIALLY_FILLED"])),
                name="only_a_waiting_limit_order_holds",
            ),
        )
        indexes = (
            models.Index(
                fields=["market", "side", "price_limit"],
                condition=Q(finished_at__isnull=True),
                name="limit_order_waiting",
            ),
            models.Index(fields=["user", "-id"], name="limit_order_of_user"),
            models.Index(
                fields=["expires_at"],
                condition=Q(finished_at__isnull=True, expires_at__isnull=False),
                name="limit_order_to_expire",
            ),
        )

    def __str__(self) -> str:
        return f"{self.side} {self.quantity_units} at {self.price_limit.normalize():f}"

    @property
    def rest_units(self) -> int:
        """What is not filled yet, in base units."""
        return self.quantity_units - self.filled_units

    @property
    def held_asset(self) -> Asset:
        """What is held for it: cash to buy with, or the coin that it sells."""
        return self.market.quote if self.side == Order.Side.BUY else self.market.base
