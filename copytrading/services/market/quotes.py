"""The market as we keep it: rules from the venue, marks from the price sources."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from accounts.transactions import outside_transaction
from copytrading.exchange import registry
from copytrading.exchange.markets import Quote
from copytrading.queries.money import limit_orders
from copytrading.services import bell
from copytrading.services.market import listings, mark_ranges, marking


@outside_transaction
def list_markets(*, names: dict[str, str] | None = None) -> int:
    """
    Bring our markets and assets in line with the venue's rules, and return how many there are.

    What the venue no longer lists is not looked for here, see listings.watch_listings.

    :param names: what a coin is called, by symbol; the symbol itself where nothing is given.
    """
    rules = registry.venue().market_rules()
    with transaction.atomic():
        listings.take_rules(rules=rules, names=names)
    return len(rules)


def record_quotes(*, quotes: Sequence[Quote], now: datetime) -> None:
    """
    Take new prices, of any source: our marks follow where they agree, and the paper venue's books move with them.

    A quote that is older than the one we have of its source changes nothing. A paper book follows the one source that
    there is, wicks and all, or the median of several.
    """
    with transaction.atomic():
        medians = marking.record_sources(quotes=quotes, now=now)
        mark_ranges.widen(quotes=quotes, now=now)
        prices = [(quote, medians.get(quote.symbol, quote.price)) for quote in quotes]
        moved = [replace(quote, price=price) for quote, price in prices if price is not None]
        registry.move_paper_prices(moved, now=now)
        bell.publish("prices", "marks")
        if limit_orders.touched_orders().exists():
            bell.ring_for_limit_orders()
