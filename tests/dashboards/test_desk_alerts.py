"""Searches completed, brushed, shown as pictures, exported, saved; and what is new since a person last looked."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING

import pytest
from desk_samples import PISTOLS, feed_lines, receive
from test_desk_cases import send
from test_desk_screens import custody_of, page, text_of

from dashboards.hotspots import list_hot
from dashboards.looks import Looks
from dashboards.telling import read_told
from pipelines.composition import opened

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def test_completion_offers_whole_queries(reader: TestClient) -> None:
    found = reader.get("/search/complete", params={"q": "glock sig"}).json()
    assert found[0] == {"query": "glock signal:", "meaning": "observed signal", "count": None}
    found = reader.get("/search/complete", params={"q": "signal:no_ch rest", "at": 12}).json()
    assert found[0]["query"] == "signal:no_check_offered rest"
    assert found[0]["count"] == len(PISTOLS)
    assert reader.get("/search/complete", params={"q": "glock"}).json() == []


def test_days_narrow_a_search(reader: TestClient) -> None:
    answer = reader.get("/search", params={"q": "pistol", "since": "2026-10-10", "until": "2026-10-05"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/search?q=pistol+posted%3A2026-10-05..2026-10-10"
    assert "2 listings" in text_of(page(reader, answer.headers["location"]))
    assert 'name="since"' in page(reader, "/search?q=pistol")
    page(reader, "/search?since=then", 400)


def test_each_bar_of_prices_leads_to_as_many_listings_as_it_says(reader: TestClient) -> None:
    html = page(reader, "/search?q=pistol&step=25")
    bars = re.findall(r'<a href="([^"]+)" data-from="(\d+)" data-to="(\d*)" aria-label="[^:]+: (\d+)"', html)
    assert [(int(low), int(count)) for _, low, _, count in bars] == [(400 + 25 * n, 1) for n in range(len(PISTOLS))]
    address = unescape(bars[3][0])
    assert address == "/search?q=pistol+price%3A%3E%3D475+price%3A%3C500&step=25"
    assert "1 listing" in text_of(page(reader, address))
    answer = reader.get("/search", params={"q": "pistol", "least": "525", "below": "450", "step": 25})
    assert answer.headers["location"] == "/search?q=pistol+price%3A%3E%3D450+price%3A%3C525&step=25"
    page(reader, "/search?least=dear", 400)
    page(reader, "/search?step=3", 400)


def test_pictures_and_export(reader: TestClient) -> None:
    html = page(reader, "/search?q=pistol&view=grid")
    assert html.count('class="nopicture"') == len(PISTOLS)
    assert "view=grid" in unescape(re.search(r'class="include" href="([^"]+)"', html).group(1))
    answer = reader.get("/search/export", params={"q": "pistol"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert {line["id"] for line in lines} == {f"p{number}" for number in range(len(PISTOLS))}
    assert lines[0].keys() == {
        "site", "id", "url", "status", "first_seen", "last_seen", "title", "description", "price", "seller", "contacts",
        "location", "country", "posted", "items", "assessment",
    }  # fmt: skip
    assert reader.get("/search/export", params={"q": "AND"}).status_code == 400


def test_a_search_is_saved_after_a_look_and_tells_on_the_first_page(client: TestClient, workspace: Workspace) -> None:
    shown = text_of(page(client, "/alerts/new?q=signal:no_check_offered"))
    assert f"{len(PISTOLS)} in all" in shown
    saved = {"name": "no-checks", "query": "signal:no_check_offered"}
    send(client, "/alerts", 400, **saved, tell="pigeon")
    assert send(client, "/alerts", **saved) == "/#alerts"
    send(client, "/alerts", 400, **saved)
    assert "no-checks" in page(client, "/")
    with opened(workspace) as database, database.read() as connection:
        (one,) = read_told(connection, None)
    assert (one.search.owner, one.fresh, one.total) == ("ana", 0, 0)
    assert one.search.sequence > 0
    send(client, "/alerts/remove", name="no-checks")
    assert "no-checks" not in page(client, "/")


def test_what_is_new_is_what_came_after_the_visit_before(workspace: Workspace) -> None:
    now = [datetime(2026, 11, 20, 9, 0, tzinfo=UTC)]
    with opened(workspace) as database:
        looks = Looks(database, lambda: now[0])
        assert looks.look("ana") is None
        now[0] += timedelta(minutes=20)
        assert looks.look("ana") is None
        now[0] += timedelta(hours=20)
        assert looks.look("ana") == datetime(2026, 11, 20, 9, 20, tzinfo=UTC)
        now[0] += timedelta(minutes=5)
        assert looks.look("ana") == datetime(2026, 11, 20, 9, 20, tzinfo=UTC)
        assert looks.look("ben") is None


def test_only_what_stands_out_is_shown() -> None:
    row = {"count": 9, "expected": 1.0, "times": 9.0, "probability": 0.001, "sites": [], "items": []}
    body = {
        "sellers": [{**row, "name": "a", "hot": True}, {**row, "name": "b", "hot": False}],
        "places": [{**row, "name": "c", "hot": True, "probability": 0.0001}],
        "routes": [{**row, "name": "d", "hot": True}],
    }
    assert [(spot.field, spot.name) for spot in list_hot(body)] == [("location", "c"), ("seller", "a")]


def test_an_export_is_in_the_custody_log(workspace: Workspace, client: TestClient) -> None:
    client.get("/search/export", params={"q": "pistol"})
    assert custody_of(workspace, "search")[-1] == ("ana", "export")


@pytest.mark.parametrize("query", ["site:riverside", "pistol"])
def test_meaning_can_be_asked_for(workspace: Workspace, client: TestClient, query: str) -> None:
    receive(workspace, [feed_lines()[0]])
    html = page(client, f"/search?q={query}&meaning=true")
    assert 'name="meaning" value="true" checked' in html
    assert "meaning=true" in unescape(re.search(r'class="include" href="([^"]+)"', html).group(1))
