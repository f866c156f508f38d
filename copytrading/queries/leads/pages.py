"""A lead's own page: the curve of a period, the portfolio as ratios, what was traded last and what else happened."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from copytrading.engine.arrays import IntArray
from copytrading.engine.track_record import trade_record
from copytrading.engine.track_record.record import DAY_SECONDS
from copytrading.models import AccountMove, Lead, LeadFlow, LeadOrder, LeadStatusChange, Market, ObservedTrade
from copytrading.queries.copies.portfolios import PriceList, lead_portfolio, price_list
from copytrading.queries.leads import records
from copytrading.queries.leads.records import Series
from copytrading.queries.leads.statistics import moment_of, weights_when
from copytrading.queries.shown.visibility import Visibility
from copytrading.queries.shown.weights import KeptWeights, kept_weights

PERIODS = (7, 30, 90, 365, records.ALL_DAYS)
CURVE_POINTS = 300
EVENTS_MAX = 12
TRADES_A_PAGE, TRADES_A_STEP = 50, 500


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One coin of a lead, or the cash (colour 0), as a share of the whole; `price` is None for cash."""

    symbol: str
    name: str
    colour: int
    weight: float
    price: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Portfolio:
    """
    What a lead holds as ratios, heaviest first and cash last; empty while it has no value.

    `as_of` is the time of what is shown, None for now. `is_shown` is False where nothing is old enough to be seen yet.
    """

    holdings: tuple[Holding, ...] = ()
    unpriced: tuple[str, ...] = ()
    as_of: datetime | None = None
    is_shown: bool = True

    @property
    def cash_weight(self) -> float:
        return self.holdings[-1].weight if self.holdings else 0.0


@dataclass(frozen=True, kw_only=True)
class LeadTrade:
    """
    One order of a lead that filled: units of the coin, positive for bought, at `price` on average.

    `weight` is its value as a share of the portfolio then, None where nothing was recorded yet; `is_jump` tells that
    it was far larger than the orders of this lead before it.
    """

    id: int
    happened_at: datetime
    units: int
    symbol: str
    decimals: int
    price: Decimal
    weight: float | None
    is_jump: bool


@dataclass(frozen=True, kw_only=True)
class LeadEvent:
    """
    What followers should know besides trades: money moved (`units`, positive in) or a `status` that began; that copies
    on own accounts are taken from now on, or are not, is among those.

    `move` is the kind of a small move in an account elsewhere (see AccountMove), of `quantity` of a `symbol`, worth
    `units` then.
    """

    happened_at: datetime
    units: int = 0
    status: str = ""
    move: str = ""
    symbol: str = ""
    quantity: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The return over a period as a series of (time, percent), oldest first, and where it ended as a fraction."""

    days: int
    points: tuple[tuple[datetime, float], ...]

    @property
    def return_fraction(self) -> float | None:
        return self.points[-1][1] / 100 if len(self.points) > 1 else None


def curve_of(lead: Lead, *, days: int, now: datetime, series: Series | None = None) -> Curve:
    """Return how a lead did over some days, or since the start if that is later, from 0 % at the beginning."""
    series = records.series_of(lead.pk) if series is None else series
    if len(series) == 0:
        return Curve(days=days, points=())
    begins_at = int((lead.ended_at or now).timestamp()) - days * DAY_SECONDS
    # What the period begins with is the last price known then.
    first = max(int(np.searchsorted(series.times, begins_at, side="right")) - 1, 0)
    times, prices = np.maximum(series.times[first:], begins_at), series.unit_prices[first:]
    shown = _thinned(times)
    percents = (prices[shown] / prices[0] - 1) * 100
    return Curve(
        days=days,
        points=tuple(
            (moment_of(time), percent) for time, percent in zip(times[shown].tolist(), percents.tolist(), strict=True)
        ),
    )


def portfolio_of(lead: Lead, *, visibility: Visibility, prices: PriceList | None = None) -> Portfolio:
    """
    Return what a lead holds as ratios, as far as it may be seen: now at the marks, or as it was kept earlier.

    A coin without a mark counts nothing and is named.
    """
    prices = prices or price_list()
    if visibility.weights_until is not None:
        kept = kept_weights({lead.pk: visibility}).get(lead.pk)
        return Portfolio(is_shown=False) if kept is None else _kept_portfolio(kept, prices)
    held = lead_portfolio(lead, prices=prices)
    values = held * np.append(prices.unit_prices, 1.0)
    equity = float(values.sum())
    if equity <= 0:
        return Portfolio()
    coins = [
        Holding(symbol=coin.symbol, name=coin.name, colour=coin.colour, weight=float(value / equity), price=coin.price)
        for coin, value in zip(prices.coins, values[:-1], strict=True)
        if value > 0
    ]
    cash = Holding(symbol="Cash", name=prices.cash.symbol, colour=0, weight=float(values[-1] / equity), price=None)
    return Portfolio(
        holdings=(*sorted(coins, key=lambda coin: -coin.weight), cash),
        unpriced=tuple(
            coin.symbol for coin, units in zip(prices.coins, held[:-1], strict=True) if units and coin.price is None
        ),
    )


def trades_of(
    lead: Lead, *, visibility: Visibility, series: Series, below_id: int | None = None, count: int = EVENTS_MAX
) -> list[LeadTrade]:
    """
    Return what a lead traded last of what may be seen, latest first, and which of it was out of its own order of size.

    :param below_id: only what has a lower id than that.
    """
    elsewhere = lead.source == Lead.Source.OBSERVED
    deals = (_deals_seen if elsewhere else _deals_made)(
        lead, visibility.trades_until, below_id, count + trade_record.JUMP_HISTORY_MAX
    )
    if not deals:
        return []
    weights = np.zeros(len(deals))
    if len(series):
        weights = weights_when(
            series,
            times=np.array([deal.done_at.timestamp() for deal in deals]),
            values=np.array([float(abs(deal.cash_units)) for deal in deals]),
        )
    jumps = set(trade_record.size_jumps(weights=weights).tolist())
    trades = [
        _trade(deal, weight=float(weights[place]) if len(series) else None, is_jump=place in jumps)
        for place, deal in enumerate(deals)
    ]
    return trades[: -count - 1 : -1]


def all_trades_of(lead: Lead, *, visibility: Visibility, series: Series) -> Iterator[LeadTrade]:
    """Return everything that a lead traded and that may be seen, latest first, some hundred read at a time."""
    below_id: int | None = None
    while trades := trades_of(lead, visibility=visibility, series=series, below_id=below_id, count=TRADES_A_STEP):
        yield from trades
        below_id = trades[-1].id


def events_of(lead: Lead, *, visibility: Visibility, count: int = EVENTS_MAX) -> list[LeadEvent]:
    """
    Return when a lead moved money, got or paid a little, paused and went on, took own accounts or not, began and ended.

    Small moves elsewhere name coins, so they are shown as trades are; the rest everybody has to know at once.
    """
    flows = LeadFlow.objects.filter(lead=lead).order_by("-moved_at", "-id")[:count]
    changes = LeadStatusChange.objects.filter(lead=lead).order_by("-changed_at", "-id")[:count]
    events = [LeadEvent(happened_at=flow.moved_at, units=flow.units) for flow in flows]
    events += [LeadEvent(happened_at=change.changed_at, status=change.status) for change in changes]
    moves = AccountMove.objects.filter(lead=lead)
    if visibility.trades_until is not None:
        moves = moves.filter(moved_at__lte=visibility.trades_until)
    events += [
        LeadEvent(
            happened_at=move.moved_at,
            units=move.value_units,
            move=move.kind,
            symbol=move.symbol,
            quantity=move.quantity.normalize(),
        )
        for move in moves.order_by("-moved_at", "-id")[:count]
    ]
    if lead.ended_at:
        events.append(LeadEvent(happened_at=lead.ended_at, status=Lead.Status.ENDED))
    if lead.started_at:
        events.append(LeadEvent(happened_at=lead.started_at, status="BEGAN"))
    return sorted(events, key=lambda event: event.happened_at, reverse=True)[:count]


def _kept_portfolio(kept: KeptWeights, prices: PriceList) -> Portfolio:
    coins = [
        Holding(
            symbol=coin.symbol,
            name=coin.name,
            colour=coin.colour,
            weight=kept.weights[coin.asset_id],
            price=coin.price,
        )
        for coin in prices.coins
        if kept.weights.get(coin.asset_id, 0) > 0
    ]
    cash = Holding(symbol="Cash", name=prices.cash.symbol, colour=0, weight=kept.cash_weight, price=None)
    return Portfolio(holdings=(*sorted(coins, key=lambda coin: -coin.weight), cash), as_of=kept.recorded_at)


def _thinned(times: IntArray) -> IntArray:
    """Return the places of the first of some times and of the last in each of some hundred steps."""
    step = max((times[-1] - times[0]) / CURVE_POINTS, 1.0)
    lasts = np.flatnonzero(np.append(np.diff((times - times[0]) // step) > 0, True))
    return np.union1d([0], lasts).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class _Deal:
    """An order that filled, here or elsewhere: signed units of the coin, and the cash that was paid or got."""

    id: int
    done_at: datetime
    market: Market
    units: int
    cash_units: int


def _deals_made(lead: Lead, until: datetime | None, below_id: int | None, count: int) -> list[_Deal]:
    """Return the lead's last orders here that filled, oldest first; up to a time those that were done by then."""
    orders = LeadOrder.objects.filter(lead=lead, filled_units__gt=0).select_related("market__base", "market__quote")
    if until is not None:
        orders = orders.filter(finished_at__lte=until)
    if below_id is not None:
        orders = orders.filter(pk__lt=below_id)
    return [
        _Deal(
            id=order.pk,
            done_at=order.finished_at or order.submitted_at,
            market=order.market,
            units=order.filled_units if order.side == LeadOrder.Side.BUY else -order.filled_units,
            cash_units=order.value_units,
        )
        for order in list(orders.order_by("-submitted_at", "-id")[:count])[::-1]
    ]


def _deals_seen(lead: Lead, until: datetime | None, below_id: int | None, count: int) -> list[_Deal]:
    """Return what the lead was last seen to trade elsewhere, oldest first."""
    seen = ObservedTrade.objects.filter(lead=lead, market__isnull=False).exclude(units=0)
    if until is not None:
        seen = seen.filter(traded_at__lte=until)
    if below_id is not None:
        seen = seen.filter(pk__lt=below_id)
    trades = seen.select_related("market__base", "market__quote").order_by("-traded_at", "-id")[:count]
    return [
        _Deal(id=trade.pk, done_at=trade.traded_at, market=market, units=trade.units, cash_units=trade.cash_units)
        for trade in list(trades)[::-1]
        if (market := trade.market) is not None
    ]


def _trade(deal: _Deal, *, weight: float | None, is_jump: bool) -> LeadTrade:
    base, quote = deal.market.base, deal.market.quote
    unit_price = Decimal(deal.cash_units) / Decimal(deal.units)
    return LeadTrade(
        id=deal.id,
        happened_at=deal.done_at,
        units=deal.units,
        symbol=base.symbol,
        decimals=base.decimals,
        price=abs(unit_price).scaleb(base.decimals - quote.decimals),
        weight=weight,
        is_jump=is_jump,
    )
