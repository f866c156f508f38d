"""
How fast the portal stands: a JSON line for each page and screen, on a fast line and on a slow one, and whether each is
within what was promised.

    python -m tests.vitals [--pages discover,lead] [--times 3] [--no-slow]

The demo is set up and runs as `make run` has it. Before it stand a web process as on a server, with the static files
built, and deploy/nginx.conf itself: what compresses there compresses here. Each figure is the middle one of several
visits by a browser that was never there before; the best one and the machine's load stand beside it, since whatever
else runs here is measured too. Exit code 1 where a page is beyond a figure.
"""

import argparse
import json
import signal
import sys

from tests.vitals.measuring import FAST, SLOW, measure
from tests.vitals.stage import standing


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.vitals", description=__doc__)
    parser.add_argument("--pages", default="", help="only these, with commas between")
    parser.add_argument("--times", type=int, default=3, help="visits of each page, whose middle one counts")
    parser.add_argument("--slow", action=argparse.BooleanOptionalAction, default=True, help="on the slow line too")
    parser.add_argument("--at", default="", help="a demo that runs already as on a server, by its address")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    # Whoever ends this ends what it started as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))
    with standing(given.at) as address:
        is_within = True
        names = [name for name in given.pages.split(",") if name]
        for figures in measure(address, lines=[FAST, SLOW] if given.slow else [FAST], names=names, times=given.times):
            is_within &= figures["within"]
            print(json.dumps(figures), flush=True)  # noqa: T201
    sys.exit(0 if is_within else 1)
