"""`tracemark serve`."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, say, workspace_option
from pipelines.errors import NotPermitted, PartMissing

if TYPE_CHECKING:
    from fastapi import FastAPI

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SECONDS_TO_FINISH = 5


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="An address of this machine alone.")
@workspace_option
@click.pass_context
def serve(ctx: click.Context, port: int, host: str) -> None:
    """Serve the dashboard to a browser on this machine, until Ctrl-C.

    \b
    Examples:
      tracemark serve
      tracemark --workspace case-room serve --port 8080
    """
    if host not in _LOOPBACK:
        raise NotPermitted(
            f"{host} is not an address of this machine alone: accounts and TLS come with a later release",
            hint="--host 127.0.0.1",
        )
    workspace = find_workspace(ctx)
    with listen(host, port) as listener:
        from dashboards.application import create_application  # noqa: PLC0415 -- FastAPI takes 0.5 s

        passphrase = os.environ.get("TRACEMARK_KEY_PASSPHRASE") or None
        application = create_application(workspace, passphrase=passphrase)
        bound = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        say(f"Tracemark serves {workspace.root} at http://{shown}:{bound}/ (Ctrl-C ends it)")
        run(application, listener)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. PartMissing where the port is taken or may not be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PartMissing(
            f"port {port} of {host} cannot be used: {error.strerror}", hint="tracemark serve --port 8001"
        ) from error
    return listener


def run(application: FastAPI, listener: socket.socket) -> None:
    """Answer on `listener` until SIGTERM or Ctrl-C, then finish what was begun."""
    import uvicorn  # noqa: PLC0415 -- 0.2 s

    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    # uvicorn raises the signal that ended it again, once it has shut down: as an interrupt, which ends here.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
