#!/usr/bin/env python
"""Every command of the platform. Commands that need the servers find them started, whoever runs them."""

import contextlib
import os
import sys
from importlib import import_module
from typing import NoReturn

from django.core.management import execute_from_command_line

from smartsync_site import endings
from smartsync_site.embedded import CannotStart, LocalFolder, borrowed_servers
from smartsync_site.environment import is_configured, read_env_file

# `up` looks after its servers itself; the others ask nothing of them, `mcp` but by the platform's own address.
WITHOUT_SERVERS = {
    "up", "check", "makemigrations", "whatif", "collectstatic", "findstatic", "help", "version", "spectacular",
    "mcp", "new_brand", "startapp", "diffsettings", "compilemessages", "makemessages",
}  # fmt: skip


def main(arguments: list[str]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartsync_site.settings")
    read_env_file()
    command = arguments[1] if len(arguments) > 1 else "help"
    if command == "up" or not is_configured():
        # Nothing is named: this is somebody's own machine, not a server that lost its configuration.
        os.environ.setdefault("DEVELOPMENT", "1")
    asks_for_help = command.startswith("-") or "--help" in arguments or "-h" in arguments
    try:
        # Before a server is started for nothing.
        import_module("smartsync_site.rules")
        if command == "up":
            LocalFolder().prepare()
        with contextlib.nullcontext() if asks_for_help or command in WITHOUT_SERVERS else borrowed_servers():
            execute_from_command_line(arguments)
            sys.stdout.flush()
    except CannotStart as reason:
        end(str(reason), code=endings.USAGE_ERROR)
    except KeyboardInterrupt:
        end("Stopped by Ctrl-C, before it was finished.", code=endings.INTERRUPTED)
    except BrokenPipeError:
        endings.write_nothing_more()
        sys.exit(endings.LEFT_ALONE)
    except Exception as error:
        if "--traceback" in arguments or not (sentence := endings.sentence_of(error)):
            raise
        endings.write_nothing_more()
        end(sentence, code=endings.USAGE_ERROR)


def end(sentence: str, *, code: int) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv)
