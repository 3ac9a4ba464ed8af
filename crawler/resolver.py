"""Names to addresses, each address checked before anything connects to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Self

from scrapy.resolver import CachingThreadedResolver
from twisted.internet.abstract import isIPAddress
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.error import DNSLookupError

from crawler.addresses import AddressRule, ForbiddenAddress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's resolver behind `AddressRule`: the answer that is checked is the one that is connected to.

    An address that is written out was checked by `AddressGuard`; so the way to our own gateway is open.
    """

    def __init__(self, reactor: ReactorBase, cache_size: int, timeout: float, rule: AddressRule) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._rule = rule

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """As Scrapy makes it, with the run's rule."""
        settings = crawler.settings
        rule = AddressRule.of(os.environ)
        return cls(reactor, settings.getint("DNSCACHE_SIZE"), settings.getfloat("DNS_TIMEOUT"), rule)

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> Deferred[str]:  # noqa: N802 -- Twisted's name
        """The one address of `name`; fails like a name without one where it is not allowed."""
        if isIPAddress(name):
            return succeed(name)
        found: Deferred[str] = maybeDeferred(super().getHostByName, name, timeout)

        def check(address: Any) -> str:
            try:
                self._rule.check(name, [str(address)])
            except ForbiddenAddress as error:
                raise DNSLookupError(str(error)) from error  # of any other error Twisted prints a traceback
            return str(address)

        return found.addCallback(check)
