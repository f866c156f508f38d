"""
Which addresses a webhook may have, and which machine is called for one.

An address is something that a stranger names, and must not make the platform call its own machines: not by a number,
not by a name, and not by a name that means another machine the second time it is asked for. So a name is resolved once
for each attempt, all that it means must be public, and the connection goes to what was checked: nothing resolves again.
"""

import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

from copytrading.services.refusals import Refusal

ADDRESS_LENGTH_MAX = 500
HTTPS_PORT, HTTP_PORT = 443, 80
# Printable ASCII without a space: what is written into a request as it stands.
VISIBLE = re.compile(r"[!-~]+")
HOST = re.compile(r"[0-9a-z]([0-9a-z._-]{0,251}[0-9a-z])?|[0-9a-f:.]+")
# A gateway calls the IPv4 address in the last four bytes.
GATEWAY = IPv6Network("64:ff9b::/96")


class WebhookAddressRefused(Refusal, code="webhook_address_refused", field="address"):
    """A webhook's address is none that this platform calls: https to a public machine, without a name or password."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an address leads: the host that it names, the port, and the path with its query."""

    host: str
    port: int
    path: str
    is_tls: bool
    # Whether it stands for a receiver on a developer's own machine; there is none on a server.
    is_local: bool = False

    @property
    def name(self) -> str:
        """Return the host as the request names it, with the port where that is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (HTTPS_PORT if self.is_tls else HTTP_PORT) else f"{host}:{self.port}"


def target_of(address: str, *, local_hosts: Sequence[str] | None = None) -> Target:
    """
    Return where an address leads, as far as its letters say.

    :param local_hosts: what may stand for a receiver on this machine, by host:port; those of webhooks where it is None.
    :raises WebhookAddressRefused: if it is no address, not https, names a person or password, or a port that is closed.
    """
    if len(address) > ADDRESS_LENGTH_MAX or not VISIBLE.fullmatch(address):
        raise WebhookAddressRefused(
            gettext("Write the address as in https://example.org/hooks: no spaces, at most %(most)s letters.")
            % {"most": ADDRESS_LENGTH_MAX}
        )
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise WebhookAddressRefused(gettext("This is no address; write it as in https://example.org/hooks.")) from error
    if parts.scheme not in ("https", "http") or not HOST.fullmatch(host) or parts.fragment:
        raise WebhookAddressRefused(gettext("This is no address; write it as in https://example.org/hooks."))
    if parts.username is not None or parts.password is not None:
        raise WebhookAddressRefused(gettext("An address has no name or password in it; the signature says who sends."))
    is_tls = parts.scheme == "https"
    port = (HTTPS_PORT if is_tls else HTTP_PORT) if port is None else port
    target = Target(
        host=host,
        port=port,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        is_tls=is_tls,
        is_local=f"{host}:{port}" in (settings.WEBHOOK_LOCAL_HOSTS if local_hosts is None else local_hosts),
    )
    if not is_tls and not settings.DEVELOPMENT:
        raise WebhookAddressRefused(gettext("Only https is called, so that nobody reads along."))
    if not target.is_local and target.port not in (HTTPS_PORT, *settings.WEBHOOK_PORTS):
        open_ports = gettext(" or ").join(str(open_port) for open_port in (HTTPS_PORT, *settings.WEBHOOK_PORTS))
        raise WebhookAddressRefused(gettext("The port can be %(ports)s.") % {"ports": open_ports})
    return target


def machines_of(target: Target) -> list[str]:
    """
    Return the machines that a target means, as IP addresses. It asks the network, and may take its time.

    :raises WebhookAddressRefused: if the name means nothing, or anything that is not public.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise WebhookAddressRefused(gettext("Nobody knows where %(host)s is.") % {"host": target.host[:100]}) from error
    machines = list(dict.fromkeys(str(place[0]) for _, _, _, _, place in found))
    if not machines or not (target.is_local or all(is_public(machine) for machine in machines)):
        raise WebhookAddressRefused(
            gettext("%(host)s is no public machine; only those are called.") % {"host": target.host[:100]}
        )
    return machines


def is_public(machine: str) -> bool:
    """Return whether an IP address is one of the public network, and no other one in disguise."""
    try:
        address = ip_address(machine)
    except ValueError:
        return False
    return all(
        each.is_global
        and not (each.is_multicast or each.is_reserved or each.is_unspecified or each.is_link_local or each.is_loopback)
        for each in _meant_by(address)
    )


def _meant_by(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return an address, or those that it stands for where it carries an IPv4 address."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in GATEWAY:
        return [IPv4Address(address.packed[-4:])]
    if address.sixtofour is not None:
        return [address, address.sixtofour]
    return [address, *(address.teredo or ())]
