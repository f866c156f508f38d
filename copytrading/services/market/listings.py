"""
What the venue lists: markets that come, change their rules, are suspended, vanish, or come back as another coin.

    TRADING ⇄ SUSPENDED                    the venue says so, or its list is without the market for the first time
    TRADING → SUSPENDED, barred            the venue does not let our account trade it; until an operator ends that
    SUSPENDED → DELISTED                   the list is still without it, minutes later
    DELISTED, and its name listed again    the old coin is renamed and keeps its holders; a new coin gets the name

A name proves nothing. LUNA was delisted in May 2022 and two weeks later LUNA was another coin: whoever had matched
by name would have valued the dead coin at the price of the new one. So nothing that was delisted ever comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from accounts.models import Asset
from accounts.transactions import in_transaction, outside_transaction
from copytrading.engine.rules import Rules
from copytrading.engine.units import units_of
from copytrading.exchange import registry
from copytrading.exchange.errors import MarketUnknown, VenueUnreachable
from copytrading.exchange.markets import Book, MarketRules, MarketStatus
from copytrading.models import Alarm, Market, Notice
from copytrading.queries.rules import platform_rules
from copytrading.services import bell
from copytrading.services.market.coin_colours import colour_of
from copytrading.services.refusals import NotPossibleNow, Refusal
from copytrading.services.safety import alarms
from copytrading.services.telling import notices

# An answer without more than this part of our markets is half an answer, and nobody is delisted by it.
MISSING_SHARE_MAX = 0.5
SYMBOL_LENGTH_MAX = 20
NAME_LENGTH_MAX = 60
LISTINGS_SILENT = "listings"
# The status of a market that changed → what owners of the coin are told.
TOLD = {
    Market.Status.TRADING: Notice.Kind.MARKET_REOPENED,
    Market.Status.SUSPENDED: Notice.Kind.MARKET_SUSPENDED,
    Market.Status.DELISTED: Notice.Kind.MARKET_DELISTED,
}


class VenueNotAnswering(NotPossibleNow, code="venue_not_answering"):
    """What the venue offers cannot be asked now."""


class MarketNotBarred(Refusal, code="market_not_barred"):
    """The venue lets us trade this market, as far as we know."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A market whose status changed, and how, for the operators."""

    market_id: int
    asset_id: int
    status: str
    sentence: str


@outside_transaction
def watch_listings(*, now: datetime) -> list[Change]:
    """
    Take the venue's rules, notice what it no longer lists, and return the markets that changed.

    An unreachable venue, or one that lists not even half of our markets, changes nothing: it is an alarm.
    """
    limits = platform_rules()
    try:
        rules = registry.venue().market_rules()
    except VenueUnreachable as silence:
        sentence = f"The venue does not say which markets it lists: {silence}"
        alarms.raise_alarm(kind=Alarm.Kind.VENUE_SILENT, key=LISTINGS_SILENT, sentence=sentence, now=now)
        return []
    listed = {market.symbol for market in rules}
    with transaction.atomic():
        ours = list(Market.objects.select_for_update().exclude(status=Market.Status.DELISTED).order_by("pk"))
        missing = [market for market in ours if market.symbol not in listed]
        is_half = len(missing) > MISSING_SHARE_MAX * len(ours)
        changes = [] if is_half else take_rules(rules=rules, now=now) + _note_missing(missing, now, limits)
        _tell_owners(changes, now)
    if is_half:
        sentence = (
            f"The venue lists {len(ours) - len(missing)} of our {len(ours)} markets: such an answer is not taken."
        )
        alarms.raise_alarm(kind=Alarm.Kind.VENUE_SILENT, key=LISTINGS_SILENT, sentence=sentence, now=now)
        return []
    alarms.clear_alarm(key=LISTINGS_SILENT, now=now)
    for change in changes:
        key = f"market:{change.market_id}"
        alarms.raise_alarm(kind=Alarm.Kind.MARKET_CHANGED, key=key, sentence=change.sentence, now=now)
    if changes:
        bell.publish("prices", "marks")
    return changes


@in_transaction
def retire(market: Market, *, now: datetime) -> Change:
    """
    Take a market for another coin's from now on: its own coin keeps its holders under a name with the date.

    The market is locked. The next look at the venue's list makes the new coin.
    """
    market.status, market.status_since = Market.Status.DELISTED, now
    return _retire(market, now)


@in_transaction
def take_rules(
    *, rules: Sequence[MarketRules], names: dict[str, str] | None = None, now: datetime | None = None
) -> list[Change]:
    """
    Write the venue's rules into our markets, and return whose status changed.

    :param names: what a coin is called, by symbol.
    :param now: since when a new status counts; None where markets are only set up.
    """
    changes = []
    known = {market.symbol: market for market in Market.objects.select_related("base", "quote")}
    for rule in rules:
        market = known.get(rule.symbol)
        if market and (market.status == Market.Status.DELISTED or market.base.symbol != rule.base):
            changes.append(_retire(market, now))
            market = None
        if market is None:
            _list(rule, names)
        elif change := _update(market, rule, now):
            changes.append(change)
    return changes


@outside_transaction
def book_of(market: Market, *, now: datetime) -> Book:
    """
    Return what the venue offers in a market: nothing where it does not know the market, which is noted at once.

    :raises VenueUnreachable: if the venue did not answer.
    """
    try:
        return registry.venue().book(market.symbol, now=now)
    except MarketUnknown:
        with transaction.atomic():
            ours = list(Market.objects.select_for_update().filter(pk=market.pk))
            _tell_owners(_note_missing(ours, now, platform_rules()), now)
        return Book(symbol=market.symbol, bids=(), asks=(), as_of=None)


def offers_of(market: Market, *, now: datetime) -> Book:
    """
    Return the same book for a person who waits for it.

    :raises VenueNotAnswering: if the venue did not answer; a sentence for them.
    """
    try:
        return book_of(market, now=now)
    except VenueUnreachable as silence:
        raise VenueNotAnswering(
            gettext("The exchange does not answer at the moment. Nothing was ordered; try again shortly.")
        ) from silence


def bar_market(*, market_id: int, reason: str, now: datetime) -> Market:
    """
    Suspend a market that the venue trades and does not let our account trade, until an operator ends that.

    :param reason: what the venue said, as a sentence.
    """
    with transaction.atomic():
        market = Market.objects.select_for_update().get(pk=market_id)
        market.barred_since = market.barred_since or now
        if market.status == Market.Status.TRADING:
            market.status, market.status_since = Market.Status.SUSPENDED, now
        market.save(update_fields=["status", "status_since", "barred_since"])
    sentence = (
        f"{market.symbol} is suspended here: {reason} The key stays good. Ask the exchange to open the market to the"
        " account, then choose “The venue trades it with us again” for it among the markets."
    )
    alarms.raise_alarm(kind=Alarm.Kind.MARKET_BARRED, key=barred_key(market), sentence=sentence, now=now)
    bell.publish("prices", "marks")
    return market


def unbar_market(*, market_id: int, now: datetime) -> Market:
    """
    Let a market follow the venue's list again: it trades once the next look at the list says so.

    :raises MarketNotBarred: if nothing bars it.
    """
    with transaction.atomic():
        market = Market.objects.select_for_update().get(pk=market_id)
        if market.barred_since is None:
            raise MarketNotBarred(f"Nothing bars us from {market.symbol}.")
        market.barred_since = None
        market.save(update_fields=["barred_since"])
    alarms.clear_alarm(key=barred_key(market), now=now)
    return market


def barred_key(market: Market) -> str:
    """Return the key of the alarm that the venue does not let our account trade a market."""
    return f"market-barred:{market.pk}"


def _note_missing(missing: Sequence[Market], now: datetime, limits: Rules) -> list[Change]:
    """Suspend what is missing for the first time, and delist what has been missing for long enough."""
    changes = []
    delisted_before = now - timedelta(seconds=limits.delisted_after_seconds)
    for market in missing:
        if market.missing_since is None:
            market.missing_since = now
            if market.status == Market.Status.TRADING:
                market.status, market.status_since = Market.Status.SUSPENDED, now
                changes.append(
                    _change(market, "is no longer in the venue's list: nothing is traded until that is sure")
                )
        elif market.missing_since <= delisted_before and market.status == Market.Status.SUSPENDED:
            market.status, market.status_since = Market.Status.DELISTED, now
            changes.append(_change(market, "is delisted: its coins keep their last mark and cannot be sold here"))
        market.save(update_fields=["status", "status_since", "missing_since"])
    return changes


def _retire(market: Market, now: datetime | None) -> Change:
    """Give a coin that is gone another name, so that its old one is free, and keep everything that is its own."""
    base = market.base
    gone_at = market.status_since or now
    until = f"{gone_at:%Y-%m-%d}" if gone_at else f"#{base.pk}"
    name = base.symbol
    asset_symbol = f"{name[: SYMBOL_LENGTH_MAX - len(until) - 3]} ({until})"
    if Asset.objects.filter(symbol=asset_symbol).exists():
        asset_symbol = f"{name[:9]} #{base.pk}"
    base.symbol, base.name = asset_symbol, f"{base.name} (until {until})"[:NAME_LENGTH_MAX]
    base.save(update_fields=["symbol", "name"])
    market.symbol = f"{asset_symbol}-{market.quote.symbol}"
    if market.status != Market.Status.DELISTED:
        market.status, market.status_since = Market.Status.DELISTED, now
    market.save(update_fields=["symbol", "status", "status_since"])
    return _change(
        market, f"is what {name} was: the name is listed again and counts as another coin. Compare custody by hand"
    )


def _list(rule: MarketRules, names: dict[str, str] | None) -> None:
    base, quote = _asset(rule.base, names), _asset(rule.quote, names)
    Market.objects.create(
        symbol=rule.symbol,
        base=base,
        quote=quote,
        lot_units=_lot_units(rule, base),
        tick_size=rule.tick_size,
        value_min_units=units_of(rule.value_min, quote.decimals),
        status=_status(rule),
        colour=colour_of(rule.base),
    )


def _update(market: Market, rule: MarketRules, now: datetime | None) -> Change | None:
    before = market.status
    market.lot_units, market.tick_size = _lot_units(rule, market.base), rule.tick_size
    market.value_min_units = units_of(rule.value_min, market.quote.decimals)
    market.missing_since = None
    market.status = Market.Status.SUSPENDED if market.barred_since else _status(rule)
    if market.status != before or (market.status != Market.Status.TRADING and market.status_since is None):
        market.status_since = now
    market.save(update_fields=["lot_units", "tick_size", "value_min_units", "missing_since", "status", "status_since"])
    if market.status == before:
        return None
    if market.status == Market.Status.TRADING:
        return _change(market, "trades again")
    return _change(market, "is suspended by the venue")


def _change(market: Market, what: str) -> Change:
    return Change(
        market_id=market.pk, asset_id=market.base_id, status=market.status, sentence=f"{market.symbol} {what}."
    )


def _tell_owners(changes: Sequence[Change], now: datetime) -> None:
    """Tell everybody who owns a coin what became of its market."""
    for status, kind in TOLD.items():
        asset_ids = sorted({change.asset_id for change in changes if change.status == status})
        notices.tell_owners(kind=kind, asset_ids=asset_ids, now=now)


def _lot_units(rule: MarketRules, base: Asset) -> int:
    return max(units_of(rule.lot_size, base.decimals), 1)


def _status(rule: MarketRules) -> Market.Status:
    return Market.Status.TRADING if rule.status == MarketStatus.TRADING else Market.Status.SUSPENDED


def _asset(symbol: str, names: dict[str, str] | None) -> Asset:
    asset, _ = Asset.objects.get_or_create(symbol=symbol, defaults={"name": (names or {}).get(symbol, symbol)})
    return asset
