"""Keys for programs: shown once, and bounded in what they may do, from where, how often and how long."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.db.models import QuerySet
from django.utils.translation import gettext

from accounts.devices import NO_NAME, hash_of
from accounts.models import ProgramKey, User

PREFIX = "sk_"
HINT_LENGTH = 10
KEYS_MAX = 20
NETWORKS_MAX = 20
AGE_MAX = timedelta(days=366)
REQUESTS_PER_MINUTE, REQUESTS_PER_MINUTE_MAX = 120, 600
SEEN_EVERY = timedelta(minutes=1)


class KeyNotPossible(Exception):
    """The key cannot be made as it was asked for; `field` is what to change."""

    def __init__(self, sentence: str, *, field: str) -> None:
        super().__init__(sentence)
        self.field = field


class KeyExpired(Exception):
    """The key was good until a day that has passed."""


class AddressNotListed(Exception):
    """The key is good, and not from here."""


def make_key(
    *,
    user: User,
    name: str,
    scopes: Iterable[str],
    now: datetime,
    addresses: Iterable[str] = (),
    expires_at: datetime | None = None,
    requests_per_minute: int = REQUESTS_PER_MINUTE,
) -> tuple[ProgramKey, str]:
    """
    Return a new key of a person, and the key itself, which nobody can be shown a second time.

    :raises KeyNotPossible: if it has no scope or an unknown one, an address that is none, a day that has passed, or
        there are too many keys already.
    """
    known = [scope.value for scope in ProgramKey.Scope]
    wanted = [scope for scope in known if scope in set(scopes)]
    if strange := set(scopes) - set(known):
        raise KeyNotPossible(
            gettext("There is no scope %(scope)s; there are %(scopes)s.")
            % {"scope": min(strange), "scopes": ", ".join(known)},
            field="scopes",
        )
    if not wanted:
        raise KeyNotPossible(gettext("Choose what the key may do."), field="scopes")
    if expires_at is not None and not now < expires_at <= now + AGE_MAX:
        raise KeyNotPossible(
            gettext("A key can be good for %(days)s days at most, from now on.") % {"days": AGE_MAX.days},
            field="expires_at",
        )
    if not 1 <= requests_per_minute <= REQUESTS_PER_MINUTE_MAX:
        raise KeyNotPossible(
            gettext("It can be 1 to %(most)s.") % {"most": REQUESTS_PER_MINUTE_MAX}, field="requests_per_minute"
        )
    if keys_of(user).count() >= KEYS_MAX:
        raise KeyNotPossible(gettext("You have %(keys)s keys; revoke one first.") % {"keys": KEYS_MAX}, field="name")
    secret = PREFIX + secrets.token_urlsafe(32)
    key = ProgramKey.objects.create(
        user=user,
        name=name.strip()[:60] or NO_NAME,
        key_hash=hash_of(secret),
        hint=secret[:HINT_LENGTH],
        scopes=wanted,
        addresses=networks_in(addresses),
        requests_per_minute=requests_per_minute,
        made_at=now,
        expires_at=expires_at,
    )
    return key, secret


def networks_in(addresses: Iterable[str]) -> list[str]:
    """
    Return addresses and networks as they are kept, as 203.0.113.0/24.

    :raises KeyNotPossible: if one is none, or there are too many.
    """
    found = []
    for text in addresses:
        try:
            found.append(str(ip_network(text.strip())))
        except ValueError as error:
            raise KeyNotPossible(
                gettext("%(text)s is no address and no network; write 203.0.113.7 or 203.0.113.0/24.")
                % {"text": text.strip()[:45]},
                field="addresses",
            ) from error
    if len(found) > NETWORKS_MAX:
        raise KeyNotPossible(gettext("There can be %(most)s at most.") % {"most": NETWORKS_MAX}, field="addresses")
    return list(dict.fromkeys(found))


def keys_of(user: User) -> QuerySet[ProgramKey]:
    """Return the keys of a person that are not revoked, latest first."""
    return ProgramKey.objects.filter(user=user, revoked_at__isnull=True).order_by("-pk")


def find_key(secret: str, *, address: str, now: datetime) -> ProgramKey | None:
    """
    Return the key that was sent, with its person; None if there is no such key.

    :raises KeyExpired: if its day has passed.
    :raises AddressNotListed: if it may not be used from there.
    """
    found = ProgramKey.objects.select_related("user").filter(key_hash=hash_of(secret), revoked_at__isnull=True)
    key = found.filter(user__is_active=True).first()
    if key is None:
        return None
    if key.expires_at is not None and key.expires_at <= now:
        raise KeyExpired(
            gettext("This key was good until %(when)s UTC; make a new one.")
            % {"when": f"{key.expires_at:%Y-%m-%d %H:%M}"}
        )
    if key.addresses and not any(ip_address(address) in ip_network(network) for network in key.addresses):
        raise AddressNotListed(
            gettext("This key may not be used from %(address)s; add that to its addresses.") % {"address": address}
        )
    if key.last_used_at is None or now - key.last_used_at >= SEEN_EVERY:
        ProgramKey.objects.filter(pk=key.pk).update(last_used_at=now, last_address=address)
    return key


def revoke_key(*, user: User, key_id: int, now: datetime) -> bool:
    """Put a key out, from this moment on; return whether there was such a key of this person."""
    return bool(keys_of(user).filter(pk=key_id).update(revoked_at=now))
