"""
What one decision looks at, loaded together: the lead, its copies, the board, and what may be traded this moment.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.conf import settings

from accounts.models import Asset
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.exchange.registry import venue
from copytrading.models import Lead, LeadOrder, Order
from copytrading.queries import holdings
from copytrading.queries import market as market_queries
from copytrading.queries.holdings import CopyTable, LeadPortfolio
from copytrading.queries.market import Board
from copytrading.services import deciding
from copytrading.services.deciding import Rules, Wishes

# An exit that finds no buyer within the cap reaches one cap further each time, so that a stop does finish.
EXIT_STEP_SECONDS = 10
EXIT_SLIPPAGE_MAX = 0.10


@dataclass(frozen=True, kw_only=True)
class Scene:
    """
    Everything that one decision looks at.

    `lead_wish` is the lead's open orders by market in signed units (A,), `tradable` which markets take an order now,
    `slippage_max` how far from the mark an order may reach in each.
    """

    lead: Lead
    cash: Asset
    board: Board
    portfolio: LeadPortfolio
    copies: CopyTable
    lead_wish: IntArray
    lead_orders: FloatArray
    tradable: BoolArray
    slippage_max: FloatArray
    now: datetime


def platform_rules() -> Rules:
    """Return the platform's limits from the settings."""
    return Rules(
        drift_band=settings.SMARTSYNC_DRIFT_BAND,
        fee_rate=float(settings.SMARTSYNC_FEE_RATE),
        slippage_max=settings.SMARTSYNC_SLIPPAGE_CAP,
    )


def load_scene(lead: Lead, *, now: datetime) -> Scene:
    """Return what a decision for this lead looks at now."""
    cash = market_queries.cash_asset()
    board = market_queries.load_board(now=now)
    portfolio = holdings.load_lead(lead, board=board, cash=cash)
    copies = holdings.load_copies(lead, board=board, cash=cash)
    busy = Order.objects.filter(status__in=Order.OPEN, quantity_units__gt=0, venue_account=venue().account)
    is_busy = np.isin(board.market_ids, list(busy.values_list("market_id", flat=True)))
    return Scene(
        lead=lead,
        cash=cash,
        board=board,
        portfolio=portfolio,
        copies=copies,
        lead_wish=_lead_wish(lead, board, portfolio, now),
        lead_orders=_lead_orders(lead, board, now),
        tradable=board.listed & board.fresh & ~is_busy,
        slippage_max=_slippage_caps(copies, now),
        now=now,
    )


def _lead_wish(lead: Lead, board: Board, portfolio: LeadPortfolio, now: datetime) -> IntArray:
    """Return the lead's open orders netted by market (A,), cut to what the lead has."""
    wish = np.zeros_like(board.asset_ids)
    if portfolio.account_id is None:
        return wish
    orders = LeadOrder.objects.filter(lead=lead, status=LeadOrder.Status.SUBMITTED, expires_at__gt=now)
    for market_id, side, quantity, filled in orders.values_list("market_id", "side", "quantity_units", "filled_units"):
        sign = 1 if side == LeadOrder.Side.BUY else -1
        wish[board.market_ids == market_id] += sign * (quantity - filled)
    wish = np.maximum(wish, portfolio.held_units - portfolio.units)
    rules = platform_rules()
    costs = np.maximum(wish, 0) * np.nan_to_num(board.unit_prices) * (1 + rules.slippage_max) * (1 + rules.fee_rate)
    cash = portfolio.cash_units - portfolio.cash_held_units - deciding.ROUNDING_SLACK_UNITS * len(wish)
    if costs.sum() > cash:
        factor = max(cash, 0) / costs.sum()
        wish = np.where(wish > 0, np.floor(wish * factor).astype(np.int64), wish)
    return wish


def _lead_orders(lead: Lead, board: Board, now: datetime) -> FloatArray:
    """Return how many buy orders of the lead wait in each market (A,); one that is filled in part counts in part."""
    count = np.zeros(len(board.asset_ids))
    waiting = LeadOrder.objects.filter(
        lead=lead, status=LeadOrder.Status.SUBMITTED, side=LeadOrder.Side.BUY, expires_at__gt=now
    )
    for market_id, quantity, filled in waiting.values_list("market_id", "quantity_units", "filled_units"):
        count[board.market_ids == market_id] += (quantity - filled) / quantity
    return count


def _slippage_caps(copies: CopyTable, now: datetime) -> FloatArray:
    """Return the cap of each market (A,): wider, step by step, where a stop has waited for its sale."""
    waiting = np.where(copies.has_status("STOPPING"), now.timestamp() - copies.stopping_at, 0.0)
    longest = np.where(copies.units > 0, waiting[:, None], 0.0).max(axis=0, initial=0.0)
    steps = 1 + np.floor(longest / EXIT_STEP_SECONDS)
    cap = settings.SMARTSYNC_SLIPPAGE_CAP
    return np.minimum(cap * steps, max(EXIT_SLIPPAGE_MAX, cap))


def cap_prices(scene: Scene) -> FloatArray:
    """Return the dearest unit prices (A,) that a buy may reach by the rules."""
    return scene.board.unit_prices * (1 + settings.SMARTSYNC_SLIPPAGE_CAP)


def wishes_in(scene: Scene, *, buy_prices: FloatArray) -> Wishes:
    """Return what everybody wishes to trade, buys sized by `buy_prices` (A,)."""
    wishes = deciding.decide_wishes(
        board=scene.board,
        lead=scene.portfolio,
        lead_wish=scene.lead_wish,
        lead_orders=scene.lead_orders,
        copies=scene.copies,
        tradable=scene.tradable,
        buy_prices=buy_prices,
        settling=bool(scene.lead.settling_until and scene.lead.settling_until > scene.now),
        rules=platform_rules(),
    )
    # Where an exit has to reach further than the usual cap, it goes alone: nobody else pays for its haste.
    widened = scene.slippage_max > settings.SMARTSYNC_SLIPPAGE_CAP
    if widened.any():
        others = ~scene.copies.has_status("STOPPING")[:, None] & widened[None, :]
        return deciding.without(wishes, copies=others, lead=widened)
    return wishes
