"""What every request passes and every answer carries: known host, own origin, headers that forbid the rest."""

from __future__ import annotations

import hmac
import re
import secrets
from typing import TYPE_CHECKING

from attrs import frozen
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
COOKIE = "tracemark_form"
SIGN_IN_COOKIE = "tracemark_sign_in"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
ANSWER_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FRAMING = re.compile(r"/capture/[^/]+/page")
STATIC = "/static/"  # named by its content (rendering), so that it may be kept
_READING = ("GET", "HEAD")
LARGEST_BODY = 2_000_000
"""Bytes of a request's body: the largest form of the desk is a site's file."""


@frozen
class FormTokens:
    """Ties a form to the browser it was shown in: HMAC-SHA256 of its cookie, under a secret of this process."""

    _secret: bytes

    @classmethod
    def fresh(cls) -> FormTokens:
        """With a new secret: forms shown before a restart have to be shown again."""
        return cls(secrets.token_bytes(32))

    def token(self, cookie: str) -> str:
        """What a form shown to the browser with this cookie carries."""
        return hmac.new(self._secret, cookie.encode(), "sha256").hexdigest()

    def fits(self, request: Request, token: str) -> bool:
        """Whether a form that came with `request` was shown to the same browser, and sign-in, by this process."""
        cookie = request.cookies.get(COOKIE, "")
        shown = self.token(cookie + sign_in_secret(request))
        return bool(cookie) and hmac.compare_digest(shown.encode(), token.encode())


def sign_in_secret(request: Request) -> str:
    """What the browser holds of its sign-in; empty where it holds nothing."""
    return request.cookies.get(SIGN_IN_COOKIE, "")


@frozen(kw_only=True)
class Site:
    """Under which names the desk answers, whether by TLS, and the origin at which captured pages are shown."""

    names: tuple[str, ...] = LOOPBACK
    tls: bool = False
    replay: str | None = None

    @property
    def scheme(self) -> str:
        """Of its addresses."""
        return "https" if self.tls else "http"

    def policy(self, path: str) -> str:
        """What a page may do: the one around a captured page may frame the other origin too."""
        frames = f"; frame-src {self.replay}" if self.replay and _FRAMING.fullmatch(path) else ""
        return CONTENT_SECURITY_POLICY + frames


@frozen
class Safeguards:
    """ASGI middleware. Refuses a Host that is not ours (DNS rebinding), writes from another origin, endless bodies."""

    app: ASGIApp
    site: Site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or answer with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in ANSWER_HEADERS.items():
                    answer[name] = value
                answer["Content-Security-Policy"] = self.site.policy(scope["path"])
                if self.site.tls:
                    answer["Strict-Transport-Security"] = "max-age=31536000"
                answer["Cache-Control"] = "max-age=86400" if scope["path"].startswith(STATIC) else "no-store"
            await send(message)

        refusal = _refusal(scope["method"], headers, self.site)
        if refusal is not None:
            await PlainTextResponse(refusal[1], status_code=refusal[0])(scope, receive, send_with_headers)
            return
        await self.app(scope, _no_more_than(LARGEST_BODY, receive), send_with_headers)


def _no_more_than(most: int, receive: Receive) -> Receive:
    """`receive`, which refuses a body without a stated length once it grows beyond `most` bytes."""
    read = 0

    async def receive_some() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise HTTPException(413, f"more than {most:,} bytes")
        return message

    return receive_some


def _refusal(method: str, headers: Headers, site: Site) -> tuple[int, str] | None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or _without_port(hosts[0]) not in site.names:
        return 421, f"This server answers only under the name {' or '.join(site.names)}.\n"
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        return 413, f"Refused: more than {LARGEST_BODY:,} bytes.\n"
    if method in _READING:
        return None
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"{site.scheme}://{hosts[0].lower()}":
        return 403, "Refused: the request came from another origin.\n"
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return 403, "Refused: the request came from another site.\n"
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
