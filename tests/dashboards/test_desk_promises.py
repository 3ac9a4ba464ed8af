"""What each screen promises: numbers that equal their lists, words for every state, nothing unexplained, few keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from desk_samples import feed_lines, receive
from desk_serving import serving
from test_desk_browser import opened_page
from test_desk_screens import page, text_of

from dashboards.overview import TROUBLE
from dashboards.wording import RUN_STATES
from pipelines.composition import opened, utc_now
from pipelines.models import RunStatus
from pipelines.store.runs import latest_run
from pipelines.store.tables import runs

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from starlette.testclient import TestClient

    from pipelines.workspace import Workspace


def rows_under(html: str, heading: str) -> int:
    """How many rows the table under a heading has."""
    table = html.partition(f'id="{heading}"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return table.count("<tr>")


def end_badly(workspace: Workspace, status: RunStatus) -> None:
    with opened(workspace) as database, database.write() as connection:
        run = latest_run(connection, "riverside")
        assert run is not None
        connection.execute(runs.update().where(runs.c.id == run.id).values(status=status.value))


def test_every_number_of_today_equals_the_list_behind_it(workspace: Workspace, client: TestClient) -> None:
    fresh = feed_lines()[1] | {"id": "fresh", "seller": None, "posted": utc_now().date().isoformat()}
    receive(workspace, [fresh | {"description": f"{fresh['description']} Unlike the others."}])
    end_badly(workspace, RunStatus.PAUSED)
    html = page(client, "/")
    counts = dict(re.findall(r'<a href="([^"]+)"[^>]*><b>([\d,]+)</b>', html.partition('class="counts"')[2]))
    assert counts.keys() >= {"/triage", "/triage?level=idle", "/sites", "#new", "#alerts"}
    for address in ("/triage", "/triage?level=idle"):
        shown = text_of(page(client, address))
        of = re.search(r"1 of (\d+) that", shown)
        assert int(counts[address]) == (int(of[1]) if of else 0), address
    assert int(counts["/sites"]) == page(client, "/sites").count("What to do:") == 1
    assert int(counts["#new"]) == rows_under(html, "new") == 1
    assert counts["#alerts"] == "0"


@pytest.mark.parametrize("status", RunStatus)
def test_every_state_of_a_run_has_words_and_what_to_do_where_a_person_is_needed(
    workspace: Workspace, client: TestClient, status: RunStatus
) -> None:
    assert len(RUN_STATES) == len(RunStatus) <= 12
    end_badly(workspace, status)
    shown = text_of(page(client, "/sites"))
    assert RUN_STATES[status.value] in shown
    assert ("What to do: " in shown) == (status in TROUBLE)


def test_no_signal_is_an_orphan_and_no_mark_without_its_signal(reader: TestClient) -> None:
    for line in feed_lines()[::3]:
        html = page(reader, f"/listing/riverside/{line['id']}")
        listed = re.findall(r'<li id="signal-(\d+)".*?</li>', html, re.DOTALL)
        words = set(re.findall(r'id="words-(\d+)"', html))
        for number in listed:
            item = html.partition(f'<li id="signal-{number}"')[2].partition("</li>")[0]
            assert f'href="#words-{number}"' in item or "rests on" in item, line["id"]
            assert (f'href="#words-{number}"' in item) == (number in words), line["id"]
        assert set(re.findall(r'href="#signal-(\d+)"', html)) <= set(listed), line["id"]


def test_a_score_is_the_same_wherever_it_is_shown(reader: TestClient) -> None:
    for number in range(3):
        place = f"riverside/p{number}"
        told = reader.get(f"/api/v1/listings/{place}").json()["assessment"]["scores"]["unlicensed_sale"]
        for address in (f"/listing/{place}", f"/triage?item={place}"):
            html = page(reader, address)
            table = html.partition("How unlicensed sale came about")[2].partition("</table>")[0]
            assert re.search(r'<th scope="row">score</th><td>([\d.]+)</td>', table)[1] == f"{told:.3f}"
            assert f'value="{told}" aria-label="unlicensed sale"' in html


def test_a_listing_is_taken_out_of_its_case_by_two_clicks(chromium: Browser, workspace: Workspace) -> None:
    with serving(workspace) as address, opened_page(chromium, address) as (tab, _asked):
        tab.goto("/listing/riverside/p1")
        tab.keyboard.press("c")
        tab.get_by_label("A new case, called").fill("One")
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        tab.goto("/listing/riverside/p2")
        tab.keyboard.press("c")
        with tab.expect_navigation():
            tab.keyboard.press("Enter")
        tab.goto("/cases")
        tab.locator("tbody a").first.click()
        assert tab.get_by_role("heading", name="Listings (2)").is_visible()
        case = tab.url
        tab.get_by_text("take out").first.click()
        tab.get_by_role("button", name="Take out").first.click()
        tab.get_by_role("heading", name="Listings (1)").wait_for()
        assert tab.url.partition("#")[0] == case


def test_back_comes_to_where_one_was_and_mistakes_are_met_first(chromium: Browser, workspace: Workspace) -> None:
    end_badly(workspace, RunStatus.FAILED)
    with (
        serving(workspace) as address,
        opened_page(chromium, address, viewport={"width": 1280, "height": 720}) as (
            tab,
            _asked,
        ),
    ):
        tab.goto("/")
        trouble = tab.locator(".counts .trouble").bounding_box()
        assert trouble["y"] + trouble["height"] < 720
        tab.keyboard.press("/")
        assert tab.evaluate("document.activeElement.id") == "quick"
        tab.goto("/search?q=")
        tab.locator(".rows h3 a").nth(18).click()
        tab.wait_for_url("**/listing/**")
        tab.go_back()
        tab.wait_for_function("scrollY > 500")
        for path in ("/search?q=pistol+AND", "/nothing"):
            tab.goto(path)
            assert tab.title().startswith("Error: ")
            assert tab.evaluate("document.activeElement.matches('.problem[role=alert]')")
        tab.goto("/search?q=pistol+AND")
        assert tab.locator("#q").input_value() == "pistol AND"
        assert tab.locator(".problem a").count() == 1
