"""
Trades of one moment, in an order that can have been.

A file that says seconds, or minutes, does not say what came first within one. A sale above its purchase, or a purchase
above the sale that paid for it, then looks impossible and is not: whatever can be done next is next.
"""

from collections.abc import Sequence
from decimal import Decimal

from copytrading.engine.replay.lead_path import LeadTrade


def feasible_order(trades: Sequence[LeadTrade], *, lead_cash: Decimal, fee_rate: Decimal) -> list[int]:
    """
    Return the places (R,) of trades in an order of time in which the lead has what each sells and pays.

    Trades of one moment keep their order as far as that goes. Where none of them can be next they stay as they are,
    so that whoever goes through them finds the one that cannot be.
    """
    held: dict[int, Decimal] = {}
    cash = lead_cash
    order: list[int] = []
    waiting: list[int] = []
    for place, trade in enumerate(trades):
        if waiting and trades[waiting[0]].time != trade.time:
            cash = _take(waiting, trades=trades, held=held, cash=cash, fee_rate=fee_rate, order=order)
            waiting = []
        waiting.append(place)
    _take(waiting, trades=trades, held=held, cash=cash, fee_rate=fee_rate, order=order)
    return order


def _take(
    waiting: list[int],
    *,
    trades: Sequence[LeadTrade],
    held: dict[int, Decimal],
    cash: Decimal,
    fee_rate: Decimal,
    order: list[int],
) -> Decimal:
    """Put the trades of one moment into the order, and return the cash after them."""
    left = list(waiting)
    while left:
        following = next(
            (
                place
                for place in left
                if cash + trades[place].cash_change(fee_rate=fee_rate) >= 0
                and held.get(trades[place].asset, Decimal(0)) + trades[place].coins_change >= 0
            ),
            left[0],
        )
        left.remove(following)
        trade = trades[following]
        held[trade.asset] = held.get(trade.asset, Decimal(0)) + trade.coins_change
        cash += trade.cash_change(fee_rate=fee_rate)
        order.append(following)
    return cash
