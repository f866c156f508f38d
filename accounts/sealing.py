"""
Secrets at rest: AES-256-GCM, a fresh nonce each time, the place bound in as associated data.

What seals is outside the database, in SMARTSYNC_LINK_KEYS: the first seals, all of them open. A ciphertext that was
moved to another place does not open.
"""

import base64
import binascii
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

KEY_BYTES = 32
NONCE_BYTES = 12


class SealDoesNotOpen(Exception):
    """The seal is of a key that we do not have any more, or it belongs to another place."""


def seal(secret: bytes, *, place: str) -> tuple[str, bytes]:
    """
    Return a secret sealed to a place, as (the id of the key that seals, the sealed bytes).

    :raises ImproperlyConfigured: if there is no key to seal with.
    """
    keys = sealing_keys()
    if not keys:
        raise ImproperlyConfigured("SMARTSYNC_LINK_KEYS names no key, and secrets are not kept unsealed.")
    seal_id, key = next(iter(keys.items()))
    nonce = secrets.token_bytes(NONCE_BYTES)
    return seal_id, nonce + AESGCM(key).encrypt(nonce, secret, place.encode())


def unseal(seal_id: str, sealed: bytes, *, place: str) -> bytes:
    """
    Return what was sealed to a place.

    :raises SealDoesNotOpen: if the place, or the platform's own keys, are not those it was sealed with.
    """
    key = sealing_keys().get(seal_id)
    if key is None:
        raise SealDoesNotOpen(f"The key {seal_id!r} that sealed it is not among SMARTSYNC_LINK_KEYS.")
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except InvalidTag as mismatch:
        raise SealDoesNotOpen("What is sealed does not belong to this place.") from mismatch


def sealing_keys() -> dict[str, bytes]:
    """
    Return the platform's keys by the id that rows name them by, the one that seals first.

    On somebody's own machine one is derived from SECRET_KEY; a server names its own, or keeps no secrets.

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
