"""`tracemark serve`."""

from __future__ import annotations

import os
import signal
import socket
import ssl
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, say, workspace_option
from pipelines.errors import ConfigurationError, NotPermitted, PartMissing

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.replay.links import ReplayListener
    from pipelines.observe.metrics import Answering
    from pipelines.workspace import Workspace

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_SECONDS_TO_FINISH = 5


@click.command()
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond this machine it needs TLS and accounts.")
@workspace_option
@click.pass_context
def serve(ctx: click.Context, port: int, host: str) -> None:
    """Serve the dashboard, to browsers on this machine unless --host says otherwise, until Ctrl-C.

    Beyond this machine it is served only by TLS and to people with accounts ([desk] in tracemark.toml, `tracemark
    people`).

    \b
    Examples:
      tracemark serve
      tracemark --workspace case-room serve --port 8080
      tracemark serve --host 0.0.0.0 --port 8443
    """
    workspace = find_workspace(ctx)
    certificate = find_certificate(workspace)
    closed = has_people(workspace)
    if host not in _LOOPBACK:
        refuse_beyond(host, workspace, closed=closed)
    with ExitStack() as held:
        listener = held.enter_context(listen(host, port))
        other, replay = listen_for_replay(host, workspace)
        if other:
            held.enter_context(other)
        from dashboards.application import create_application  # noqa: PLC0415 -- FastAPI takes 0.5 s
        from pipelines.composition import metrics_served  # noqa: PLC0415

        meters = held.enter_context(metrics_served(workspace, "serve"))

        passphrase = os.environ.get("TRACEMARK_KEY_PASSPHRASE") or None
        application = create_application(workspace, passphrase=passphrase, replay=replay)
        bound = listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if certificate else "http"
        say(f"Tracemark serves {workspace.root} at {scheme}://{shown}:{bound}/ (Ctrl-C ends it)")
        if not closed:
            say("no accounts: whoever sits at this machine has every right; `tracemark people add` makes the first one")
        run(meters.timed(application), [listener, other] if other else [listener], certificate)


def find_certificate(workspace: Workspace) -> tuple[Path, Path] | None:
    """The files of the server's certificate and its key, or None. ConfigurationError where one cannot be read."""
    desk = workspace.settings.desk
    if desk.certificate is None and desk.certificate_key is None:
        return None
    if desk.certificate is None or desk.certificate_key is None:
        raise ConfigurationError("TLS needs both: [desk] certificate and certificate_key in tracemark.toml")
    files = (workspace.root / desk.certificate, workspace.root / desk.certificate_key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(*files, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"the certificate {files[0]} with the key {files[1]} cannot be used: {error}",
            hint="both in PEM, the key without a passphrase and belonging to the certificate",
        ) from error
    return files


def has_people(workspace: Workspace) -> bool:
    """Whether people have to sign in: the workspace has accounts, or a provider vouches for them."""
    from dashboards.people.registry import has_accounts  # noqa: PLC0415 -- SQLAlchemy takes 0.2 s
    from pipelines.composition import opened  # noqa: PLC0415

    if workspace.settings.sign_in.issuer is not None:
        return True
    with opened(workspace) as database, database.read() as connection:
        return has_accounts(connection)


def refuse_beyond(host: str, workspace: Workspace, *, closed: bool) -> None:
    """Let `host`, an address beyond this machine, pass only with accounts, TLS and a name; say all that is missing."""
    desk = workspace.settings.desk
    missing = [] if desk.certificate else ["TLS: [desk] certificate and certificate_key in tracemark.toml"]
    missing += [] if desk.names else ["the names under which browsers reach it: [desk] names in tracemark.toml"]
    words = f"{host} is not an address of this machine alone: the desk is served there only with accounts and TLS"
    if not closed:
        missing.insert(0, "accounts: tracemark people add NAME --role administrator")
        raise NotPermitted(words, details=tuple(missing), hint="--host 127.0.0.1 needs none of it")
    if missing:
        raise ConfigurationError(words, details=tuple(missing), hint="--host 127.0.0.1 needs none of it")


def listen_for_replay(host: str, workspace: Workspace) -> tuple[socket.socket | None, ReplayListener | None]:
    """The socket at which captured pages are shown, and what a browser calls it; neither where none is configured.

    On this machine alone any free port will do. ConfigurationError where `[desk] replay_origin` is none.
    """
    from dashboards.replay.links import Origin, ReplayListener, read_origin  # noqa: PLC0415 -- SQLAlchemy, 0.2 s

    desk = workspace.settings.desk
    if desk.replay_origin is not None:
        origin = read_origin(desk.replay_origin, desk.names, tls=desk.certificate is not None)
        return listen(host, origin.port, "another port in [desk] replay_origin"), ReplayListener(
            origin=origin, port=origin.port
        )
    if host not in _LOOPBACK or desk.certificate is not None:
        return None, None
    other = listen(host, 0)
    port = other.getsockname()[1]
    return other, ReplayListener(origin=Origin(scheme="http", host=host, port=port), port=port)


def listen(host: str, port: int, hint: str = "tracemark serve --port 8001") -> socket.socket:
    """A listening socket. PartMissing where the port is taken or may not be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By its protocol asyncio knows that it may send small parts at once; without it each answer waits some 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise PartMissing(f"port {port} of {host} cannot be used: {error.strerror}", hint=hint) from error
    return listener


def run(application: Answering, listeners: list[socket.socket], certificate: tuple[Path, Path] | None = None) -> None:
    """Answer on `listeners` until SIGTERM or Ctrl-C, then finish what was begun."""
    import uvicorn  # noqa: PLC0415 -- 0.2 s

    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        log_config=None,  # what uvicorn says goes where all logs go
        server_header=False,
        proxy_headers=False,  # who asks is who connects: no header of theirs says otherwise
        ssl_certfile=certificate and certificate[0],
        ssl_keyfile=certificate and certificate[1],
        timeout_graceful_shutdown=_SECONDS_TO_FINISH,
    )
    # uvicorn raises the signal that ended it again, once it has shut down: as an interrupt, which ends here.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=listeners)
