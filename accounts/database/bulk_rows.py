"""
Many rows at once, as columns of numbers.

PostgreSQL's binary forms of numbers that are never null are plain arrays of records: numpy reads and writes them
without a Python object per row, at a million rows a second and more.

    reading: one array per column, `array_send`. Three int32 (dimensions, has nulls, element type), for one dimension
        int32 length and lower bound, then per element int32 length + value.
    writing: COPY. 11 bytes signature, two zero int32, then per row an int16 column count and per column int32
        length + value, at the end int16 -1. (PostgreSQL manual, COPY, "Binary Format".)

All of it is big-endian.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
_TRAILER = b"\xff\xff"
_ARRAY_HEADER_LENGTH = 20
_WIRE_TYPES = {"bigint": ">i8", "double precision": ">f8", "integer": ">i4", "boolean": ">i1"}
_LOCAL_TYPES = {"bigint": np.int64, "double precision": np.float64, "integer": np.int32, "boolean": np.bool_}


def read_columns(
    query: str, parameters: Sequence[Any] | Mapping[str, Any] = (), *, types: Sequence[str]
) -> list[NDArray[Any]]:
    """
    Return the columns of a query as arrays (rows,), one for each of `types`, in the order of the query's rows.

    :param types: PostgreSQL type of each column: bigint, double precision, integer or boolean; none may be null.
    """
    (columns,) = read_together([(query, types)], parameters)
    return columns


def read_together(
    queries: Sequence[tuple[str, Sequence[str]]], parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> list[list[NDArray[Any]]]:
    """
    Return the columns of several queries, each with its types as in `read_columns`: one statement, so of one moment.

    The parameters are those of all queries, in their order or by name.
    """
    parts = []
    for number, (query, types) in enumerate(queries):
        names = [f"value{position}" for position in range(len(types))]
        # A COPY would come as one message, and so as one Python object, a row; this comes as one value a column.
        packed = ", ".join(f"array_send(array_agg({name}))" for name in names)
        parts.append(f"(SELECT {packed} FROM ({query}) AS line({', '.join(names)})) AS part{number}")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {', '.join(parts)}", parameters)
        contents = iter(cursor.fetchone())
    return [[_unpacked(next(contents), name) for name in types] for _, types in queries]


def read_arrays(query: str, parameters: Sequence[Any] = (), *, types: Sequence[str]) -> list[NDArray[Any]]:
    """Return the array columns of a query's only row as arrays (n,); `types` are those of their elements."""
    names = [f"value{position}" for position in range(len(types))]
    packed = ", ".join(f"array_send({name})" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {packed} FROM ({query}) AS line({', '.join(names)})", parameters)
        return [_unpacked(content, name) for content, name in zip(cursor.fetchone(), types, strict=True)]


def _unpacked(content: bytes | None, type_name: str) -> NDArray[Any]:
    """Return the elements of a column's binary form; there is none where the query has no rows."""
    if content is None:
        return np.zeros(0, dtype=_LOCAL_TYPES[type_name])
    if not int.from_bytes(content[:4]):
        # Without dimensions: an array that is there and has no elements.
        return np.zeros(0, dtype=_LOCAL_TYPES[type_name])
    element = np.dtype([("length", ">i4"), ("value", _WIRE_TYPES[type_name])])
    body = memoryview(content)[_ARRAY_HEADER_LENGTH:]
    assert len(body) % element.itemsize == 0, "a column was null or of another width than its type says"
    elements = np.frombuffer(body, dtype=element)
    assert (elements["length"] == element["value"].itemsize).all(), "a column was null or of another type"
    return elements["value"].astype(_LOCAL_TYPES[type_name])


def write_columns(table: str, columns: Mapping[str, NDArray[np.int64]]) -> int:
    """
    Append rows given as columns of int64 (rows,) to a table and return their number.

    The other columns of the table take their defaults. Names are our own constants, never input.
    """
    count = len(next(iter(columns.values())))
    if not count:
        return 0
    fields: list[tuple[str, str]] = [("columns", ">i2")]
    for position in range(len(columns)):
        fields += [(f"length{position}", ">i4"), (f"value{position}", ">i8")]
    records = np.zeros(count, dtype=np.dtype(fields))
    records["columns"] = len(columns)
    for position, values in enumerate(columns.values()):
        assert values.dtype.kind == "i" and len(values) == count, "whole units only, and one for each row"
        records[f"length{position}"] = 8
        records[f"value{position}"] = values
    names = ", ".join(f'"{name}"' for name in columns)
    statement = f'COPY "{table}" ({names}) FROM STDIN (FORMAT BINARY)'
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as sink:
        sink.write(_HEADER + records.tobytes() + _TRAILER)
    return count
