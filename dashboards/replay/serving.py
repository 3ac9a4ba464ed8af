"""The other origin: answers on a socket of its own with captured pages, and with nothing of the desk.

No script of a page runs. A rendered page is kept as the browser had it, so that scripts would add nothing to it; and
what runs can ask, lead and imitate in ways that no list of tags foresees. The sandbox of the policy gives a page an
origin of nobody, so that even a mistake of the cleaning reaches neither cookies nor the desk.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from dashboards.failures import status_of
from dashboards.replay.archive import Places, find_page, number_parts, read_held
from dashboards.replay.cleaning import clean_page, clean_style, read_text, write_plainly
from pipelines.errors import TracemarkError

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from dashboards.replay.archive import Held, KeptPage
    from dashboards.replay.links import ReplayLinks
    from pipelines.store.database import Database

_PATH = re.compile(r"/(?P<token>[^/]+)/(?P<part>\d{0,4})")
_PICTURES = frozenset(
    f"image/{one}" for one in ("png", "jpeg", "gif", "webp", "avif", "bmp", "x-icon", "vnd.microsoft.icon", "svg+xml")
)
_MOST_REMEMBERED = 64


@frozen
class ReplayOrigin:
    """ASGI middleware around the desk: what comes in on `port` is for captures, all else for the desk.

    `desk` are the origins whose pages may frame a capture. Requests are told apart by the socket that took them,
    never by what they say of themselves.
    """

    app: ASGIApp
    port: int
    links: ReplayLinks
    database: Database
    vault: Path
    desk: tuple[str, ...]
    _numbers: dict[str, dict[str, int]] = field(factory=dict, repr=False, kw_only=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on to the desk, or answer."""
        if scope["type"] != "http" or (scope.get("server") or ("", 0))[1] != self.port:
            await self.app(scope, receive, send)
            return
        response = await run_in_threadpool(self.answer, Request(scope))
        response.headers.update(self._headers())
        await response(scope, receive, send)

    def answer(self, request: Request) -> Response:
        """A captured page, one of its parts, or why not."""
        host = Headers(scope=request.scope).get("host", "").lower()
        if f"{self.links.origin.scheme}://{host}" != str(self.links.origin):
            return PlainTextResponse("Captured pages are shown under another name.\n", status_code=421)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("A captured page is only ever read.\n", status_code=405)
        found = _PATH.fullmatch(request.scope["path"])
        if found is None:
            return PlainTextResponse("There is nothing at this address.\n", status_code=404)
        try:
            page = find_page(self.database, self.links.capture_of(found["token"]))
            return self._show(page, found["token"], found["part"])
        except TracemarkError as error:
            words = f"{error.message} {error.hint or ''}".strip()
            return PlainTextResponse(f"{words}\n", status_code=status_of(error))

    def _show(self, page: KeptPage, token: str, part: str) -> Response:
        if part and int(part) >= len(page.parts):
            return PlainTextResponse("The capture has no such part.\n", status_code=404)
        held = read_held(self.vault, page.parts[int(part)] if part else page.stored)
        base = held.url or page.url
        if held.kind in _PICTURES:
            return Response(held.body, media_type=held.kind)
        if held.kind == "text/css":
            return Response(clean_style(read_text(held), self._places(page, token, base)), media_type="text/css")
        if part:
            return PlainTextResponse("This part is no picture and no style sheet.\n", status_code=404)
        return self._show_document(held, self._places(page, token, base))

    def _show_document(self, held: Held, places: Places) -> Response:
        if held.kind in ("text/html", "application/xhtml+xml", ""):
            return HTMLResponse(clean_page(held, places))
        if held.kind.startswith("text/") or held.kind.endswith(("json", "xml")):
            return HTMLResponse(write_plainly(held))
        return PlainTextResponse("What was captured is no page. It is in the packet as it was served.\n")

    def _places(self, page: KeptPage, token: str, base: str) -> Places:
        numbers = self._numbers.get(page.id)
        if numbers is None:
            numbers = number_parts(self.vault, page)
            while len(self._numbers) >= _MOST_REMEMBERED:
                self._numbers.pop(next(iter(self._numbers)), None)
            self._numbers[page.id] = numbers
        return Places(base=base, numbers=numbers, root=f"/{token}/")

    def _headers(self) -> dict[str, str]:
        own = str(self.links.origin)
        return {
            "Content-Security-Policy": (
                f"default-src 'none'; img-src {own} data:; style-src {own} 'unsafe-inline'; form-action 'none'; "
                f"base-uri 'none'; frame-ancestors {' '.join(self.desk)}; sandbox"
            ),
            "X-Content-Type-Options": "nosniff",
            "X-DNS-Prefetch-Control": "off",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            "Cache-Control": "no-store",
        }
