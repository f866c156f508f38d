"""A lead is locked by one function, the lead before the copy, and only where a transaction holds the lock."""

import re
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import OperationalError, connection, connections, transaction

from accounts.models import User
from accounts.transactions import TransactionMissing
from copytrading.models import Copy, Lead
from copytrading.services import locks
from tests.cast import World
from tests.site.test_rooms import sources

OWN_LOCK = re.compile(r"\b(Lead|Copy)\.objects\.select_for_update\b")


def is_locked(row: Lead | Copy) -> bool:
    """Ask on a connection of its own whether somebody holds a row."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(f"SELECT FROM {row._meta.db_table} WHERE id = %s FOR UPDATE NOWAIT", [row.pk])
    except OperationalError:
        return True
    finally:
        other.close()
    return False


@pytest.fixture
def copy(world: World, lead: Lead, follower: User) -> Copy:
    return world.start(follower, lead)


class TestLockLead:
    @pytest.mark.django_db(transaction=True)
    def test_holds_the_lead_until_the_transaction_ends(self, transactional_db: None, world: World, lead: Lead) -> None:
        with transaction.atomic():
            locked = locks.lock_lead(lead.pk)
            assert is_locked(lead)

        assert locked == lead
        assert not is_locked(lead)

    @pytest.mark.parametrize("lock", [locks.lock_lead, locks.lock_copy])
    def test_is_refused_where_nothing_would_hold_it(self, db: None, lock: Callable[[int], object]) -> None:
        with pytest.raises(TransactionMissing, match=f"{lock.__name__} belongs to its caller's transaction"):
            lock(1)


class TestLockCopy:
    @pytest.mark.django_db(transaction=True)
    def test_holds_the_lead_and_the_copy(self, transactional_db: None, lead: Lead, copy: Copy) -> None:
        with transaction.atomic():
            locks.lock_copy(copy.pk)
            assert (is_locked(lead), is_locked(copy)) == (True, True)

    def test_takes_the_lead_first(self, copy: Copy) -> None:
        taken = []

        def note(execute: Callable, sql: str, params: object, many: bool, context: dict) -> object:
            if "FOR UPDATE" in sql:
                taken.append(re.search(r'FROM "(\w+)"', sql)[1])  # type: ignore[index]
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note), transaction.atomic():
            locked = locks.lock_copy(copy.pk)

        assert taken == ["copytrading_lead", "copytrading_copy"]
        assert (locked.lead.user.email, locked.follower.email) == ("lead@example.org", "follower@example.org")


def test_nobody_locks_a_lead_or_a_copy_in_another_way() -> None:
    found = {
        str(path.relative_to(settings.BASE_DIR / "copytrading" / "services"))
        for path in sources()
        if OWN_LOCK.search(path.read_text())
    }

    # The cycle's own decision is being written anew, and takes its locks here then.
    assert {path for path in found if not path.startswith("cycle/")} == {"locks.py"}
