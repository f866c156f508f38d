"""What somebody asks of a lead's past: my amount, my terms, since when."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from accounts.identity.places import written
from copytrading.forms.terms import CASH, RATIO, TermsForm
from copytrading.services.lookback.record import Question

INVESTMENT_AT_FIRST = "1,000"


def first_question() -> dict[str, str]:
    """Return what is answered before anybody asks, as it would be typed."""
    return {
        "investment": written(INVESTMENT_AT_FIRST), "buy_existing": "on", "stop_loss_in": CASH, "order_by": RATIO
    }  # fmt: skip


class WhatIfForm(TermsForm):
    """A value or ratio that is left open is the one that comes nearest to ratios; maxima then have no use."""

    start = forms.DateField(
        label=gettext_lazy("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def clean(self) -> dict[str, Any]:
        typed = super().clean()
        names = ("order_value_max", "total_value_max", "markets")
        needs_size = self.answers_by_value or any(typed.get(name) for name in names)
        field = "order_value" if self.answers_by_value else "order_ratio"
        if needs_size and typed.get(field) is None and field not in self.errors:
            self.add_error(field, gettext("Enter how each order is answered."))
        return typed

    def question(self) -> Question:
        typed = self.cleaned_data
        return Question(
            investment_units=typed["investment"],
            buy_existing=typed["buy_existing"],
            stop_loss_units=typed["stop_loss_units"],
            start=typed["start"],
            custom=self.answered_terms(),
        )
