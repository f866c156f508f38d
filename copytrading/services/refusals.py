"""What the platform says no with: a code for machines, a sentence for people, the form field it is about."""


class Refusal(Exception):
    """
    An anticipated no. Nothing was done; the sentence says what to do instead.

    A kind of its own is declared in one line: `class NameTaken(Refusal, code="name_taken", field="name")`. What it does
    not name is its parent's.
    """

    code = "refused"
    field = ""

    def __init_subclass__(cls, *, code: str | None = None, field: str | None = None) -> None:
        super().__init_subclass__()
        cls.code = cls.code if code is None else code
        cls.field = cls.field if field is None else field

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        if field is not None:
            self.field = field


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
