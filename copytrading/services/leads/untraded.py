"""
What an observed lead holds and is not traded here: rows as last seen beside what was found now, each with its price.

Its value is part of the lead's equity and of nothing else. The row of a coin keeps its last price: an exchange that
has no offer for a moment does not make the coin worthless.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import Asset
from copytrading.engine.rules import Rules
from copytrading.engine.units import units_of
from copytrading.models import Lead, LeadHolding, Market, UntradedHolding
from copytrading.services.books import gaps, positions
from copytrading.services.leads import verbs as leads
from copytrading.services.leads.account_reading import OtherCoin

PRICE_KEPT = timedelta(hours=1)
QUANTITY_STEP = Decimal(1).scaleb(-18)


@dataclass(frozen=True, kw_only=True)
class Untraded:
    """
    One coin at two looks: quantities and prices in cash.

    `price` is what it counts at now, None where nobody has named one for an hour; `price_before` the last that was ever
    named by the look before.
    """

    symbol: str
    quantity_before: Decimal
    quantity: Decimal
    price_before: Decimal | None
    price: Decimal | None
    priced_at: datetime | None

    @property
    def is_changed(self) -> bool:
        return self.quantity_before != self.quantity

    @property
    def is_priced_anew(self) -> bool:
        """Return whether what was held already has got its first price."""
        return self.price_before is None and self.price is not None and bool(self.quantity_before)


def compare(lead: Lead, others: Iterable[OtherCoin], *, now: datetime) -> tuple[Untraded, ...]:
    """Return what is held of each coin, or was at the last look, by symbol."""
    rows = {row.symbol: row for row in UntradedHolding.objects.filter(lead=lead)}
    found = {other.symbol: other for other in others}
    return tuple(_one(symbol, rows.get(symbol), found.get(symbol), now) for symbol in sorted(rows.keys() | found))


def counted_units(lead: Lead, worth_units: int, *, cash: Asset) -> int:
    """Return what counts of a worth: debts take the cash and no more, for a copy cannot hold more than all it has."""
    if worth_units >= 0:
        return worth_units
    cash_units = LeadHolding.objects.filter(lead=lead, asset=cash).values_list("units", flat=True).first() or 0
    return max(worth_units, -cash_units)


def value_units(coins: Iterable[Untraded], *, cash: Asset, quantities: Mapping[str, Decimal]) -> int:
    """Return what quantities of coins are worth now, in quote units."""
    values = (quantities[coin.symbol] * coin.price for coin in coins if coin.price is not None)
    return units_of(sum(values, Decimal(0)), cash.decimals)


def reprice(lead: Lead, coins: Iterable[Untraded], *, cash: Asset, now: datetime, rules: Rules) -> None:
    """
    Let what was seen last count at the prices of now. In the caller's transaction, lead locked.

    What that brought the lead is noted: it is return, and nothing that a copy could have followed. A first price is no
    return: the coin was worth something before, and nobody knew what.
    """
    coins = tuple(coins)
    quantities = {coin.symbol: coin.quantity_before for coin in coins}
    worth = counted_units(lead, value_units(coins, cash=cash, quantities=quantities), cash=cash)
    found = value_units((coin for coin in coins if coin.is_priced_anew), cash=cash, quantities=quantities)
    if brought := worth - found - lead.other_value_units:
        gaps.note_untraded_result(lead=lead, units=brought)
    _write(lead, [(coin, coin.quantity_before) for coin in coins], worth)
    if found:
        equity_before = leads.equity_of(lead, now=now, rules=rules) - found
        positions.issue_units(lead=lead, flow_units=found, equity_before=equity_before)


def take(lead: Lead, coins: Iterable[Untraded], *, quantities: Mapping[str, Decimal], cash: Asset) -> None:
    """Note these quantities as last seen. In the caller's transaction, lead locked."""
    coins = tuple(coins)
    worth = counted_units(lead, value_units(coins, cash=cash, quantities=quantities), cash=cash)
    _write(lead, [(coin, quantities[coin.symbol]) for coin in coins], worth)


def adopt_listed(lead: Lead, *, cash: Asset, now: datetime, rules: Rules) -> None:
    """
    Count as a coin of the board what is traded here since the last look. In the caller's transaction, lead locked.

    Nothing was traded and nothing moved: the same coin stands in another place, and copies follow it by its ratio.
    """
    rows = {row.symbol: row for row in UntradedHolding.objects.filter(lead=lead, quantity__gt=0)}
    listed = list(
        Market.objects.filter(quote=cash, mark__isnull=False, base__symbol__in=rows).select_related("base")
        if rows
        else ()
    )
    if not listed:
        return
    gaps.measure_lead(lead=lead, now=now, rules=rules)
    equity_before = leads.equity_of(lead, now=now, rules=rules)
    for market in listed:
        row = rows[market.base.symbol]
        holding, _ = LeadHolding.objects.select_for_update().get_or_create(lead=lead, asset=market.base)
        holding.units += units_of(row.quantity, market.base.decimals)
        holding.save(update_fields=["units"])
        lead.other_value_units -= units_of(row.quantity * (row.price or Decimal(0)), cash.decimals)
        row.delete()
    lead.save(update_fields=["other_value_units"])
    difference = round(leads.equity_of(lead, now=now, rules=rules) - equity_before)
    positions.issue_units(lead=lead, flow_units=difference, equity_before=equity_before)


def _one(symbol: str, row: UntradedHolding | None, found: OtherCoin | None, now: datetime) -> Untraded:
    price_before, priced_at = (row.price, row.priced_at) if row is not None else (None, None)
    price = price_before if priced_at is not None and now - priced_at <= PRICE_KEPT else None
    if found is not None and found.price is not None and (named := found.price.quantize(QUANTITY_STEP)):
        price, priced_at = named, now
    return Untraded(
        symbol=symbol,
        quantity_before=row.quantity if row is not None else Decimal(0),
        quantity=found.quantity.quantize(QUANTITY_STEP) if found is not None else Decimal(0),
        price_before=price_before,
        price=price,
        priced_at=priced_at,
    )


def unpriced_since(now: datetime) -> datetime:
    """Return how old a price must be to count no more."""
    return now - PRICE_KEPT


def _write(lead: Lead, held: list[tuple[Untraded, Decimal]], worth_units: int) -> None:
    gone = [coin.symbol for coin, quantity in held if not quantity]
    if gone:
        UntradedHolding.objects.filter(lead=lead, symbol__in=gone).delete()
    UntradedHolding.objects.bulk_create(
        [
            UntradedHolding(
                lead=lead,
                symbol=coin.symbol,
                quantity=quantity,
                price=coin.price or coin.price_before,
                priced_at=coin.priced_at,
            )
            for coin, quantity in held
            if quantity
        ],
        update_conflicts=True,
        unique_fields=["lead", "symbol"],
        update_fields=["quantity", "price", "priced_at"],
    )
    if worth_units != lead.other_value_units:
        lead.other_value_units = worth_units
        lead.save(update_fields=["other_value_units"])
