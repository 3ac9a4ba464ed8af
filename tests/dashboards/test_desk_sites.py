"""Sites from the desk: their files, pauses and visits."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from test_desk_cases import send
from test_desk_screens import custody_of, page, text_of

from dashboards.intervals import draw_canaries
from pipelines.composition import opened
from pipelines.errors import BadInput
from pipelines.models import RunStatus
from pipelines.store.pauses import Pause, pause_site, read_pauses
from pipelines.store.runs import Run

if TYPE_CHECKING:
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
