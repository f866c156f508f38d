"""
The books of one account of a person, row by row: what was ordered for it, its exact share of each fill, every line of
its ledger, and what is left.

The lines sum to the balances, asset by asset and to the unit; so do the fills, the flows, the profit shares and what
was taken over. Others who took part in a bunched order are in none of these figures.
"""

from django.db.models import BigIntegerField, F, Func, OuterRef, QuerySet, Subquery, Sum, Value

from accounts.models import Balance, LedgerAccount, Posting
from copytrading.models import Allocation, Copy, CopyFlow, Lead, Order, ProfitShare


class _PlaceIn(Func):
    function = "array_position"
    output_field = BigIntegerField()


class _ElementAt(Func):
    """The element of an array at a place; null where there is no such place."""

    template = "(%(expressions)s]"
    arg_joiner = ")["
    output_field = BigIntegerField()


def orders_of(copy: Copy) -> QuerySet[Order]:
    """
    Return the orders that a copy takes part in, with its own part of each.

    `wish` is what it wanted, in signed base units; `share`, `share_value`, `share_fee` and `share_fee_base` what it got
    of the order, null while nothing is booked.
    """
    account = copy.ledger_account_id
    own = Allocation.objects.filter(order=OuterRef("pk"), ledger_account=account)
    place = _PlaceIn(F("participant_ids"), Value(account))
    return (
        Order.objects.filter(cycle__lead=copy.lead_id, planned_at__gte=copy.started_at)
        .annotate(
            wish=_ElementAt(F("wish_units"), place),
            share=Subquery(own.values("quantity_units")[:1]),
            share_value=Subquery(own.values("value_units")[:1]),
            share_fee=Subquery(own.values("fee_units")[:1]),
            share_fee_base=Subquery(own.values("fee_base_units")[:1]),
        )
        .filter(wish__isnull=False)
        .select_related("market__base", "market__quote")
        .defer("participant_ids", "wish_units")
    )


def fills_of(account: LedgerAccount | int) -> QuerySet[Allocation]:
    """Return an account's exact shares of what orders did, with order and market."""
    found = Allocation.objects.filter(ledger_account=account).select_related(
        "order__market__base", "order__market__quote"
    )
    return found.defer("order__participant_ids", "order__wish_units")


def movements_of(account: LedgerAccount | int | None) -> QuerySet[Posting]:
    """Return every line of an account, with its journal, its asset, and what there was of that afterwards."""
    until_then = Posting.objects.filter(
        ledger_account=OuterRef("ledger_account"), asset=OuterRef("asset"), pk__lte=OuterRef("pk")
    ).order_by()
    total = until_then.annotate(total=Func(F("units"), function="SUM")).values("total")
    return (
        Posting.objects.filter(ledger_account=account)
        .select_related("journal", "asset")
        .annotate(balance_units=Subquery(total))
    )


def balances_of(account: LedgerAccount | int) -> list[Balance]:
    """Return what an account holds, asset by asset; what is empty is left out."""
    found = Balance.objects.filter(ledger_account=account).exclude(posted=0)
    return list(found.select_related("asset").order_by("asset__symbol"))


def flows_of(copy: Copy) -> QuerySet[CopyFlow]:
    """Return the money between a person's wallet and a copy."""
    return CopyFlow.objects.filter(copy=copy)


def profit_shares_of(copy: Copy) -> QuerySet[ProfitShare]:
    """Return what a copy paid its lead, settlement by settlement, with what it was counted on."""
    return ProfitShare.objects.filter(copy=copy)


def earnings_rows_of(lead: Lead) -> QuerySet[ProfitShare]:
    """Return what was paid to a lead, settlement by settlement; whose copy it was is not in it."""
    return ProfitShare.objects.filter(copy__lead=lead, share_units__gt=0)


def followers_positions_of(lead: Lead) -> list[tuple[str, int, int]]:
    """Return what the running copies of a lead hold together, as (symbol, decimals, units), the coins by name."""
    live = Copy.objects.filter(lead=lead).exclude(status=Copy.Status.STOPPED).values("ledger_account")
    held = Balance.objects.filter(ledger_account__in=live).exclude(posted=0)
    rows = held.values("asset__symbol", "asset__decimals").annotate(units=Sum("posted")).order_by("asset__symbol")
    return [(row["asset__symbol"], row["asset__decimals"], int(row["units"])) for row in rows]
