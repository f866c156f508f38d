"""
What keeps a fault small: halts (kill switches), alarms for the operators, corrections and verdicts on coins by two
people, and what reconciliation remembers between two looks.

A `Halt` stands until it is lifted; while it stands no order that it covers is sent. An `Alarm` says once what is wrong
and counts how often it was seen. Neither is ever deleted.
"""

from django.db import models
from django.db.models import F, Q

from accounts.models import Asset, Journal, LedgerAccount, User
from copytrading.models.market import Market


class Halt(models.Model):
    """A kill switch that was pulled: for everything, one lead, one market, or one asset in all its markets."""

    class Scope(models.TextChoices):
        PLATFORM = "PLATFORM", "everything"
        LEAD = "LEAD", "a lead"
        MARKET = "MARKET", "a market"
        ASSET = "ASSET", "an asset"

    scope = models.CharField(max_length=10, choices=Scope)
    # The id of the lead, market or asset; 0 for the platform.
    target_id = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=200)
    # Null where the platform itself pulled it.
    placed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField()
    lifted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["scope", "target_id"], condition=Q(lifted_at__isnull=True), name="one_standing_halt_per_target"
            ),
            models.CheckConstraint(
                condition=Q(scope="PLATFORM", target_id=0) | (~Q(scope="PLATFORM") & Q(target_id__gt=0)),
                name="halt_names_its_target",
            ),
        )

    def __str__(self) -> str:
        return "everything" if self.scope == self.Scope.PLATFORM else f"{self.scope.lower()} {self.target_id}"


class Alarm(models.Model):
    """Something an operator has to look at. `key` names the trouble, so that it rings once however often it is seen."""

    class Kind(models.TextChoices):
        CUSTODY_DIFFERS = "CUSTODY_DIFFERS", "ledger and custody differ"
        SURPLUS = "SURPLUS", "the venue keeps more than anybody owns"
        TRANSFER_REVERSED = "TRANSFER_REVERSED", "the exchange took a deposit or withdrawal back"
        LATE_FILL = "LATE_FILL", "a fill came after its order was ended"
        FOREIGN_TRADE = "FOREIGN_TRADE", "a trade that is none of our orders"
        ORDER_UNKNOWN = "ORDER_UNKNOWN", "the outcome of an order stays unknown"
        LIMIT_REACHED = "LIMIT_REACHED", "an order was beyond the limits"
        PRICE_COLLAR = "PRICE_COLLAR", "an order was outside the price collar"
        VENUE_SILENT = "VENUE_SILENT", "the venue does not answer"
        KEY_REFUSED = "KEY_REFUSED", "the venue refuses our key"
        KEY_UNKNOWN = "KEY_UNKNOWN", "the venue knows no such key"
        SECRET_WRONG = "SECRET_WRONG", "the secret or passphrase of our key is wrong"
        ADDRESS_BARRED = "ADDRESS_BARRED", "our address is not on the key's list"
        ENVIRONMENT_WRONG = "ENVIRONMENT_WRONG", "our key is one for demo trading, or the venue is"
        RIGHT_MISSING = "RIGHT_MISSING", "our key lacks a right"
        ACCOUNT_BARRED = "ACCOUNT_BARRED", "our account at the venue is restricted"
        PLACE_BARRED = "PLACE_BARRED", "the venue does not serve the country of our server"
        MARKET_BARRED = "MARKET_BARRED", "the venue does not let our account trade a market"
        ABILITY_MISSING = "ABILITY_MISSING", "orders could not be found again at the venue"
        CLOCK_SKEWED = "CLOCK_SKEWED", "our clock and the venue's differ"
        MARKET_CHANGED = "MARKET_CHANGED", "a market was suspended, delisted or its name reused"
        COIN_IN_DOUBT = "COIN_IN_DOUBT", "a person has to say which coin it is"
        PRICES_DEGRADED = "PRICES_DEGRADED", "prices cannot be acted on"
        LINK_BROKEN = "LINK_BROKEN", "a lead's linked account cannot be read"
        TRANSFER_STUCK = "TRANSFER_STUCK", "a deposit or a withdrawal cannot be finished"
        LEAD_SET_ASIDE = "LEAD_SET_ASIDE", "a lead was set aside after failures"
        LEAD_CONTRADICTS = "LEAD_CONTRADICTS", "the trades of a lead contradict each other"
        RESTORED = "RESTORED", "the database was restored, and the venue has gone on since"
        PROCESS_SILENT = "PROCESS_SILENT", "a process of the platform is silent"
        COMPLAINT_OVERDUE = "COMPLAINT_OVERDUE", "the time for a complaint has run out"

    # Nobody is called out of bed for these.
    LOW = (Kind.SURPLUS, Kind.MARKET_CHANGED, Kind.LEAD_CONTRADICTS, Kind.COMPLAINT_OVERDUE)

    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=80)
    sentence = models.CharField(max_length=300)
    raised_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times_seen = models.PositiveIntegerField(default=1)
    cleared_at = models.DateTimeField(null=True, blank=True)
    # When people outside were last told of it, how often, and until when they are left alone.
    told_at = models.DateTimeField(null=True, blank=True)
    told_count = models.PositiveIntegerField(default=0, db_default=0)
    silenced_until = models.DateTimeField(null=True, blank=True)
    silenced_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # Null where the trouble went away by itself.
    cleared_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["key"], condition=Q(cleared_at__isnull=True), name="one_open_alarm_per_key"
            ),
        )

    def __str__(self) -> str:
        return self.sentence

    @property
    def is_low(self) -> bool:
        """Return whether this may wait until somebody looks."""
        return self.kind in self.LOW


class Correction(models.Model):
    """
    A journal that one operator asks for and another one approves: units of one asset to a ledger account (negative:
    from it), against the venue, or against what lies unassigned there.

    Against the venue it is a correction. Out of the unassigned it says whose money is that came without a word: a
    deposit that nobody announced, and the balances that an account at an exchange begins with.
    """

    class Against(models.TextChoices):
        VENUE = "VENUE", "the venue: a correction"
        UNASSIGNED = "UNASSIGNED", "unassigned money: an assignment"

    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    against = models.CharField(max_length=10, choices=Against, default=Against.VENUE, db_default="VENUE")
    units = models.BigIntegerField()
    reason = models.CharField(max_length=200)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    journal = models.OneToOneField(Journal, null=True, blank=True, on_delete=models.PROTECT, related_name="correction")
    idempotency_key = models.CharField(max_length=80)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["requested_by", "idempotency_key"], name="one_correction_per_key"),
            models.CheckConstraint(condition=~Q(units=0), name="a_correction_moves_something"),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
                name="two_people_correct",
            ),
            models.CheckConstraint(
                condition=Q(journal__isnull=True) | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="a_correction_is_approved_before_it_is_booked",
            ),
        )

    def __str__(self) -> str:
        return f"{self.units} units of asset {self.asset_id}"


class CoinVerdict(models.Model):
    """
    What people say of a coin whose price is in doubt, or that will be counted anew: one asks, another one approves.

    PRICE_RIGHT: the same coin in the same unit, worth `price`. NEW_UNIT: the same coin, of which `old_count` became
    `new_count`, each worth `price`. OTHER_COIN: the name means another coin now, and the old one is kept as it was.

    REQUESTED, then approved, then carried out at `done_at`: a crash in between leaves a row that the sweeper finishes.
    """

    class Kind(models.TextChoices):
        PRICE_RIGHT = "PRICE_RIGHT", "the same coin, and the price is right"
        NEW_UNIT = "NEW_UNIT", "the same coin, counted in another unit"
        OTHER_COIN = "OTHER_COIN", "another coin under the same name"

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="verdicts")
    kind = models.CharField(max_length=12, choices=Kind)
    # What one coin is worth now, as the one who asks has seen it elsewhere; none where it is another coin.
    price = models.DecimalField(max_digits=30, decimal_places=12, null=True)
    # So many coins became so many: 1000 and 1 where a thousand became one.
    old_count = models.PositiveBigIntegerField(default=1)
    new_count = models.PositiveBigIntegerField(default=1)
    reason = models.CharField(max_length=200)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    journal = models.OneToOneField(
        Journal, null=True, blank=True, on_delete=models.PROTECT, related_name="coin_verdict"
    )
    # Orders up to this one are counted in the old unit, and so are their fills and shares.
    order_id_last = models.BigIntegerField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("requested_by")),
                name="two_people_judge_a_coin",
            ),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True) | Q(approved_by__isnull=False, approved_at__isnull=False),
                name="a_verdict_is_approved_before_it_is_done",
            ),
            models.CheckConstraint(
                condition=Q(kind="NEW_UNIT", old_count__gt=0, new_count__gt=0) & ~Q(old_count=F("new_count"))
                | ~Q(kind="NEW_UNIT") & Q(old_count=1, new_count=1),
                name="a_new_unit_is_another_one",
            ),
            models.CheckConstraint(
                condition=Q(kind="OTHER_COIN", price__isnull=True) | ~Q(kind="OTHER_COIN") & Q(price__gt=0),
                name="a_verdict_names_the_price",
            ),
            models.UniqueConstraint(
                fields=["market"],
                condition=Q(done_at__isnull=True, withdrawn_at__isnull=True),
                name="one_open_verdict_per_market",
            ),
        )

    def __str__(self) -> str:
        if self.kind == self.Kind.NEW_UNIT:
            return f"{self.market}: {self.old_count} became {self.new_count}"
        return f"{self.market}: {self.get_kind_display()}"


class CustodyDifference(models.Model):
    """
    What custody has more than the ledger owes of one asset, in units, and since when every look has found just that.

    Money on its way makes the two differ for a moment; what is the same at several looks is a difference.
    """

    asset = models.OneToOneField(Asset, on_delete=models.PROTECT, related_name="+", primary_key=True)
    units = models.BigIntegerField()
    since = models.DateTimeField()
    looked_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.units} units of asset {self.asset_id}"


class Restore(models.Model):
    """
    The database was put back to an earlier state while the venue went on. Until ledger and venue agree once, nothing is
    sent: the halt stands.

    `epoch` is part of every client order id from here on. It is made of the time, and not of a count, since a count
    would come back with the next restore of the same backup.
    """

    epoch = models.CharField(max_length=12, unique=True)
    taken_at = models.DateTimeField()
    restored_at = models.DateTimeField()
    # Null where operators had halted everything already: theirs is not lifted by itself.
    halt = models.OneToOneField(Halt, null=True, blank=True, on_delete=models.PROTECT, related_name="restore")
    # When ledger and venue were found to agree.
    clean_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(epoch__regex=r"^[0-9a-z]{1,12}$"), name="an_epoch_fits_an_order_id"),
        )

    def __str__(self) -> str:
        return f"restored at {self.restored_at:%Y-%m-%d %H:%M:%S} UTC"


class TradeCheckpoint(models.Model):
    """Up to when the venue's own list of our trades in a market was compared with our fills."""

    venue_account = models.CharField(max_length=40)
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+")
    checked_until = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["venue_account", "market"], name="one_checkpoint_per_account_and_market"),
        )

    def __str__(self) -> str:
        return f"market {self.market_id} until {self.checked_until}"
