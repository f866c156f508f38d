from datetime import UTC, datetime
from decimal import Decimal

import pytest

from copytrading.exchange.paper.venue import PaperVenue
from copytrading.exchange.paper.world import credit, open_market, set_prices

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def venue(db: None) -> PaperVenue:
    """Return a venue with two markets at 100 and 10 USDT, and 100,000 USDT and 500 SOL in our account."""
    for symbol in ("SOL-USDT", "DOT-USDT"):
        open_market(
            symbol=symbol,
            lot_size=Decimal("0.001"),
            tick_size=Decimal("0.01"),
            value_min=Decimal(5),
            spread_rate=Decimal("0.002"),
            level_gap_rate=Decimal("0.001"),
            level_value=Decimal(1000),
            level_count=3,
        )
    set_prices({"SOL-USDT": Decimal(100), "DOT-USDT": Decimal(10)}, NOON)
    credit("platform", "USDT", Decimal(100_000), "opening USDT")
    credit("platform", "SOL", Decimal(500), "opening SOL")
    return PaperVenue(account="platform")
