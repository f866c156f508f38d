"""The one door to the ledger, and what the database refuses whoever knocks."""

import re

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts import ledger, transactions
from accounts.database.database_role import RUNTIME_ROLE
from accounts.ledger import Lines
from accounts.models import Asset, Balance, Hold, Journal, LedgerAccount, Posting, User
from tests.cast import NOON


@pytest.fixture
def cash(db: None) -> Asset:
    return Asset.objects.create(symbol="USDT", name="Tether")


@pytest.fixture
def alice(db: None) -> LedgerAccount:
    return ledger.main_account(user=User.objects.create_user("alice@example.org"), now=NOON)


@pytest.fixture
def bob(db: None) -> LedgerAccount:
    return ledger.main_account(user=User.objects.create_user("bob@example.org"), now=NOON)


def move(source: LedgerAccount, target: LedgerAccount, asset: Asset, units: int, key: str = "k") -> Journal:
    return ledger.post(
        kind=Journal.Kind.CORRECTION,
        idempotency_key=key,
        lines=Lines.of([source.pk, target.pk], asset.pk, [-units, units]),
        now=NOON,
    )


def fund(account: LedgerAccount, asset: Asset, units: int) -> None:
    external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=NOON)
    move(external, account, asset, units, key=f"fund-{account.pk}")


def hold_guard(guard: int) -> None:
    """Note a guard as it is noted where a lead's lock is taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [transactions.GUARDS_HELD, f" {guard}"])


def posted(account: LedgerAccount, asset: Asset) -> int:
    return Balance.objects.get(ledger_account=account, asset=asset).posted


class TestPost:
    def test_moves_money_and_the_balances_follow(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)

        move(alice, bob, cash, 30)

        assert (posted(alice, cash), posted(bob, cash)) == (70, 30)

    def test_books_the_same_key_once(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)

        first, second = move(alice, bob, cash, 30), move(alice, bob, cash, 30)

        assert first.pk == second.pk
        assert posted(bob, cash) == 30

    def test_refuses_the_key_of_another_kind(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)
        move(alice, bob, cash, 30)

        with pytest.raises(ledger.KeyAlreadyUsed):
            ledger.post(
                kind=Journal.Kind.TRADE,
                idempotency_key="k",
                lines=Lines.of([alice.pk, bob.pk], cash.pk, [-1, 1]),
                now=NOON,
            )

    def test_refuses_to_spend_more_than_there_is(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)

        with pytest.raises(ledger.NotEnoughMoney):
            move(alice, bob, cash, 101)

        assert posted(alice, cash) == 100

    def test_refuses_lines_that_do_not_balance(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        with pytest.raises(ledger.UnbalancedJournal):
            ledger.post(
                kind=Journal.Kind.CORRECTION,
                idempotency_key="k",
                lines=Lines.of([alice.pk, bob.pk], cash.pk, [-1, 2]),
                now=NOON,
            )

    @pytest.mark.parametrize("units", [[-1.0, 1.0], [-0.5, 0.5], ["-1", "1"]])
    def test_refuses_anything_but_whole_units(self, alice: LedgerAccount, bob: LedgerAccount, units: list) -> None:
        with pytest.raises(ledger.FloatInMoneyPath):
            Lines.of([alice.pk, bob.pk], 1, units)


class TestHold:
    def test_what_is_held_cannot_be_spent(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)
        ledger.place_hold(key="h", asset=cash, ledger_account_ids=np.array([alice.pk]), units=np.array([80]), now=NOON)

        with pytest.raises(ledger.NotEnoughMoney):
            move(alice, bob, cash, 21)

    def test_cannot_promise_more_than_is_available(self, alice: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)

        with pytest.raises(ledger.NotEnoughMoney):
            ledger.place_hold(
                key="h", asset=cash, ledger_account_ids=np.array([alice.pk]), units=np.array([101]), now=NOON
            )

        assert not Hold.objects.exists()

    def test_is_released_by_the_movement_it_was_for(
        self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset
    ) -> None:
        fund(alice, cash, 100)
        ledger.place_hold(key="h", asset=cash, ledger_account_ids=np.array([alice.pk]), units=np.array([100]), now=NOON)

        ledger.post(
            kind=Journal.Kind.TRADE,
            idempotency_key="t",
            lines=Lines.of([alice.pk, bob.pk], cash.pk, [-90, 90]),
            now=NOON,
            releases=["h"],
        )

        balance = Balance.objects.get(ledger_account=alice, asset=cash)
        assert (balance.posted, balance.held) == (10, 0)

    def test_is_released_once(self, alice: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)
        ledger.place_hold(key="h", asset=cash, ledger_account_ids=np.array([alice.pk]), units=np.array([60]), now=NOON)

        ledger.release_hold(key="h", now=NOON)
        ledger.release_hold(key="h", now=NOON)

        assert Balance.objects.get(ledger_account=alice, asset=cash).held == 0


@pytest.mark.django_db(transaction=True)
class TestDatabase:
    """What the tables themselves refuse, to code that goes round the door."""

    @pytest.fixture
    def journal(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> Journal:
        fund(alice, cash, 100)
        return move(alice, bob, cash, 30)

    def test_a_journal_that_does_not_sum_to_zero_is_not_committed(self, alice: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)
        with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
            wrong = Journal.objects.create(kind="CORRECTION", idempotency_key="x", posted_at=NOON)
            Posting.objects.create(journal=wrong, ledger_account=alice, asset=cash, units=1)

        assert posted(alice, cash) == 100

    def test_a_journal_without_lines_is_not_committed(self, cash: Asset) -> None:
        with pytest.raises(IntegrityError, match="moves nothing"):
            Journal.objects.create(kind="CORRECTION", idempotency_key="x", posted_at=NOON)

    def test_a_journal_without_lines_is_refused_before_it_is_written(self, cash: Asset) -> None:
        with pytest.raises(ledger.UnbalancedJournal, match="moves nothing"), transaction.atomic():
            ledger.post(kind=Journal.Kind.CORRECTION, idempotency_key="x", lines=Lines.of([], cash.pk, []), now=NOON)

        assert not Journal.objects.exists()

    def test_a_journal_is_sealed_at_commit(self, journal: Journal, alice: LedgerAccount, cash: Asset) -> None:
        with pytest.raises(DatabaseError, match="sealed"):
            Posting.objects.create(journal=journal, ledger_account=alice, asset=cash, units=1)

    @pytest.mark.parametrize("table", ["accounts_journal", "accounts_posting"])
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = id"])
    def test_history_cannot_be_rewritten(self, journal: Journal, table: str, statement: str) -> None:
        with pytest.raises(DatabaseError, match="cannot be rewritten"), connection.cursor() as cursor:
            cursor.execute(statement.format(table))

    @pytest.mark.parametrize("column", ["ledger_account_id", "asset_id"])
    def test_a_line_of_nobody_or_nothing_is_refused(
        self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset, column: str
    ) -> None:
        fund(bob, cash, 1)
        with pytest.raises(IntegrityError, match="no balance"), transaction.atomic():
            journal = Journal.objects.create(kind="CORRECTION", idempotency_key="x", posted_at=NOON)
            nobody = {"ledger_account_id": alice.pk, "asset_id": cash.pk} | {column: 2**40}
            asset_id = nobody["asset_id"]
            Posting.objects.bulk_create(
                [
                    Posting(journal=journal, units=1, **nobody),
                    Posting(journal=journal, ledger_account_id=2**41, asset_id=asset_id, units=-1),
                ]
            )

    def test_a_balance_is_opened_as_its_account_is(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        """What was never held before cannot be owed, but by the venue, the world outside and the suspense account."""
        with pytest.raises(IntegrityError, match="nothing_spent_twice"), transaction.atomic():
            journal = Journal.objects.create(kind="CORRECTION", idempotency_key="x", posted_at=NOON)
            Posting.objects.bulk_create(
                Posting(journal=journal, ledger_account=account, asset=cash, units=units)
                for account, units in ((alice, 1), (bob, -1))
            )
        fund(alice, cash, 1)

        assert sorted(Balance.objects.values_list("may_be_negative", "posted", "guard")) == [
            (False, 1, None),
            (True, -1, None),
        ]

    def test_a_journal_balances_in_each_statement(self, alice: LedgerAccount, cash: Asset) -> None:
        """Not only in the end: what is added later would have to be read together with what was there."""
        fund(alice, cash, 100)
        with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
            journal = Journal.objects.create(kind="CORRECTION", idempotency_key="x", posted_at=NOON)
            Posting.objects.create(journal=journal, ledger_account=alice, asset=cash, units=1)
            Posting.objects.create(journal=journal, ledger_account=alice, asset=cash, units=-1)

    def test_coins_do_not_pay_for_cash(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        coin = Asset.objects.create(symbol="BTC", name="Bitcoin")
        fund(alice, cash, 100)
        with pytest.raises(IntegrityError, match="sum to zero"), transaction.atomic():
            journal = Journal.objects.create(kind="CORRECTION", idempotency_key="x", posted_at=NOON)
            Posting.objects.bulk_create(
                Posting(journal=journal, ledger_account=alice, asset=asset, units=units)
                for asset, units in ((cash, -1), (coin, 1))
            )

    def test_no_journal_reads_the_postings_of_others(
        self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset
    ) -> None:
        """In a session that keeps its plans, which it does after five calls."""
        fund(alice, cash, 100_000)
        external = ledger.platform_account(LedgerAccount.Kind.EXTERNAL, now=NOON)
        many = 2_000
        with connection.cursor() as cursor:
            ledger.post(
                kind=Journal.Kind.CORRECTION,
                idempotency_key="many lines",
                lines=Lines.of(np.tile([external.pk, alice.pk], many), cash.pk, np.tile([-1, 1], many)),
                now=NOON,
            )
            cursor.execute("ANALYZE accounts_posting, accounts_journal")
            with transaction.atomic():
                for number in range(8):
                    move(alice, bob, cash, 1, key=f"small-{number}")
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                    cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                cursor.execute("SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'accounts_posting'")
                (scans,) = cursor.fetchone()

        assert scans == 0

    def test_what_is_guarded_moves_under_its_lock_only(self, alice: LedgerAccount, cash: Asset) -> None:
        copy = ledger.open_account(kind=LedgerAccount.Kind.COPY, owner=alice.owner, guard=7, now=NOON)
        fund(alice, cash, 100)
        refused = pytest.raises(IntegrityError, match="without the lock")

        with refused:
            move(alice, copy, cash, 10, key="opened without")
        with transaction.atomic():
            hold_guard(7)
            with refused, transaction.atomic():
                # Taken within, and taken back: what is left is the lock of another lead.
                move(
                    alice, ledger.open_account(kind="COPY", owner=alice.owner, guard=8, now=NOON), cash, 1, key="other"
                )
            move(alice, copy, cash, 10, key="with")
        with refused:
            move(copy, alice, cash, 1, key="moved without")
        with refused:
            ledger.place_hold(
                key="h", asset=cash, ledger_account_ids=np.array([copy.pk]), units=np.array([1]), now=NOON
            )
        with transaction.atomic():
            hold_guard(7)
            ledger.place_hold(
                key="h", asset=cash, ledger_account_ids=np.array([copy.pk]), units=np.array([1]), now=NOON
            )
        with refused:
            ledger.release_hold(key="h", now=NOON)

        balance = Balance.objects.get(ledger_account=copy)
        assert (balance.posted, balance.held, balance.guard) == (10, 1, 7)

    @pytest.mark.parametrize(("kind", "guard"), [("COPY", None), ("LEAD", None), ("MAIN", 7)])
    def test_copies_and_leads_are_guarded_and_nobody_else(self, alice: LedgerAccount, kind: str, guard: int) -> None:
        with pytest.raises(IntegrityError, match="leads_and_copies_are_guarded"):
            LedgerAccount.objects.create(kind=kind, owner=alice.owner, guard=guard, opened_at=NOON)

    @pytest.mark.parametrize(
        ("statement", "rule"),
        [
            ("UPDATE accounts_hold SET released_at = NULL WHERE key = 'over'", "hold_is_released_once"),
            ("UPDATE accounts_hold SET released_at = now() WHERE key = 'over'", "hold_is_released_once"),
            ("UPDATE accounts_hold SET units = '{1}' WHERE key = 'open'", "hold_is_released_once"),
            ("UPDATE accounts_hold SET asset_id = 0 WHERE key = 'open'", "hold_is_released_once"),
            ("DELETE FROM accounts_hold WHERE key = 'open'", "hold_is_released_once"),
            (
                "INSERT INTO accounts_hold SELECT 9, 'x', '{1}', '{0}', now(), NULL, asset_id FROM open",
                "promises_something",
            ),
            (
                "INSERT INTO accounts_hold SELECT 9, 'x', '{1,2}', '{1}', now(), NULL, asset_id FROM open",
                "promises_some",
            ),
            (
                "INSERT INTO accounts_hold SELECT 9, 'x', account, '{1}', now(), now(), asset_id FROM open",
                "promises_some",
            ),
            ("INSERT INTO accounts_hold SELECT 9, 'x', '{0}', '{1}', now(), NULL, asset_id FROM open", "has_a_balance"),
            (
                "INSERT INTO accounts_hold SELECT 9, 'x', account, '{41}', now(), NULL, asset_id FROM open",
                "spent_twice",
            ),
            (
                "WITH journal AS (INSERT INTO accounts_journal (kind, idempotency_key, posted_at, hold_ids)"
                " SELECT 'CORRECTION', 'y', now(), ARRAY[id] FROM accounts_hold WHERE key = 'over' RETURNING id)"
                " INSERT INTO accounts_posting (journal_id, ledger_account_id, asset_id, units)"
                " SELECT journal.id, account[1], asset_id, units FROM journal, open, (VALUES (1), (-1)) AS line(units)",
                "sealed|hold_is_released_once",
            ),
        ],
    )
    def test_a_promise_is_kept_until_it_is_released(
        self, alice: LedgerAccount, cash: Asset, statement: str, rule: str
    ) -> None:
        """Whoever knocks: what is held of a balance is what its open holds say."""
        fund(alice, cash, 100)
        for key in ("open", "over"):
            ledger.place_hold(
                key=key,
                asset=cash,
                ledger_account_ids=np.array([alice.pk]),
                units=np.array([60 if key == "open" else 40]),
                now=NOON,
            )
        ledger.release_hold(key="over", now=NOON)

        with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "CREATE TEMPORARY TABLE open ON COMMIT DROP AS SELECT ledger_account_ids AS account, asset_id"
                " FROM accounts_hold WHERE key = 'open'"
            )
            cursor.execute(statement)

        assert re.search(rule, f"{refusal.value.__cause__.diag.constraint_name}")
        assert Balance.objects.get(ledger_account=alice).held == 60

    def test_a_journal_says_which_holds_it_released(
        self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset
    ) -> None:
        fund(alice, cash, 100)
        hold = ledger.place_hold(
            key="h", asset=cash, ledger_account_ids=np.array([alice.pk]), units=np.array([90]), now=NOON
        )

        journal = ledger.post(
            kind=Journal.Kind.TRADE,
            idempotency_key="t",
            lines=Lines.of([alice.pk, bob.pk], cash.pk, [-100, 100]),
            now=NOON,
            releases=["h", "never placed"],
        )

        assert Journal.objects.get(pk=journal.pk).hold_ids == journal.hold_ids == [hold.pk]
        assert Hold.objects.get().released_at == NOON
        assert Balance.objects.get(ledger_account=alice).held == 0

    def test_a_balance_is_written_once_a_journal(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        fund(alice, cash, 100)
        ledger.place_hold(key="h", asset=cash, ledger_account_ids=np.array([alice.pk]), units=np.array([9]), now=NOON)

        def counted() -> np.ndarray:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT n_tup_upd, n_tup_ins, seq_scan FROM pg_stat_xact_user_tables"
                    " WHERE relname = 'accounts_balance'"
                )
                return np.array(cursor.fetchone())

        with transaction.atomic():
            before = counted()
            ledger.post(
                kind=Journal.Kind.TRADE,
                idempotency_key="t",
                lines=Lines.of([alice.pk, bob.pk], cash.pk, [-9, 9]),
                now=NOON,
                releases=["h"],
            )

            assert (counted() - before).tolist() == [1, 1, 0]

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE accounts_posting SET units = units + 1",
            "DELETE FROM accounts_journal",
            "UPDATE accounts_balance SET posted = posted + 1",
            "UPDATE accounts_balance SET held = 0",
            "UPDATE accounts_balance SET guard = NULL",
            "UPDATE accounts_hold SET units = '{1}'",
            "DELETE FROM accounts_hold",
            "INSERT INTO accounts_balance (ledger_account_id, asset_id, posted, may_be_negative)"
            " SELECT ledger_account_id, asset_id, 5, false FROM accounts_balance",
            "TRUNCATE accounts_posting",
        ],
    )
    def test_the_runtime_role_may_not_touch_history(self, journal: Journal, statement: str) -> None:
        refused = pytest.raises(DatabaseError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {RUNTIME_ROLE}")
            cursor.execute(statement)

    def test_the_runtime_role_can_book(
        self, journal: Journal, alice: LedgerAccount, bob: LedgerAccount, cash: Asset
    ) -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL ROLE {RUNTIME_ROLE}")
            move(alice, bob, cash, 5, key="as-runtime")

        assert posted(bob, cash) == 35
