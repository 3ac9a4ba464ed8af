"""A proxy that an authority runs and a site file names: HTTP (CONNECT) or SOCKS 5, with or without a login."""

from __future__ import annotations

import asyncio
import base64
import struct
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from attrs import field, frozen

from pipelines.errors import BadInput

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter

_PORTS = {"http": 8080, "socks5": 1080, "socks5h": 1080}
_REFUSALS = {
    1: "general failure",
    2: "not allowed by its rules",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
}
"""What a SOCKS 5 server answers (RFC 1928, 6)."""


class UpstreamRefused(Exception):
    """The proxy did not make the connection."""


@frozen(kw_only=True)
class Upstream:
    """A proxy's address. Names are resolved by the proxy: what they lead to is for its operator to guard."""

    scheme: str
    host: str
    port: int
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `http://HOST:PORT` or `socks5://HOST:PORT`, a login before the host where one is needed.

        Raises `BadInput`; the address itself, which may hold a password, is not repeated.
        """
        try:
            parts = urlsplit(text.strip())
            port = parts.port or _PORTS.get(parts.scheme, 0)
        except ValueError as error:
            raise BadInput(f"the proxy's address cannot be read: {error}") from error
        if parts.scheme not in _PORTS or not parts.hostname:
            raise BadInput("the proxy's address must be like http://HOST:8080 or socks5://HOST:1080")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port,
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    async def connect(self, host: str, port: int) -> tuple[StreamReader, StreamWriter]:
        """A connection to `host`, by name, through the proxy. Raises `UpstreamRefused` or `OSError`."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            if self.scheme == "http":
                await self._ask_http(reader, writer, host, port)
            else:
                await self._ask_socks(reader, writer, host, port)
        except (UpstreamRefused, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            writer.close()
            if isinstance(error, UpstreamRefused | OSError):
                raise
            raise UpstreamRefused("the proxy ended the connection") from error
        return reader, writer

    async def _ask_http(self, reader: StreamReader, writer: StreamWriter, host: str, port: int) -> None:
        place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if self.user is not None:
            login = base64.b64encode(f"{self.user}:{self.password or ''}".encode()).decode()
            lines.append(f"Proxy-Authorization: Basic {login}")
        writer.write("\r\n".join([*lines, "", ""]).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        answer = head.split(b"\r\n", 1)[0].split(b" ")
        if len(answer) < 2 or answer[1] != b"200":
            raise UpstreamRefused(f"the proxy answered {answer[1].decode('latin-1') if len(answer) > 1 else 'nothing'}")

    async def _ask_socks(self, reader: StreamReader, writer: StreamWriter, host: str, port: int) -> None:
        """RFC 1928, with the login of RFC 1929."""
        writer.write(b"\x05\x02\x00\x02" if self.user is not None else b"\x05\x01\x00")
        version, method = await reader.readexactly(2)
        if version != 5 or method == 0xFF:
            raise UpstreamRefused("the proxy accepts no login that was given")
        if method == 2:
            user, password = (self.user or "").encode(), (self.password or "").encode()
            writer.write(b"\x01" + bytes([len(user)]) + user + bytes([len(password)]) + password)
            if (await reader.readexactly(2))[1] != 0:
                raise UpstreamRefused("the proxy refused the login")
        name = host.encode("idna") if not host.isascii() else host.encode()
        writer.write(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack(">H", port))
        _, reply, _, kind = await reader.readexactly(4)
        if reply != 0:
            raise UpstreamRefused(f"the proxy could not connect: {_REFUSALS.get(reply, f'code {reply}')}")
        length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        await reader.readexactly(length + 2)
