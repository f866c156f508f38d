"""
The second kind of custody: copies that trade on their follower's own account at the exchange.

    OwnAccount      the account, by a key that can trade and not withdraw, and its mirror in the ledger
      OwnHolding    what it held at the last look, beside what its copies have: the person's own affair
      OwnSeat       where a copy on that account stands in its rounds

The platform owes nothing of it: what such copies have stands in the ledger against the account's own mirror, so that
both together are nothing. The money itself never leaves the person's account.
"""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_noop

from accounts.models import Asset, LedgerAccount, User

NAME_BEFORE = "own:"


class OwnAccount(models.Model):
    """
    Somebody's account at the exchange. The key is sealed to the row (`services.safety.sealed_keys`).

        CONNECTED ⇄ REFUSED   the exchange does not take the key, or the key may do too much
        CONNECTED ⇄ SHORT     the account holds less than its copies have
            └──────────→ REVOKED   disconnected: no key is kept
    """

    class Status(models.TextChoices):
        CONNECTED = "CONNECTED", gettext_noop("connected")
        REFUSED = "REFUSED", gettext_noop("the key does not open it")
        SHORT = "SHORT", gettext_noop("holds less than its copies")
        REVOKED = "REVOKED", gettext_noop("disconnected")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="own_accounts")
    exchange = models.CharField(max_length=30)
    # The other side of what copies on it have. The money is the person's own, and no liability of ours.
    ledger_account = models.OneToOneField(LedgerAccount, on_delete=models.PROTECT, related_name="own_account")
    status = models.CharField(max_length=10, choices=Status, default=Status.REVOKED)
    # Why it is not connected, as a sentence for its owner and the operators.
    reason = models.CharField(max_length=300, blank=True)
    sealed_key = models.BinaryField(default=b"")
    seal_id = models.CharField(max_length=12, blank=True)
    fingerprint = models.CharField(max_length=4, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    # When its balances were last read, when somebody last tried to, when the rights of the key were last asked.
    looked_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    # The last look found less than there should be: the second one in a row is believed.
    doubted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(status="REVOKED", sealed_key=b"", seal_id="")
                | (~Q(status="REVOKED") & ~Q(sealed_key=b"") & ~Q(seal_id="")),
                name="a_revoked_own_account_keeps_no_key",
            ),
            # Two rows of one account at the exchange would promise its money twice.
            models.UniqueConstraint(fields=["user", "exchange"], name="one_own_account_per_person_and_exchange"),
        )
        indexes = (models.Index(fields=["tried_at"], condition=~Q(status="REVOKED"), name="own_account_to_look_at"),)

    @property
    def venue_account(self) -> str:
        """Return what orders on this account carry as theirs."""
        return f"{NAME_BEFORE}{self.pk}"

    def __str__(self) -> str:
        return f"own account {self.pk}"


class OwnHolding(models.Model):
    """
    What an account held of one asset beyond what its copies have, at the last look at which nothing was on its way.

    Our own trades change both alike. So an order that left the figure as it was did not happen.
    """

    account = models.ForeignKey(OwnAccount, on_delete=models.PROTECT, related_name="holdings", db_index=False)
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+", db_index=False)
    # Below zero where something is missing.
    beyond_units = models.BigIntegerField()
    looked_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["account", "asset"], name="one_holding_per_own_account_and_asset"),
        )

    def __str__(self) -> str:
        return f"{self.beyond_units} of asset {self.asset_id}"
