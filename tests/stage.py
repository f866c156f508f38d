"""
The stage is set once: what the cast's fixtures bring into the database is kept as rows, and put back for the next test.

Half of the time of a test of copies went into opening markets and letting the same people come with their money.
A fixture that is `staged` builds when it is first asked for after the same ones in the same surroundings; what that
changed is kept, as text that PostgreSQL copies out and in. From then on the rows are put back as they were.
Ids are those of the first time, and sequences go on behind them.

Nothing is put back where anything is otherwise than it was then: another setting, another venue, a clock that was set,
or something else that was written in between. Then the fixture builds, as it always did.
"""

import copy
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model

from copytrading.exchange import registry
from copytrading.exchange.paper.venue import PaperVenue
from tests.emptying import is_superuser

# What these begin with writes nothing.
READING = ("SELECT", "SAVEPOINT", "RELEASE", "SET", "SHOW")
COLUMNS = """
    SELECT columns.table_name, array_agg(columns.column_name::text ORDER BY columns.ordinal_position),
        (SELECT attribute.attname::text FROM pg_index AS key JOIN pg_attribute AS attribute
            ON attribute.attrelid = key.indrelid AND attribute.attnum = key.indkey[0]
            WHERE key.indisprimary AND key.indrelid = format('public.%I', columns.table_name)::regclass)
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE columns.table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
    GROUP BY columns.table_name
"""
SEQUENCES = """
    SELECT table_name, pg_get_serial_sequence(format('public.%I', table_name), column_name)
    FROM information_schema.columns WHERE table_schema = 'public' AND is_identity = 'YES'
"""
Key = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True)
class _Row:
    """A row that a fixture returned."""

    model: type[Model]
    pk: int


@dataclass(frozen=True)
class Scenery:
    """What one fixture changed: rows that went, rows that came (as COPY has them), and what it returned."""

    gone: dict[str, list[str]]
    came: dict[str, list[str]]
    highest: dict[str, int]
    returned: Any


@dataclass
class Stage:
    """Everything that was kept in this process, and what this test has on its stage so far."""

    kept: dict[Key, Scenery] = field(default_factory=dict)
    columns: dict[str, tuple[list[str], str]] = field(default_factory=dict)
    sequences: dict[str, str] = field(default_factory=dict)
    chain: list[str] = field(default_factory=list)
    is_touched: bool = False
    is_setting: bool = False

    def watch(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Note that something else was written; Django calls this around every statement."""
        if not self.is_setting and not str(sql).lstrip().upper().startswith(READING):
            self.is_touched = True
        return execute(sql, params, many, context)

    def bring(self, name: str, build: Callable[[], Any]) -> Any:
        """Return what a fixture returns, built or put back."""
        if self.is_touched or not self._is_usual():
            self.is_touched = True
            return build()
        self.chain.append(_placed(name, build))
        key = (tuple(self.chain), _surroundings())
        self.is_setting = True
        try:
            if key not in self.kept:
                self._know_tables()
                before = self._rows()
                returned = build()
                self.kept[key] = self._difference(before, self._rows(), returned)
                return returned
            return self._put_back(self.kept[key])
        finally:
            self.is_setting = False

    def clear(self) -> None:
        """Begin with an empty stage."""
        self.chain, self.is_touched, self.is_setting = [], False, False

    def _is_usual(self) -> bool:
        if time_machine.escape_hatch.is_travelling() or not isinstance(registry.venue(), PaperVenue):
            return False
        return is_superuser()

    def _know_tables(self) -> None:
        if self.columns:
            return
        with connection.cursor() as cursor:
            cursor.execute(COLUMNS)
            self.columns = {table: (names, key) for table, names, key in cursor.fetchall()}
            cursor.execute(SEQUENCES)
            self.sequences = dict(cursor.fetchall())

    def _rows(self) -> dict[str, set[str]]:
        """Return all rows of all tables, as lines of COPY."""
        rows: dict[str, set[str]] = {}
        with connection.cursor() as cursor:
            some = " UNION ALL ".join(
                f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")" for table in sorted(self.columns)
            )
            cursor.execute(some)
            for (table,) in cursor.fetchall():
                with cursor.copy(f"COPY {self._named(table)} TO STDOUT") as out:
                    rows[table] = set(b"".join(bytes(part) for part in out).decode().splitlines(keepends=True))
        return rows

    def _named(self, table: str) -> str:
        names = ", ".join(f'"{name}"' for name in self.columns[table][0])
        return f'"{table}" ({names})'

    def _key_of(self, table: str, line: str) -> str:
        names, key = self.columns[table]
        return line.rstrip("\n").split("\t")[names.index(key)]

    def _difference(self, before: dict[str, set[str]], after: dict[str, set[str]], returned: Any) -> Scenery:
        gone: dict[str, list[str]] = {}
        came: dict[str, list[str]] = {}
        for table in sorted({*before, *after}):
            was, there = before.get(table, set()), after.get(table, set())
            if was - there:
                gone[table] = [self._key_of(table, line) for line in was - there]
            if there - was:
                came[table] = sorted(there - was)
        highest = {
            table: max(int(self._key_of(table, line)) for line in lines)
            for table, lines in came.items()
            if table in self.sequences and self.columns[table][1] == "id"
        }
        return Scenery(gone=gone, came=came, highest=highest, returned=_remembered(returned))

    def _put_back(self, scenery: Scenery) -> Any:
        with transaction.atomic(), connection.cursor() as cursor:
            # Triggers have had their say when this was built.
            cursor.execute("SET LOCAL session_replication_role = replica")
            for table, keys in scenery.gone.items():
                cursor.execute(f'DELETE FROM "{table}" WHERE "{self.columns[table][1]}"::text = ANY(%s)', [keys])
            for table, lines in scenery.came.items():
                with cursor.copy(f"COPY {self._named(table)} FROM STDIN") as into:
                    into.write("".join(lines))
            if scenery.highest:
                behind = ", ".join(
                    f"setval('{self.sequences[table]}', greatest(nextval('{self.sequences[table]}'), {highest}))"
                    for table, highest in scenery.highest.items()
                )
                cursor.execute(f"SELECT {behind}")
            cursor.execute("SET LOCAL session_replication_role = origin")
        return _recalled(scenery.returned)


_stage = Stage()


def staged(name: str, build: Callable[[], Any]) -> Any:
    """
    Return what `build` returns, with the rows that it writes; the second time from what was kept.

    What it returns are rows of the database, which are read again, and values, which are copied.
    """
    return _stage.bring(name, build)


@pytest.fixture(autouse=True)
def _empty_stage(request: pytest.FixtureRequest) -> Iterator[None]:
    """Watch what a test with a database writes before and between what is staged."""
    if not {"db", "transactional_db"} & set(request.fixturenames):
        yield
        return
    _stage.clear()
    with ExitStack() as stack:
        stack.enter_context(connection.execute_wrapper(_stage.watch))
        yield


def _placed(name: str, build: Callable[[], Any]) -> str:
    """Return a name with the place of the code that it is built by: two of one name are two."""
    code = inspect.unwrap(build).__code__
    return f"{name}, {code.co_filename}:{code.co_firstlineno}"


def _surroundings() -> tuple[str, ...]:
    """Return what decides how a fixture builds, beside what was built before."""
    names = sorted(name for name in dir(settings) if name.startswith("SMARTSYNC_"))
    return tuple(repr(getattr(settings, name)) for name in names)


def _remembered(returned: Any) -> Any:
    if isinstance(returned, tuple):
        return tuple(_remembered(one) for one in returned)
    return _Row(type(returned), returned.pk) if isinstance(returned, Model) else copy.deepcopy(returned)


def _recalled(remembered: Any) -> Any:
    if isinstance(remembered, tuple):
        return tuple(_recalled(one) for one in remembered)
    if isinstance(remembered, _Row):
        return remembered.model._default_manager.get(pk=remembered.pk)
    return copy.deepcopy(remembered)
