"""Which network addresses a crawl may connect to: public ones, and this machine only where it was allowed.

Private, loopback, link-local, multicast, reserved and cloud-metadata addresses are refused when the connection is
made, after the name was resolved, so that a name that changes its answer gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_SIX_TO_FOUR = ipaddress.ip_network("2002::/16")


class ForbiddenAddress(Exception):
    """The address is not one that a crawl may connect to."""


@frozen
class AddressRule:
    """`loopback` allows this machine itself: for training and tests."""

    loopback: bool = False

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> AddressRule:
        """The rule under `environment`: TRACEMARK_ALLOW_LOOPBACK=1 allows this machine."""
        return cls(loopback=environment.get("TRACEMARK_ALLOW_LOOPBACK") == "1")

    def allows(self, address: str) -> bool:
        """Whether the IP address (text) may be connected to."""
        try:
            found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
        except ValueError:
            return False
        if isinstance(found, ipaddress.IPv6Address):
            found = _embedded(found)
        if found.is_loopback:
            return self.loopback
        return found.is_global and not found.is_multicast

    def check(self, host: str, addresses: Iterable[str]) -> None:
        """Raise `ForbiddenAddress` unless every one of the addresses of `host` is allowed."""
        for address in addresses:
            if not self.allows(address):
                raise ForbiddenAddress(f"{host} is {address}, which is not a public address")

    def check_url(self, url: str) -> None:
        """Raise `ForbiddenAddress` for a URL whose scheme or literal address is refused (no look-up is made)."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise ForbiddenAddress(f"{parts.scheme or 'no scheme'}: only http and https are visited")
        host = parts.hostname or ""
        literal = _literal(host)
        if literal is not None:
            self.check(host, [literal])
        elif host == "localhost" or host.endswith(".localhost"):
            self.check(host, ["127.0.0.1"])

    def resolve(self, host: str) -> list[str]:
        """The addresses of `host`, all of them allowed; blocks while the resolver answers."""
        found = sorted({str(info[4][0]) for info in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)})
        self.check(host, found)
        return found


def is_loopback_url(url: str) -> bool:
    """Whether the URL names this machine."""
    host = urlsplit(url).hostname or ""
    literal = _literal(host)
    return host == "localhost" or (literal is not None and ipaddress.ip_address(literal).is_loopback)


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address inside a mapped, 6to4 or NAT64 address, else the address itself."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _literal(host: str) -> str | None:
    """The IP address that `host` is another way of writing (decimal, octal, hexadecimal, short), or None."""
    try:
        return str(ipaddress.ip_address(host.strip("[]").split("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(host)) if host and host[-1].isalnum() else None
    except OSError:
        return None
