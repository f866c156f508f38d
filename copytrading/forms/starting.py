"""The terms on which somebody starts to copy a lead."""

from decimal import ROUND_DOWN, Decimal
from typing import Any

from django import forms

from copytrading.forms.fields import CASH_DECIMALS, CashField, NumberField

MODES = (("SMART_SYNC", "Smart Sync"),)
USDT, PERCENT = "usdt", "percent"


class StartForm(forms.Form):
    """
    `stop_loss` is in USDT, or in percent of the investment; `stop_loss_units` says what it comes to.

    How much may be invested, and how large a stop loss may be, is the service's to say.
    """

    mode = forms.ChoiceField(choices=MODES, initial="SMART_SYNC", widget=forms.RadioSelect)
    investment = CashField(label="Total investment, USDT", error_messages={"required": "Enter how much to invest."})
    buy_existing = forms.BooleanField(required=False, initial=True)
    stop_loss = NumberField(label="Stop by itself at a loss of", required=False)
    stop_loss_in = forms.ChoiceField(
        label="Stop loss in", choices=((USDT, "USDT"), (PERCENT, "%")), initial=USDT, required=False
    )

    def clean(self) -> dict[str, Any]:
        terms = super().clean() or self.cleaned_data
        terms["stop_loss_units"] = _stop_loss_units(
            terms.get("stop_loss"), terms.get("stop_loss_in"), terms.get("investment")
        )
        return terms

    @property
    def level_units(self) -> int | None:
        """Return the worth at which the copy would stop itself; None without a sensible stop loss."""
        investment, stop_loss = self.cleaned_data.get("investment"), self.cleaned_data.get("stop_loss_units")
        return investment - stop_loss if investment and stop_loss and stop_loss < investment else None


class ConfirmForm(StartForm):
    """The terms again, with the key that was made when they were shown: the same key starts one copy, however often."""

    key = forms.CharField(max_length=64, widget=forms.HiddenInput)


def _stop_loss_units(stop_loss: Decimal | None, given_in: str | None, investment_units: int | None) -> int | None:
    if stop_loss is None:
        return None
    if given_in != PERCENT:
        return int(stop_loss.scaleb(CASH_DECIMALS))
    if investment_units is None:
        return None
    return int((stop_loss / 100 * investment_units).to_integral_value(rounding=ROUND_DOWN))
