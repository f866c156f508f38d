"""
One second of a real market: every exchange is asked for its prices at once, and the slow ones are not waited for.

Each source is asked in a thread of its own that touches no database. A tick takes what has been answered by then; a
source that is slow or silent keeps nobody from hearing the others, and after a while an operator is told about it.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from typing import Protocol

from copytrading.exchange import registry
from copytrading.exchange.errors import VenueUnreachable
from copytrading.exchange.markets import Quote
from copytrading.models import Alarm, Market
from copytrading.queries.copies.stop_book import StopBook
from copytrading.services.books import stops
from copytrading.services.feed import source as price_feed
from copytrading.services.market import quotes as market
from copytrading.services.safety import alarms

# Less than the second between two ticks.
WAIT_SECONDS = 0.8
SILENT_SECONDS = 15


class LeadsAtHand(Protocol):
    """Leads who trade by themselves while the market runs, as those of a demo with paper money do."""

    def look(self, *, quotes: Iterable[Quote]) -> None: ...

    def act(self, *, now: datetime) -> int: ...


class LiveFeed:
    """The live price sources of this installation, asked second by second."""

    def __init__(self, *, now: datetime, leads: LeadsAtHand | None = None, wait_seconds: float = WAIT_SECONDS) -> None:
        """
        Open the sources.

        :param leads: who looks at each second's prices and may trade; nobody when None.
        :raises ImproperlyConfigured: if the settings name no exchange we know.
        """
        self._sources = registry.price_sources(now=now)
        self._wait_seconds = wait_seconds
        self._threads = ThreadPoolExecutor(max_workers=len(self._sources), thread_name_prefix="prices")
        self._asked: dict[str, Future[list[Quote]]] = {}
        self._heard_at = {source.name: now for source in self._sources}
        self._troubles: dict[str, str] = {}
        # An alarm may be open since before this process began.
        self._told = set(self._heard_at)
        self._listed: set[str] = set()
        self._stop_book = StopBook()
        self._leads = leads

    @property
    def name(self) -> str:
        """What kind of sources they are, and which."""
        return "live: " + ", ".join(source.name for source in self._sources)

    def is_over(self, *, now: datetime) -> bool:
        """Return False: exchanges do not end."""
        return False

    def tick(self, *, now: datetime) -> None:
        """
        Bring the market to this second.

        1. Ask every source that is not being asked already, and take what is answered soon.
        2. List the pairs: those of the venue, or at the paper venue those that are quoted, with their real rules.
        3. Record what everybody quotes; raise an alarm about a source that has been silent for a while.
        4. Stop the copies whose loss is confirmed.
        5. Let the leads at hand trade.
        """
        heard = self._ask(now=now)
        self._list(heard)
        if heard:
            # All at once: a mark is the median of what everybody says at this moment.
            market.record_quotes(quotes=[quote for quotes in heard.values() for quote in quotes], now=now)
        self._tell_silence(now=now)
        stops.check_stop_losses(now=now, book=self._stop_book)
        if self._leads is not None and heard:
            self._leads.look(quotes=next(iter(heard.values())))
            self._leads.act(now=now)

    def close(self) -> None:
        """Ask no more; answers that are on their way are not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ask(self, *, now: datetime) -> dict[str, list[Quote]]:
        """Return what was heard, by source, in the order of the settings."""
        for source in self._sources:
            if source.name not in self._asked:
                self._asked[source.name] = self._threads.submit(source.quotes, now)
        wait(self._asked.values(), timeout=self._wait_seconds)
        heard = {}
        for source in self._sources:
            if not self._asked[source.name].done():
                continue
            try:
                quotes = self._asked.pop(source.name).result()
            except VenueUnreachable as trouble:
                self._troubles[source.name] = str(trouble)
                continue
            heard[source.name] = quotes
            self._heard_at[source.name] = now
        return heard

    def _list(self, heard: dict[str, list[Quote]]) -> None:
        prices = {quote.symbol: quote.price for quotes in heard.values() for quote in quotes}
        if prices.keys() <= self._listed:
            return
        try:
            if registry.is_paper():
                price_feed.list_pairs(prices=prices)
            elif not Market.objects.exists():
                market.list_markets()
        except (VenueUnreachable, price_feed.PricesNotReached):
            # A market whose rules are not known is not traded; the next second tries again.
            return
        self._listed |= prices.keys()

    def _tell_silence(self, *, now: datetime) -> None:
        for name, heard_at in self._heard_at.items():
            key = f"prices:{name}"
            seconds = (now - heard_at).total_seconds()
            if seconds > SILENT_SECONDS:
                reason = self._troubles.get(name, "It does not answer in time.")
                sentence = f"No prices from {name} for {seconds:.0f} s. {reason}"
                alarms.raise_alarm(kind=Alarm.Kind.PRICES_DEGRADED, key=key, sentence=sentence, now=now)
                self._told.add(name)
            elif heard_at == now and name in self._told:
                alarms.clear_alarm(key=key, now=now)
                self._told.remove(name)
