"""Arrays as parameters: the same values come back, whichever way they went, and nothing is narrowed."""

import numpy as np
import psycopg
import pytest
from django.db import DataError, connection

from accounts.database import bulk_rows
from accounts.database.array_parameters import ArrayDumper, array_cursor

ARRAYS = {
    "bigint": np.array([0, 1, -1, 2**63 - 1, -(2**63)]),
    "double precision": np.array([0.0, -0.5, 1e308, 5e-324, np.inf, -np.inf]),
    "boolean": np.array([True, False, True]),
}


@pytest.mark.parametrize("length", [None, 0, 1])
@pytest.mark.parametrize("kind", ARRAYS)
def test_an_array_comes_back_as_it_went(db: None, kind: str, length: int | None) -> None:
    array = ARRAYS[kind][:length]
    with array_cursor() as cursor:
        cursor.execute("SELECT %s, pg_typeof(%s)::text", [array, array])
        found, type_name = cursor.fetchone()
    with connection.cursor() as cursor:
        # Django's own cursor writes it as text.
        cursor.execute("SELECT %s = %s", [array, array])
        is_equal = cursor.fetchone()[0]
    (read,) = bulk_rows.read_arrays(f"SELECT %s::{kind}[]", [array], types=[kind])

    assert (found, type_name, is_equal) == (array.tolist(), f"{kind}[]", True)
    assert read.dtype == array.dtype
    assert read.tolist() == array.tolist()


def test_an_array_goes_in_binary(db: None) -> None:
    many = np.arange(1_000)
    with array_cursor() as cursor:
        cursor.execute("SELECT cardinality(%s)", [many])
        assert cursor.fetchone() == (1_000,)
    assert ArrayDumper(np.ndarray).upgrade(many, psycopg.adapt.PyFormat.AUTO).format == psycopg.pq.Format.BINARY


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(2, dtype=np.int32), "An array of int32 has no form in the database"),
        (np.zeros(2, dtype=">i8"), "An array of >i8"),
        (np.array(["a"]), "An array of <U1"),
        (np.zeros((2, 2)), "one dimension, not 2"),
    ],
)
@pytest.mark.parametrize("cursor_of", [array_cursor, connection.cursor])
def test_what_has_no_form_is_refused(db: None, array: np.ndarray, words: str, cursor_of: object) -> None:
    with pytest.raises((DataError, psycopg.DataError), match=words), cursor_of() as cursor:  # type: ignore[operator]
        cursor.execute("SELECT %s", [array])


def test_other_cursors_are_as_before(db: None) -> None:
    with array_cursor(), connection.cursor() as within:
        within.execute("SELECT 1")
    with connection.cursor() as cursor:
        # Only where parameters are written into the text can there be two statements in one.
        cursor.execute("SELECT %s; SELECT %s", [1, 2])
