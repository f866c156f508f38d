"""
What the venue lists: markets that come, change their rules, are suspended, vanish, or come back as another coin.

    TRADING ⇄ SUSPENDED                    the venue says so, or its list is without the market for the first time
    SUSPENDED → DELISTED                   the list is still without it, minutes later
    DELISTED, and its name listed again    the old coin is renamed and keeps its holders; a new coin gets the name

A name proves nothing. LUNA was delisted in May 2022 and two weeks later LUNA was another coin: whoever had matched
by name would have valued the dead coin at the price of the new one. So nothing that was delisted ever comes back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from accounts.models import Asset
from copytrading.engine.units import units_of
from copytrading.exchange import registry
from copytrading.exchange.errors import MarketUnknown, VenueUnreachable
from copytrading.exchange.markets import Book, MarketRules, MarketStatus
from copytrading.models import Alarm, Market
from copytrading.services import bell
from copytrading.services.safety import alarms

# An answer without more than this part of our markets is half an answer, and nobody is delisted by it.
MISSING_SHARE_MAX = 0.5
COLOURS = 12
SYMBOL_LENGTH_MAX = 20
NAME_LENGTH_MAX = 60
LISTINGS_SILENT = "listings"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A market whose status changed, and how, for the operators."""

    market_id: int
    sentence: str


def watch_listings(*, now: datetime) -> list[Change]:
    """
    Take the venue's rules, notice what it no longer lists, and return the markets that changed.

    An unreachable venue, or one that lists not even half of our markets, changes nothing: it is an alarm.
    """
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
        changes = [] if is_half else take_rules(rules=rules, now=now) + _note_missing(missing, now)
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


def retire(market: Market, *, now: datetime) -> Change:
    """
    Take a market for another coin's from now on: its own coin keeps its holders under a name with the date.

    In the caller's transaction, market locked. The next look at the venue's list makes the new coin.
    """
    market.status, market.status_since = Market.Status.DELISTED, now
    return _retire(market, now)


def take_rules(
    *, rules: Sequence[MarketRules], names: dict[str, str] | None = None, now: datetime | None = None
) -> list[Change]:
    """
    Write the venue's rules into our markets, and return whose status changed. In the caller's transaction.

    :param names: what a coin is called, by symbol.
    :param now: since when a new status counts; None where markets are only set up.
    """
    changes = []
    known = {market.symbol: market for market in Market.objects.select_related("base", "quote")}
    for place, rule in enumerate(rules):
        market = known.get(rule.symbol)
        if market and (market.status == Market.Status.DELISTED or market.base.symbol != rule.base):
            changes.append(_retire(market, now))
            market = None
        if market is None:
            _list(rule, names, colour=place % COLOURS + 1)
        elif change := _update(market, rule, now):
            changes.append(change)
    return changes


def book_of(market: Market, *, now: datetime) -> Book:
    """
    Return what the venue offers in a market: nothing where it does not know the market, which is noted at once.

    :raises VenueUnreachable: if the venue did not answer.
    """
    try:
        return registry.venue().book(market.symbol, now=now)
    except MarketUnknown:
        with transaction.atomic():
            _note_missing(list(Market.objects.select_for_update().filter(pk=market.pk)), now)
        return Book(symbol=market.symbol, bids=(), asks=(), as_of=None)


def _note_missing(missing: Sequence[Market], now: datetime) -> list[Change]:
    """Suspend what is missing for the first time, and delist what has been missing for long enough."""
    changes = []
    delisted_before = now - timedelta(seconds=settings.SMARTSYNC_DELISTED_AFTER_SECONDS)
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


def _list(rule: MarketRules, names: dict[str, str] | None, *, colour: int) -> None:
    base, quote = _asset(rule.base, names), _asset(rule.quote, names)
    Market.objects.create(
        symbol=rule.symbol,
        base=base,
        quote=quote,
        lot_units=_lot_units(rule, base),
        tick_size=rule.tick_size,
        value_min_units=units_of(rule.value_min, quote.decimals),
        status=_status(rule),
        colour=colour,
    )


def _update(market: Market, rule: MarketRules, now: datetime | None) -> Change | None:
    before = market.status
    market.lot_units, market.tick_size = _lot_units(rule, market.base), rule.tick_size
    market.value_min_units = units_of(rule.value_min, market.quote.decimals)
    market.missing_since = None
    market.status = _status(rule)
    if market.status != before or (market.status != Market.Status.TRADING and market.status_since is None):
        market.status_since = now
    market.save(update_fields=["lot_units", "tick_size", "value_min_units", "missing_since", "status", "status_since"])
    if market.status == before:
        return None
    if market.status == Market.Status.TRADING:
        return _change(market, "trades again")
    return _change(market, "is suspended by the venue")


def _change(market: Market, what: str) -> Change:
    return Change(market_id=market.pk, sentence=f"{market.symbol} {what}.")


def _lot_units(rule: MarketRules, base: Asset) -> int:
    return max(units_of(rule.lot_size, base.decimals), 1)


def _status(rule: MarketRules) -> Market.Status:
    return Market.Status.TRADING if rule.status == MarketStatus.TRADING else Market.Status.SUSPENDED


def _asset(symbol: str, names: dict[str, str] | None) -> Asset:
    asset, _ = Asset.objects.get_or_create(symbol=symbol, defaults={"name": (names or {}).get(symbol, symbol)})
    return asset
