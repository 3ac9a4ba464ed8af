"""The gateway: a forward proxy on loopback, in this process, through which all of a browser's traffic goes.

It resolves each name once, checks the answer against `AddressRule`, and connects to the very address that it
checked: page, script, frame, redirect and WebSocket alike. It also is the way out through a site file's own proxy.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from attrs import define, field, frozen

from crawler.addresses import AddressRule, ForbiddenAddress
from crawler.upstream import Upstream, UpstreamRefused

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Awaitable, Callable

_LONGEST_HEAD = 64 * 1024
_CHUNK = 64 * 1024
_SECONDS_TO_CONNECT = 20
_ABSOLUTE = re.compile(rb"^([A-Z]+) (http://[^ ]+) HTTP/1\.1$")
_TUNNEL = re.compile(rb"^CONNECT (\[[0-9A-Fa-f:.%]+\]|[^ :]+):(\d{1,5}) HTTP/1\.[01]$")
_BROWSERS_OWN = frozenset(
    {
        "accounts.google.com",
        "android.clients.google.com",
        "clients1.google.com",
        "clients2.google.com",
        "clients4.google.com",
        "content-autofill.googleapis.com",
        "edgedl.me.gvt1.com",
        "mtalk.google.com",
        "optimizationguide-pa.googleapis.com",
        "redirector.gvt1.com",
        "safebrowsing.googleapis.com",
        "safebrowsingohttpgateway.googleapis.com",
        "update.googleapis.com",
    }
)
"""Where Chromium calls on its own account, even with its switches off (the first two seen to, with version 156).

Nobody but the site learns of a visit.
"""

_HOP_BY_HOP = re.compile(rb"^(?:proxy-[a-z-]+|connection|keep-alive)\s*:", re.IGNORECASE)
_BODY_LENGTH = re.compile(rb"^content-length\s*:\s*(\d{1,12})\s*$", re.IGNORECASE)


async def resolve(host: str) -> list[str]:
    """The addresses of `host` as this machine's resolver gives them."""
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


@define(eq=False)
class Gateway:
    """Listens from the moment it is made; `start` begins to serve, `close` ends it.

    `troubles` says, by `host:port`, why the last connection there was not made.
    """

    rule: AddressRule
    resolve: Callable[[str], Awaitable[list[str]]]
    upstream: Upstream | None
    _socket: socket.socket
    troubles: dict[str, str] = field(factory=dict)
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(factory=set)

    @classmethod
    def bind(
        cls,
        rule: AddressRule,
        *,
        upstream: Upstream | None = None,
        resolve: Callable[[str], Awaitable[list[str]]] = resolve,
    ) -> Self:
        """A gateway on a free port of 127.0.0.1."""
        listener = socket.create_server(("127.0.0.1", 0))
        return cls(rule, resolve, upstream, listener)

    @property
    def url(self) -> str:
        """Where it listens, as a proxy's address."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def trouble_at(self, url: str) -> str | None:
        """Why the last connection to where `url` leads was not made, if it was not."""
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return self.troubles.get(f"{parts.hostname}:{port}")

    async def start(self) -> None:
        """Serve on the running loop."""
        self._server = await asyncio.start_server(self._accept, sock=self._socket, limit=_LONGEST_HEAD)

    async def close(self) -> None:
        """Stop serving and cut what is open."""
        if self._server is not None:
            self._server.close()
        self._socket.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        # The client may go, or send what is no request, at any moment: then its connection ends, and nothing else.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await self._serve(reader, writer)
        writer.close()

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        request = _read_head(await reader.readuntil(b"\r\n\r\n"))
        if request is None:
            return
        try:
            there = await asyncio.wait_for(self._connect(request), _SECONDS_TO_CONNECT)
        except (ForbiddenAddress, UpstreamRefused, OSError, TimeoutError) as error:
            # No answer of ours could be told from one of the site: the connection just ends.
            self.troubles[f"{request.host}:{request.port}"] = str(error) or "no answer in time"
            return
        self.troubles.pop(f"{request.host}:{request.port}", None)
        remote_reader, remote_writer = there
        try:
            if request.tunnel:
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                remote_writer.write(request.head)
            await _relay(reader, writer, remote_reader, remote_writer, request)
        finally:
            remote_writer.close()

    async def _connect(self, request: _Request) -> tuple[StreamReader, StreamWriter]:
        self.rule.check_host(request.host)
        if request.host in _BROWSERS_OWN:
            raise ForbiddenAddress(f"{request.host} is the browser's own business, not the site's")
        if self.upstream is not None:
            return await self.upstream.connect(request.host, request.port)
        addresses = await self.resolve(request.host)
        self.rule.check(request.host, addresses)
        last: OSError = OSError(f"{request.host} has no address")
        for address in addresses:
            try:
                return await asyncio.open_connection(address, request.port)
            except OSError as error:
                last = error
        raise last


@frozen(kw_only=True)
class _Request:
    host: str
    port: int
    tunnel: bool
    head: bytes = b""  # to send on, in the form that a server expects
    body: int = 0  # bytes that follow the head


def _read_head(head: bytes) -> _Request | None:
    """What a client asks for; None for what is no request to a proxy."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if (tunnel := _TUNNEL.match(first)) is not None:
        host, port = tunnel[1].decode().strip("[]"), int(tunnel[2])
        return _Request(host=host, port=port, tunnel=True) if 0 < port < 65536 else None
    asked = _ABSOLUTE.match(first)
    if asked is None:
        return None
    try:
        parts = urlsplit(asked[2].decode("ascii"))
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return None
    path = asked[2].split(b"/", 3)[3:] or [b""]
    lengths = [int(found[1]) for line in lines if (found := _BODY_LENGTH.match(line))]
    kept = [line for line in lines if not _HOP_BY_HOP.match(line)]
    # One request for each connection: what follows on it may be meant for another host.
    sent = [asked[1] + b" /" + path[0] + b" HTTP/1.1", *kept, b"Connection: close", b"", b""]
    return _Request(host=host, port=port, tunnel=False, head=b"\r\n".join(sent), body=sum(lengths))


async def _relay(
    reader: StreamReader, writer: StreamWriter, there: StreamReader, to_there: StreamWriter, request: _Request
) -> None:
    """Pass bytes both ways until either side ends."""
    up = asyncio.ensure_future(_pump(reader, to_there, None if request.tunnel else request.body))
    down = asyncio.ensure_future(_pump(there, writer, None))
    try:
        await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
        if up.done() and not down.done() and request.tunnel:
            await asyncio.wait([down], timeout=1)  # a client that has said all may still listen
    finally:
        for pump in (up, down):
            pump.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


async def _pump(source: StreamReader, target: StreamWriter, most: int | None) -> None:
    """Pass bytes on until `source` ends, or sends more than `most`."""
    with contextlib.suppress(OSError):
        while data := await source.read(_CHUNK):
            if most is not None:
                most -= len(data)
                if most < 0:
                    return
            target.write(data)
            await target.drain()
