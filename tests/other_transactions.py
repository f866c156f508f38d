"""Waiting for the transactions of whoever else is on the test server of PostgreSQL."""

import time

from django.db import connection


def wait_for_other_transactions() -> None:
    """
    Wait until nothing that is written by now is held back from streams and webhooks any more.

    The oldest open transaction of the whole server holds it back, and other tests have their databases on the same one.
    Inside a transaction of one's own nothing is ever told, and nothing is waited for.
    """
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        (latest,) = cursor.fetchone()
        for _ in range(12_000):
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint >= %s", [latest])
            if cursor.fetchone() == (True,):
                return
            time.sleep(0.05)
    raise AssertionError("a transaction on this server is open for more than ten minutes")
