"""A web server on loopback whose every answer a test decides."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, cast

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class Answer:
    body: str | bytes = ""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


@define
class Asked:
    path: str
    headers: dict[str, str]


@define(eq=False)
class Served:
    """Serves `answer(path)` while the `with` block lasts, and remembers what was asked."""

    answer: Callable[[Asked], Answer]
    requests: list[Asked] = field(factory=list)
    url: str = ""
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> Self:
        server = _Server(("127.0.0.1", 0), _Handler)
        server.served = self
        self._server = server
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def paths(self) -> list[str]:
        return [one.path for one in self.requests]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    served: Served


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing."""

    def do_GET(self) -> None:
        served = cast(_Server, self.server).served
        asked = Asked(self.path, {name.lower(): value for name, value in self.headers.items()})
        served.requests.append(asked)
        answer = served.answer(asked)
        body = answer.body.encode() if isinstance(answer.body, str) else answer.body
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def site_text(name: str, url: str, *more: str, pace: str = "delay: 0") -> str:
    """A plain site file."""
    lines = [f"site: {name}", f"start: ['{url}/']", "links: {listing: '/item/(?P<id>\\d+)', index: '/page/'}"]
    return "\n".join([*lines, f"pace: {{{pace}}}", *more]) + "\n"


def listing_page(number: int, *, price: str = "$120.00", seller: str = "River Trading", body: str = "") -> str:
    """A listing's page with what a run expects."""
    return f"""<!DOCTYPE html><html lang="en"><head><title>Garden chair {number}</title></head><body>
<nav><a href="/">Home</a></nav><main><h1>Garden chair {number}</h1>
<dl><dt>Price</dt><dd>{price}</dd><dt>Seller</dt><dd><a href="/user/u1">{seller}</a></dd>
<dt>Posted</dt><dd>2026-03-05</dd></dl>
<div class="description"><p>A folding garden chair made of oak, number {number} of a set, kept dry in a shed,
with two new screws and a little paint missing on the left arm. Collection only.</p></div>{body}</main></body></html>"""


def list_page(numbers: range, *more: str) -> str:
    """A list with links to listings."""
    rows = "".join(
        f'<li class="row"><a href="/item/{one}">Garden chair {one}</a> <span class="price">$120.00</span></li>'
        for one in numbers
    )
    return f"""<!DOCTYPE html><html lang="en"><head><title>Garden market</title></head><body><h1>Garden market</h1>
<ul class="listings">{rows}</ul>{"".join(more)}</body></html>"""
