"""
Figures as people of other languages type them, brought into the one form that fields read: 1,234.50.

Where the decimals follow a comma, 1.234,5 and 1234,5 are understood; so is 1234.5, which can mean nothing else. One
sign before exactly three digits can part thousands or begin decimals that were copied from a page in another language.
Of cash nobody types three decimals, of coins nobody parts thousands: that reading is taken. The other one is refused
with what to write instead, since nobody guesses at a factor of a thousand.
"""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext

from accounts.identity.places import decimal_sign

WITH_COMMA = re.compile(r"[1-9]\d{0,2}(\.\d{3})+(,\d+)?|\d*,\d+", re.ASCII)
UNCLEAR = re.compile(r"([1-9]\d{0,2})([.,])(\d{3})", re.ASCII)


def in_english(text: str, *, is_cash: bool = False) -> str:
    """
    Return a figure without spaces, typed in the language of the moment, as English writes it; what is none as it is.

    :raises forms.ValidationError: if it could mean two things.
    """
    if decimal_sign() != ",":
        return text
    unclear = UNCLEAR.fullmatch(text)
    if unclear and (unclear[2] == ",") == is_cash:
        figures = {"figure": text, "thousands": unclear[1] + unclear[3], "decimals": f"{unclear[1]},{unclear[3]}0"}
        raise forms.ValidationError(
            gettext("%(figure)s can mean two things. Write %(thousands)s or %(decimals)s.") % figures
        )
    if WITH_COMMA.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    return text


class ShareField(forms.DecimalField):
    """A share in percent with a few decimals, typed and shown in the language of the moment."""

    def to_python(self, value: Any) -> Any:
        return super().to_python(in_english(re.sub(r"\s", "", value)) if isinstance(value, str) else value)
