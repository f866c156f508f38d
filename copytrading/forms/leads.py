"""What a visitor asks of the list of leads. Every question is optional, and a wrong one is not asked."""

from typing import Any

from django import forms

from copytrading.queries.leads.listing import LeadFilter, Sorting

SORTINGS = (
    (Sorting.KEPT, "Kept per risk"),
    (Sorting.SCORE, "Highest score"),
    (Sorting.RETURN, "Highest return"),
    (Sorting.MEDIAN, "Followers’ median, 90 days"),
    (Sorting.FALL, "Smallest fall"),
    (Sorting.RISK, "Lowest risk"),
    (Sorting.DAYS, "Days leading"),
    (Sorting.FOLLOWERS, "Most followers"),
    (Sorting.STAKE, "Own stake"),
)
DAYS = (
    (0, "Any time leading"),
    (7, "7 days or more"),
    (30, "30 days or more"),
    (90, "90 days or more"),
    (180, "180 days or more"),
)
FALLS = (("", "Any fall"), ("0.1", "Fell 10 % at most"), ("0.2", "Fell 20 % at most"), ("0.3", "Fell 30 % at most"))
STAKE_MIN = 0.10
RISKS = (("", "Any risk"), ("3", "Risk up to 3"), ("5", "Risk up to 5"), ("7", "Risk up to 7, as Bitcoin"))
COPIES_MIN = 100


class LeadFilterForm(forms.Form):
    search = forms.CharField(
        label="Search by name",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": "Search by name", "autocomplete": "off"}),
    )
    sort = forms.ChoiceField(label="Sort by", choices=SORTINGS, required=False)
    days = forms.TypedChoiceField(label="Days leading", choices=DAYS, coerce=int, empty_value="", required=False)
    fall = forms.TypedChoiceField(label="Deepest fall", choices=FALLS, coerce=float, empty_value=None, required=False)
    risk = forms.TypedChoiceField(label="Risk, 1 to 10", choices=RISKS, coerce=int, empty_value=None, required=False)
    favourites = forms.BooleanField(label="Favourites", required=False)
    free = forms.BooleanField(label="No profit share", required=False)
    many = forms.BooleanField(label="100 copies or more", required=False)
    vacancies = forms.BooleanField(label="Has room", required=False)
    stake = forms.BooleanField(label="Own stake 10 % or more", required=False)
    ended = forms.BooleanField(label="With those who stopped", required=False)

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
