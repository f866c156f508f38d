"""The role that the platform runs under is there after `migrate`, whoever else migrates on the same server."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection

from accounts.database import database_role

OTHER_ROLE = "smartsync_runtime_of_a_test"


def beside() -> psycopg.Connection:
    """Open another connection to the same server."""
    return psycopg.connect(**connection.get_connection_params() | {"cursor_factory": psycopg.Cursor})


@pytest.fixture
def other_role(transactional_db: None) -> Iterator[str]:
    """Return the name of a role that is not there yet, and is to be set up."""
    with pytest.MonkeyPatch.context() as patches:
        for name in ("CREATION", "GRANTS"):
            statement = getattr(database_role, name).replace(database_role.RUNTIME_ROLE, OTHER_ROLE)
            patches.setattr(database_role, name, statement)
        yield OTHER_ROLE
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {OTHER_ROLE}")
        cursor.execute(f"DROP ROLE {OTHER_ROLE}")


def has_role(name: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s AND has_table_privilege(oid, %s, 'SELECT'))",
            [name, "accounts_balance"],
        )
        return bool(cursor.fetchone()[0])


def waits_for_a_lock() -> bool:
    with beside() as asking:
        found = asking.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s",
            [f"%CREATE ROLE {OTHER_ROLE}%"],
        ).fetchone()
    return bool(found and found[0])


def test_is_set_up_once_and_again(other_role: str) -> None:
    database_role.grant_runtime_role(using="default")
    database_role.grant_runtime_role(using="default")

    assert has_role(other_role)


def test_is_set_up_although_somebody_else_creates_it_in_the_same_moment(other_role: str) -> None:
    troubles: list[BaseException] = []

    def migrate() -> None:
        try:
            database_role.grant_runtime_role(using="default")
        except BaseException as trouble:
            troubles.append(trouble)
        finally:
            connection.close()

    with beside() as other:
        other.execute(f"CREATE ROLE {other_role} NOLOGIN")
        ours = threading.Thread(target=migrate)
        ours.start()
        until = time.monotonic() + 10
        while not (waited := waits_for_a_lock()) and time.monotonic() < until:
            time.sleep(0.01)
        other.commit()
        ours.join()

    assert waited
    assert troubles == []
    assert has_role(other_role)
