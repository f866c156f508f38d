"""Figures as people type them: 1000, 1,000 or 1000.50; nothing that could mean two things."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext

from copytrading.forms.parts.typed import in_english
from copytrading.queries.rules import CASH_DECIMALS

# Far above all money there is, far below what a whole number of units can hold.
CASH_MAX = Decimal(10) ** 10
DIGITS_MAX = 40
NUMBER = re.compile(r"\d+(\.\d+)?|\.\d+|\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


class NumberField(forms.CharField):
    """A positive number with at most as many decimals as given; cleans to a Decimal, or None where it may be empty."""

    is_cash = False

    def __init__(self, *, decimals: int = CASH_DECIMALS, **options: Any) -> None:
        attributes = {"inputmode": "decimal", "autocomplete": "off"}
        options.setdefault("widget", forms.TextInput(attrs=attributes))
        super().__init__(**options)
        self.decimals = decimals

    def to_python(self, value: Any) -> Any:
        text = in_english(re.sub(r"\s", "", super().to_python(value) or ""), is_cash=self.is_cash)
        if not text:
            return None
        if len(text) > DIGITS_MAX or not NUMBER.fullmatch(text):
            raise forms.ValidationError(gettext("Enter a number such as 1,000 or 1000.50."))
        number = Decimal(text.replace(",", ""))
        # First, as a number with more digits than are counted with cannot be rounded.
        if number > CASH_MAX:
            raise forms.ValidationError(gettext("That is more than there is."))
        if number != round(number, self.decimals):
            raise forms.ValidationError(gettext("At most %(decimals)s decimals.") % {"decimals": self.decimals})
        return number

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and value <= 0:
            raise forms.ValidationError(gettext("Enter a value above zero."))


class CashField(NumberField):
    """A positive value in cash; cleans to whole units."""

    is_cash = True

    def clean(self, value: Any) -> int | None:
        number = super().clean(value)
        return None if number is None else int(number.scaleb(CASH_DECIMALS))
