"""What comes out of a printer: whose it is and as of when, nothing to press, nothing cut, marks that need no colour."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from desk_samples import SITE
from desk_serving import copied, serving
from test_desk_browser import opened_page
from test_desk_pictures import capture_page, make_png
from test_desk_sellers import link_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from pipelines.workspace import Workspace

PAPER = 688  # CSS pixels between the margins of an A4 page
FOUND = """() => {
  const shown = (chosen) => [...document.querySelectorAll(chosen)].filter((node) => node.checkVisibility()).length;
  const beyond = (node) => node.checkVisibility() && node.getBoundingClientRect().right > innerWidth + 1;
  return {
    pressed: shown("nav, form, button, input, select, textarea, iframe, .skip, footer"),
    cut: [...document.querySelectorAll("main *")].filter(beyond).map((node) => node.outerHTML.slice(0, 120)),
    header: document.querySelector("p.printed").innerText,
  };
}"""


@pytest.fixture(scope="module")
def tab(chromium: Browser, sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    workspace = copied(sample, tmp_path_factory.mktemp("print") / "room")
    capture_page(workspace, make_png())
    link_accounts(workspace)
    with serving(workspace) as address, opened_page(chromium, address, color_scheme="dark") as (page, _asked):
        cases = page.request.post(f"{address}/api/v1/cases", data={"name": "Print"}, headers={"Origin": address}).json()
        members = {"listings": [{"site": SITE, "id": "p1"}], "sellers": [{"site": SITE, "id": "quietriver"}]}
        page.request.post(
            f"{address}/api/v1/cases/{cases['reference']}/members", data=members, headers={"Origin": address}
        )
        page.set_viewport_size({"width": PAPER, "height": 970})
        page.emulate_media(media="print")
        yield page


@pytest.fixture(scope="module")
def case(tab: Page) -> str:
    """The reference of a case with a listing and a seller."""
    tab.goto("/cases")
    return tab.locator("tbody a").first.get_attribute("href").rpartition("/")[2]


@pytest.mark.parametrize(
    "path",
    ["/", "/triage", "/search?q=pistol", "/listing/riverside/p1", "/listing/riverside/17",
     "/seller/riverside/quietriver", "/cases", "/cases/{case}", "/sites", "/quality", "/custody"],
)  # fmt: skip
def test_a_page_prints_whole_and_with_nothing_to_press(tab: Page, case: str, path: str) -> None:
    path = path.format(case=case)
    tab.goto(path)
    found = tab.evaluate(FOUND)
    assert (found["pressed"], found["cut"]) == (0, [])
    assert re.fullmatch(
        rf"Workspace room · printed for ana · as of \d{{4}}-\d\d-\d\d \d\d:\d\d UTC · {re.escape(path)}",
        found["header"],
    )
    assert (
        tab.evaluate("getComputedStyle(document.body).color") == "rgb(31, 37, 40)"
    )  # the light colours, whatever the screen's


def test_words_are_marked_without_colour(tab: Page) -> None:
    def line_of(chosen: str) -> str:
        style = "node => getComputedStyle(node).textDecorationLine + ' ' + getComputedStyle(node).textDecorationStyle"
        return str(tab.locator(chosen).first.evaluate(style))

    tab.goto("/listing/riverside/p1")
    assert line_of(".mark.for") == "underline solid"
    tab.goto("/listing/riverside/r0")
    assert line_of(".mark.against") == "underline dotted"
    tab.goto("/search?q=pistol")
    assert line_of("main mark").startswith("underline")


def test_a_listing_is_three_pages_at_most_with_its_address_time_and_hash(tab: Page) -> None:
    tab.goto("/listing/riverside/17")
    assert 1 <= tab.pdf(format="A4", prefer_css_page_size=True).count(b"/Type /Page\n") <= 3
    text = tab.locator("main").inner_text()
    assert "https://market.example.com/l/17" in text
    assert "2026-11-20 09:31 UTC" in text
    assert re.search(r"\b[0-9a-f]{64}\b", text)
