"""
kill −9 on whoever sends, while a thousand notices go out by e-mail and push; the last line is the figures as JSON.

    python -m tests.kill_notices --kills 100 --notices 1000

Two `manage.py tell` send at once to a mail server and a push service that are here and can read what they get. Each
kill is one of: a sender at a random moment, a sender whose message was just taken and not yet confirmed, Valkey. In the
end each notice must have been told on each channel under one message id, and none may be missing. What was taken twice
is counted: it came twice under the same id, as nobody can know whether a message was taken whose answer never came.
"""

import argparse
import sys

from tests.kill_notices.stage import play
from tests.mail_sink import mail_sink
from tests.push_service import push_service


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kill_notices", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--notices", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1_500, help="for the kills; fewer are done if that is short")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    with mail_sink() as mails, push_service() as pushes:
        code = play(
            course="tests.kill_notices.course",
            surroundings={
                "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
                "WEB_PUSH_SECRET": "of the campaign",
                "WEB_PUSH_LOCAL_HOSTS": pushes.host,
            },
            keep=given.keep,
            run=lambda course, fleet: course.run(
                fleet, mails, pushes, kills=given.kills, count=given.notices, seed=given.seed, seconds_max=given.seconds
            ),
        )
    sys.exit(code)
