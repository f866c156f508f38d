"""
The ways a venue fails us, each with what is known afterwards.

Every failure of an order says whether the order can exist: OrderRejected
proves that it does not, OutcomeUnknown and VenueUnreachable prove nothing
and mean "ask, never resend".
"""

from enum import StrEnum


class RejectionCode(StrEnum):
    """Why a venue refused an order."""

    MARKET_UNKNOWN = "MARKET_UNKNOWN"
    MARKET_SUSPENDED = "MARKET_SUSPENDED"
    LOT_SIZE = "LOT_SIZE"
    TICK_SIZE = "TICK_SIZE"
    VALUE_TOO_SMALL = "VALUE_TOO_SMALL"
    NOT_ENOUGH_BALANCE = "NOT_ENOUGH_BALANCE"
    PRICE_BAND = "PRICE_BAND"
    POSITION_LIMIT = "POSITION_LIMIT"
    RATE_LIMITED = "RATE_LIMITED"
    KEY_REFUSED = "KEY_REFUSED"
    CLOCK_SKEWED = "CLOCK_SKEWED"
    TOO_LATE = "TOO_LATE"
    MALFORMED = "MALFORMED"


class VenueError(Exception):
    """The venue did not do what we asked; each kind says what is known about it."""


class OrderRejected(VenueError):
    """The venue refused the order, and so proved that it does not exist."""

    def __init__(self, code: RejectionCode, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class OutcomeUnknown(VenueError):
    """The order may exist or not."""


class DuplicateOrder(OutcomeUnknown):
    """The venue has an order under this id already: an earlier attempt arrived, and is to be adopted."""


class VenueUnreachable(VenueError):
    """A question got no answer, so nothing is known."""


class VenueBusy(VenueUnreachable):
    """The venue or our own budget asks us to be slower: it makes sense to ask again after `wait_seconds`."""

    def __init__(self, sentence: str, *, wait_seconds: float) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class KeyRefused(VenueUnreachable):
    """The venue does not take our key: wrong, revoked, or without the right to do this. An operator has to look."""


class ClockSkewed(VenueUnreachable):
    """The venue says that our clock is off by more than it allows."""


class AnswerNotUnderstood(VenueUnreachable):
    """The venue answered something that is no answer: an HTML page, a truncated body, a number that is none."""


class QuestionRefused(AnswerNotUnderstood):
    """The venue says, by a code of its own, that it does not answer this: not to this key, or not in this place."""


class MarketUnknown(VenueError):
    """The venue lists no such market."""
