"""
The platform's key for web push (VAPID, RFC 8292), and which endpoints it talks to.

The key is made of a secret that stays: a browser trusts the key that it subscribed by, so another secret means that
everybody subscribes again. Messages go to the push services of browsers and to nobody else: an endpoint is an address
that a stranger names, and must not make the platform call whomever the stranger likes.
"""

import base64
import hashlib
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of the curve P-256


def is_possible() -> bool:
    """Return whether this installation has a key for push at all."""
    return bool(settings.WEB_PUSH_SECRET)


def private_key() -> str:
    """Return the private key as base64url (43 characters)."""
    return _base64url(_number().to_bytes(32, "big"))


def public_key() -> str:
    """Return the public key as browsers want it: the point, uncompressed, as base64url (87 characters)."""
    key = ec.derive_private_key(_number(), ec.SECP256R1())
    return _base64url(key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def is_push_service(endpoint: str) -> bool:
    """Return whether an endpoint is one of a known push service, over https."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return False
    host = (parts.hostname or "").lower()
    if f"{host}:{port}" in settings.WEB_PUSH_LOCAL_HOSTS:
        return True
    return (
        parts.scheme == "https"
        and port in (None, 443)
        and parts.username is None
        and any(host == name or host.endswith(f".{name}") for name in settings.WEB_PUSH_HOSTS)
    )


def _number() -> int:
    digest = hashlib.sha512(b"web push " + settings.WEB_PUSH_SECRET.encode()).digest()
    return int.from_bytes(digest, "big") % (ORDER - 1) + 1


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
