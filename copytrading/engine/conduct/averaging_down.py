"""
Averaging down: to buy more and more of what falls, so that no loss is ever taken, until one is too large to be borne.

Copies pay for it twice: their profit share is counted on the small gains before, and they are in the large loss.
"""

from collections.abc import Sequence
from datetime import datetime

from copytrading.engine.conduct.trades import Finding, Trade, by_coin

RULE = "averaging down"
# A buy counts where it is so far below what was paid on average: less is the breath of a market. Of two hundred traders
# by chance in ninety days of 3 % a day these three find 7; with 5 %, and twice as much paid, it would be 51.
BELOW_AVERAGE = 0.08
# So many of them without a sale in between: two are a second thought, three are a method.
BUYS = 3
# What was paid in all is so many times what it was before the first of them. A saver who buys for the same value every
# week stays below it, since each buy is small beside what is there.
TIMES_PAID = 3.0


def find(trades: Sequence[Trade]) -> list[Finding]:
    """Return each run of buys into a fall, from one that closed or turned the position to the next."""
    return [finding for of_coin in by_coin(trades).values() for finding in _in_one_coin(of_coin)]


def _in_one_coin(trades: Sequence[Trade]) -> list[Finding]:
    found: list[Finding] = []
    quantity = paid = paid_before = 0.0
    run: list[Trade] = []

    def end_run(ended: list[Trade], *, paid_now: float, paid_at_first: float) -> None:
        if len(ended) >= BUYS and paid_now >= TIMES_PAID * paid_at_first:
            figures = f"{len(ended)} buys into a fall, {paid_now / paid_at_first:.1f} times what was paid before"
            found.append(_finding(ended[0].coin, ended[0].at, ended[-1].at, figures))

    for trade in trades:
        average = paid / quantity if quantity > 0 else None
        is_into_fall = trade.is_buy and average is not None and trade.price <= average * (1 - BELOW_AVERAGE)
        is_turn = not trade.is_buy or (average is not None and trade.price >= average)
        if is_turn:
            end_run(run, paid_now=paid, paid_at_first=paid_before)
            run = []
        elif is_into_fall:
            paid_before = paid_before if run else paid
            run = [*run, trade]
        if trade.is_buy:
            quantity, paid = quantity + trade.quantity, paid + trade.value
        elif average is not None:
            quantity = max(0.0, quantity + trade.quantity)
            paid = quantity * average
    end_run(run, paid_now=paid, paid_at_first=paid_before)
    return found


def _finding(coin: str, first_at: datetime, last_at: datetime, figures: str) -> Finding:
    return Finding(rule=RULE, first_at=first_at, last_at=last_at, coin=coin, figures=figures)
