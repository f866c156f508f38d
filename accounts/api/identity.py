"""
The sign-in library's own steps over HTTP (/api/identity/): sign-up, confirmation, reset, passkeys, codes.

The library leads through the steps and asks us for tokens when somebody is through. Its own tokens can be refreshed
twice at once and forgive one that comes again, so here they are those of a device: see accounts.devices.

    X-Session-Token    while somebody is on the way in: the session of the steps, signed
    Authorization      afterwards: a device, for which the library is given a session of that person
"""

from typing import Any, NoReturn

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.core.internal.httpkit import authenticated_user
from allauth.headless.internal import sessionkit
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.dispatch import receiver
from django.http import Http404, HttpRequest
from django.urls import include, path, re_path
from django.utils import timezone

from accounts import devices, program_keys
from accounts.addresses import client_address
from accounts.models import Device, User


def no_telephones(request: HttpRequest) -> NoReturn:
    """Say that nothing is there: nobody here has a telephone number, and the library falls over its steps about one."""
    raise Http404


# The steps themselves. Whoever serves them hears of a new password and a new second factor, too.
urlpatterns = [re_path(r"^\w+/v1/\w+/phone(?:/|$)", no_telephones), path("", include("allauth.headless.urls"))]
_signer = signing.Signer(salt="accounts.api.identity")
BEARER = "bearer "


class DeviceTokens(AbstractTokenStrategy):
    """Gives out the tokens of a device, and finds the session that the library works with."""

    def get_session_token(self, request: HttpRequest) -> str | None:
        """Return the token of the steps; for somebody with a device, that of a session of that person."""
        said = request.headers.get("Authorization", "")
        if not said.lower().startswith(BEARER):
            token = super().get_session_token(request)
            return str(token) if token else None
        token = said[len(BEARER) :].strip()
        if token.startswith(program_keys.PREFIX):
            # No key may change who somebody is: the library is shown a session that is none.
            return token
        device = devices.find_device(token, now=timezone.now())
        if device is None:
            return token
        request.device = device  # type: ignore[attr-defined]
        return _signer.sign(_session_of(device))

    def create_session_token(self, request: HttpRequest) -> str:
        if not request.session.session_key:
            request.session.save()
        return _signer.sign(str(request.session.session_key))

    def lookup_session(self, session_token: str) -> SessionBase | None:
        try:
            return sessionkit.lookup_session(_signer.unsign(session_token))
        except signing.BadSignature:
            return None

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        """Open a device for who has just come in."""
        if not request.session.session_key:
            request.session.save()
        device, tokens = devices.open_device(
            user=authenticated_user(request),
            name=request.headers.get("X-Device-Name", ""),
            agent=request.headers.get("User-Agent", ""),
            address=client_address(request),
            session_key=str(request.session.session_key),
            now=timezone.now(),
        )
        request.device = device  # type: ignore[attr-defined]
        return {name: getattr(tokens, name) for name in tokens.__dataclass_fields__}

    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        found = devices.refresh(refresh_token, now=timezone.now())
        return None if found is None else (found[1].access_token, found[1].refresh_token)


def _session_of(device: Device) -> str:
    """Return the key of the session that the library works with for a device; a new one where there is none."""
    if device.session_key and sessionkit.lookup_session(device.session_key) is not None:
        return device.session_key
    session = sessionkit.new_session()
    session[SESSION_KEY] = str(device.user_id)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = device.user.get_session_auth_hash()
    session.save()
    device.session_key = str(session.session_key)
    Device.objects.filter(pk=device.pk).update(session_key=device.session_key)
    return device.session_key


@receiver([password_changed, password_set, password_reset], dispatch_uid="accounts.api.identity.password")
def _password_is_new(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Put every other device out; the one that changed the password stays in."""
    own = _device_of(request)
    if own is not None:
        session_key = str(request.session.session_key or "")
        Device.objects.filter(pk=own).update(password_mark=user.get_session_auth_hash(), session_key=session_key)
    _revoke_others(user, own, Device.RevokedFor.PASSWORD)


@receiver(
    [authenticator_added, authenticator_removed, authenticator_reset],
    dispatch_uid="accounts.api.identity.second_factor",
)
def _second_factor_is_new(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Put every other device out; the one that changed the second factor stays in, with the number of its time."""
    own = _device_of(request)
    if own is not None:
        user.refresh_from_db(fields=["sessions_ended"])
        Device.objects.filter(pk=own).update(password_mark=user.get_session_auth_hash())
    _revoke_others(user, own, Device.RevokedFor.SECOND_FACTOR)


def _device_of(request: HttpRequest | None) -> int | None:
    device = getattr(request, "device", None)
    return device.pk if isinstance(device, Device) else None


def _revoke_others(user: User, own: int | None, reason: Device.RevokedFor) -> None:
    others = Device.objects.filter(user=user)
    if own is not None:
        others = others.exclude(pk=own)
    devices.revoke(others, reason=reason, now=timezone.now())
