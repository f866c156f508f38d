"""What a follower can ask of a running copy: more or less money, another stop loss."""

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy, gettext_noop, pgettext_lazy

from copytrading.forms.parts.fields import CashField, NumberField
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.wallet.money_words import with_cash


class InvestmentForm(forms.Form):
    """Put money in or take money out. `signed_units` is positive for more."""

    INCREASE, REDUCE = "increase", "reduce"

    direction = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=((INCREASE, pgettext_lazy("to do", "Put in")), (REDUCE, gettext_lazy("Take out"))),
        initial=INCREASE,
        widget=forms.RadioSelect,
    )
    value = CashField(
        label=with_cash(gettext_noop("How much, {cash}")), error_messages={"required": gettext_lazy("How much?")}
    )

    @property
    def signed_units(self) -> int:
        units: int = self.cleaned_data["value"]
        return units if self.cleaned_data["direction"] == self.INCREASE else -units


class StopLossForm(forms.Form):
    """A total stop loss in cash or as a share of what is invested, or none."""

    NONE, CASH, PERCENT = "none", "cash", "percent"

    kind = forms.ChoiceField(
        label=gettext_lazy("Stop by itself"),
        choices=(
            (NONE, gettext_lazy("Never")),
            (CASH, with_cash(gettext_noop("At a loss in {cash}"))),
            (PERCENT, gettext_lazy("At a loss in percent")),
        ),
        widget=forms.RadioSelect,
    )
    stop_loss = NumberField(label=gettext_lazy("Loss"), required=False)

    def __init__(self, *arguments: Any, invested_units: int, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.invested_units = invested_units

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, loss = cleaned.get("kind"), cleaned.get("stop_loss")
        if kind in (self.CASH, self.PERCENT) and loss is None and "stop_loss" not in self.errors:
            self.add_error("stop_loss", gettext("At which loss?"))
        if kind == self.PERCENT and loss is not None and loss >= 100:
            self.add_error("stop_loss", gettext("Enter less than 100 %."))
        if kind == self.CASH and loss is not None and loss.scaleb(CASH_DECIMALS) >= self.invested_units:
            self.add_error("stop_loss", gettext("Enter less than what is invested."))
        return cleaned

    @property
    def stop_loss_units(self) -> int | None:
        """Return the loss in quote units, None for no stop loss."""
        kind, loss = self.cleaned_data["kind"], self.cleaned_data["stop_loss"]
        if kind == self.NONE:
            return None
        return int(self.invested_units * loss / 100) if kind == self.PERCENT else int(loss.scaleb(CASH_DECIMALS))


class LossLimitForm(forms.Form):
    """The loss over all copies together at which they all stop: in cash, as a share of what is invested, or none."""

    NONE, CASH, PERCENT = StopLossForm.NONE, StopLossForm.CASH, StopLossForm.PERCENT

    kind = forms.ChoiceField(
        label=gettext_lazy("Stop all copies by itself"),
        choices=(
            (NONE, gettext_lazy("Never")),
            (CASH, with_cash(gettext_noop("At a loss in {cash}"))),
            (PERCENT, gettext_lazy("At a loss in percent of what is invested")),
        ),
        widget=forms.RadioSelect,
    )
    loss = NumberField(
        label=with_cash(gettext_noop("Loss of all copies together, in {cash} or percent")), required=False
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, loss = cleaned.get("kind"), cleaned.get("loss")
        if kind in (self.CASH, self.PERCENT) and loss is None and "loss" not in self.errors:
            self.add_error("loss", gettext("At which loss?"))
        if kind == self.PERCENT and loss is not None and loss >= 100:
            self.add_error("loss", gettext("Enter less than 100 %."))
        return cleaned

    @property
    def loss_units(self) -> int | None:
        """Return the loss in quote units; None for a share, or for no limit."""
        is_cash = self.cleaned_data["kind"] == self.CASH
        return int(self.cleaned_data["loss"].scaleb(CASH_DECIMALS)) if is_cash else None

    @property
    def loss_fraction(self) -> float | None:
        """Return the loss as a share of what is invested; None for money, or for no limit."""
        return float(self.cleaned_data["loss"] / 100) if self.cleaned_data["kind"] == self.PERCENT else None
