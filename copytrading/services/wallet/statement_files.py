"""
A long statement as a PDF is drawn by a worker, and waits in Valkey until it is fetched.

    nothing  ──ask_for──→  being made  ──make──→  ready, for an hour

The entry is the state, the question first and then the file: whoever asks again finds it, and only the first one rings.
One that was lost on the way is forgotten after five minutes, and may be asked for again.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from django.conf import settings
from django.core.cache import cache
from django.utils import translation

from accounts.models import User
from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.queries.copies.own import copies_of
from copytrading.queries.money import statement_books
from copytrading.queries.money.statements import statement_of
from copytrading.services import bell
from copytrading.services.wallet.statement_pdf import draw_statement

# A statement of more trades is drawn by a worker: it takes more than a second.
TRADES_AT_ONCE = 2_000
MAKING_SECONDS, READY_SECONDS = 300, 3_600
# So many bytes of a hash fit the whole numbers that a message may carry, and two questions never share them.
NUMBER_BYTES = 6


class State(StrEnum):
    """Where a PDF that was asked for is."""

    NOT_ASKED = "NOT_ASKED"
    MAKING = "MAKING"
    READY = "READY"


@dataclass(frozen=True, kw_only=True)
class StatementQuestion:
    """Which statement: of whom, of which copy (None for everything), from when until when, by which lots, in what."""

    user_id: int
    copy_id: int | None
    begins_at: datetime
    ends_at: datetime
    method: LotMethod
    language: str = settings.LANGUAGE_CODE

    @property
    def number(self) -> int:
        """Return what stands for the question in a ring and as a key; the same question has the same number."""
        said = repr((self.user_id, self.copy_id, self.begins_at, self.ends_at, self.method.value, self.language))
        return int.from_bytes(sha256(said.encode()).digest()[:NUMBER_BYTES])


def is_long(question: StatementQuestion) -> bool:
    """Return whether a statement lists so many trades that a worker draws it."""
    user = User.objects.get(pk=question.user_id)
    copy = copies_of(user).get(pk=question.copy_id) if question.copy_id else None
    trades = statement_books.trades_of(user=user, copy=copy, begins_at=question.begins_at, ends_at=question.ends_at)
    return trades > TRADES_AT_ONCE


def draw(question: StatementQuestion, *, now: datetime) -> bytes:
    """
    Return the PDF of a statement, drawn now.

    :raises DoesNotExist: if the copy is not the person's own.
    """
    user = User.objects.get(pk=question.user_id)
    with translation.override(question.language):
        statement = statement_of(
            user=user,
            copy=copies_of(user).get(pk=question.copy_id) if question.copy_id else None,
            begins_at=question.begins_at,
            ends_at=question.ends_at,
            method=question.method,
        )
        return draw_statement(statement, owner=user.get_full_name() or user.email, made_at=now)


def ask_for(question: StatementQuestion) -> State:
    """Have a worker draw a PDF, once however often it is asked for; return where it is."""
    if cache.add(_key(question.number), question, timeout=MAKING_SECONDS):
        bell.ring_for_statement(question.number)
    return state_of(question)


def state_of(question: StatementQuestion) -> State:
    """Return where the PDF of a statement is."""
    match cache.get(_key(question.number)):
        case None:
            return State.NOT_ASKED
        case bytes():
            return State.READY
        case _:
            return State.MAKING


def ready_file(question: StatementQuestion) -> bytes | None:
    """Return a PDF that a worker has drawn; None while there is none."""
    found = cache.get(_key(question.number))
    return found if isinstance(found, bytes) else None


def make(*, number: int, now: datetime) -> None:
    """Draw the PDF that was asked for by a number, and keep it for whoever fetches it; what is drawn stays."""
    question = cache.get(_key(number))
    if isinstance(question, StatementQuestion):
        cache.set(_key(number), draw(question, now=now), timeout=READY_SECONDS)


def _key(number: int) -> str:
    return f"statement:{number}"
