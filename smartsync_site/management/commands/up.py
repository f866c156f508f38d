"""
Start everything: servers, tables, demo world, then web, worker, beat, standby and market feed, under one supervisor.

Where DATABASE_URL and REDIS_URL are set, those servers are used; otherwise PostgreSQL and Valkey from their wheels.
"""

import contextlib
import errno
import http.client
import io
import os
import signal
import socket
import sys
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, OperationalError, connection

from copytrading.services.feed.source import recorded_paths
from copytrading.services.market import opening
from smartsync_site.embedded import CannotStart, EmbeddedServers
from smartsync_site.programs import local_programs
from smartsync_site.supervisor import Supervisor, write_line

POSTGRES_MAJOR_MIN = 15
PORT_MAX = 65_535
FILES = "django.core.mail.backends.filebased.EmailBackend"
RUNTIME_ROLE = "smartsync_runtime"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AskedToStop(BaseException):
    """Ctrl-C, or a signal, while we were still starting."""


def say(line: str) -> None:
    write_line(f"    up | {line}")


@contextlib.contextmanager
def step(doing: str) -> Iterator[None]:
    """Name a step before it begins, and say how long it took when that was long."""
    say(f"{doing} …")
    began_at = time.monotonic()
    yield
    if (seconds := time.monotonic() - began_at) > 1:
        say(f"{doing}: done after {seconds:.1f} s.")


def port_number(text: str) -> int:
    """Return a port that can be listened on and named in an address."""
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= PORT_MAX:
        raise ArgumentTypeError(f"{text!r} is no port: name a number from 1 to {PORT_MAX}")
    return int(text)


class Command(BaseCommand):
    help = "Start the whole platform on this machine."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=port_number, default=8000, help="the port of the pages (default: 8000)")

    def handle(self, *, host: str, port: int, **_: Any) -> None:
        began_at = time.monotonic()
        self.supervisor: Supervisor | None = None
        for number in STOP_SIGNALS:
            signal.signal(number, self.stop)
        servers = EmbeddedServers(folder=settings.LOCAL_FOLDER)
        sentence, code = "", 0
        try:
            if not servers.claim():
                raise CannotStart(f"Smart Sync already runs here ({servers.folder.holder()}); stop that one first.")
            refuse_taken_port(host=host, port=port)
            refuse_missing_recordings()
            refuse_unmeant_money()
            self.start_servers(servers, host=host, port=port)
            logins = prepare_database()
            self.supervisor = Supervisor(programs=local_programs(host=host, port=port), say=say, broken=servers.failed)
            sentence = self.supervisor.run(
                when_started=lambda: announce(host=host, port=port, logins=logins, began_at=began_at)
            )
            code = 2 if sentence else 0
        except CannotStart as reason:
            sentence, code = str(reason), 2
        except AskedToStop:
            pass
        except (OSError, DatabaseError) as error:
            sentence, code = servers.failed() or disk_full_sentence(error), 2
            if not sentence:
                raise
        finally:
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            connection.close()
            servers.stop()
        say(sentence or "Everything is stopped.")
        sys.exit(code)

    def stop(self, *_: Any) -> None:
        if self.supervisor is None:
            raise AskedToStop
        if not self.supervisor.asked_to_stop:
            say("Stopping …")
        self.supervisor.asked_to_stop = True

    def start_servers(self, servers: EmbeddedServers, *, host: str, port: int) -> None:
        if servers.servers:
            with step("Starting PostgreSQL and Valkey"):
                servers.start()
        # The programs get plain addresses, so that none of them looks for servers to start.
        os.environ["DATABASE_URL"] = os.environ.get("DATABASE_URL") or servers.folder.database_url()
        os.environ["REDIS_URL"] = os.environ.get("REDIS_URL") or servers.folder.redis_url()
        os.environ["SECRET_KEY"] = settings.SECRET_KEY
        os.environ.setdefault("SITE_URL", address_of(host=host, port=port))


def disk_full_sentence(error: Exception) -> str:
    """Return what to say when a full disk is behind an error of ours or of PostgreSQL; empty when it is not."""
    if getattr(error, "errno", None) == errno.ENOSPC or os.strerror(errno.ENOSPC) in str(error):
        return f"The disk is full: nothing more can be written to {settings.LOCAL_FOLDER.path}."
    return ""


def refuse_taken_port(*, host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise CannotStart(f"Port {port} is in use; choose another one: make run PORT={port + 1}") from None
            raise CannotStart(f"{host}:{port} cannot be listened on: {error.strerror}.") from None


def refuse_missing_recordings() -> None:
    named = [("PRICES", path) for path in recorded_paths()]
    if settings.SMARTSYNC_LEAD_TRADES:
        named.append(("LEAD_TRADES", Path(settings.SMARTSYNC_LEAD_TRADES)))
    for name, path in named:
        if not path.is_file():
            raise CannotStart(f"{name} names {path}, and there is no such file.")


def refuse_unmeant_money() -> None:
    try:
        opening.check_settings()
    except opening.VenueNotUsable as refusal:
        raise CannotStart(str(refusal)) from None


def prepare_database() -> str:
    """
    Bring tables and demo world up to date. Return the demo logins.

    :raises CannotStart: if a server named in the environment does not answer or is too old.
    """
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise CannotStart(f"The server in DATABASE_URL does not answer: {str(error).splitlines()[0]}") from None
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        major = int(cursor.fetchone()[0]) // 10000
    if major < POSTGRES_MAJOR_MIN:
        raise CannotStart(f"The server in DATABASE_URL is PostgreSQL {major}; {POSTGRES_MAJOR_MIN} or newer is needed.")
    try:
        with redis.Redis.from_url(settings.REDIS_URL) as client:
            client.ping()
    except redis.exceptions.RedisError as error:
        raise CannotStart(f"The server in REDIS_URL does not answer: {error}") from None
    with step("Bringing the tables up to date"):
        call_command("migrate", interactive=False, verbosity=0)
    for misfit in run_checks(tags=[Tags.database], databases=["default"]):
        raise CannotStart(f"{misfit.msg} {misfit.hint or ''}")
    where, logins = io.StringIO(), io.StringIO()
    try:
        call_command("check_venue", stdout=where)
        say(where.getvalue().strip())
        if settings.SMARTSYNC_VENUE == "paper" and settings.DEVELOPMENT:
            with step("Setting up the demo world"):
                call_command("demo_world", stdout=logins)
        else:
            logins.write("No demo world here. Make the first two operators with manage.py create_operator.")
    except CommandError as refusal:
        raise CannotStart(str(refusal)) from None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER')", [RUNTIME_ROLE]
        )
        if cursor.fetchone():
            os.environ["DATABASE_ROLE"] = os.environ.get("DATABASE_ROLE") or RUNTIME_ROLE
    return logins.getvalue()


def address_of(*, host: str, port: int) -> str:
    """Return where the pages are, as a browser on this machine has to write it."""
    return f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"


def announce(*, host: str, port: int, logins: str, began_at: float) -> bool:
    """Print the address and the logins once the first page can be had; return False until then."""
    asked = http.client.HTTPConnection(host, port, timeout=1)
    try:
        asked.request("GET", "/health/live", headers={"Host": "localhost"})
        if asked.getresponse().status != 200:
            return False
    except OSError:
        return False
    finally:
        asked.close()
    say(f"Ready after {time.monotonic() - began_at:.1f} s: {address_of(host=host, port=port)}")
    for line in logins.splitlines():
        say(line)
    if settings.EMAIL_BACKEND == FILES:
        say(f"Mails are kept here and shown at {address_of(host=host, port=port)}/mailbox/")
    say("Ctrl-C stops everything.")
    return True
