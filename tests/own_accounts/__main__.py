"""
A thousand copies on their followers' own accounts against the fake venue, beside pooled copies of the same lead.

    python -m tests.own_accounts --copies 1000 --bars 8

Prices walk, the lead trades, everybody follows. In the end each order at the venue must be on the account of the person
whose copy it is for, at most one was open for an account and market at a time, and what each account holds is what its
copy has. Prints a table of how near copies of 100, 1,000 and 10,000 USDT kept; the last line is JSON.

The venue's rate limit is lifted, and our own budget with it: at a real exchange these orders would take as long as its
limit says.
"""

import argparse
import sys

from tests.fake_venue.venue import started_as_process
from tests.kill_notices.stage import play
from tests.own_accounts.described import described_world


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.own_accounts", description=__doc__)
    parser.add_argument("--copies", type=int, default=1_000)
    parser.add_argument("--pooled", type=int, default=30)
    parser.add_argument("--bars", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=3_600, help="no bar begins after so long")
    parser.add_argument("--dialect", default="binance")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    with started_as_process(dialect=given.dialect, world=described_world(given.copies)) as venue:
        code = play(
            course="tests.own_accounts.course",
            surroundings={
                "SMARTSYNC_VENUE": given.dialect,
                "SMARTSYNC_VENUE_URL": venue.address,
                "SMARTSYNC_VENUE_LIVE": "1",
                "SMARTSYNC_VENUE_KEY": "platform-key",
                "SMARTSYNC_VENUE_SECRET": "platform-secret",
                "SMARTSYNC_VENUE_PASSWORD": "platform-phrase",
                "SMARTSYNC_PRICES": "live",
                "SMARTSYNC_COINS": "",
                "SMARTSYNC_BELL": "0",
                "SMARTSYNC_MINUTE_VALUE_MAX": "1000000000",
                "SMARTSYNC_DAY_VALUE_MAX": "1000000000",
            },
            keep=given.keep,
            run=lambda course, _: course.run(
                venue,
                copies_count=given.copies,
                pooled_count=given.pooled,
                bars=given.bars,
                seed=given.seed,
                seconds_max=given.seconds,
            ),
        )
    sys.exit(code)
