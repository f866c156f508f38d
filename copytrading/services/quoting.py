"""
What something would trade and cost, before it is done: the same decision as in earnest, priced against the same books.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
from django.conf import settings

from copytrading.engine.adjustments import Reason
from copytrading.engine.arrays import IntArray
from copytrading.engine.profit_share import ShareState
from copytrading.exchange.markets import Book
from copytrading.exchange.orders import Side
from copytrading.models import Market
from copytrading.queries import market as market_queries
from copytrading.queries.holdings import CopyTable, CustomTerms
from copytrading.services import deciding, listings
from copytrading.services.bunching import coins, offer_of, unit_price, units_of
from copytrading.services.deciding import Wishes
from copytrading.services.scene import Scene, cap_prices, platform_rules


@dataclass(frozen=True, kw_only=True)
class PlannedTrade:
    """One market's trade as it would be: units of the coin, its value and cost (fee and spread) in quote units."""

    symbol: str
    asset_symbol: str
    market: Market
    side: str
    quantity_units: int
    value_units: int
    cost_units: int
    price: Decimal
    adjustments: tuple[Reason, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Quote:
    """What a change would trade, what that costs, and the cash it leaves; all values in quote units."""

    trades: tuple[PlannedTrade, ...]
    cost_units: int
    cash_after_units: int
    equity_units: int


def quote_copy(scene: Scene, copies: CopyTable) -> Quote:
    """
    Return what one copy (a table of one row) would trade now in this scene.

    The books are asked; no transaction may be open.
    """
    assert len(copies.ids) == 1, "a quote is for one copy"
    nothing = np.zeros_like(scene.lead_wish)
    portfolio = replace(scene.portfolio, pending_units=nothing, pending_orders=nothing)
    scene = replace(scene, copies=copies, own=scene.own.without(range(len(scene.lead_wish))), portfolio=portfolio)
    first = _wishes(scene, cap_prices(scene))
    markets = market_queries.markets().in_bulk(_market_ids(scene, first.copies[0]))
    books = {pk: listings.offers_of(market, now=scene.now) for pk, market in markets.items()}
    prices = cap_prices(scene)
    for place in np.flatnonzero(first.copies[0]):
        market = markets[int(scene.board.market_ids[place])]
        offer = offer_of(
            market=market,
            book=books[market.pk],
            mark=market.mark.price,
            net_units=int(first.copies[0, place]),
            slippage_max=settings.SMARTSYNC_SLIPPAGE_CAP,
        )
        prices[place] = unit_price(market, offer.price_buy_max)
    units = _wishes(scene, prices).copies[0]
    trades = tuple(
        trade_of(market=markets[int(scene.board.market_ids[place])], book=books, signed_units=int(units[place]))
        for place in np.flatnonzero(units)
    )
    return summarise(trades, cash_units=int(copies.cash_units[0]), equity=float(copies.equity(scene.board)[0]))


def trade_of(*, market: Market, book: dict[int, Book], signed_units: int) -> PlannedTrade:
    """Return what trading a quantity would do to this book: the price it reaches on average, and what it costs."""
    side = Side.BUY if signed_units > 0 else Side.SELL
    quantity = coins(abs(signed_units), market.base.decimals)
    own_book = book[market.pk]
    price = _average_price(own_book, side, quantity) or market.mark.price
    value = quantity * price
    mid = own_book.mid or market.mark.price
    cost = value * Decimal(str(settings.SMARTSYNC_FEE_RATE)) + abs(price - mid) * quantity
    reasons = (Reason.BELOW_VENUE_MINIMUM,) if _is_below_minimum(market, value) else ()
    return PlannedTrade(
        symbol=market.symbol,
        asset_symbol=market.base.symbol,
        market=market,
        side=side.value,
        quantity_units=abs(signed_units),
        value_units=units_of(value, market.quote.decimals),
        cost_units=units_of(cost, market.quote.decimals),
        price=price,
        adjustments=reasons,
    )


def summarise(trades: tuple[PlannedTrade, ...], *, cash_units: int, equity: float) -> Quote:
    """Return the quote of some trades on some cash."""
    fee = Decimal(str(settings.SMARTSYNC_FEE_RATE))
    cash = cash_units
    for trade in trades:
        fees = int(trade.value_units * fee)
        cash += -trade.value_units - fees if trade.side == Side.BUY else trade.value_units - fees
    return Quote(
        trades=trades,
        cost_units=sum(trade.cost_units for trade in trades),
        cash_after_units=cash,
        equity_units=round(equity) if np.isfinite(equity) else 0,
    )


def one_copy(
    scene: Scene,
    *,
    cash_units: int,
    stopping: bool = False,
    units: IntArray | None = None,
    baseline_units: IntArray | None = None,
    owed_units: int = 0,
    share_state: ShareState | None = None,
    custom: CustomTerms | None = None,
    weight_max: float = np.nan,
) -> CopyTable:
    """Return a table with one copy as it might be: aligning to the lead, or stopping."""
    width = len(scene.board.asset_ids)
    nothing = np.zeros((1, width), dtype=np.int64)
    cash = np.array([cash_units], dtype=np.int64)
    return CopyTable(
        ids=np.zeros(1, dtype=np.int64),
        account_ids=np.zeros(1, dtype=np.int64),
        invested_units=cash,
        stop_loss_units=np.full(1, np.nan),
        status=np.array([3 if stopping else 1]),
        owed_units=np.array([owed_units]),
        share_state=share_state or ShareState(issued_units=cash, mark_value_units=cash, rate_millionths=0 * cash),
        custom=custom or _no_terms(width),
        weight_max=np.array([weight_max]),
        aligning=np.ones(1, dtype=np.bool_),
        stopping_at=np.full(1, np.nan),
        cash_units=cash,
        cash_held_units=np.zeros(1, dtype=np.int64),
        units=nothing if units is None else units[None, :],
        held_units=nothing,
        baseline_units=nothing if baseline_units is None else baseline_units[None, :],
        baseline_survival=scene.portfolio.survival[None, :].copy(),
        baseline_epoch=scene.portfolio.epoch[None, :].copy(),
    )


def _no_terms(width: int) -> CustomTerms:
    none = np.full(1, np.nan)
    return CustomTerms(
        applies=np.zeros(1, dtype=np.bool_),
        order_values=none,
        ratios=none,
        order_values_max=none,
        total_values_max=none,
        chosen=np.ones((1, width), dtype=np.bool_),
    )


def _wishes(scene: Scene, prices: np.ndarray) -> Wishes:
    # Sells pay for buys within the same quote, so the buys are planned on what the sells would bring.
    wishes = _decide(scene, scene.copies, prices)
    sells = np.minimum(wishes.copies, 0)
    if not sells.any() or not (scene.copies.status == 1).all():
        return wishes
    rules = platform_rules()
    proceeds = (-sells * np.nan_to_num(scene.board.unit_prices)).sum(axis=1) * (1 - rules.fee_rate)
    richer = replace(
        scene.copies,
        cash_units=scene.copies.cash_units + np.floor(proceeds).astype(np.int64),
        units=scene.copies.units + sells,
    )
    bought = _decide(scene, richer, prices)
    return replace(bought, copies=sells + np.maximum(bought.copies, 0))


def _decide(scene: Scene, copies: CopyTable, prices: np.ndarray) -> Wishes:
    return deciding.decide_wishes(
        board=scene.board,
        lead=scene.portfolio,
        lead_wish=scene.lead_wish,
        lead_orders=scene.lead_orders,
        copies=copies,
        tradable=scene.board.listed & scene.board.fresh,
        buy_prices=prices,
        settling=False,
        rules=platform_rules(),
    )


def _market_ids(scene: Scene, units: IntArray) -> list[int]:
    return [int(market_id) for market_id in scene.board.market_ids[units != 0]]


def _average_price(book: Book, side: Side, quantity: Decimal) -> Decimal | None:
    left, value = quantity, Decimal(0)
    for level in book.asks if side is Side.BUY else book.bids:
        taken = min(left, level.quantity)
        left, value = left - taken, value + taken * level.price
        if not left:
            break
    reached = quantity - left
    return value / reached if reached else None


def _is_below_minimum(market: Market, value: Decimal) -> bool:
    return units_of(value, market.quote.decimals) < market.value_min_units
