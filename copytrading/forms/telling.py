"""When somebody wants to be told."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from copytrading.queries.notices.habits import Habits, Rhythm, zone_names


class HabitsForm(forms.Form):
    time_zone = forms.CharField(
        label=gettext_lazy("Your time zone"),
        max_length=60,
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "As in Europe/Berlin. Times in mails, quiet hours and the day of a fall are counted by it."
        ),
    )
    mail_rhythm = forms.ChoiceField(
        label=gettext_lazy("E-mails"),
        choices=[(value, gettext_lazy(label)) for value, label in Rhythm.choices],
        help_text=gettext_lazy(
            "Together: at eight in the morning, on Mondays if once a week. What is urgent comes at once."
        ),
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=gettext_lazy("Quiet until"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )

    @staticmethod
    def said_before(habits: Habits) -> dict[str, Any]:
        """Return what the form shows at first."""
        return {
            "time_zone": habits.time_zone,
            "mail_rhythm": habits.mail_rhythm,
            "quiet_from": habits.quiet_from,
            "quiet_until": habits.quiet_until,
        }

    @property
    def zone_names(self) -> tuple[str, ...]:
        return zone_names()
