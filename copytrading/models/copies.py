"""
A `Copy` is the isolated money that one follower puts behind one lead: the unit of sync, stop loss and fund isolation.

    STARTING ─→ ACTIVE ⇄ PAUSED
        └─────────┴────────┴──→ STOPPING ─→ STOPPED

Its money is in a ledger account of its own. Flows (start, increase, reduce, payout) are the only bridge to the
follower's main account.
"""

from functools import reduce
from operator import or_

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from accounts.models import Asset, LedgerAccount, User
from accounts.models.whole_numbers import WholeNumbersField
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.mode import SizingMode
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.models.invitations import Invitation
from copytrading.models.leads import Lead
from copytrading.models.own_accounts import OwnAccount


def _terms_of_mode(mode: SizingMode) -> Q:
    """Return that a row of this mode has the answers that the mode requires, and no others."""
    answers = {
        f"{name}__gt" if name in mode.requires else f"{name}__isnull": 0 if name in mode.requires else True
        for name in ("order_value_units", "order_ratio")
    }
    return Q(mode=mode.name, **answers)


class Copy(models.Model):
    class Status(models.TextChoices):
        STARTING = "STARTING", "starting"
        ACTIVE = "ACTIVE", "active"
        PAUSED = "PAUSED", "paused"
        STOPPING = "STOPPING", "stopping"
        STOPPED = "STOPPED", "stopped"

    class StopReason(models.TextChoices):
        FOLLOWER = "FOLLOWER", gettext_noop("you stopped it")
        STOP_LOSS = "STOP_LOSS", gettext_noop("the stop loss was reached")
        TOTAL_LOSS = "TOTAL_LOSS", gettext_noop("your loss limit over all copies was reached")
        LEAD_ENDED = "LEAD_ENDED", gettext_noop("the lead ended")
        OPERATOR = "OPERATOR", gettext_noop("an operator stopped it")

    LIVE = (Status.STARTING, Status.ACTIVE, Status.PAUSED, Status.STOPPING)
    FOLLOWING = (Status.STARTING, Status.ACTIVE)
    GUARDED = (Status.STARTING, Status.ACTIVE, Status.PAUSED)

    follower = models.ForeignKey(User, on_delete=models.PROTECT, related_name="copies")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="copies")
    ledger_account = models.OneToOneField(LedgerAccount, on_delete=models.PROTECT, related_name="copy")
    # The follower's own account at the exchange that it trades on; null where it is pooled with the others.
    own_account = models.ForeignKey(
        OwnAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="copies", db_index=False
    )
    # What the follower came by, if it was not the open door.
    invitation = models.ForeignKey(
        Invitation, null=True, blank=True, on_delete=models.PROTECT, related_name="copies", db_index=False
    )
    mode = models.CharField(
        max_length=12, choices=[(mode.name, mode.label) for mode in registry.modes()], default=SMART_SYNC.name
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.STARTING)
    stop_reason = models.CharField(max_length=10, choices=StopReason, blank=True)
    # Quote units. `invested` falls in proportion when money is taken out, so that a loss stays the same share of it.
    invested_units = models.BigIntegerField()
    paid_in_units = models.BigIntegerField()
    paid_out_units = models.BigIntegerField(default=0)
    stop_loss_units = models.BigIntegerField(null=True, blank=True)
    buy_existing = models.BooleanField(default=True)
    weight_max = models.FloatField(null=True, blank=True)
    # Custom copy: what each order of the lead is answered with, in quote units or as a ratio of its value.
    order_value_units = models.BigIntegerField(null=True, blank=True)
    order_ratio = models.FloatField(null=True, blank=True)
    order_value_max_units = models.BigIntegerField(null=True, blank=True)
    total_value_max_units = models.BigIntegerField(null=True, blank=True)
    # Markets that are copied; empty for all.
    market_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    profit_share_rate = models.DecimalField(max_digits=5, decimal_places=4, default=0)
    # What the profit share is counted on, see engine/profit_share: units issued, and the equity that must be passed.
    issued_units = models.BigIntegerField()
    mark_value_units = models.BigIntegerField()
    shared_until = models.DateTimeField()
    share_wanted_at = models.DateTimeField(null=True, blank=True)
    # The number of the last stop, pause or reduction, counted with the lead's requests: a buy of a decision that knew
    # of fewer is not sent.
    fence = models.PositiveBigIntegerField(default=0)
    # The request to bring all assets to the lead's ratios in the next cycle, or to sell for what is to be paid: after a
    # start, an increase, a reduction, a resume, or when a profit share is due.
    align_request = models.PositiveBigIntegerField(null=True, blank=True)
    breached_at = models.DateTimeField(null=True, blank=True)
    idempotency_key = models.CharField(max_length=80)
    # The platform's own copy of the lead: it trades like any other, and follows nobody's count.
    is_reference = models.BooleanField("reference copy", default=False, db_default=False, editable=False)
    started_at = models.DateTimeField()
    stopping_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "copies"
        permissions = (("see_as_customer", "Can see people's own pages as they see them"),)
        constraints = (
            models.UniqueConstraint(
                fields=["follower", "lead"], condition=~Q(status="STOPPED"), name="one_live_copy_per_follower_and_lead"
            ),
            models.UniqueConstraint(fields=["follower", "idempotency_key"], name="one_copy_per_key"),
            models.CheckConstraint(
                condition=Q(stop_loss_units__isnull=True) | Q(stop_loss_units__gt=0), name="stop_loss_is_positive"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["STOPPING", "STOPPED"]) | Q(stop_reason=""), name="a_stop_has_a_reason"
            ),
            models.CheckConstraint(condition=Q(invested_units__gte=0), name="nothing_invested_below_zero"),
            models.CheckConstraint(
                condition=reduce(or_, (_terms_of_mode(mode) for mode in registry.modes())),
                name="each_mode_has_its_terms",
            ),
            models.CheckConstraint(
                condition=Q(issued_units__gte=0, mark_value_units__gte=0), name="share_is_counted_from_zero"
            ),
            models.CheckConstraint(
                condition=Q(stopped_at__isnull=True) | Q(stopped_at__gte=F("started_at")), name="stops_after_it_starts"
            ),
        )
        indexes = (
            models.Index(fields=["lead"], condition=~Q(status="STOPPED"), name="live_copy_of_lead"),
            models.Index(fields=["id"], condition=Q(breached_at__isnull=False), name="copy_seen_at_its_stop_loss"),
            models.Index(fields=["follower", "-started_at"], name="copy_of_follower"),
            models.Index(fields=["own_account"], condition=Q(own_account__isnull=False), name="copy_on_own_account"),
            models.Index(fields=["invitation"], condition=Q(invitation__isnull=False), name="copy_by_invitation"),
        )

    def __str__(self) -> str:
        return f"copy {self.pk}"


class OwnSeat(models.Model):
    """
    Where a copy on its follower's own account stands: it sells, then buys, and has then followed what was decided.

        READY ──→ SELLING ──→ SOLD ──→ BUYING ──→ READY

    Versions are of the lead's book (`Lead.book_version`): a trade of the lead with a later one than `followed_version`
    is still to be followed. Each copy goes its own way, so that none waits for another's order.
    """

    class Phase(models.TextChoices):
        READY = "READY", "nothing is on its way"
        SELLING = "SELLING", "sells"
        SOLD = "SOLD", "has sold and may buy"
        BUYING = "BUYING", "buys"

    copy = models.OneToOneField(Copy, on_delete=models.PROTECT, related_name="seat", primary_key=True)
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.READY)
    followed_version = models.PositiveBigIntegerField(default=0)
    # What the round that is under way began with.
    decided_version = models.PositiveBigIntegerField(default=0)
    decided_request = models.PositiveBigIntegerField(default=0)
    # Something was wanted that could not be traded whole: the round is not the last one.
    has_rest = models.BooleanField(default=False)
    looked_at = models.DateTimeField(null=True)
    # It waits for something, and is looked at again then.
    next_look_at = models.DateTimeField(null=True)
    # Rounds in a row that failed within the platform: it is set aside, and the others go on.
    failures = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.phase} of copy {self.copy_id}"


class ReferenceHolder(models.Model):
    """
    Whose the reference copies are: the one person that the platform made for itself, who cannot sign in.

    The database gives this person no notices (see the trigger on them).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    # Real money is brought here by operators: since when the next copy waits for it.
    lacks_money_since = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="one_holder_of_reference_copies"),)

    def __str__(self) -> str:
        return "the holder of the reference copies"


class CopyBaseline(models.Model):
    """What the lead held already when a copy joined without it, with the survival index and epoch of that moment."""

    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="baselines")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    units = models.BigIntegerField()
    survival = models.FloatField()
    epoch = models.PositiveIntegerField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["copy", "asset"], name="one_baseline_per_copy_and_asset"),)

    def __str__(self) -> str:
        return f"{self.units} of asset {self.asset_id}"


class CopyFlow(models.Model):
    """Money between a follower's main account and a copy: positive into the copy, negative back, in quote units."""

    class Kind(models.TextChoices):
        START = "START", "start"
        INCREASE = "INCREASE", "increase"
        REDUCE = "REDUCE", "reduce"
        PAYOUT = "PAYOUT", "payout"

    class Status(models.TextChoices):
        REQUESTED = "REQUESTED", "on its way"
        DONE = "DONE", "done"
        SUPERSEDED = "SUPERSEDED", "part of the payout"

    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="flows")
    kind = models.CharField(max_length=10, choices=Kind)
    units = models.BigIntegerField()
    # A reduction is REQUESTED until enough is sold; everything else is DONE at once.
    status = models.CharField(max_length=12, choices=Status, default=Status.DONE)
    # The request of a reduction: a decision that did not know of it has sold nothing for it.
    request = models.PositiveBigIntegerField(default=0, db_default=0)
    idempotency_key = models.CharField(max_length=80)
    moved_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["copy", "idempotency_key"], name="one_copy_flow_per_key"),)
        indexes = (models.Index(fields=["copy"], condition=Q(status="REQUESTED"), name="copy_flow_on_its_way"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.moved_at:%Y-%m-%d}"


class ProfitShare(models.Model):
    """
    What one copy paid its lead, and why: its equity, the mark that had to be passed, the share, the platform's part.

    A week is settled once: the periods of a copy cannot overlap. What is settled on a reduction or a stop belongs to
    the units that left, and has no period of its own.
    """

    class Kind(models.TextChoices):
        WEEKLY = "WEEKLY", "week"
        REDUCTION = "REDUCTION", "reduction"
        STOP = "STOP", "stop"

    copy = models.ForeignKey(Copy, on_delete=models.PROTECT, related_name="profit_shares")
    kind = models.CharField(max_length=10, choices=Kind)
    period = DateTimeRangeField()
    equity_units = models.BigIntegerField()
    mark_value_units = models.BigIntegerField()
    share_units = models.BigIntegerField()
    platform_units = models.BigIntegerField(default=0)
    settled_at = models.DateTimeField()

    class Meta:
        constraints = (
            ExclusionConstraint(
                name="a_week_is_settled_once",
                expressions=[("copy", RangeOperators.EQUAL), ("period", RangeOperators.OVERLAPS)],
                condition=Q(kind="WEEKLY"),
            ),
            models.CheckConstraint(
                condition=Q(share_units__gte=0, platform_units__gte=0, platform_units__lte=F("share_units")),
                name="the_platform_takes_part_of_the_share",
            ),
        )

    def __str__(self) -> str:
        return f"{self.share_units} for {self.period}"


class CopyFlag(models.Model):
    """A copy that operators should look at: the follower may be the lead in another name."""

    class Reason(models.TextChoices):
        SAME_LOCAL_PART = "SAME_LOCAL_PART", "the same name before the @ at another provider"
        SAME_FULL_NAME = "SAME_FULL_NAME", "the same first and last name"

    copy = models.OneToOneField(Copy, on_delete=models.PROTECT, related_name="flag")
    reason = models.CharField(max_length=20, choices=Reason)
    flagged_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.reason


class CopyRoster(models.Model):
    """
    Whose worth a record is: copies of one block in the order of their ids, and what counted as invested in each.

    A block is 256 ids in a row, of whatever leads. A roster is written when somebody joins, leaves or moves money, and
    stands for every record until then; `digest` is the md5 of both columns as PostgreSQL writes them.
    """

    block = models.BigIntegerField()
    digest = models.UUIDField()
    copy_ids = WholeNumbersField()
    invested_units = WholeNumbersField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["block", "digest"], name="one_roster_of_a_kind"),)

    def __str__(self) -> str:
        return f"{len(self.copy_ids)} copies of block {self.block}"


class CopyRecord(models.Model):
    """
    What the copies of a roster were worth at one time, in its order: a row for 256 curves.

    `copy_records(copy)` in the database is what was recorded of one copy: time, worth, invested.
    """

    block = models.BigIntegerField()
    recorded_at = models.DateTimeField()
    roster = models.ForeignKey(CopyRoster, on_delete=models.PROTECT, related_name="records", db_index=False)
    equity_units = WholeNumbersField()

    class Meta:
        ordering = ("recorded_at",)
        constraints = (
            models.UniqueConstraint(fields=["roster", "recorded_at"], name="one_record_of_a_roster_per_time"),
        )
        indexes = (models.Index(fields=["block", "recorded_at"], name="copy_record_of_block"),)

    def __str__(self) -> str:
        return f"{self.recorded_at}, block {self.block}"
