"""The picture of a page: an image and nothing else, blurred until someone asks for it."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from desk_samples import NOW
from desk_serving import serving, visiting
from PIL import Image
from test_desk_browser import opened_page
from test_desk_screens import custody_of, page

from pipelines.composition import opened
from pipelines.intake import Arrival, Intake
from pipelines.models import Capture, CaptureMethod, ListingContent, PageKind
from pipelines.store.runs import latest_run
from pipelines.warc.records import Exchange, HttpMessage, Resource
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser

    from pipelines.models import StoredBytes
    from pipelines.warc.records import Record
    from pipelines.workspace import Workspace

AT = NOW + timedelta(minutes=1)
URL = "https://market.example.com/l/17"
PAGE = b"<html><script>document.title = 'ran'</script><h1>P-17</h1></html>"


def make_png() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(picture, "PNG")
    return picture.getvalue()


def capture_page(
    workspace: Workspace, picture: bytes, html: bytes = PAGE, parts: Sequence[Record] = ()
) -> list[StoredBytes]:
    """Store a page with its picture and the parts it was made from, and a listing that it shows."""
    (workspace.vault / "warc").mkdir(exist_ok=True)
    response = HttpMessage(start_line=b"HTTP/1.1 200 OK", headers=((b"Content-Type", b"text/html"),), body=html)
    request = HttpMessage(start_line=b"GET /l/17 HTTP/1.1", headers=((b"Host", b"market.example.com"),))
    shot = Resource(url=f"urn:screenshot:{URL}", at=AT, content_type="image/png", body=picture)
    with WarcFile(workspace.vault / "warc" / "desk.warc.gz", root=workspace.vault) as file:
        stored = file.append([Exchange(url=URL, at=AT, response=response, request=request), shot, *parts])
        file.sync()
        size = file.size()
    with opened(workspace) as database:
        with database.read() as connection:
            run = latest_run(connection, "riverside")
        assert run is not None
        capture = Capture(
            id="shot1",
            site="riverside",
            run=run.id,
            url=URL,
            method=CaptureMethod.BROWSER,
            at=AT,
            http_status=200,
            content_type="text/html",
            stored=stored[0],
            kind=PageKind.DETAIL,
            screenshot=stored[1],
            resources=tuple(stored[2:]),
        )
        listing = ListingContent(id="17", url=URL, title="P-17", description="Selling my pistol.")
        Intake(database, "ana").take([Arrival(capture=capture, listing=listing)], committed={stored[0].file: size})
    return stored


def test_a_picture_is_served_as_an_image_and_the_look_is_kept(workspace: Workspace) -> None:
    picture = make_png()
    capture_page(workspace, picture)
    with visiting(workspace) as client:
        html = page(client, "/listing/riverside/17?check=1")
        answer = client.get("/capture/shot1/screenshot.png")
    assert "1 of 1 verified now" in html
    assert answer.content == picture
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert custody_of(workspace, "riverside/17")[-2:] == [("ana", "view"), ("ana", "view")]


def test_what_is_stored_as_a_picture_but_is_none_is_not_served(workspace: Workspace) -> None:
    capture_page(workspace, b"<script>alert(1)</script>")
    with visiting(workspace) as client:
        assert "<script>alert" not in page(client, "/capture/shot1/screenshot.png", 503)


@pytest.mark.parametrize("which", [0, 1])
def test_a_changed_byte_is_found(workspace: Workspace, which: int) -> None:
    stored = capture_page(workspace, make_png())
    file = workspace.vault / stored[which].file
    data = bytearray(file.read_bytes())
    data[stored[which].offset + stored[which].length // 2] ^= 0xFF
    file.write_bytes(data)
    with visiting(workspace) as client:
        assert "0 of 1 verified now" in page(client, "/listing/riverside/17?check=1")


def test_it_is_blurred_until_asked_and_no_served_page_runs(chromium: Browser, workspace: Workspace) -> None:
    capture_page(workspace, make_png())
    with serving(workspace) as address, opened_page(chromium, address, java_script_enabled=False) as (tab, asked):
        tab.goto("/listing/riverside/17")
        image = tab.locator(".picture img")
        image.scroll_into_view_if_needed()
        assert image.evaluate("node => getComputedStyle(node).filter") == "blur(18px)"
        tab.get_by_label("Show the picture sharp").check()
        assert image.evaluate("node => getComputedStyle(node).filter") == "none"
        assert image.evaluate("node => node.decode().then(() => node.naturalWidth)") == 64
        assert "ran" not in tab.title()
        assert asked == []
