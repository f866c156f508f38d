"""
kill −9 on whoever calls, while a thousand events go out to a webhook that fails half the time; the last line is JSON.

    python -m tests.kill_webhooks --kills 50 --events 1000

Two `manage.py call` post at once to a receiver that is here and verifies what it gets. It refuses, hangs up, redirects
and is too slow, half the time. Each kill is one of: a caller at a random moment, a caller whose event was just taken
and not yet confirmed. In the end each event must have been taken, under one id and with one text, signed, and those of
a copy in their order: nothing of a later one arrives before the earlier one was taken.
"""

import argparse
import sys

from tests.hook_receiver_server import hook_receiver
from tests.kill_notices.stage import play


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kill_webhooks", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--events", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1_500, help="for the kills; fewer are done if that is short")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    with hook_receiver() as receiver:
        code = play(
            course="tests.kill_webhooks.course",
            surroundings={
                "WEBHOOK_LOCAL_HOSTS": receiver.host,
                # A receiver that fails half the time is tried for hours in life; here a day passes in minutes.
                "WEBHOOK_RETRY_SECONDS": "0.2,0.5,1,2",
                "WEBHOOK_SECONDS_MAX": "2",
            },
            keep=given.keep,
            run=lambda course, fleet: course.run(
                fleet, receiver, kills=given.kills, count=given.events, seed=given.seed, seconds_max=given.seconds
            ),
        )
    sys.exit(code)
