"""What a browser says of a passkey: an object, whatever somebody sends in its place."""

from typing import Any

from allauth.mfa.webauthn import forms as library
from django import forms
from django.utils.translation import gettext


class CredentialField(forms.JSONField):
    """A credential as the browser writes it. The library would fall over a number or a list."""

    def clean(self, value: Any) -> Any:
        try:
            credential = super().clean(value)
        except ValueError:
            # A number with more digits than are read.
            credential = None
        if not isinstance(credential, dict):
            raise forms.ValidationError(gettext("That is no passkey's answer. Try again from the beginning."))
        return credential


def _credential() -> CredentialField:
    return CredentialField(required=True, widget=forms.HiddenInput)


class AddPasskeyForm(library.AddWebAuthnForm):
    """The library's; who adds one most often means to sign in by it alone, so that is ticked."""

    credential = _credential()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        if "passwordless" in self.fields:
            self.fields["passwordless"].initial = True


class AuthenticatePasskeyForm(library.AuthenticateWebAuthnForm):
    credential = _credential()


class LoginPasskeyForm(library.LoginWebAuthnForm):
    credential = _credential()


class ReauthenticatePasskeyForm(library.ReauthenticateWebAuthnForm):
    credential = _credential()
