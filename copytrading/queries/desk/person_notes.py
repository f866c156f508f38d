"""Notes on people, as one operator may read them: nobody reads what is noted of themselves, operators included."""

from django.db.models import QuerySet

from accounts.models import User
from copytrading.models import PersonNote


def notes_for(reader: User) -> QuerySet[PersonNote]:
    """Return the notes that an operator may read, the latest first."""
    return PersonNote.objects.exclude(person=reader).select_related("person", "written_by").order_by("-pk")
