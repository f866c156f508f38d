"""The markets of the campaign, and the venue's world before anybody has come. Knows nothing of Django."""

from decimal import Decimal
from typing import Any

COINS: dict[str, dict[str, str]] = {
    "BTC": {"price": "50000", "lot_size": "0.00001"},
    "ETH": {"price": "2500", "lot_size": "0.0001"},
    "BNB": {"price": "500", "lot_size": "0.001"},
    "SOL": {"price": "100", "lot_size": "0.001"},
    "XRP": {"price": "2", "lot_size": "0.1"},
    "ADA": {"price": "0.5", "lot_size": "0.1"},
    "LINK": {"price": "15", "lot_size": "0.01"},
    "LTC": {"price": "80", "lot_size": "0.001"},
    "DOT": {"price": "5", "lot_size": "0.01"},
    "UNI": {"price": "8", "lot_size": "0.01"},
    "AVAX": {"price": "25", "lot_size": "0.01"},
    "DOGE": {"price": "0.2", "lot_size": "1"},
}


def venue_world() -> dict[str, Any]:
    """Return the world of the fake venue: our markets, and an account without money."""
    return {
        "accounts": {"platform": {}},
        "keys": [
            {"key": "platform-key", "secret": "platform-secret", "passphrase": "platform-phrase", "account": "platform"}
        ],
        "markets": [
            {
                "symbol": f"{coin}-USDT",
                "tick_size": "0.0001" if Decimal(about["price"]) < 10 else "0.01",
                "quantity_min": about["lot_size"],
                "level_value": "20000",
                **about,
            }
            for coin, about in COINS.items()
        ],
        "refill_seconds": 0.5,
    }
