"""
After a test that committed, only those tables are emptied that hold something, and what migrating wrote stays.

Django truncates every table and then ships content types, permissions and roles anew, for each test: that was a
fifteenth of the time of all tests. Where a test changed what was shipped, its own way is gone.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

# What is written when the database is migrated, and by next to no test.
SHIPPED = ("auth_group", "auth_group_permissions", "auth_permission", "django_content_type")
_as_django_does = TransactionTestCase._fixture_teardown


class Emptying:
    """What is known of the database of this process."""

    def __init__(self) -> None:
        self.shipped: str | None = None
        self.statement = ""

    def empty(self, case: TransactionTestCase) -> None:
        """Take the place of `_fixture_teardown`."""
        if not is_superuser() or self.shipped is None or self.shipped != _fingerprint():
            _as_django_does(case)  # type: ignore[arg-type]
            self.shipped = _fingerprint()
            return
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(self.statement or self._find())
            names = [name for (name,) in cursor.fetchall()]
            if names:
                # History is sealed and references are guarded, both by triggers.
                cursor.execute("SET LOCAL session_replication_role = replica")
                cursor.execute("; ".join(f'DELETE FROM "{name}"' for name in names))

    def _find(self) -> str:
        """Return the statement that says which tables hold something."""
        tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False))
        self.statement = " UNION ALL ".join(
            f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in sorted(tables - set(SHIPPED))
        )
        return self.statement


@cache
def is_superuser() -> bool:
    """Return whether the database's own triggers may be left out here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


def _fingerprint() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT concat("
            + ", ".join(f"(SELECT md5(string_agg(row::text, ';' ORDER BY id)) FROM {name} AS row)" for name in SHIPPED)
            + ")"
        )
        return str(cursor.fetchone()[0])


@pytest.fixture(scope="session", autouse=True)
def _empty_quickly() -> Iterator[None]:
    emptying = Emptying()

    def empty(case: TransactionTestCase, *_: Any) -> None:
        emptying.empty(case)

    with patch.object(TransactionTestCase, "_fixture_teardown", empty):
        yield
