"""Saved searches from the command line, and what a webhook is sent: their forms."""

from __future__ import annotations

import json
from copy import deepcopy
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]  # no stubs
from schema_workspace import run
from test_schema import answer, check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Taking(HTTPServer):
    """A webhook on this machine that keeps the bodies it gets."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Take)
        self.taken: list[Any] = []


class Take(BaseHTTPRequestHandler):
    server: Taking

    def do_POST(self) -> None:
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def hook() -> Iterator[Taking]:
    with Taking() as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_alerts_and_their_digests(workspace: Path, hook: Taking) -> None:
    place = ("--workspace", str(workspace))
    tried = answer("alert", "preview", "glock OR chair", *place)
    check("alert", tried)
    assert tried["newest"]
    to_hook = f"webhook:http://127.0.0.1:{hook.server_port}/"
    made = answer("alert", "add", "glocks", "glock", "--tell", to_hook, "--history", *place)
    check("alert", made)
    # Port 9 takes nothing: what waits for another attempt is shown.
    answer("alert", "add", "nowhere", "chair", "--tell", "webhook:http://127.0.0.1:9/", "--history", *place)
    round_ = answer("alert", "run", *place, code=1)
    check("alert", round_)
    assert round_["deliveries"] == {"sent": 1, "waiting": 1, "failed": 0}
    for words in (
        ("mute", "glocks", "--until", "2099-12-31"),
        ("unmute", "glocks"),
        ("retro", "glocks"),
    ):
        check("alert", answer("alert", *words, *place))
    listed = answer("alert", "list", *place)
    check("alert", listed)
    assert [one["state"] for one in listed["not_sent"]] == ["waiting"]
    [digest] = hook.taken
    check("digest", digest)
    assert digest["total"] == len(digest["listings"]) >= 2
    for name in ("glocks", "nowhere"):
        assert run("alert", "remove", name, *place)[0] == 0
    wrong = deepcopy(digest)
    wrong["listings"][0]["seller"] = "Sam"  # no seller leaves this machine in an alert
    with pytest.raises(ValidationError):
        check("digest", wrong)
    with pytest.raises(ValidationError):
        check("alert", {**listed, "not_sent": None})
    with pytest.raises(ValidationError):
        check("digest", {**digest, "kind": "trouble"})
