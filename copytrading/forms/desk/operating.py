"""What operators fill in, in English: an announcement, a note on a person, the answer to a complaint."""

from typing import Any

from django import forms

from accounts.models import User
from copytrading.queries.desk import complaints as complaint_queries
from copytrading.queries.desk.announcements import AUDIENCES, LEVELS
from copytrading.queries.operating import overview as operating
from copytrading.services.desk import announcements, complaints, person_notes

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
LONG = forms.Textarea(attrs={"rows": 6})
# Rows are counted so far.
NUMBER_MAX = 2**63 - 1


class AnnouncementForm(forms.Form):
    """What is said, to whom, how urgently and from when to when."""

    title = forms.CharField(max_length=announcements.TITLE_LENGTH_MAX, error_messages={"required": "Give it a title."})
    text = forms.CharField(
        max_length=announcements.TEXT_LENGTH_MAX, widget=LONG, error_messages={"required": "What is to be said?"}
    )
    title_de = forms.CharField(
        label="Title in German",
        required=False,
        max_length=announcements.TITLE_LENGTH_MAX,
        help_text="Title and text both, or neither: then who reads German reads English.",
    )
    text_de = forms.CharField(
        label="Text in German", required=False, max_length=announcements.TEXT_LENGTH_MAX, widget=LONG
    )
    level = forms.ChoiceField(choices=LEVELS)
    audience = forms.ChoiceField(label="For whom", choices=AUDIENCES)
    holds_from = forms.DateTimeField(
        label="From, UTC", required=False, widget=MOMENT, help_text="Leave it empty for now."
    )
    holds_until = forms.DateTimeField(
        label="Until, UTC", widget=MOMENT, error_messages={"required": "Until when is it to stand there?"}
    )
    is_told = forms.BooleanField(
        label="Tell it as a notice too",
        required=False,
        help_text="To everybody whom it is for, once it holds: in the bell, and by mail and push as they want it.",
    )


class PersonNoteForm(forms.Form):
    """A note, and on whom. Cleans to the person."""

    email = forms.EmailField(label="On whom, by e-mail address")
    text = forms.CharField(
        label="Note",
        max_length=person_notes.TEXT_LENGTH_MAX,
        widget=LONG,
        error_messages={"required": "What is there to note?"},
    )

    def clean_email(self) -> User:
        person = operating.person(email=self.cleaned_data["email"])
        if person is None:
            raise forms.ValidationError("Nobody here has that address.")
        return person


class AnswerForm(forms.Form):
    """The answer to a complaint, as the person reads it."""

    number = forms.IntegerField(
        label="Complaint no.",
        min_value=1,
        max_value=NUMBER_MAX,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    text = forms.CharField(
        label="Answer",
        max_length=complaints.TEXT_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text="The person reads it as it stands here.",
        error_messages={"required": "What is the answer?"},
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "number" in cleaned and not complaint_queries.exists(cleaned["number"]):
            self.add_error("number", "There is no complaint of that number.")
        return cleaned
