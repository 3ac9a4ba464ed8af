"""Sessions, proxies and names that lead inside: as a whole crawl has them."""

from __future__ import annotations

import json
import os
import socket
import socketserver
import threading
from typing import TYPE_CHECKING, Self, cast

import pytest
from crawl_records import read_captures, read_listings
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

if TYPE_CHECKING:
    from pathlib import Path

    from crawl_room import Room

# What the crawl's process finds instead of a resolver: names by a table, and no way to any other address.
STUB = """
import json, os, socket
_names = json.loads(os.environ["STUB_NAMES"])
_connect = socket.socket.connect
def _gethostbyname(name):
    if name not in _names:
        raise socket.gaierror("no such name")
    return _names[name]
def _guarded(self, address):
    if self.family != socket.AF_UNIX and not str(address[0]).startswith("127."):
        open(os.environ["STUB_LEFT"], "a").write(f"{address}\\n")
        raise OSError("left loopback")
    return _connect(self, address)
socket.gethostbyname = _gethostbyname
socket.socket.connect = _guarded
socket.socket.connect_ex = _guarded
"""


def market(asked: Asked) -> Answer:
    if asked.path == "/robots.txt":
        return Answer(status=404)
    if asked.path.startswith("/item/"):
        return Answer(listing_page(int(asked.path.rsplit("/", 1)[-1])))
    return Answer(list_page(range(1, 4)))


@pytest.fixture
def stub(tmp_path: Path) -> dict[str, str]:
    """Environment under which a crawl's names are those of STUB_NAMES."""
    folder = tmp_path / "stub"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(STUB)
    paths = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    return {"PYTHONPATH": paths, "STUB_LEFT": str(tmp_path / "left"), "TRACEMARK_ALLOW_LOOPBACK": "0"}


@pytest.mark.parametrize("address", ["127.0.0.1", "169.254.169.254", "10.1.2.3", "192.0.0.192"])
def test_a_name_that_leads_inside_is_not_connected_to(room: Room, stub: dict[str, str], address: str) -> None:
    with Served(market) as inside:
        port = inside.url.rsplit(":", 1)[1]
        room.write_site("market", site_text("market", f"http://market.example:{port}", pace="delay: 0.5"))
        ended = room.crawl("market", STUB_NAMES=json.dumps({"market.example": address}), **stub)
    assert ended.code == 1
    assert "the name leads to no public address" in ended.found["reason"]
    assert "Traceback" not in ended.stderr
    assert not inside.requests
    assert not (room.workspace.root.parent / "left").exists()


def with_login(asked: Asked) -> Answer:
    if asked.path != "/robots.txt" and "sid=s3cret" not in asked.headers.get("cookie", ""):
        return Answer(
            "<html><head><title>Sign in</title></head><body><h1>Please sign in</h1><form method='post'>"
            "<input name='user'><input type='password' name='word'><button>Sign in</button></form></body></html>"
        )
    return market(asked)


def write_session(path: Path, kind: str, sid: str) -> None:
    cookie = {"name": "sid", "value": sid, "domain": "127.0.0.1", "path": "/"}
    path.write_text(json.dumps([cookie] if kind == "cookies" else {"cookies": [cookie], "origins": []}))


@pytest.mark.parametrize(("fetch", "kind"), [("http", "cookies"), ("browser", "cookies"), ("browser", "storage_state")])
def test_a_given_session_opens_the_site_and_its_loss_is_told(room: Room, tmp_path: Path, fetch: str, kind: str) -> None:
    given = tmp_path / "session.json"
    with Served(with_login) as site:
        more = [f"fetch: {fetch}", f"session: {{{kind}: MARKET_SESSION}}"]
        room.write_site("market", site_text("market", site.url, *more))
        unset = room.crawl("market")
        assert unset.code == 3
        assert "MARKET_SESSION, which is not set" in unset.error["error"]
        write_session(given, kind, "s3cret")
        opened = room.crawl("market", MARKET_SESSION=str(given))
        assert opened.found["found"]["listings"] == 3
        write_session(given, kind, "stale")
        lost = room.crawl("market", MARKET_SESSION=str(given))
    assert (lost.code, lost.found["status"]) == (1, "paused")
    assert "asks for a login" in lost.found["reason"]
    assert len(read_listings(room.workspace, "market")) == 3


class Proxy(socketserver.ThreadingTCPServer):
    """An HTTP proxy (CONNECT) to which every name is one server."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Tunnel)
        self.asked: list[str] = []
        self.port = port
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


class _Tunnel(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        proxy = cast(Proxy, self.server)
        proxy.asked.append(self.rfile.readline().decode().strip())
        while self.rfile.readline().strip():
            pass
        self.wfile.write(b"HTTP/1.1 200 Go on\r\n\r\n")
        with socket.create_connection(("127.0.0.1", proxy.port)) as there:
            while line := self.rfile.readline():
                there.sendall(line)
                if not line.strip():
                    break
            while data := there.recv(65536):
                self.wfile.write(data)


@pytest.mark.parametrize("fetch", ["http", "browser"])
def test_everything_goes_through_the_sites_own_proxy(room: Room, stub: dict[str, str], fetch: str) -> None:
    with Served(market) as site, Proxy(int(site.url.rsplit(":", 1)[1])) as proxy:
        text = site_text("market", "http://market.example", f"fetch: {fetch}", "proxy: MARKET_PROXY", pace="delay: 0.5")
        room.write_site("market", text)
        ended = room.crawl("market", STUB_NAMES="{}", MARKET_PROXY=proxy.url, **stub)
    assert ended.found["found"]["listings"] == 3, ended
    assert set(proxy.asked) == {"CONNECT market.example:80 HTTP/1.1"}
    assert "/robots.txt" in site.paths
    assert {one["url"].split("/item")[0] for one in read_captures(room.workspace, "market")} <= {
        "http://market.example",
        "http://market.example/",
        "http://market.example/user/u1",
        "http://market.example/robots.txt",
    }
    assert not (room.workspace.root.parent / "left").exists()
