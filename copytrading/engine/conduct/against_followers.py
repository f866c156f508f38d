"""
Trading against followers: the copies buy what the lead says, and the lead's other account sells it to them, or has
bought it just before.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import timedelta

from copytrading.engine.conduct.trades import Finding, Trade, by_coin

RULE = "against followers"
# So near to a trade of the copies, before or after it.
WITHIN = timedelta(minutes=10)
# An own trade counts from this value on, in cash: less cannot live on others' orders.
VALUE_MIN = 100.0
# So many trades of the copies within this time. A wallet that is put in order meets one by chance.
TIMES, SPAN = 3, timedelta(days=30)


def find(*, followed: Sequence[Trade], own: Sequence[Trade], led: Sequence[Trade] = ()) -> list[Finding]:
    """
    Return each month with too many trades of the copies that the lead's own money met from the other side.

    Met is a trade of the copies where own money went the other way at most ten minutes apart, or the same way in the
    ten minutes before it.

    :param followed: what the copies of the lead traded, without the lead's own share.
    :param own: what the same person traded for themselves, with money that no copy follows.
    :param led: what they traded elsewhere in the account that is followed. It goes ahead of the copies by its nature,
        so only what is turned the other way after them counts.
    """
    found: list[Finding] = []
    own_by_coin = by_coin(trade for trade in own if trade.value >= VALUE_MIN)
    led_by_coin = by_coin(trade for trade in led if trade.value >= VALUE_MIN)
    for coin, trades in by_coin(followed).items():
        met = [
            trade
            for trade in trades
            if any(one.is_buy != trade.is_buy or one.at < trade.at for one in _near(trade, own_by_coin.get(coin, [])))
            or any(one.is_buy != trade.is_buy and one.at > trade.at for one in _near(trade, led_by_coin.get(coin, [])))
        ]
        first = 0
        while first < len(met):
            span = [trade for trade in met[first:] if trade.at - met[first].at <= SPAN]
            if len(span) < TIMES:
                first += 1
                continue
            value = sum(trade.value for trade in span)
            figures = f"{len(span)} trades of copies, {value:,.0f} in value, were met by the lead's own"
            found.append(Finding(rule=RULE, first_at=span[0].at, last_at=span[-1].at, coin=coin, figures=figures))
            first += len(span)
    return found


def _near(trade: Trade, others: Sequence[Trade]) -> Sequence[Trade]:
    """Return those of some trades in the order of time that are near to one."""
    first = bisect_left(others, trade.at - WITHIN, key=lambda one: one.at)
    return others[first : bisect_right(others, trade.at + WITHIN, key=lambda one: one.at)]
