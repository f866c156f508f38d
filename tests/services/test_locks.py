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

OWN_LOCK = re.compile(r"\b(Lead|Copy)\.objects\.select_for_update\b|SET book_version\b")


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


class TestTheVersionOfABook:
    @pytest.mark.django_db(transaction=True)
    def test_is_one_higher_for_each_who_had_the_lead(self, transactional_db: None, lead: Lead, copy: Copy) -> None:
        seen = Lead.objects.get(pk=lead.pk).book_version
        for lock in (lambda: locks.lock_lead(lead.pk), lambda: locks.lock_copy(copy.pk).lead, locks.lock_all_leads):
            with transaction.atomic():
                found = lock()
            locked = found[0] if isinstance(found, list) else found
            seen += 1
            assert locked.book_version == Lead.objects.get(pk=lead.pk).book_version == seen

    @pytest.mark.django_db(transaction=True)
    def test_stays_where_the_lock_was_taken_for_nothing(self, transactional_db: None, lead: Lead) -> None:
        seen = Lead.objects.get(pk=lead.pk).book_version

        with pytest.raises(ZeroDivisionError), transaction.atomic():
            locks.lock_lead(lead.pk)
            raise ZeroDivisionError

        assert Lead.objects.get(pk=lead.pk).book_version == seen


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
                taken.append(re.search(r'FROM "?(\w+)', sql)[1])  # type: ignore[index]
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note), transaction.atomic():
            locked = locks.lock_copy(copy.pk)

        assert taken == ["copytrading_lead", "copytrading_copy"]
        assert (locked.lead.user.email, locked.follower.email) == ("lead@example.org", "follower@example.org")


def test_nobody_locks_a_lead_or_a_copy_in_another_way() -> None:
    rooms = settings.BASE_DIR / "copytrading"
    found = {str(path.relative_to(rooms)) for path in rooms.rglob("*.py") if OWN_LOCK.search(path.read_text())}

    assert found == {"services/locks.py"}
