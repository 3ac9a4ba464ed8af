"""The ASGI application that serves the marketplaces: one per port, rendered once per day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from attrs import define, field

from crawler.demo.bazarlive import Bazarlive
from crawler.demo.harborlist import Harborlist
from crawler.demo.inventory import Market
from crawler.demo.site import Page
from crawler.demo.tauschboerse import Tauschboerse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, MutableMapping

    from crawler.demo.clock import Clock
    from crawler.demo.inventory import DayView, Inventory
    from crawler.demo.site import Site

    Scope = MutableMapping[str, Any]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_CACHED_BYTES = 192 * 1024 * 1024
"""Room for 20,000 pages of 8 kB; beyond it a page is rendered again."""

_NOT_ALLOWED = Page(body=b"Only GET and HEAD are answered here.\n", status=405, content_type="text/plain")


def open_site(market: Market, base: str) -> Site:
    """Return the web site of a market that is served at `base`."""
    if market is Market.HARBORLIST:
        return Harborlist(base)
    return Tauschboerse() if market is Market.TAUSCHBOERSE else Bazarlive()


@define
class MarketServer:
    """One marketplace with the pages it has rendered today."""

    site: Site
    inventory: Inventory
    clock: Clock
    _view: DayView | None = field(default=None, init=False)
    _pages: dict[tuple[str, bytes], Page] = field(factory=dict, init=False)
    _held: int = field(default=0, init=False)

    def respond(self, path: str, query: bytes) -> Page:
        """Return the page for an address; what was rendered today is not rendered again."""
        day = self.clock.day()
        view = self._view
        if view is None or view.day != day:
            view = self._view = self.inventory.on(day)
            self._pages.clear()
            self._held = 0
        page = self._pages.get((path, query))
        if page is None:
            page = self.site.respond(view, path, dict(parse_qsl(query.decode("latin-1"))))
            if self._held + len(page.body) <= _CACHED_BYTES:
                self._pages[path, query] = page
                self._held += len(page.body)
        return page


@define
class Application:
    """ASGI: chooses the marketplace by the port that was asked."""

    servers: Mapping[int, MarketServer]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - no body is read
        """Answer one request."""
        method = scope["method"]
        page = _NOT_ALLOWED
        if method in {"GET", "HEAD"}:
            page = self.servers[scope["server"][1]].respond(scope["path"], scope["query_string"])
        headers = [(b"content-type", page.content_type.encode()), (b"content-length", str(len(page.body)).encode())]
        if page.location is not None:
            headers.append((b"location", page.location.encode()))
        await send({"type": "http.response.start", "status": page.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else page.body})
