"""What copy trading says no with; what a no is stands in `accounts.refusals`."""

from accounts.refusals import Refusal as Refusal


class KeyReused(Refusal, code="idempotency_key_reused"):
    """The same key came with another request."""


class KeyNotSent(Refusal, code="idempotency_key_missing"):
    """What moves money came without a key."""


class NotEnoughCash(Refusal, code="not_enough_cash", field="investment"):
    """The wallet, or the portfolio seen elsewhere, has less than that."""


class NotPossibleNow(Refusal, code="not_possible_now"):
    """It may be possible later."""


class PriceNotKnown(Refusal, code="price_not_known"):
    """There is no price to say it by."""


class NotHeld(Refusal, code="not_enough_held", field="quantity"):
    """More is sold, or spent, than is there."""


class LimitNotPossible(Refusal, code="limit_not_possible", field="price_limit"):
    """The limit price is not above zero, no multiple of the market's step, or too far from the market."""
