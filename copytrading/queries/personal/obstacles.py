"""What has to be settled before somebody can be erased: each a sentence that says what to do."""

from collections.abc import Iterator

from django.db.models import Q
from django.utils.translation import gettext

from accounts import queries as money
from accounts.models import Balance, LedgerAccount, OperatorRequest, User
from copytrading.models import Copy, Correction, GateCase, Lead, LimitOrder, Market, ReferenceHolder
from copytrading.queries.money import wallet


def obstacles_of(user: User) -> list[str]:
    """Return what stands in the way of erasing a person, in the language of the moment; nothing where nothing does."""
    return list(_obstacles(user))


def _obstacles(user: User) -> Iterator[str]:
    if user.is_staff or ReferenceHolder.objects.filter(user=user).exists():
        yield gettext("This account works on the platform itself: its rights have to be taken from it first.")
    copies = Copy.objects.exclude(status=Copy.Status.STOPPED)
    if copies.filter(follower=user).exists():
        yield gettext("A copy of yours still runs: stop it first.")
    if Lead.objects.filter(user=user).exclude(status=Lead.Status.ENDED).exists():
        yield gettext("You lead, or have applied to: end that first.")
    if copies.filter(lead__user=user).exists():
        yield gettext("Copies of those who followed you are still being sold: wait until the last one is paid out.")
    if money.transfers_on_the_way_of(user).exists():
        yield gettext("A deposit or withdrawal of yours is on its way: wait for it, or cancel it.")
    if LimitOrder.objects.filter(user=user, status__in=LimitOrder.OPEN).exists():
        yield gettext("A limit order of yours waits for its price: cancel it first.")
    if _has_money(user):
        yield gettext("There is still money of yours here: sell your coins and take everything out first.")
    if _is_decided_about(user):
        yield gettext("Somebody still has to decide about a request of yours: wait for that.")


def _has_money(user: User) -> bool:
    """Return whether a person has anything that could be paid out: cash, or coins that are enough to be sold."""
    held = Balance.objects.filter(ledger_account__owner=user, held__gt=0)
    elsewhere = Balance.objects.filter(ledger_account__owner=user).exclude(posted=0)
    if held.exists() or elsewhere.exclude(ledger_account__kind=LedgerAccount.Kind.MAIN).exists():
        return True
    found = wallet.wallet_of(user)
    # What is worth less than an order may be cannot be turned into cash by anybody, and is given up.
    least = {
        market.pk: market.value_min_units
        for market in Market.objects.filter(pk__in=[line.market_id for line in found.lines])
    }
    return any(
        line.is_cash or line.market_id is None or line.value_units >= least.get(line.market_id, 0)
        for line in found.lines
    )


def _is_decided_about(user: User) -> bool:
    waits = {"approved_at__isnull": True, "withdrawn_at__isnull": True}
    return (
        GateCase.objects.filter(Q(user=user) | Q(user__isnull=True, email__iexact=user.email), status="OPEN").exists()
        or OperatorRequest.objects.filter(person=user, **waits).exists()
        or Correction.objects.filter(ledger_account__owner=user, **waits).exists()
    )
