"""A page class of the workspace, found by host: what it gives wins, and only that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crawl_records import read_listings
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text

from crawler.pages import BadPageClass, PageClasses
from crawler.sites.reference import PAGE_CLASS
from pipelines.errors import BadInput
from pipelines.models import ExtractedPage, ListingContent, PageKind

if TYPE_CHECKING:
    from pathlib import Path

    from crawl_room import Room


def answer(asked: Asked) -> Answer:
    if asked.path == "/robots.txt":
        return Answer(status=404)
    if asked.path.startswith("/item/"):
        return Answer(listing_page(int(asked.path[6:]), price="ask", body='<i data-cents="4250"></i>'))
    return Answer(list_page(range(1, 3)))


def write_class(room: Room, text: str = PAGE_CLASS, host: str = "127.0.0.1") -> None:
    folder = room.workspace.root / "pages"
    folder.mkdir()
    (folder / "market.py").write_text(text.replace("market.example", host))


def test_the_class_of_a_host_reads_what_the_extractor_does_not(room: Room) -> None:
    with Served(answer) as site:
        write_class(room, host=site.url.removeprefix("http://"))
        room.write_site("market", site_text("market", site.url))
        ended = room.crawl("market")
    assert ended.code == 0, ended
    shown = read_listings(room.workspace, "market")["1"].content
    assert shown["price"] == {"amount": "42.5", "currency": "EUR"}
    assert shown["title"] == "Garden chair 1"
    assert shown["provenance"]["price"] == {"source": "selector", "detail": "MarketPage.price"}


def test_other_hosts_are_read_as_always(room: Room) -> None:
    write_class(room, host="other.example")
    with Served(answer) as site:
        room.write_site("market", site_text("market", site.url))
        assert room.crawl("market").code == 0
    assert read_listings(room.workspace, "market")["1"].content["price"] is None


def test_a_module_that_cannot_be_imported_is_named(room: Room) -> None:
    write_class(room, "import no_such_module\n")
    room.write_site("market", site_text("market", "http://127.0.0.1:9"))
    ended = room.crawl("market")
    assert ended.code == 2
    assert "market.py cannot be imported: No module named 'no_such_module'" in ended.error["error"]


CLASSES = """
import asyncio
from pipelines.models import ListingContent
from web_poet import WebPage, field, handle_urls

@handle_urls("unknown.example", to_return=ListingContent)
class Unknown(WebPage):
    @field
    def colour(self): return "red"

@handle_urls("waiting.example", to_return=ListingContent)
class Waiting(WebPage):
    @field
    async def title(self): await asyncio.sleep(0)

@handle_urls("whole.example", to_return=ListingContent)
class Whole(WebPage):
    @field
    def id(self): return "7"
    @field
    def title(self): return self.css("b::text").get()
    @field
    def description(self): return "Call 555-0142"
"""


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> PageClasses:
    folder = tmp_path_factory.mktemp("pages")
    (folder / "several.py").write_text(CLASSES)
    return PageClasses.load(folder)


def improve(
    classes: PageClasses, host: str, kind: PageKind = PageKind.OTHER, *, listing: bool = False
) -> ExtractedPage:
    content = ListingContent(id="1", url=None, title="As always") if listing else None
    page = ExtractedPage(kind=kind, listing=content)
    return classes.improve(page, url=f"https://{host}/x", body=b"<b>Chair</b>", status=200, headers={})


def test_a_class_can_read_a_listing_where_none_was_found(classes: PageClasses) -> None:
    page = improve(classes, "whole.example")
    assert page.kind is PageKind.DETAIL
    assert page.listing is not None
    assert (page.listing.id, page.listing.title) == ("7", "Chair")


def test_a_gate_is_never_shown_to_a_class(classes: PageClasses) -> None:
    page = improve(classes, "whole.example", PageKind.LOGIN)
    assert (page.kind, page.listing) == (PageKind.LOGIN, None)


@pytest.mark.parametrize(("host", "words"), [("unknown.example", "colour"), ("waiting.example", "waits")])
def test_what_no_page_class_may_do_is_told(classes: PageClasses, host: str, words: str) -> None:
    with pytest.raises(BadPageClass, match=words):
        improve(classes, host, listing=True)


def test_a_folder_without_classes_changes_nothing(tmp_path: Path) -> None:
    page = improve(PageClasses.load(tmp_path / "none"), "whole.example", listing=True)
    assert page.listing is not None
    assert page.listing.title == "As always"
    (tmp_path / "bad.py").write_text("def (")
    with pytest.raises(BadInput, match=r"bad\.py cannot be imported"):
        PageClasses.load(tmp_path)
