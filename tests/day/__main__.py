"""
A day of a platform in half an hour, on real processes; the last line is JSON.

    python -m tests.day [--copies 5000] [--leads 50] [--streams 200] [--minutes 30]

PostgreSQL, Valkey, `manage.py serve` and nginx stand as on a server. Prices are a recorded day that is played so much
faster; each lead gives the orders of a day through the API (twenty), each copy's follower looks at two pages, and some
people leave a page open. Measured from when everything is warm: the memory of each process in the first and in the
last third (within five percent), pages through the proxy (19 of 20 within 200 ms), rows of each table, and that the
walk that forgets leaves none that is older than it is kept. In the end every order has to be decided on and the
ledger clean. The platform's own timetable keeps its pace: what it does by the minute it does thirty times, not 1,440
times.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.day.market import DAY_MINUTES, write_prices
from tests.kill_notices.stage import play


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.day", description=__doc__)
    for name, most in (("copies", 5_000), ("leads", 50), ("streams", 200), ("minutes", 30)):
        parser.add_argument(f"--{name}", type=int, default=most)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    with tempfile.TemporaryDirectory(prefix="smartsync-day-") as folder:
        Path(folder).chmod(0o755)
        prices = Path(folder) / "day.csv"
        write_prices(prices, seed=given.seed)
        code = play(
            course="tests.day.course",
            surroundings={
                "SMARTSYNC_PRICES": str(prices),
                "SMARTSYNC_SPEED": f"{DAY_MINUTES / given.minutes:g}",
                "PYTHONWARNINGS": "ignore:You're running the worker",
            },
            keep=given.keep,
            run=lambda course, fleet: course.run(
                fleet, copies=given.copies, leads=given.leads, streams=given.streams, minutes=given.minutes
            ),
        )
    sys.exit(code)
