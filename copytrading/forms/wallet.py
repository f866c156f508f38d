"""What a person can do with the main account: bring money in, take it out, trade by hand."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from copytrading.forms.parts.fields import CashField, NumberField
from copytrading.forms.parts.tickets import TicketForm
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.wallet.money_words import with_cash


class TransferForm(forms.Form):
    """A deposit or a withdrawal of cash. The key is made with the page, so that pressing twice moves money once."""

    value = CashField(
        label=with_cash(gettext_noop("How much, {cash}")), error_messages={"required": gettext_lazy("How much?")}
    )
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class SpotForm(TicketForm):
    """
    An order on the main account. At the market: buy for a value in cash, or sell a quantity of coins.

    With a limit: either, counted in coins or in cash, at a price that it waits for, for so long.
    """

    BUY, SELL = TicketForm.BUY, TicketForm.SELL
    MARKET, LIMIT = TicketForm.MARKET, TicketForm.LIMIT
    COINS, VALUE = TicketForm.COINS, TicketForm.VALUE
    figure_field = "value"
    DAYS = (
        (0, gettext_lazy("Until I cancel it")),
        (1, gettext_lazy("For a day")),
        (7, gettext_lazy("For a week")),
        (30, gettext_lazy("For 30 days")),
    )

    side = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=((BUY, gettext_lazy("Buy")), (SELL, gettext_lazy("Sell"))),
        initial=BUY,
        widget=forms.RadioSelect,
    )
    market = forms.TypedChoiceField(label=gettext_lazy("Coin"), coerce=int)
    value = NumberField(
        label=gettext_lazy("How much"),
        decimals=12,
        help_text=with_cash(gettext_noop("At the market: {cash} to spend when you buy, coins when you sell.")),
        error_messages={"required": gettext_lazy("How much?")},
    )
    order_type = forms.ChoiceField(
        label=gettext_lazy("At which price"),
        choices=((MARKET, gettext_lazy("Market")), (LIMIT, gettext_lazy("Limit"))),
        initial=MARKET,
        required=False,
        widget=forms.RadioSelect,
    )
    counted_in = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=((VALUE, with_cash("{cash}")), (COINS, gettext_lazy("Coins"))),
        initial=VALUE,
        required=False,
        widget=forms.RadioSelect,
    )
    price_limit = NumberField(
        label=with_cash(gettext_noop("Limit price, {cash}")),
        decimals=12,
        required=False,
        help_text=gettext_lazy("It waits until the market reaches this price, and what it needs is held for it."),
    )
    lasts_days = forms.TypedChoiceField(
        label=gettext_lazy("How long it waits"), choices=DAYS, coerce=int, initial=0, required=False
    )
    # When it expires, once that was looked at: pressed twice it is the same order.
    expires_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.is_limit and cleaned.get("price_limit") is None and not self.errors:
            self.add_error("price_limit", gettext("A limit order needs its price."))
        number: Decimal | None = cleaned.get("value")
        if number is None or "market" not in cleaned or "side" not in cleaned:
            return cleaned
        scaled = number.scaleb(self._decimals)
        if scaled != int(scaled):
            self.add_error("value", gettext("At most %(decimals)s decimals.") % {"decimals": self._decimals})
        return cleaned

    @property
    def is_limit(self) -> bool:
        """Whether it waits for a price; a form that says nothing is at the market."""
        return bool(self.cleaned_data.get("order_type") == self.LIMIT)

    @property
    def units(self) -> int:
        """Return what was typed in whole units: of cash or of the coin."""
        number: Decimal = self.cleaned_data["value"]
        return int(number.scaleb(self._decimals))

    def limit_wish(self, *, now: datetime) -> dict[str, Any]:
        """Return what was asked for with a limit, as the service takes it."""
        cleaned = self.cleaned_data
        days = cleaned.get("lasts_days") or 0
        return {
            "market_id": cleaned["market"],
            "side": cleaned["side"],
            "price_limit": cleaned["price_limit"],
            "expires_at": cleaned.get("expires_at") or (now + timedelta(days=days) if days else None),
            ("value_units" if self._is_value else "quantity_units"): self.units,
        }

    @property
    def _is_value(self) -> bool:
        if self.is_limit:
            return bool(self.cleaned_data.get("counted_in") != self.COINS)
        return bool(self.cleaned_data["side"] == self.BUY)

    @property
    def _decimals(self) -> int:
        return CASH_DECIMALS if self._is_value else self._markets[self.cleaned_data["market"]].base.decimals
