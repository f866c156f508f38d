"""The terms of a copy as people type them: how much, what exists already, when to stop, and how to answer orders."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy, gettext_noop

from copytrading.engine.holdings.terms import Terms
from copytrading.engine.sizing.custom import custom_terms
from copytrading.forms.parts.fields import CashField, NumberField
from copytrading.queries.leads.proportions import RATIO_DECIMALS
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.wallet.money_words import with_cash

CASH, PERCENT = "cash", "percent"
VALUE, RATIO = "value", "ratio"


class TermsForm(forms.Form):
    """
    `stop_loss` is in cash, or in percent of the investment; `stop_loss_units` says what it comes to.

    How much may be invested, and how large a stop loss or an order may be, is the service's to say.
    """

    investment = CashField(
        label=with_cash(gettext_noop("Total investment, {cash}")),
        error_messages={"required": gettext_lazy("Enter how much to invest.")},
    )
    buy_existing = forms.BooleanField(required=False, initial=True)
    stop_loss = NumberField(label=gettext_lazy("Stop by itself at a loss of"), required=False)
    stop_loss_in = forms.ChoiceField(
        label=gettext_lazy("Stop loss in"),
        choices=((CASH, with_cash("{cash}")), (PERCENT, "%")),
        initial=CASH,
        required=False,
    )
    order_by = forms.ChoiceField(
        label=gettext_lazy("Answer each order"),
        choices=((RATIO, gettext_lazy("in a ratio of its value")), (VALUE, gettext_lazy("with a fixed value"))),
        initial=RATIO,
        required=False,
        widget=forms.RadioSelect,
    )
    order_ratio = NumberField(label=gettext_lazy("Times the lead’s order"), decimals=RATIO_DECIMALS, required=False)
    order_value = CashField(label=with_cash(gettext_noop("{cash} for each order")), required=False)
    order_value_max = CashField(label=with_cash(gettext_noop("At most for one order, {cash}")), required=False)
    total_value_max = CashField(label=with_cash(gettext_noop("At most in coins, {cash}")), required=False)
    markets = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Only these coins"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *arguments: Any, markets: Sequence[tuple[int, str]], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["markets"].choices = list(markets)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        terms = super().clean() or self.cleaned_data
        self.forgive("order_ratio" if self.answers_by_value else "order_value")
        terms["stop_loss_units"] = _stop_loss_units(
            terms.get("stop_loss"), terms.get("stop_loss_in"), terms.get("investment")
        )
        return terms

    def forgive(self, *names: str) -> None:
        """Leave out what is wrong where the page does not ask: an error there could be neither seen nor mended."""
        for name in names:
            if self.errors.pop(name, None):
                self.cleaned_data[name] = None

    @property
    def level_units(self) -> int | None:
        """Return the worth at which the copy would stop itself; None without a sensible stop loss."""
        investment, stop_loss = self.cleaned_data.get("investment"), self.cleaned_data.get("stop_loss_units")
        return investment - stop_loss if investment and stop_loss and stop_loss < investment else None

    @property
    def answers_by_value(self) -> bool:
        return bool(self.cleaned_data.get("order_by") == VALUE)

    def answered_terms(self, *, in_proportion: float | None = None) -> Terms | None:
        """
        Return how orders are answered as it was typed; None where the value or the ratio was left open.

        :param in_proportion: the ratio that stands in for one that was left open.
        """
        typed = self.cleaned_data
        size = typed.get("order_value" if self.answers_by_value else "order_ratio")
        if size is None and not self.answers_by_value:
            size = in_proportion
        if size is None:
            return None
        return custom_terms(
            order_value_units=size if self.answers_by_value else None,
            order_ratio=None if self.answers_by_value else float(size),
            order_value_max_units=typed.get("order_value_max"),
            total_value_max_units=typed.get("total_value_max"),
            market_ids=tuple(typed.get("markets") or ()),
        )


def _stop_loss_units(stop_loss: Decimal | None, given_in: str | None, investment_units: int | None) -> int | None:
    if stop_loss is None:
        return None
    if given_in != PERCENT:
        return int(stop_loss.scaleb(CASH_DECIMALS))
    if investment_units is None:
        return None
    return int((stop_loss / 100 * investment_units).to_integral_value(rounding=ROUND_DOWN))
