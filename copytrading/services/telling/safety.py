"""
Word of what concerns the safety of an account: a sign-in from a new device, another password, address or factor.

The sign-in library says when such a thing has happened, and here it is told. Its own writes are committed by then, one
by one: a process that dies between them and this tells nothing, the only notice that can be missing.
"""

import hashlib
import secrets
from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.models import User
from copytrading.models import KnownDevice, Notice
from copytrading.services.telling import notices

Kind = Notice.Kind
COOKIE = "browser"
COOKIE_SECONDS = 400 * 24 * 3600  # the most that browsers keep one for
NAME_LENGTH = 43
FACTORS = {
    Authenticator.Type.TOTP: "the authenticator app",
    Authenticator.Type.RECOVERY_CODES: "the recovery codes",
    Authenticator.Type.WEBAUTHN: "a passkey",
}
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


def listen() -> None:
    """Hear what the sign-in library says, once per process."""
    account.user_logged_in.connect(note_sign_in, dispatch_uid="telling.signed_in")
    for signal in (account.password_changed, account.password_set, account.password_reset):
        signal.connect(_note_password, dispatch_uid="telling.password")
    account.email_changed.connect(_note_address, dispatch_uid="telling.address")
    for changed, verb in (
        (factors.authenticator_added, "added"),
        (factors.authenticator_removed, "removed"),
        (factors.authenticator_reset, "made anew"),
    ):
        changed.connect(_FactorNoted(verb), weak=False, dispatch_uid=f"telling.factor.{verb}")


def note_sign_in(sender: Any, request: HttpRequest, user: User, response: HttpResponse | None = None, **_: Any) -> None:
    """Know the browser again that somebody signs in with, and tell of one that is new; not of the very first."""
    now = timezone.now()
    name = request.COOKIES.get(COOKIE, "")
    if len(name) != NAME_LENGTH:
        name = secrets.token_urlsafe(32)
    hashed = hashlib.sha256(name.encode()).hexdigest()
    with transaction.atomic():
        is_first = not KnownDevice.objects.filter(user=user).exists()
        is_new = KnownDevice.objects.update_or_create(user=user, name_hash=hashed, defaults={"seen_at": now})[1]
        if is_new and not is_first:
            notices.tell_person(user.pk, Kind.SIGNED_IN, now, words=device_words(request.headers.get("User-Agent", "")))
    if response is not None:
        response.set_cookie(
            COOKIE, name, max_age=COOKIE_SECONDS, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )


def device_words(agent: str) -> str:
    """Return what a browser calls itself, in words: "Chrome on Android"."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "a program")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return f"{browser} on {system}" if system else browser


def _note_password(sender: Any, user: User, **_: Any) -> None:
    _tell(user, Kind.PASSWORD_CHANGED)


def _note_address(sender: Any, user: User, from_email_address: Any = None, **_: Any) -> None:
    # Where no address stood before there is nobody to warn.
    if from_email_address is not None:
        _tell(user, Kind.EMAIL_CHANGED, words=from_email_address.email)


class _FactorNoted:
    """Tells that a second factor was added, removed or made anew."""

    def __init__(self, verb: str) -> None:
        self.verb = verb

    def __call__(self, sender: Any, user: User, authenticator: Authenticator, **_: Any) -> None:
        factor = FACTORS.get(authenticator.type, "a second factor")
        _tell(user, Kind.SECOND_FACTOR_CHANGED, words=f"{factor}, {self.verb}")


def _tell(user: User, kind: Notice.Kind, *, words: str = "") -> None:
    with transaction.atomic():
        notices.tell_person(user.pk, kind, timezone.now(), words=words)
