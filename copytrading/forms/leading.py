"""What somebody fills in to become a lead and to be one."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms

from copytrading.forms.parts.fields import CashField, NumberField
from copytrading.forms.parts.typed import ShareField
from copytrading.forms.wallet import TradedMarket
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.queries.shown.visibility import delay_words
from copytrading.services.wallet.money_words import with_cash

TAGS_MAX, TAG_LENGTH_MAX = 5, 30
FOLLOWERS_AT_FIRST = 1000
NOTICE_LENGTH_MAX = 500
# Hours after which strangers see a trade, as they can be chosen.
DELAYS = (0, 1, 4, 24, 3 * 24, 7 * 24, 30 * 24)


class _Capacity(forms.Form):
    """How a lead is paid, and how much may follow."""

    profit_share_rate = ShareField(
        label="Profit share, %",
        min_value=Decimal(0),
        max_digits=5,
        decimal_places=2,
        initial=10,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": "Enter a share; 0 for none.", "min_value": "A share cannot be below zero."},
    )
    followers_max = forms.IntegerField(
        label="Most followers",
        initial=FOLLOWERS_AT_FIRST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": "How many may follow?"},
    )
    money_max = CashField(
        label=with_cash("Most money that may follow, {cash}"), required=False, help_text="Leave it empty for no limit."
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        most = f"{platform_rules().profit_share_max * 100:g}"
        self.fields[
            "profit_share_rate"
        ].help_text = f"Of new highs only, 0 to {most} %. Each copy keeps the rate it began at."

    @property
    def rate(self) -> Decimal:
        """Return the profit share as a fraction."""
        return Decimal(self.cleaned_data["profit_share_rate"]) / 100


class ApplyForm(_Capacity):
    HERE, ELSEWHERE = "PLATFORM", "OBSERVED"

    source = forms.ChoiceField(
        label="Where you trade",
        choices=((HERE, "I trade here"), (ELSEWHERE, "I trade elsewhere, by a read-only link")),
        initial=HERE,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose where you trade."},
    )
    name = forms.CharField(
        label="The name you lead under", max_length=40, error_messages={"required": "Choose a name."}
    )
    bio = forms.CharField(
        label="How you trade, in a few sentences",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    tags = forms.CharField(
        label="Strategy, in a word or two each",
        required=False,
        help_text=f"Up to {TAGS_MAX}, with commas between: momentum, large coins",
    )
    field_order = ("source", "name", "bio", "tags", "profit_share_rate", "followers_max", "money_max")

    def clean_tags(self) -> list[str]:
        written = [re.sub(r"\s+", " ", tag).strip() for tag in self.cleaned_data["tags"].split(",")]
        tags = list(dict.fromkeys(tag for tag in written if tag))
        if len(tags) > TAGS_MAX:
            raise forms.ValidationError(f"At most {TAGS_MAX}.")
        if any(len(tag) > TAG_LENGTH_MAX for tag in tags):
            raise forms.ValidationError(f"At most {TAG_LENGTH_MAX} characters each.")
        return tags


class TermsForm(_Capacity):
    """The terms again, for a lead who runs."""


class ShownForm(forms.Form):
    """What strangers see of a lead's book; a delay that was chosen by program is among the choices."""

    trades_delay_hours = forms.TypedChoiceField(
        label="Strangers see your trades",
        coerce=int,
        error_messages={"required": "Choose when.", "invalid_choice": "Choose one of these."},
    )
    weights_shown = forms.ChoiceField(
        label="Strangers see what you hold",
        choices=(
            ("DAILY", "as of a daily close (00:00 UTC) that is at least as old"),
            ("WITH_TRADES", "together with the trades, hour by hour"),
        ),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how.", "invalid_choice": "Choose one of these."},
    )

    def __init__(self, *arguments: Any, delay_hours: int, **options: Any) -> None:
        """:param delay_hours: what the lead has chosen so far."""
        super().__init__(*arguments, **options)
        self.initial.setdefault("trades_delay_hours", delay_hours)
        delays = self.fields["trades_delay_hours"]
        assert isinstance(delays, forms.TypedChoiceField)
        delays.choices = [(hours, _delay_words(hours)) for hours in sorted({*DELAYS, delay_hours})]


def _delay_words(hours: int) -> str:
    return f"after {delay_words(hours)}" if hours else "at once"


class OrderForm(forms.Form):
    """A lead's order: at the market, or with a price that it waits for."""

    BUY, SELL = "BUY", "SELL"
    MARKET, LIMIT = "MARKET", "LIMIT"
    COINS, VALUE = "COINS", "VALUE"

    side = forms.ChoiceField(
        label="What to do", choices=((BUY, "Buy"), (SELL, "Sell")), initial=BUY, widget=forms.RadioSelect
    )
    market = forms.TypedChoiceField(label="Coin", coerce=int)
    quantity = NumberField(label="How much", decimals=12, error_messages={"required": "How much?"})
    counted_in = forms.ChoiceField(
        label="Counted in",
        choices=((COINS, "Coins"), (VALUE, with_cash("{cash}"))),
        initial=COINS,
        required=False,
        widget=forms.RadioSelect,
    )
    order_type = forms.ChoiceField(
        label="At which price",
        choices=((MARKET, "Market"), (LIMIT, "Limit")),
        initial=MARKET,
        widget=forms.RadioSelect,
    )
    price_limit = NumberField(
        label=with_cash("Limit price, {cash}"),
        decimals=12,
        required=False,
        help_text="For a limit order: it waits until the market reaches this price.",
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
        if cleaned.get("order_type") == self.LIMIT and cleaned.get("price_limit") is None and not self.errors:
            self.add_error("price_limit", "A limit order needs its price.")
        quantity: Decimal | None = cleaned.get("quantity")
        if quantity is not None and "market" in cleaned:
            decimals = self._decimals
            if -int(quantity.as_tuple().exponent) > decimals:
                self.add_error("quantity", f"At most {decimals} decimals.")
        return cleaned

    @property
    def is_value(self) -> bool:
        """Whether the figure is a value; a form that says nothing means coins."""
        return bool(self.cleaned_data.get("counted_in") == self.VALUE)

    @property
    def _decimals(self) -> int:
        return CASH_DECIMALS if self.is_value else self._markets[self.cleaned_data["market"]].base.decimals

    def wish(self) -> dict[str, Any]:
        """Return what was asked for, as the service takes it."""
        cleaned = self.cleaned_data
        units = int(cleaned["quantity"].scaleb(self._decimals))
        return {
            "market_id": cleaned["market"],
            "side": cleaned["side"],
            "price_limit": cleaned["price_limit"] if cleaned["order_type"] == self.LIMIT else None,
            **({"value_units": units} if self.is_value else {"quantity_units": units}),
        }

    def in_coins(self, units: int) -> "OrderForm":
        """Return the same order counted in coins: what was looked at is what is given, whatever the price does."""
        quantity = Decimal(units).scaleb(-self._markets[self.cleaned_data["market"]].base.decimals)
        written = {
            **{name: self.data.get(name) for name in self.fields},
            "quantity": f"{quantity:f}",
            "counted_in": self.COINS,
        }
        return OrderForm(written, markets=list(self._markets.values()))


class NoticeForm(forms.Form):
    text = forms.CharField(
        label="A notice to everybody who follows",
        max_length=NOTICE_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=f"Up to {NOTICE_LENGTH_MAX} characters, shown on the page of every copy.",
        error_messages={"required": "Write something."},
    )
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
