"""
A database for one run: made beside the configured one, migrated, and dropped at the end.

Replays and benchmarks write thousands of people and millions of rows; none of that belongs into anybody's data.
"""

import os
import signal
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import cast

import psycopg
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper
from psycopg import sql

NAME_LENGTH_MAX = 63
# What a shell reports of a program that a signal ended is this much and the signal's number.
SIGNALLED = 128
# So long is waited where SIGTERM came at a moment at which nothing can be ended.
AGAIN_SECONDS = 0.05


@contextmanager
def own_database(*, purpose: str, durable: bool, keep: bool = False, now: datetime) -> Iterator[str]:
    """
    Work in a new database for the duration of the block; its name is `purpose` after the configured one's.

    SIGTERM ends the block as Ctrl-C does: the database is dropped.

    :param durable: whether a commit waits for the disk.
    :param keep: leave it where it is at the end, for a look.
    :raises CommandError: if the database user may not create one.
    """
    with _ended_by_sigterm():
        yield from _own_database(purpose=purpose, durable=durable, keep=keep, now=now)


def _own_database(*, purpose: str, durable: bool, keep: bool, now: datetime) -> Iterator[str]:
    configured = connection.settings_dict["NAME"]
    name = f"{configured}_{purpose}_{now:%Y%m%d_%H%M%S}_{os.getpid()}"[-NAME_LENGTH_MAX:]
    options = connection.settings_dict["OPTIONS"]
    # The role that the platform runs under may neither create databases nor tables.
    role_options = options.pop("options", None)
    try:
        # Within, so that whoever is ended while the server works drops what it makes.
        _create(name)
        if not durable:
            _tell_server(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off"), name)
        use_database(name)
        _migrate()
        if role_options is not None:
            options["options"] = role_options
            use_database(name)
        yield name
    finally:
        if role_options is not None:
            options["options"] = role_options
        use_database(configured)
        if not keep:
            _drop(name, options)


@contextmanager
def copied_databases(template: str, *, count: int) -> Iterator[list[str]]:
    """Have copies of a database that nobody is connected to, for the duration of the block."""
    names = [f"{template[-NAME_LENGTH_MAX + 3 :]}_{number}" for number in range(1, count + 1)]
    connection.close()
    try:
        for name in names:
            _tell_server(sql.SQL("CREATE DATABASE {} TEMPLATE {}"), name, template)
            _tell_server(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off"), name)
        yield names
    finally:
        for name in names:
            _drop(name, connection.settings_dict["OPTIONS"])


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM unwind the block; another one does not disturb the unwinding."""
    if threading.current_thread() is not threading.main_thread():
        # Signals are the main thread's affair.
        yield
        return

    def unwind(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if _is_finalizing(frame):
            # What is raised here Python would tell and forget: a moment later it is somewhere else.
            signal.setitimer(signal.ITIMER_REAL, AGAIN_SECONDS)
            return
        sys.exit(SIGNALLED + signal.SIGTERM)

    before, alarm_before = signal.signal(signal.SIGTERM, unwind), signal.signal(signal.SIGALRM, unwind)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm_before)
        signal.signal(signal.SIGTERM, before)


def _is_finalizing(frame: FrameType | None) -> bool:
    """Return whether what was interrupted is called by the garbage collection, or by nobody who hears of an error."""
    while frame is not None:
        if frame.f_code.co_name == "__del__" or frame.f_code.co_filename == weakref.__file__:
            return True
        frame = frame.f_back
    return False


def use_database(name: str) -> None:
    """Let this process work in another database of the same server."""
    connection.close()
    if connection.settings_dict["OPTIONS"].get("pool"):
        cast(DatabaseWrapper, connection).close_pool()
    connection.settings_dict["NAME"] = name


def _create(name: str) -> None:
    try:
        _tell_server(sql.SQL("CREATE DATABASE {}"), name)
    except psycopg.errors.InsufficientPrivilege as refusal:
        raise CommandError(
            f"This runs in a database of its own, and {connection.settings_dict['USER']} may not create one: "
            "grant CREATEDB, or name another server in DATABASE_URL."
        ) from refusal


def _migrate() -> None:
    call_command("migrate", verbosity=0)


def _drop(name: str, options: dict[str, str]) -> None:
    role_options = options.pop("options", None)
    try:
        _tell_server(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)"), name)
    finally:
        if role_options is not None:
            options["options"] = role_options


def _tell_server(statement: sql.SQL, *names: str) -> None:
    """Run a statement about a database from outside of it."""
    parameters = connection.get_connection_params() | {"dbname": "postgres", "autocommit": True}
    with psycopg.connect(**parameters) as server:
        server.execute(statement.format(*map(sql.Identifier, names)))
