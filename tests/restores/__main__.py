"""
Back up, let the venue go on, destroy, restore; a hundred times. The last line is JSON.

    python -m tests.restores --trials 100

Each trial backs a small platform up at a moment of its own (at rest, an order planned and not sent, an order claimed
and not sent yet), lets people trade and money come and go at a fake venue afterwards, and restores the backup. Until
ledger and venue agree nothing may be sent, however often workers look; what differs must be, coin by coin and to the
unit, what happened at the venue after the backup and is not found by asking it; operators book that, trading goes on,
and no client order id may ever come to the venue twice. The next trial goes on from there, at the same venue.
"""

import argparse
import sys
from typing import Any

from tests.fake_venue.venue import started_in_thread
from tests.kill_notices.stage import play

WORLD: dict[str, Any] = {
    "accounts": {"platform": {}},
    "keys": [{"key": "platform-key", "secret": "platform-secret", "passphrase": "", "account": "platform"}],
    "markets": [
        {"symbol": "BTC-USDT", "price": "50000", "level_value": "100000"},
        {"symbol": "ETH-USDT", "price": "2500", "lot_size": "0.0001", "quantity_min": "0.0001",
         "level_value": "50000"},
    ],
    "weight_max": 10**9,
    "refill_seconds": 0.05,
}  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.restores", description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=7_200, help="fewer are done if that is short")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    with started_in_thread(dialect="binance", world=WORLD) as venue:
        code = play(
            course="tests.restores.course",
            surroundings={
                "SMARTSYNC_VENUE": "binance",
                "SMARTSYNC_VENUE_LIVE": "1",
                "SMARTSYNC_VENUE_URL": venue.address,
                "SMARTSYNC_VENUE_KEY": "platform-key",
                "SMARTSYNC_VENUE_SECRET": "platform-secret",
                "SMARTSYNC_PRICES": "live",
                "SMARTSYNC_PRICE_SOURCES": "binance",
                "SMARTSYNC_EXCHANGE_URLS": f"binance={venue.address}",
                "SMARTSYNC_COINS": "BTC,ETH",
                "SMARTSYNC_BROKER_TAGS": "binance=Ab12Cd34",
                # Nobody waits here for a beat.
                "SMARTSYNC_CYCLE_SPACING_SECONDS": "0.1",
            },
            keep=given.keep,
            run=lambda course, fleet: course.run(
                fleet, venue, trials=given.trials, seed=given.seed, seconds_max=given.seconds
            ),
        )
    sys.exit(code)
