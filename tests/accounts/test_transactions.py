"""Who owns the transaction: said on the function, looked at when it is called, in tests as everywhere."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.transactions import (
    TransactionMissing,
    TransactionStillOpen,
    in_transaction,
    is_open,
    outside_transaction,
    owns_transaction,
)

# Where tests are wrapped in a transaction and where they commit, all of it must be the same.
EVERYWHERE = [
    pytest.param(marks=pytest.mark.django_db, id="rolled back"),
    pytest.param(marks=pytest.mark.django_db(transaction=True), id="committed"),
]


@in_transaction
def post_a_line(text: str) -> str:
    """Write a line."""
    return text


@outside_transaction
def ask_the_venue(*, symbol: str) -> str:
    return symbol


@owns_transaction
def stop_it(*, fails: bool = False) -> Group:
    group = Group.objects.create(name="stopped")
    if fails:
        raise LookupError("The rest of it was impossible.")
    return group


@pytest.mark.parametrize((), EVERYWHERE)
class TestInTransaction:
    def test_runs_in_the_callers_transaction(self) -> None:
        with transaction.atomic():
            assert post_a_line("a line") == "a line"

    def test_is_refused_without_one_in_a_sentence_that_names_it(self) -> None:
        with pytest.raises(TransactionMissing, match=r"test_transactions\.post_a_line belongs to its caller"):
            post_a_line("a line")

    def test_keeps_the_name_and_the_words_of_the_function(self) -> None:
        assert (post_a_line.__name__, post_a_line.__doc__) == ("post_a_line", "Write a line.")


@pytest.mark.parametrize((), EVERYWHERE)
class TestOutsideTransaction:
    def test_runs_while_none_is_open(self) -> None:
        assert ask_the_venue(symbol="BTC-USDT") == "BTC-USDT"

    def test_is_refused_inside_one_in_a_sentence_that_names_it(self) -> None:
        with transaction.atomic(), pytest.raises(TransactionStillOpen, match=r"ask_the_venue must not be called"):
            ask_the_venue(symbol="BTC-USDT")

    def test_runs_again_once_that_is_over(self) -> None:
        with transaction.atomic():
            pass

        assert ask_the_venue(symbol="BTC-USDT") == "BTC-USDT"

    def test_may_be_called_by_what_waits_for_the_commit(self, django_capture_on_commit_callbacks: Callable) -> None:
        told = []

        with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
            transaction.on_commit(lambda: told.append(ask_the_venue(symbol="BTC-USDT")))

        assert set(told) == {"BTC-USDT"}


@pytest.mark.parametrize((), EVERYWHERE)
class TestOwnsTransaction:
    def test_is_one_transaction(self) -> None:
        seen = []

        @owns_transaction
        def look() -> None:
            seen.append(is_open())

        look()

        assert (seen, is_open()) == ([True], False)

    def test_leaves_nothing_behind_where_it_raises(self) -> None:
        with pytest.raises(LookupError):
            stop_it(fails=True)

        assert not Group.objects.filter(name="stopped").exists()

    def test_is_refused_inside_another_one_before_it_does_anything(self) -> None:
        with transaction.atomic():
            with pytest.raises(TransactionStillOpen, match="stop_it must not be called inside a transaction"):
                stop_it()

            assert not Group.objects.filter(name="stopped").exists()

    def test_may_be_called_again(self) -> None:
        stop_it().delete()

        assert stop_it().pk
