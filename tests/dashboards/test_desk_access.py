"""axe, all its rules (WCAG 2.2 AA and more), on every screen, light and dark, phone to wide: no finding at all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from desk_samples import feed_lines, make_workspace, receive
from desk_serving import copied, serving
from test_desk_browser import opened_page
from test_desk_pictures import capture_page, make_png
from test_desk_sellers import link_accounts

from dashboards.people.access import ACCESS
from pipelines.composition import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from pipelines.workspace import Workspace

EVERY_RULE = {"resultTypes": ["violations"]}
LOOKS = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]}, "resultTypes": ["violations"]}
"""What colours and widths may change; the rest is the same page."""
WAYS = (("light", 1280, None), ("light", 320, LOOKS), ("dark", 390, None), ("dark", 1920, EVERY_RULE))
SCREENS = (
    "/",
    "/triage",
    "/triage/audit",
    "/triage/second",
    "/search?q=pistol",
    "/search?q=pistol&view=grid",
    "/search?q=AND",
    "/search?q=glock+site:elsewhere",
    "/listing/riverside/p1",
    "/listing/riverside/arabic",
    "/listing/riverside/17",
    "/seller/riverside/quietriver",
    "/decisions/together?site=riverside&id=quietriver",
    "/alerts/new?q=pistol",
    "/cases",
    "/cases/{case}",
    "/sites",
    "/sites/riverside",
    "/sites/chairs",
    "/sites/chairs/look",
    "/quality",
    "/account",
    "/administration",
    "/administration/checks",
    "/custody",
    "/sign-in",
    "/capture/shot1/page",
    "/triage?skip=99",
    "/packets/{packet}",
    "/nothing",
)
NO_PAGES = {
    "/sign-in/back", "/search/complete", "/search/export", "/cases/{reference}/timeline.csv",
    "/capture/{capture}/screenshot.png", "/packets/{number}/file", "/listing", "/seller",
}  # fmt: skip
"""What answers with something else than a page, or with one of the pages for an id that no path can hold."""


@pytest.fixture(scope="module")
def room(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = copied(sample, tmp_path_factory.mktemp("access") / "room")
    (workspace.sites / "chairs.yaml").write_text("site: chairs\nstart: [https://market.example/]\n")
    arabic = {"id": "arabic", "title": "مسدس 9mm للبيع", "description": "بدون أوراق. cash only, no background check."}
    receive(workspace, [feed_lines()[0] | arabic])
    capture_page(workspace, make_png())
    link_accounts(workspace)
    return workspace


@pytest.fixture(scope="module")
def address(room: Workspace) -> Iterator[str]:
    with serving(room) as served:
        yield served


@pytest.fixture(scope="module")
def tab(chromium: Browser, address: str) -> Iterator[tuple[Page, list[str]]]:
    """One page for all screens, and what it asked for outside of the desk."""
    with opened_page(chromium, address, bypass_csp=True) as (page, asked):
        yield page, asked


@pytest.fixture(scope="module")
def case(chromium: Browser, address: str) -> str:
    """A case with a listing and a decision, made by hand in the browser."""
    with opened_page(chromium, address) as (page, _asked):
        page.goto("/seller/riverside/quietriver")
        page.locator(".addcase summary").click()
        page.get_by_label("A new case, called").fill("By hand")
        page.get_by_role("button", name="Open it and add").click()
        page.wait_for_url("**/cases/*")
        page.goto("/listing/riverside/p2")
        page.get_by_role("button", name="Not relevant").click()
        page.wait_for_load_state()
        page.goto("/cases")
        return page.locator("tbody a").first.get_attribute("href").rpartition("/")[2]


@pytest.fixture(scope="module")
def packet(chromium: Browser, address: str, room: Workspace) -> tuple[str, str]:
    """The number of a packet that is made, and its page while it was not."""
    with pytest.MonkeyPatch.context() as patch, opened_page(chromium, address) as (page, _asked):
        patch.setattr("dashboards.packets.AT_ONCE", 0.0)
        page.goto("/listing/riverside/17")
        with opened(room) as database, database.write():  # it waits for its row of the custody log
            page.get_by_role("button", name="Make and download the packet").click()
            page.wait_for_url("**/packets/*")
            under_way = page.content()
        page.get_by_role("heading", name="Evidence packet: made").wait_for()
        return urlsplit(page.url).path.rpartition("/")[2], under_way


def test_every_address_of_a_page_is_looked_at() -> None:
    pages = {key.partition(" ")[2] for key in ACCESS if key.startswith("GET ") and "/api/" not in key} - NO_PAGES
    for place in pages:
        pattern = re.compile(re.sub(r"\\{[^}]*\\}", "[^?]+", re.escape(place)) + r"(\?.*)?")
        assert any(pattern.fullmatch(screen) for screen in SCREENS), place


@pytest.mark.parametrize("path", SCREENS)
def test_axe_finds_nothing_and_no_page_is_wider_than_the_screen(
    tab: tuple[Page, list[str]], case: str, packet: tuple[str, str], path: str
) -> None:
    page, asked = tab
    page.goto(path.format(case=case, packet=packet[0]))
    examine(page)
    assert [one for one in asked if "/shot1." not in one] == []  # the captured page, of the other origin


def test_axe_finds_nothing_on_a_packet_on_its_way(tab: tuple[Page, list[str]], packet: tuple[str, str]) -> None:
    page, _asked = tab
    page.route("**/packets/under-way", lambda route: route.fulfill(body=packet[1], content_type="text/html"))
    page.goto("/packets/under-way")
    assert page.locator("progress").is_visible()
    examine(page)


def test_axe_finds_nothing_where_there_is_nothing_yet(chromium: Browser, tmp_path: Path) -> None:
    with serving(make_workspace(tmp_path / "empty", [])) as address, opened_page(chromium, address) as (page, _asked):
        for path in ("/", "/search", "/sites", "/quality"):
            page.goto(path)
            results = Axe().run(page, options=EVERY_RULE).response
            assert [(one["id"], one["nodes"][0]["html"][:160]) for one in results["violations"]] == [], path


def examine(page: Page) -> None:
    """A page as it stands, in every way."""
    assert page.locator("h1").count() == 1
    assert page.locator("header, nav, main, footer").count() >= 4
    for scheme, width, rules in WAYS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        results = Axe().run(page, options=rules).response if rules else {"violations": []}
        found = [(one["id"], one["impact"], one["nodes"][0]["html"][:160]) for one in results["violations"]]
        assert found == [], (scheme, width)
