"""What the sign-in library is told to do our way."""

import base64
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.httpkit import is_headless_request
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from accounts import sealing
from accounts.addresses import client_address
from accounts.identity import devices

# In the session of a first visit, until something was chosen.
OFFERS_PASSKEY = "offers_passkey"
SEALED_PLACE = "a second factor"


class AccountAdapter(DefaultAccountAdapter):
    """How people of this portal sign up and in."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return where a request comes from; what it says of itself counts only where a proxy of ours says it."""
        return client_address(request)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count failures for each person and address: who fails elsewhere locks nobody out here."""
        return f"{super()._get_login_attempts_cache_key(request, **credentials)}:{client_address(request)}"

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """
        Let somebody try who has not failed too often.

        Beside the count of one address there is one for all devices that this person never signed in on, against
        many who guess together. A device that is known is not among them, so strangers lock nobody out of it.
        """
        super().pre_authenticate(request, **credentials)
        login = str(credentials.get("email", "")).lower()
        self._counted = "" if devices.is_known(request, login) else login
        if self._counted and not devices.may_try(self._counted):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None and self._counted:
            devices.take_back_try(self._counted)
        return user

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign somebody in; whoever comes in for the first time is offered a passkey on the pages of this visit."""
        is_first = user.last_login is None
        super().login(request, user)
        # The session of before is another one.
        if is_first:
            request.session[OFFERS_PASSKEY] = True

    def post_login(self, request: HttpRequest, user: Any, **said: Any) -> HttpResponse:
        """Go on after a sign-in; a device that was never seen before is known from now on."""
        if said.get("signup") and not is_headless_request(request):
            # The password was typed a moment ago: whoever adds a passkey now need not type it again.
            record_authentication(request, user, "password", email=user.email, reauthenticated=True)
        response: HttpResponse = super().post_login(request, user, **said)
        if not devices.is_known(request, user.email):
            devices.remember(response, user.email)
        return response


class SecondFactorAdapter(DefaultMFAAdapter):
    """How second factors are kept: what one could make codes with is sealed, as keys to accounts elsewhere are."""

    def encrypt(self, text: str) -> str:
        seal_id, sealed = sealing.seal(text.encode(), place=SEALED_PLACE)
        return f"{seal_id}:{base64.b64encode(sealed).decode()}"

    def decrypt(self, encrypted_text: str) -> str:
        """
        Return what is sealed.

        :raises SealDoesNotOpen: if it was not sealed by us.
        """
        seal_id, _, sealed = encrypted_text.partition(":")
        return sealing.unseal(seal_id, base64.b64decode(sealed), place=SEALED_PLACE).decode()
