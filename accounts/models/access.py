"""
The ways in besides a browser: devices that somebody signed in on, and keys that somebody made for programs.

Of a token or a key only its hash is kept. They have 256 random bits, so a plain hash is as good as a slow one.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_noop

from accounts.models.people import User


class Device(models.Model):
    """
    A program that somebody is signed in with: an app on a phone. It ends when it is revoked.

    `session_key` is the session of the sign-in's own steps, where it came in by them.
    """

    class RevokedFor(models.TextChoices):
        SIGNED_OUT = "SIGNED_OUT", "signed out"
        PERSON = "PERSON", "revoked by the person"
        TOKEN_REUSED = "TOKEN_REUSED", "a used token came again"
        PASSWORD = "PASSWORD", "the password changed"
        SECOND_FACTOR = "SECOND_FACTOR", "the second factor changed"

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="devices")
    name = models.CharField(max_length=60)
    agent = models.CharField(max_length=200, blank=True)
    address = models.GenericIPAddressField(null=True)
    session_key = models.CharField(max_length=40, blank=True)
    # What the password was then, as a mark: with another one the device is no way in any more.
    password_mark = models.CharField(max_length=64)
    signed_in_at = models.DateTimeField()
    # When the person last proved to be it on this device.
    confirmed_at = models.DateTimeField()
    last_used_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_for = models.CharField(max_length=14, choices=RevokedFor, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_for="")
                | (Q(revoked_at__isnull=False) & ~Q(revoked_for="")),
                name="a_revoked_device_says_why",
            ),
        )
        indexes = (models.Index(fields=["user"], condition=Q(revoked_at__isnull=True), name="device_of_user"),)

    def __str__(self) -> str:
        return self.name


class RefreshToken(models.Model):
    """What a device gets new tokens with, once: used twice, it was stolen, and the device is revoked."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="refresh_tokens")
    token_hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token of device {self.device_id}"


class ProgramKey(models.Model):
    """
    A key that somebody made for a program: what it may do, from where, how often, until when.

    No scope withdraws: what is not on the list of scopes, the database refuses.
    """

    class Scope(models.TextChoices):
        READ = "read", gettext_noop("read everything of yours")
        COPY = "copy", gettext_noop("change, pause and resume copies")
        COPY_MONEY = "copy:money", gettext_noop("start, increase, reduce and stop copies")
        LEAD = "lead", gettext_noop("trade as the lead you are")
        LEAD_MONEY = "lead:money", gettext_noop("move money in and out of the lead account, and end it")
        TRADE = "trade", gettext_noop("trade by hand in the wallet")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="program_keys")
    name = models.CharField(max_length=60)
    key_hash = models.CharField(max_length=64, unique=True)
    # The first characters, to know it by.
    hint = models.CharField(max_length=12)
    scopes = ArrayField(models.CharField(max_length=12))
    # Networks that it may come from; none named is anywhere.
    addresses = ArrayField(models.CharField(max_length=43), default=list)
    requests_per_minute = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_address = models.GenericIPAddressField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(
                    scopes__contained_by=["read", "copy", "copy:money", "lead", "lead:money", "trade"],
                    scopes__len__gt=0,
                ),
                name="a_key_never_withdraws",
            ),
            models.CheckConstraint(
                condition=Q(requests_per_minute__gte=1, requests_per_minute__lte=600),
                name="a_key_has_a_rate",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("made_at")),
                name="a_key_expires_after_it_was_made",
            ),
        )
        indexes = (models.Index(fields=["user", "-id"], name="program_key_of_user"),)

    def __str__(self) -> str:
        return self.name
