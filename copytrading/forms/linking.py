"""What a lead types to connect an account elsewhere. What was typed is never shown again, not even beside an error."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from copytrading.queries.names import listed
from copytrading.services.safety.sealed_keys import ExchangeKey

KEY_LENGTH_MAX = 500
VISIBLE = re.compile(r"[!-~]+", re.ASCII)


class _SecretField(forms.CharField):
    """A part of a key: letters, digits and signs, without the blanks that come along when it is copied."""

    def __init__(self, **options: Any) -> None:
        attributes = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        widget = forms.PasswordInput(render_value=False, attrs=attributes)
        super().__init__(widget=widget, max_length=KEY_LENGTH_MAX, **options)

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        # A pass phrase may have blanks inside, a key has none.
        if text and not VISIBLE.fullmatch(text.replace(" ", "")):
            raise forms.ValidationError(gettext("That is no key: it has characters that no key has."))
        return text


class LinkForm(forms.Form):
    exchange = forms.ChoiceField(label=gettext_lazy("Where you trade"))
    key = _SecretField(label=gettext_lazy("API key"), error_messages={"required": gettext_lazy("Paste the key.")})
    secret = _SecretField(label=gettext_lazy("Secret"), error_messages={"required": gettext_lazy("Paste the secret.")})
    password = _SecretField(label=gettext_lazy("Pass phrase"), required=False)

    def __init__(
        self, *arguments: Any, exchanges: list[tuple[str, str]], with_password: frozenset[str], **options: Any
    ) -> None:
        super().__init__(*arguments, **options)
        exchange_field = self.fields["exchange"]
        assert isinstance(exchange_field, forms.ChoiceField)
        exchange_field.choices = exchanges
        self._with_password = with_password
        names = [name for exchange, name in exchanges if exchange in with_password]
        self.fields["password"].help_text = (
            gettext("Only %(exchanges)s asks for one.") % {"exchanges": listed(names)} if names else ""
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        needs_password = cleaned.get("exchange") in self._with_password
        if needs_password and not cleaned.get("password") and "password" not in self.errors:
            self.add_error("password", gettext("This exchange asks for the pass phrase of the key."))
        return cleaned

    @property
    def exchange_key(self) -> ExchangeKey:
        """Return what was typed, in a value that shows nothing of it."""
        cleaned = self.cleaned_data
        return ExchangeKey(key=cleaned["key"], secret=cleaned["secret"], password=cleaned["password"])
