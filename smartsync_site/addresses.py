"""
What the addresses of servers mean: where a password ends, which database is meant, and that TLS is verified.

The cache, the bell and the broker reach one Valkey through two libraries. One of them verifies the certificate of a
`rediss://` address unless it is told not to, the other does not unless it is told to; here both are told.
"""

from typing import Any
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

import environ

CERTIFICATES = ("required", "optional", "none")
# What the broker's library reads of an address; anything else in there ends its start.
OPTIONS_OF_TLS = ("ssl_cert_reqs", "ssl_check_hostname", "ssl_ca_certs", "ssl_ca_path", "ssl_certfile", "ssl_keyfile")
CODED = ", ".join(f"{character} as {quote(character, safe='')}" for character in "@/#?%")


def database(address: str) -> dict[str, Any]:
    """
    Return the settings of the database at this address.

    :raises ImproperlyConfigured: if it cannot be read.
    """
    try:
        found: dict[str, Any] = environ.Env.db_url_config(address)
    except ValueError:
        raise _unreadable("DATABASE_URL") from None
    if "@" in str(found["NAME"]):
        raise _unreadable("DATABASE_URL")
    return found


def mail_server(address: str) -> dict[str, Any]:
    """
    Return the settings of the mail server at this address.

    :raises ImproperlyConfigured: if it cannot be read.
    """
    try:
        found: dict[str, Any] = environ.Env.email_url_config(address)
    except ValueError:
        raise _unreadable("EMAIL_URL") from None
    return found


def verified(name: str, address: str) -> str:
    """
    Return the address of a Valkey, which says what is to become of its certificate where it is reached by TLS.

    :raises ImproperlyConfigured: if it cannot be read, or asks for what one of the two libraries does not know.
    """
    if not address.startswith("rediss:"):
        return address
    parts = _parts(name, address)
    options = dict(parse_qsl(parts.query))
    asked = options.get("ssl_cert_reqs", "required")
    # One library says CERT_REQUIRED, the other required, and this one both understand.
    options["ssl_cert_reqs"] = asked.removeprefix("CERT_").lower()
    if options["ssl_cert_reqs"] not in CERTIFICATES:
        raise environ.ImproperlyConfigured(
            f"{name} says ssl_cert_reqs={asked}, which is none of {', '.join(CERTIFICATES)}; not named, it is required."
        )
    return parts._replace(query=_query(options)).geturl()


def broker_url(redis_url: str) -> str:
    """
    Return the address of the broker: the same server, the next database, so that clearing the cache spares it.

    :raises ImproperlyConfigured: if the address cannot be read, or names no database by its number.
    """
    parts = _parts("REDIS_URL", verified("REDIS_URL", redis_url))
    options = dict(parse_qsl(parts.query))
    is_socket = parts.scheme == "unix"
    number = options.get("db", "" if is_socket else parts.path.removeprefix("/"))
    if not (number.isascii() and number.isdigit()):
        raise environ.ImproperlyConfigured(
            "REDIS_URL must name the number of a database, as in redis://host:6379/0,"
            " rediss://host:6379/0?ssl_ca_certs=/path/ca.pem or unix:///path/valkey.sock?db=0."
        )
    following = int(number) + 1
    if is_socket:
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={following}"
    kept = {name: options[name] for name in OPTIONS_OF_TLS if name in options}
    return parts._replace(path=f"/{following}", query=_query(kept)).geturl()


def _parts(name: str, address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        is_whole = not parts.fragment and (parts.port is None or parts.port > 0)
    except ValueError:
        is_whole = False
    if not is_whole or "@" in parts.path:
        raise _unreadable(name)
    return parts


def _query(options: dict[str, str]) -> str:
    return urlencode(options, safe="/:")


def _unreadable(name: str) -> Exception:
    """Return the error of an address that ends where it should not; it does not repeat what may be a password."""
    return environ.ImproperlyConfigured(
        f"{name} is no address that can be read. In a user name or password write {CODED} (percent-coding)."
    )
