"""The room of these tests, and servers that take what it sends."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from alert_room import Hook, MailServer, Room, make_room

from pipelines.alerts.settings import AlertSettings, Mail

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def room(tmp_path: Path, store_url: str) -> Iterator[Room]:
    made = make_room(tmp_path, store_url)
    yield made
    made.index.close()
    made.database.close()


@pytest.fixture
def mail(room: Room) -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        port = server.server_address[1]
        room.settings = AlertSettings(
            desk="https://desk.example.org",
            mail=Mail(host="127.0.0.1", port=port, security="none", sender="alerts@example.org"),
            secret="a secret of the test",
        )
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def hook(room: Room) -> Iterator[Hook]:
    with Hook() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        room.settings = AlertSettings(secret="a secret of the test")
        yield server
        server.shutdown()
        thread.join()
