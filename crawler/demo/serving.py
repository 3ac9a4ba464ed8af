"""Serving the marketplaces in this process, until told to stop."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

import uvicorn

from crawler.demo.application import Application, MarketServer, open_site
from crawler.demo.growth import grow_inventory
from crawler.demo.inventory import Market, load_inventory
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crawler.demo.clock import Clock

LOOPBACK = "127.0.0.1:0"
"""Where a marketplace is served unless told otherwise: a free port."""


def bind_loopback(address: str) -> socket.socket:
    """Bind `IP:PORT` (port 0: a free one) for listening; BadInput unless the address is this machine's own."""
    host, _, port = address.rpartition(":")
    try:
        loopback = ipaddress.ip_address(host.strip("[]")).is_loopback and port.isdecimal()
    except ValueError:
        loopback = False
    if not loopback:
        raise BadInput(
            f"{address!r} is not an address of this machine alone", hint="training marketplaces are served on 127.x"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is named; without it an answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
    except (OSError, OverflowError) as error:
        listener.close()
        raise BadInput(f"{address} cannot be used: {error}", hint="choose another port") from error
    return listener


def _write_url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    hosts: Mapping[Market, str],
    clock: Clock,
    grow: Mapping[Market, int],
    announce: Callable[[Mapping[str, str]], None],
    *,
    die_with_stdin: bool = False,
) -> None:
    """Serve the markets of `hosts` until interrupted; `announce` is told their addresses once they listen.

    With `die_with_stdin` the process ends as soon as its standard input closes, which is how a child
    follows its parent even when that one was killed.
    """
    listeners = {market: bind_loopback(address) for market, address in hosts.items()}
    servers = {}
    for market, listener in listeners.items():
        inventory = grow_inventory(load_inventory(market), grow.get(market, 0))
        site = open_site(market, _write_url(listener))
        servers[listener.getsockname()[1]] = MarketServer(site=site, inventory=inventory, clock=clock)
    if len(servers) < len(listeners):
        raise BadInput("every marketplace needs a port of its own")
    config = uvicorn.Config(
        Application(servers=servers),
        http="h11",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    if die_with_stdin:
        threading.Thread(target=_follow_stdin, daemon=True).start()
    asyncio.run(_run(server, listeners, announce))


async def _run(
    server: uvicorn.Server, listeners: Mapping[Market, socket.socket], announce: Callable[[Mapping[str, str]], None]
) -> None:
    # The sockets listen already: what comes before the server is up waits in their queues.
    for listener in listeners.values():
        listener.listen(1024)
    announce({market.value: _write_url(listener) for market, listener in listeners.items()})
    await server.serve(sockets=list(listeners.values()))


def _follow_stdin() -> None:
    sys.stdin.buffer.read()
    # The parent is gone: nobody is left to wait for an orderly end.
    os._exit(0)
