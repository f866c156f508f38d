"""
Reading an account at an exchange elsewhere: what its key may do, and what it holds in the platform's own terms.

The exchange's own words go nowhere: they may quote the key.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.cache import cache
from django.utils.translation import gettext, gettext_noop

from accounts.models import Asset
from accounts.transactions import outside_transaction
from copytrading.engine.units import units_of
from copytrading.exchange import registry
from copytrading.exchange.errors import (
    QuestionRefused,
)
from copytrading.exchange.live import holdings
from copytrading.exchange.live.holdings import LOCKED_SECONDS, Holdings, PriceBoard
from copytrading.exchange.live.linked import LinkedAccount
from copytrading.exchange.live.own_trades import OwnTrade, Pair
from copytrading.models import Market
from copytrading.queries.leads import links
from copytrading.queries.market import board as market_queries
from copytrading.services.refusals import Refusal
from copytrading.services.safety.sealed_keys import ExchangeKey

# The rights that a key must not have, in our words, and what the exchanges call the box that gives them.
TOO_MUCH = {
    "withdraw": gettext_noop("withdraw"),
    "trade": gettext_noop("trade"),
    "trade elsewhere": gettext_noop("trade futures or on margin"),
}
BOXES = {
    ("binance", "trade"): gettext_noop("“Enable Spot & Margin Trading”, futures and options"),
    ("binance", "trade elsewhere"): gettext_noop("futures, margin and options"),
    ("binance", "withdraw"): gettext_noop("“Enable Withdrawals” and every transfer"),
    ("okx", "trade"): gettext_noop("“Trade”"),
    ("okx", "withdraw"): gettext_noop("“Withdraw”"),
    ("bybit", "trade"): gettext_noop("“Read-Write” (choose “Read-Only”)"),
    ("bybit", "trade elsewhere"): gettext_noop("“Read-Write” (choose “Read-Only”)"),
    ("bybit", "withdraw"): gettext_noop("“Account Transfer”, “Subaccount Transfer” and “Withdrawal”"),
    ("bitget", "trade"): gettext_noop("“Trade” of spot (leave “Read-only”)"),
    ("bitget", "trade elsewhere"): gettext_noop("“Trade” of futures, margin and copy trading"),
    ("bitget", "withdraw"): gettext_noop("“Transfer”, “Withdraw” and whatever else is not read-only"),
}
SYMBOL_LENGTH_MAX = 40


class KeyMayDoTooMuch(Refusal, code="key_may_do_too_much", field="key"):
    """The key can trade, or move money out."""


@dataclass(frozen=True, kw_only=True)
class OtherCoin:
    """What is not traded here: signed quantity, a debt below zero, and what one costs in our cash, None if unknown."""

    symbol: str
    quantity: Decimal
    price: Decimal | None


@dataclass(frozen=True, kw_only=True)
class AccountHoldings:
    """
    All that an account holds, wherever in it, in the platform's own terms: units by asset, cash in quote units, and
    what has no market here. `unread` names the places that this key cannot read.
    """

    coins: dict[int, int]
    cash_units: int
    others: tuple[OtherCoin, ...] = ()
    unread: frozenset[str] = frozenset()


@outside_transaction
def read_account(
    *,
    exchange: str,
    key: ExchangeKey,
    checks_rights: bool,
    memory: str = "",
    may_lack: frozenset[str] | None = None,
    now: datetime,
) -> AccountHoldings:
    """
    Return what an account holds now.

    :param memory: under which name to remember what is dear to ask; nothing is remembered without one.
    :param may_lack: the places that were not to be read before; None where that is not known yet. A place that
        answered before and now refuses says nothing about what is in it.
    :raises KeyMayDoTooMuch: if the rights of the key are asked for, and it may do more than read.
    :raises VenueUnreachable: if the exchange does not take the key, or did not answer.
    """
    account = _account(exchange, key)
    if checks_rights:
        _refuse_rights(account.permissions(), exchange)
    held = _read(account, memory, now)
    if may_lack is not None and (lost := held.unread - may_lack):
        raise QuestionRefused(
            gettext("The account does not show its %(places)s part to this key any more.")
            % {"places": ", ".join(sorted(lost))}
        )
    return _sort(held, account)


@outside_transaction
def read_own_trades(
    *, exchange: str, key: ExchangeKey, changed: Sequence[str], held: Sequence[str], since: datetime
) -> list[OwnTrade]:
    """
    Return what an account traded since a moment, oldest first.

    :param changed: the coins whose balance changed, cash among them; `held` those that may have come and gone.
    :raises VenueUnreachable: or one of its kinds, if the exchange did not answer.
    """
    account = _account(exchange, key)
    cash = market_queries.cash_asset().symbol
    prices = account.prices(cash=cash)
    coins = [*changed, *(coin for coin in held if coin not in changed)] if set(changed) == {cash} else list(changed)
    pairs: list[Pair] = [
        (base, quote)
        for quote in dict.fromkeys([cash, *changed])
        for base in coins
        if base != quote and prices.has_pair(base, quote)
    ]
    return account.own_trades(pairs=pairs, since=since)


def _account(exchange: str, key: ExchangeKey) -> LinkedAccount:
    return registry.linked_account(exchange=exchange, key=key.key, secret=key.secret, password=key.password)


def _read(account: LinkedAccount, memory: str, now: datetime) -> Holdings:
    """Read an account, with what is dear to ask from the last look while nothing else changed."""
    if not memory:
        return account.holdings()
    read_at, before = cache.get(memory) or (now, None)
    held = account.holdings(before=before, before_age_seconds=(now - read_at).total_seconds())
    if not held.is_remembered:
        cache.set(memory, (now, held), timeout=LOCKED_SECONDS)
    return held


def _refuse_rights(permissions: frozenset[str], exchange: str) -> None:
    too_much = [right for right in TOO_MUCH if right in permissions]
    if too_much:
        # One box may give several rights, and is named once.
        boxes = dict.fromkeys(BOXES.get((exchange, right), f"“{right.capitalize()}”") for right in too_much)
        said = gettext(
            "This key can %(rights)s. Untick for it at %(exchange)s: %(boxes)s. Then connect it again; to read is all"
            " we need."
        )
        figures = {
            "rights": gettext(" and ").join(gettext(TOO_MUCH[right]) for right in too_much),
            "exchange": links.exchange_name(exchange),
            "boxes": "; ".join(gettext(box) for box in boxes),
        }
        raise KeyMayDoTooMuch(said % figures)


def _sort(held: Holdings, account: LinkedAccount) -> AccountHoldings:
    """
    Sort balances by what they are here: a coin is followed where it has a market against the platform's cash and was
    ever priced. All others count at what they cost there, and so do debts, whatever they are in.
    """
    cash = market_queries.cash_asset()
    markets = Market.objects.filter(quote=cash, mark__isnull=False)
    followed = {asset.symbol: asset for asset in Asset.objects.filter(pk__in=markets.values("base"))}
    prices = _once(lambda: account.prices(cash=cash.symbol))
    quantities = holdings.own_names(
        held.totals(),
        exchange=account.exchange,
        trades=lambda coin: coin == cash.symbol or coin in followed or prices().price_of(coin) is not None,
    )
    coins, others, cash_units = {}, [], 0
    for symbol, quantity in sorted(quantities.items()):
        if quantity > 0 and symbol == cash.symbol:
            cash_units = units_of(quantity, cash.decimals)
        elif quantity > 0 and symbol in followed:
            coins[followed[symbol].pk] = units_of(quantity, followed[symbol].decimals)
        elif quantity:
            price = prices().price_of(symbol)
            others.append(OtherCoin(symbol=symbol[:SYMBOL_LENGTH_MAX], quantity=quantity, price=price))
    return AccountHoldings(coins=coins, cash_units=cash_units, others=tuple(others), unread=held.unread)


def _once(ask: Callable[[], PriceBoard]) -> Callable[[], PriceBoard]:
    """Return a question that is asked when it is needed, and once."""
    answers: list[PriceBoard] = []

    def answer() -> PriceBoard:
        if not answers:
            answers.append(ask())
        return answers[0]

    return answer
