"""The keys of requests, in the words of trading: see accounts.request_keys for how a key is taken."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from accounts import request_keys
from accounts.models import Asset, User
from accounts.request_keys import Request
from accounts.transactions import in_transaction
from copytrading.engine.units import coins
from copytrading.queries.rules import CASH_DECIMALS, cash_symbol
from copytrading.services.refusals import KeyNotSent, KeyReused


@in_transaction
def is_repeated(*, user: User, key: str, request: Request, now: datetime) -> bool:
    """
    Take a key for a request; return False if it is new, and True if just this was done under it before.

    First of all in the transaction that does the work, before any lock.

    :raises KeyNotSent: if there is no key.
    :raises KeyReused: if the key was used for another request.
    """
    with said_as_refusals():
        return request_keys.is_repeated(user=user, key=key, request=request, now=now)


def was_used_for(*, user: User, key: str, request: Request) -> bool:
    """
    Return whether a key was used for just this request, and take nothing.

    :raises KeyReused: if it was used for another one.
    """
    with said_as_refusals():
        return request_keys.was_used_for(user=user, key=key, request=request)


@contextmanager
def said_as_refusals() -> Iterator[None]:
    """Let what stands against a key be a refusal like any other."""
    try:
        yield
    except request_keys.KeyMissing as missing:
        raise KeyNotSent(str(missing)) from missing
    except request_keys.KeyUsedOtherwise as used:
        raise KeyReused(str(used)) from used


def cash_words(units: int) -> str:
    """Return a value in cash as a request names it, as "500.00 USDT"."""
    value = Decimal(units).scaleb(-CASH_DECIMALS)
    return f"{value:,.2f} {cash_symbol()}"


def coin_words(units: int, asset: Asset) -> str:
    """Return a quantity of a coin as a request names it, as "0.5 BTC"."""
    return f"{coins(units, asset.decimals).normalize():f} {asset.symbol}"
