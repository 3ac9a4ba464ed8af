"""A site that misbehaves, for tests: every way in which a crawl can be let down, on loopback."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self, cast

from attrs import frozen

if TYPE_CHECKING:
    from types import TracebackType


class FaultMode(StrEnum):
    """How the site misbehaves."""

    DOWN = "down"  # nothing listens on its port
    ERROR = "error"  # 500
    GARBAGE = "garbage"  # random bytes, said to be HTML
    LOGIN = "login"  # a sign-in form, with status 200
    CHALLENGE = "challenge"  # a "verify you are human" page, with status 403
    HANG = "hang"  # the request is taken and never answered
    CUT = "cut"  # a longer body is promised than is sent
    REDIRECT_LOOPBACK = "redirect-loopback"  # to another port of this machine
    REDIRECT_METADATA = "redirect-metadata"  # to a cloud's metadata address
    TOO_MANY_REQUESTS = "too-many-requests"  # 429 with Retry-After: 1
    COUNT = "count"  # an ordinary small page: only the requests are of interest


@frozen(kw_only=True)
class SeenRequest:
    """A request that reached the site."""

    method: str
    path: str  # with its query
    headers: dict[str, str]  # names in lower case
    at: float  # seconds, monotonic


_LOGIN = b"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body>
<h1>Please sign in</h1><p>You need an account to see this page.</p>
<form method="post" action="/login"><input type="email" name="email"><input type="password" name="password">
<button>Sign in</button></form></body></html>"""

_CHALLENGE = b"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Just a moment...</title></head><body>
<h1>Verify you are human</h1><p>Checking your browser before you go on. Complete the captcha below.</p>
<div id="captcha" class="captcha-box" data-sitekey="invented"><input type="checkbox"> I am not a robot</div>
<noscript>Enable JavaScript and cookies to continue</noscript></body></html>"""

_COUNT = b"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Small page</title></head><body>
<h1>Small page</h1><p>Nothing to see. <a href="/next">Next</a></p></body></html>"""


class FaultySite:
    """Serves one kind of fault while the `with` block lasts; every path answers alike.

    `redirect_to` replaces the target of the redirecting modes. robots.txt answers 404 unless `robots` gives
    its text; it is counted too, and in the modes DOWN and HANG it fails like everything else.
    """

    def __init__(self, *, mode: FaultMode | str, redirect_to: str | None = None, robots: str | None = None) -> None:
        self.mode = FaultMode(mode)
        self.requests: list[SeenRequest] = []
        self.robots = robots
        self.url = ""
        self.closing = threading.Event()
        self._redirect_to = redirect_to
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def redirect_target(self) -> str:
        """Where the redirecting modes send a visitor."""
        if self._redirect_to is not None:
            return self._redirect_to
        return (
            "http://169.254.169.254/latest/meta-data/"
            if self.mode is FaultMode.REDIRECT_METADATA
            else ("http://127.0.0.1:9/private")
        )

    def __enter__(self) -> Self:
        """Start serving; in the mode DOWN only find a port that nobody listens on."""
        if self.mode is FaultMode.DOWN:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
            return self
        server = _Server(("127.0.0.1", 0), _Handler)
        server.site = self
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and let go of whoever still hangs."""
        self.closing.set()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    site: FaultySite


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5  # seconds; so that idle connections do not hold up the end of a test

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Say nothing: what was asked is in `FaultySite.requests`."""

    def do_GET(self) -> None:
        site = cast(_Server, self.server).site
        headers = {name.lower(): value for name, value in self.headers.items()}
        site.requests.append(SeenRequest(method=self.command, path=self.path, headers=headers, at=time.monotonic()))
        with contextlib.suppress(ConnectionError):
            if site.mode is FaultMode.HANG:
                site.closing.wait()
                self.close_connection = True
            elif self.path == "/robots.txt":
                self._send(404 if site.robots is None else 200, (site.robots or "").encode(), kind="text/plain")
            else:
                self._misbehave(site)

    def do_HEAD(self) -> None:
        self.do_GET()

    def _misbehave(self, site: FaultySite) -> None:
        match site.mode:
            case FaultMode.ERROR:
                self._send(500, b"<html><body><h1>Internal Server Error</h1></body></html>")
            case FaultMode.GARBAGE:
                self._send(200, random.Random(self.path).randbytes(20_000))  # noqa: S311 - noise for a test
            case FaultMode.LOGIN:
                self._send(200, _LOGIN)
            case FaultMode.CHALLENGE:
                self._send(403, _CHALLENGE)
            case FaultMode.CUT:
                self._send(200, _COUNT, promised=len(_COUNT) + 5_000)
                self.close_connection = True
            case FaultMode.REDIRECT_LOOPBACK | FaultMode.REDIRECT_METADATA:
                self._send(302, b"", location=site.redirect_target)
            case FaultMode.TOO_MANY_REQUESTS:
                self._send(429, b"<html><body>Slow down</body></html>", retry_after="1")
            case _:
                self._send(200, _COUNT)

    def _send(
        self, status: int, body: bytes, *, kind: str = "text/html", promised: int | None = None, **headers: str
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-").title(), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
