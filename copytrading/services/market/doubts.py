"""
Coins in doubt: who is told when a doubt begins and ends, and the sentence with which money verbs refuse.

Which coins they are is read in queries/market/doubts.py; what people say of them is in verdicts.py.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from accounts.transactions import in_transaction
from copytrading.engine.market import marks
from copytrading.models import Alarm, Copy, Lead, Market, Notice
from copytrading.queries.market import doubts as doubt_queries
from copytrading.queries.market.doubts import Why
from copytrading.services.refusals import Refusal
from copytrading.services.safety import alarms
from copytrading.services.telling import notices

_HALTED_HELD = _(
    "Not now: {coin} is halted by the operators, and {lead} holds it. Nothing was changed; try again later."
)
_HALTED_HELD_BY_EITHER = _(
    "Not now: {coin} is halted by the operators, and this copy or {lead} holds it. Nothing was changed; try again"
    " later."
)
# Why, and whether a copy is asked about too → what stands against moving money by a coin that is held.
HELD = {
    (Why.UNJUDGED, False): _(
        "Not now: the price of {coin} is in doubt until the operators have said which coin it is now, and {lead} holds"
        " it. Nothing was changed; try again later."
    ),
    (Why.UNJUDGED, True): _(
        "Not now: the price of {coin} is in doubt until the operators have said which coin it is now, and this copy or"
        " {lead} holds it. Nothing was changed; try again later."
    ),
    (Why.HALTED, False): _HALTED_HELD,
    (Why.HALTED, True): _HALTED_HELD_BY_EITHER,
    (Why.MARKET_HALTED, False): _HALTED_HELD,
    (Why.MARKET_HALTED, True): _HALTED_HELD_BY_EITHER,
}


class CoinInDoubt(Refusal, code="coin_in_doubt"):
    """Money would move by the price of a coin that nobody may believe alone."""


def refuse_held(*, lead: Lead, copy: Copy | None = None, whys: Collection[Why] = tuple(Why)) -> None:
    """
    Refuse to move money by value while a lead, or one of its copies, holds a coin in doubt.

    :param whys: the doubts that count.
    :raises CoinInDoubt: with the sentence that names it.
    """
    found = [coin for coin in doubt_queries.held_in_doubt(lead=lead, copy=copy) if coin.why in whys]
    if found:
        coin = found[0]
        raise CoinInDoubt(gettext(HELD[coin.why, copy is not None]).format(coin=coin.symbol, lead=lead.name))


def refuse_coin(*, market: Market) -> None:
    """
    Refuse to trade a coin whose price waits for a verdict. One that is halted has its own ways.

    :raises CoinInDoubt: with the sentence that names it.
    """
    coin = doubt_queries.coins_in_doubt().get(market.base_id)
    if coin is not None and coin.why == Why.UNJUDGED:
        said = gettext(
            "Not now: the price of {coin} is in doubt until the operators have said which coin it is now. Nothing was"
            " ordered; try again later."
        )
        raise CoinInDoubt(said.format(coin=coin.symbol), field="market")


@in_transaction
def note_doubts(*, market_ids: Sequence[int], now: datetime) -> None:
    """Tell operators and followers of marks that have just come into doubt."""
    if not market_ids:
        return
    found = list(Market.objects.filter(pk__in=market_ids).select_related("base", "mark").order_by("pk"))
    notices.tell_holders(kind=Notice.Kind.COIN_IN_DOUBT, asset_ids=[market.base_id for market in found], now=now)
    for market in found:
        alarms.raise_alarm(kind=Alarm.Kind.COIN_IN_DOUBT, key=alarm_key(market), sentence=_alarm(market), now=now)


@in_transaction
def note_returns(*, market_ids: Sequence[int], now: datetime) -> None:
    """Tell those who were told that a price is back where it was: a wick."""
    if not market_ids:
        return
    found = list(Market.objects.filter(pk__in=market_ids).order_by("pk"))
    notices.tell_holders(kind=Notice.Kind.COIN_CLEARED, asset_ids=[market.base_id for market in found], now=now)
    for market in found:
        alarms.clear_alarm(key=alarm_key(market), now=now)


def alarm_key(market: Market) -> str:
    """Return the key of the alarm about a coin in doubt."""
    return f"coin:{market.pk}"


def _alarm(market: Market) -> str:
    """Return what an operator reads: both prices, and the new unit that would explain them."""
    mark = market.mark
    assert mark.doubted_price is not None, "a doubt has its price"
    power = marks.explaining_power(float(mark.doubted_price / mark.price))
    ratio = ""
    if power is not None:
        count = f"{10 ** abs(power):,}"
        ratio = f" A new unit of {f'{count}:1' if power > 0 else f'1:{count}'} would explain it."
    return (
        f"{market.symbol} is quoted at {mark.doubted_price.normalize():f}, its mark is {mark.price.normalize():f}."
        f"{ratio} No money moves by it until two operators have said which coin it is."
    )
