"""The market as we keep it: rules from the venue, marks from the price sources."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection, transaction

from accounts.models import Asset
from copytrading.exchange import registry
from copytrading.exchange.base import MarketStatus, Quote
from copytrading.models import Market
from copytrading.services import bell
from copytrading.services.bunching import units_of

RECORD_MARKS = """
    INSERT INTO copytrading_mark (market_id, price, as_of, source)
    SELECT market.id, line.price, line.as_of, line.source
    FROM unnest(%s::text[], %s::numeric[], %s::timestamptz[], %s::text[]) AS line(symbol, price, as_of, source)
    JOIN copytrading_market AS market ON market.symbol = line.symbol
    ORDER BY market.id
    ON CONFLICT (market_id) DO UPDATE
    SET price = excluded.price, as_of = excluded.as_of, source = excluded.source
    WHERE copytrading_mark.as_of <= excluded.as_of
"""


def list_markets(*, names: dict[str, str] | None = None) -> int:
    """
    Bring our markets and assets in line with the venue's rules, and return how many there are.

    :param names: what a coin is called, by symbol; the symbol itself where nothing is given.
    """
    rules = registry.venue().market_rules()
    with transaction.atomic():
        for colour, market in enumerate(rules, start=1):
            base = _asset(market.base, names)
            quote = _asset(market.quote, names)
            trades = market.status == MarketStatus.TRADING
            Market.objects.update_or_create(
                symbol=market.symbol,
                defaults={
                    "lot_units": max(units_of(market.lot_size, base.decimals), 1),
                    "tick_size": market.tick_size,
                    "value_min_units": units_of(market.value_min, quote.decimals),
                    "status": Market.Status.TRADING if trades else Market.Status.SUSPENDED,
                },
                create_defaults={
                    "base": base,
                    "quote": quote,
                    "lot_units": max(units_of(market.lot_size, base.decimals), 1),
                    "tick_size": market.tick_size,
                    "value_min_units": units_of(market.value_min, quote.decimals),
                    "status": Market.Status.TRADING if trades else Market.Status.SUSPENDED,
                    "colour": (colour - 1) % 12 + 1,
                },
            )
    return len(rules)


def record_quotes(*, quotes: Sequence[Quote], now: datetime) -> None:
    """
    Take new prices: the paper venue's books move with them, and they become our marks.

    A quote that is older than the mark we have changes nothing.
    """
    registry.move_paper_prices(quotes, now=now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            RECORD_MARKS,
            [
                [quote.symbol for quote in quotes],
                [quote.price for quote in quotes],
                [quote.as_of for quote in quotes],
                [quote.source for quote in quotes],
            ],
        )
        bell.publish("prices", "marks")


def _asset(symbol: str, names: dict[str, str] | None) -> Asset:
    asset, _ = Asset.objects.get_or_create(symbol=symbol, defaults={"name": (names or {}).get(symbol, symbol)})
    return asset
