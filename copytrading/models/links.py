"""
A `LinkedAccount` is an exchange account elsewhere that a lead lets us read: its balances are the lead's portfolio.

The key can only read. It is kept sealed (`services.link_keys`), and the row it belongs to is bound into the seal, so
that it opens nowhere else. Of the key itself only the last characters are kept in the clear, to know it by.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from copytrading.models.leads import Lead


class LinkedAccount(models.Model):
    class Status(models.TextChoices):
        CONNECTED = "CONNECTED", "connected"
        BROKEN = "BROKEN", "cannot be read"
        REVOKED = "REVOKED", "disconnected"

    lead = models.OneToOneField(Lead, on_delete=models.PROTECT, related_name="link")
    exchange = models.CharField(max_length=30)
    status = models.CharField(max_length=10, choices=Status, default=Status.REVOKED)
    # Why it is not connected, as a sentence for the lead and the operators.
    reason = models.CharField(max_length=300, blank=True)
    # The nonce and the ciphertext; empty once the account is disconnected.
    sealed_key = models.BinaryField(default=b"")
    # Which of the platform's keys sealed it.
    seal_id = models.CharField(max_length=12, blank=True)
    fingerprint = models.CharField(max_length=4, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    # When the balances were last read, when somebody last tried to, and when the rights of the key were last asked.
    looked_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # Something came or went at the last look: the next one decides what it was.
    doubted_at = models.DateTimeField(null=True, blank=True)
    # Looks in a row that read nothing.
    failures = models.PositiveSmallIntegerField(default=0)
    # The last look at which all that is held there was noted here: what changed has changed since then.
    agreed_at = models.DateTimeField(null=True, blank=True)
    # The account's own trades up to then, by the clock of its exchange, are noted here.
    traded_until = models.DateTimeField(null=True, blank=True)
    # Coins that are held there and have no market here: they count and are not bought. Those that nobody there has a
    # price for count nothing.
    unfollowed = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    unpriced = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    # Places of the account that this key cannot read.
    unread = ArrayField(models.CharField(max_length=10), default=list, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status="REVOKED", sealed_key=b"", seal_id="")
                | (~Q(status="REVOKED") & ~Q(sealed_key=b"") & ~Q(seal_id="")),
                name="a_disconnected_account_keeps_no_key",
            ),
        )
        indexes = (models.Index(fields=["tried_at"], condition=~Q(status="REVOKED"), name="linked_account_to_look_at"),)

    def __str__(self) -> str:
        return f"{self.exchange} of {self.lead}"


class AccountMove(models.Model):
    """
    Something small that came into an account elsewhere, or left it, and is no moved money; or a trade of what is not
    traded here, which nobody follows.

    `quantity` is signed; `value_units` what it was worth then, in quote units of the platform's cash.
    """

    class Kind(models.TextChoices):
        REWARD = "REWARD", "reward"
        AIRDROP = "AIRDROP", "airdrop"
        DUST = "DUST", "dust conversion"
        SPENT = "SPENT", "small payment"
        TRADED = "TRADED", "trade of what is not traded here"

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="account_moves", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind)
    symbol = models.CharField(max_length=40)
    quantity = models.DecimalField(max_digits=48, decimal_places=18)
    value_units = models.BigIntegerField()
    moved_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["lead", "-moved_at"], name="account_move_of_lead"),)

    def __str__(self) -> str:
        return f"{self.quantity.normalize()} {self.symbol}"
