"""What a person may read of their own money. Every query is scoped to its owner."""

from django.db.models import QuerySet

from accounts.models import Balance, LedgerAccount, Posting, Transfer, User


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


def main_postings_of(user: User) -> QuerySet[Posting]:
    """Return the lines of a person's main account, latest first, with journal and asset."""
    return (
        Posting.objects.filter(ledger_account__owner=user, ledger_account__kind=LedgerAccount.Kind.MAIN)
        .select_related("journal", "asset")
        .order_by("-id")
    )


def transfers_on_the_way_of(user: User) -> QuerySet[Transfer]:
    """Return a person's transfers that are requested and not booked yet."""
    return Transfer.objects.filter(user=user, status=Transfer.Status.REQUESTED).select_related("asset")
