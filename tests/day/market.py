"""A day of prices, as a recording that is played so many times faster: random walks, the same at every run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

# What the copies are invested at; they cannot be asked for here, before there are settings.
PRICES = {
    "BTC": "50000", "ETH": "2500", "SOL": "100", "ADA": "0.5", "XRP": "0.6",
    "DOGE": "0.2", "LTC": "80", "DOT": "6", "LINK": "14", "AVAX": "30",
}  # fmt: skip
BEGINS_AT = datetime(2026, 1, 5, tzinfo=UTC)
DAY_MINUTES = 24 * 60
# Longer than a day, since the platform is set up and comes to rest while it is played.
MINUTES = 3 * DAY_MINUTES
# An ordinary minute: a day of them is two and a half percent.
MINUTE_VOLATILITY = 0.00065


def write_prices(path: Path, *, seed: int) -> None:
    """Write a bar a minute of each coin, in the platform's own layout; they begin where the copies were invested."""
    chance = np.random.default_rng(seed)
    steps = chance.normal(0, MINUTE_VOLATILITY, size=(MINUTES, len(PRICES)))
    closes = np.array([float(price) for price in PRICES.values()]) * np.exp(np.cumsum(steps, axis=0))
    with path.open("w") as file:
        file.write("ts,symbol,open,high,low,close,volume\n")
        for minute, row in enumerate(closes.tolist()):
            at = f"{BEGINS_AT + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}"
            for coin, price in zip(PRICES, row, strict=True):
                file.write(f"{at},{coin}-USDT,{price:.6f},{price:.6f},{price:.6f},{price:.6f},10\n")
