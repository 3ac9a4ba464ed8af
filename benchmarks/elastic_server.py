"""A real Elasticsearch of one's own, from the launcher of a folder: it begins empty and is gone at the end."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[1]
MISSING = "no Elasticsearch: set TRACEMARK_ELASTICSEARCH to the folder with its launcher"


@contextmanager
def started(*options: str) -> Iterator[tuple[Callable[..., None], str]]:
    """A way to give the launcher orders, and what it said when the server answered. RuntimeError where it does not."""
    launcher = find_launcher()
    if launcher is None:
        raise RuntimeError(MISSING)
    port = str(_free_port())

    def order(*words: str) -> subprocess.CompletedProcess[str]:
        arguments = [str(launcher), *words[:1], "--port", port, *words[1:]]
        return subprocess.run(arguments, check=False, capture_output=True, text=True, timeout=300)

    def obey(*words: str) -> None:
        done = order(*words)
        if done.returncode:
            raise RuntimeError(f"Elasticsearch did not {words[0]}: {done.stderr[-2000:]}")

    try:
        begun = order("start", *options)
        if begun.returncode:
            raise RuntimeError(f"Elasticsearch did not start: {begun.stderr[-2000:]}")
        yield obey, begun.stdout
    finally:
        order("stop")


def find_launcher() -> Path | None:
    """The launcher, where it is named or beside the checkout."""
    named = os.environ.get("TRACEMARK_ELASTICSEARCH")
    if named:
        return Path(named) / "elasticsearch"
    for folder in (ROOT, *ROOT.parents):
        launcher = folder.parent / "shared" / "elasticsearch" / "elasticsearch"
        if launcher.is_file():
            return launcher
    return None


def _free_port() -> int:
    """A port that is free with the two after it, and those that are 100 higher, which the nodes talk over."""
    for _ in range(100):
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
        if port < 65_000 and all(_is_free(port + node + far) for node in range(3) for far in (0, 100)):
            return port
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as tried:
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
