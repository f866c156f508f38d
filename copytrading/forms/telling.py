"""When somebody wants to be told."""

from typing import Any

from django import forms

from copytrading.queries.notices.habits import Habits, Rhythm, zone_names


class HabitsForm(forms.Form):
    time_zone = forms.CharField(
        label="Your time zone",
        max_length=60,
        widget=forms.TextInput(attrs={"list": "time-zones", "autocomplete": "off", "spellcheck": "false"}),
        help_text="As in Europe/Berlin. Times in mails, quiet hours and the day of a fall are counted by it.",
    )
    mail_rhythm = forms.ChoiceField(
        label="E-mails",
        choices=Rhythm.choices,
        help_text="Together: at eight in the morning, on Mondays if once a week. What is urgent comes at once.",
    )
    quiet_from = forms.TimeField(
        label="Quiet from", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label="Quiet until", required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
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
