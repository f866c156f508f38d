"""manage.py serve: the processes of a server under one supervisor, where nothing else looks after them."""

import signal
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from smartsync_site.management.commands.up import port_number
from smartsync_site.programs import server_programs
from smartsync_site.supervisor import Supervisor, write_line

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(line: str) -> None:
    write_line(f" serve | {line}")


class Command(BaseCommand):
    help = (
        "Run two web units, a worker for each queue, beat, feed and standby, until asked to stop. The servers, the"
        " tables and the proxy are there already: deploy/server.sh makes them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--ports", type=port_number, nargs="+", default=[8001, 8002], help="one web unit each (default: 8001 8002)"
        )

    def handle(self, *, ports: list[int], **_: Any) -> None:
        supervisor = Supervisor(programs=server_programs(ports=ports), say=say)

        def stop(*_: Any) -> None:
            supervisor.asked_to_stop = True

        for number in STOP_SIGNALS:
            signal.signal(number, stop)
        say(f"Serving on {', '.join(str(port) for port in ports)}.")
        if sentence := supervisor.run(when_started=lambda: True):
            raise CommandError(sentence, returncode=2)
        say("Everything is stopped.")
        sys.exit(0)
