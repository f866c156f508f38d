"""Sign-up and reset that answer alike, and as fast, for an address that is known and one that is not."""

import time
from typing import Any

from allauth.account.forms import ResetPasswordForm as LibraryResetForm
from allauth.account.forms import SignupForm as LibrarySignupForm
from django.contrib.auth import get_user_model
from django.http import HttpRequest

# Longer than either answer takes; the sign-up and the sign-in need no floor, as both of theirs hash one password.
RESET_SECONDS = 0.25


class SignupForm(LibrarySignupForm):
    """The library's; for an address that is known it hashes the password too, and throws it away."""

    def try_save(self, request: HttpRequest) -> Any:
        if self.account_already_exists:
            get_user_model()().set_password(self.cleaned_data["password1"])
        return super().try_save(request)


class ResetPasswordForm(LibraryResetForm):
    """The library's; it answers at the same moment after the question, whatever there was to do."""

    def save(self, request: HttpRequest, **options: Any) -> str:
        began_at = time.monotonic()
        email: str = super().save(request, **options)
        time.sleep(max(0.0, began_at + RESET_SECONDS - time.monotonic()))
        return email
