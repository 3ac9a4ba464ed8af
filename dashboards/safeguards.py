"""What every request passes and every answer carries: known host, own origin, headers that forbid the rest."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from attrs import frozen
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
COOKIE = "tracemark_form"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_ANSWER_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
STATIC = "/static/"  # named by its content (rendering), so that it may be kept
_READING = ("GET", "HEAD")


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
        """Whether a form that came with `request` was shown to the same browser by this process."""
        cookie = request.cookies.get(COOKIE, "")
        return bool(cookie) and hmac.compare_digest(self.token(cookie).encode(), token.encode())


@frozen
class Safeguards:
    """ASGI middleware. Refuses a Host that is not this machine (DNS rebinding) and writes from another origin."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or answer with the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in _ANSWER_HEADERS.items():
                    answer[name] = value
                answer["Cache-Control"] = "max-age=86400" if scope["path"].startswith(STATIC) else "no-store"
            await send(message)

        refusal = _refusal(scope["method"], headers)
        if refusal is not None:
            await PlainTextResponse(refusal[1], status_code=refusal[0])(scope, receive, send_with_headers)
            return
        await self.app(scope, receive, send_with_headers)


def _refusal(method: str, headers: Headers) -> tuple[int, str] | None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or _without_port(hosts[0]) not in LOOPBACK:
        return 421, "This server answers only under the name of this machine: 127.0.0.1 or localhost.\n"
    if method in _READING:
        return None
    origin = headers.get("origin")
    if origin is not None and origin.lower() != f"http://{hosts[0].lower()}":
        return 403, "Refused: the request came from another origin.\n"
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return 403, "Refused: the request came from another site.\n"
    return None


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
