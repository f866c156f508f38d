"""Which venue and which source of prices this installation uses, as the settings say."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from copytrading.exchange.live.client import Credentials, ExchangeUnknown
from copytrading.exchange.live.dialects import DIALECTS, dialect_of
from copytrading.exchange.live.linked import LinkedAccount
from copytrading.exchange.live.own import OwnLiveVenue
from copytrading.exchange.live.prices import LivePrices
from copytrading.exchange.live.venue import LiveVenue
from copytrading.exchange.live.wire import Wire
from copytrading.exchange.markets import MarketRules, Quote
from copytrading.exchange.paper import world as paper_world
from copytrading.exchange.paper.keyed import KeyedPaperVenue
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.exchange.prices.files import paths_in, read_prices
from copytrading.exchange.prices.recorded import RecordedPrices
from copytrading.exchange.prices.simulated import SimulatedPrices
from copytrading.exchange.protocols import OwnVenue, PriceSource, TransferHistory, Venue

# The account at the venue that holds everybody's money; the ledger says whose is what.
PLATFORM_ACCOUNT = "platform"

SIMULATION_SEED = 1

PAPER = "paper"
LIVE = "live"


@dataclass(frozen=True, kw_only=True)
class Destination:
    """
    Where orders go now: an exchange by name, and the tag that tells it who brought them, empty where there is none.

    `id_beginning` is what our own order ids begin with there, for an exchange that looks for the tag in them.
    """

    exchange: str
    broker_tag: str = ""
    id_beginning: str = ""


class SelfContainedVenue(Venue, Protocol):
    """A venue whose money and prices are its own affair."""

    def transfer(self, *, asset: str, quantity: Decimal, is_deposit: bool, reference: str) -> None:
        """Let money arrive at our account or leave it, once for each reference."""
        ...


@runtime_checkable
class KeyedVenue(Protocol):
    """A venue that stands in for an exchange and has accounts of people's own as well."""

    def own_account(self, *, key: str, secret: str) -> OwnVenue:
        """
        Return somebody's own account, by the key to it.

        :raises KeyRefused: if there is no such key.
        """
        ...


_stand_ins: list[SelfContainedVenue] = []


@contextmanager
def use_venue(stand_in: SelfContainedVenue) -> Iterator[None]:
    """Trade at another venue than the settings say, in all threads, for the duration of the block: a simulation."""
    _stand_ins.append(stand_in)
    try:
        yield
    finally:
        _stand_ins.remove(stand_in)


def venue() -> Venue:
    """
    Return the venue this installation trades at.

    :raises ImproperlyConfigured: if SMARTSYNC_VENUE names none we know, or real money without SMARTSYNC_VENUE_LIVE.
    """
    if _stand_ins:
        return _stand_ins[-1]
    if is_paper():
        return PaperVenue(account=PLATFORM_ACCOUNT)
    return live_venue()


def destination() -> Destination:
    """
    Return where orders go, as the settings say.

    :raises ImproperlyConfigured: if SMARTSYNC_BROKER_TAGS has a tag that the exchange would not take.
    """
    exchange = settings.SMARTSYNC_VENUE
    if _stand_ins or is_paper():
        return Destination(exchange=PAPER)
    tag, tagging = settings.SMARTSYNC_BROKER_TAGS.get(exchange, ""), dialect_of(exchange).tagging
    if not tag:
        return Destination(exchange=exchange)
    if tagging is None:
        raise ImproperlyConfigured(
            f"SMARTSYNC_BROKER_TAGS has a tag for {exchange}, where we know no way to send one: take it out."
        )
    if not re.fullmatch(tagging.pattern, tag):
        raise ImproperlyConfigured(
            f"SMARTSYNC_BROKER_TAGS: {exchange} takes no tag like {tag!r}; it has {tagging.words}."
        )
    return Destination(exchange=exchange, broker_tag=tag, id_beginning=tagging.id_beginning.format(tag=tag))


def is_paper() -> bool:
    """Return whether money here is paper money."""
    return bool(settings.SMARTSYNC_VENUE == PAPER)


def live_venue() -> LiveVenue:
    """
    Return the real exchange this installation trades at.

    :raises ImproperlyConfigured: if the settings do not name one, its key, and that it is meant; or name a broker's tag
        that it would not take.
    """
    live = _live_venue(
        os.getpid(),
        settings.SMARTSYNC_VENUE,
        settings.SMARTSYNC_VENUE_URL,
        settings.SMARTSYNC_VENUE_LIVE,
        Credentials(
            key=settings.SMARTSYNC_VENUE_KEY,
            secret=settings.SMARTSYNC_VENUE_SECRET,
            password=settings.SMARTSYNC_VENUE_PASSWORD,
        ),
        settings.SMARTSYNC_VENUE_KEY_VOUCHED,
        tuple(settings.SMARTSYNC_COINS),
    )
    destination()
    return live


def own_venue(*, exchange: str, key: str, secret: str, password: str = "") -> OwnVenue:
    """
    Return somebody's own account at the exchange that this installation trades at; nothing is asked yet.

    An account at another exchange would have other markets, lots, minimums and books than those that are decided by.

    :raises ExchangeUnknown: if it is not the exchange that is traded at here.
    """
    if not exchange or exchange != own_exchange():
        raise ExchangeUnknown(f"Own accounts here are at {own_exchange() or 'no exchange'}, not at {exchange!r}.")
    if _stand_ins:
        stand_in = _stand_ins[-1]
        assert isinstance(stand_in, KeyedVenue), "own accounts are at a venue that has some"
        return stand_in.own_account(key=key, secret=secret)
    if exchange == PAPER:
        return KeyedPaperVenue(key=key, secret=secret)
    credentials = Credentials(key=key, secret=secret, password=password)
    return _own_live_venue(os.getpid(), exchange, settings.SMARTSYNC_VENUE_URL, credentials)


def own_exchange() -> str:
    """Return the exchange at which people's own accounts can be traded on; empty where there is none."""
    if _stand_ins:
        return PAPER if isinstance(_stand_ins[-1], KeyedVenue) else ""
    return str(settings.SMARTSYNC_VENUE)


def transfer_history() -> TransferHistory | None:
    """
    Return who tells what came to our account and left it; None where nobody does, as money is paper money.

    :raises ImproperlyConfigured: if the settings do not name a real exchange, its key, and that it is meant.
    """
    if _stand_ins:
        stand_in = _stand_ins[-1]
        return stand_in if isinstance(stand_in, TransferHistory) else None
    return None if is_paper() else live_venue()


def has_paper_money() -> bool:
    """Return whether paper money was ever brought to this installation."""
    return paper_world.has_money()


def price_source(
    *, now: datetime, last_prices: Mapping[str, Decimal] | None = None, position: datetime | None = None
) -> PriceSource:
    """
    Return the one source of prices of a simulated or recorded market, or the first of several live ones.

    A simulated market goes on from `last_prices`, a recording from `position` (market time).

    :raises RecordingError: if SMARTSYNC_PRICES names a file that cannot be used.
    :raises ImproperlyConfigured: if SMARTSYNC_PRICE_SOURCES names no exchange we know.
    """
    return price_sources(now=now, last_prices=last_prices, position=position)[0]


def price_sources(
    *, now: datetime, last_prices: Mapping[str, Decimal] | None = None, position: datetime | None = None
) -> list[PriceSource]:
    """
    Return the sources of prices this installation follows, started at `now`; several where they are live.

    A simulated market goes on from `last_prices`, a recording from `position` (market time).

    :raises RecordingError: if SMARTSYNC_PRICES names a file that cannot be used.
    :raises ImproperlyConfigured: if SMARTSYNC_PRICE_SOURCES names no exchange we know.
    """
    speed = float(settings.SMARTSYNC_SPEED)
    if settings.SMARTSYNC_PRICES == LIVE:
        return [*_live_prices()]
    if settings.SMARTSYNC_PRICES == "simulated":
        return [SimulatedPrices(seed=SIMULATION_SEED, now=now, speed=speed, last_prices=last_prices)]
    table = read_prices(*paths_in(settings.SMARTSYNC_PRICES))
    return [RecordedPrices(table, started_at=now, speed=speed, position=position)]


def live_rules() -> list[MarketRules]:
    """
    Return the rules of a real market for paper orders on live prices: those of the first source.

    :raises VenueUnreachable: if it did not answer.
    """
    return _live_prices()[0].market_rules()


def linked_account(*, exchange: str, key: str, secret: str, password: str = "") -> LinkedAccount:
    """
    Return somebody's account at an exchange, to look at; nothing is asked yet.

    :raises ExchangeUnknown: if there is no such exchange.
    """
    url = settings.SMARTSYNC_EXCHANGE_URLS.get(exchange, "")
    return LinkedAccount(
        exchange=exchange, key=key, secret=secret, password=password, url=url, redis_url=settings.REDIS_URL
    )


def open_paper_account(*, account: str, key: str, secret: str, asset: str, quantity: Decimal) -> None:
    """Give somebody an account of their own at the paper venue, with a key that trades, and money in it once."""
    paper_world.put_key(key=key, secret=secret, account=account)
    paper_world.credit(account, asset, quantity, f"opening of {account}")


def move_paper_money(*, asset: str, quantity: Decimal, is_deposit: bool, reference: str) -> None:
    """
    Tell the paper venue that money arrived at our account or left it, once for each reference.

    At a real venue the transfer itself does this, and nobody has to be told.
    """
    if _stand_ins:
        _stand_ins[-1].transfer(asset=asset, quantity=quantity, is_deposit=is_deposit, reference=reference)
        return
    if not is_paper():
        return
    move = paper_world.credit if is_deposit else paper_world.debit
    move(PLATFORM_ACCOUNT, asset, quantity, reference)


def recount_paper_money(
    *, asset: str, old_count: int, new_count: int, decimals: int, price: Decimal, reference: str, now: datetime
) -> None:
    """
    Have the paper venue count a coin anew, once for each reference.

    A real venue, or one that stands in for it, does that by itself, and when it likes.
    """
    if _stand_ins or not is_paper():
        return
    paper_world.recount(
        asset=asset, old_count=old_count, new_count=new_count, decimals=decimals, price=price, reference=reference,
        now=now,
    )  # fmt: skip


def move_paper_prices(quotes: Sequence[Quote], *, now: datetime) -> None:
    """Let the paper venue's books follow the prices of the world outside; a real venue's are that world."""
    if _stand_ins or not is_paper():
        return
    paper_world.set_prices({quote.symbol: quote.price for quote in quotes}, now)


# A process keeps one client: opening one takes seconds. The process id is part of the key because a worker's child
# must not share its parent's connections, or it would read the answers to another child's orders.
@lru_cache(maxsize=4)
def _live_venue(
    _process_id: int,
    exchange: str,
    url: str,
    is_meant: bool,
    credentials: Credentials,
    key_is_vouched: bool,
    coins: tuple[str, ...],
) -> LiveVenue:
    try:
        wire = Wire(exchange=exchange, credentials=credentials, url=url, redis_url=settings.REDIS_URL)
    except ExchangeUnknown:
        raise ImproperlyConfigured(
            f"SMARTSYNC_VENUE is {exchange!r}; it can be 'paper' or an exchange such as {', '.join(DIALECTS)}."
        ) from None
    if not is_meant:
        raise ImproperlyConfigured(
            f"SMARTSYNC_VENUE is {exchange!r}, where orders cost real money: set SMARTSYNC_VENUE_LIVE=1 if you mean it."
        )
    if not (credentials.key and credentials.secret):
        raise ImproperlyConfigured(f"SMARTSYNC_VENUE_KEY and SMARTSYNC_VENUE_SECRET are needed to trade at {exchange}.")
    if settings.SMARTSYNC_PRICES != LIVE:
        raise ImproperlyConfigured("Orders with real money need real prices: set SMARTSYNC_PRICES=live.")
    return LiveVenue(
        wire, account=PLATFORM_ACCOUNT, quote=settings.SMARTSYNC_CASH, coins=coins, key_is_vouched=key_is_vouched
    )


# An account is opened in some ten milliseconds, and takes a sixth of a megabyte.
@lru_cache(maxsize=256)
def _own_live_venue(process_id: int, exchange: str, url: str, credentials: Credentials) -> OwnLiveVenue:
    return OwnLiveVenue(
        exchange=exchange,
        credentials=credentials,
        url=url,
        redis_url=settings.REDIS_URL,
        quote=settings.SMARTSYNC_CASH,
        shared=_shared_wire(process_id, exchange, url),
    )


@lru_cache(maxsize=4)
def _shared_wire(_process_id: int, exchange: str, url: str) -> Wire:
    return Wire(exchange=exchange, url=url, redis_url=settings.REDIS_URL)


def _live_prices() -> list[LivePrices]:
    names = tuple(settings.SMARTSYNC_PRICE_SOURCES)
    if not names:
        raise ImproperlyConfigured("SMARTSYNC_PRICE_SOURCES names no exchange.")
    coins = tuple(settings.SMARTSYNC_COINS)
    return [
        _live_price_source(os.getpid(), name, settings.SMARTSYNC_EXCHANGE_URLS.get(name, ""), coins) for name in names
    ]


@lru_cache(maxsize=16)
def _live_price_source(_process_id: int, exchange: str, url: str, coins: tuple[str, ...]) -> LivePrices:
    try:
        wire = Wire(exchange=exchange, url=url, redis_url=settings.REDIS_URL)
    except ExchangeUnknown as unknown:
        raise ImproperlyConfigured(f"SMARTSYNC_PRICE_SOURCES: {unknown}") from None
    return LivePrices(wire, quote=settings.SMARTSYNC_CASH, coins=coins)
