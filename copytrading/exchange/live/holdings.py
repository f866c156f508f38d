"""
All that an account holds, wherever the exchange keeps it: on the spot market, as funding, in Earn.

Everybody who looks at an account looks here, a lead's and our own: money that was moved from one of these to another
has not gone. An exchange is a row of readings, one small function for each place; what it asks in two places under one
name is one coin. Names are the exchange's own, as ccxt writes them.

A place that the exchange refuses to show to this key, or does not have, is named as not read. No answer is another
matter: then nothing is known, and nothing is returned.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from copytrading.exchange.errors import KeyRefused, QuestionRefused
from copytrading.exchange.live import answers
from copytrading.exchange.live import budget as shares
from copytrading.exchange.live.dialects.base import Call
from copytrading.exchange.live.wire import REPEATS_MAX, Wire

EARN_ROWS_A_PAGE = 100
EARN_PAGES_MAX = 50
# Locked positions change by moves that show elsewhere too; so without one they are asked about this seldom.
LOCKED_SECONDS = 300.0
# What exchanges quote coins in. A coin without a pair in our cash is priced by way of one of these.
BRIDGES = ("USDC", "FDUSD", "USD", "BTC", "ETH", "BNB", "EUR", "TRY")
EARN_PREFIX = "LD"

Quantities = dict[str, Decimal]


class Place(StrEnum):
    """Where within an account something is kept."""

    SPOT = "SPOT"
    FUNDING = "FUNDING"
    EARN = "EARN"
    STAKED = "STAKED"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    How one place is read. `question` takes ccxt's client and returns quantities by coin; a debt is below zero.

    `kept_seconds`: an answer is good for so long as nothing changed elsewhere in the account; 0 is never.
    """

    place: Place
    call: Call
    question: Callable[[Any], Quantities]
    kept_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """
    Quantities by place and coin, and the places that could not be read with this key.

    `is_remembered`: something of it was read before, and not asked about now.
    """

    by_place: Mapping[Place, Quantities]
    unread: frozenset[Place] = frozenset()
    is_remembered: bool = False

    def totals(self) -> Quantities:
        """Return what there is of each coin in all places together, without what there is none of."""
        sums: Quantities = {}
        for quantities in self.by_place.values():
            for coin, quantity in quantities.items():
                sums[coin] = sums.get(coin, Decimal(0)) + quantity
        return {coin: quantity for coin, quantity in sums.items() if quantity}


def read_holdings(
    wire: Wire,
    *,
    before: Holdings | None = None,
    before_age_seconds: float = 0.0,
    kept_share: float = shares.ORDINARY,
) -> Holdings:
    """
    Return what the account of a wire holds, place by place.

    :param before: what was read of it so many seconds ago: a place whose answer keeps is taken from there, refusals
        too, while all that is asked about says the same.
    :raises KeyRefused: if the exchange does not take the key.
    :raises VenueUnreachable: or one of its kinds, if a place gave no answer to go by.
    """
    readings = READINGS.get(wire.exchange, ANY)
    by_place: dict[Place, Quantities] = {}
    unread = set()
    is_same, is_remembered = True, False
    for reading in sorted(readings, key=lambda reading: reading.kept_seconds):
        known = before.by_place.get(reading.place) if before is not None else None
        was_unread = before is not None and reading.place in before.unread
        if (known is not None or was_unread) and is_same and before_age_seconds < reading.kept_seconds:
            is_remembered = True
            if known is not None:
                by_place[reading.place] = known
            else:
                unread.add(reading.place)
            continue
        try:
            by_place[reading.place] = wire.ask(
                reading.call, reading.question, kept_share=kept_share, repeats_max=0 if was_unread else REPEATS_MAX
            )
        except (KeyRefused, QuestionRefused):
            if reading.place is Place.SPOT:
                raise
            unread.add(reading.place)
        is_same = is_same and by_place.get(reading.place) == known
    return Holdings(by_place=by_place, unread=frozenset(unread), is_remembered=is_remembered)


def own_names(quantities: Quantities, *, exchange: str, trades: Callable[[str], bool]) -> Quantities:
    """
    Return quantities by what the coins are, where an exchange lists a claim on a coin under a name of its own.

    Binance writes LDBTC for BTC in Simple Earn. LDO is no claim on O: what trades under its own name is itself.

    :param trades: whether a coin is known by a price of its own.
    """
    if exchange != "binance":
        return quantities
    named: Quantities = {}
    for symbol, quantity in quantities.items():
        claimed = symbol.removeprefix(EARN_PREFIX)
        is_claim = claimed not in ("", symbol) and not trades(symbol) and trades(claimed)
        coin = claimed if is_claim else symbol
        named[coin] = named.get(coin, Decimal(0)) + quantity
    return named


class PriceBoard:
    """What everything on an exchange costs in our cash: all its pairs, asked for at once and only when needed."""

    def __init__(self, *, cash: str, prices: Mapping[str, Decimal]) -> None:
        """:param prices: the price of each pair, under base and quote written together."""
        self._cash = cash
        self._prices = prices

    def price_of(self, coin: str) -> Decimal | None:
        """Return what one coin costs in our cash, directly or by way of another; None where nobody trades it."""
        if (direct := self._rate(coin, self._cash)) is not None:
            return direct
        for bridge in BRIDGES:
            rate, rest = self._rate(coin, bridge), self._rate(bridge, self._cash)
            if rate is not None and rest is not None:
                return rate * rest
        return None

    def has_pair(self, base: str, quote: str) -> bool:
        return base + quote in self._prices

    def _rate(self, coin: str, quote: str) -> Decimal | None:
        if coin == quote:
            return Decimal(1)
        if (price := self._prices.get(coin + quote)) is not None:
            return price
        inverse = self._prices.get(quote + coin)
        return 1 / inverse if inverse else None


_boards: dict[tuple[str, str], tuple[float, PriceBoard]] = {}
BOARD_SECONDS = 5.0


def price_board(wire: Wire, *, cash: str, name: str) -> PriceBoard:
    """
    Return the prices of an exchange, at most some seconds old: all accounts there are valued by the same.

    :param name: under which they are kept in this process.
    :raises VenueUnreachable: or one of its kinds, if there is no answer to go by.
    """
    asked_at, board = _boards.get((name, cash), (0.0, None))
    if board is None or time.monotonic() - asked_at > BOARD_SECONDS:
        board = PriceBoard(cash=cash, prices=_ask_prices(wire))
        _boards[name, cash] = time.monotonic(), board
    return board


def _ask_prices(wire: Wire) -> Quantities:
    """Return the prices of all pairs; none where the exchange has no such list, and then nothing else has a price."""
    if wire.exchange not in PRICES:
        return {}
    try:
        return dict(wire.ask(Call.QUOTES, PRICES[wire.exchange]))
    except QuestionRefused:
        return {}


def _sum_of(exchange: Any, rows: Iterable[Mapping[str, Any]], *, coin: str, parts: tuple[str, ...]) -> Quantities:
    """Return quantities by coin: of each row the sum of some fields, of rows of one coin the sum."""
    sums: Quantities = {}
    for row in rows:
        name = exchange.safe_currency_code(answers.text(row[coin], of="coin of a balance"))
        quantity = sum((answers.number(row.get(part) or 0, of=f"balance of {name}") for part in parts), Decimal(0))
        sums[name] = sums.get(name, Decimal(0)) + quantity
    return {name: quantity for name, quantity in sums.items() if quantity}


# -- Binance -----------------------------------------------------------------------------------------------------------


def binance_spot(exchange: Any) -> Quantities:
    """Return what is free and used on the spot market; flexible Earn is in it as LD…."""
    told = exchange.privateGetAccount()
    return _sum_of(exchange, told["balances"], coin="asset", parts=("free", "locked"))


def binance_funding(exchange: Any) -> Quantities:
    """Return what lies in the funding account; what is being withdrawn has not left yet."""
    told = exchange.sapiPostAssetGetFundingAsset()
    return _sum_of(exchange, told, coin="asset", parts=("free", "locked", "freeze", "withdrawing"))


def binance_locked(exchange: Any) -> Quantities:
    """Return what is locked in Simple Earn, staked coins among it; page by page."""
    rows: list[Any] = []
    for page in range(1, EARN_PAGES_MAX + 1):
        told = exchange.sapiGetSimpleEarnLockedPosition({"current": page, "size": EARN_ROWS_A_PAGE})
        rows += told["rows"]
        if len(rows) >= int(told["total"]) or not told["rows"]:
            break
    return _sum_of(exchange, rows, coin="asset", parts=("amount",))


def binance_prices(exchange: Any) -> Quantities:
    """Return the middle of bid and ask of every pair that has both."""
    rows = exchange.publicGetTickerBookTicker()
    return mids_of((row["symbol"], row.get("bidPrice"), row.get("askPrice")) for row in rows)


# -- OKX ---------------------------------------------------------------------------------------------------------------


def okx_trading(exchange: Any) -> Quantities:
    """Return the cash balance of each coin. The equity beside it moves with the open profit of derivatives."""
    told = exchange.privateGetAccountBalance()
    return _sum_of(exchange, told["data"][0]["details"], coin="ccy", parts=("cashBal",))


def okx_funding(exchange: Any) -> Quantities:
    """Return what lies in the funding account, frozen or not."""
    return _sum_of(exchange, exchange.privateGetAssetBalances()["data"], coin="ccy", parts=("bal",))


def okx_savings(exchange: Any) -> Quantities:
    """Return what is in Simple Earn."""
    return _sum_of(exchange, exchange.privateGetFinanceSavingsBalance()["data"], coin="ccy", parts=("amt",))


def okx_staked(exchange: Any) -> Quantities:
    """Return what was put into staking and on-chain products."""
    orders = exchange.privateGetFinanceStakingDefiOrdersActive()["data"]
    rows = [row for order in orders for row in order["investData"]]
    return _sum_of(exchange, rows, coin="ccy", parts=("amt",))


def okx_prices(exchange: Any) -> Quantities:
    """Return the middle of bid and ask of every pair that has both."""
    rows = exchange.publicGetMarketTickers({"instType": "SPOT"})["data"]
    return mids_of((row["instId"].replace("-", ""), row.get("bidPx"), row.get("askPx")) for row in rows)


# -- Bybit -------------------------------------------------------------------------------------------------------------


def bybit_unified(exchange: Any) -> Quantities:
    """Return the wallet balance of each coin, a loan below zero. The equity beside it moves with open profit."""
    told = exchange.privateGetV5AccountWalletBalance({"accountType": "UNIFIED"})
    return _sum_of(exchange, told["result"]["list"][0]["coin"], coin="coin", parts=("walletBalance",))


def bybit_funding(exchange: Any) -> Quantities:
    """Return what lies in the funding account; what is on its way out has not left yet."""
    told = exchange.privateGetV5AssetTransferQueryAccountCoinsBalance({"accountType": "FUND"})
    return _sum_of(exchange, told["result"]["balance"], coin="coin", parts=("walletBalance",))


def bybit_savings(exchange: Any) -> Quantities:
    """Return what is in flexible savings."""
    return _bybit_earn(exchange, "FlexibleSaving")


def bybit_staked(exchange: Any) -> Quantities:
    """Return what was put into staking and on-chain products."""
    return _bybit_earn(exchange, "OnChain")


def _bybit_earn(exchange: Any, category: str) -> Quantities:
    told = exchange.privateGetV5EarnPosition({"category": category})
    return _sum_of(exchange, told["result"]["list"], coin="coin", parts=("amount",))


def bybit_prices(exchange: Any) -> Quantities:
    """Return the middle of bid and ask of every pair that has both."""
    rows = exchange.publicGetV5MarketTickers({"category": "spot"})["result"]["list"]
    return mids_of((row["symbol"], row.get("bid1Price"), row.get("ask1Price")) for row in rows)


# -- Bitget ------------------------------------------------------------------------------------------------------------


def bitget_spot(exchange: Any) -> Quantities:
    """Return what is free, in orders and locked on the spot market."""
    told = exchange.privateSpotGetV2SpotAccountAssets()
    return _sum_of(exchange, told["data"], coin="coin", parts=("available", "frozen", "locked"))


def bitget_funding(exchange: Any) -> Quantities:
    """Return what lies in the funding account."""
    told = exchange.privateSpotGetV2AccountFundingAssets()
    return _sum_of(exchange, told["data"], coin="coin", parts=("available", "frozen"))


def bitget_earn(exchange: Any) -> Quantities:
    """Return what is in all products of Earn together, savings and staked coins among them."""
    return _sum_of(exchange, exchange.privateEarnGetV2EarnAccountAssets()["data"], coin="coin", parts=("amount",))


def bitget_prices(exchange: Any) -> Quantities:
    """Return the middle of bid and ask of every pair that has both."""
    rows = exchange.publicSpotGetV2SpotMarketTickers()["data"]
    return mids_of((row["symbol"], row.get("bidPr"), row.get("askPr")) for row in rows)


# -- Any other ---------------------------------------------------------------------------------------------------------


def any_spot(exchange: Any) -> Quantities:
    """Return what ccxt calls the balance."""
    return answers.balances_of(exchange.fetch_balance())


def mids_of(rows: Iterable[tuple[str, Any, Any]]) -> Quantities:
    """
    Return the middle of bid and ask by pair, of those that have both.

    :raises AnswerNotUnderstood: if a price is no number.
    """
    mids = {}
    for pair, bid, ask in rows:
        lower, upper = (answers.number(price or 0, of=f"price of {pair}") for price in (bid, ask))
        # A side without an offer is no price: nobody would take the coin for it.
        if lower > 0 and upper > 0:
            mids[pair] = (lower + upper) / 2
    return mids


READINGS: dict[str, tuple[Reading, ...]] = {
    "binance": (
        Reading(place=Place.SPOT, call=Call.BALANCES, question=binance_spot),
        Reading(place=Place.FUNDING, call=Call.FUNDING, question=binance_funding),
        Reading(place=Place.EARN, call=Call.EARN, question=binance_locked, kept_seconds=LOCKED_SECONDS),
    ),
    "okx": (
        Reading(place=Place.SPOT, call=Call.BALANCES, question=okx_trading),
        Reading(place=Place.FUNDING, call=Call.FUNDING, question=okx_funding),
        Reading(place=Place.EARN, call=Call.EARN, question=okx_savings, kept_seconds=LOCKED_SECONDS),
        Reading(place=Place.STAKED, call=Call.STAKED, question=okx_staked, kept_seconds=LOCKED_SECONDS),
    ),
    "bybit": (
        Reading(place=Place.SPOT, call=Call.BALANCES, question=bybit_unified),
        Reading(place=Place.FUNDING, call=Call.FUNDING, question=bybit_funding),
        Reading(place=Place.EARN, call=Call.EARN, question=bybit_savings, kept_seconds=LOCKED_SECONDS),
        Reading(place=Place.STAKED, call=Call.STAKED, question=bybit_staked, kept_seconds=LOCKED_SECONDS),
    ),
    "bitget": (
        Reading(place=Place.SPOT, call=Call.BALANCES, question=bitget_spot),
        Reading(place=Place.FUNDING, call=Call.FUNDING, question=bitget_funding),
        Reading(place=Place.EARN, call=Call.EARN, question=bitget_earn, kept_seconds=LOCKED_SECONDS),
    ),
}
ANY = (Reading(place=Place.SPOT, call=Call.BALANCES, question=any_spot),)
PRICES: dict[str, Callable[[Any], Quantities]] = {
    "binance": binance_prices,
    "okx": okx_prices,
    "bybit": bybit_prices,
    "bitget": bitget_prices,
}
