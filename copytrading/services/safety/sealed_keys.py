"""
The keys to accounts elsewhere, sealed: AES-256-GCM, a fresh nonce each time, the row bound in as associated data.

What seals is outside the database, in SMARTSYNC_LINK_KEYS: the first seals, all of them open, so that a new one is put
in front, `manage.py rotate_link_keys` seals everything anew, and the old one is taken away. A ciphertext that was moved
to another row, or given to another lead or exchange, does not open.
"""

import base64
import binascii
import hashlib
import json
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from accounts.transactions import in_transaction
from copytrading.models import Lead, LinkedAccount

KEY_BYTES = 32
NONCE_BYTES = 12
FINGERPRINT_LENGTH = 4


class KeyDoesNotOpen(Exception):
    """The seal is of a key that we do not have any more, or it belongs to another row."""


@dataclass(frozen=True, kw_only=True)
class ExchangeKey:
    """What opens an account at an exchange, as its owner typed it. No part of it is ever in a repr."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    # Some exchanges ask for a third part, the pass phrase; empty elsewhere.
    password: str = field(default="", repr=False)

    @property
    def fingerprint(self) -> str:
        """Return the last characters of the key, which say nothing and tell one key from another."""
        return self.key[-FINGERPRINT_LENGTH:]


def can_seal() -> bool:
    """Return whether this installation has a key to seal with; without one no account can be linked."""
    return bool(_sealing_keys())


def seal_key(link: LinkedAccount, key: ExchangeKey) -> None:
    """Put a key on a row, sealed to that row, unsaved. The row must have its id, lead and exchange."""
    assert link.pk is not None, "the id of the row is part of the seal"
    seal_id, sealing_key = next(iter(_sealing_keys().items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    parts = json.dumps({"key": key.key, "secret": key.secret, "password": key.password}).encode()
    link.sealed_key = nonce + AESGCM(sealing_key).encrypt(nonce, parts, _place_of(link))
    link.seal_id = seal_id
    link.fingerprint = key.fingerprint


def open_key(link: LinkedAccount) -> ExchangeKey:
    """
    Return the key of a row.

    :raises KeyDoesNotOpen: if the row, or the platform's own keys, are not those it was sealed with.
    """
    sealing_key = _sealing_keys().get(link.seal_id)
    if sealing_key is None:
        raise KeyDoesNotOpen(f"The key {link.seal_id!r} that sealed it is not among SMARTSYNC_LINK_KEYS.")
    sealed = bytes(link.sealed_key)
    try:
        parts = AESGCM(sealing_key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place_of(link))
    except InvalidTag as mismatch:
        raise KeyDoesNotOpen("The sealed key does not belong to this row.") from mismatch
    return ExchangeKey(**json.loads(parts))


@in_transaction
def erase_key_of(lead: Lead, *, reason: str) -> bool:
    """
    Take a lead's key off its row for good, say why, and return whether there was one.

    What the lead was seen to hold stays.
    """
    connected = LinkedAccount.objects.filter(lead=lead).exclude(status=LinkedAccount.Status.REVOKED)
    erased = connected.update(
        status=LinkedAccount.Status.REVOKED, reason=reason, sealed_key=b"", seal_id="", failures=0, doubted_at=None
    )
    return bool(erased)


def rotate_link_keys() -> int:
    """
    Seal with the first key what another one sealed, and return how many keys that were. May be run again at any time.

    :raises KeyDoesNotOpen: if a key is sealed with one that is not here any more; those before it are done.
    """
    first = next(iter(_sealing_keys()), "")
    waiting = LinkedAccount.objects.exclude(status=LinkedAccount.Status.REVOKED).exclude(seal_id=first)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True))
    for link_id in ids:
        with transaction.atomic(durable=True):
            link = LinkedAccount.objects.select_for_update().get(pk=link_id)
            if link.seal_id in ("", first):
                continue
            seal_key(link, open_key(link))
            link.save(update_fields=["sealed_key", "seal_id", "fingerprint"])
    return len(ids)


def _place_of(link: LinkedAccount) -> bytes:
    """Return what is bound into the seal: the table, the row, whose it is, and where the key opens."""
    return f"copytrading_linkedaccount:{link.pk}:{link.lead_id}:{link.exchange}".encode()


def _sealing_keys() -> dict[str, bytes]:
    """
    Return the platform's keys by the id that rows name them by, the one that seals first.

    On somebody's own machine one is derived from SECRET_KEY; a server names its own, or links no accounts.

    :raises ImproperlyConfigured: if one of them is not 32 bytes in base64.
    """
    keys = [_decode(text) for text in settings.SMARTSYNC_LINK_KEYS]
    if not keys and settings.DEVELOPMENT:
        derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"smartsync keys of linked accounts")
        keys = [derive.derive(settings.SECRET_KEY.encode())]
    return {hashlib.sha256(b"smartsync link key:" + key).hexdigest()[:12]: key for key in keys}


def _decode(text: str) -> bytes:
    try:
        key = base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured("A key in SMARTSYNC_LINK_KEYS is not base64.") from error
    if len(key) != KEY_BYTES:
        raise ImproperlyConfigured(f"A key in SMARTSYNC_LINK_KEYS has {len(key)} bytes; it must have {KEY_BYTES}.")
    return key
