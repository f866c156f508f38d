"""The terms on which somebody starts to copy a lead."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import QueryDict

from copytrading.forms.terms import TermsForm
from copytrading.queries.leads.proportions import Proportion
from copytrading.queries.sentences import ratio_in_words
from copytrading.services.copies.refusals import CustomCopyTerms

CUSTOM_FIELDS = ("order_ratio", "order_value", "order_value_max", "total_value_max", "markets")
SMART_SYNC, CUSTOM = "SMART_SYNC", "CUSTOM"


class StartForm(TermsForm):
    """
    The terms of a copy that is to be started, in one of two modes.

    A ratio that is left open is the one in proportion to the amount, so it follows the amount until somebody types one.
    """

    mode = forms.ChoiceField(
        choices=((SMART_SYNC, "Smart Sync"), (CUSTOM, "Custom copy")), initial=SMART_SYNC, widget=forms.RadioSelect
    )
    field_order = ("mode",)

    def __init__(self, *arguments: Any, proportion_of: Callable[[int], Proportion | None], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._proportion_of = proportion_of
        self.ratio_was_left_open = False

    def clean(self) -> dict[str, Any]:
        terms = super().clean()
        if not self.is_custom:
            self.forgive(*CUSTOM_FIELDS)
        elif self.answers_by_value:
            if terms.get("order_value") is None and "order_value" not in self.errors:
                self.add_error("order_value", "Enter how each order is answered.")
        elif terms.get("order_ratio") is None and "order_ratio" not in self.errors and terms.get("investment"):
            self._answer_in_proportion(terms)
        return terms

    @property
    def is_custom(self) -> bool:
        """Whether Custom copy was chosen; a mode that does not exist chose nothing."""
        return bool(self.cleaned_data.get("mode") == CUSTOM)

    def custom_terms(self) -> CustomCopyTerms | None:
        """Return the terms of a Custom copy, None for Smart Sync."""
        return self.answered_terms() if self.is_custom else None

    def fix_ratio(self) -> None:
        """Let the form carry the ratio that was left open as it was shown: what is confirmed is what was read."""
        if self.ratio_was_left_open:
            sent = cast("QueryDict", self.data).copy()
            sent["order_ratio"] = ratio_in_words(float(self.cleaned_data["order_ratio"]))
            self.data = sent

    def _answer_in_proportion(self, terms: dict[str, Any]) -> None:
        proportion = self._proportion_of(terms["investment"])
        if proportion is None:
            self.add_error("order_ratio", "Enter how each order is answered: what suits the amount is not known.")
            return
        terms["order_ratio"] = Decimal(ratio_in_words(proportion.ratio))
        self.ratio_was_left_open = True


class ConfirmForm(StartForm):
    """The terms again, with the key that was made when they were shown: the same key starts one copy, however often."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
