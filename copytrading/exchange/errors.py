"""
The ways a venue fails us, each with what is known afterwards.

Every failure of an order says whether the order can exist: OrderRejected
proves that it does not, OutcomeUnknown and VenueUnreachable prove nothing
and mean "ask, never resend".
"""

from enum import StrEnum

from django.utils.translation import gettext_noop


class RejectionCode(StrEnum):
    """Why a venue refused an order, or we did before it was sent."""

    MARKET_UNKNOWN = "MARKET_UNKNOWN"
    MARKET_SUSPENDED = "MARKET_SUSPENDED"
    LOT_SIZE = "LOT_SIZE"
    TICK_SIZE = "TICK_SIZE"
    VALUE_TOO_SMALL = "VALUE_TOO_SMALL"
    NOT_ENOUGH_BALANCE = "NOT_ENOUGH_BALANCE"
    PRICE_BAND = "PRICE_BAND"
    POSITION_LIMIT = "POSITION_LIMIT"
    RATE_LIMITED = "RATE_LIMITED"
    MARKET_BARRED = "MARKET_BARRED"
    PLACE_BARRED = "PLACE_BARRED"
    KEY_REFUSED = "KEY_REFUSED"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    SECRET_WRONG = "SECRET_WRONG"
    ADDRESS_BARRED = "ADDRESS_BARRED"
    ENVIRONMENT_WRONG = "ENVIRONMENT_WRONG"
    RIGHT_MISSING = "RIGHT_MISSING"
    ACCOUNT_BARRED = "ACCOUNT_BARRED"
    CLOCK_SKEWED = "CLOCK_SKEWED"
    TOO_LATE = "TOO_LATE"
    MALFORMED = "MALFORMED"
    NOT_REACHED = "NOT_REACHED"
    ABILITY_MISSING = "ABILITY_MISSING"


# Why a key is not taken, in words that follow "does not take this key:".
KEY_TROUBLES = {
    RejectionCode.KEY_REFUSED: gettext_noop("it is wrong, was deleted, or may only be used from other addresses"),
    RejectionCode.KEY_UNKNOWN: gettext_noop(
        "they know none like it; it was deleted, has expired, or is from somewhere else"
    ),
    RejectionCode.SECRET_WRONG: gettext_noop("its secret or its passphrase is wrong"),
    RejectionCode.ADDRESS_BARRED: gettext_noop(
        "it may only be used from the addresses on its list, and ours is not on it"
    ),
    RejectionCode.ENVIRONMENT_WRONG: gettext_noop(
        "it is one for demo trading where real money is meant, or the other way round"
    ),
    RejectionCode.RIGHT_MISSING: gettext_noop("it lacks the right to do this"),
    RejectionCode.ACCOUNT_BARRED: gettext_noop("its account is restricted there, or of a kind that may not do this"),
}


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
    """A question got no answer to go by, so nothing is known."""


class VenueBusy(VenueUnreachable):
    """The venue or our own budget asks us to be slower: it makes sense to ask again after `wait_seconds`."""

    def __init__(self, sentence: str, *, wait_seconds: float) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class AccessRefused(VenueUnreachable):
    """The venue does not let us in, and says why: asking again changes nothing before a person has acted."""

    def __init__(self, sentence: str, *, code: RejectionCode) -> None:
        super().__init__(sentence)
        self.code = code


class KeyRefused(AccessRefused):
    """The venue does not take our key; `code` is one of KEY_TROUBLES."""

    def __init__(self, sentence: str, *, code: RejectionCode = RejectionCode.KEY_REFUSED) -> None:
        super().__init__(sentence, code=code)


class PlaceBarred(AccessRefused):
    """The venue serves nobody in the country that our machine is in."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code=RejectionCode.PLACE_BARRED)


class AbilityMissing(AccessRefused):
    """What became of an order could not be found out there, so that none may be sent."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, code=RejectionCode.ABILITY_MISSING)


class ClockSkewed(VenueUnreachable):
    """The venue says that our clock is off by more than it allows."""


class AnswerNotUnderstood(VenueUnreachable):
    """The venue answered something that is no answer: an HTML page, a truncated body, a number that is none."""


class QuestionRefused(AnswerNotUnderstood):
    """The venue says, by a code of its own, that it does not answer this: not to this key, or not in this place."""


class MarketUnknown(VenueError):
    """The venue lists no such market."""
