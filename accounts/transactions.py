"""
Who owns the transaction is written on the function, and looked at when the function is called.

    @in_transaction        belongs to its caller's transaction: what it does stands or falls with the rest of that
    @outside_transaction   waits for somebody elsewhere, so no lock of ours, and no snapshot, may wait along
    @owns_transaction      is one transaction, the outermost: once it has returned, what it did is committed

Whose lock guards a balance the database knows too. A copy's and a lead's balances are moved by whoever has that lead
locked, and by nobody else: the account carries the lead's id as its guard. Taking the lock notes it for the rest of the
transaction (a setting that a rollback, to a savepoint too, takes back as it takes the lock back), and the triggers of
the ledger refuse to move what is guarded by a lock that was not noted. Accounts without a guard, people's main accounts
and the platform's own, are shared: the database itself locks their balances, in one order, as it moves them.

The transaction that a test is wrapped in, to be rolled back in the end, is none: there all three say the same as where
tests commit.
"""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import connection, transaction

# The setting that names the guards that this transaction holds, with a space before each.
GUARDS_HELD = "smartsync.guards"

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class TransactionMissing(AssertionError):
    """What must stand or fall with its caller's work was called with no transaction open."""


class TransactionStillOpen(AssertionError):
    """What must not make a transaction wait, or has to be committed in the end, was called inside one."""


def in_transaction(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """
    Mark a function as part of its caller's transaction.

    :raises TransactionMissing: at the call, if none is open.
    """

    @wraps(function)
    def inside(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        if not is_open():
            raise TransactionMissing(
                f"{_name_of(function)} belongs to its caller's transaction, and none is open: open one around what"
                " belongs together."
            )
        return function(*arguments, **named)

    return inside


def outside_transaction(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """
    Mark a function as one that is never called inside a transaction.

    :raises TransactionStillOpen: at the call, if one is open.
    """

    @wraps(function)
    def outside(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        _require_none_open(function)
        return function(*arguments, **named)

    return outside


def owns_transaction(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """
    Mark a function as one transaction: all of it is committed when it returns, or nothing when it raises.

    :raises TransactionStillOpen: at the call, if one is open, since nothing inside that is committed yet.
    """
    in_one = transaction.atomic(durable=True)(function)

    @wraps(function)
    def owning(*arguments: Parameters.args, **named: Parameters.kwargs) -> Result:
        _require_none_open(function)
        return in_one(*arguments, **named)

    return owning


def is_open() -> bool:
    """Return whether a transaction is open, other than the one that a test is wrapped in."""
    return not all(_is_of_a_test(block) for block in connection.atomic_blocks)


def _is_of_a_test(block: transaction.Atomic) -> bool:
    # Django marks it so itself, for its own durable blocks.
    return bool(block._from_testcase)  # type: ignore[attr-defined]


def _require_none_open(function: Callable[..., object]) -> None:
    if is_open():
        raise TransactionStillOpen(
            f"{_name_of(function)} must not be called inside a transaction, and one is open: commit first."
        )


def _name_of(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"
