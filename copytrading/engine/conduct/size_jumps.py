"""
Size jumps: a buy far larger than all before it. A record of small trades says nothing about the one that is all in.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from statistics import median

from copytrading.engine.conduct.trades import Finding, Trade

RULE = "size jump"
# Compared with the last buys, of which there must be enough to be a habit.
LAST_BUYS, BUYS_MIN = 20, 10
# So many times what is usual: leads that scale by conviction stay within three or four.
TIMES_USUAL = 5.0
# And so much of what the lead had: five times next to nothing moves no copy.
SHARE_OF_EQUITY = 0.2


def find(trades: Sequence[Trade], *, equity_at: Callable[[datetime], float | None]) -> list[Finding]:
    """
    Return each buy that is far out of the lead's own habit. Sales are none: to leave what was built in steps is usual.

    :param equity_at: what the lead was worth at a moment, in cash; None where that is not known.
    """
    found: list[Finding] = []
    before: list[float] = []
    for trade in sorted((trade for trade in trades if trade.is_buy), key=lambda trade: trade.at):
        usual = median(before[-LAST_BUYS:]) if len(before) >= BUYS_MIN else None
        equity = equity_at(trade.at) if usual and trade.value >= TIMES_USUAL * usual else None
        if usual and equity and trade.value >= SHARE_OF_EQUITY * equity:
            figures = f"{trade.value / usual:.1f} times the usual buy, {trade.value / equity:.0%} of the lead's worth"
            found.append(
                Finding(rule=RULE, first_at=trade.at, last_at=trade.at, coin=trade.coin, figures=figures),
            )
        before.append(trade.value)
    return found
