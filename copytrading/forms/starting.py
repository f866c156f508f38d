"""The terms on which somebody starts to copy a lead."""

from typing import Any

from django import forms

from copytrading.forms.terms import TermsForm
from copytrading.services.copies.refusals import CustomCopyTerms

CUSTOM_FIELDS = ("order_ratio", "order_value", "order_value_max", "total_value_max", "markets")
SMART_SYNC, CUSTOM = "SMART_SYNC", "CUSTOM"


class StartForm(TermsForm):
    """The terms of a copy that is to be started, in one of two modes."""

    mode = forms.ChoiceField(
        choices=((SMART_SYNC, "Smart Sync"), (CUSTOM, "Custom copy")), initial=SMART_SYNC, widget=forms.RadioSelect
    )
    field_order = ("mode",)

    def clean(self) -> dict[str, Any]:
        terms = super().clean()
        if not self.is_custom:
            self.forgive(*CUSTOM_FIELDS)
        else:
            field = "order_value" if self.answers_by_value else "order_ratio"
            if terms.get(field) is None and field not in self.errors:
                self.add_error(field, "Enter how each order is answered.")
        return terms

    @property
    def is_custom(self) -> bool:
        """Whether Custom copy was chosen; a mode that does not exist chose nothing."""
        return bool(self.cleaned_data.get("mode") == CUSTOM)

    def custom_terms(self) -> CustomCopyTerms | None:
        """Return the terms of a Custom copy, None for Smart Sync."""
        return self.answered_terms() if self.is_custom else None


class ConfirmForm(StartForm):
    """The terms again, with the key that was made when they were shown: the same key starts one copy, however often."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
