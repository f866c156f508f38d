"""
Devices on which somebody signed in before, told by a cookie that we sign; and how often all others may guess.

The cookie opens nothing: it only says that its bearer knew the password once.
"""

import time
from contextlib import suppress

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from accounts import rate_limits

GUESSES_AN_HOUR = 60
HOUR_SECONDS = 3600
COOKIE_AGE_SECONDS = 365 * 24 * 3600
_salt = "accounts.identity.devices"


def is_known(request: HttpRequest, email: str) -> bool:
    """Return whether somebody with this address signed in on this device before."""
    return _mark_of(email) in _marks_in(request)


def remember(response: HttpResponse, email: str) -> None:
    """Let the device know from now on who signed in on it."""
    response.set_cookie(
        _cookie_name(),
        signing.dumps([_mark_of(email)], salt=_salt),
        max_age=COOKIE_AGE_SECONDS,
        secure=not settings.DEVELOPMENT,
        httponly=True,
        samesite="Lax",
    )


def may_try(login: str) -> bool:
    """Count a try from a device that is not known, and return whether it is within what all of them have an hour."""
    return rate_limits.counted(_tries_key(login), seconds=2 * HOUR_SECONDS) <= GUESSES_AN_HOUR


def take_back_try(login: str) -> None:
    """Do not count a try that was right."""
    key = _tries_key(login)
    if cache.get(key):
        # What is forgotten by then need not be taken back.
        with suppress(ValueError):
            cache.decr(key)


def _tries_key(login: str) -> str:
    return f"sign-in-tries:{_mark_of(login)}:{int(time.time() // HOUR_SECONDS)}"


def _marks_in(request: HttpRequest) -> list[str]:
    try:
        marks = signing.loads(request.COOKIES.get(_cookie_name(), ""), salt=_salt, max_age=COOKIE_AGE_SECONDS)
    except signing.BadSignature:
        return []
    return [str(mark) for mark in marks]


def _mark_of(email: str) -> str:
    # The address itself is nobody's business who finds the device.
    return salted_hmac(_salt, email.lower(), algorithm="sha256").hexdigest()[:32]


def _cookie_name() -> str:
    return "device" if settings.DEVELOPMENT else "__Host-device"
