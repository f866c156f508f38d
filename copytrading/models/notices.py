"""
The outbox. A `Notice` is a fact that one person should know, written in the transaction that made it a fact.

    Notice ──spread──→ Delivery (one for each channel and device)
                       PENDING → SENDING → SENT
                          ↑________│ └──→ REFUSED | GAVE_UP

The bell and its page read the notices themselves. What leaves the house, by e-mail or push, is a delivery: whoever
sends it has claimed its row under a message id, and sends it again under the same id if nobody knows what became of it.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_noop

from accounts.models import Asset, User
from copytrading.models.copies import Copy
from copytrading.models.desk.announcements import Announcement
from copytrading.models.leads import Lead, LeadNotice


class Notice(models.Model):
    """
    Something a person should know: a fact with its figures; the sentence is made where it is read.

    One about a copy is its follower's: the database sees to that (`a_notice_of_a_copy_is_its_followers`).
    """

    class Kind(models.TextChoices):
        COPY_STARTED = "COPY_STARTED", "copy started"
        COPY_INCREASED = "COPY_INCREASED", "investment increased"
        COPY_REDUCED = "COPY_REDUCED", "investment reduced"
        COPY_PAUSED = "COPY_PAUSED", "copy paused"
        COPY_RESUMED = "COPY_RESUMED", "copy resumed"
        COPY_STOPPING = "COPY_STOPPING", "copy stopping"
        COPY_STOPPED = "COPY_STOPPED", "copy stopped"
        COINS_FROZEN = "COINS_FROZEN", "coins could not be sold"
        REST_TAKEN_OVER = "REST_TAKEN_OVER", "the rest of a coin was taken over"
        OWN_KEY_REFUSED = "OWN_KEY_REFUSED", "an own account's key is not taken"
        OWN_COINS_MISSING = "OWN_COINS_MISSING", "an own account holds less than its copies"
        OWN_REST_LEFT = "OWN_REST_LEFT", "the rest of a coin stays in the own account"
        STOP_LOSS_CHANGED = "STOP_LOSS_CHANGED", "stop loss changed"
        STOP_LOSS_NEAR = "STOP_LOSS_NEAR", "the stop loss is near"
        STOP_LOSS_FIRED = "STOP_LOSS_FIRED", "the stop loss fired"
        LOSS_LIMIT_CHANGED = "LOSS_LIMIT_CHANGED", "the loss limit over all copies changed"
        LOSS_LIMIT_NEAR = "LOSS_LIMIT_NEAR", "the loss limit over all copies is near"
        LOSS_LIMIT_FIRED = "LOSS_LIMIT_FIRED", "the loss limit over all copies fired"
        COPY_FELL = "COPY_FELL", "a copy fell within a day"
        LEAD_DEPOSITED = "LEAD_DEPOSITED", "the lead moved money in"
        LEAD_WITHDREW = "LEAD_WITHDREW", "the lead moved money out"
        LEAD_PAUSED = "LEAD_PAUSED", "the lead paused"
        LEAD_RESUMED = "LEAD_RESUMED", "the lead resumed"
        LEAD_ENDED = "LEAD_ENDED", "the lead ended"
        LEAD_TERMS_CHANGED = "LEAD_TERMS_CHANGED", "the lead changed the terms"
        LEAD_REARRANGED = "LEAD_REARRANGED", "the lead changed much of the portfolio"
        PROFIT_SHARED = "PROFIT_SHARED", "profit share paid"
        LEAD_WROTE = "LEAD_WROTE", "the lead wrote"
        STAKE_LOW = "STAKE_LOW", "the lead's own stake is low"
        LEAD_UNSEEN = "LEAD_UNSEEN", "the lead cannot be seen"
        LEAD_SEEN = "LEAD_SEEN", "the lead can be seen again"
        LEAD_UNPRICED = "LEAD_UNPRICED", "the lead holds what has no price"
        COIN_IN_DOUBT = "COIN_IN_DOUBT", "a coin is in doubt"
        COIN_CLEARED = "COIN_CLEARED", "a coin is no longer in doubt"
        COIN_HALTED = "COIN_HALTED", "a coin is halted"
        COIN_RESUMED = "COIN_RESUMED", "a coin is no longer halted"
        COIN_RECOUNTED = "COIN_RECOUNTED", "a coin is counted in another unit"
        MARKET_SUSPENDED = "MARKET_SUSPENDED", "a market was suspended"
        MARKET_DELISTED = "MARKET_DELISTED", "a market was delisted"
        MARKET_REOPENED = "MARKET_REOPENED", "a market trades again"
        DEPOSITED = "DEPOSITED", "money came in"
        WITHDRAWN = "WITHDRAWN", "money went out"
        LIMIT_FILLED = "LIMIT_FILLED", "a limit order was filled"
        LIMIT_EXPIRED = "LIMIT_EXPIRED", "a limit order expired"
        LIMIT_ENDED = "LIMIT_ENDED", "a limit order was ended"
        WEEK_RESULT = "WEEK_RESULT", "the result of a week"
        MONTH_RESULT = "MONTH_RESULT", "the result of a month"
        APPLICATION_ACCEPTED = "APPLICATION_ACCEPTED", "application accepted"
        APPLICATION_DECLINED = "APPLICATION_DECLINED", "application declined"
        FOLLOWERS_REACHED = "FOLLOWERS_REACHED", "more followers than before"
        OWN_STAKE_LOW = "OWN_STAKE_LOW", "your own stake is low"
        EARNED = "EARNED", "earnings of a week"
        SIGNED_IN = "SIGNED_IN", "sign-in from a new device"
        PASSWORD_CHANGED = "PASSWORD_CHANGED", "password changed"
        EMAIL_CHANGED = "EMAIL_CHANGED", "e-mail address changed"
        SECOND_FACTOR_CHANGED = "SECOND_FACTOR_CHANGED", "second factor changed"
        WITHDRAWAL_HELD = "WITHDRAWAL_HELD", "a withdrawal waits before it goes"
        ARCHIVE_READY = "ARCHIVE_READY", "the archive of one's data is ready"
        ERASURE_ASKED = "ERASURE_ASKED", "the erasure of an account was asked for"
        WEBHOOK_PAUSED = "WEBHOOK_PAUSED", "a webhook takes nothing any more"
        CHECK_PASSED = "CHECK_PASSED", "a check was passed"
        CHECK_FAILED = "CHECK_FAILED", "a check was not passed"
        ANNOUNCED = "ANNOUNCED", "an announcement"
        COMPLAINT_ACKNOWLEDGED = "COMPLAINT_ACKNOWLEDGED", "a complaint was acknowledged"
        COMPLAINT_ANSWERED = "COMPLAINT_ANSWERED", "a complaint was answered"

    # What became of coins that no order could carry when a copy ended.
    RESTS = (Kind.REST_TAKEN_OVER, Kind.OWN_REST_LEFT)

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notices")
    copy = models.ForeignKey(Copy, null=True, on_delete=models.PROTECT, related_name="notices")
    # The lead that it is about, where that is not a copy's.
    lead = models.ForeignKey(Lead, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=24, choices=Kind)
    # Quote units, where the kind has a figure; of a coin, where it names one.
    units = models.BigIntegerField(null=True)
    asset = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Quote units that belong to the first figure: what was paid for coins, the limit that is near, the worth.
    value_units = models.BigIntegerField(null=True)
    # A plain number: followers reached, or a share in hundredths of a percent.
    number = models.PositiveIntegerField(null=True)
    # A name that only the moment knew: a device, an address, a period.
    words = models.CharField(max_length=200, blank=True, db_default="")
    # What the lead wrote, kept once for all copies.
    lead_notice = models.ForeignKey(LeadNotice, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    # What operators announced, kept once for everybody.
    announcement = models.ForeignKey(
        Announcement, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Of facts that are looked for: what is told once, as "fell:7:2026-01-05:10".
    once = models.CharField(max_length=80, null=True)
    noted_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    # Its deliveries are written; until then it waits for that.
    spread_at = models.DateTimeField(null=True)
    # Which transaction wrote it: a stream goes on from there. The row's own mark changes when it is read or spread.
    transaction_id = models.BigIntegerField(
        editable=False,
        db_default=Cast(Cast(Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField()),
    )

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "once"], name="a_fact_is_told_once"),)
        indexes = (
            models.Index(fields=["copy", "-noted_at"], name="notice_of_copy"),
            models.Index(fields=["user", "-id"], name="notice_of_user"),
            models.Index(fields=["user"], condition=Q(read_at__isnull=True), name="notice_unread"),
            models.Index(fields=["id"], condition=Q(spread_at__isnull=True), name="notice_to_spread"),
        )

    def __str__(self) -> str:
        return self.kind


class PushSubscription(models.Model):
    """A browser that shows notices, as it named itself; RETIRED once its push service no longer knows it."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="push_subscriptions")
    endpoint = models.CharField(max_length=1000, unique=True)
    # base64url, as the browser gives them: its public key, and the secret of the encryption (RFC 8291).
    key = models.CharField(max_length=100)
    secret = models.CharField(max_length=40)
    # What it calls itself, for the person: "Chrome on Android".
    device = models.CharField(max_length=80)
    subscribed_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    retired_because = models.CharField(max_length=200, blank=True)

    class Meta:
        indexes = (models.Index(fields=["user"], condition=Q(retired_at__isnull=True), name="live_push_subscription"),)

    def __str__(self) -> str:
        return self.device


class Delivery(models.Model):
    """One notice on its way to one person by one channel; `subscription` is the device, where a channel has devices."""

    class Channel(models.TextChoices):
        EMAIL = "EMAIL", "e-mail"
        PUSH = "PUSH", "push"

    class Status(models.TextChoices):
        PENDING = "PENDING", "waits"
        SENDING = "SENDING", "being sent"
        SENT = "SENT", "sent"
        REFUSED = "REFUSED", "refused"
        GAVE_UP = "GAVE_UP", "given up"

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="deliveries")
    channel = models.CharField(max_length=5, choices=Channel)
    subscription = models.ForeignKey(
        PushSubscription, null=True, on_delete=models.PROTECT, related_name="deliveries", db_index=False
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.PENDING)
    # It goes into one message with the others of that person that are due.
    is_digest = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    # The message that it is part of; the same for every attempt.
    message_id = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # What the other side said of it, where it did not simply take it.
    answer = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = (
            models.UniqueConstraint(
                fields=["notice", "channel", "subscription"],
                nulls_distinct=False,
                name="one_delivery_per_notice_and_channel",
            ),
            models.CheckConstraint(
                condition=Q(channel="EMAIL", subscription__isnull=True) | Q(channel="PUSH", subscription__isnull=False),
                name="a_push_has_its_device",
            ),
            models.CheckConstraint(
                condition=Q(status="PENDING") | Q(claimed_at__isnull=False) | Q(status__in=["REFUSED", "GAVE_UP"]),
                name="what_is_sent_was_claimed",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["PENDING", "SENDING"], finished_at__isnull=True)
                | Q(status__in=["SENT", "REFUSED", "GAVE_UP"], finished_at__isnull=False),
                name="a_finished_delivery_has_its_time",
            ),
        )
        indexes = (
            models.Index(
                fields=["channel", "due_at"],
                condition=Q(status__in=["PENDING", "SENDING"]),
                name="delivery_on_its_way",
            ),
            models.Index(fields=["message_id"], condition=Q(status="SENDING"), name="delivery_being_sent"),
            models.Index(
                fields=["subscription"],
                condition=Q(subscription__isnull=False, status__in=["PENDING", "SENDING"]),
                name="delivery_to_a_device",
            ),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.status}"


class NoticeHabits(models.Model):
    """When a person wants to be told, in their own time; nobody has to have a row."""

    class Rhythm(models.TextChoices):
        AT_ONCE = "AT_ONCE", gettext_noop("at once")
        DAILY = "DAILY", gettext_noop("once a day")
        WEEKLY = "WEEKLY", gettext_noop("once a week")

    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="notice_habits")
    time_zone = models.CharField(max_length=60, default="UTC")
    mail_rhythm = models.CharField(max_length=7, choices=Rhythm, default=Rhythm.AT_ONCE)
    quiet_from = models.TimeField(null=True, blank=True)
    quiet_until = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "notice habits"
        constraints = (
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="quiet_hours_have_two_ends",
            ),
        )

    def __str__(self) -> str:
        return self.time_zone


class NoticeSwitch(models.Model):
    """Where a person wants a topic otherwise than it comes: on a channel where it is off, or off where it is on."""

    class Channel(models.TextChoices):
        BELL = "BELL", "bell"
        EMAIL = "EMAIL", "e-mail"
        PUSH = "PUSH", "push"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notice_switches", db_index=False)
    topic = models.CharField(max_length=24)
    channel = models.CharField(max_length=5, choices=Channel)
    is_on = models.BooleanField()

    class Meta:
        verbose_name_plural = "notice switches"
        constraints = (
            models.UniqueConstraint(fields=["user", "topic", "channel"], name="one_switch_per_topic_and_channel"),
        )

    def __str__(self) -> str:
        return f"{self.topic} {self.channel}"


class KnownDevice(models.Model):
    """A browser that somebody signed in with before, by the hash of the name that it was given then."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    name_hash = models.CharField(max_length=64)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "name_hash"], name="one_row_per_user_and_device"),)

    def __str__(self) -> str:
        return self.name_hash[:8]


class LeadOutline(models.Model):
    """What a lead held when followers were last told that much of it had changed: units of each asset, side by side."""

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, related_name="+")
    asset_ids = ArrayField(models.BigIntegerField(), default=list)
    units = ArrayField(models.BigIntegerField(), default=list)
    noted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"lead {self.lead_id}"
