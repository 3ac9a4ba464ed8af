"""A server that speaks S3: moto's, of an environment of its own (`make dev`), on loopback and in memory."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from attrs import define

if TYPE_CHECKING:
    from collections.abc import Mapping

PYTHON = Path(sys.prefix) / "s3" / "bin" / "python"
LOCK = (
    '<ObjectLockConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ObjectLockEnabled>Enabled'
    "</ObjectLockEnabled><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>30</Days></DefaultRetention></Rule>"
    "</ObjectLockConfiguration>"
)


class RefusedError(Exception):
    """The server did not do what was asked; its status comes first."""


@define
class ObjectServer:
    """Running while the `with` block lasts, or between `start` and `stop`."""

    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        assert PYTHON.exists(), f"no {PYTHON}: make dev"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [str(PYTHON), "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while True:
            try:
                self.ask("GET", "/")
            except OSError:
                assert time.monotonic() < deadline, "moto does not answer"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def make_bucket(self, name: str, *, locked: bool = False) -> str:
        """A new bucket's address; with `locked`, nothing in it can be deleted for 30 days."""
        headers = {"x-amz-bucket-object-lock-enabled": "true"} if locked else {}
        self.ask("PUT", f"/{name}", headers=headers)
        if locked:
            self.ask("PUT", f"/{name}?object-lock", LOCK.encode())
        return f"s3://{name}/room"

    def ask(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> str:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            asking.request(method, path, body, {"Content-Type": "application/xml", **(headers or {})})
            answer = asking.getresponse()
            said = answer.read().decode()
        finally:
            asking.close()
        if answer.status >= 400:
            raise RefusedError(f"{answer.status} {said[:200]}")
        return said
