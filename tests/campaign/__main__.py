"""Run a campaign; the last line written is its figures as JSON. Exit 1 on any violation, with the logs kept."""

import argparse
import dataclasses
import json
import os
import sys
import time

import django

from tests.campaign.fleet import Fleet
from tests.fake_venue.server import DIALECTS
from tests.fake_venue.venue import started_as_process


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--leads", type=int, default=8)
    parser.add_argument("--followers", type=int, default=32)
    parser.add_argument("--dialect", choices=sorted(DIALECTS), default="binance")
    parser.add_argument(
        "--naive-kills", type=int, default=5, help="of the naive arm, which only binance lets double; 0: none"
    )
    parser.add_argument("--sleep-seconds", type=float, default=30, help="how long a worker that is stopped sleeps")
    parser.add_argument("--noise", action="store_true", help="let the venue lose, delay and garble answers besides")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


if __name__ == "__main__":
    began_at = time.monotonic()
    given = arguments()
    fleet = Fleet()
    code = 1
    try:
        fleet.start_servers()
        os.environ["DATABASE_URL"], os.environ["REDIS_URL"] = fleet.folder.database_url(), fleet.folder.redis_url()
        os.environ |= {"DJANGO_SETTINGS_MODULE": "smartsync_site.settings", "DEVELOPMENT": "1"}
        # The models may only be imported once Django knows where the database is.
        from tests.campaign.town_map import COINS, venue_world

        with started_as_process(dialect=given.dialect, world=venue_world()) as venue:
            os.environ |= fleet.environment(venue, coins=list(COINS))
            django.setup()
            from tests.campaign.course import Course

            figures = Course(fleet=fleet, venue=venue, seed=given.seed, began_at=began_at).run(
                kills=given.kills,
                leads=given.leads,
                followers=given.followers,
                naive_kills=given.naive_kills if given.dialect == "binance" else 0,
                sleep_seconds=given.sleep_seconds,
                has_noise=given.noise,
            )
        sys.stdout.write(json.dumps(dataclasses.asdict(figures)) + "\n")
        code = 0 if figures.is_clean else 1
    finally:
        fleet.stop()
        if code == 0 and not given.keep:
            fleet.remove()
        else:
            sys.stderr.write(f"campaign | the logs are in {fleet.home}\n")
    sys.exit(code)
