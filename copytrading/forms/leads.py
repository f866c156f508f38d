"""What a visitor asks of the list of leads. Every question is optional, and a wrong one is not asked."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from copytrading.queries.leads.listing import LeadFilter, Sorting

SORTINGS = (
    (Sorting.KEPT, gettext_lazy("Kept per risk")),
    (Sorting.SCORE, gettext_lazy("Highest score")),
    (Sorting.RETURN, gettext_lazy("Highest return")),
    (Sorting.MEDIAN, gettext_lazy("Followers’ median, 90 days")),
    (Sorting.FALL, gettext_lazy("Smallest fall")),
    (Sorting.RISK, gettext_lazy("Lowest risk")),
    (Sorting.DAYS, gettext_lazy("Days leading")),
    (Sorting.FOLLOWERS, gettext_lazy("Most followers")),
    (Sorting.STAKE, gettext_lazy("Own stake")),
)
DAYS = (
    (0, gettext_lazy("Any time leading")),
    (7, gettext_lazy("7 days or more")),
    (30, gettext_lazy("30 days or more")),
    (90, gettext_lazy("90 days or more")),
    (180, gettext_lazy("180 days or more")),
)
FALLS = (
    ("", gettext_lazy("Any fall")),
    ("0.1", gettext_lazy("Fell 10 % at most")),
    ("0.2", gettext_lazy("Fell 20 % at most")),
    ("0.3", gettext_lazy("Fell 30 % at most")),
)
STAKE_MIN = 0.10
RISKS = (
    ("", gettext_lazy("Any risk")),
    ("3", gettext_lazy("Risk up to 3")),
    ("5", gettext_lazy("Risk up to 5")),
    ("7", gettext_lazy("Risk up to 7, as Bitcoin")),
)
COPIES_MIN = 100


class LeadFilterForm(forms.Form):
    search = forms.CharField(
        label=gettext_lazy("Search by name"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": gettext_lazy("Search by name"), "autocomplete": "off"}
        ),
    )
    sort = forms.ChoiceField(label=gettext_lazy("Sort by"), choices=SORTINGS, required=False)
    days = forms.TypedChoiceField(
        label=gettext_lazy("Days leading"), choices=DAYS, coerce=int, empty_value="", required=False
    )
    fall = forms.TypedChoiceField(
        label=gettext_lazy("Deepest fall"), choices=FALLS, coerce=float, empty_value=None, required=False
    )
    risk = forms.TypedChoiceField(
        label=gettext_lazy("Risk, 1 to 10"), choices=RISKS, coerce=int, empty_value=None, required=False
    )
    favourites = forms.BooleanField(label=gettext_lazy("Favourites"), required=False)
    free = forms.BooleanField(label=gettext_lazy("No profit share"), required=False)
    many = forms.BooleanField(label=gettext_lazy("100 copies or more"), required=False)
    vacancies = forms.BooleanField(label=gettext_lazy("Has room"), required=False)
    # xgettext:no-python-format
    stake = forms.BooleanField(label=gettext_lazy("Own stake 10 % or more"), required=False)
    ended = forms.BooleanField(label=gettext_lazy("With those who stopped"), required=False)

    def __init__(self, *args: Any, user_id: int | None = None, **kwargs: Any) -> None:
        """:param user_id: whose favourites are meant; a stranger has none to ask for."""
        super().__init__(*args, **kwargs)
        self._user_id = user_id
        if user_id is None:
            del self.fields["favourites"]

    def wanted(self) -> LeadFilter:
        """Return the filter that was asked for; what was asked wrongly is left out."""
        answers = self._answers()
        return LeadFilter(
            search=answers.get("search") or "",
            days_min=answers.get("days") or 0,
            fall_max=answers.get("fall"),
            stake_min=STAKE_MIN if answers.get("stake") else None,
            risk_max=answers.get("risk"),
            profit_share_max=0.0 if answers.get("free") else None,
            copies_min=COPIES_MIN if answers.get("many") else 0,
            favourites_of=self._user_id if answers.get("favourites") else None,
            has_vacancies=bool(answers.get("vacancies")),
            with_ended=bool(answers.get("ended")),
        )

    def sorting(self) -> Sorting:
        """Return the order that was asked for; what followers kept per point of risk if none was."""
        return Sorting(self._answers().get("sort") or Sorting.KEPT)

    def narrows(self) -> bool:
        """Return whether anything but the order was asked for."""
        return self.wanted() != LeadFilter()

    def _answers(self) -> dict[str, Any]:
        self.full_clean()
        return self.cleaned_data
