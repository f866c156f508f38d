"""The terms on which somebody starts to copy a lead."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext

from accounts.identity.places import written
from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing import registry
from copytrading.engine.sizing.smart_sync import SMART_SYNC
from copytrading.forms.terms import TermsForm
from copytrading.queries.copies.own_accounts import OwnOffer
from copytrading.queries.happened.sentences import ratio_in_words
from copytrading.queries.leads.proportions import Proportion
from copytrading.queries.modes import label_of

CUSTOM_FIELDS = ("order_ratio", "order_value", "order_value_max", "total_value_max", "markets")
# Whoever answers orders chooses how, so these modes are one choice at first.
CUSTOM = "CUSTOM"


def _modes_with_ratios() -> list[tuple[str, str]]:
    return [(mode.name, label_of(mode)) for mode in registry.modes() if mode.holds_ratios]


class StartForm(TermsForm):
    """
    The terms of a copy that is to be started, in one of two modes.

    A ratio that is left open is the one in proportion to the amount, so it follows the amount until somebody types one.
    """

    mode = forms.ChoiceField(
        choices=lambda: [*_modes_with_ratios(), (CUSTOM, gettext("Custom copy"))],
        initial=SMART_SYNC.name,
        widget=forms.RadioSelect,
    )
    on_own_account = forms.BooleanField(required=False)
    # What somebody came by travels along; whether it still counts is the service's to say.
    invitation = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ("mode",)

    def __init__(
        self, *arguments: Any, proportion_of: Callable[[int], Proportion | None], own: OwnOffer, **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        self._own = own
        if own.account_id is None:
            # Nobody is asked about an account that is not there.
            del self.fields["on_own_account"]
        self._proportion_of = proportion_of
        self.ratio_was_left_open = False

    def clean(self) -> dict[str, Any]:
        terms = super().clean()
        if self._own.account_id is None and self.data.get("on_own_account"):
            # It was there when the terms were chosen. The wallet is never taken in its place.
            self.add_error(None, self.own_why_not or gettext("You have no account at the exchange connected any more."))
        if not self.is_custom:
            self.forgive(*CUSTOM_FIELDS)
        elif self.answers_by_value:
            if terms.get("order_value") is None and "order_value" not in self.errors:
                self.add_error("order_value", gettext("Enter how each order is answered."))
        elif terms.get("order_ratio") is None and "order_ratio" not in self.errors and terms.get("investment"):
            self._answer_in_proportion(terms)
        return terms

    @property
    def own_account_id(self) -> int | None:
        """The own account at the exchange that was chosen, once the form is valid; None for the wallet."""
        return self._own.account_id if self.cleaned_data.get("on_own_account") else None

    @property
    def own_why_not(self) -> str:
        """Why the copy cannot be on the own account that the person has; empty where it can, or there is none."""
        return self._own.why_not

    @property
    def is_custom(self) -> bool:
        """Whether Custom copy was chosen; a mode that does not exist chose nothing."""
        return bool(self.cleaned_data.get("mode") == CUSTOM)

    def terms(self) -> Terms:
        """Return what was chosen, once the form is valid."""
        chosen = self.cleaned_data
        if self.is_custom:
            answers = self.answered_terms()
            assert answers is not None, "a valid form says how orders are answered"
            return replace(answers, stop_loss_units=chosen["stop_loss_units"])
        return Terms(
            mode=chosen["mode"], buy_existing=chosen["buy_existing"], stop_loss_units=chosen["stop_loss_units"]
        )

    def fix_ratio(self) -> None:
        """Let the form carry the ratio that was left open as it was shown: what is confirmed is what was read."""
        if self.ratio_was_left_open:
            sent = cast("QueryDict", self.data).copy()
            sent["order_ratio"] = written(ratio_in_words(float(self.cleaned_data["order_ratio"])))
            self.data = sent

    def _answer_in_proportion(self, terms: dict[str, Any]) -> None:
        proportion = self._proportion_of(terms["investment"])
        if proportion is None:
            self.add_error(
                "order_ratio", gettext("Enter how each order is answered: what suits the amount is not known.")
            )
            return
        terms["order_ratio"] = Decimal(ratio_in_words(proportion.ratio))
        self.ratio_was_left_open = True


class ConfirmForm(StartForm):
    """The terms again, with the key that was made when they were shown: the same key starts one copy, however often."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)
