"""
The invented leads while the market runs: each looks at the prices, and at its turn trades like a person would.

A lead takes one step at a time toward what its rule says. At its turn it

    1. sells a little of the coin it has most too much of,
    2. waits until that is filled,
    3. buys a little of the coin it has most too little of.

So there is something to watch every minute, and fees do not eat a demo that runs for days. A turn is numbered by the
clock and an order's key names it, so a feed that is started again in the middle of a turn orders nothing twice.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from copytrading.engine.arrays import FloatArray, IntArray
from copytrading.engine.holdings.portfolios import LeadPortfolio
from copytrading.engine.market.board import Board
from copytrading.exchange.markets import Quote
from copytrading.models import Lead, LeadOrder, Market
from copytrading.queries import holdings
from copytrading.queries.market import board as market_queries
from copytrading.queries.rules import platform_rules
from copytrading.services.feed import source as price_feed
from copytrading.services.leads import orders as lead_orders
from copytrading.services.refusals import Refusal
from copytrading.worlds.demo.characters import CHARACTERS, LOOKS_BACK_PAUSES, Character

# A turn's trades begin up to this share of the pause after it, so that leads do not move like clockwork.
LATE_SHARE_MAX = 0.25
# A step moves at most this share of equity out of one coin, and as much into another.
STEP_WEIGHT_MAX = 0.06
# A smaller difference, as a share of equity, is not worth a trade; neither is less than a few venue minimums.
TRADE_WEIGHT_MIN = 0.015
TRADE_MINIMUMS = 2
# Buys leave a little cash: the book's spread and the fee come on top of the mark.
SPENT_SHARE_MAX = 0.985
# After a start, until there is something to look back on.
LOOKS_MIN = 10


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A trade that a lead wants, in units of the base asset."""

    market_id: int
    side: LeadOrder.Side
    units: int


class DemoLeads:
    """The invented leads and what they have seen since the feed started: one look a second, in memory."""

    def __init__(self, *, characters: Sequence[Character] = CHARACTERS) -> None:
        self._characters = characters
        self._done_turns: dict[str, int] = {}
        looks_max = LOOKS_BACK_PAUSES * max(character.pause_seconds for character in characters)
        self._looks: deque[dict[str, float]] = deque(maxlen=looks_max)

    def look(self, *, quotes: Iterable[Quote]) -> None:
        """Remember what every pair costs now."""
        self._looks.append({quote.symbol: float(quote.price) for quote in quotes})

    def act(self, *, now: datetime) -> int:
        """Let every lead whose turn it is trade, and return how many orders they gave."""
        if len(self._looks) < LOOKS_MIN:
            return 0
        return sum(self._act(character, now=now) for character in self._characters if self._is_due(character, now))

    def _is_due(self, character: Character, now: datetime) -> bool:
        turn = turn_at(character, now=now)
        late = lateness(character, turn=turn)
        return self._done_turns.get(character.name) != turn and now.timestamp() >= turn * character.pause_seconds + late

    def _act(self, character: Character, *, now: datetime) -> int:
        turn = turn_at(character, now=now)
        lead = lead_of(character)
        if lead is None:
            self._done_turns[character.name] = turn
            return 0
        orders = lead.orders.filter(status=LeadOrder.Status.SUBMITTED)
        if orders.filter(expires_at__gt=now).exists():
            return 0
        wishes = self._wishes(character, lead=lead, turn=turn, now=now)
        given_sides = set(lead.orders.filter(idempotency_key__startswith=_key(turn)).values_list("side", flat=True))
        sells = [wish for wish in wishes if wish.side == LeadOrder.Side.SELL]
        if sells and not given_sides:
            return submit(lead, sells, turn=turn, now=now)
        # Nothing is left to sell in this turn, so the cash that there is can be spent.
        self._done_turns[character.name] = turn
        if LeadOrder.Side.BUY in given_sides:
            return 0
        return submit(lead, [wish for wish in wishes if wish.side == LeadOrder.Side.BUY], turn=turn, now=now)

    def _wishes(self, character: Character, *, lead: Lead, turn: int, now: datetime) -> list[Wish]:
        board = market_queries.load_board(now=now, rules=platform_rules())
        portfolio = holdings.load_lead(lead, board=board, cash=market_queries.cash_asset())
        symbols, places = tradable_places(board)
        looks = list(self._looks)[-LOOKS_BACK_PAUSES * character.pause_seconds :]
        known = [place for place, symbol in enumerate(symbols) if symbol in looks[-1]]
        if not known or not np.isfinite(portfolio.equity(board)):
            return []
        closes = np.array([[look.get(symbols[place], np.nan) for place in known] for look in looks])
        weights = np.zeros(len(board.asset_ids))
        weights[places[known]] = character.weights(closes=_filled_back(closes), turn=turn)
        step = one_step(weights, portfolio=portfolio, board=board)
        return wishes_toward(step, portfolio=portfolio, board=board)


def turn_at(character: Character, *, now: datetime) -> int:
    """Return the number of a character's present turn."""
    return int(now.timestamp()) // character.pause_seconds


def lateness(character: Character, *, turn: int) -> float:
    """Return how many seconds after its turn began a character trades: always the same for the same turn."""
    # Multiples of the golden ratio spread evenly, whatever the turn begins with.
    place = (turn + len(character.name)) * 0.618_033_988_75 % 1
    return float(place * LATE_SHARE_MAX * character.pause_seconds)


def lead_of(character: Character) -> Lead | None:
    """Return the lead that plays a character, while it leads."""
    return Lead.objects.filter(user__email=character.email, status=Lead.Status.ACTIVE).first()


def tradable_places(board: Board) -> tuple[tuple[str, ...], IntArray]:
    """Return the pairs that can be traded now, largest coin first, and their places on the board."""
    symbols = dict(Market.objects.values_list("pk", "symbol"))
    places = np.flatnonzero(board.fresh & board.listed)
    place_of = {symbols[market_id]: place for place, market_id in zip(places, board.market_ids[places], strict=True)}
    ordered = price_feed.by_size(place_of)
    return ordered, np.array([place_of[symbol] for symbol in ordered], dtype=np.int64)


def one_step(weights: FloatArray, *, portfolio: LeadPortfolio, board: Board) -> FloatArray:
    """Return weights (A,) that are one step nearer: the present ones, but for the coin furthest above and below."""
    held = np.where(portfolio.units == 0, 0.0, portfolio.units * board.unit_prices) / portfolio.equity(board)
    differences = np.where(board.fresh & board.listed, weights - held, 0.0)
    step = held.copy()
    for place in {int(differences.argmin()), int(differences.argmax())}:
        is_near = abs(differences[place]) <= STEP_WEIGHT_MAX
        # The weight itself and not a sum that comes close to it: a coin that goes to nothing is sold to the last lot.
        step[place] = weights[place] if is_near else held[place] + np.sign(differences[place]) * STEP_WEIGHT_MAX
    return step


def wishes_toward(weights: FloatArray, *, portfolio: LeadPortfolio, board: Board) -> list[Wish]:
    """Return the trades, sells first, that bring a portfolio to weights (A,) where that is worth a trade."""
    equity = portfolio.equity(board)
    unit_prices = np.where(np.isnan(board.unit_prices), 0.0, board.unit_prices)
    differences = weights * equity - portfolio.units * unit_prices
    leaving = (weights == 0) & (portfolio.units > 0)
    worth = np.maximum(np.where(leaving, 0.0, equity * TRADE_WEIGHT_MIN), TRADE_MINIMUMS * board.value_min_units)
    trading = board.fresh & board.listed & (np.abs(differences) >= worth)

    spent = differences[trading & (differences > 0)].sum()
    affordable = (
        min(1.0, (portfolio.cash_units - portfolio.cash_held_units) * SPENT_SHARE_MAX / spent) if spent else 1.0
    )
    wishes = []
    for place in np.flatnonzero(trading)[np.argsort(differences[trading], kind="stable")].tolist():
        sells = differences[place] < 0
        units = int(portfolio.units[place])
        if not (sells and leaving[place]):
            units = int(abs(differences[place]) * (1.0 if sells else affordable) / unit_prices[place])
        lots = units // int(board.lot_units[place])
        if lots and lots * int(board.lot_units[place]) * unit_prices[place] >= board.value_min_units[place]:
            side = LeadOrder.Side.SELL if sells else LeadOrder.Side.BUY
            wishes.append(
                Wish(market_id=int(board.market_ids[place]), side=side, units=lots * int(board.lot_units[place]))
            )
    return wishes


def submit(lead: Lead, wishes: Sequence[Wish], *, turn: int, now: datetime) -> int:
    """Give the orders of a turn, each once, and return how many were taken."""
    taken = 0
    for wish in wishes:
        try:
            lead_orders.submit_lead_order(
                lead_id=lead.pk,
                market_id=wish.market_id,
                side=wish.side,
                quantity_units=wish.units,
                idempotency_key=f"{_key(turn)}{wish.side} {wish.market_id}",
                now=now,
            )
        except Refusal:
            # The market closed or an operator paused the lead meanwhile: there will be another turn.
            continue
        taken += 1
    return taken


def _key(turn: int) -> str:
    return f"turn {turn} "


def _filled_back(closes: FloatArray) -> FloatArray:
    """Return closes (looks, A) where a pair that came later has its first price before that too."""
    first_look = np.argmax(~np.isnan(closes), axis=0)
    first_closes = closes[first_look, np.arange(closes.shape[1])]
    filled = np.where(np.arange(len(closes))[:, None] < first_look, first_closes, closes)
    # One look without a quote keeps the latest price.
    for look in range(1, len(filled)):
        filled[look] = np.where(np.isnan(filled[look]), filled[look - 1], filled[look])
    return filled
