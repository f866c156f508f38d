"""Which venue and which source of prices this installation uses, as the settings say."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from copytrading.exchange.base import PriceSource, Quote, Venue
from copytrading.exchange.paper import venue as paper_counter
from copytrading.exchange.paper.venue import PaperVenue
from copytrading.exchange.prices.files import read_prices
from copytrading.exchange.prices.recorded import RecordedPrices
from copytrading.exchange.prices.simulated import SimulatedPrices

# The account at the venue that holds everybody's money; the ledger says whose is what.
PLATFORM_ACCOUNT = "platform"

SIMULATION_SEED = 1


def venue() -> Venue:
    """
    Return the venue this installation trades at.

    :raises ImproperlyConfigured: if SMARTSYNC_VENUE names none we know.
    """
    if settings.SMARTSYNC_VENUE != "paper":
        raise ImproperlyConfigured(f"SMARTSYNC_VENUE is {settings.SMARTSYNC_VENUE!r}; it can be 'paper'.")
    return PaperVenue(account=PLATFORM_ACCOUNT)


def price_source(
    *, now: datetime, last_prices: Mapping[str, Decimal] | None = None, position: datetime | None = None
) -> PriceSource:
    """
    Return the source of prices this installation follows, started at `now`.

    A simulated market goes on from `last_prices`, a recording from `position` (market time).

    :raises RecordingError: if SMARTSYNC_PRICES names a file that cannot be used.
    """
    speed = float(settings.SMARTSYNC_SPEED)
    if settings.SMARTSYNC_PRICES == "simulated":
        return SimulatedPrices(seed=SIMULATION_SEED, now=now, speed=speed, last_prices=last_prices)
    table = read_prices(Path(settings.SMARTSYNC_PRICES))
    return RecordedPrices(table, started_at=now, speed=speed, position=position)


def move_paper_money(*, asset: str, quantity: Decimal, is_deposit: bool, reference: str) -> None:
    """
    Tell the paper venue that money arrived at our account or left it, once for each reference.

    At a real venue the transfer itself does this.
    """
    move = paper_counter.credit if is_deposit else paper_counter.debit
    move(PLATFORM_ACCOUNT, asset, quantity, reference)


def move_paper_prices(quotes: Sequence[Quote], *, now: datetime) -> None:
    """Let the paper venue's books follow the prices of the world outside."""
    paper_counter.set_prices({quote.symbol: quote.price for quote in quotes}, now)
