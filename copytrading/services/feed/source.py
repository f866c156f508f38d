"""
The market of this installation: its pairs listed at the paper venue, and its price source, opened where it was left.

A simulated market goes on from our last marks. A recording goes on from its *position*, the market time last shown,
which is kept as the one `ScheduledRun` of the job that plays it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from zlib import crc32

from django.conf import settings
from django.db.models import QuerySet

from copytrading.exchange import registry
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.paper import world as paper_world
from copytrading.exchange.prices.files import RecordingError, moment_of, paths_in
from copytrading.exchange.prices.recorded import RecordedPrices
from copytrading.exchange.prices.simulated import COINS
from copytrading.exchange.protocols import PriceSource
from copytrading.models import Mark, Market, ScheduledRun
from copytrading.queries.rules import platform_rules
from copytrading.services.market import quotes
from copytrading.services.refusals import Refusal

# In the order of their size: some characters keep to the largest, others to the smaller ones.
COIN_NAMES = {
    "BTC": "Bitcoin",
    "ETH": "Ether",
    "BNB": "BNB",
    "SOL": "Solana",
    "XRP": "XRP",
    "DOGE": "Dogecoin",
    "ADA": "Cardano",
    "AVAX": "Avalanche",
    "LINK": "Chainlink",
    "DOT": "Polkadot",
    "LTC": "Litecoin",
    "UNI": "Uniswap",
    "USDT": "Tether",
}

SIZES = {coin: place for place, coin in enumerate(COIN_NAMES)}

# What the best level of a book offers where nothing is known about a coin, in USDT.
LEVEL_VALUE = Decimal(8_000)
VALUE_MIN = Decimal(5)
# A lot of an unknown coin is worth about a cent, a tick is a ten-thousandth of its price or less.
LOT_VALUE_EXPONENT = -2
TICK_DIGITS = 5


class RecordingUnusable(Refusal):
    code = "recording_unusable"


class PricesNotReached(Refusal):
    code = "prices_not_reached"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """How a pair is listed at the paper venue."""

    lot_size: Decimal
    tick_size: Decimal
    level_value: Decimal
    value_min: Decimal = VALUE_MIN


def by_size(symbols: Iterable[str]) -> tuple[str, ...]:
    """Return pairs in the order of their coins' size: the known ones first, the others by name."""
    return tuple(sorted(symbols, key=lambda symbol: (SIZES.get(symbol.partition("-")[0], len(SIZES)), symbol)))


def source_key() -> str:
    """Return a short name of the price source: two recordings may have one file name, so their whole paths count."""
    if not is_recorded():
        return str(settings.SMARTSYNC_PRICES)
    paths = sorted(str(path.resolve()) for path in recorded_paths())
    return f"{crc32(','.join(paths).encode()):08x}"


def recorded_paths() -> tuple[Path, ...]:
    """Return the files that recorded prices come from; none where prices are simulated."""
    return paths_in(settings.SMARTSYNC_PRICES) if is_recorded() else ()


def is_recorded() -> bool:
    """Return whether prices come from a recording."""
    return settings.SMARTSYNC_PRICES not in ("simulated", registry.LIVE)


def is_live() -> bool:
    """Return whether prices come from real exchanges, now."""
    return bool(settings.SMARTSYNC_PRICES == registry.LIVE)


def is_paper() -> bool:
    """Return whether money is paper money."""
    return registry.is_paper()


def open_source(*, now: datetime, begins_at: datetime | None = None) -> PriceSource:
    """
    Return the price source of this installation, going on where it was left.

    :param begins_at: the market time at which a recording begins that was never played; its first bar when None.
    :raises RecordingUnusable: if SMARTSYNC_PRICES names a file that cannot be used.
    """
    marks = Mark.objects.values_list("market__symbol", "price")
    position = _runs().values_list("slot", flat=True).first() if is_recorded() else None
    try:
        source = registry.price_source(now=now, last_prices=dict(marks), position=position)
    except RecordingError as error:
        raise RecordingUnusable(str(error)) from error
    if isinstance(source, RecordedPrices) and position is None and begins_at is not None:
        # A position before the first bar would show an empty market.
        first_bar = moment_of(int(source.table.times[0]))
        return RecordedPrices(
            source.table, started_at=now, speed=settings.SMARTSYNC_SPEED, position=max(begins_at, first_bar)
        )
    return source


def keep_position(*, position: datetime, now: datetime) -> None:
    """Remember how far a recording was shown; a simulated market needs nothing but its marks."""
    if is_recorded() and not _runs().update(slot=position, done_at=now):
        ScheduledRun.objects.create(job=_job(), slot=position, done_at=now)


def list_pairs(*, prices: Mapping[str, Decimal]) -> int:
    """
    List every pair that is not listed yet, at the venue and here, and return how many were new.

    :param prices: what each pair costs; from it come the steps of a pair we know nothing else about.
    :raises PricesNotReached: if prices are live and their exchange does not tell its rules.
    """
    fee_rate = platform_rules().fee_rate
    missing = sorted(set(prices) - set(Market.objects.values_list("symbol", flat=True)))
    listed = _live_listings() if missing and is_live() else KNOWN
    for symbol in missing:
        listing = listed.get(symbol) or _listing_at(prices[symbol])
        paper_world.open_market(
            symbol=symbol,
            lot_size=listing.lot_size,
            tick_size=listing.tick_size,
            value_min=listing.value_min,
            fee_rate=fee_rate,
            level_value=listing.level_value,
        )
    if missing:
        quotes.list_markets(names=COIN_NAMES)
    return len(missing)


KNOWN = {
    coin.rules.symbol: Listing(
        lot_size=coin.rules.lot_size, tick_size=coin.rules.tick_size, level_value=coin.level_value
    )
    for coin in COINS
}


def _live_listings() -> dict[str, Listing]:
    """Return how pairs are listed at the exchange whose prices are followed."""
    try:
        rules = registry.live_rules()
    except VenueUnreachable as trouble:
        raise PricesNotReached(f"The rules of the market cannot be read: {trouble}") from trouble
    return {
        rule.symbol: Listing(
            lot_size=rule.lot_size,
            tick_size=rule.tick_size,
            level_value=KNOWN[rule.symbol].level_value if rule.symbol in KNOWN else LEVEL_VALUE,
            value_min=rule.value_min or VALUE_MIN,
        )
        for rule in rules
    }


def _listing_at(price: Decimal) -> Listing:
    # Coins have eight decimals here, so no step is finer than that.
    magnitude = price.adjusted()
    return Listing(
        lot_size=Decimal(1).scaleb(max(LOT_VALUE_EXPONENT - magnitude, -8)),
        tick_size=Decimal(1).scaleb(max(magnitude - TICK_DIGITS, -12)),
        level_value=LEVEL_VALUE,
    )


def _runs() -> QuerySet[ScheduledRun]:
    return ScheduledRun.objects.filter(job=_job())


def _job() -> str:
    return f"recording {source_key()}"
