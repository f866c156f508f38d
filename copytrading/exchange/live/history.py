"""The deposits and withdrawals of our account, read from a real exchange's own history."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from copytrading.exchange.live import answers
from copytrading.exchange.live import budget as shares
from copytrading.exchange.live.dialects.base import Call
from copytrading.exchange.live.wire import Wire
from copytrading.exchange.transfers import TransferState, VenueTransfer

# ccxt's words. A word that is none of these means that it is not over yet.
STATES = {
    "ok": TransferState.DONE,
    "failed": TransferState.FAILED,
    "canceled": TransferState.FAILED,
    "rejected": TransferState.FAILED,
}
Lists = Callable[[Any, int], list[dict[str, Any]]]
ASKED: tuple[tuple[Call, Lists], ...] = (
    (Call.DEPOSITS, lambda exchange, since: exchange.fetch_deposits(None, since)),
    (Call.WITHDRAWALS, lambda exchange, since: exchange.fetch_withdrawals(None, since)),
)


def read_history(wire: Wire, *, since: datetime) -> list[VenueTransfer]:
    """
    Return what came and went from a moment on, oldest first.

    :raises VenueUnreachable: if the exchange did not answer both questions, or with something that cannot be read.
    """
    found: list[VenueTransfer] = []
    for call, ask in ASKED:
        told = wire.ask(call, _question(ask, answers.milliseconds(since)), kept_share=shares.LOOKS)
        found += answers.read(lambda told=told, call=call: [  # type: ignore[misc]
            _transfer_of(row, is_deposit=call is Call.DEPOSITS) for row in told
        ])  # fmt: skip
    return sorted(found, key=lambda transfer: (transfer.happened_at, transfer.reference))


def _question(ask: Lists, since: int) -> Callable[[Any], list[dict[str, Any]]]:
    return lambda exchange: ask(exchange, since)


def _transfer_of(row: dict[str, Any], *, is_deposit: bool) -> VenueTransfer:
    fee = (row.get("fee") or {}).get("cost")
    return VenueTransfer(
        reference=answers.text(row.get("id") or row.get("txid"), of="id of a transfer"),
        is_deposit=is_deposit,
        asset=answers.text(row.get("currency"), of="coin of a transfer"),
        quantity=answers.positive(row.get("amount"), of="quantity of a transfer"),
        fee=Decimal(0) if fee is None else answers.number(fee, of="fee of a transfer"),
        state=STATES.get(str(row.get("status")), TransferState.PENDING),
        happened_at=answers.moment(row.get("timestamp"), of="time of a transfer"),
    )
