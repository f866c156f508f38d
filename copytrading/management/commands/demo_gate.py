"""manage.py demo_gate: a check to look at, on this machine, in place of the operator's own."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from copytrading.worlds.demo.gate import demo_gate


class Command(BaseCommand):
    help = (
        "Answer the questions of SMARTSYNC_GATE_URL=demo by a rule: deny by what an address says or from 50,000 on, ask"
        " from 10,000 on. `make run` starts it."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=0, help="Where to listen; as the setting says when left out.")

    def handle(self, *_: Any, port: int, **__: Any) -> None:
        gate = settings.SMARTSYNC_GATE
        if not gate.demo_port:
            raise CommandError("SMARTSYNC_GATE_URL is not demo, so nobody would ask.", returncode=2)
        try:
            server = demo_gate(port=port or gate.demo_port, secret=gate.secret)
        except OSError as trouble:
            raise CommandError(
                f"The demo of a gate cannot listen ({trouble.strerror}): name a free port, as in"
                " SMARTSYNC_GATE_URL=demo:8123.",
                returncode=2,
            ) from trouble
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        self.stdout.write(f"The demo of a gate answers at 127.0.0.1:{server.server_port}.")
        with server:
            server.serve_forever()
