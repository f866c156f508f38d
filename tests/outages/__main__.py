"""
Each part of a server is stopped, one after the other, until the alarm is heard outside; the last line is JSON.

    python -m tests.outages [--parts worker,beat,feed,web,Redis,PostgreSQL] [--ways frozen,killed] [--restarts 6]

PostgreSQL, Valkey, `manage.py serve` (two web units, three workers, beat, feed, standby, tell, call) and nginx with
deploy/nginx.conf stand as on a server, with the demo's people and a server's settings. All the while somebody looks at
pages, a program asks the API, and three leads give orders that are pressed again until they are taken. A part is
frozen (SIGSTOP: it is there and answers nothing) or killed and kept away, all units of it. Once the alarm is outside
and readiness red, and three quarters of a minute have passed, it may come back. Printed for each: seconds to the alarm
(at most 60) and to red, seconds until it is there again, which is how long its programs take to start, seconds from
then until all is well (at most 10), what pages said meanwhile, and what of that was neither whole nor in our own
words. In the end web units are restarted in turn under load, where no request may fail, and every order that was taken
has to be filled, once.
"""

import argparse
import sys

from tests.kill_notices.stage import play
from tests.outages.outside import world_outside

PARTS, WAYS = "worker,beat,feed,web,Redis,PostgreSQL", "frozen,killed"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.outages", description=__doc__)
    parser.add_argument("--parts", default=PARTS, help="only these, with commas between")
    parser.add_argument("--ways", default=WAYS, help="only this one")
    parser.add_argument("--restarts", type=int, default=6, help="restarts of a web unit under load")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    given = parser.parse_args()
    for name, known in (("parts", PARTS), ("ways", WAYS)):
        asked = [word for word in getattr(given, name).split(",") if word]
        if unknown := [word for word in asked if word not in known.split(",")]:
            parser.error(f"--{name} has {unknown[0]!r}; there are {known}.")
        setattr(given, name, asked)
    return given


if __name__ == "__main__":
    given = arguments()
    with world_outside() as outside:
        code = play(
            course="tests.outages.course",
            surroundings={"PYTHONWARNINGS": "ignore:You're running the worker"},
            keep=given.keep,
            run=lambda course, fleet: course.run(
                fleet, outside, parts=given.parts, ways=given.ways, restarts=given.restarts
            ),
        )
    sys.exit(code)
