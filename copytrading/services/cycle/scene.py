"""
What one decision looks at, loaded together: the lead, its copies, the board, and what may be traded this moment.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from django.conf import settings
from django.db.models import Q

from accounts.models import Asset
from copytrading.engine.arrays import BoolArray, FloatArray, IntArray
from copytrading.exchange.markets import Book
from copytrading.exchange.registry import venue
from copytrading.models import Lead, Order
from copytrading.queries import halts, holdings
from copytrading.queries import market as market_queries
from copytrading.queries.holdings import CopyTable, LeadPortfolio
from copytrading.queries.market import Board
from copytrading.services.cycle import deciding, lead_wishes
from copytrading.services.cycle.deciding import Rules, Wishes
from copytrading.services.cycle.lead_wishes import LeadWish

# An exit that finds no buyer within the cap reaches one cap further each time, so that a stop does finish.
EXIT_STEP_SECONDS = 10
EXIT_SLIPPAGE_MAX = 0.10
# A market whose venue, or whose limits, refused an order is left alone for so long: asking again at once is no use.
AFTER_REFUSAL_SECONDS = 10


@dataclass(frozen=True, kw_only=True)
class Scene:
    """
    Everything that one decision looks at.

    `own` is what the lead's open orders ask for, `tradable` which markets take an order now, `slippage_max` how far
    from the mark an order may reach in each.
    """

    lead: Lead
    cash: Asset
    board: Board
    portfolio: LeadPortfolio
    copies: CopyTable
    own: LeadWish
    tradable: BoolArray
    slippage_max: FloatArray
    now: datetime

    @property
    def lead_wish(self) -> IntArray:
        """Return the lead's open orders by market in signed units (A,)."""
        return self.own.units

    @property
    def widened(self) -> BoolArray:
        """Return the markets (A,) in which an exit has to reach further than the usual cap."""
        return np.asarray(self.slippage_max > settings.SMARTSYNC_SLIPPAGE_CAP, dtype=np.bool_)

    @property
    def lead_orders(self) -> FloatArray:
        """Return how many buy orders of the lead that is (A,)."""
        return self.own.orders


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
    rules = platform_rules()
    return Scene(
        lead=lead,
        cash=cash,
        board=board,
        portfolio=portfolio,
        copies=copies,
        own=lead_wishes.load_lead_wish(
            lead,
            board=board,
            portfolio=portfolio,
            exits=np.asarray((copies.units[copies.has_status("STOPPING")] > 0).any(axis=0), dtype=np.bool_),
            cost_factor=(1 + rules.slippage_max) * (1 + rules.fee_rate),
            slack=deciding.ROUNDING_SLACK_UNITS * len(board.asset_ids),
            now=now,
        ),
        tradable=board.listed & board.fresh & ~_is_waiting(board, now) & ~_is_halted(lead, board, cash),
        slippage_max=_slippage_caps(copies, now),
        now=now,
    )


def within_limits(scene: Scene, *, books: dict[int, Book]) -> Scene:
    """Return the scene without the lead's limit orders whose price the book of their market does not reach."""
    market_ids = scene.board.market_ids
    far = [
        place
        for place, price_limit in scene.own.limits.items()
        if (book := books.get(int(market_ids[place]))) is None
        or not scene.lead_wish[place]
        or not lead_wishes.reaches(book, is_buy=bool(scene.lead_wish[place] > 0), price_limit=price_limit)
    ]
    return replace(scene, own=scene.own.without(far)) if far else scene


def _is_waiting(board: Board, now: datetime) -> BoolArray:
    """Return the markets (A,) with an order on its way, or one that was refused a moment ago."""
    orders = Order.objects.filter(venue_account=venue().account, quantity_units__gt=0)
    waiting = orders.filter(
        Q(status__in=Order.OPEN, booked_at__isnull=True)
        | Q(answered_at__gt=now - timedelta(seconds=AFTER_REFUSAL_SECONDS), status=Order.Status.REJECTED)
        | Q(answered_at__gt=now - timedelta(seconds=AFTER_REFUSAL_SECONDS), status=Order.Status.CANCELED)
        & ~Q(refusal="")
    )
    return np.isin(board.market_ids, list(waiting.values_list("market_id", flat=True)))


def _is_halted(lead: Lead, board: Board, cash: Asset) -> BoolArray:
    """Return the markets (A,) in which a kill switch lets nothing be sent for this lead."""
    standing = halts.standing_halts()
    if standing.platform or lead.pk in standing.lead_ids or cash.pk in standing.asset_ids:
        return np.ones(len(board.asset_ids), dtype=np.bool_)
    by_market = np.isin(board.market_ids, list(standing.market_ids))
    return np.asarray(by_market | np.isin(board.asset_ids, list(standing.asset_ids)), dtype=np.bool_)


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
    # An exit that reaches further goes alone: nobody else pays for its haste.
    if scene.widened.any():
        others = ~scene.copies.has_status("STOPPING")[:, None] & scene.widened[None, :]
        return deciding.without(wishes, copies=others, lead=scene.widened)
    return wishes
