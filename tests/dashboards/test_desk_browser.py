"""The desk in a real Chromium: keys, scripting off, hostile text, narrow screens."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from desk_samples import PISTOLS, feed_lines, receive
from desk_serving import serving
from hostile_samples import HOSTILE, hostile_lines, hostile_workspace, together
from test_desk_decisions import stored

from dashboards.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from playwright.sync_api import Browser, Page, Request

    from pipelines.workspace import Workspace

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", event => window.violations.push(event.violatedDirective));
"""
PRESS_ALL = """() => {
  for (const node of document.querySelectorAll("main a[href^='#'], main summary")) node.click();
}"""
STATE = """() => ({
  ran: window.ran ?? null,
  violations: window.violations,
  foreign: document.querySelectorAll("main :is(script, iframe, object, embed, style, link, video), base").length,
})"""


@contextmanager
def opened_page(chromium: Browser, address: str, **options: object) -> Iterator[tuple[Page, list[str]]]:
    """A page of a fresh profile, and every address outside ours that it asked for."""
    context = chromium.new_context(base_url=address, **options)
    context.set_default_timeout(15_000)
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith((f"{address}/", "data:")):
            asked.append(request.url)

    context.on("request", note)
    page = context.new_page()
    page.on("dialog", lambda dialog: (asked.append(f"dialog {dialog.message}"), dialog.dismiss()))
    yield page, asked
    context.close()


def test_fifty_listings_are_triaged_by_keyboard_alone(chromium: Browser, workspace: Workspace) -> None:
    lines = [
        line | {"id": f"{line['id']}-{copy}", "description": f"{line['description']} Number {copy}.", "seller": None}
        for copy in range(8)
        for line in feed_lines()[1 : len(PISTOLS) : 2]
    ]
    receive(workspace, lines)
    total = len(lines) + len(PISTOLS)
    with serving(workspace) as address, opened_page(chromium, address) as (page, asked):
        page.goto("/")
        page.keyboard.press("Enter")
        page.wait_for_url("**/triage?item=*")
        for number in range(50):
            page.get_by_text(f"1 of {total - number} that need review").wait_for()
            if number % 7 == 0:
                page.keyboard.press("4")
            page.keyboard.press("ynu"[number % 3])
        page.get_by_text(f"1 of {total - 50} that need review").wait_for()
        page.locator("[data-unsent]").wait_for(state="hidden")
        answers = ("relevant", "not_relevant", "unsure")
        assert [answer for answer, _ in stored(workspace)] == [answers[number % 3] for number in range(50)]
        assert [reason for _, reason in stored(workspace)].count("not a firearm") == 8
        page.keyboard.press("z")
        page.get_by_text(f"1 of {total - 49} that need review").wait_for()
        assert len(stored(workspace)) == 49
        assert asked == []


def test_what_is_not_saved_is_said_and_saved_once_the_network_is_back(chromium: Browser, workspace: Workspace) -> None:
    with serving(workspace) as address, opened_page(chromium, address) as (page, _asked):
        page.goto("/triage")
        page.wait_for_load_state("networkidle")
        page.context.set_offline(offline=True)
        page.keyboard.press("y")
        page.get_by_text("not saved: 1").wait_for()
        page.keyboard.press("n")
        page.get_by_text("not saved: 2").wait_for()
        assert stored(workspace) == []
        page.context.set_offline(offline=False)
        page.get_by_text("2 can be taken back").wait_for()
        assert stored(workspace) == [("relevant", ""), ("not_relevant", "")]
        assert page.evaluate("localStorage.getItem('tracemark-unsent')") == "[]"


def test_keys_do_nothing_in_a_field_with_a_modifier_or_switched_off(chromium: Browser, workspace: Workspace) -> None:
    with serving(workspace) as address, opened_page(chromium, address) as (page, _asked):
        page.goto("/triage")
        page.keyboard.press("r")
        page.keyboard.type("yes, you")
        assert page.locator("input[name=reason]").input_value() == "yes, you"
        page.keyboard.press("Escape")
        page.keyboard.press("Control+y")
        page.keyboard.press("Alt+n")
        page.keyboard.press("?")
        page.get_by_role("button", name="Turn single keys off").click()
        page.locator("main").click(position={"x": 1, "y": 1})
        page.keyboard.press("n")
        page.keyboard.press("u")
        page.goto("/triage?skip=1")
        page.get_by_text(f"2 of {len(PISTOLS)} that need review").wait_for()
        assert stored(workspace) == []


def test_everything_works_with_scripting_off(chromium: Browser, workspace: Workspace) -> None:
    with (
        serving(workspace) as address,
        opened_page(chromium, address, java_script_enabled=False, accept_downloads=True) as (page, asked),
    ):
        page.goto("/triage")
        page.get_by_label("licensed dealer").check()
        page.get_by_role("button", name="Not relevant").click()
        assert page.get_by_text("(licensed dealer)").is_visible()
        page.get_by_role("button", name="Take it back").click()
        assert stored(workspace) == []
        page.get_by_role("link", name="Whole listing").click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Make and download the packet").click()
        assert download.value.suggested_filename.endswith(".zip")
        page.goto("/search")
        page.get_by_label("Search listings").fill("glock")
        page.get_by_role("button", name="Search").click()
        assert page.get_by_role("heading", name="3 listings").is_visible()
        assert asked == []


def test_back_brings_the_search_back(chromium: Browser, workspace: Workspace) -> None:
    with serving(workspace) as address, opened_page(chromium, address) as (page, _asked):
        page.goto("/search?q=pistol&sort=price-high")
        page.locator(".facets a.include", has_text="direct shipment").click()
        page.locator(".rows h3 a").first.click()
        page.go_back()
        assert page.locator("#q").input_value() == "pistol signal:direct_shipment"
        page.go_back()
        assert page.locator("#q").input_value() == "pistol"
        assert page.locator("#sort").input_value() == "price-high"


def test_bars_drawn_over_narrow_the_search_to_what_they_hold(chromium: Browser, workspace: Workspace) -> None:
    with serving(workspace) as address, opened_page(chromium, address) as (page, _asked):
        for by, first, last, conditions, count in (
            ("month", "500", "400", "price:>=400 price:<600", 8),
            ("week", "2026-09-28", "2026-10-05", "posted:2026-09-28..2026-10-11", 4),
        ):
            page.goto(f"/search?q=pistol&by={by}")
            for label, act in ((first, page.mouse.down), (last, page.mouse.up)):
                page.locator(f".histogram a[aria-label^='{label}:'] .ground").hover()
                act()
            page.wait_for_function("document.querySelector('#q').value !== 'pistol'")
            assert page.locator("#q").input_value() == f"pistol {conditions}"
            assert page.get_by_role("heading", name=f"{count} listings").is_visible()


def test_marked_words_name_their_signal_on_focus_and_lead_to_it(chromium: Browser, workspace: Workspace) -> None:
    with serving(workspace) as address, opened_page(chromium, address) as (page, _asked):
        page.goto("/triage")
        words = page.locator("a.mark", has_text="no background check")
        tip = words.locator(".tip")
        assert not tip.is_visible()
        words.focus()
        assert tip.is_visible()
        assert "no check offered" in tip.inner_text()
        page.keyboard.press("Enter")
        assert "no check offered" in page.locator(":target").inner_text()


def plant(page: Page, address: str, texts: list[str]) -> list[str]:
    """Put the texts into what people write too; the addresses at which they are then shown."""

    def send(path: str, body: dict[str, object]) -> dict[str, object]:
        answer = page.request.post(f"{address}/api/v1{path}", data=body, headers={"Origin": address})
        assert answer.status == 201, answer.text()
        return dict(answer.json())

    reference = send("/cases", {"name": texts[0][:200]})["reference"]
    members = [{"site": "hostile", "id": f"h{number}"} for number in range(len(texts))]
    send(f"/cases/{reference}/members", {"listings": members, "sellers": members})
    for number, text in enumerate(printable(text).replace("\x00", "") for text in texts):
        send(f"/cases/{reference}/notes", {"text": text})
        send(f"/cases/{reference}/tasks", {"text": text, "assignee": text[:200]})
        send(
            "/decisions",
            {"site": "hostile", "id": f"h{number}", "decision": "unsure", "reason": text[:2000]},
        )
    rest = ["/cases", f"/cases/{reference}", "/custody", "/administration", "/account", "/quality", "/triage/second"]
    return [*rest, "/decisions/together?site=hostile&id=h1", "/custody?actor=%3Cscript%3Ewindow.ran%3D1%3C/script%3E"]


def test_hostile_text_runs_nothing_and_asks_for_nothing(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert len(HOSTILE) >= 300
    texts = together(HOSTILE, 25)
    workspace = hostile_workspace(tmp_path_factory.mktemp("hostile") / "room", texts)
    paths = ["/", "/triage", "/search", "/search?page=2", "/search?q=%3Cscript%3Ewindow.ran%3D1%3C/script%3E", "/sites"]
    for line in hostile_lines(texts):
        paths += [f"/listing?site=hostile&id={line['id']}", f"/seller?site=hostile&id={line['id']}"]
    with serving(workspace) as address, opened_page(chromium, address) as (page, asked):
        page.add_init_script(WATCH)
        paths += plant(page, address, texts)
        for path in paths:
            page.goto(path, wait_until="load")
            assert page.evaluate(STATE) == {"ran": None, "violations": [], "foreign": 0}, path
        page.goto("/listing?site=hostile&id=h2")
        page.evaluate(PRESS_ALL)
        assert page.evaluate(STATE)["ran"] is None
        assert asked == []
