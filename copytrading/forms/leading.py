"""What somebody fills in to become a lead and to be one."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from copytrading.forms.parts.fields import CashField, NumberField
from copytrading.forms.parts.tickets import TicketForm
from copytrading.forms.parts.typed import ShareField
from copytrading.queries.rules import CASH_DECIMALS, platform_rules
from copytrading.queries.shown.visibility import delay_words
from copytrading.services.wallet.money_words import with_cash

TAGS_MAX, TAG_LENGTH_MAX = 5, 30
FOLLOWERS_AT_FIRST = 1000
NOTICE_LENGTH_MAX = 500
INVITATION_DAYS_AT_FIRST = 30
# Hours after which strangers see a trade, as they can be chosen.
DELAYS = (0, 1, 4, 24, 3 * 24, 7 * 24, 30 * 24)


class _Capacity(forms.Form):
    """How a lead is paid, and how much may follow."""

    profit_share_rate = ShareField(
        label=gettext_lazy("Profit share, %"),
        min_value=Decimal(0),
        max_digits=5,
        decimal_places=2,
        initial=10,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={
            "required": gettext_lazy("Enter a share; 0 for none."),
            "min_value": gettext_lazy("A share cannot be below zero."),
        },
    )
    followers_max = forms.IntegerField(
        label=gettext_lazy("Most followers"),
        initial=FOLLOWERS_AT_FIRST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("How many may follow?")},
    )
    money_max = CashField(
        label=with_cash(gettext_noop("Most money that may follow, {cash}")),
        required=False,
        help_text=gettext_lazy("Leave it empty for no limit."),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        most = f"{platform_rules().profit_share_max * 100:g}"
        self.fields["profit_share_rate"].help_text = gettext(
            "Of new highs only, 0 to %(most)s %%. Each copy keeps the rate it began at."
        ) % {"most": most}

    @property
    def rate(self) -> Decimal:
        """Return the profit share as a fraction."""
        return Decimal(self.cleaned_data["profit_share_rate"]) / 100


class ApplyForm(_Capacity):
    HERE, ELSEWHERE = "PLATFORM", "OBSERVED"

    source = forms.ChoiceField(
        label=gettext_lazy("Where you trade"),
        choices=(
            (HERE, gettext_lazy("I trade here")),
            (ELSEWHERE, gettext_lazy("I trade elsewhere, by a read-only link")),
        ),
        initial=HERE,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose where you trade.")},
    )
    name = forms.CharField(
        label=gettext_lazy("The name you lead under"),
        max_length=40,
        error_messages={"required": gettext_lazy("Choose a name.")},
    )
    bio = forms.CharField(
        label=gettext_lazy("How you trade, in a few sentences"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    tags = forms.CharField(
        label=gettext_lazy("Strategy, in a word or two each"),
        required=False,
        help_text=format_lazy(gettext_lazy("Up to {most}, with commas between: momentum, large coins"), most=TAGS_MAX),
    )
    field_order = ("source", "name", "bio", "tags", "profit_share_rate", "followers_max", "money_max")

    def clean_tags(self) -> list[str]:
        written = [re.sub(r"\s+", " ", tag).strip() for tag in self.cleaned_data["tags"].split(",")]
        tags = list(dict.fromkeys(tag for tag in written if tag))
        if len(tags) > TAGS_MAX:
            raise forms.ValidationError(gettext("At most %(most)s.") % {"most": TAGS_MAX})
        if any(len(tag) > TAG_LENGTH_MAX for tag in tags):
            raise forms.ValidationError(gettext("At most %(most)s characters each.") % {"most": TAG_LENGTH_MAX})
        return tags


class TermsForm(_Capacity):
    """The terms again, for a lead who runs."""


class InviteForm(forms.Form):
    """For how many an invitation is, how long, and at which profit share; the bounds are the service's to say."""

    label = forms.CharField(
        label=gettext_lazy("For whom, in your own words"),
        required=False,
        help_text=gettext_lazy("Only you see it."),
    )
    copies_max = forms.IntegerField(
        label=gettext_lazy("How many may come by it"),
        initial=1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("How many may come?")},
    )
    days = forms.IntegerField(
        label=gettext_lazy("For how many days"),
        initial=INVITATION_DAYS_AT_FIRST,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        error_messages={"required": gettext_lazy("How many days does it last?")},
    )
    profit_share_rate = ShareField(
        label=gettext_lazy("Their profit share, %"),
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text=gettext_lazy("At most what everybody pays. Each copy keeps the rate it began at."),
        error_messages={"required": gettext_lazy("Enter a share; 0 for none.")},
    )
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)

    @property
    def rate(self) -> Decimal:
        """Return the profit share as a fraction."""
        return Decimal(self.cleaned_data["profit_share_rate"]) / 100


class ShownForm(forms.Form):
    """What strangers see of a lead's book; a delay that was chosen by program is among the choices."""

    trades_delay_hours = forms.TypedChoiceField(
        label=gettext_lazy("Strangers see your trades"),
        coerce=int,
        error_messages={
            "required": gettext_lazy("Choose when."),
            "invalid_choice": gettext_lazy("Choose one of these."),
        },
    )
    weights_shown = forms.ChoiceField(
        label=gettext_lazy("Strangers see what you hold"),
        choices=(
            ("DAILY", gettext_lazy("as of a daily close (00:00 UTC) that is at least as old")),
            ("WITH_TRADES", gettext_lazy("together with the trades, hour by hour")),
        ),
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose how."),
            "invalid_choice": gettext_lazy("Choose one of these."),
        },
    )

    def __init__(self, *arguments: Any, delay_hours: int, **options: Any) -> None:
        """:param delay_hours: what the lead has chosen so far."""
        super().__init__(*arguments, **options)
        self.initial.setdefault("trades_delay_hours", delay_hours)
        delays = self.fields["trades_delay_hours"]
        assert isinstance(delays, forms.TypedChoiceField)
        delays.choices = [(hours, _delay_words(hours)) for hours in sorted({*DELAYS, delay_hours})]


def _delay_words(hours: int) -> str:
    return gettext("after %(delay)s") % {"delay": delay_words(hours)} if hours else gettext("at once")


class OrderForm(TicketForm):
    """A lead's order: at the market, or with a price that it waits for."""

    BUY, SELL = TicketForm.BUY, TicketForm.SELL
    MARKET, LIMIT = TicketForm.MARKET, TicketForm.LIMIT
    COINS, VALUE = TicketForm.COINS, TicketForm.VALUE
    figure_field = "quantity"

    side = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        choices=((BUY, gettext_lazy("Buy")), (SELL, gettext_lazy("Sell"))),
        initial=BUY,
        widget=forms.RadioSelect,
    )
    market = forms.TypedChoiceField(label=gettext_lazy("Coin"), coerce=int)
    quantity = NumberField(
        label=gettext_lazy("How much"), decimals=12, error_messages={"required": gettext_lazy("How much?")}
    )
    counted_in = forms.ChoiceField(
        label=gettext_lazy("Counted in"),
        choices=((COINS, gettext_lazy("Coins")), (VALUE, with_cash("{cash}"))),
        initial=COINS,
        required=False,
        widget=forms.RadioSelect,
    )
    order_type = forms.ChoiceField(
        label=gettext_lazy("At which price"),
        choices=((MARKET, gettext_lazy("Market")), (LIMIT, gettext_lazy("Limit"))),
        initial=MARKET,
        widget=forms.RadioSelect,
    )
    price_limit = NumberField(
        label=with_cash(gettext_noop("Limit price, {cash}")),
        decimals=12,
        required=False,
        help_text=gettext_lazy("For a limit order: it waits until the market reaches this price."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("order_type") == self.LIMIT and cleaned.get("price_limit") is None and not self.errors:
            self.add_error("price_limit", gettext("A limit order needs its price."))
        quantity: Decimal | None = cleaned.get("quantity")
        if quantity is not None and "market" in cleaned:
            decimals = self._decimals
            if -int(quantity.as_tuple().exponent) > decimals:
                self.add_error("quantity", gettext("At most %(decimals)s decimals.") % {"decimals": decimals})
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
        label=gettext_lazy("A notice to everybody who follows"),
        max_length=NOTICE_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=format_lazy(
            gettext_lazy("Up to {most} characters, shown on the page of every copy."), most=NOTICE_LENGTH_MAX
        ),
        error_messages={"required": gettext_lazy("Write something.")},
    )
    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
