"""What somebody chooses for a key that a program is to use."""

from datetime import datetime, timedelta

from django import forms
from django.utils.translation import gettext_lazy

from accounts.models import ProgramKey
from accounts.program_keys import REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE_MAX

DAYS = (("30", gettext_lazy("30 days")), ("90", gettext_lazy("90 days")), ("365", gettext_lazy("a year")))


class ProgramKeyForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("What it is for"),
        max_length=60,
        error_messages={"required": gettext_lazy("Give it a name.")},
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=[(value, gettext_lazy(label)) for value, label in ProgramKey.Scope.choices],
        initial=["read"],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose what the key may do.")},
    )
    addresses = forms.CharField(
        label=gettext_lazy("Where it may come from"),
        required=False,
        help_text=gettext_lazy(
            "Addresses or networks, with commas between: 203.0.113.7, 198.51.100.0/24. Empty is anywhere."
        ),
    )
    days = forms.ChoiceField(label=gettext_lazy("Good for"), choices=DAYS, initial="90")
    requests_per_minute = forms.IntegerField(
        label=gettext_lazy("Requests a minute, at most"),
        initial=REQUESTS_PER_MINUTE,
        min_value=1,
        max_value=REQUESTS_PER_MINUTE_MAX,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_addresses(self) -> list[str]:
        return [part.strip() for part in self.cleaned_data["addresses"].split(",") if part.strip()]

    def expires_at(self, now: datetime) -> datetime:
        """Return when the key is to end."""
        return now + timedelta(days=int(self.cleaned_data["days"]))
