"""What each coin brought a copy, from the copy's own shares of the fills."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from copytrading.models import Allocation, Copy
from copytrading.queries import recounts
from copytrading.queries.copies import CopySummary
from copytrading.queries.portfolios import Coin, Position, PriceList


@dataclass(frozen=True, kw_only=True)
class CoinRow:
    """
    One coin of a copy, held now or once, or its cash (colour 0). Values in quote units, weights 0 to 1.

    `result_units` is what the coin brought since the start: worth now, plus sold, less bought, less fees. It is None
    for cash. Over all coins it sums to the result of the copy before the profit share.
    """

    symbol: str
    name: str
    colour: int
    decimals: int
    units: int
    value_units: int
    weight: float
    lead_weight: float
    average_price: Decimal | None
    result_units: int | None


def coin_rows(summary: CopySummary, *, prices: PriceList) -> list[CoinRow]:
    """Return the coins of a copy beside the lead's weights, then cash, then the coins that were sold again."""
    traded = _traded_by_coin(summary.copy)
    positions = summary.comparison.positions if summary.comparison else ()
    rows = [_row_of(position, traded.pop(position.asset_id, None), prices) for position in positions]
    sold = [coin for coin in prices.coins if coin.asset_id in traded]
    return rows + [_row_of(_sold_again(coin), traded[coin.asset_id], prices) for coin in sold]


@dataclass(frozen=True, kw_only=True)
class _Traded:
    bought_units: int
    sold_units: int
    fee_units: int
    bought_quantity_units: int


def _traded_by_coin(copy: Copy) -> dict[int, _Traded]:
    is_buy, recounted = Q(quantity_units__gt=0), _bought_by_coin(copy)
    sums = (
        Allocation.objects.filter(ledger_account=copy.ledger_account_id)
        .values("order__market__base_id")
        .annotate(
            bought=Sum("value_units", filter=is_buy, default=0),
            sold=Sum("value_units", filter=~is_buy, default=0),
            fees=Sum("fee_units", default=0),
            quantity=Sum("quantity_units", filter=is_buy, default=0),
        )
        .order_by()
    )
    return {
        row["order__market__base_id"]: _Traded(
            bought_units=-int(row["bought"]),
            sold_units=int(row["sold"]),
            fee_units=int(row["fees"]),
            bought_quantity_units=recounted.get(row["order__market__base_id"], int(row["quantity"])),
        )
        for row in sums
    }


def _bought_by_coin(copy: Copy) -> dict[int, int]:
    """Return what a copy bought of each coin that was counted anew, in today's units."""
    counted = recounts.load_recounts()
    bought: dict[int, int] = {}
    if not counted.by_market:
        return bought
    shares = Allocation.objects.filter(
        ledger_account=copy.ledger_account_id, order__market__in=counted.by_market, quantity_units__gt=0
    )
    columns = ("order__market__base_id", "order__market_id", "order_id", "quantity_units")
    for asset_id, market_id, order_id, units in shares.values_list(*columns):
        today = counted.units(units, market_id=market_id, order_id=order_id)
        bought[asset_id] = bought.get(asset_id, 0) + today
    return bought


def _row_of(position: Position, traded: _Traded | None, prices: PriceList) -> CoinRow:
    is_cash = position.asset_id == prices.cash.pk
    result, average_price = None if is_cash else position.value_units, None
    if traded is not None and not is_cash:
        result = position.value_units + traded.sold_units - traded.bought_units - traded.fee_units
        if traded.bought_quantity_units:
            unit_price = Decimal(traded.bought_units) / traded.bought_quantity_units
            average_price = unit_price.scaleb(position.decimals - prices.cash.decimals)
    return CoinRow(
        symbol=position.symbol,
        name=position.name,
        colour=position.colour,
        decimals=position.decimals,
        units=position.units,
        value_units=position.value_units,
        weight=position.weight,
        lead_weight=position.lead_weight,
        average_price=average_price,
        result_units=result,
    )


def _sold_again(coin: Coin) -> Position:
    return Position(
        asset_id=coin.asset_id,
        symbol=coin.symbol,
        name=coin.name,
        colour=coin.colour,
        decimals=coin.decimals,
        units=0,
        value_units=0,
        weight=0.0,
        lead_weight=0.0,
    )
