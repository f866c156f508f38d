"""A person's own account at the exchange that copies may trade on: what may be shown of it, and nothing of its key."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils.translation import gettext

from accounts.models import User
from copytrading.models import Copy, Lead, Market, OwnAccount
from copytrading.queries.leads.links import WITH_PASSWORD, exchange_name
from copytrading.queries.money.wallet import spot_markets
from copytrading.queries.rules import platform_rules


@dataclass(frozen=True, kw_only=True)
class OwnAccountShown:
    """An account as its owner sees it: `fingerprint` ends its key, `copies` is how many use it now."""

    id: int
    exchange: str
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

    @property
    def reason_in_words(self) -> str:
        """Return why its copies are paused, in the language of whoever reads; empty where they are not."""
        return gettext(self.reason) if self.reason else ""


@dataclass(frozen=True, kw_only=True)
class OwnAccountsShown:
    """
    A person's accounts, the one that was connected last first, and what trading on one takes.

    `exchange` is where accounts can be connected here, empty where nowhere; `markets` are those that can be traded,
    each with the least that an order in it is worth.
    """

    exchange: str
    needs_password: bool
    investment_min_units: int
    markets: list[Market]
    accounts: list[OwnAccountShown]


@dataclass(frozen=True, kw_only=True)
class OwnOffer:
    """
    Which account a new copy of a lead could trade on, or why it cannot be on the one that is there.

    Who has none is offered none, and there is nothing to explain.
    """

    account_id: int | None = None
    why_not: str = ""


def own_accounts_of(user: User) -> list[OwnAccountShown]:
    """Return a person's own accounts, the one that was connected last first; those that were disconnected, too."""
    return [_shown(account) for account in _accounts_of(user)]


def own_account_of(user: User, account_id: int | None = None) -> OwnAccountShown | None:
    """Return one of a person's own accounts, else the one that was connected last; None where there is none."""
    accounts = _accounts_of(user)
    account = (accounts if account_id is None else accounts.filter(pk=account_id)).first()
    return None if account is None else _shown(account)


def overview_of(user: User, *, exchange: str) -> OwnAccountsShown:
    """Return a person's own accounts, and what trading at the exchange takes where accounts can be connected."""
    rules = platform_rules()
    return OwnAccountsShown(
        exchange=exchange,
        needs_password=exchange in WITH_PASSWORD,
        investment_min_units=rules.investment_min * 10**rules.cash_decimals,
        markets=spot_markets(),
        accounts=own_accounts_of(user),
    )


def own_offer_of(user: User, lead: Lead) -> OwnOffer:
    """Return which of a person's own accounts a new copy of a lead could trade on, or why it cannot."""
    found = _accounts_of(user).exclude(status=OwnAccount.Status.REVOKED)
    account = next(iter(found.order_by(_connected_first(), "-connected_at")), None)
    if account is None:
        return OwnOffer()
    if account.status != OwnAccount.Status.CONNECTED:
        return OwnOffer(why_not=unconnected_words(account))
    if not lead.takes_copies_on_own_accounts:
        return OwnOffer(why_not=not_taken_words(lead))
    return OwnOffer(account_id=account.pk)


def unconnected_words(account: OwnAccount) -> str:
    """Return why nothing can be traded on an account now, and what to do."""
    return gettext("Your own account is not connected: %(reason)s Connect it with a working key first.") % {
        "reason": gettext(account.reason)
    }


def not_taken_words(lead: Lead) -> str:
    """Return why a lead is not copied on an own account, and what to do."""
    return gettext(
        "%(lead)s takes a profit share, which cannot be collected from an account of your own, and has not"
        " agreed to go without: copy with your wallet."
    ) % {"lead": lead.name}


def _connected_first() -> Case:
    return Case(When(status=OwnAccount.Status.CONNECTED, then=Value(0)), default=Value(1))


def _accounts_of(user: User) -> QuerySet[OwnAccount]:
    in_use = Count("copies", filter=~Q(copies__status=Copy.Status.STOPPED))
    accounts = OwnAccount.objects.filter(user=user).defer("sealed_key").annotate(copies_now=in_use)
    return accounts.order_by("-connected_at", "-pk")


def _shown(account: Any) -> OwnAccountShown:
    return OwnAccountShown(
        id=account.pk,
        exchange=account.exchange,
        exchange_name=exchange_name(account.exchange),
        status=account.status,
        reason=account.reason,
        fingerprint=account.fingerprint,
        connected_at=account.connected_at,
        looked_at=account.looked_at,
        copies=account.copies_now,
    )
