"""What the platform says no with: a code for machines, a sentence for people, the form field it is about."""


class Refusal(Exception):
    """An anticipated no. Nothing was done; the sentence says what to do instead."""

    code = "refused"
    field = ""

    def __init__(self, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence)
        if field is not None:
            self.field = field


class NotEnoughCash(Refusal):
    code = "not_enough_cash"
    field = "investment"


class NotPossibleNow(Refusal):
    code = "not_possible_now"


class PriceNotKnown(Refusal):
    code = "price_not_known"
