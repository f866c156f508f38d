"""
Where a request comes from: the peer of the connection, or what our own proxies say of it.

    TRUSTED_PROXY_COUNT=0    the peer; nothing that the request says of itself is believed
    TRUSTED_PROXY_COUNT=1    the last address in X-Forwarded-For: our one proxy has written it
    TRUSTED_PROXY_COUNT=2    the last but one: the outer proxy has written it, the inner one has added the outer

What stands further to the left was sent by the client. The web server must not rewrite the peer itself, see
`manage.py up`: it would believe whoever comes from this machine.
"""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

NOWHERE = "0.0.0.0"


def client_address(request: HttpRequest) -> str:
    """
    Return the address that limits count by, as IPv4 or IPv6 text.

    A request that came past the proxies, with fewer addresses than there are proxies, counts as its peer.
    """
    peer = _address_in(str(request.META.get("REMOTE_ADDR", "")))
    count = settings.TRUSTED_PROXY_COUNT
    told = request.headers.get("X-Forwarded-For", "").split(",")
    said = _address_in(told[-count]) if 0 < count <= len(told) else ""
    # A socket file has no peer: everybody who comes by it counts as one.
    return said or peer or NOWHERE


def _address_in(text: str) -> str:
    """Return the address in a text, without port and brackets; empty where there is none."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
