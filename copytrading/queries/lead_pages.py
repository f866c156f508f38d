"""A lead's own page: the record over a period, the portfolio as ratios, and what happened last."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from copytrading.models import Lead, LeadFlow, LeadOrder
from copytrading.queries import leads, records
from copytrading.queries.leads import LeadCard
from copytrading.queries.portfolios import PriceList, lead_portfolio, price_list

PERIODS = (7, 30, 90, 365, records.ALL_DAYS)
CURVE_POINTS = 300
EVENTS_MAX = 12


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
    """What a lead holds as ratios, heaviest first and cash last; empty while it has no value."""

    holdings: tuple[Holding, ...]
    equity_units: int
    unpriced: tuple[str, ...]

    @property
    def cash_weight(self) -> float:
        return self.holdings[-1].weight if self.holdings else 0.0


@dataclass(frozen=True, kw_only=True)
class LeadEvent:
    """
    Something a lead did: a trade (`symbol` is set) or money moved in or out.

    `units` are base units of a trade and quote units of a flow, positive for bought and moved in.
    """

    happened_at: datetime
    units: int
    symbol: str = ""
    decimals: int = 8
    price: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class LeadStatistics:
    """A lead's whole record so far, besides the figures of the card."""

    fall: records.Fall | None
    volatility: float | None
    trades: int
    trades_a_week: float | None


@dataclass(frozen=True, kw_only=True)
class Curve:
    """The return over a period as a series of (time, percent), oldest first, and where it ended as a fraction."""

    days: int
    points: tuple[tuple[datetime, float], ...]

    @property
    def return_fraction(self) -> float | None:
        return self.points[-1][1] / 100 if len(self.points) > 1 else None


def curve_of(lead: Lead, *, days: int, now: datetime) -> Curve:
    """Return how a lead did over some days, from 0 % at the first record."""
    # "All" begins with the lead: buckets over a century would leave one point of it.
    span = min(days, leads.days_leading(lead, now=now) + 1)
    series = records.curves_of([lead.pk], days=span, points=CURVE_POINTS, now=now).get(lead.pk, [])
    first = series[0][1] if series else 1.0
    return Curve(days=days, points=tuple((when, (price / first - 1) * 100) for when, price in series))


def portfolio_of(lead: Lead, *, prices: PriceList | None = None) -> Portfolio:
    """Return what a lead holds now at the marks, as ratios. A coin without a mark counts nothing and is named."""
    prices = prices or price_list()
    held = lead_portfolio(lead, prices=prices)
    values = held * np.append(prices.unit_prices, 1.0)
    equity = float(values.sum())
    if equity <= 0:
        return Portfolio(holdings=(), equity_units=0, unpriced=())
    coins = [
        Holding(symbol=coin.symbol, name=coin.name, colour=coin.colour, weight=float(value / equity), price=coin.price)
        for coin, value in zip(prices.coins, values[:-1], strict=True)
        if value > 0
    ]
    cash = Holding(symbol="Cash", name=prices.cash.symbol, colour=0, weight=float(values[-1] / equity), price=None)
    return Portfolio(
        holdings=(*sorted(coins, key=lambda coin: -coin.weight), cash),
        equity_units=int(equity),
        unpriced=tuple(
            coin.symbol for coin, units in zip(prices.coins, held[:-1], strict=True) if units and coin.price is None
        ),
    )


def statistics_of(card: LeadCard, *, now: datetime) -> LeadStatistics:
    """Return the rest of a lead's figures."""
    lead = card.lead
    trades = LeadOrder.objects.filter(lead=lead, filled_units__gt=0).count()
    return LeadStatistics(
        fall=records.deepest_fall_of(lead.pk),
        volatility=records.volatility_of(lead.pk),
        trades=trades,
        trades_a_week=trades / card.days_leading * 7 if card.days_leading >= 7 else None,
    )


def events_of(lead: Lead) -> list[LeadEvent]:
    """Return what a lead did last, trades and transfers together, latest first."""
    orders = (
        LeadOrder.objects.filter(lead=lead, filled_units__gt=0)
        .select_related("market__base", "market__quote")
        .order_by("-submitted_at", "-id")[:EVENTS_MAX]
    )
    flows = LeadFlow.objects.filter(lead=lead).order_by("-moved_at", "-id")[:EVENTS_MAX]
    events = [_trade(order) for order in orders]
    events += [LeadEvent(happened_at=flow.moved_at, units=flow.units) for flow in flows]
    return sorted(events, key=lambda event: event.happened_at, reverse=True)[:EVENTS_MAX]


def _trade(order: LeadOrder) -> LeadEvent:
    base, quote = order.market.base, order.market.quote
    unit_price = Decimal(order.value_units) / Decimal(order.filled_units)
    return LeadEvent(
        happened_at=order.finished_at or order.submitted_at,
        units=order.filled_units if order.side == LeadOrder.Side.BUY else -order.filled_units,
        symbol=base.symbol,
        decimals=base.decimals,
        price=abs(unit_price).scaleb(base.decimals - quote.decimals),
    )
