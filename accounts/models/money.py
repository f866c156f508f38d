"""
Double entry, in whole units.

A `LedgerAccount` says whose money it is, an `Asset` what it is, a `Balance` how much. Money moves only by a
`Journal`, whose `Posting`s sum to zero for every asset:

    deposit of 100 USDT          external  -100     main   +100
    a copy starts with 100       main      -100     copy   +100
    the copy buys 0.001 BTC      copy   -60 USDT    venue   +60 USDT      copy +0.001 BTC    venue -0.001 BTC

So everything people own equals what the venue keeps for us: -(external + venue), asset by asset. A copy that trades
on its follower's own account at the exchange stands against that account's mirror instead (`OWN`), which is below zero
by just as much: the two sum to nothing, as the platform owes nothing of it. What came
there without a word is nobody's yet and is kept apart: custody = what is owed + unassigned.

The balance of an account is never set. The database itself opens it, adds each posting and each hold to it (statement
triggers, see the migrations' SQL), refuses to move what is guarded by a lock that is not held, and refuses to change
history.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Func
from django.db.models.functions import Cast
from django.utils.translation import gettext_noop

from accounts.models.people import User
from accounts.models.whole_numbers import WholeNumbersField

UNITS_DECIMALS_MAX = 12


class Asset(models.Model):
    """A coin, or the cash it is quoted in. `decimals` says how many whole units make one: 8 → 100,000,000."""

    symbol = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=60)
    decimals = models.PositiveSmallIntegerField(default=8)

    class Meta:
        ordering = ("symbol",)
        constraints = (
            models.CheckConstraint(condition=Q(decimals__lte=UNITS_DECIMALS_MAX), name="decimals_fit_whole_units"),
        )

    def __str__(self) -> str:
        return self.symbol


class LedgerAccount(models.Model):
    """A place where money sits. People have one MAIN; each copy and each lead has one of its own."""

    class Kind(models.TextChoices):
        MAIN = "MAIN", "main"
        LEAD = "LEAD", "lead"
        COPY = "COPY", "copy"
        FEES = "FEES", "fees"
        DUST = "DUST", "dust"
        SUSPENSE = "SUSPENSE", "suspense"
        # At the venue and nobody's yet: what came without a word, until people say whose it is.
        UNASSIGNED = "UNASSIGNED", "unassigned"
        VENUE = "VENUE", "venue"
        EXTERNAL = "EXTERNAL", "external"
        # The mirror of somebody's own account at an exchange: what copies trade with there, with a minus before it.
        OWN = "OWN", "own account"

    PERSONAL = (Kind.MAIN, Kind.LEAD, Kind.COPY)
    GUARDED = (Kind.LEAD, Kind.COPY)
    COUNTERPARTIES = (Kind.VENUE, Kind.EXTERNAL)
    # Below zero by what copies have at somebody's own account: with those it comes to nothing.
    MIRRORS = (Kind.OWN,)

    kind = models.CharField(max_length=10, choices=Kind)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="ledger_accounts")
    # Whose lock whoever moves its balances has to hold, see accounts.transactions; they are shared where there is none.
    guard = models.BigIntegerField(null=True, editable=False)
    opened_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=["MAIN", "LEAD", "COPY", "OWN"], owner__isnull=False)
                | (~Q(kind__in=["MAIN", "LEAD", "COPY", "OWN"]) & Q(owner__isnull=True)),
                name="people_own_personal_accounts_only",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["LEAD", "COPY"], guard__isnull=False)
                | (~Q(kind__in=["LEAD", "COPY"]) & Q(guard__isnull=True)),
                name="leads_and_copies_are_guarded",
            ),
            models.UniqueConstraint(fields=["owner"], condition=Q(kind="MAIN"), name="one_main_account_per_person"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(owner__isnull=True), name="one_platform_account_per_kind"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind.lower()} {self.pk}"


class Journal(models.Model):
    """One balanced movement. Its key names the event that it books, so that the same event is booked once."""

    class Kind(models.TextChoices):
        DEPOSIT = "DEPOSIT", "deposit"
        WITHDRAWAL = "WITHDRAWAL", "withdrawal"
        COPY_START = "COPY_START", "copy started"
        COPY_INCREASE = "COPY_INCREASE", "investment increased"
        COPY_REDUCE = "COPY_REDUCE", "investment reduced"
        COPY_PAYOUT = "COPY_PAYOUT", "copy paid out"
        LEAD_DEPOSIT = "LEAD_DEPOSIT", "moved to the lead account"
        LEAD_WITHDRAWAL = "LEAD_WITHDRAWAL", "moved from the lead account"
        TRADE = "TRADE", "trade"
        DUST = "DUST", "dust taken over"
        PROFIT_SHARE = "PROFIT_SHARE", "profit share"
        CORRECTION = "CORRECTION", "correction"
        REDENOMINATION = "REDENOMINATION", "coins counted in another unit"
        SURPLUS = "SURPLUS", "more at the venue than anybody owns, or that going again"
        REVERSAL = "REVERSAL", "transfer taken back"
        ASSIGNMENT = "ASSIGNMENT", "unassigned money given to its owner"

    kind = models.CharField(max_length=20, choices=Kind)
    idempotency_key = models.CharField(max_length=80, unique=True)
    posted_at = models.DateTimeField()
    # The holds that it released, by their ids; the database releases them with its lines.
    hold_ids = WholeNumbersField(null=True, editable=False)
    # Only the transaction that made a journal may add postings to it: afterwards it is sealed.
    transaction_id = models.BigIntegerField(
        editable=False,
        db_default=Cast(Cast(Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField()),
    )

    class Meta:
        # Who keeps balances in memory asks what later transactions have booked.
        indexes = (
            models.Index(fields=["transaction_id"], name="journal_of_transaction"),
            # What was booked on a day is asked for afterwards; journals lie in the order of time, or nearly.
            BrinIndex(fields=["posted_at"], autosummarize=True, name="journal_of_day"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.idempotency_key}"


class Posting(models.Model):
    """
    One line of a journal.

    The three references are checked by the statement trigger for all lines at once, which is what the per-row
    foreign key triggers would do at twenty times the cost.
    """

    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, related_name="postings", db_constraint=False)
    ledger_account = models.ForeignKey(
        LedgerAccount, on_delete=models.PROTECT, related_name="postings", db_constraint=False, db_index=False
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    units = models.BigIntegerField()

    class Meta:
        indexes = (models.Index(fields=["ledger_account", "asset"], name="posting_of_account"),)

    def __str__(self) -> str:
        return f"{self.units} of asset {self.asset_id}"


class Balance(models.Model):
    """What a ledger account has of one asset: `posted` by journals, of which `held` is promised to open orders."""

    ledger_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="balances", db_index=False)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_index=False)
    posted = models.BigIntegerField(db_default=0)
    held = models.BigIntegerField(db_default=0)
    may_be_negative = models.BooleanField(default=False)
    guard = models.BigIntegerField(null=True, editable=False)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["ledger_account", "asset"], name="one_balance_per_account_and_asset"),
            models.CheckConstraint(condition=Q(held__gte=0), name="nothing_held_below_zero"),
            models.CheckConstraint(
                condition=Q(may_be_negative=True) | Q(posted__gte=F("held")), name="nothing_spent_twice"
            ),
        )

    def __str__(self) -> str:
        return f"{self.posted} ({self.held} held)"


class Hold(models.Model):
    """
    Money promised to an order, for all its participants in one row.

    `ledger_account_ids` and `units` are of the same length, in units of `asset`. Released when the order is booked.
    """

    key = models.CharField(max_length=80, unique=True)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    ledger_account_ids = WholeNumbersField()
    units = WholeNumbersField()
    placed_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["asset"], condition=Q(released_at__isnull=True), name="open_hold_of_asset"),)

    def __str__(self) -> str:
        return self.key


class Transfer(models.Model):
    """
    Money that somebody brings in or takes out, by one of three channels.

    PAPER, at our own venue: REQUESTED, then the venue is told under the transfer's own id, then BOOKED.
    VENUE, to and from our account at the exchange: announced (REQUESTED), then BOOKED once the exchange's own history
    tells it. What was announced and never came ends EXPIRED.
    MANUAL, by bank or cash desk: announced, then one operator says that it came or was paid (CONFIRMED) and another one
    books it. The money itself is what lies unassigned at the venue, or stays there as that.

        REQUESTED ──→ CONFIRMED ──→ BOOKED ──→ REVERSED      what came was taken back by whoever sent it
            └────────────┴──→ REFUSED | CANCELED | EXPIRED   nothing moved, and what was held is free again

    A crash anywhere leaves a row that the sweeper finishes, never money on one side only.

    A withdrawal with `held_until` is held, and nothing of it moves: until then its person may cancel it. Whoever goes
    on with it afterwards empties that first, so that only one of the two ever happens.

    A deposit that somebody still looks at (`verdict` WAITING) is booked and held; it is free once that is PASSED, and
    on its way back once it is FAILED.
    """

    class Direction(models.TextChoices):
        DEPOSIT = "DEPOSIT", "deposit"
        WITHDRAWAL = "WITHDRAWAL", "withdrawal"

    class Channel(models.TextChoices):
        PAPER = "PAPER", "paper money"
        VENUE = "VENUE", "the exchange"
        MANUAL = "MANUAL", "bank or cash desk"

    class Status(models.TextChoices):
        REQUESTED = "REQUESTED", gettext_noop("on its way")
        CONFIRMED = "CONFIRMED", gettext_noop("seen by one operator")
        BOOKED = "BOOKED", gettext_noop("done")
        REVERSED = "REVERSED", gettext_noop("taken back")
        REFUSED = "REFUSED", gettext_noop("refused")
        CANCELED = "CANCELED", gettext_noop("canceled")
        EXPIRED = "EXPIRED", gettext_noop("never came")

    class Verdict(models.TextChoices):
        NOT_ASKED = "NOT_ASKED", "nobody was asked"
        WAITING = "WAITING", "is looked at"
        PASSED = "PASSED", "passed"
        FAILED = "FAILED", "failed"

    OPEN = (Status.REQUESTED, Status.CONFIRMED)

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="transfers")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    direction = models.CharField(max_length=10, choices=Direction)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.PAPER, db_default="PAPER")
    units = models.BigIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    idempotency_key = models.CharField(max_length=80)
    requested_at = models.DateTimeField()
    booked_at = models.DateTimeField(null=True)
    # What the exchange calls it; empty until it has told it.
    venue_reference = models.CharField(max_length=120, blank=True, db_default="")
    # Why it ended otherwise, or what the operators' papers call it.
    note = models.CharField(max_length=200, blank=True, db_default="")
    confirmed_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    held_until = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=9, choices=Verdict, default=Verdict.NOT_ASKED, db_default="NOT_ASKED")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "idempotency_key"], name="one_transfer_per_key"),
            models.CheckConstraint(
                condition=Q(verdict="NOT_ASKED") | Q(direction="DEPOSIT"), name="only_a_deposit_waits_for_a_verdict"
            ),
            models.CheckConstraint(condition=Q(units__gt=0), name="transfer_moves_something"),
            models.CheckConstraint(
                condition=Q(held_until__isnull=True)
                | Q(direction="WITHDRAWAL", status__in=["REQUESTED", "REFUSED", "CANCELED"]),
                name="nothing_moves_while_it_is_held",
            ),
            # So that what the exchange tells belongs to one of them, or to none.
            models.UniqueConstraint(
                fields=["direction", "asset", "units"],
                condition=Q(channel="VENUE", status="REQUESTED"),
                name="one_announced_transfer_per_amount",
            ),
            models.UniqueConstraint(
                fields=["direction", "venue_reference"],
                condition=~Q(venue_reference=""),
                name="one_transfer_per_reference",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("confirmed_by")),
                name="two_people_book_a_transfer",
            ),
            models.CheckConstraint(
                condition=~Q(channel="MANUAL", status="BOOKED")
                | Q(confirmed_by__isnull=False, approved_by__isnull=False),
                name="a_manual_transfer_is_seen_by_two",
            ),
        )
        indexes = (
            models.Index(fields=["requested_at"], condition=Q(status="REQUESTED"), name="transfer_on_its_way"),
            models.Index(fields=["id"], condition=Q(verdict="WAITING"), name="transfer_that_waits"),
            models.Index(fields=["id"], condition=Q(status="CONFIRMED"), name="transfer_seen_by_one"),
        )

    def __str__(self) -> str:
        return f"{self.direction} {self.pk}"
