"""
What the result of a copy is made of, row by row, from the copy's own shares of the fills and its own ledger account.

    worth now + sold − bought − fees + taken over      for each coin
    profit share, paid and due                         negative
    the rest taken over, where no coin is noted        of copies that ended before it was
    corrections                                        by two operators

The rows sum to the result above them, to the last unit: both are the same postings, once by coin and once as they
came in and went out. Coins that went to the wallet as they are count for nothing here, as they do in the result.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from django.db.models import Q, Sum
from django.utils.translation import gettext, gettext_noop

from accounts.models import Journal, Posting
from copytrading.models import Allocation, Copy, Notice
from copytrading.queries.copies.own import CopySummary
from copytrading.queries.copies.portfolios import Coin, Position, PriceList
from copytrading.queries.market import recounts
from copytrading.queries.rules import CASH_DECIMALS

# What a page shows of a value; the rows are cut so that they still sum to the result that is cut.
CENT_UNITS = 10 ** (CASH_DECIMALS - 2)


class Part(StrEnum):
    """What a row of a result is about."""

    COIN = "COIN"
    CASH = "CASH"
    PROFIT_SHARE = "PROFIT_SHARE"
    TAKEN_OVER = "TAKEN_OVER"
    CORRECTION = "CORRECTION"


# The rows that are no coin, in words.
NAMES = {
    Part.PROFIT_SHARE: gettext_noop("Profit share"),
    Part.TAKEN_OVER: gettext_noop("The rest, taken over by the platform"),
    Part.CORRECTION: gettext_noop("Corrections"),
}


@dataclass(frozen=True, kw_only=True)
class ResultRow:
    """
    One coin of a copy, held now or once, its cash (colour 0), or another part of its result. Values in quote units.

    `result_units` is what the row brought since the start, None for cash; `shown_units` the same in whole cents, cut so
    that the rows sum to the result as it is shown. `taken_over_units` of the coin went to the platform at the mark for
    `taken_over_value_units`, `handed_over_units` to the follower's wallet as they are.
    """

    part: Part
    symbol: str = ""
    name: str
    colour: int = 0
    decimals: int = 0
    units: int = 0
    value_units: int = 0
    weight: float = 0.0
    lead_weight: float = 0.0
    average_price: Decimal | None = None
    sold_price: Decimal | None = None
    taken_over_units: int = 0
    taken_over_value_units: int = 0
    handed_over_units: int = 0
    is_priced: bool = True
    result_units: int | None
    shown_units: int | None = None


def result_rows(summary: CopySummary, *, prices: PriceList) -> list[ResultRow]:
    """
    Return the coins of a copy beside the lead's weights, cash, the coins that were sold again, then what is no coin.

    They sum to the result of the copy.
    """
    traded, moves = _traded_by_coin(summary.copy), _moves_of(summary.copy, prices)
    brought = _brought_by_rests(summary.copy)
    positions = list(summary.comparison.positions if summary.comparison else ())
    held = {position.asset_id for position in positions}
    positions += [
        _no_longer_held(coin)
        for coin in prices.coins
        if coin.asset_id not in held and (coin.asset_id in traded or coin.asset_id in moves.coins)
    ]
    unpriced = set(summary.comparison.unpriced if summary.comparison else ())
    rows = [_row_of(position, traded, moves, brought, prices, unpriced) for position in positions]
    others = {
        Part.PROFIT_SHARE: -summary.profit_share_units,
        Part.TAKEN_OVER: moves.taken_over_cash_units - sum(brought.values()),
        Part.CORRECTION: moves.correction_units,
    }
    rows += [
        ResultRow(part=part, name=gettext(NAMES[part]), result_units=units) for part, units in others.items() if units
    ]
    return _in_cents(rows)


@dataclass(frozen=True, kw_only=True)
class _Traded:
    bought_units: int = 0
    sold_units: int = 0
    fee_units: int = 0
    bought_quantity_units: int = 0
    sold_quantity_units: int = 0


@dataclass(frozen=True, kw_only=True)
class _Moves:
    """What moved on a copy's account besides its trades: by coin (units taken over, units handed over), and cash."""

    coins: dict[int, tuple[int, int]]
    taken_over_cash_units: int
    correction_units: int


def _traded_by_coin(copy: Copy) -> dict[int, _Traded]:
    is_buy, recounted = Q(quantity_units__gt=0), _quantities_today(copy)
    sums = (
        Allocation.objects.filter(ledger_account=copy.ledger_account_id)
        .values("order__market__base_id")
        .annotate(
            bought=Sum("value_units", filter=is_buy, default=0),
            sold=Sum("value_units", filter=~is_buy, default=0),
            fees=Sum("fee_units", default=0),
            bought_quantity=Sum("quantity_units", filter=is_buy, default=0),
            sold_quantity=Sum("quantity_units", filter=~is_buy, default=0),
        )
        .order_by()
    )
    traded = {}
    for row in sums:
        asset_id = row["order__market__base_id"]
        as_traded = (int(row["bought_quantity"]), -int(row["sold_quantity"]))
        bought_quantity_units, sold_quantity_units = recounted.get(asset_id, as_traded)
        traded[asset_id] = _Traded(
            bought_units=-int(row["bought"]),
            sold_units=int(row["sold"]),
            fee_units=int(row["fees"]),
            bought_quantity_units=bought_quantity_units,
            sold_quantity_units=sold_quantity_units,
        )
    return traded


def _quantities_today(copy: Copy) -> dict[int, tuple[int, int]]:
    """Return what a copy bought and sold of each coin that was counted anew, in today's units, by asset."""
    counted = recounts.load_recounts()
    quantities: dict[int, tuple[int, int]] = {}
    if not counted.by_market:
        return quantities
    shares = Allocation.objects.filter(ledger_account=copy.ledger_account_id, order__market__in=counted.by_market)
    columns = ("order__market__base_id", "order__market_id", "order_id", "quantity_units")
    for asset_id, market_id, order_id, units in shares.values_list(*columns):
        today = counted.units(units, market_id=market_id, order_id=order_id)
        bought, sold = quantities.get(asset_id, (0, 0))
        quantities[asset_id] = (bought + max(today, 0), sold - min(today, 0))
    return quantities


def _moves_of(copy: Copy, prices: PriceList) -> _Moves:
    wanted = (Journal.Kind.DUST, Journal.Kind.COPY_PAYOUT, Journal.Kind.CORRECTION)
    sums = (
        Posting.objects.filter(ledger_account=copy.ledger_account_id, journal__kind__in=wanted)
        .values("asset_id", "journal__kind")
        .annotate(units=Sum("units"))
        .order_by()
    )
    units = {(row["asset_id"], row["journal__kind"]): int(row["units"]) for row in sums}
    cash_id = prices.cash.pk
    coins = {
        asset_id: (
            -units.get((asset_id, Journal.Kind.DUST), 0),
            -units.get((asset_id, Journal.Kind.COPY_PAYOUT), 0),
        )
        for asset_id, _ in units
        if asset_id != cash_id
    }
    return _Moves(
        coins=coins,
        taken_over_cash_units=units.get((cash_id, Journal.Kind.DUST), 0),
        correction_units=units.get((cash_id, Journal.Kind.CORRECTION), 0),
    )


def _brought_by_rests(copy: Copy) -> dict[int, int]:
    """Return what the platform paid for the rest of each coin, by asset, as far as it was noted."""
    noted = Notice.objects.filter(copy=copy, kind__in=Notice.RESTS).order_by()
    sums = noted.values("asset_id").annotate(value=Sum("value_units", default=0))
    return {row["asset_id"]: int(row["value"]) for row in sums}


def _row_of(
    position: Position,
    traded_by_coin: dict[int, _Traded],
    moves: _Moves,
    brought: dict[int, int],
    prices: PriceList,
    unpriced: set[str],
) -> ResultRow:
    is_cash = position.asset_id == prices.cash.pk
    traded = traded_by_coin.get(position.asset_id, _Traded())
    taken_over, handed_over = (0, 0) if is_cash else moves.coins.get(position.asset_id, (0, 0))
    taken_over_value = brought.get(position.asset_id, 0)
    places = position.decimals - prices.cash.decimals
    return ResultRow(
        part=Part.CASH if is_cash else Part.COIN,
        symbol=position.symbol,
        name=position.name,
        colour=position.colour,
        decimals=position.decimals,
        units=position.units,
        value_units=position.value_units,
        weight=position.weight,
        lead_weight=position.lead_weight,
        average_price=_average(traded.bought_units, traded.bought_quantity_units, places),
        sold_price=_average(traded.sold_units, traded.sold_quantity_units, places),
        taken_over_units=taken_over,
        taken_over_value_units=taken_over_value,
        handed_over_units=handed_over,
        is_priced=position.symbol not in unpriced,
        result_units=None
        if is_cash
        else position.value_units + traded.sold_units - traded.bought_units - traded.fee_units + taken_over_value,
    )


def _average(value_units: int, quantity_units: int, places: int) -> Decimal | None:
    return (Decimal(value_units) / quantity_units).scaleb(places) if quantity_units else None


def _no_longer_held(coin: Coin) -> Position:
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


def _in_cents(rows: Sequence[ResultRow]) -> list[ResultRow]:
    """Return the rows with what is shown of them: cut to cents, and what was cut of the whole given to the nearest."""
    counted = [row.result_units for row in rows if row.result_units is not None]
    cut = [units // CENT_UNITS for units in counted]
    left_over = sum(counted) // CENT_UNITS - sum(cut)
    nearest = sorted(range(len(counted)), key=lambda place: -(counted[place] % CENT_UNITS))
    for place in nearest[:left_over]:
        cut[place] += 1
    shown = iter(cut)
    return [row if row.result_units is None else replace(row, shown_units=next(shown) * CENT_UNITS) for row in rows]
