"""manage.py mcp: the platform as tools of an assistant, over standard input and output."""

from __future__ import annotations

import importlib
import importlib.util
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copytrading.assistants.door import Door, DoorClosed

USAGE_ERROR = 2
HERE = "http://localhost:8000"


class Command(BaseCommand):
    help = (
        "Offers a platform that runs, here or elsewhere, to an assistant as tools (Model Context Protocol over standard"
        " input and output). SMARTSYNC_KEY is a key for programs: with the scope read the tools read, with lead they"
        " trade as the lead you are, with paper money only."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        # Settings of whoever asks, not of a platform, as in docs/robot.py; a key in an argument could be read by all.
        url = os.environ.get("SMARTSYNC_URL") or HERE
        parser.add_argument("--url", default=url, help=f"where the platform is; SMARTSYNC_URL, or {HERE}")

    def handle(self, *, url: str, **_: Any) -> None:
        if importlib.util.find_spec("mcp") is None:
            raise CommandError("The tools for assistants are an extra: `make mcp` installs it.", returncode=USAGE_ERROR)
        serving = importlib.import_module("copytrading.assistants.serving")
        try:
            server = serving.server_of(Door(url=url, key=os.environ.get("SMARTSYNC_KEY", "")))
        except DoorClosed as reason:
            raise CommandError(str(reason), returncode=USAGE_ERROR) from reason
        server.run("stdio")
