"""What the accounts of the paper venue hold: changed here only, locked by asset, never below zero."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from copytrading.exchange.errors import VenueError
from copytrading.exchange.paper.models import PaperBalance


class NotEnoughBalance(VenueError):
    """The account does not hold what should leave it."""


def change_balances(*, account: str, changes: Mapping[str, Decimal]) -> None:
    """
    Add signed quantities to an account's balances, locked by asset.

    :raises NotEnoughBalance: if one would fall below zero.
    """
    balances = _locked_balances(account=account, assets=changes)
    if len(balances) < len(changes):
        PaperBalance.objects.bulk_create(
            [PaperBalance(account=account, asset=asset, quantity=Decimal(0)) for asset in sorted(changes)],
            ignore_conflicts=True,
        )
        balances = _locked_balances(account=account, assets=changes)
    for balance in balances:
        held, change = balance.quantity, changes[balance.asset]
        if held + change < 0:
            raise NotEnoughBalance(f"The account holds {held:f} {balance.asset}; {-change:f} are needed.")
        balance.quantity = held + change
    PaperBalance.objects.bulk_update(balances, ["quantity"])


def _locked_balances(*, account: str, assets: Iterable[str]) -> list[PaperBalance]:
    rows = PaperBalance.objects.select_for_update().filter(account=account, asset__in=list(assets))
    return list(rows.order_by("asset"))
