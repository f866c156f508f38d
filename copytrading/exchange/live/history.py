"""The deposits and withdrawals of our account, read from a real exchange's own history."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from copytrading.exchange.errors import AnswerNotUnderstood
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
# Takes ccxt's client, from when on in milliseconds, and what else is asked.
Lists = Callable[[Any, int, dict[str, Any]], list[dict[str, Any]]]
ASKED: tuple[tuple[Call, Lists], ...] = (
    (Call.DEPOSITS, lambda exchange, since, params: exchange.fetch_deposits(None, since, None, params)),
    (Call.WITHDRAWALS, lambda exchange, since, params: exchange.fetch_withdrawals(None, since, None, params)),
)
# More pages than that mean that the venue repeats itself.
PAGES_MAX = 1000
# Some tell the second of a transfer and go by its millisecond.
OVERLAP_MILLISECONDS = 1000


def read_history(wire: Wire, *, since: datetime) -> list[VenueTransfer]:
    """
    Return what came and went from a moment on, oldest first.

    :raises VenueUnreachable: if the exchange did not answer both questions, or with something that cannot be read.
    """
    found: list[VenueTransfer] = []
    for call, ask in ASKED:
        found += _read(wire, call, ask, answers.milliseconds(since))
    return sorted(found, key=lambda transfer: (transfer.happened_at, transfer.reference))


def _read(wire: Wire, call: Call, ask: Lists, since: int) -> list[VenueTransfer]:
    """
    Return all of one kind from a moment on, page by page.

    A full page is a part of what there is: the newest part at the exchanges that are known in detail, and who knows
    which elsewhere. So what lies before it and what lies behind it are asked for, until nothing new is told.
    """
    found: dict[str, VenueTransfer] = {}
    spans: list[tuple[int, int | None]] = [(since, None)]
    for _ in range(PAGES_MAX):
        if not spans:
            return list(found.values())
        begin, end = spans.pop()
        page = _page(wire, call, ask, begin, end)
        fresh = {transfer.reference: transfer for transfer in page if transfer.reference not in found}
        found |= fresh
        if fresh and len(page) >= wire.dialect.transfers_a_page:
            times = [answers.milliseconds(transfer.happened_at) for transfer in page]
            spans += [(begin, min(times) + OVERLAP_MILLISECONDS), (max(times), end)]
    raise AnswerNotUnderstood(f"{wire.exchange} tells of transfers without an end.")


def _page(wire: Wire, call: Call, ask: Lists, begin: int, end: int | None) -> list[VenueTransfer]:
    params: dict[str, Any] = dict(wire.dialect.transfers_params)
    if end is not None:
        params[wire.dialect.transfers_end] = end
    told = wire.ask(call, lambda exchange: ask(exchange, begin, params), kept_share=shares.LOOKS)
    failed = wire.dialect.transfers_failed.get(call, frozenset())
    return answers.read(lambda: [_transfer_of(row, call=call, failed=failed) for row in told])


def _transfer_of(row: dict[str, Any], *, call: Call, failed: frozenset[str]) -> VenueTransfer:
    word = str(row.get("status"))
    fee = (row.get("fee") or {}).get("cost")
    return VenueTransfer(
        reference=answers.text(row.get("id") or row.get("txid"), of="id of a transfer"),
        is_deposit=call is Call.DEPOSITS,
        asset=answers.text(row.get("currency"), of="coin of a transfer"),
        quantity=answers.positive(row.get("amount"), of="quantity of a transfer"),
        fee=Decimal(0) if fee is None else answers.number(fee, of="fee of a transfer"),
        state=TransferState.FAILED if word in failed else STATES.get(word, TransferState.PENDING),
        happened_at=answers.moment(row.get("timestamp"), of="time of a transfer"),
    )
