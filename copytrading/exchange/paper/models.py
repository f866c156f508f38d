"""
The books of the paper venue.

PaperMarket holds a market's rules, its price and how much of each side of the
book was taken since that price came; the book itself is computed from it (see
matching). PaperOrder and PaperTrade are what happened, PaperBalance what each
account holds, PaperTransfer what came in from and went out to the world,
PaperRecount which coins were counted anew, PaperKey who may trade on an
account that is not the platform's.

Money is numeric throughout. Nothing here refers to a table of another app.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import F, Q

from copytrading.exchange.markets import MarketStatus
from copytrading.exchange.orders import Side, VenueStatus

ONE = Decimal(1)


class MoneyField(models.DecimalField):
    """An exact number of coins, a price or a value: 18 places after the point."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 38
        kwargs["decimal_places"] = 18
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_digits"], kwargs["decimal_places"]
        return name, path, args, kwargs

    def from_db_value(self, value: Decimal | None, *_: object) -> Decimal | None:
        # The column keeps 18 places; a reader wants 0.001, not 0.001000000000000000.
        if value is None:
            return None
        return value.quantize(ONE) if value == value.to_integral_value() else value.normalize()


class PaperMarket(models.Model):
    """A spot pair listed at the paper venue, and the shape of its book."""

    symbol = models.CharField(max_length=40, primary_key=True)
    base = models.CharField(max_length=20)
    quote = models.CharField(max_length=20)
    lot_size = MoneyField()
    tick_size = MoneyField()
    value_min = MoneyField()
    fee_rate = MoneyField()
    status = models.CharField(max_length=10, default=MarketStatus.TRADING.value)

    spread_rate = MoneyField(help_text="Best ask minus best bid, as a fraction of the price.")
    level_gap_rate = MoneyField(help_text="From one level to the next, as a fraction of the price.")
    level_value = MoneyField(help_text="What the best level offers, in quote currency; each further one offers more.")
    level_count = models.PositiveSmallIntegerField(help_text="Levels a side; 0 means no spread and no end.")

    price = MoneyField(null=True, help_text="The middle of the book; none before the first price.")
    priced_at = models.DateTimeField(null=True)
    taken_bid_quantity = MoneyField(default=0, help_text="Bought from the bids since the price came.")
    taken_ask_quantity = MoneyField(default=0, help_text="Sold by the asks since the price came.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="paper_market_steps_are_positive",
                condition=Q(lot_size__gt=0, tick_size__gt=0, value_min__gte=0),
            ),
            models.CheckConstraint(name="paper_market_price_is_positive", condition=Q(price__gt=0)),
            models.CheckConstraint(
                name="paper_market_price_has_its_time",
                condition=Q(price__isnull=True, priced_at__isnull=True)
                | Q(price__isnull=False, priced_at__isnull=False),
            ),
            models.CheckConstraint(
                name="paper_market_rates_are_fractions",
                condition=Q(
                    fee_rate__gte=0, fee_rate__lt=1, spread_rate__gte=0, spread_rate__lt=1, level_gap_rate__gte=0
                ),
            ),
            models.CheckConstraint(
                name="paper_market_depth_is_not_negative",
                condition=Q(level_value__gte=0, taken_bid_quantity__gte=0, taken_ask_quantity__gte=0),
            ),
            models.CheckConstraint(
                name="paper_market_status_is_known", condition=Q(status__in=[status.value for status in MarketStatus])
            ),
        ]

    def __str__(self) -> str:
        return self.symbol


class PaperOrder(models.Model):
    """
    An order the venue accepted.

    The client order id is not unique: like the large venues, this one accepts
    it again once the earlier order is finished.
    """

    account = models.CharField(max_length=40)
    client_order_id = models.CharField(max_length=64)
    symbol = models.CharField(max_length=40)
    side = models.CharField(max_length=4)
    quantity = MoneyField()
    filled_quantity = MoneyField()
    price_limit = MoneyField()
    status = models.CharField(max_length=10)
    placed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="paper_order_by_client_id", fields=["account", "client_order_id"])]
        constraints = [
            models.CheckConstraint(
                name="paper_order_is_not_overfilled",
                condition=Q(quantity__gt=0, filled_quantity__gte=0, filled_quantity__lte=F("quantity")),
            ),
            models.CheckConstraint(name="paper_order_limit_is_positive", condition=Q(price_limit__gt=0)),
            models.CheckConstraint(
                name="paper_order_side_is_known", condition=Q(side__in=[side.value for side in Side])
            ),
            models.CheckConstraint(
                name="paper_order_status_is_known", condition=Q(status__in=[status.value for status in VenueStatus])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} {self.symbol}"


class PaperTrade(models.Model):
    """One level of the book that an order met; the id is the venue's trade id."""

    order = models.ForeignKey(PaperOrder, on_delete=models.PROTECT, related_name="trades")
    account = models.CharField(max_length=40)
    symbol = models.CharField(max_length=40)
    price = MoneyField()
    quantity = MoneyField()
    value = MoneyField()
    fee = MoneyField()
    fee_asset = models.CharField(max_length=20)
    executed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(name="paper_trade_by_time", fields=["account", "symbol", "executed_at"])]
        constraints = [
            models.CheckConstraint(
                name="paper_trade_amounts_are_positive",
                condition=Q(price__gt=0, quantity__gt=0, value__gte=0, fee__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} {self.symbol} at {self.price}"


class PaperBalance(models.Model):
    """What one account holds of one asset."""

    account = models.CharField(max_length=40)
    asset = models.CharField(max_length=20)
    quantity = MoneyField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="paper_balance_is_one_per_asset", fields=["account", "asset"]),
            models.CheckConstraint(name="paper_balance_is_not_negative", condition=Q(quantity__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.quantity} {self.asset}"


class PaperTransfer(models.Model):
    """Money that came to the venue (above zero) or left it (below), once per reference."""

    reference = models.CharField(max_length=100, unique=True)
    account = models.CharField(max_length=40)
    asset = models.CharField(max_length=20)
    quantity = MoneyField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="paper_transfer_moves_something", condition=~Q(quantity=0)),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.quantity} {self.asset}"


class PaperKey(models.Model):
    """What opens an account of the paper venue to somebody else than the platform; it can read and what is said."""

    key = models.CharField(max_length=64, primary_key=True)
    secret = models.CharField(max_length=64)
    account = models.CharField(max_length=40)
    may_trade = models.BooleanField(default=True)
    may_withdraw = models.BooleanField(default=False)
    is_revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"a key of {self.account}"


class PaperRecount(models.Model):
    """A coin that was counted anew, once per reference: `old_count` of it became `new_count`."""

    reference = models.CharField(max_length=100, unique=True)
    asset = models.CharField(max_length=20)
    old_count = models.PositiveBigIntegerField()
    new_count = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return f"{self.reference}: {self.old_count} {self.asset} became {self.new_count}"
