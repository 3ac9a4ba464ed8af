"""Scrapy's HTTP handler with a bound on what stands before a body: it has one for bodies only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MOST_BEFORE_A_BODY = 256 * 1024
"""Bytes of status line and headers (Chromium's own bound); more ends the connection."""


class BoundedHandler(HTTP11DownloadHandler):
    """Cuts a connection whose headers do not end."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        made_by_scrapy: Any = self._pool._factory  # noqa: SLF001 -- Scrapy sets it in the same way

        class BoundedFactory(made_by_scrapy):  # type: ignore[misc]  # its class is known only here
            """Builds the protocol that Scrapy would, bounded."""

            def buildProtocol(self, addr: Any) -> Any:  # noqa: N802 -- Twisted's name
                return bound(super().buildProtocol(addr))

        self._pool._factory = BoundedFactory  # noqa: SLF001 -- as above


def bound(protocol: Any) -> Any:
    """Have `protocol` (Twisted's HTTP11ClientProtocol) end a connection on which too much comes before a body."""
    receive, seen = protocol.dataReceived, 0

    def receive_bounded(data: bytes) -> None:
        nonlocal seen
        parser = protocol._parser  # noqa: SLF001 -- the response under way, if any
        before_body = parser is not None and parser.state != "BODY"
        seen = seen + len(data) if before_body else 0
        if seen > MOST_BEFORE_A_BODY + len(data):
            protocol.abort()
            return
        receive(data)

    protocol.dataReceived = receive_bounded
    return protocol
