"""What a person may read of their own money. Every query is scoped to its owner."""

from enum import StrEnum

from allauth.account.models import EmailAddress
from django.db.models import Q, QuerySet, Sum

from accounts.models import Asset, Balance, LedgerAccount, Posting, Transfer, User


class Likeness(StrEnum):
    """In what two users are alike."""

    LOCAL_PART = "LOCAL_PART"
    FULL_NAME = "FULL_NAME"


# Names before the @ that say what a mailbox is for, not whose it is.
COMMON_LOCAL_PARTS = frozenset({"admin", "contact", "hello", "hi", "info", "mail", "me", "office", "trading"})


def main_balances_of(user: User) -> QuerySet[Balance]:
    """Return the balances of a person's main account that are not empty, with their asset."""
    return (
        Balance.objects.filter(ledger_account__owner=user, ledger_account__kind=LedgerAccount.Kind.MAIN)
        .exclude(posted=0)
        .select_related("asset")
        .order_by("asset__symbol")
    )


def available_units_of(user: User, *, asset_symbol: str) -> int:
    """Return what a person's main account has available of an asset: posted less held, in units."""
    balance = Balance.objects.filter(
        ledger_account__owner=user, ledger_account__kind=LedgerAccount.Kind.MAIN, asset__symbol=asset_symbol
    ).first()
    return balance.posted - balance.held if balance else 0


def available_units_in(account: LedgerAccount, *, asset: Asset) -> int:
    """Return what a ledger account has available of an asset: posted less held, in units."""
    balance = Balance.objects.filter(ledger_account=account, asset=asset).first()
    return balance.posted - balance.held if balance else 0


def liability_units_of(asset: Asset) -> int:
    """Return what the ledger owes of an asset to everybody together, in units: what custody should have."""
    owed = Balance.objects.filter(asset=asset).exclude(ledger_account__kind__in=LedgerAccount.COUNTERPARTIES)
    return int(owed.aggregate(units=Sum("posted"))["units"] or 0)


def main_postings_of(user: User) -> QuerySet[Posting]:
    """Return the lines of a person's main account, latest first, with journal and asset."""
    return (
        Posting.objects.filter(ledger_account__owner=user, ledger_account__kind=LedgerAccount.Kind.MAIN)
        .select_related("journal", "asset")
        .order_by("-id")
    )


def transfers_on_the_way_of(user: User) -> QuerySet[Transfer]:
    """Return a person's transfers that are requested and not booked yet, or booked and still looked at."""
    still = Q(status__in=Transfer.OPEN) | Q(status=Transfer.Status.BOOKED, verdict=Transfer.Verdict.WAITING)
    return Transfer.objects.filter(still, user=user).select_related("asset").order_by("pk")


def withdrawals_of(user: User) -> QuerySet[Transfer]:
    """Return what a person has taken out, or wanted to."""
    return Transfer.objects.filter(user=user, direction=Transfer.Direction.WITHDRAWAL).select_related("asset")


def mailbox_of(email: str) -> str:
    """
    Return the mailbox that an address goes to, as far as its spelling tells.

    What follows a plus sign is the person's own label; Gmail reads over dots and is Googlemail too.
    """
    local_part, _, domain = email.strip().lower().rpartition("@")
    local_part = local_part.partition("+")[0]
    domain = "gmail.com" if domain == "googlemail.com" else domain
    if domain == "gmail.com":
        local_part = local_part.replace(".", "")
    return f"{local_part}@{domain}"


def mailboxes_of(user: User) -> set[str]:
    """Return the mailboxes of a person: of the address they sign in with, and of every other one they verified."""
    verified = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return {mailbox_of(email) for email in (user.email, *verified)}


def share_a_mailbox(one: User, other: User) -> bool:
    """Return whether two users are known to be the same person."""
    return bool(mailboxes_of(one) & mailboxes_of(other))


def likeness_of(one: User, other: User) -> Likeness | None:
    """Return in what two users look like the same person, though nothing proves it."""
    local_parts, others = (
        {mailbox.partition("@")[0] for mailbox in mailboxes_of(person)} - COMMON_LOCAL_PARTS for person in (one, other)
    )
    if local_parts & others:
        return Likeness.LOCAL_PART
    name, other_name = (person.get_full_name().casefold().split() for person in (one, other))
    return Likeness.FULL_NAME if name and name == other_name else None
