"""Before and after an order is sent: what is refused by ourselves, and what its answer proves."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from copytrading.exchange.errors import KEY_TROUBLES, DuplicateOrder, OrderRejected, OutcomeUnknown, RejectionCode
from copytrading.exchange.live import answers
from copytrading.exchange.live.client import Hearing
from copytrading.exchange.live.dialects.base import Call, Dialect
from copytrading.exchange.live.verdicts import Known
from copytrading.exchange.orders import VenueOrder

SENTENCES = {
    RejectionCode.MARKET_UNKNOWN: "lists no such market",
    RejectionCode.MARKET_SUSPENDED: "does not trade this market at the moment",
    RejectionCode.LOT_SIZE: "does not take this quantity: its lot has changed",
    RejectionCode.TICK_SIZE: "does not take this price: its tick has changed",
    RejectionCode.VALUE_TOO_SMALL: "does not take an order of so little value",
    RejectionCode.NOT_ENOUGH_BALANCE: "says that our account holds too little",
    RejectionCode.PRICE_BAND: "does not take a price so far from the market",
    RejectionCode.POSITION_LIMIT: "does not let our account hold or order so much",
    RejectionCode.RATE_LIMITED: "asks us to be slower",
    RejectionCode.MARKET_BARRED: "does not let our account trade this market",
    RejectionCode.PLACE_BARRED: "serves nobody in the country that our server is in",
    RejectionCode.CLOCK_SKEWED: "says that our time is wrong",
    RejectionCode.MALFORMED: "does not take the order as we wrote it",
    **{code: f"does not take our key: {words}" for code, words in KEY_TROUBLES.items()},
}


def check_id(client_order_id: str, *, dialect: Dialect, venue: str) -> None:
    """
    Make sure that our id is one that the venue keeps as it is, so that the order can be found by it.

    :raises OrderRejected: if it is not; nothing was sent.
    """
    if not re.fullmatch(dialect.client_order_id_pattern, client_order_id):
        raise OrderRejected(
            RejectionCode.MALFORMED, f"Not sent: {venue} takes no order under the id {client_order_id!r}."
        )


def check_tag(broker_tag: str, *, dialect: Dialect, venue: str) -> None:
    """
    Make sure that a broker's tag is one that the venue takes: one that it does not could cost the order.

    :raises OrderRejected: if it is not; nothing was sent.
    """
    if broker_tag and (dialect.tagging is None or not re.fullmatch(dialect.tagging.pattern, broker_tag)):
        raise OrderRejected(RejectionCode.MALFORMED, f"Not sent: {venue} takes no broker tag {broker_tag!r}.")


def check_order(
    markets: Mapping[str, Any], *, symbol: str, quantity: Decimal, price_limit: Decimal, venue: str
) -> None:
    """
    Make sure that an order fits the market as the venue listed it last.

    ccxt would cut a quantity to the lot without a word, and another order would be sent than was decided.

    :raises OrderRejected: if it does not fit; nothing was sent.
    """
    market = markets.get(answers.theirs(symbol))
    if market is None:
        raise OrderRejected(RejectionCode.MARKET_UNKNOWN, f"Not sent: {venue} lists no market {symbol}.")
    if not market["active"]:
        raise OrderRejected(RejectionCode.MARKET_SUSPENDED, f"Not sent: {symbol} does not trade at the moment.")
    for number, step, code, word in (
        (quantity, market["precision"]["amount"], RejectionCode.LOT_SIZE, "lots"),
        (price_limit, market["precision"]["price"], RejectionCode.TICK_SIZE, "ticks"),
    ):
        size = Decimal(step)
        if number <= 0 or number % size:
            raise OrderRejected(code, f"Not sent: {number:f} is no whole number of {word} of {size:f} any more.")
    least = Decimal(market["limits"]["amount"]["min"] or 0)
    if quantity < least:
        raise OrderRejected(RejectionCode.LOT_SIZE, f"Not sent: {quantity:f} is less than the least of {least:f}.")


def believe(hearing: Hearing, *, dialect: Dialect, venue: str) -> None:
    """
    Return if an answer proves that the venue took the order.

    :raises OrderRejected: if it proves that the order does not exist.
    :raises DuplicateOrder: if there is one under this id already.
    :raises OutcomeUnknown: if it proves nothing.
    """
    if not hearing.was_sent:
        raise OrderRejected(RejectionCode.MALFORMED, f"Not sent: {type(hearing.trouble).__name__}.")
    answer = hearing.answer
    if answer is None:
        raise OutcomeUnknown(f"{venue} did not answer ({type(hearing.trouble).__name__}).")
    meaning = dialect.meaning_of(answer)
    if meaning is Known.DUPLICATE:
        raise DuplicateOrder(f"{venue} has an order under this id already.")
    if isinstance(meaning, RejectionCode):
        raise OrderRejected(meaning, f"{venue} {SENTENCES[meaning]}.")
    is_fine = hearing.trouble is None and 200 <= answer.status < 300
    if not is_fine or not dialect.is_answer(Call.PLACE, answer.body):
        raise OutcomeUnknown(f"{venue} answered {answer.status}, which proves nothing.")


def order_with_trades(hearing: Hearing, *, symbol: str, client_order_id: str) -> VenueOrder:
    """
    Return an order whose answer tells its trades.

    :raises AnswerNotUnderstood: if it cannot be read.
    """
    structure = hearing.value
    return answers.read(
        lambda: answers.order_of(
            structure,
            symbol=symbol,
            client_order_id=client_order_id,
            trades=[
                answers.trade_of(trade, symbol=symbol, client_order_id=client_order_id, order=structure)
                for trade in structure["trades"]
            ],
        )
    )
