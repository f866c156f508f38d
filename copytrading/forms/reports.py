"""What operators choose of a report: a day that is over, the days of orders, how far back."""

from datetime import UTC, date, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from copytrading.queries.reports import conduct, daily_close, execution, rebates
from copytrading.queries.reports.execution import ExecutionQuestion
from copytrading.queries.reports.rebates import RebateQuestion

VENUE_LENGTH_MAX = 40
DAYS_SHOWN = 30


class DayField(forms.DateField):
    """A UTC day."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
        options.setdefault("input_formats", ["%Y-%m-%d"])
        options.setdefault("error_messages", {"invalid": "Write a day as 2026-01-31."})
        super().__init__(**options)


def yesterday() -> date:
    """Return the last UTC day that is over."""
    return timezone.now().astimezone(UTC).date() - timedelta(days=1)


class CloseForm(forms.Form):
    """Which day's close."""

    day = DayField(label="Day, UTC", initial=yesterday)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        if not daily_close.is_over(day, now=timezone.now()):
            raise forms.ValidationError("This day is not over yet: choose an earlier one.")
        return day


class DaysForm(forms.Form):
    """From one UTC day until and with another."""

    days_max = execution.DAYS_MAX

    first_day = DayField(label="From day, UTC", initial=yesterday)
    last_day = DayField(label="until and with", initial=yesterday)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, last = cleaned.get("first_day"), cleaned.get("last_day")
        if first is None or last is None or self.errors:
            return cleaned
        if last < first:
            self.add_error("last_day", "The last day lies before the first.")
        elif last > timezone.now().astimezone(UTC).date():
            self.add_error("last_day", "This day has not begun yet.")
        elif (last - first).days >= self.days_max:
            self.add_error("last_day", f"Choose at most {self.days_max} days at once.")
        return cleaned


class ExecutionForm(DaysForm):
    """Which orders. Cleans to a `question` besides."""

    market = forms.TypedChoiceField(label="Market", required=False, coerce=int, empty_value=None)
    venue = forms.CharField(label="Venue account", required=False, max_length=VENUE_LENGTH_MAX)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        market = self.fields["market"]
        assert isinstance(market, forms.ChoiceField)
        market.choices = [("", "All"), *execution.markets()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors:
            cleaned["question"] = ExecutionQuestion(
                first_day=cleaned["first_day"], last_day=cleaned["last_day"], market_id=cleaned.get("market"),
                venue=cleaned.get("venue", ""),
            )  # fmt: skip
        return cleaned


class RebateForm(DaysForm):
    """Trades of which days. Cleans to a `question` besides."""

    days_max = rebates.DAYS_MAX

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self.errors:
            cleaned["question"] = RebateQuestion(first_day=cleaned["first_day"], last_day=cleaned["last_day"])
        return cleaned


class SuspicionForm(forms.Form):
    """How far back findings are listed."""

    days = forms.IntegerField(
        label="Findings of the last days", min_value=1, max_value=conduct.LOOKED_AT.days, initial=DAYS_SHOWN
    )
