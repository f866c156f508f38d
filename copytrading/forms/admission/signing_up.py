"""What the sign-up asks beside address and password, in a browser and in an app."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from copytrading.forms.parts.refusals import refuse
from copytrading.queries.admission.packs import packs
from copytrading.services.admission import signing_up
from copytrading.services.refusals import Refusal


class AdmissionForm(forms.Form):
    """The base of the library's forms: whose rules count, where there is a choice, and the operator's own check."""

    jurisdiction = forms.ChoiceField(
        label=gettext_lazy("Where you live"),
        help_text=gettext_lazy("Its rules count for you here. Later only the operators can change it."),
        error_messages={
            "required": gettext_lazy("Choose where you live."),
            "invalid_choice": gettext_lazy("Choose one of those that are offered."),
        },
    )
    # Said by the library's form once it has looked at the address.
    account_already_exists = False

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        choices = [(pack.name, pack.label) for pack in packs()]
        if len(choices) < 2:
            del self.fields["jurisdiction"]
            return
        field = self.fields["jurisdiction"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.initial = settings.SMARTSYNC_JURISDICTION_DEFAULT

    @property
    def jurisdiction_chosen(self) -> str:
        """Return whose rules count: what was chosen, or the only ones there are."""
        return str(self.cleaned_data.get("jurisdiction", "") or settings.SMARTSYNC_JURISDICTION_DEFAULT)

    def _post_clean(self) -> None:
        """Ask once everything else fits, so that nobody is asked about a slip of the pen."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            signing_up.ask_about(
                email=self.cleaned_data.get("email", ""),
                jurisdiction=self.jurisdiction_chosen,
                is_known=self.account_already_exists,
                now=timezone.now(),
            )
        except Refusal as refusal:
            refuse(self, refusal)

    def signup(self, request: HttpRequest, user: User) -> None:
        """Called by the library for somebody who has just been made."""
        signing_up.begin(user=user, jurisdiction=self.jurisdiction_chosen, now=timezone.now())
