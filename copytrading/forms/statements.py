"""Which statement somebody asks for: of what, of which time, and which lots leave first. Times are UTC."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from copytrading.engine.track_record.tax_lots import LotMethod
from copytrading.queries.money.statements import period_refusal

THIS_YEAR, LAST_YEAR, THIS_MONTH, LAST_MONTH = "this_year", "last_year", "this_month", "last_month"
ALL, OWN = "all", "own"
PERIODS = (
    (THIS_YEAR, gettext_lazy("This year")),
    (LAST_YEAR, gettext_lazy("Last year")),
    (THIS_MONTH, gettext_lazy("This month")),
    (LAST_MONTH, gettext_lazy("Last month")),
    (ALL, gettext_lazy("From the start to now")),
    (OWN, gettext_lazy("From and until")),
)
METHODS = (
    (LotMethod.FIFO.value, gettext_lazy("FIFO: the oldest first")),
    (LotMethod.HIFO.value, gettext_lazy("HIFO: the dearest first")),
    (LotMethod.AVERAGE.value, gettext_lazy("Average cost")),
)
NO_MOMENT = gettext_lazy("Enter a day and a time such as 2026-01-31 12:00:00.")
FORMATS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """A browser's own field for a moment, which shows a day alone only with its time."""

    def __init__(self) -> None:
        super().__init__(attrs={"type": "datetime-local", "step": "1"}, format=FORMATS[0])

    def format_value(self, value: Any) -> Any:
        moment = _moment(str(value or ""))
        return f"{moment:{FORMATS[0]}}" if moment else super().format_value(value)


class MomentField(forms.DateTimeField):
    """Any second, in UTC; a day alone is its midnight."""

    widget = MomentInput

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, **options)

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return None
        moment = _moment(str(value))
        if moment is None:
            raise forms.ValidationError(NO_MOMENT, code="invalid")
        return moment


class StatementForm(forms.Form):
    """
    A statement of a copy or of everything; `begins_at` and `ends_at` are there once it is valid.

    :param first_moment: says when the first thing was booked for what is chosen.
    """

    copy = forms.ChoiceField(label=gettext_lazy("Of what"), required=False)
    period = forms.ChoiceField(
        label=gettext_lazy("Of which time"),
        choices=PERIODS,
        error_messages={"invalid_choice": gettext_lazy("Choose one of the times.")},
    )
    begins = MomentField(label=gettext_lazy("From, UTC"))
    ends = MomentField(label=gettext_lazy("Until, UTC"))
    lots = forms.ChoiceField(
        label=gettext_lazy("Tax lots"),
        choices=METHODS,
        error_messages={"invalid_choice": gettext_lazy("Choose FIFO, HIFO or average cost.")},
    )

    def __init__(
        self,
        *args: Any,
        copies: Iterable[tuple[int, str]],
        first_moment: Callable[[str], datetime | None],
        now: datetime,
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._first_moment, self._now = first_moment, now
        self.fields["copy"].choices = [("", gettext("Everything")), *copies]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if "period" not in typed or self.errors:
            return typed
        begins_at, ends_at = self._span(typed)
        if begins_at is None:
            self.add_error("begins", gettext("Say from when."))
        elif refusal := period_refusal(begins_at=begins_at, ends_at=ends_at, now=self._now):
            self.add_error("ends" if typed["period"] == OWN else "period", refusal)
        typed["begins_at"], typed["ends_at"] = begins_at, ends_at
        return typed

    def _span(self, typed: dict[str, Any]) -> tuple[datetime | None, datetime]:
        now = self._now.astimezone(UTC)
        year, month = datetime(now.year, 1, 1, tzinfo=UTC), datetime(now.year, now.month, 1, tzinfo=UTC)
        match typed["period"]:
            case "last_year":
                return datetime(now.year - 1, 1, 1, tzinfo=UTC), year
            case "this_month":
                return month, self._now
            case "last_month":
                return (month - timedelta(days=1)).replace(day=1), month
            case "all":
                first = self._first_moment(typed["copy"])
                return first.astimezone(UTC).replace(microsecond=0) if first else year, self._now
            case "own":
                return typed["begins"], typed["ends"] or self._now
            case _:
                return year, self._now


def _moment(text: str) -> datetime | None:
    """Return the moment that a text says, None where it says none."""
    for written in FORMATS:
        try:
            return datetime.strptime(text.strip(), written).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
