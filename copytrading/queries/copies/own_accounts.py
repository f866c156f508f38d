"""A person's own account at the exchange that copies may trade on: what may be shown of it, and nothing of its key."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from copytrading.models import Copy, OwnAccount
from copytrading.queries.leads.links import exchange_name


@dataclass(frozen=True, kw_only=True)
class OwnAccountShown:
    """An account as its owner sees it: `fingerprint` ends its key, `copies` is how many use it now."""

    id: int
    exchange_name: str
    status: str
    reason: str
    fingerprint: str
    connected_at: datetime | None
    looked_at: datetime | None
    copies: int

    @property
    def is_connected(self) -> bool:
        return self.status == OwnAccount.Status.CONNECTED


def own_account_of(user: User) -> OwnAccountShown | None:
    """Return a person's own account, or the one that was connected last; None for who never had one."""
    account = OwnAccount.objects.filter(user=user).defer("sealed_key").order_by("-connected_at").first()
    if account is None:
        return None
    return OwnAccountShown(
        id=account.pk,
        exchange_name=exchange_name(account.exchange),
        status=account.status,
        reason=account.reason,
        fingerprint=account.fingerprint,
        connected_at=account.connected_at,
        looked_at=account.looked_at,
        copies=account.copies.exclude(status=Copy.Status.STOPPED).count(),
    )


def connected_account_id_of(user: User) -> int | None:
    """Return the own account that a new copy of a person could trade on; None where there is none."""
    connected = OwnAccount.objects.filter(user=user, status=OwnAccount.Status.CONNECTED)
    return connected.order_by("-connected_at").values_list("pk", flat=True).first()
