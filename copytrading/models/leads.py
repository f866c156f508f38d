"""
A `Lead` is a trader others copy. What a lead holds is read in one of two ways:

- PLATFORM: trades here; the portfolio is the balances of the lead's ledger account.
- OBSERVED: trades elsewhere; the portfolio is what was last seen there, kept as `LeadHolding` rows, and as
  `UntradedHolding` rows where it is not traded here.

`LeadPosition` keeps what copies need to tell new from old holdings: the survival index and epoch of each asset.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_noop

from accounts.models import Asset, LedgerAccount, User
from accounts.models.whole_numbers import WholeNumbersField
from copytrading.models.market import Market

# A record that nobody could ever check would be none: sooner or later everything is shown.
TRADES_DELAY_HOURS_MAX = 30 * 24


class Lead(models.Model):
    class Source(models.TextChoices):
        PLATFORM = "PLATFORM", "trades here"
        OBSERVED = "OBSERVED", "trades elsewhere, looked at"

    class Status(models.TextChoices):
        APPLIED = "APPLIED", gettext_noop("applied")
        ACTIVE = "ACTIVE", gettext_noop("active")
        PAUSED = "PAUSED", gettext_noop("paused")
        ENDED = "ENDED", gettext_noop("ended")

    class WeightsShown(models.TextChoices):
        DAILY = "DAILY", "as of a daily close"
        WITH_TRADES = "WITH_TRADES", "together with the trades"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="leads")
    name = models.CharField(max_length=40)
    slug = models.SlugField(max_length=50, unique=True)
    bio = models.TextField(max_length=500, blank=True)
    tags = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    source = models.CharField(max_length=10, choices=Source, default=Source.PLATFORM)
    status = models.CharField(max_length=10, choices=Status, default=Status.APPLIED)
    profit_share_rate = models.DecimalField(max_digits=5, decimal_places=4, default=0)
    followers_max = models.PositiveIntegerField(default=1000)
    money_max_units = models.BigIntegerField(null=True, blank=True)
    ledger_account = models.OneToOneField(LedgerAccount, null=True, on_delete=models.PROTECT, related_name="lead")
    applied_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Units of the lead's own portfolio: deposits buy them, withdrawals redeem them, so flows are never "return".
    units_issued = models.FloatField(default=0)
    # Elsewhere, in quote units: what is not traded here, or debts if below zero. It is equity and never bought here.
    other_value_units = models.BigIntegerField(default=0, db_default=0)
    # Drift repair is held until then: the lead has moved money and may be about to trade with it.
    settling_until = models.DateTimeField(null=True, blank=True)
    # The queue: a cycle is wanted since then, and looked for drift last then.
    sync_wanted_at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)
    # Requests of a cycle so far. What is asked for keeps the number of its request, a decision how many it knew of.
    request_count = models.PositiveBigIntegerField(default=0, db_default=0)
    # How often the lead was locked. Who read it before what was read of the lead's book, and finds it one higher when
    # having the lock, knows that nobody had the lead in between.
    book_version = models.PositiveBigIntegerField(default=0, db_default=0, editable=False)
    # The lead took money out while followed, and what stayed is little; until enough is back in.
    stake_alarm_at = models.DateTimeField(null=True, blank=True)
    # What strangers see of the book, see queries/shown/visibility: trades after so many hours, 0 as they happen, and
    # how fine the weights are. What was public before the last change stays so, up to then.
    trades_delay_hours = models.PositiveSmallIntegerField(default=24, db_default=24)
    weights_shown = models.CharField(
        max_length=11, choices=WeightsShown, default=WeightsShown.DAILY, db_default=WeightsShown.DAILY
    )
    public_until = models.DateTimeField(null=True, blank=True)
    # Copies on followers' own accounts pay no profit share, as nothing can be collected there: a lead who takes one
    # has to agree to them.
    takes_own_accounts = models.BooleanField(default=False, db_default=False)
    # Failures in a row; at five the lead is set aside for an operator, and the others go on.
    failures = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user"], condition=~Q(status="ENDED"), name="one_running_lead_per_user"),
            models.CheckConstraint(
                condition=Q(profit_share_rate__gte=0, profit_share_rate__lte="0.3"),
                name="profit_share_up_to_30_percent",
            ),
            models.CheckConstraint(
                condition=Q(source="PLATFORM") | Q(ledger_account__isnull=True),
                name="observed_leads_keep_no_money_here",
            ),
            models.CheckConstraint(
                condition=Q(trades_delay_hours__lte=TRADES_DELAY_HOURS_MAX), name="trades_are_shown_within_30_days"
            ),
        )
        indexes = (
            models.Index(fields=["sync_wanted_at"], condition=Q(sync_wanted_at__isnull=False), name="lead_to_sync"),
        )

    @property
    def takes_copies_on_own_accounts(self) -> bool:
        """Whether copies may trade on their followers' own accounts: nothing is given up, or the lead agreed."""
        return self.takes_own_accounts or not self.profit_share_rate

    def __str__(self) -> str:
        return self.name


class LeadHolding(models.Model):
    """What an observed lead holds of one asset, cash included, as last seen."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="holdings")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    units = models.BigIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead", "asset"], name="one_holding_per_lead_and_asset"),
            models.CheckConstraint(condition=Q(units__gte=0), name="spot_holds_nothing_below_zero"),
        )

    def __str__(self) -> str:
        return f"{self.units} of asset {self.asset_id}"


class UntradedHolding(models.Model):
    """
    What an observed lead holds of a coin that is not traded here, as last seen, or owes of any if it is below zero.

    `price` is what the exchange elsewhere said last, in cash for one coin; null where nobody has named one.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="untraded")
    symbol = models.CharField(max_length=40)
    quantity = models.DecimalField(max_digits=48, decimal_places=18)
    price = models.DecimalField(max_digits=48, decimal_places=18, null=True)
    priced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead", "symbol"], name="one_untraded_holding_per_lead_and_symbol"),
            models.CheckConstraint(
                condition=Q(price__isnull=True, priced_at__isnull=True) | Q(price__gt=0, priced_at__isnull=False),
                name="a_price_has_its_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.quantity.normalize()} {self.symbol}"


class LeadCalm(models.Model):
    """
    The last look at a lead that found nothing to do, and how far prices may move before another one can find anything.

    It counts as long as it is the last look at all, and nothing was asked of the lead since: a look that began before
    something was asked may end after the one that dealt with it, and the times of both may be the same.
    """

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, related_name="calm", primary_key=True)
    looked_at = models.DateTimeField()
    # How many requests that look knew of.
    request_count = models.BigIntegerField(default=-1, db_default=-1)
    market_ids = WholeNumbersField()
    prices = ArrayField(models.FloatField())
    # A fraction, the same up and down, see engine/deciding/calm.
    price_slack = models.FloatField()

    def __str__(self) -> str:
        return f"lead {self.lead_id} within {self.price_slack:.2%}"


class LeadPosition(models.Model):
    """
    How much of an earlier holding still stands.

    `survival` is multiplied by 1 − sold/held at each sale; a position that closes opens the next `epoch` at 1.
    `touch_request` is the request of the last trade that the copies have still to follow; WAITS_FOR_MARKET where a look
    has met it and found the market closed.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="positions")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    survival = models.FloatField(default=1)
    epoch = models.PositiveIntegerField(default=0)
    # No request has this number: they begin at 1.
    WAITS_FOR_MARKET = 0

    touch_request = models.PositiveBigIntegerField(null=True)
    # An observed lead's trades that Custom copies have still to answer: signed units, and how many orders they were.
    pending_units = models.BigIntegerField(default=0)
    pending_orders = models.PositiveIntegerField(default=0)
    # The lead's `book_version` when the lead traded it last: copies on own accounts follow each at their own pace.
    traded_version = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead", "asset"], name="one_position_per_lead_and_asset"),
            models.CheckConstraint(condition=Q(survival__gte=0, survival__lte=1), name="survival_is_a_fraction"),
        )

    def __str__(self) -> str:
        return f"asset {self.asset_id}, epoch {self.epoch}"


class LeadOrder(models.Model):
    """
    A lead's wish to trade. It is bunched with the followers' wishes into one order, so all get one price.

    A LIMIT order waits until the book reaches `price_limit`; the bunched order it joins goes no further than that.
    """

    class OrderType(models.TextChoices):
        MARKET = "MARKET", "market"
        LIMIT = "LIMIT", "limit"

    class Side(models.TextChoices):
        BUY = "BUY", "buy"
        SELL = "SELL", "sell"

    class Status(models.TextChoices):
        SUBMITTED = "SUBMITTED", gettext_noop("submitted")
        FILLED = "FILLED", gettext_noop("filled")
        PARTIALLY_FILLED = "PARTIALLY_FILLED", gettext_noop("partly filled, the rest ended")
        CANCELED = "CANCELED", gettext_noop("not filled")

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="orders")
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=4, choices=Side)
    order_type = models.CharField(max_length=6, choices=OrderType, default=OrderType.MARKET)
    price_limit = models.DecimalField(max_digits=30, decimal_places=12, null=True, blank=True)
    quantity_units = models.BigIntegerField()
    filled_units = models.BigIntegerField(default=0)
    value_units = models.BigIntegerField(default=0)
    status = models.CharField(max_length=16, choices=Status, default=Status.SUBMITTED)
    idempotency_key = models.CharField(max_length=80)
    submitted_at = models.DateTimeField()
    # Tried again by later cycles until then.
    expires_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    # The cycle that it last took part in: what that cycle trades is given to it, though it be canceled meanwhile.
    cycle = models.ForeignKey(
        "copytrading.SyncCycle", null=True, on_delete=models.PROTECT, related_name="lead_orders", db_index=False
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["lead", "idempotency_key"], name="one_lead_order_per_key"),
            models.CheckConstraint(
                condition=Q(order_type="MARKET", price_limit__isnull=True) | Q(order_type="LIMIT", price_limit__gt=0),
                name="a_limit_order_has_its_price",
            ),
            models.CheckConstraint(condition=Q(quantity_units__gt=0), name="lead_order_trades_something"),
            models.CheckConstraint(
                condition=Q(filled_units__lte=models.F("quantity_units")), name="lead_order_not_overfilled"
            ),
        )
        indexes = (models.Index(fields=["lead"], condition=Q(status="SUBMITTED"), name="lead_order_at_work"),)

    def __str__(self) -> str:
        return f"{self.side} {self.quantity_units}"


class LeadNotice(models.Model):
    """What a lead wrote to everybody who follows."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="notices")
    text = models.CharField(max_length=500)
    idempotency_key = models.CharField(max_length=80)
    written_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["lead", "idempotency_key"], name="one_lead_notice_per_key"),)

    def __str__(self) -> str:
        return self.text


class LeadFlow(models.Model):
    """Money that a lead moved in (positive) or out (negative), in quote units."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="flows")
    units = models.BigIntegerField()
    idempotency_key = models.CharField(max_length=80)
    moved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["lead", "idempotency_key"], name="one_lead_flow_per_key"),)

    def __str__(self) -> str:
        return f"{self.units}"


class LeadRecord(models.Model):
    """The value of a lead's portfolio at one time. `unit_price` is equity by units issued: the return without flows."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="records")
    recorded_at = models.DateTimeField()
    equity_units = models.BigIntegerField()
    unit_price = models.FloatField()
    # What all live copies were worth then; null where only the lead was looked at.
    following_units = models.BigIntegerField(null=True)

    class Meta:
        ordering = ("recorded_at",)
        constraints = (models.UniqueConstraint(fields=["lead", "recorded_at"], name="one_lead_record_per_time"),)

    def __str__(self) -> str:
        return f"{self.recorded_at} {self.unit_price}"


class Favourite(models.Model):
    """A lead that somebody keeps an eye on. It moves no money and nobody else sees it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="favourites")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    chosen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "lead"], name="one_favourite_per_user_and_lead"),)

    def __str__(self) -> str:
        return f"lead {self.lead_id} of user {self.user_id}"
