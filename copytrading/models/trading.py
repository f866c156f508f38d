"""
The way of a change, row by row.

    SyncCycle        one decision for one lead: who needs to trade what
      Adjustment     where the plan differs from the wish, and why
      Order          at most one a market and phase: what we ask the venue, with the participants' wishes as arrays
        Fill         what the venue did, once per trade id
        Allocation   one participant's exact share
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from accounts.models import Asset, LedgerAccount, User
from accounts.models.whole_numbers import WholeNumbersField
from copytrading.models.copies import Copy
from copytrading.models.leads import Lead
from copytrading.models.market import Market


class SyncCycle(models.Model):
    class Status(models.TextChoices):
        SELLING = "SELLING", "selling"
        BUYING = "BUYING", "buying"
        DONE = "DONE", "done"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="cycles")
    status = models.CharField(max_length=10, choices=Status, default=Status.SELLING)
    opened_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    # How many requests of its lead the decision knew of: those it follows.
    request_count = models.PositiveBigIntegerField(default=0, db_default=0)
    # Something was wanted that could not be traded yet: the next cycle goes on with it.
    has_rest = models.BooleanField(default=False)
    # A round of copies on followers' own accounts: DONE once it is decided, since each of them goes on by itself
    # (`OwnSeat`), and none keeps the others, or the lead's next cycle, waiting.
    is_own = models.BooleanField(default=False, db_default=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead"], condition=~Q(status="DONE"), name="one_open_cycle_per_lead"),
        )
        # What was decided in a day is counted; cycles lie in the order of time.
        indexes = (BrinIndex(fields=["opened_at"], autosummarize=True, name="cycle_of_day"),)

    def __str__(self) -> str:
        return f"cycle {self.pk}"


class Order(models.Model):
    """
    PLANNED → SUBMITTING → FILLED | CANCELED | REJECTED, or UNKNOWN until the venue has told what became of it.

    `participant_ids` are ledger accounts and `wish_units` their signed wishes in units of the base asset. They are
    stored with the order, before it is sent, so that a fill that comes late still goes to those it was bought for.
    """

    class Side(models.TextChoices):
        BUY = "BUY", "buy"
        SELL = "SELL", "sell"

    class Status(models.TextChoices):
        PLANNED = "PLANNED", gettext_noop("planned")
        SUBMITTING = "SUBMITTING", gettext_noop("being sent")
        UNKNOWN = "UNKNOWN", gettext_noop("outcome unknown")
        FILLED = "FILLED", gettext_noop("filled")
        PARTIALLY_FILLED = "PARTIALLY_FILLED", gettext_noop("partly filled")
        CANCELED = "CANCELED", gettext_noop("not filled")
        REJECTED = "REJECTED", gettext_noop("rejected by the venue")
        NOT_PLACED = "NOT_PLACED", gettext_noop("never reached the venue")

    OPEN = (Status.PLANNED, Status.SUBMITTING, Status.UNKNOWN)

    # A manual order of one person's main account belongs to no cycle.
    cycle = models.ForeignKey(SyncCycle, null=True, on_delete=models.PROTECT, related_name="orders")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="orders")
    venue_account = models.CharField(max_length=40)
    # As the venue knows it: an exchange may want its broker's tag at the beginning.
    client_order_id = models.CharField(max_length=36, unique=True)
    # Where it goes, and under which broker's tag, as that was set when it was planned; empty before either was noted.
    exchange = models.CharField(max_length=20, blank=True, default="", db_default="")
    broker_tag = models.CharField(max_length=32, blank=True, default="", db_default="")
    # What the venue calls it, once it has told us.
    venue_order_id = models.CharField(max_length=40, blank=True)
    side = models.CharField(max_length=4, choices=Side)
    status = models.CharField(max_length=16, choices=Status, default=Status.PLANNED)
    # What goes to the venue after buys and sells have met inside; 0 when nothing is left to send.
    quantity_units = models.BigIntegerField()
    price_limit = models.DecimalField(max_digits=30, decimal_places=12)
    # The mid of the book when it was decided: the price of what meets inside when nothing is sent.
    price_mid = models.DecimalField(max_digits=30, decimal_places=12)
    # The dearest that a participant who buys was planned for, and holds money for.
    price_buy_max = models.DecimalField(max_digits=30, decimal_places=12)
    # What it may come to at its limit, in quote units: the limits of the platform count it.
    value_max_units = models.BigIntegerField(default=0)
    participant_ids = WholeNumbersField()
    wish_units = WholeNumbersField()
    # How many of its lead's requests the decision knew of: who raised a fence since then buys nothing by it.
    request_count = models.PositiveBigIntegerField(default=0, db_default=0)
    filled_units = models.BigIntegerField(default=0)
    value_units = models.BigIntegerField(default=0)
    # What the venue kept, in quote units; of the coin that was bought, in base units; a third coin is the platform's.
    fee_units = models.BigIntegerField(default=0)
    fee_base_units = models.BigIntegerField(default=0)
    refusal = models.CharField(max_length=200, blank=True)
    planned_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    ask_count = models.PositiveSmallIntegerField(default=0)
    not_found_count = models.PositiveSmallIntegerField(default=0)
    answered_at = models.DateTimeField(null=True)
    # How long the venue took to answer, where it answered at once: the two times above are of one reading of the clock.
    answer_milliseconds = models.PositiveIntegerField(null=True)
    booked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["venue_account", "market"],
                condition=Q(status__in=["PLANNED", "SUBMITTING", "UNKNOWN"], quantity_units__gt=0),
                name="one_open_order_per_account_and_market",
            ),
            models.CheckConstraint(condition=Q(filled_units__lte=F("quantity_units")), name="order_not_overfilled"),
            models.CheckConstraint(condition=Q(quantity_units__gte=0), name="order_quantity_not_negative"),
        )
        indexes = (
            models.Index(
                fields=["status"],
                condition=Q(booked_at__isnull=True),
                name="order_not_booked",
            ),
            models.Index(
                fields=["answered_at"],
                condition=Q(status="REJECTED") | (Q(status="CANCELED") & ~Q(refusal="")),
                name="order_refused",
            ),
            models.Index(fields=["claimed_at"], include=["value_max_units"], name="order_claimed"),
            # With the state, as operators see all day how many ended how.
            models.Index(fields=["booked_at"], include=["status"], name="order_booked"),
        )
        permissions = (
            ("see_daily_close", "Can see the daily close"),
            ("see_execution", "Can see how orders were executed"),
            ("see_suspicions", "Can see which leads are suspicious"),
            ("see_rebates", "Can see what exchanges pay back"),
        )

    def __str__(self) -> str:
        return self.client_order_id


class Fill(models.Model):
    """One trade of the venue, booked once, whatever we are told how often."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="fills")
    venue_account = models.CharField(max_length=40)
    trade_id = models.CharField(max_length=60)
    price = models.DecimalField(max_digits=30, decimal_places=12)
    quantity_units = models.BigIntegerField()
    value_units = models.BigIntegerField()
    fee_units = models.BigIntegerField()
    fee_base_units = models.BigIntegerField(default=0)
    # A fee in a third coin, in units of it: the platform paid it, see the journal of the order.
    fee_other_asset = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    fee_other_units = models.BigIntegerField(default=0)
    # It was told after its order was booked: it is in the suspense account until operators say whose it is.
    late_at = models.DateTimeField(null=True)
    executed_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["venue_account", "trade_id"], name="one_fill_per_trade_id"),)
        # What an exchange pays back goes by the day of the trade; fills lie nearly in the order of time.
        indexes = (BrinIndex(fields=["executed_at"], autosummarize=True, name="fill_of_day"),)

    def __str__(self) -> str:
        return self.trade_id


class Allocation(models.Model):
    """
    One participant's exact share of an order: signed base units, signed quote units, and the fees in either.

    A buy has positive quantity and negative value. For an order the shares sum to what the venue did, to the unit.
    """

    # The constraint below is the index of the order as well.
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="allocations", db_constraint=False, db_index=False
    )
    ledger_account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="allocations", db_constraint=False, db_index=False
    )
    quantity_units = models.BigIntegerField()
    value_units = models.BigIntegerField()
    fee_units = models.BigIntegerField()
    fee_base_units = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["order", "ledger_account"], name="one_share_per_order_and_account"),
        )
        indexes = (models.Index(fields=["ledger_account", "-id"], name="allocation_of_account"),)

    def __str__(self) -> str:
        return f"{self.quantity_units} for {self.value_units}"


class Adjustment(models.Model):
    """Where one copy's plan differs from its wish, with both values in quote units, and the reason."""

    # Null where the wish was held back, so that no cycle came of it.
    cycle = models.ForeignKey(
        SyncCycle, null=True, on_delete=models.PROTECT, related_name="adjustments", db_constraint=False
    )
    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="adjustments", db_constraint=False)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    reason = models.CharField(max_length=24)
    wanted_value_units = models.BigIntegerField()
    planned_value_units = models.BigIntegerField()
    noted_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["copy", "-id"], name="adjustment_of_copy"),)

    def __str__(self) -> str:
        return self.reason


class ManualOrder(models.Model):
    """A person's own order on the main account. It has the one participant, and no copy can be it."""

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="manual_order")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="manual_orders")
    idempotency_key = models.CharField(max_length=80)
    # The limit order whose price was there; null for what was given at the market.
    limit_order = models.ForeignKey(
        "copytrading.LimitOrder", null=True, on_delete=models.PROTECT, related_name="manual_orders"
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "idempotency_key"], name="one_manual_order_per_key"),)

    def __str__(self) -> str:
        return f"manual order {self.pk}"
