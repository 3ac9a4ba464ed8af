"""Links from the desk to a captured page on the other origin: signed, for one capture, for minutes."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import field, frozen

from pipelines.errors import ConfigurationError, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

HOLDS = timedelta(minutes=5)
_PORTS = {"http": 80, "https": 443}


@frozen(kw_only=True)
class Origin:
    """Where captured pages are shown: `scheme://host:port`, as a browser writes it."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        """As it stands in links and policies."""
        shown = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{shown}{'' if self.port == _PORTS[self.scheme] else f':{self.port}'}"


@frozen(kw_only=True)
class ReplayListener:
    """Where captured pages are shown, and the port of this machine that answers there."""

    origin: Origin
    port: int


def read_origin(text: str, desk_names: Collection[str], *, tls: bool) -> Origin:
    """`[desk] replay_origin` of the settings. ConfigurationError where it is none, or would share what the desk has.

    Cookies are sent to every port of a name, so beyond this machine it has to be a name of its own.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise _wrong(text, str(error)) from error
    host = (parts.hostname or "").lower()
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.query or parts.username:
        raise _wrong(text, "it is a scheme, a name and a port, and nothing more")
    if (parts.scheme == "https") is not tls:
        raise _wrong(text, f"the desk is served by {'https' if tls else 'http'}, and so are its captures")
    if host in {name.lower() for name in desk_names}:
        raise _wrong(text, "the desk answers under that name: cookies would be shared, so it has to be another one")
    return Origin(scheme=parts.scheme, host=host, port=port or _PORTS[parts.scheme])


def _wrong(text: str, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"[desk] replay_origin {text!r}: {why}", hint='replay_origin = "https://captures.example.org:8444"'
    )


@frozen(kw_only=True)
class ReplayLinks:
    """Makes and reads the links of one process: after a restart none of the old ones holds."""

    origin: Origin
    now: Callable[[], datetime]
    _secret: bytes = field(factory=lambda: secrets.token_bytes(32), repr=False)

    def address(self, capture: str) -> str:
        """Where the capture is shown for the next minutes."""
        told = f"{capture}.{int((self.now() + HOLDS).timestamp())}"
        return f"{self.origin}/{told}.{self._sign(told)}/"

    def capture_of(self, token: str) -> str:
        """The capture that a link is for. NotPermitted where it is not ours or has ended."""
        told, _, signature = token.rpartition(".")
        capture, _, until = told.rpartition(".")
        fits = hmac.compare_digest(self._sign(told).encode(), signature.encode("utf-8", "surrogatepass"))
        if not fits or int(until) < self.now().timestamp():
            raise NotPermitted("This link has ended.", hint="Open the captured page from the desk again.")
        return capture

    def _sign(self, told: str) -> str:
        return hmac.new(self._secret, told.encode("utf-8", "surrogatepass"), "sha256").hexdigest()
