"""
kill −9 on whoever brings, books and compares money, while ten thousand transfers come and go; the last line is JSON.

    python -m tests.kill_transfers --kills 200 --transfers 10000

Two doors announce, cancel and pay out, and sell coins besides; two lookers do what the beat rings for: they ask a
fake venue what came and went, compare custody and ledger, and book money by bank as two operators. Transfers are
announced, unannounced, late, too late, doubled, of a wrong amount, reversed, canceled. Each kill is one of: whoever
comes to a certain statement, before or after it; anybody at any moment; whoever waits for an answer of the venue;
PostgreSQL. In the end nothing may be lost or doubled, no coin may ever have been halted, each sale must have gone
through, and the venue must keep what is owed and unassigned, which must be what the plan left over, to the unit.
"""

import argparse
import sys
from typing import Any

from tests.fake_venue.venue import started_as_process
from tests.kill_notices.stage import play

WORLD: dict[str, Any] = {
    "accounts": {"platform": {}},
    "keys": [{"key": "platform-key", "secret": "platform-secret", "passphrase": "", "account": "platform"}],
    "markets": [{"symbol": "BTC-USDT", "price": "50000", "level_value": "100000"}],
    "weight_max": 10**9,
    "refill_seconds": 0.5,
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kill_transfers", description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--transfers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3_000, help="for the kills; fewer are done if that is short")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    with started_as_process(dialect="binance", world=WORLD) as venue:
        code = play(
            course="tests.kill_transfers.course",
            surroundings={
                "SMARTSYNC_VENUE": "binance",
                "SMARTSYNC_VENUE_LIVE": "1",
                "SMARTSYNC_VENUE_URL": venue.address,
                "SMARTSYNC_VENUE_KEY": "platform-key",
                "SMARTSYNC_VENUE_SECRET": "platform-secret",
                "SMARTSYNC_TRANSFERS": "venue",
                "SMARTSYNC_PRICES": "live",
                "SMARTSYNC_PRICE_SOURCES": "binance",
                "SMARTSYNC_EXCHANGE_URLS": f"binance={venue.address}",
                "SMARTSYNC_COINS": "BTC",
                "PYTHONUNBUFFERED": "1",
            },
            keep=given.keep,
            run=lambda course, fleet: course.run(
                fleet, venue, kills=given.kills, count=given.transfers, seed=given.seed, seconds_max=given.seconds
            ),
        )
    sys.exit(code)
