"""What operators fill in: a kill switch to pull, a correction to ask for."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django import forms

from copytrading.forms.parts.fields import CashField
from copytrading.queries.admission.packs import packs
from copytrading.queries.operating import overview as operating
from copytrading.queries.operating import rule_table
from copytrading.services.wallet.money_words import with_cash

OTHER_ACCOUNT = "OTHER"
REASON_LENGTH_MAX = 200
# More than any number of units has, and few enough to be scaled.
DIGITS_MAX = 40
# A mark has so many digits before its point.
PRICE_DIGITS_MAX = 17


class HaltForm(forms.Form):
    """A kill switch: what to stop, and why. Cleans to `scope` and `target_id` besides."""

    target = forms.ChoiceField(label="What to stop", error_messages={"required": "What is to be stopped?"})
    reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH_MAX, error_messages={"required": "Others have to decide about it later."}
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        target = self.fields["target"]
        assert isinstance(target, forms.ChoiceField)
        target.choices = operating.halt_targets()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "target" in cleaned:
            scope, _, target_id = cleaned["target"].partition(":")
            cleaned |= {"scope": scope, "target_id": int(target_id)}
        return cleaned


class VerdictForm(forms.Form):
    """Which coin it is whose price is in doubt. Cleans to what the service takes."""

    market_id = forms.TypedChoiceField(label="Coin", coerce=int)
    kind = forms.ChoiceField(label="What it is", choices=operating.verdict_kinds())
    price = forms.DecimalField(
        label="What one coin is worth now",
        required=False,
        max_digits=DIGITS_MAX,
        min_value=Decimal(0),
        help_text="As you have seen it elsewhere, in the platform's cash. Leave it empty for another coin.",
    )
    old_count = forms.IntegerField(
        label="So many coins",
        required=False,
        min_value=1,
        help_text="Of a new unit only: 1000 where a thousand became one, 1 where one became several.",
    )
    new_count = forms.IntegerField(label="became so many", required=False, min_value=1)
    reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH_MAX, error_messages={"required": "Another operator has to approve it."}
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        market = self.fields["market_id"]
        assert isinstance(market, forms.ChoiceField)
        market.choices = operating.markets_by_doubt()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        price = cleaned.get("price")
        if price is not None and price.normalize().adjusted() > PRICE_DIGITS_MAX:
            self.add_error("price", "No coin is worth that much.")
        cleaned |= {name: cleaned.get(name) or 1 for name in ("old_count", "new_count")}
        return cleaned


class RuleForm(forms.Form):
    """A rule of the platform, and what it is to be."""

    name = forms.ChoiceField(label="Rule", error_messages={"required": "Which rule?"})
    value = forms.CharField(
        label="What it is to be",
        required=False,
        max_length=DIGITS_MAX,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="A number, in the unit that the table says. Leave it empty for what the installation says.",
    )
    reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH_MAX, error_messages={"required": "Others have to decide about it."}
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        name = self.fields["name"]
        assert isinstance(name, forms.ChoiceField)
        name.choices = [(one, one) for one in sorted(rule_table.names())]


class ManualTransferForm(forms.Form):
    """A transfer by bank or cash desk to enter for somebody."""

    email = forms.EmailField(label="Whose, by e-mail address")
    direction = forms.ChoiceField(label="What", choices=operating.transfer_directions())
    value = CashField(label=with_cash("How much, {cash}"), error_messages={"required": "How much?"})
    # Made with the page, so that pressing twice enters once.
    idempotency_key = forms.CharField(max_length=64, initial=lambda: uuid4().hex, widget=forms.HiddenInput)

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if operating.person(email=email) is None:
            raise forms.ValidationError("Nobody here has that address.")
        return email


class JurisdictionChangeForm(forms.Form):
    """Whose rules are to count for somebody."""

    email = forms.EmailField(label="Who, by e-mail address")
    jurisdiction = forms.ChoiceField(
        label="Whose rules are to count", choices=lambda: [(pack.name, pack.label) for pack in packs()]
    )
    reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH_MAX, error_messages={"required": "Others have to understand it."}
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if operating.person(email=email) is None:
            raise forms.ValidationError("Nobody here has that address.")
        return email


class CorrectionForm(forms.Form):
    """A correcting journal to ask for. Cleans to `units` and to the account's kind or number besides."""

    asset = forms.TypedChoiceField(label="Coin", coerce=int)
    quantity = forms.DecimalField(
        label="How many",
        max_digits=DIGITS_MAX,
        help_text="Coins the account gets; with a minus sign, coins it gives. The other side is as below.",
    )
    against = forms.ChoiceField(
        label="The other side", choices=operating.corrected_against(), initial="VENUE", required=False
    )
    account = forms.ChoiceField(label="Whose")
    account_number = forms.IntegerField(
        label="Account number", required=False, min_value=1, help_text="Of the ledger account, where it is another one."
    )
    reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH_MAX, error_messages={"required": "Another operator has to approve it."}
    )
    # Made with the page, so that pressing twice asks once.
    idempotency_key = forms.CharField(
        max_length=64,
        initial=lambda: uuid4().hex,
        widget=forms.HiddenInput,
        error_messages={"required": "Open the page again: this one came without its key."},
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        asset, account = self.fields["asset"], self.fields["account"]
        assert isinstance(asset, forms.ChoiceField)
        assert isinstance(account, forms.ChoiceField)
        asset.choices = operating.assets()
        account.choices = [*operating.correctable_kinds(), (OTHER_ACCOUNT, "Another account")]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["against"] = cleaned.get("against") or "VENUE"
        if cleaned.get("account") == OTHER_ACCOUNT and not cleaned.get("account_number"):
            self.add_error("account_number", "Which account is it?")
        if "asset" in cleaned and "quantity" in cleaned:
            units = cleaned["quantity"].scaleb(operating.decimals_of(asset_id=cleaned["asset"]))
            if units != units.to_integral_value() or abs(units) >= Decimal(2) ** 63:
                self.add_error("quantity", "That is no whole number of the coin's smallest units.")
            cleaned["units"] = int(units)
        return cleaned
