"""The last step before a request goes out; and Scrapy's HTTP handler with a bound on what stands before a body."""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler

from pipelines.models import CaptureMethod
from pipelines.store.fetches import Fetch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scrapy.crawler import Crawler
    from scrapy.http import Request, Response

    from crawler.spiders.listings import ListingsSpider

MOST_BEFORE_A_BODY = 256 * 1024
"""Bytes of status line and headers (Chromium's own bound); more ends the connection."""


_A_LITTLE = 0.2


async def await_turn(crawler: Crawler, url: str) -> None:
    """Wait until the host may be asked again, and the site is surely ours for a delay more.

    A page may have waited here while its process slept. Raises `HoldLost` once the site is somebody else's.
    """
    run = cast("ListingsSpider", crawler.spider).run
    while True:
        if not run.may_ask(run.plan.delay):
            await asyncio.sleep(_A_LITTLE)  # until it is renewed, in a thread that knows of no event loop
        elif (seconds := await run.pace.wait(url)) > 0:
            await asyncio.sleep(seconds)
        elif run.may_ask(run.plan.delay):
            return


async def fetch(crawler: Crawler, answer: Callable[[], Awaitable[Response]], method: CaptureMethod) -> Response:
    """Have a page answered, and count how long that took, however it ended."""
    recorder = cast("ListingsSpider", crawler.spider).run.recorder
    begun, outcome = time.monotonic(), "no_answer"
    try:
        response = await answer()
        outcome = f"{response.status // 100}xx"
        return response
    finally:
        recorder.fetches.append(Fetch(method=method.value, outcome=outcome, seconds=time.monotonic() - begun))


async def ask(crawler: Crawler, url: str, answer: Callable[[], Awaitable[Response]]) -> Response:
    """Have a page answered over HTTP in its turn."""
    await await_turn(crawler, url)
    try:
        return await fetch(crawler, answer, CaptureMethod.HTTP)
    finally:
        await cast("ListingsSpider", crawler.spider).run.pace.note_answer(url)


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

    async def download_request(self, request: Request) -> Response:
        """The page, once it may be asked for."""
        return await ask(self._crawler, request.url, partial(super().download_request, request))


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
