"""
What an answer proves.

An order that was sent exists, or does not, or nobody knows. Only a code on the list of its exchange (in the file of its
dialect), in an answer of the right form, proves that it does not. Everything else proves nothing: time-outs, 5xx,
resets, pages of HTML, numbers that are none, and every code that is not listed, because an order that is taken for
refused and was not is bought twice. docs/exchanges.md says what each verdict means and who does what about it.
"""

from collections.abc import Callable
from enum import StrEnum

from copytrading.exchange.errors import RejectionCode
from copytrading.exchange.live.client import Answer

# "Unavailable for legal reasons": whoever answers it has served nothing.
BARRED_BY_LAW = 451


class Known(StrEnum):
    """What an answer can prove besides a rejection."""

    DUPLICATE = "DUPLICATE"
    NO_SUCH_ORDER = "NO_SUCH_ORDER"


Meaning = RejectionCode | Known
Reading = Callable[[Answer], Meaning | None]


def meaning_of(answer: Answer, *, reading: Reading) -> Meaning | None:
    """
    Return what an answer proves; None where it proves nothing.

    :param reading: how the exchange's own codes are read.
    """
    return RejectionCode.PLACE_BARRED if answer.status == BARRED_BY_LAW else reading(answer)


def nothing_proven(_answer: Answer) -> Meaning | None:
    """Return None: of a venue whose codes we have not read no answer proves anything."""
    return None
