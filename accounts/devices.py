"""
Devices: how a program stays signed in, and how it is put out.

    access token     a quarter of an hour; the device's number, signed, so that nobody can make one from the database
    refresh token    sixty days, used once: it gives a new pair, and dies

A refresh token that comes again was copied by somebody, and nobody knows who of the two it is: so the device is revoked
with all its tokens, and both have to sign in. That holds when they come at the same moment, too: the database lets one
through, and the other one is the second.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_noop

from accounts.models import Device, RefreshToken, User
from accounts.transactions import owns_transaction

ACCESS_AGE_MAX = timedelta(minutes=15)
REFRESH_AGE_MAX = timedelta(days=60)
# What somebody proved to be counts for so long before it is asked for again.
PROOF_AGE_MAX = timedelta(minutes=5)
# Seen to the minute: nobody needs to know it better, and a request need not write.
SEEN_EVERY = timedelta(minutes=1)
NAME_LENGTH_MAX, AGENT_LENGTH_MAX = 60, 200
_signer = signing.TimestampSigner(salt="accounts.devices")


# What is stored for one that says no name; whoever shows it says it in the language of the page.
NO_NAME = gettext_noop("A program")


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What a device is told once; `expires_in` seconds are left to the access token."""

    access_token: str
    refresh_token: str
    expires_in: int = int(ACCESS_AGE_MAX.total_seconds())


def open_device(
    *, user: User, now: datetime, name: str = "", agent: str = "", address: str | None = None, session_key: str = ""
) -> tuple[Device, Tokens]:
    """Return a new device of somebody who has just proved to be it, with its first tokens."""
    device = Device.objects.create(
        user=user,
        name=(name or agent or NO_NAME)[:NAME_LENGTH_MAX],
        agent=agent[:AGENT_LENGTH_MAX],
        address=address,
        session_key=session_key,
        password_mark=user.get_session_auth_hash(),
        signed_in_at=now,
        confirmed_at=now,
        last_used_at=now,
    )
    return device, _issue(device, now)


def find_device(access_token: str, *, now: datetime) -> Device | None:
    """Return the device that an access token is of, with its person; None if it is no way in any more."""
    try:
        device_id = int(_signer.unsign(access_token, max_age=ACCESS_AGE_MAX))
    except (signing.BadSignature, ValueError):
        return None
    device = Device.objects.select_related("user").filter(pk=device_id).first()
    if device is None or not _is_way_in(device):
        return None
    if now - device.last_used_at >= SEEN_EVERY:
        Device.objects.filter(pk=device.pk).update(last_used_at=now)
    return device


@owns_transaction
def refresh(refresh_token: str, *, now: datetime) -> tuple[Device, Tokens] | None:
    """
    Return a device with new tokens for one that was not used yet; None for any other.

    1. Mark the token as used. The database lets one do so.
    2. Whoever finds it used already revokes the device: one of two who have it is not the person.
    """
    token_hash = hash_of(refresh_token)
    taken = RefreshToken.objects.filter(token_hash=token_hash, used_at__isnull=True).update(used_at=now)
    token = RefreshToken.objects.select_related("device__user").filter(token_hash=token_hash).first()
    if token is None:
        return None
    if not taken:
        revoke(Device.objects.filter(pk=token.device_id), reason=Device.RevokedFor.TOKEN_REUSED, now=now)
        return None
    if token.expires_at <= now or not _is_way_in(token.device):
        return None
    return token.device, _issue(token.device, now)


def devices_of(user: User) -> QuerySet[Device]:
    """Return where somebody is signed in with a program."""
    return Device.objects.filter(user=user, revoked_at__isnull=True, password_mark=user.get_session_auth_hash())


def revoke(devices: QuerySet[Device], *, reason: Device.RevokedFor, now: datetime) -> int:
    """Put devices out, from this moment on, with the sessions that they came in by; return how many there were."""
    standing = dict(devices.filter(revoked_at__isnull=True).values_list("pk", "session_key"))
    put_out = Device.objects.filter(pk__in=list(standing), revoked_at__isnull=True)
    count = put_out.update(revoked_at=now, revoked_for=reason)
    for session_key in filter(None, standing.values()):
        import_module(settings.SESSION_ENGINE).SessionStore(session_key).delete()
    return count


def confirm(device: Device, *, now: datetime) -> None:
    """Note that the person has proved again to be it."""
    Device.objects.filter(pk=device.pk).update(confirmed_at=now)


def is_confirmed(device: Device, *, now: datetime) -> bool:
    """Return whether somebody proved in the last minutes, on this device, to be who they are."""
    return now - device.confirmed_at <= PROOF_AGE_MAX


def access_token_of(device: Device) -> str:
    """Return a new access token of a device."""
    return _signer.sign(str(device.pk))


def hash_of(secret: str) -> str:
    """Return what is kept of a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _issue(device: Device, now: datetime) -> Tokens:
    secret = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        device=device, token_hash=hash_of(secret), issued_at=now, expires_at=now + REFRESH_AGE_MAX
    )
    return Tokens(access_token=access_token_of(device), refresh_token=secret)


def _is_way_in(device: Device) -> bool:
    user = device.user
    return (
        device.revoked_at is None
        and user.is_active
        and constant_time_compare(device.password_mark, user.get_session_auth_hash())
    )
