"""
Reading an account at an exchange elsewhere: what its key may do, and what it holds in the platform's own terms.

The exchange's own words go nowhere: they may quote the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from accounts.models import Asset
from accounts.transactions import outside_transaction
from copytrading.engine.units import units_of
from copytrading.exchange import registry
from copytrading.exchange.errors import (
    KEY_TROUBLES,
    AnswerNotUnderstood,
    ClockSkewed,
    KeyRefused,
    PlaceBarred,
    VenueBusy,
    VenueUnreachable,
)
from copytrading.models import Market
from copytrading.queries import market as market_queries
from copytrading.queries.leads import links
from copytrading.services.refusals import Refusal
from copytrading.services.safety.sealed_keys import ExchangeKey

# The rights that a key must not have, in our words, and what the exchanges call the box that gives them.
TOO_MUCH = {"withdraw": "withdraw", "trade": "trade", "trade elsewhere": "trade futures or on margin"}
BOXES = {
    ("binance", "trade"): "“Enable Spot & Margin Trading”, futures and options",
    ("binance", "trade elsewhere"): "futures, margin and options",
    ("binance", "withdraw"): "“Enable Withdrawals” and every transfer",
    ("okx", "trade"): "“Trade”",
    ("okx", "withdraw"): "“Withdraw”",
    ("bybit", "trade"): "“Read-Write” (choose “Read-Only”)",
    ("bybit", "trade elsewhere"): "“Read-Write” (choose “Read-Only”)",
    ("bybit", "withdraw"): "“Account Transfer”, “Subaccount Transfer” and “Withdrawal”",
    ("bitget", "trade"): "“Trade” of spot (leave “Read-only”)",
    ("bitget", "trade elsewhere"): "“Trade” of futures, margin and copy trading",
    ("bitget", "withdraw"): "“Transfer”, “Withdraw” and whatever else is not read-only",
}
UNFOLLOWED_MAX = 50
SYMBOL_LENGTH_MAX = 20


class KeyMayDoTooMuch(Refusal, code="key_may_do_too_much", field="key"):
    """The key can trade, or move money out."""


@dataclass(frozen=True, kw_only=True)
class AccountHoldings:
    """Balances in the platform's own terms: units by asset, cash in quote units, and coins without a market here."""

    coins: dict[int, int]
    cash_units: int
    unfollowed: list[str]


@outside_transaction
def read_account(*, exchange: str, key: ExchangeKey, checks_rights: bool) -> AccountHoldings:
    """
    Return what an account holds now.

    :raises KeyMayDoTooMuch: if the rights of the key are asked for, and it may do more than read.
    :raises VenueUnreachable: if the exchange does not take the key, or did not answer.
    """
    account = registry.linked_account(exchange=exchange, key=key.key, secret=key.secret, password=key.password)
    if checks_rights:
        _refuse_rights(account.permissions(), exchange)
    return _sort(account.balances())


def _refuse_rights(permissions: frozenset[str], exchange: str) -> None:
    too_much = [right for right in TOO_MUCH if right in permissions]
    if too_much:
        # One box may give several rights, and is named once.
        boxes = dict.fromkeys(BOXES.get((exchange, right), f"“{right.capitalize()}”") for right in too_much)
        raise KeyMayDoTooMuch(
            f"This key can {' and '.join(TOO_MUCH[right] for right in too_much)}. Untick for it at"
            f" {links.exchange_name(exchange)}: {'; '.join(boxes)}. Then connect it again; to read is all we need."
        )


def reason_of(trouble: VenueUnreachable, *, exchange: str) -> str:
    """Return what is wrong as a sentence for the lead and for operators."""
    name = links.exchange_name(exchange)
    match trouble:
        case KeyRefused():
            return f"{name} does not take this key: {KEY_TROUBLES[trouble.code]}."
        case PlaceBarred():
            return f"{name} serves nobody in the country that our server is in. That is ours to repair."
        case ClockSkewed():
            return f"{name} says that our clock is off by too much. That is ours to repair."
        case VenueBusy():
            return f"{name} asks us to be slower. Try again in {max(round(trouble.wait_seconds), 1)} seconds."
        case AnswerNotUnderstood():
            return f"{name} answered something that is no list of balances."
    return f"{name} does not answer at the moment."


def _sort(balances: Mapping[str, Decimal]) -> AccountHoldings:
    """Sort balances by what they are here. A coin is followed where it has a market against the platform's cash."""
    cash = market_queries.cash_asset()
    followed = set(Market.objects.filter(quote=cash).values_list("base_id", flat=True))
    held = {symbol: quantity for symbol, quantity in balances.items() if quantity > 0}
    assets = {asset.symbol: asset for asset in Asset.objects.filter(symbol__in=held)}
    coins = {
        asset.pk: units_of(held[symbol], asset.decimals) for symbol, asset in assets.items() if asset.pk in followed
    }
    known = {symbol for symbol, asset in assets.items() if asset.pk in followed} | {cash.symbol}
    unfollowed = sorted(symbol[:SYMBOL_LENGTH_MAX] for symbol in held if symbol not in known)
    return AccountHoldings(
        coins=coins,
        cash_units=units_of(held.get(cash.symbol, Decimal(0)), cash.decimals),
        unfollowed=unfollowed[:UNFOLLOWED_MAX],
    )
