"""Notes on people: written once, read by operators, never by whom they are about."""

from datetime import datetime

from accounts.models import User
from accounts.transactions import owns_transaction
from copytrading.models import PersonNote
from copytrading.services.desk.words import text_of
from copytrading.services.refusals import Refusal

TEXT_LENGTH_MAX = 1000


class NoteOnOneself(Refusal, code="note_on_oneself", field="email"):
    """Operators write no notes on themselves, and read none."""


@owns_transaction
def write(*, person: User, text: str, by: User, now: datetime) -> PersonNote:
    """
    Note something of a person, for the other operators.

    :raises NoteOnOneself: if it is about the operator.
    :raises TextNotPossible: if there is nothing to note, too much, or what is no text.
    """
    if person.pk == by.pk:
        raise NoteOnOneself("This is about yourself: another operator has to write it.")
    return PersonNote.objects.create(
        person=person, text=text_of(text, most=TEXT_LENGTH_MAX), written_by=by, written_at=now
    )
