"""
What happened, in words: from a fact with its figures to a headline and a line that says why.

One sentence for every reason that a plan can be adjusted for and for every kind of notice; a new one without a sentence
fails the tests. Values are quote units of the cash, quantities units of the coin.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from accounts.models import Asset
from copytrading.engine.adjustments import Reason
from copytrading.engine.rules import Rules
from copytrading.engine.sizing import registry
from copytrading.models import Copy, Notice, Order
from copytrading.queries.leads.proportions import Proportion

CENT = Decimal("0.01")
# Enough to tell two quantities or prices apart, short enough to read.
DIGITS = 5
MINUS = "−"
TENTH = 0.1

# Reason → why, and what comes of the rest while the copy runs. Every reason of the engine is here: a test holds the two
# together.
REASONS: dict[str, tuple[str, str]] = {
    Reason.SLIPPAGE_CAPPED: ("There was no better price within {cap} of the mark", "the rest follows when there is"),
    Reason.ORDER_SIZE_CAPPED: ("One order may only be so large here", "the rest follows"),
    Reason.LEAD_LIMIT_REACHED: (
        "{lead} set a limit price for this order, and no more was to be had at it",
        "the rest follows when there is",
    ),
    Reason.DEPTH_CAPPED: ("The book was thin within {cap}", "the rest follows when it can"),
    Reason.BELOW_VENUE_MINIMUM: (
        "All followers together were below what the venue accepts",
        "the rest follows later",
    ),
    Reason.CASH_SHORT: ("The cash of this copy did not pay for everything, so every coin gave up the same share", ""),
    Reason.PRICE_STALE: ("There was no fresh price; nothing is traded on an old one", ""),
    Reason.PRICE_OUTLIER: (
        "The price was more than {outlier} off the other sources, or jumped and was not confirmed;"
        " nothing is traded on such a price",
        "",
    ),
    Reason.MARKET_UNAVAILABLE: (
        "{symbol} could not be traded here at that moment",
        "its share stays cash until it can",
    ),
    Reason.CONCENTRATION_CAPPED: ("You let one coin be at most {most} of this copy", ""),
    Reason.LEAD_FLOW_SETTLING: ("{lead} has moved money; ratios settle for {minutes} before anything is repaired", ""),
    Reason.ORDER_MAX_CAPPED: ("You set a maximum for one order", ""),
    Reason.TOTAL_MAX_CAPPED: ("You set a maximum for all that this copy holds", ""),
    Reason.MARKET_NOT_CHOSEN: ("{symbol} is not among the coins that you chose to copy", ""),
}
# What a row says that was written by another version of the program.
UNKNOWN_REASON = ("For a reason that this version of the platform does not know ({code}); ask its operators", "")
UNKNOWN_NOTICE = (
    "Something happened to your copy of {lead}",
    "This version of the platform has no words for it ({code}); ask its operators.",
)
# What came of the rest instead, where the copy no longer holds anything for it to follow.
REST_TAKEN_OVER = "the rest was taken over by the platform at the mark when the copy ended"
REST_TO_BE_TAKEN_OVER = "what no order can carry in the end is taken over by the platform at the mark"
NOTHING_MORE = "this copy has ended since, so nothing more comes of it"

# Kind of notice → what happened, and what follows from it.
NOTICES: dict[str, tuple[str, str]] = {
    Notice.Kind.COPY_STARTED: ("You copy {lead} with {value}", "{start}"),
    Notice.Kind.COPY_INCREASED: ("You put {value} more behind {lead}", "{invested}"),
    Notice.Kind.COPY_REDUCED: (
        "You take {value} out of your copy of {lead}",
        "Enough is sold of all coins alike, then it is paid to your wallet.",
    ),
    Notice.Kind.COPY_PAUSED: ("Copying {lead} is paused", "Nothing is traded; a stop loss still guards."),
    Notice.Kind.COPY_RESUMED: ("Copying {lead} goes on", "{resumed}"),
    Notice.Kind.COPY_STOPPING: (
        "Copying {lead} is being stopped: {why}",
        "Everything is sold now and returned to your wallet; nothing more is bought.",
    ),
    Notice.Kind.COPY_STOPPED: ("Your copy of {lead} has stopped: {value} came back to your wallet", "Why: {why}."),
    Notice.Kind.COINS_FROZEN: (
        "Copying {lead} ended; {value} could not be sold and went to your wallet as coins",
        "{symbol} trades nowhere here at the moment. The coins stay yours; sell them there if it ever trades again.",
    ),
    Notice.Kind.REST_TAKEN_OVER: (
        "The rest of your {symbol}, {coins} coins, was taken over by the platform at the mark for {paid}",
        "It was too little for an order at the venue, and your copy of {lead} ends with nothing in it.",
    ),
    Notice.Kind.STOP_LOSS_CHANGED: ("Your copy of {lead} stops itself at a loss of {value}", ""),
    Notice.Kind.LEAD_DEPOSITED: ("{lead} moved {value} in", "Ratios settle for {minutes} before anything is repaired."),
    Notice.Kind.LEAD_WITHDREW: ("{lead} moved {value} out", "Ratios settle for {minutes} before anything is repaired."),
    Notice.Kind.LEAD_PAUSED: ("{lead} is paused", "Your copy keeps what it holds; a stop loss still guards."),
    Notice.Kind.LEAD_RESUMED: ("{lead} goes on", "Your copy follows again."),
    Notice.Kind.LEAD_UNSEEN: (
        "{lead} cannot be seen at the moment",
        "The account elsewhere cannot be read. Nothing is traded on old numbers; a stop loss still guards.",
    ),
    Notice.Kind.LEAD_SEEN: ("{lead} can be seen again", "{resumed}"),
    Notice.Kind.LEAD_UNPRICED: (
        "{lead} holds something that nobody can value",
        "It counts nothing in the ratios until there is a price for it. The lead’s page names it.",
    ),
    Notice.Kind.LEAD_ENDED: ("{lead} has ended", "Your copy is sold and paid out without your doing."),
    Notice.Kind.LEAD_WROTE: ("{lead} writes", "{text}"),
    Notice.Kind.STAKE_LOW: (
        "{lead} took money out and has {value} of own money left",
        "That is little beside what follows. Your copy goes on; you can stop it at any time.",
    ),
    Notice.Kind.COIN_IN_DOUBT: (
        "Your copy of {lead}: the price of {symbol} is in doubt",
        "It may be counted in another unit, or be another coin. Until the operators have said so nothing is started,"
        " changed, paid out or shared by it, and no stop loss acts on it. What you asked for is carried out then.",
    ),
    Notice.Kind.COIN_CLEARED: (
        "Your copy of {lead}: the price of {symbol} is no longer in doubt",
        "Everything goes on where it stopped.",
    ),
    Notice.Kind.COIN_HALTED: (
        "Your copy of {lead}: {symbol} is halted by the operators",
        "Until it goes on nothing is started, changed, paid out or shared by its price, and no stop loss acts on it.",
    ),
    Notice.Kind.COIN_RESUMED: (
        "Your copy of {lead}: {symbol} is no longer halted",
        "Everything goes on where it stopped.",
    ),
    Notice.Kind.COIN_RECOUNTED: (
        "Your copy of {lead}: {symbol} is counted in another unit now",
        "You have another number of coins at another price, and as much as before. Everything goes on.",
    ),
    Notice.Kind.PROFIT_SHARED: ("{lead} got {value} as profit share", "{rate} of what lies above the highest so far."),
}
# What some of them say when they come without a figure.
NOTICES_WITHOUT_FIGURE: dict[str, tuple[str, str]] = {
    Notice.Kind.COPY_STARTED: ("You copy {lead}", "{start}"),
    Notice.Kind.COPY_INCREASED: ("You put more behind {lead}", "{invested}"),
    Notice.Kind.COPY_REDUCED: (
        "You take money out of your copy of {lead}",
        "Enough is sold of all coins alike, then it is paid to your wallet.",
    ),
    Notice.Kind.COPY_STOPPED: ("Your copy of {lead} has stopped and is paid out", "Why: {why}."),
    Notice.Kind.COINS_FROZEN: (
        "Copying {lead} ended; a coin could not be sold and went to your wallet as it is",
        "It trades nowhere here at the moment. The coins stay yours; sell them there if it ever trades again.",
    ),
    Notice.Kind.REST_TAKEN_OVER: (
        "The rest of a coin was taken over by the platform at the mark",
        "It was too little for an order at the venue, and your copy of {lead} ends with nothing in it.",
    ),
    Notice.Kind.STOP_LOSS_CHANGED: ("Your copy of {lead} has no stop loss any more", ""),
    Notice.Kind.LEAD_DEPOSITED: ("{lead} moved money in", "Ratios settle for {minutes} before anything is repaired."),
    Notice.Kind.LEAD_WITHDREW: ("{lead} moved money out", "Ratios settle for {minutes} before anything is repaired."),
    Notice.Kind.STAKE_LOW: (
        "{lead} took money out and has little own money left",
        "Your copy goes on; you can stop it at any time.",
    ),
    Notice.Kind.PROFIT_SHARED: ("{lead} got a profit share", "{rate} of what lies above the highest so far."),
}
DONE = {"BUY": "Bought", "SELL": "Sold", None: "Traded"}
TO_DO = {"BUY": "buy", "SELL": "sell", None: "trade"}
# What Smart Sync says of itself, and what a Custom copy says instead.
RATIO_WORDS = {
    "invested": "It is invested in the same ratios.",
    "resumed": "The next look brings you back to the lead’s ratios.",
}
CUSTOM_WORDS = {
    "start": "Every order from now on is answered on your terms.",
    "invested": "It waits as cash for the next orders.",
    "resumed": "The next order is answered again.",
}
# What is said of a mode of another version of the program.
UNKNOWN_WORDS = {
    "start": "On terms that this version of the platform does not know.",
    "invested": "What becomes of it this version of the platform does not know.",
    "resumed": "What comes next this version of the platform does not know.",
}
START_DETAILS = {
    True: "What {lead} holds now is bought in the same ratios.",
    False: "What {lead} buys from now on is mirrored; what was held before is not.",
}


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """What happened, and the reason or figure that belongs to it."""

    headline: str
    detail: str = ""


def trade_sentence(
    *,
    lead_name: str,
    symbol: str,
    decimals: int,
    cash_decimals: int,
    quantity_units: int,
    value_units: int,
    fee_units: int,
    lead_traded: bool,
    followers: int,
) -> Sentence:
    """Return what one share of an order says; `quantity_units` is signed, positive bought."""
    verb = "bought" if quantity_units > 0 else "sold"
    quantity = coins_in_words(abs(quantity_units), decimals)
    coins = Decimal(abs(quantity_units)).scaleb(-decimals)
    price = Decimal(abs(value_units)).scaleb(-cash_decimals) / coins if coins else Decimal(0)
    at = f"{quantity} at {price_in_words(price)}"
    headline = f"{lead_name} {verb} {symbol}; so did you: {at}" if lead_traded else f"You {verb} {symbol}: {at}"
    fee = f"Fee {cash_in_words(fee_units, cash_decimals)}."
    if lead_traded:
        together = (
            "One price for the lead and you." if followers == 1 else f"One price for the lead and {_all(followers)}."
        )
    else:
        together = "For your copy alone." if followers == 1 else f"One price for {_all(followers)}."
    return Sentence(headline=headline, detail=f"{together} {fee}")


def adjustment_sentence(
    *,
    reason: str,
    copy: Copy,
    symbol: str,
    side: str | None,
    cash_symbol: str,
    cash_decimals: int,
    wanted_units: int,
    planned_units: int,
    rules: Rules,
    is_taken_over: bool = False,
) -> Sentence:
    """
    Return what was planned instead of what was wanted, and why.

    :param side: None where no order came of it.
    :param is_taken_over: whether the platform took the rest of the coin over when the copy ended.
    """
    wanted, planned = abs(wanted_units), abs(planned_units)
    instead = f"{cash_in_words(planned, cash_decimals)} instead of {cash_in_words(wanted, cash_decimals)} {cash_symbol}"
    if planned:
        less = "a little less" if planned * 4 >= wanted * 3 else "less"
        headline = f"{DONE.get(side, DONE[None])} {less} {symbol} than wanted: {instead}"
    else:
        headline = f"Did not {TO_DO.get(side, TO_DO[None])} {symbol}: {instead}"
    why = _why(reason, copy=copy, symbol=symbol, rules=rules)
    rest = _rest(reason, copy=copy, side=side, is_taken_over=is_taken_over)
    return Sentence(headline=headline, detail=f"{why}; {rest}." if rest else f"{why}.")


def notice_sentence(
    *,
    kind: str,
    copy: Copy,
    units: int | None,
    cash_symbol: str,
    cash_decimals: int,
    text: str = "",
    coin: Asset | None = None,
    rules: Rules,
    paid_units: int | None = None,
) -> Sentence:
    """
    Return what a notice says.

    :param units: its figure, in quote units, or in units of `coin` where it is about one.
    :param text: the lead's words, where it has them.
    :param paid_units: what was paid for those coins, in quote units.
    """
    has_figure = units is not None and (coin is not None or kind != Notice.Kind.REST_TAKEN_OVER)
    sentences = NOTICES if has_figure else {**NOTICES, **NOTICES_WITHOUT_FIGURE}
    headline, detail = sentences.get(kind, UNKNOWN_NOTICE)
    words = {
        "code": kind,
        "lead": copy.lead.name,
        "value": "" if units is None else f"{cash_in_words(abs(units), cash_decimals)} {cash_symbol}",
        "symbol": coin.symbol if coin else "a coin",
        "coins": "",
        "paid": _paid_in_words(paid_units or 0, cash_decimals, cash_symbol),
        "text": text,
        "rate": _percent(float(copy.profit_share_rate)),
        "start": START_DETAILS[copy.buy_existing].format(lead=copy.lead.name),
        "why": copy.get_stop_reason_display() or "it was asked to",
        "minutes": _minutes(rules.settling_seconds),
    }
    if coin is not None and units is not None:
        words["coins"] = coins_in_words(units, coin.decimals)
        words["value"] = f"{words['coins']} {coin.symbol}"
    if registry.holds_ratios(copy.mode):
        words |= RATIO_WORDS
    else:
        words |= CUSTOM_WORDS if registry.is_known(copy.mode) else UNKNOWN_WORDS
    return Sentence(headline=headline.format(**words), detail=detail.format(**words))


def ratio_caution(*, ratio: float, proportion: Proportion, cash_symbol: str, cash_decimals: int) -> str:
    """Return what it means that a Custom copy answers each order at a ratio far above the proportion of the money."""
    money, lead_money = (
        f"{cash_in_words(units, cash_decimals).removesuffix('.00')} {cash_symbol}"
        for units in (proportion.investment_units, proportion.equity_units)
    )
    times = proportion.times(ratio)
    times_in_words = f"{times:.1f}" if times < 10 else f"{times:,.0f}"
    taken = "all that you invest" if times >= 1 / TENTH else f"{_percent(round(times * TENTH, 2))} of what you invest"
    return (
        f"{ratio_in_words(ratio)} times each order is {times_in_words} times what is in proportion: {money} beside the"
        f" {lead_money} of {proportion.lead_name} are {ratio_in_words(proportion.ratio)} times. An order of a tenth of"
        f" {proportion.lead_name}’s money would take {taken} instead of a tenth, and once the cash is spent the next"
        " orders are cut."
    )


def ratio_in_words(ratio: float) -> str:
    """Return a ratio with as many decimals as say something: 0.0669, 0.00002, 1.5."""
    return f"{ratio:.6f}".rstrip("0").rstrip(".")


def cash_in_words(units: int, decimals: int) -> str:
    """Return a value with two decimals and thousands apart, cut and never rounded up, with a true minus sign."""
    value = Decimal(units).scaleb(-decimals).quantize(CENT, rounding=ROUND_DOWN)
    return f"{value:,.2f}".replace("-", MINUS)


def coins_in_words(units: int, decimals: int) -> str:
    """Return a quantity with about five telling digits, cut and never rounded up: nobody has more than this says."""
    coins = Decimal(units).scaleb(-decimals)
    places = min(decimals, max(0, DIGITS - 1 - coins.adjusted())) if coins else 0
    text = f"{coins.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def price_in_words(price: Decimal) -> str:
    """Return a price per coin with two decimals, or more where it is small."""
    places = 2 if not price else max(2, DIGITS - 1 - price.adjusted() if price < 1000 else 2)
    text = f"{price.quantize(Decimal(1).scaleb(-min(places, 10))):,f}"
    whole, _, rest = text.partition(".")
    return f"{whole}.{rest.rstrip('0').ljust(2, '0')}"


def _paid_in_words(units: int, decimals: int, symbol: str) -> str:
    """Return what was paid for a rest; less than a cent is said to be that, and not nothing."""
    if 0 < units < 10 ** (decimals - 2):
        return f"less than 0.01 {symbol}"
    return f"{cash_in_words(units, decimals)} {symbol}"


def _all(followers: int) -> str:
    return f"all {followers:,} followers" if followers > 2 else "both followers"


def _why(reason: str, *, copy: Copy, symbol: str, rules: Rules) -> str:
    why, _ = REASONS.get(reason, UNKNOWN_REASON)
    return why.format(
        code=reason,
        symbol=symbol,
        lead=copy.lead.name,
        cap=_percent(rules.slippage_cap),
        outlier=_percent(rules.price_outlier),
        most=_percent(1.0 if copy.weight_max is None else copy.weight_max),
        minutes=_minutes(rules.settling_seconds),
    )


def _rest(reason: str, *, copy: Copy, side: str | None, is_taken_over: bool) -> str:
    """Return what comes of the part that was not traded: a copy that holds nothing is promised nothing."""
    _, promise = REASONS.get(reason, UNKNOWN_REASON)
    if is_taken_over and reason == Reason.BELOW_VENUE_MINIMUM:
        return REST_TAKEN_OVER
    if promise and copy.status == Copy.Status.STOPPED:
        return NOTHING_MORE
    if copy.status == Copy.Status.STOPPING and side == Order.Side.SELL and reason == Reason.BELOW_VENUE_MINIMUM:
        return REST_TO_BE_TAKEN_OVER
    return promise


def _percent(fraction: float) -> str:
    return f"{fraction * 100:g} %"


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"
