"""What a person can do with the main account: bring money in, take it out, trade by hand."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Protocol

from django import forms

from copytrading.forms.parts.fields import CashField, NumberField
from copytrading.queries.rules import CASH_DECIMALS
from copytrading.services.wallet.money_words import with_cash


class TradedAsset(Protocol):
    """A coin as the ticket names it."""

    @property
    def symbol(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def decimals(self) -> int: ...


class TradedMarket(Protocol):
    """A market as the ticket offers it."""

    @property
    def pk(self) -> int: ...
    @property
    def base(self) -> TradedAsset: ...


class TransferForm(forms.Form):
    """A deposit or a withdrawal of cash. The key is made with the page, so that pressing twice moves money once."""

    value = CashField(label=with_cash("How much, {cash}"), error_messages={"required": "How much?"})
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class SpotForm(forms.Form):
    """A market order on the main account: buy for a value in cash, or sell a quantity of coins."""

    BUY, SELL = "BUY", "SELL"

    side = forms.ChoiceField(
        label="What to do", choices=((BUY, "Buy"), (SELL, "Sell")), initial=BUY, widget=forms.RadioSelect
    )
    market = forms.TypedChoiceField(label="Coin", coerce=int)
    value = NumberField(
        label="How much",
        decimals=12,
        help_text=with_cash("{cash} to spend when you buy, coins when you sell."),
        error_messages={"required": "How much?"},
    )

    def __init__(self, *arguments: Any, markets: Sequence[TradedMarket], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._markets = {market.pk: market for market in markets}
        market_field = self.fields["market"]
        assert isinstance(market_field, forms.TypedChoiceField)
        market_field.choices = [
            (market.pk, f"{market.base.symbol} ({market.base.name})") for market in self._markets.values()
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        number: Decimal | None = cleaned.get("value")
        if number is None or "market" not in cleaned or "side" not in cleaned:
            return cleaned
        scaled = number.scaleb(self._decimals)
        if scaled != int(scaled):
            self.add_error("value", f"At most {self._decimals} decimals.")
        return cleaned

    @property
    def units(self) -> int:
        """Return what was typed in whole units: of cash for a buy, of the coin for a sell."""
        number: Decimal = self.cleaned_data["value"]
        return int(number.scaleb(self._decimals))

    @property
    def _decimals(self) -> int:
        if self.cleaned_data["side"] == self.BUY:
            return CASH_DECIMALS
        return self._markets[self.cleaned_data["market"]].base.decimals
