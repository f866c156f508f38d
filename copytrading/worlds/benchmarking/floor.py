"""
What the same work costs without us, twice: the least that a database takes, and one transaction per follower.

The floor writes the very rows of a booked order once more, into tables of the same columns and indexes, by COPY and
one UPDATE, without deciding, checking or promising anything. Nothing that keeps its promises can be faster.

The loop books one follower after the other, as a copier does that reacts to each follower's copy of a signal: an
order, an allocation and a journal each, in a transaction each. It has a connection of its own, as such a copier's
worker would: warm, long past the calls after which a session keeps its plans, and with plans that were made for such
small movements and for no others.
"""

from contextlib import closing
from datetime import datetime
from time import perf_counter

import numpy as np
from django.db import connection, transaction

from accounts import ledger
from accounts.ledger import Lines
from accounts.models import Journal, LedgerAccount
from copytrading.models import Allocation, Order
from copytrading.services.locks import lock_lead
from copytrading.worlds.benchmarking.meters import Cost, metered

TABLES = (
    "copytrading_order",
    "copytrading_allocation",
    "accounts_hold",
    "accounts_journal",
    "accounts_posting",
    "accounts_balance",
)

# A session keeps its plans after five calls of a statement, and Python and the server have everything at hand by then.
WARM_UP_CALLS = 20

ADD_TO_BALANCES = """
    UPDATE floor_accounts_balance AS balance SET posted = balance.posted + line.units
    FROM (SELECT ledger_account_id, asset_id, sum(units)::bigint AS units
        FROM floor_accounts_posting WHERE journal_id = %s GROUP BY 1, 2) AS line
    WHERE balance.ledger_account_id = line.ledger_account_id AND balance.asset_id = line.asset_id
"""


def prepare_floor() -> None:
    """Make the floor's tables: the same columns and indexes, and the same balances in them."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"CREATE TABLE floor_{table} (LIKE {table} INCLUDING ALL)")
        cursor.execute("ALTER TABLE floor_accounts_balance SET (fillfactor = 70)")
        cursor.execute("INSERT INTO floor_accounts_balance OVERRIDING SYSTEM VALUE SELECT * FROM accounts_balance")
        cursor.execute("VACUUM ANALYZE")


def write_floor(*, order: Order) -> Cost:
    """Return what a booked order's rows take in bare SQL, in one transaction."""
    journal = Journal.objects.get(idempotency_key=f"order:{order.pk}")
    # Read before the clock starts: the floor pays for writing only.
    allocations = _binary_rows("copytrading_allocation", "order_id", order.pk)
    postings = _binary_rows("accounts_posting", "journal_id", journal.pk)
    with metered() as cost, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO floor_copytrading_order OVERRIDING SYSTEM VALUE SELECT * FROM copytrading_order WHERE id = %s",
            [order.pk],
        )
        cursor.execute(
            "INSERT INTO floor_accounts_hold OVERRIDING SYSTEM VALUE SELECT * FROM accounts_hold WHERE key LIKE %s",
            [f"order:{order.pk}:%"],
        )
        cursor.execute(
            "INSERT INTO floor_accounts_journal OVERRIDING SYSTEM VALUE SELECT * FROM accounts_journal WHERE id = %s",
            [journal.pk],
        )
        for table, rows in (("copytrading_allocation", allocations), ("accounts_posting", postings)):
            with cursor.copy(f"COPY floor_{table} FROM STDIN (FORMAT BINARY)") as sink:
                sink.write(rows)
        cursor.execute(ADD_TO_BALANCES, [journal.pk])
    return cost


def time_loop(*, order: Order, followers: int, now: datetime) -> float:
    """Return the seconds per follower when some of an order's followers are booked one by one."""
    connection.close()
    _book_one_by_one(order, range(WARM_UP_CALLS), now)
    began_at = perf_counter()
    _book_one_by_one(order, range(WARM_UP_CALLS, WARM_UP_CALLS + followers), now)
    seconds = perf_counter() - began_at
    connection.close()
    return seconds / followers


def _book_one_by_one(order: Order, numbers: range, now: datetime) -> None:
    venue_account = ledger.platform_account(LedgerAccount.Kind.VENUE, now=now).pk
    sold = Allocation.objects.filter(order=order, quantity_units__gt=1).order_by("pk")
    shares = list(sold[: numbers.stop])
    quote_id, base_id = order.market.quote_id, order.market.base_id
    assert order.cycle is not None, "a lead's order belongs to a cycle"
    for number in numbers:
        # The fewer copies there are, the oftener each has its turn.
        share = shares[number % len(shares)]
        with transaction.atomic():
            lock_lead(order.cycle.lead_id)
            # A unit for a unit: it costs as much to book as a real share, and leaves the copies as the lead is.
            units, value = 1, 1
            own = Order.objects.create(
                market_id=order.market_id,
                venue_account=order.venue_account,
                client_order_id=f"loop{order.pk}n{number}",
                side=Order.Side.SELL,
                status=Order.Status.FILLED,
                quantity_units=units,
                filled_units=units,
                value_units=value,
                price_limit=order.price_limit,
                price_mid=order.price_mid,
                price_buy_max=order.price_buy_max,
                participant_ids=[share.ledger_account_id],
                wish_units=[-units],
                planned_at=now,
                booked_at=now,
            )
            Allocation.objects.create(
                order=own,
                ledger_account_id=share.ledger_account_id,
                quantity_units=-units,
                value_units=value,
                fee_units=0,
            )
            both = [share.ledger_account_id, venue_account]
            ledger.post(
                kind=Journal.Kind.TRADE,
                idempotency_key=f"loop:{own.pk}",
                lines=Lines.join(
                    Lines.of(both, base_id, np.array([-units, units])),
                    Lines.of(both, quote_id, np.array([value, -value])),
                ),
                now=now,
            )


def _binary_rows(table: str, column: str, value: int) -> bytes:
    with closing(connection.cursor()) as cursor:
        statement = f"COPY (SELECT * FROM {table} WHERE {column} = %s) TO STDOUT (FORMAT BINARY)"
        with cursor.copy(statement, [value]) as rows:
            return b"".join(rows)
