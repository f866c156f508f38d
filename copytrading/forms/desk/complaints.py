"""What a person fills in to complain, and to say that an answer is none."""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from accounts.models import User
from copytrading.queries.desk.complaints import copies_to_choose
from copytrading.services.desk.complaints import SUBJECT_LENGTH_MAX, TEXT_LENGTH_MAX


class ComplaintForm(forms.Form):
    """A complaint, perhaps about one of the person's own copies. Cleans `copy` to its id, or None."""

    subject = forms.CharField(
        label=gettext_lazy("What it is about"),
        max_length=SUBJECT_LENGTH_MAX,
        error_messages={"required": gettext_lazy("Say in a few words what it is about.")},
    )
    copy = forms.TypedChoiceField(
        label=gettext_lazy("Which copy"), required=False, coerce=int, empty_value=None, choices=()
    )
    text = forms.CharField(
        label=gettext_lazy("What went wrong, and what you would like to happen"),
        max_length=TEXT_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=format_lazy(gettext_lazy("Up to {most} characters."), most=TEXT_LENGTH_MAX),
        error_messages={"required": gettext_lazy("Say what went wrong.")},
    )
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        super().__init__(*arguments, **options)
        copy = self.fields["copy"]
        assert isinstance(copy, forms.ChoiceField)
        copy.choices = [("", gettext_lazy("No copy in particular")), *copies_to_choose(user)]


class ReopenForm(forms.Form):
    """Why the answer to a complaint is none."""

    text = forms.CharField(
        label=gettext_lazy("What is still open"),
        max_length=TEXT_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Say what is still open.")},
    )
