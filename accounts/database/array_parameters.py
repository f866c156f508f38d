"""
Arrays of numbers as parameters of statements, in PostgreSQL's binary form.

A list of ten thousand int is written as text, and read as text by the server; an array is the server's own form after
one pass of numpy. (PostgreSQL, src/backend/utils/adt/arrayfuncs.c, `array_recv`: int32 dimensions, int32 whether there
are nulls, int32 type of the elements; for each dimension int32 length and int32 lower bound; then for each element
int32 length and value, all big-endian.)

Django writes parameters into the text of a statement; a statement with arrays is told to keep them apart:

    with array_cursor() as cursor:
        cursor.execute("... unnest(%s, %s)", [ids, units])

Where an array comes to Django's own cursor it is written as text, and means the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
import psycopg
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from numpy.typing import NDArray
from psycopg.adapt import Dumper, PyFormat
from psycopg.pq import Format

LOWER_BOUND = 1
HAS_NULLS = 0


class ArrayDumper(Dumper):
    """An array (n,) of int64, float64 or bool in binary. Anything else is refused: nothing is narrowed on the way."""

    format = Format.BINARY
    wire_type, element_oid = "", 0

    def get_key(self, obj: NDArray[Any], form: PyFormat) -> Any:
        return (np.ndarray, obj.dtype.str)

    def upgrade(self, obj: NDArray[Any], form: PyFormat) -> "ArrayDumper":
        found = ELEMENTS.get(obj.dtype.str)
        if found is None:
            raise psycopg.DataError(
                f"An array of {obj.dtype} has no form in the database: make it int64, float64 or bool."
            )
        dumper = type(self)(np.ndarray)
        dumper.wire_type = found[0]
        dumper.element_oid, dumper.oid = found[1].oid, found[1].array_oid
        return dumper

    def dump(self, obj: NDArray[Any]) -> bytes:
        _require_one_dimension(obj)
        if not len(obj):
            return np.array([0, HAS_NULLS, self.element_oid], dtype=">i4").tobytes()
        header = np.array([1, HAS_NULLS, self.element_oid, len(obj), LOWER_BOUND], dtype=">i4")
        elements = np.empty(len(obj), dtype=[("length", ">i4"), ("value", self.wire_type)])
        elements["length"], elements["value"] = elements.dtype["value"].itemsize, obj
        return header.tobytes() + elements.tobytes()


class TextArrayDumper(ArrayDumper):
    """The same as text, for where parameters are written into the statement."""

    format = Format.TEXT

    def dump(self, obj: NDArray[Any]) -> bytes:
        _require_one_dimension(obj)
        return f"{{{','.join(map(repr, obj.tolist()))}}}".encode()

    def quote(self, obj: NDArray[Any]) -> bytes:
        # Numbers and truths have nothing to be escaped.
        return b"'" + self.dump(obj) + b"'"


# By numpy's name of a type: its form on the wire, and the type in the database.
ELEMENTS = {
    np.dtype("i8").str: (">i8", psycopg.postgres.types["int8"]),
    np.dtype("f8").str: (">f8", psycopg.postgres.types["float8"]),
    np.dtype("?").str: (">i1", psycopg.postgres.types["bool"]),
}


def as_column(array: NDArray[np.int64]) -> Sequence[int]:
    """Return an array as a model's column of whole numbers takes it: as it is."""
    return cast("Sequence[int]", array)


def register() -> None:
    """Let every connection made from now on take arrays as parameters. Called once, when the platform starts."""
    psycopg.adapters.register_dumper(np.ndarray, TextArrayDumper)
    # The later one is taken where a statement leaves the form open.
    psycopg.adapters.register_dumper(np.ndarray, ArrayDumper)


@contextmanager
def array_cursor() -> Iterator[CursorWrapper]:
    """Return a cursor whose parameters stay apart from the statement, and go in binary form where they have one."""
    with bound_by_server(), connection.cursor() as cursor:
        yield cursor


@contextmanager
def bound_by_server() -> Iterator[None]:
    """Let the cursors that are opened in the block, Django's own too, leave it to the server to bind parameters."""
    connection.ensure_connection()
    raw = cast(Any, connection.connection)
    before, raw.cursor_factory = raw.cursor_factory, ServerBindingCursor
    try:
        yield
    finally:
        raw.cursor_factory = before


def _require_one_dimension(array: NDArray[Any]) -> None:
    if array.ndim != 1:
        raise psycopg.DataError(f"A parameter has one dimension, not {array.ndim}.")
