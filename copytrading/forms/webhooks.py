"""What somebody chooses for a webhook: where to, and what of."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from copytrading.queries.hooks.wanted import EVENTS, topics_by_section
from copytrading.services.hooks.targets import ADDRESS_LENGTH_MAX
from copytrading.services.hooks.webhooks import DESCRIPTION_LENGTH_MAX


class WebhookForm(forms.Form):
    address = forms.CharField(
        label=gettext_lazy("Address"),
        max_length=ADDRESS_LENGTH_MAX,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "As in https://example.org/hooks. Only public machines are called, and only over https."
        ),
        error_messages={"required": gettext_lazy("Name the address that is to be called.")},
    )
    description = forms.CharField(
        label=gettext_lazy("What it is for"), max_length=DESCRIPTION_LENGTH_MAX, required=False
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What happens to your copies, as figures"),
        choices=[(value, gettext_lazy(label)) for value, label in EVENTS],
        initial=["copy"],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    topics = forms.MultipleChoiceField(
        label=gettext_lazy("Notices"),
        choices=topics_by_section,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    @staticmethod
    def said_before(webhook: Any) -> dict[str, Any]:
        """Return what the form shows of a webhook that is there."""
        return {name: getattr(webhook, name) for name in ("address", "description", "events", "topics")}
