"""Notes on people: added, never changed."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from copytrading.models import PersonNote
from copytrading.queries.desk.person_notes import notes_for
from copytrading.services.desk import person_notes
from copytrading.services.desk.person_notes import NoteOnOneself
from copytrading.services.desk.words import TextNotPossible
from tests.cast import NOON


def note(person: User, by: User, text: str = "Called twice.") -> PersonNote:
    return person_notes.write(person=person, text=text, by=by, now=NOON)


class TestNotes:
    def test_are_read_the_latest_first(self, follower: User, operator: User) -> None:
        for text in ("First", "Second"):
            note(follower, operator, text)

        assert [one.text for one in notes_for(operator)] == ["Second", "First"]

    def test_on_operators_are_read_by_the_others_alone(self, operator: User, another_operator: User) -> None:
        note(operator, another_operator)

        assert not notes_for(operator).exists()
        assert notes_for(another_operator).count() == 1

    def test_are_written_by_nobody_on_themselves(self, operator: User) -> None:
        with pytest.raises(NoteOnOneself):
            note(operator, operator)

    @pytest.mark.parametrize("text", ["", " \n", "x" * 1001, "a\x00b", "a\x1b[31mb"])
    def test_say_something_that_is_text(self, follower: User, operator: User, text: str) -> None:
        with pytest.raises(TextNotPossible):
            note(follower, operator, text)

        assert not PersonNote.objects.exists()

    @pytest.mark.parametrize(
        "statement", ["UPDATE copytrading_personnote SET text = 'Nothing'", "DELETE FROM copytrading_personnote"]
    )
    def test_are_added_and_never_changed(self, follower: User, operator: User, statement: str) -> None:
        note(follower, operator)

        with (
            pytest.raises(DatabaseError, match="History cannot be rewritten"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.fixture
def another_operator(db: None) -> User:
    return User.objects.create_superuser("another-operator@example.org", "correct horse battery")
