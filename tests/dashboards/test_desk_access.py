"""axe (WCAG 2.2 AA) over every screen, light and dark, wide and narrow: no finding that is serious."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import copied, serving
from desk_samples import feed_lines, receive
from test_desk_browser import opened_page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from pipelines.workspace import Workspace

ALL = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}
LOOKS = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]}, "resultTypes": ["violations"]}
"""What colours and widths may change; the rest is the same page."""
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
    "/seller/riverside/quietriver",
    "/decisions/together?site=riverside&id=quietriver",
    "/alerts/new?q=pistol",
    "/cases",
    "/cases/{case}",
    "/sites",
    "/sites/riverside",
    "/sites/chairs",
    "/quality",
    "/account",
    "/nothing",
)


@pytest.fixture(scope="module")
def address(sample: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    workspace = copied(sample, tmp_path_factory.mktemp("access") / "room")
    (workspace.sites / "chairs.yaml").write_text("site: chairs\nstart: [https://market.example/]\n")
    arabic = {"id": "arabic", "title": "مسدس 9mm للبيع", "description": "بدون أوراق. cash only, no background check."}
    receive(workspace, [feed_lines()[0] | arabic])
    with serving(workspace) as served:
        yield served


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


@pytest.mark.parametrize(
    ("scheme", "width", "rules"), [("light", 1280, ALL), ("dark", 390, LOOKS)], ids=["light", "dark"]
)
def test_axe_finds_nothing_serious(
    chromium: Browser, address: str, case: str, scheme: str, width: int, rules: dict[str, object]
) -> None:
    found = {}
    size = {"width": width, "height": 900}
    with opened_page(chromium, address, viewport=size, color_scheme=scheme, bypass_csp=True) as (page, asked):
        for path in SCREENS:
            page.goto(path.format(case=case))
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            results = Axe().run(page, options=rules)
            serious = [
                (one["id"], one["nodes"][0]["html"][:160])
                for one in results.response["violations"]
                if one["impact"] in {"serious", "critical"}
            ]
            if serious:
                found[path] = serious
        assert asked == []
    assert found == {}
