"""Which network addresses a crawl may connect to: public ones, and this machine only where it was allowed.

Private, loopback, link-local, multicast, reserved and cloud-metadata addresses are refused when the connection is
made, after the name was resolved, so that a name that changes its answer gains nothing. Which sites a crawl may
visit at all is told by its start pages.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from attrs import frozen
from tldextract import TLDExtract

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's WireServer: a public address that answers only inside its cloud
        "192.0.0.0/24",  # RFC 6890, and Oracle's metadata; Python calls most of it global
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "2001::/23",  # RFC 2928: Teredo, ORCHID and the like
        "3fff::/20",  # documentation, RFC 9637
    )
)
"""Addresses that Python's `is_global` lets through, in some or all of its versions."""

_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")  # RFC 4291, 2.4: nothing else is routed on the internet
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_WITH_IPV4_AT_THE_END = tuple(
    ipaddress.IPv6Network(network)
    for network in ("64:ff9b::/96", "64:ff9b:1::/48", "::ffff:0:0:0/96", "::/96")  # NAT64, SIIT, IPv4-compatible
)
_NUMBERS = re.compile(r"[0-9a-fx.]+")
_ENDS_IN_A_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)$")  # no name does: WHATWG URL, 3.5
_REGISTERED = TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
"""By the list that the package brings: nothing is fetched. A tenant of a shared host is a site of its own."""


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
            found = _embedded(ipaddress.ip_address(address.split("%", maxsplit=1)[0]))
        except ValueError:
            return False
        if found.is_loopback:
            return self.loopback
        if isinstance(found, ipaddress.IPv6Address) and found not in _GLOBAL_UNICAST:
            return False
        return found.is_global and not found.is_multicast and not any(found in network for network in _NEVER)

    def check(self, host: str, addresses: Iterable[str]) -> None:
        """Raise `ForbiddenAddress` unless every one of the addresses of `host` is allowed."""
        for address in addresses:
            if not self.allows(address):
                raise ForbiddenAddress(f"{host} is {address}, which is not a public address")

    def check_url(self, url: str) -> None:
        """Raise `ForbiddenAddress` for a URL whose scheme or literal address is refused (no look-up is made)."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname or "", parts.port
        except ValueError as error:
            raise ForbiddenAddress(f"{error}: not an address on the web") from error
        if parts.scheme not in ("http", "https") or not host:
            raise ForbiddenAddress(f"{parts.scheme or 'no scheme'}: only http and https are visited")
        if "\\" in url or "@" in parts.netloc:
            # Readers of addresses disagree about which part of these is the host.
            raise ForbiddenAddress("an address with a backslash or a user's name in it is not visited")
        self.check_host(host)

    def check_host(self, host: str) -> None:
        """Raise `ForbiddenAddress` for a host that is a refused address in any spelling (no look-up is made)."""
        literal = read_literal(host)
        if literal is not None:
            self.check(host, [literal])
        elif _ENDS_IN_A_NUMBER.search(_plain(host)):
            raise ForbiddenAddress(f"{host} is neither a name nor an address")


def read_literal(host: str) -> str | None:
    """The IP address that `host` is another way of writing (decimal, octal, hexadecimal, short, full-width), or None.

    `localhost` and names below it are 127.0.0.1 (RFC 6761, 6.3).
    """
    plain = _plain(host)
    if plain == "localhost" or plain.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(plain.split("%")[0]))
    except ValueError:
        pass
    try:
        return socket.inet_ntoa(socket.inet_aton(plain)) if _NUMBERS.fullmatch(plain) else None
    except OSError:
        return None


def _plain(host: str) -> str:
    return unicodedata.normalize("NFKC", host).replace("\u3002", ".").lower().strip("[]").rstrip(".")


def is_loopback_url(url: str) -> bool:
    """Whether the URL names this machine."""
    literal = read_literal(urlsplit(url).hostname or "")
    return literal is not None and ipaddress.ip_address(literal).is_loopback


@frozen
class SiteBounds:
    """What belongs to a site: the registered domains of its start pages, and hosts without one by name and port."""

    domains: frozenset[str]

    @classmethod
    def of(cls, urls: Iterable[str]) -> Self:
        """The bounds of the site that begins at `urls`."""
        return cls(frozenset(_domain(url) for url in urls))

    def contains(self, url: str) -> bool:
        """Whether the URL belongs to the site."""
        try:
            return _domain(url) in self.domains
        except ValueError:
            return False


def _domain(url: str) -> str:
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    found = _REGISTERED.extract_str(host)
    if found.top_domain_under_public_suffix:
        return found.top_domain_under_public_suffix
    labels = host.split(".")
    if len(labels) > 1 and not found.suffix and read_literal(host) is None:
        return ".".join(labels[-2:])  # a top domain that the list does not have, like .onion: its default rule
    return parts.netloc.lower()


def _embedded(address: Address) -> Address:
    """The IPv4 address inside a mapped, translated, compatible, 6to4 or NAT64 address, else the address itself."""
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback:
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    if any(address in network for network in _WITH_IPV4_AT_THE_END):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address
