"""Sites from the desk: their files, pauses and visits."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from test_desk_cases import send
from test_desk_screens import custody_of, page, text_of

from dashboards.intervals import draw_canaries
from dashboards.overview import read_site_view
from pipelines.composition import opened
from pipelines.errors import BadInput
from pipelines.models import RunStatus
from pipelines.store.pauses import Pause, pause_site, read_pauses
from pipelines.store.runs import Run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace

FILE = "site: chairs\nstart: [https://market.example/]\npace: {delay: 5}\n"


@pytest.fixture
def file(workspace: Workspace) -> Workspace:
    (workspace.sites / "chairs.yaml").write_text(FILE)
    return workspace


def shown(client: TestClient) -> str:
    return re.search(r'name="shown" value="([0-9a-f]{64})"', page(client, "/sites/chairs")).group(1)


def test_a_file_is_changed_once_it_has_no_mistakes(file: Workspace, client: TestClient) -> None:
    path = file.sites / "chairs.yaml"
    assert "Has a file, and was never visited" in text_of(page(client, "/sites"))
    before = shown(client)
    values = {"text": "site: chairs\nstart: [ftp://market.example/]\npace: {delay: -1}\n", "shown": before}
    send(client, "/sites/chairs/file", 400, **values)
    assert path.read_text() == FILE
    answer = unescape(client.post("/sites/chairs/file", data={**values, "form_token": token(client)}).text)
    assert "chairs.yaml:2: start.0" in answer
    assert "chairs.yaml:3: pace.delay" in answer
    assert str(path.parent) not in answer
    assert "/chairs.yaml" not in answer.replace("sites/chairs.yaml", "")
    assert "ftp://market.example/" in answer.partition("<textarea")[2]
    changed = FILE.replace("delay: 5", "delay: 9")
    send(client, "/sites/chairs/file", text=changed, shown=before)
    assert path.read_text() == changed
    send(client, "/sites/chairs/file", 400, text=FILE, shown=before)
    assert path.read_text() == changed
    assert custody_of(file, "site:chairs") == [("ana", "edit")]


def token(client: TestClient) -> str:
    return re.search(r'name="form_token" value="([0-9a-f]{64})"', page(client, "/cases")).group(1)


def test_a_file_stays_the_file_of_its_site(file: Workspace, client: TestClient) -> None:
    send(client, "/sites/chairs/file", 400, text=FILE.replace("site: chairs", "site: tables"), shown=shown(client))
    assert (file.sites / "chairs.yaml").read_text() == FILE


def test_a_pause_ends_by_itself_or_by_hand(file: Workspace, client: TestClient) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    send(client, "/sites/chairs/pause", 400, until=day, reason=" ")
    send(client, "/sites/chairs/pause", 400, until="2020-01-01", reason="late")
    send(client, "/sites/chairs/pause", until=day, reason="asked by the site")
    assert "asked by the site" in page(client, "/sites/chairs")
    with opened(file) as database, database.read() as connection:
        assert set(read_pauses(connection, datetime.now(UTC))) == {"chairs"}
        assert read_pauses(connection, datetime.now(UTC) + timedelta(days=5)) == {}
    send(client, "/sites/chairs/go-on")
    assert "asked by the site" not in page(client, "/sites/chairs")
    assert custody_of(file, "site:chairs") == [("ana", "pause"), ("ana", "pause")]


def test_a_pause_in_the_past_is_refused(workspace: Workspace) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    with opened(workspace) as database, database.write() as connection, pytest.raises(BadInput):
        pause_site(connection, Pause(site="chairs", until=now, actor="ana", reason="x"), now)


def test_a_visit_without_authority_says_why(file: Workspace, client: TestClient) -> None:
    send(client, "/sites/none/run", 404)
    send(client, "/sites/chairs/run")
    for _ in range(600):
        if "under way" not in (words := text_of(page(client, "/sites/chairs"))):
            break
        time.sleep(0.05)
    assert "The visit begun here:" in words
    assert "on record" in words


MARKET = """<html><body><h1>Oak chair</h1><p>Price: <b>$40</b></p><script>window.ran = 1</script>
<script type="application/ld+json">{"@type": "Product", "name": "Oak chair, &lt;b&gt;firm&lt;/b&gt;", "sku": "7",
"offers": {"@type": "Offer", "price": "40", "priceCurrency": "USD"}}</script></body></html>"""


@contextmanager
def market() -> Iterator[str]:
    """The address of a site with one listing on every page."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            robots = self.path == "/robots.txt"
            self.send_response(404 if robots else 200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"" if robots else MARKET.encode())

        def log_message(self, *_given: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/item/7"
        server.shutdown()
        thread.join()


def test_a_look_shows_what_was_read_and_keeps_nothing(
    file: Workspace, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEMARK_ALLOW_LOOPBACK", "1")
    who = "authority: {operator: Unit, contact: unit@example.org, basis: a test}"
    with market() as address:
        (file.sites / "chairs.yaml").write_text(f"site: chairs\nstart: ['{address}']\npace: {{delay: 0}}\n{who}\n")
        assert "Nobody has looked" in page(client, "/sites/chairs/look")
        send(client, "/sites/chairs/look")
        for _ in range(600):
            answer = client.get("/sites/chairs/look")
            if "refresh" not in answer.headers:
                break
            time.sleep(0.05)
    told = text_of(answer.text)
    assert "HTTP 200, detail" in told
    assert re.search(r"price .*40.*USD.* json-ld", told)
    assert "<script>window" not in answer.text
    assert ("ana", "visit") in custody_of(file, "site:chairs")
    with opened(file) as database, database.read() as connection:
        assert read_site_view(connection, "chairs") is None
    send(client, "/sites/riverside/look", 404)


def test_a_feed_has_no_file_and_an_unknown_site_is_not_there(client: TestClient) -> None:
    assert "come as a feed" in text_of(page(client, "/sites/riverside"))
    page(client, "/sites/nowhere", 404)


def test_a_canary_shows_where_a_run_fell_short() -> None:
    day = datetime(2026, 11, 1, tzinfo=UTC)
    runs = [
        Run(
            id=str(number),
            site="s",
            started=day + timedelta(days=number),
            status=RunStatus.DONE,
            expected={"listings": 100, "price": 0.9},
            found={"listings": found, "price": 0.95, "pages": 7},
        )
        for number, found in reversed(list(enumerate((120, 40))))
    ]
    listings, price = draw_canaries(runs)
    assert [short for _, _, _, short in listings.points] == [False, True]
    assert listings.points[0][1] < listings.expected < listings.points[1][1]
    assert [short for _, _, _, short in price.points] == [False, False]
    assert draw_canaries([]) == ()
