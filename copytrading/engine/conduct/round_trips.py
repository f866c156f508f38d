"""
Round trips: to buy and sell the same again and again at the same price. It makes trades, turnover and a smooth record,
and nothing else.
"""

from collections import deque
from collections.abc import Sequence
from datetime import timedelta

from copytrading.engine.conduct.trades import Finding, Trade, by_coin

RULE = "round trips"
# There and back within so long ...
WITHIN = timedelta(minutes=10)
# ... of the same quantity but for so much of it ...
QUANTITY_APART = 0.05
# ... at prices that are no further apart: two fees of a thousandth and a spread eat what could be won by it.
PRICE_APART = 0.003
# So many within a day. One is a change of mind.
TRIPS, SPAN = 3, timedelta(days=1)


def find(trades: Sequence[Trade]) -> list[Finding]:
    """Return each day, counted from its first trip, with too many trips in one coin."""
    found: list[Finding] = []
    for coin, of_coin in by_coin(trades).items():
        trips = _trips(of_coin)
        first = 0
        while first < len(trips):
            span = [trip for trip in trips[first:] if trip[1].at - trips[first][0].at <= SPAN]
            if len(span) < TRIPS:
                first += 1
                continue
            value = sum(there.value + back.value for there, back in span)
            figures = f"{len(span)} times there and back, {value:,.0f} turned over"
            found.append(Finding(rule=RULE, first_at=span[0][0].at, last_at=span[-1][1].at, coin=coin, figures=figures))
            first += len(span)
    return found


def _trips(trades: Sequence[Trade]) -> list[tuple[Trade, Trade]]:
    """Return what came back soon, each trade in one trip at most."""
    trips: list[tuple[Trade, Trade]] = []
    waiting: deque[Trade] = deque()
    for trade in trades:
        while waiting and trade.at - waiting[0].at > WITHIN:
            waiting.popleft()
        there = next((one for one in waiting if _is_way_back(one, trade)), None)
        if there is None:
            waiting.append(trade)
        else:
            waiting.remove(there)
            trips.append((there, trade))
    return trips


def _is_way_back(there: Trade, back: Trade) -> bool:
    return (
        there.is_buy != back.is_buy
        and abs(there.quantity + back.quantity) <= QUANTITY_APART * abs(there.quantity)
        and abs(back.price - there.price) <= PRICE_APART * there.price
    )
