"""
kill −9 on whoever sends, while a thousand notices go out by e-mail and push; the last line is the figures as JSON.

    python -m tests.kill_notices --kills 100 --notices 1000

Two `manage.py tell` send at once to a mail server and a push service that are here and can read what they get. Each
kill is one of: a sender at a random moment, a sender whose message was just taken and not yet confirmed, Valkey. In the
end each notice must have been told on each channel under one message id, and none may be missing. What was taken twice
is counted: it came twice under the same id, as nobody can know whether a message was taken whose answer never came.
"""

import argparse
import dataclasses
import json
import os
import sys

import django

from tests.campaign.fleet import Fleet
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
    fleet, code = Fleet(), 1
    try:
        fleet.start_servers()
        with mail_sink() as mails, push_service() as pushes:
            os.environ |= {
                "DATABASE_URL": fleet.folder.database_url(),
                "REDIS_URL": fleet.folder.redis_url(),
                "SECRET_KEY": fleet.folder.secret("django"),
                "SMARTSYNC_LOCAL": str(fleet.home / "local"),
                "DJANGO_SETTINGS_MODULE": "smartsync_site.settings",
                "DEVELOPMENT": "1",
                "DATABASE_ROLE": "",
                "LOG_LEVEL": "ERROR",
                "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
                "WEB_PUSH_SECRET": "of the campaign",
                "WEB_PUSH_LOCAL_HOSTS": pushes.host,
            }
            django.setup()
            # The models may only be imported once Django knows where the database is.
            from django.core.management import call_command

            from tests.kill_notices.course import run

            call_command("migrate", verbosity=0)
            figures = run(
                fleet, mails, pushes, kills=given.kills, count=given.notices, seed=given.seed, seconds_max=given.seconds
            )
            fleet.stop_members()
        sys.stdout.write(json.dumps(dataclasses.asdict(figures)) + "\n")
        code = 0 if figures.is_clean else 1
    finally:
        fleet.stop()
        if code == 0 and not given.keep:
            fleet.remove()
        else:
            sys.stderr.write(f"campaign | the logs are in {fleet.home}\n")
    sys.exit(code)
