"""
Where the operator's own check is asked, out of the environment: an address of theirs, or the demo's on this machine.

What does not fit ends the start with a sentence: a gate that is believed to be there and is not lets everybody in.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from environ import ImproperlyConfigured

DEMO = "demo"
DEMO_PORT = 8099
PORT_MIN, PORT_MAX = 1024, 65535
# Known to everybody, for a provider that decides by what an address of mail says.
DEMO_SECRET = "whsec_" + base64.b64encode(b"the demo of a gate has no secret").decode()
PREFIX, SECRET_BYTES_MIN = "whsec_", 24
ACTS = {"sign_up": "SIGN_UP", "deposit": "DEPOSIT", "copy": "COPY", "lead": "LEAD", "withdraw": "WITHDRAW"}


@dataclass(frozen=True, kw_only=True)
class Gate:
    """Whom to ask, signed by what; `local_hosts` may be on this machine, `demo_port` is the demo's, or 0."""

    url: str
    secret: str = field(repr=False)
    local_hosts: tuple[str, ...] = ()
    demo_port: int = 0


def read_gate(given: str, secret: str, *, development: bool) -> Gate:
    """
    Return the gate that is named: empty is none, `demo` or `demo:PORT` the one on this machine, else an address.

    :raises ImproperlyConfigured: if nobody could be asked there, or nobody could tell that it is us.
    """
    if not given:
        return Gate(url="", secret="")
    if given.partition(":")[0] == DEMO:
        return _demo(given, development=development)
    try:
        parts = urlsplit(given)
        is_address = bool(parts.hostname) and parts.scheme in ("https", "http") and (parts.port or 1) > 0
    except ValueError:
        is_address = False
    if not is_address or (parts.scheme == "http" and not development):
        raise ImproperlyConfigured(
            f"SMARTSYNC_GATE_URL is {given!r}; write it as https://checks.example.org/gate, or demo beside"
            " DEVELOPMENT=1."
        )
    if not is_secret(secret):
        raise ImproperlyConfigured(
            f"SMARTSYNC_GATE_SECRET has to be {PREFIX} and at least {SECRET_BYTES_MIN} bytes in base64: without it"
            " nobody who is asked could tell that it is this platform. .env.example says how one is made."
        )
    return Gate(url=given, secret=secret)


def read_acts(given: Sequence[str]) -> tuple[str, ...]:
    """
    Return what is asked about, in our order.

    :raises ImproperlyConfigured: if one of them is none.
    """
    named = [one.strip() for one in given]
    if strange := next((one for one in named if one not in ACTS), None):
        raise ImproperlyConfigured(f"SMARTSYNC_GATE_ACTS has {strange!r}; there are {', '.join(ACTS)}.")
    return tuple(act for name, act in ACTS.items() if name in named)


def is_secret(secret: str) -> bool:
    """Return whether something can sign, as Standard Webhooks write it."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return False
    return secret.startswith(PREFIX) and len(key) >= SECRET_BYTES_MIN


def _demo(given: str, *, development: bool) -> Gate:
    if not development:
        raise ImproperlyConfigured("SMARTSYNC_GATE_URL is demo, which lets in whoever it likes: DEVELOPMENT=1 only.")
    text = given.partition(":")[2] or str(DEMO_PORT)
    port = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(PORT_MAX)) else 0
    if not PORT_MIN <= port <= PORT_MAX:
        raise ImproperlyConfigured(
            f"SMARTSYNC_GATE_URL is {given!r}; write demo, or demo:{DEMO_PORT} with a free port."
        )
    host = f"127.0.0.1:{port}"
    return Gate(url=f"http://{host}/gate", secret=DEMO_SECRET, local_hosts=(host,), demo_port=port)
