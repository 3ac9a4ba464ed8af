"""A scripted proxy in front of a real Elasticsearch: it refuses, fails, resets, forgets its answers and cuts them."""

from __future__ import annotations

import http.client
import json
import random
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

FAULTS = ("429", "503", "reset", "lost", "items", "cut")


class Proxy(ThreadingHTTPServer):
    """Passes requests on to a server; of those that are not spared, a share meets a fault."""

    daemon_threads = True

    def __init__(self, upstream: str, seed: int, share: float) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.upstream = urlsplit(upstream)
        self.share = share
        self.met: dict[str, int] = dict.fromkeys(FAULTS, 0)
        self._chance = random.Random(seed)  # noqa: S311 -- a script of faults
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fault(self, *, bulk: bool) -> str | None:
        with self._lock:
            if self._chance.random() >= self.share:
                return None
            fault = self._chance.choice(FAULTS if bulk else FAULTS[:4])
            self.met[fault] += 1
            return fault

    def refused(self, length: int) -> list[bool]:
        with self._lock:
            return [self._chance.random() < 0.1 for _ in range(length)]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A reset on purpose is no news."""


class Passing(BaseHTTPRequestHandler):
    """Meets its fault, or is passed on."""

    protocol_version = "HTTP/1.1"
    server: Proxy

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        bulk = self.path.split("?")[0].endswith("/_bulk")
        fault = self.server.fault(bulk=bulk)
        if fault in {"429", "503"}:
            self._answer(int(fault), b'{"error":{"type":"scripted","reason":"busy"}}')
        elif fault == "reset":
            self._reset()
        elif fault == "lost":
            self._forward(body)
            self._reset()
        elif fault == "cut":
            _, answer = self._forward(body)
            self._answer(200, answer[: len(answer) // 2])
        elif fault == "items":
            self._answer(200, self._refuse_items(body))
        else:
            self._answer(*self._forward(body))

    do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _handle  # noqa: N815 -- the names http.server calls

    def _forward(self, body: bytes) -> tuple[int, bytes]:
        upstream = http.client.HTTPConnection(str(self.server.upstream.hostname), self.server.upstream.port, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() in {"content-type", "accept"}}
        upstream.request(self.command, self.path, body, headers)
        response = upstream.getresponse()
        answer = response.status, response.read()
        upstream.close()
        return answer

    def _refuse_items(self, body: bytes) -> bytes:
        """A tenth of the items is refused, the others go through."""
        items = _items(body.decode())
        refused = self.server.refused(len(items))
        passed = "".join(item for item, no in zip(items, refused, strict=True) if not no)
        answered: list[Any] = json.loads(self._forward(passed.encode())[1])["items"] if passed else []
        error = {"type": "es_rejected_execution_exception", "reason": "queue full"}
        merged = [{"index": {"status": 429, "error": error}} if no else answered.pop(0) for no in refused]
        return json.dumps({"errors": True, "items": merged}).encode()

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.elasticsearch+json;compatible-with=9")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class names it so
        """Quiet."""


def _items(body: str) -> list[str]:
    lines = body.splitlines(keepends=True)
    items: list[str] = []
    while lines:
        head = lines.pop(0)
        items.append(head if "delete" in json.loads(head) else head + lines.pop(0))
    return items
