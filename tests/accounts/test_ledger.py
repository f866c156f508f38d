"""The one door to the ledger, and what the database refuses whoever knocks."""

import numpy as np
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts import ledger
from accounts.database_role import RUNTIME_ROLE
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

    def test_a_journal_is_sealed_at_commit(self, journal: Journal, alice: LedgerAccount, cash: Asset) -> None:
        with pytest.raises(DatabaseError, match="sealed"):
            Posting.objects.create(journal=journal, ledger_account=alice, asset=cash, units=1)

    @pytest.mark.parametrize("table", ["accounts_journal", "accounts_posting"])
    @pytest.mark.parametrize("statement", ["DELETE FROM {}", "UPDATE {} SET id = id"])
    def test_history_cannot_be_rewritten(self, journal: Journal, table: str, statement: str) -> None:
        with pytest.raises(DatabaseError, match="cannot be rewritten"), connection.cursor() as cursor:
            cursor.execute(statement.format(table))

    def test_a_line_without_a_balance_is_refused(self, alice: LedgerAccount, bob: LedgerAccount, cash: Asset) -> None:
        with pytest.raises(IntegrityError, match="no balance"), transaction.atomic():
            journal = Journal.objects.create(kind="CORRECTION", idempotency_key="x", posted_at=NOON)
            Posting.objects.bulk_create(
                Posting(journal=journal, ledger_account=account, asset=cash, units=units)
                for account, units in ((alice, 1), (bob, -1))
            )

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

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE accounts_posting SET units = units + 1",
            "DELETE FROM accounts_journal",
            "UPDATE accounts_balance SET posted = posted + 1",
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
