"""
What happened, in words: from a fact with its figures to a headline and a line that says why.

One sentence for every reason that a plan can be adjusted for and for every kind of notice; a new one without a sentence
fails the tests. Values are quote units of the cash, quantities units of the coin. `_` only marks a template for the
catalogue: it is put into a language when somebody reads it.
"""

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_noop as _

from accounts.identity.places import written
from accounts.models import Asset
from copytrading.engine.adjustments import Reason
from copytrading.engine.rules import Rules
from copytrading.engine.sizing import registry
from copytrading.models import Copy, Notice, Order
from copytrading.queries.desk.announcements import words_of as words_of_announcement
from copytrading.queries.happened.stored_words import said_anew
from copytrading.queries.leads.proportions import Proportion
from copytrading.queries.notices.kinds import KINDS, OWN_WORDS
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol

CENT = Decimal("0.01")
# Enough to tell two quantities or prices apart, short enough to read.
DIGITS = 5
MINUS = "−"
TENTH = 0.1

# Reason → why, and what comes of the rest while the copy runs. Every reason of the engine is here: a test holds the two
# together.
REASONS: dict[str, tuple[str, str]] = {
    Reason.SLIPPAGE_CAPPED: (
        _("There was no better price within {cap} of the mark"),
        _("the rest follows when there is"),
    ),
    Reason.ORDER_SIZE_CAPPED: (_("One order may only be so large here"), _("the rest follows")),
    Reason.LEAD_LIMIT_REACHED: (
        _("{lead} set a limit price for this order, and no more was to be had at it"),
        _("the rest follows when there is"),
    ),
    Reason.DEPTH_CAPPED: (_("The book was thin within {cap}"), _("the rest follows when it can")),
    Reason.BELOW_VENUE_MINIMUM: (
        _("All followers together were below what the venue accepts"),
        _("the rest follows later"),
    ),
    Reason.CASH_SHORT: (
        _("The cash of this copy did not pay for everything, so every coin gave up the same share"),
        "",
    ),
    Reason.PRICE_STALE: (_("There was no fresh price; nothing is traded on an old one"), ""),
    Reason.PRICE_OUTLIER: (
        _(
            "The price was more than {outlier} off the other sources, or jumped and was not confirmed;"
            " nothing is traded on such a price"
        ),
        "",
    ),
    Reason.MARKET_UNAVAILABLE: (
        _("{symbol} could not be traded here at that moment"),
        _("its share stays cash until it can"),
    ),
    Reason.CONCENTRATION_CAPPED: (_("You let one coin be at most {most} of this copy"), ""),
    Reason.LEAD_FLOW_SETTLING: (
        _("{lead} has moved money; ratios settle for {minutes} before anything is repaired"),
        "",
    ),
    Reason.ORDER_MAX_CAPPED: (_("You set a maximum for one order"), ""),
    Reason.TOTAL_MAX_CAPPED: (_("You set a maximum for all that this copy holds"), ""),
    Reason.MARKET_NOT_CHOSEN: (_("{symbol} is not among the coins that you chose to copy"), ""),
}
# What a row says that was written by another version of the program.
UNKNOWN_REASON = (_("For a reason that this version of the platform does not know ({code}); ask its operators"), "")
UNKNOWN_NOTICE = (
    _("Something happened to your copy of {lead}"),
    _("This version of the platform has no words for it ({code}); ask its operators."),
)
# What came of the rest instead, where the copy no longer holds anything for it to follow.
REST_TAKEN_OVER = _("the rest was taken over by the platform at the mark when the copy ended")
REST_TO_BE_TAKEN_OVER = _("what no order can carry in the end is taken over by the platform at the mark")
NOTHING_MORE = _("this copy has ended since, so nothing more comes of it")

# Whether it was bought, and whether the lead traded too → what one share of an order says.
TRADED = {
    (True, True): _("{lead} bought {symbol}; so did you: {quantity} at {price}"),
    (False, True): _("{lead} sold {symbol}; so did you: {quantity} at {price}"),
    (True, False): _("You bought {symbol}: {quantity} at {price}"),
    (False, False): _("You sold {symbol}: {quantity} at {price}"),
}
# The side, and whether it is only a little less → what was done instead of what was wanted.
DONE = {
    ("BUY", True): _("Bought a little less {symbol} than wanted: {planned} instead of {wanted} {cash}"),
    ("BUY", False): _("Bought less {symbol} than wanted: {planned} instead of {wanted} {cash}"),
    ("SELL", True): _("Sold a little less {symbol} than wanted: {planned} instead of {wanted} {cash}"),
    ("SELL", False): _("Sold less {symbol} than wanted: {planned} instead of {wanted} {cash}"),
    (None, True): _("Traded a little less {symbol} than wanted: {planned} instead of {wanted} {cash}"),
    (None, False): _("Traded less {symbol} than wanted: {planned} instead of {wanted} {cash}"),
}
NOT_DONE = {
    "BUY": _("Did not buy {symbol}: {planned} instead of {wanted} {cash}"),
    "SELL": _("Did not sell {symbol}: {planned} instead of {wanted} {cash}"),
    None: _("Did not trade {symbol}: {planned} instead of {wanted} {cash}"),
}
# What a copy at ratios says of itself, and what a Custom copy says instead.
RATIO_WORDS = {
    "invested": _("It is invested in the same ratios."),
    "resumed": _("The next look brings you back to the lead’s ratios."),
}
CUSTOM_WORDS = {
    "start": _("Every order from now on is answered on your terms."),
    "invested": _("It waits as cash for the next orders."),
    "resumed": _("The next order is answered again."),
}
# What is said of a mode of another version of the program.
UNKNOWN_WORDS = {
    "start": _("On terms that this version of the platform does not know."),
    "invested": _("What becomes of it this version of the platform does not know."),
    "resumed": _("What comes next this version of the platform does not know."),
}
# What is said of a copy where there is none: such a notice does not ask for it.
NO_COPY = dict.fromkeys(("rate", "start", "why", *RATIO_WORDS), "")
START_DETAILS = {
    True: _("What {lead} holds now is bought in the same ratios."),
    False: _("What {lead} buys from now on is mirrored; what was held before is not."),
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
    quantity = coins_in_words(abs(quantity_units), decimals)
    coins = Decimal(abs(quantity_units)).scaleb(-decimals)
    price = Decimal(abs(value_units)).scaleb(-cash_decimals) / coins if coins else Decimal(0)
    headline = gettext(TRADED[quantity_units > 0, lead_traded]).format(
        lead=lead_name, symbol=symbol, quantity=quantity, price=price_in_words(price)
    )
    fee = gettext("Fee {fee}.").format(fee=cash_in_words(fee_units, cash_decimals))
    return Sentence(headline=headline, detail=f"{_together(followers, lead_traded=lead_traded)} {fee}")


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
    known_side = side if side in NOT_DONE else None
    said = DONE[known_side, planned * 4 >= wanted * 3] if planned else NOT_DONE[known_side]
    headline = gettext(said).format(
        symbol=symbol,
        planned=cash_in_words(planned, cash_decimals),
        wanted=cash_in_words(wanted, cash_decimals),
        cash=cash_symbol,
    )
    why = _why(reason, copy=copy, symbol=symbol, rules=rules)
    rest = _rest(reason, copy=copy, side=side, is_taken_over=is_taken_over)
    return Sentence(headline=headline, detail=f"{why}; {rest}." if rest else f"{why}.")


def notice_sentence(
    *,
    kind: str,
    copy: Copy | None,
    units: int | None,
    cash_symbol: str,
    cash_decimals: int,
    text: str = "",
    coin: Asset | None = None,
    rules: Rules,
    paid_units: int | None = None,
    lead_name: str = "",
    number: int | None = None,
    words: str = "",
) -> Sentence:
    """
    Return what a notice says.

    :param copy: the one that it is about; None where it is about something else.
    :param units: its figure, in quote units, or in units of `coin` where it is about one.
    :param text: the words of the lead or of the operators, where it has them.
    :param paid_units: its second figure, in quote units: what was paid for coins, a limit, a worth.
    :param lead_name: of a notice about a lead and no copy.
    :param number: how many, or a share in hundredths of a percent.
    :param words: a name that only the moment knew.
    """
    has_figure = units is not None and (coin is not None or kind not in Notice.RESTS)
    headline, detail = _words_of(kind, has_figure=has_figure)
    if copy is not None and copy.own_account_id is not None:
        headline, detail = OWN_WORDS.get(headline, headline), OWN_WORDS.get(detail, detail)
    many = written(f"{number or 0:,}")
    filled = {
        "code": kind,
        "lead": copy.lead.name if copy else lead_name or gettext("a lead"),
        "value": "" if units is None else f"{cash_in_words(abs(units), cash_decimals)} {cash_symbol}",
        "result": "" if units is None else f"{_signed(units, cash_decimals)} {cash_symbol}",
        "symbol": coin.symbol if coin else gettext("a coin"),
        "coins": "",
        "second": _paid_in_words(paid_units or 0, cash_decimals, cash_symbol),
        "text": text,
        "words": words,
        "number": many,
        "percent": _percent((number or 0) / 10_000),
        "followers": _followers(number or 0, many),
        "copies": _copies(number or 0, many),
        "minutes": _minutes(rules.settling_seconds),
    }
    if coin is not None and units is not None:
        filled["coins"] = coins_in_words(units, coin.decimals)
        filled["value"] = f"{filled['coins']} {coin.symbol}"
    filled |= _words_of_copy(copy) if copy else NO_COPY
    return Sentence(headline=_said(headline, **filled), detail=_said(detail, **filled))


def sentence_of(notice: Notice, *, rules: Rules) -> Sentence:
    """Return what a row says; its copy, both leads, the lead's words, the announcement and the coin come with it."""
    text = notice.lead_notice.text if notice.lead_notice else ""
    words = said_anew(notice.kind, notice.words)
    if notice.announcement is not None:
        words, text = words_of_announcement(notice.announcement)
    return notice_sentence(
        kind=notice.kind,
        copy=notice.copy,
        units=notice.units,
        cash_symbol=cash_symbol(),
        cash_decimals=CASH_DECIMALS,
        text=text,
        coin=notice.asset,
        rules=rules,
        paid_units=notice.value_units,
        lead_name=notice.lead.name if notice.lead else "",
        number=notice.number,
        words=words,
    )


def ratio_caution(*, ratio: float, proportion: Proportion, cash_symbol: str, cash_decimals: int) -> str:
    """Return what it means that a Custom copy answers each order at a ratio far above the proportion of the money."""
    money, lead_money = (
        f"{cash_in_words(units, cash_decimals).removesuffix(written('.00'))} {cash_symbol}"
        for units in (proportion.investment_units, proportion.equity_units)
    )
    times = proportion.times(ratio)
    times_in_words = written(f"{times:.1f}" if times < 10 else f"{times:,.0f}")
    if times >= 1 / TENTH:
        said = gettext(
            "{ratio} times each order is {times} times what is in proportion: {money} beside the {lead_money} of {lead}"
            " are {proportion} times. An order of a tenth of {lead}’s money would take all that you invest instead of a"
            " tenth, and once the cash is spent the next orders are cut."
        )
    else:
        said = gettext(
            "{ratio} times each order is {times} times what is in proportion: {money} beside the {lead_money} of {lead}"
            " are {proportion} times. An order of a tenth of {lead}’s money would take {taken} of what you invest"
            " instead of a tenth, and once the cash is spent the next orders are cut."
        )
    return said.format(
        ratio=written(ratio_in_words(ratio)),
        times=times_in_words,
        money=money,
        lead_money=lead_money,
        lead=proportion.lead_name,
        proportion=written(ratio_in_words(proportion.ratio)),
        taken=_percent(round(times * TENTH, 2)),
    )


def ratio_in_words(ratio: float) -> str:
    """Return a ratio with as many decimals as say something: 0.0669, 0.00002, 1.5."""
    return f"{ratio:.6f}".rstrip("0").rstrip(".")


def cash_in_words(units: int, decimals: int) -> str:
    """Return a value with two decimals and thousands apart, cut and never rounded up, with a true minus sign."""
    value = Decimal(units).scaleb(-decimals).quantize(CENT, rounding=ROUND_DOWN)
    return written(f"{value:,.2f}").replace("-", MINUS)


def coins_in_words(units: int, decimals: int) -> str:
    """Return a quantity with about five telling digits, cut and never rounded up: nobody has more than this says."""
    coins = Decimal(units).scaleb(-decimals)
    places = min(decimals, max(0, DIGITS - 1 - coins.adjusted())) if coins else 0
    text = f"{coins.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN):,f}"
    return written(text.rstrip("0").rstrip(".") if "." in text else text)


def price_in_words(price: Decimal) -> str:
    """Return a price per coin with two decimals, or more where it is small."""
    places = 2 if not price else max(2, DIGITS - 1 - price.adjusted() if price < 1000 else 2)
    text = f"{price.quantize(Decimal(1).scaleb(-min(places, 10))):,f}"
    whole, _, rest = text.partition(".")
    return written(f"{whole}.{rest.rstrip('0').ljust(2, '0')}")


def _said(template: str, **figures: str) -> str:
    """Return a template of a table with its figures, in the language that is read; nothing stays nothing."""
    return gettext(template).format(**figures) if template else ""


def _words_of(kind: str, *, has_figure: bool) -> tuple[str, str]:
    known = KINDS.get(kind)
    if known is None:
        return UNKNOWN_NOTICE
    return known.words if has_figure or known.plain is None else known.plain


def _words_of_copy(copy: Copy) -> dict[str, str]:
    """Return what is said of a copy on its terms: how it starts and goes on, why it stopped, what it shares."""
    words = {
        "rate": _percent(float(copy.profit_share_rate)),
        "start": _said(START_DETAILS[copy.buy_existing], lead=copy.lead.name),
        "why": gettext(copy.get_stop_reason_display() or _("it was asked to")),
    }
    of_mode = CUSTOM_WORDS if registry.is_known(copy.mode) else UNKNOWN_WORDS
    if registry.holds_ratios(copy.mode):
        of_mode = RATIO_WORDS
    return words | {name: gettext(template) for name, template in of_mode.items()}


def _signed(units: int, decimals: int) -> str:
    """Return a result with its sign; a loss is never shown smaller than it is."""
    cents = Decimal(units).scaleb(-decimals).quantize(CENT, rounding=ROUND_FLOOR)
    return written(f"{cents:+,.2f}" if cents else "0.00").replace("-", MINUS)


def _paid_in_words(units: int, decimals: int, symbol: str) -> str:
    """Return what was paid for a rest; less than a cent is said to be that, and not nothing."""
    if 0 < units < 10 ** (decimals - 2):
        return gettext("less than {value}").format(value=f"{written('0.01')} {symbol}")
    return f"{cash_in_words(units, decimals)} {symbol}"


def _followers(number: int, many: str) -> str:
    if number == 1:
        return gettext("its first follower")
    return ngettext("{number} follower", "{number} followers", number).format(number=many)


def _copies(number: int, many: str) -> str:
    if number == 1:
        return gettext("one copy")
    return ngettext("{number} copy", "{number} copies", number).format(number=many)


def _together(followers: int, *, lead_traded: bool) -> str:
    """Return whose one price it was."""
    everybody = written(f"{followers:,}")
    if lead_traded and followers == 1:
        return gettext("One price for the lead and you.")
    if lead_traded and followers > 2:
        return gettext("One price for the lead and all {followers} followers.").format(followers=everybody)
    if lead_traded:
        return gettext("One price for the lead and both followers.")
    if followers == 1:
        return gettext("For your copy alone.")
    if followers > 2:
        return gettext("One price for all {followers} followers.").format(followers=everybody)
    return gettext("One price for both followers.")


def _why(reason: str, *, copy: Copy, symbol: str, rules: Rules) -> str:
    why, _promise = REASONS.get(reason, UNKNOWN_REASON)
    return _said(
        why,
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
    _why_so, promise = REASONS.get(reason, UNKNOWN_REASON)
    if is_taken_over and reason == Reason.BELOW_VENUE_MINIMUM:
        return gettext(REST_TAKEN_OVER)
    if promise and copy.status == Copy.Status.STOPPED:
        return gettext(NOTHING_MORE)
    if copy.status == Copy.Status.STOPPING and side == Order.Side.SELL and reason == Reason.BELOW_VENUE_MINIMUM:
        return gettext(REST_TO_BE_TAKEN_OVER)
    return _said(promise)


def _percent(fraction: float) -> str:
    return written(f"{fraction * 100:g} %")


def _minutes(seconds: float) -> str:
    minutes = round(seconds / 60)
    return gettext("a minute") if minutes <= 1 else gettext("{minutes} minutes").format(minutes=minutes)
