"""Money that came to our account at an exchange or left it, as the exchange tells it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class TransferState(StrEnum):
    """How far a transfer is: on its way, through, or come to nothing. What was through may be taken back later."""

    PENDING = "PENDING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, kw_only=True)
class VenueTransfer:
    """
    One transfer. `quantity` is what arrived here or there, in coins; `fee` is what the exchange took besides.

    `reference` is the exchange's own id for it, and stays the same however often it is told.
    """

    reference: str
    is_deposit: bool
    asset: str
    quantity: Decimal
    fee: Decimal
    state: TransferState
    happened_at: datetime
