"""
Points around a worker's statements and commits.

A worker may wait before a statement as long as its transaction holds no lock, so two workers really read past each
other; it may die before a commit (which is then rolled back) and after it (before anything that the commit rings).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from django.db import connection

READING = ("SELECT", "SAVEPOINT", "RELEASE", "SET")


class Points(Protocol):
    """Who decides what happens at a point: the crew of workers."""

    committed: bool
    statement_rate: float

    def point(self, name: str, *, rate: float | None = None, may_crash: bool = True) -> None: ...


@contextmanager
def watched(points: Points) -> Iterator[None]:
    """Put points around everything that this thread's connection does, for the duration of the block."""
    watch = _Watch(points)
    connection.ensure_connection()
    # Django offers a wrapper for statements only; commits are watched where it makes them.
    wrapper: Any = connection
    with connection.execute_wrapper(watch.around_statement):
        commit, rollback = wrapper._commit, wrapper._rollback
        wrapper._commit = watch.around_commit(commit, rollback)
        wrapper._rollback = watch.around_rollback(rollback)
        try:
            yield
        finally:
            wrapper._commit, wrapper._rollback = commit, rollback


class _Watch:
    """What is known of this thread's transaction: whether it may hold a lock."""

    def __init__(self, points: Points) -> None:
        self.points = points
        self.may_hold_locks = False

    def around_statement(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        in_transaction = context["connection"].in_atomic_block
        if in_transaction and self.may_hold_locks:
            return execute(sql, params, many, context)
        self.points.point("before a statement", rate=self.points.statement_rate, may_crash=False)
        result = execute(sql, params, many, context)
        text = sql if isinstance(sql, str) else str(sql)
        if not text.lstrip().upper().startswith(READING) or "FOR UPDATE" in text:
            if in_transaction:
                self.may_hold_locks = True
            else:
                self.points.committed = True
                self.points.point("after a statement of its own")
        return result

    def around_commit(self, commit: Callable[[], None], rollback: Callable[[], None]) -> Callable[[], None]:
        def commit_or_die() -> None:
            wrote, self.may_hold_locks = self.may_hold_locks, False
            if not wrote:
                commit()
                return
            try:
                self.points.point("before a commit", rate=0.0)
            except BaseException:
                rollback()
                connection.run_on_commit = []
                raise
            commit()
            self.points.committed = True
            try:
                self.points.point("after a commit")
            except BaseException:
                connection.run_on_commit = []
                raise

        return commit_or_die

    def around_rollback(self, rollback: Callable[[], None]) -> Callable[[], None]:
        def rollback_and_forget() -> None:
            self.may_hold_locks = False
            rollback()

        return rollback_and_forget
