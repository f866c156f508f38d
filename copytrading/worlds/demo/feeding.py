"""
One second of the market: prices become marks, stop losses are looked at, and the demo's leads may trade.

This is the *look* of the way of a change. What it sets off (cycles, orders, payouts) is the work of others.
"""

from datetime import datetime

from copytrading.queries.copies.stop_book import StopBook
from copytrading.services.books import stops
from copytrading.services.feed import source as price_feed
from copytrading.services.market import quotes as market
from copytrading.worlds.demo import recorded_lead
from copytrading.worlds.demo.acting import DemoLeads


class MarketFeed:
    """The price source of this installation, played second by second from where it was left."""

    def __init__(self, *, now: datetime) -> None:
        """
        Open the source.

        :raises RecordingUnusable: if prices or fills name a file that cannot be used.
        """
        self._recording = recorded_lead.read_recording()
        begins_at = self._recording.begins_at() if self._recording else None
        self._source = price_feed.open_source(now=now, begins_at=begins_at)
        self._leads = DemoLeads()
        self._listed: set[str] = set()
        self._stop_book = StopBook()

    @property
    def name(self) -> str:
        """What kind of source it is: simulated or recorded."""
        return self._source.name

    def is_over(self, *, now: datetime) -> bool:
        """Return whether a recording has shown its last bar; its prices grow stale from then on."""
        return self._source.finished(now)

    def tick(self, *, now: datetime) -> None:
        """
        Bring the market to this second.

        1. List pairs that the source quotes for the first time.
        2. Record the quotes, and how far the recording was shown.
        3. Stop the copies whose loss is confirmed.
        4. Let the demo's leads trade.

        Each step commits on its own; one that was interrupted is made up for by the next tick.
        """
        quotes = self._source.quotes(now)
        prices = {quote.symbol: quote.price for quote in quotes}
        if not prices.keys() <= self._listed:
            price_feed.list_pairs(prices=prices)
            self._listed |= prices.keys()
        market_time = self._source.market_time(now)
        market.record_quotes(quotes=quotes, now=now)
        price_feed.keep_position(position=market_time, now=now)
        stops.check_stop_losses(now=now, book=self._stop_book)
        if self._recording and (lead := recorded_lead.recorded_lead()):
            recorded_lead.follow_recording(lead=lead, recording=self._recording, market_time=market_time, now=now)
        self._leads.look(quotes=[quote for quote in quotes if quote.as_of == now])
        self._leads.act(now=now)
