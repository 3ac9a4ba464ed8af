"""Captured pages on the other origin: they show what they showed, run nothing, and ask for nothing elsewhere."""

from __future__ import annotations

import re
import socket
import threading
from contextlib import contextmanager
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from desk_samples import NOW
from desk_serving import serving
from hostile_samples import HOSTILE
from hypothesis import given
from hypothesis import strategies as st
from people_samples import Clock
from starlette.testclient import TestClient
from test_desk_browser import opened_page
from test_desk_pictures import URL, capture_page, make_png
from test_desk_screens import custody_of, page

from dashboards.application import create_application
from dashboards.replay.archive import Held, Places
from dashboards.replay.cleaning import clean_page, clean_style
from dashboards.replay.links import Origin, ReplayListener, read_origin
from pipelines.errors import ConfigurationError
from pipelines.warc.records import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from pipelines.workspace import Workspace

OTHER = "http://127.0.0.1:8001"
REPLAY = ReplayListener(origin=Origin(scheme="http", host="127.0.0.1", port=8001), port=8001)
STYLE = b"@import 'more.css'; h1 { color: rgb(1, 2, 3); background: url('p.png') } b { background: url(//e.example/x) }"
PARTS = [
    Resource(url="https://market.example.com/l/style.css", at=NOW, content_type="text/css", body=STYLE),
    Resource(url="https://market.example.com/l/p.png", at=NOW, content_type="image/png", body=make_png()),
    Resource(url="https://market.example.com/app.js", at=NOW, content_type="text/javascript", body=b"window.ran = 1"),
]
SHOWN = b"""<html dir="rtl"><head><title>P-17</title><link rel=stylesheet href=style.css></head><body>
<h1 style="background: url(p.png)">A pistol</h1><img src="p.png?" alt="it">
<img src="/l/p.png" srcset="p.png 2x, q.png 3x">
<noscript><p>told without scripts</p></noscript><a href="#more">more</a><a href="/l/18">next</a></body></html>"""


def hostile_page(trap: str, desk: str) -> bytes:
    """A page that tries to run, to lead away, and to ask a server of its own."""
    return f"""<html><head><base href="{trap}/base/"><meta http-equiv="refresh" content="0;url={trap}/refresh">
<meta http-equiv="Content-Security-Policy" content="default-src *">
<link rel="preconnect" href="{trap}"><link rel="dns-prefetch" href="{trap}"><link rel="prefetch" href="{trap}/fetch">
<link rel="stylesheet" href="{trap}/a.css"><link rel="icon" href="{trap}/i.ico"><link rel="manifest" href="{trap}/m">
<style>@import "{trap}/b.css"; @font-face {{ font-family: f; src: url({trap}/f.woff) }} body {{ font-family: f;
background: url("{trap}/c.png"); list-style: u\\72l({trap}/d.png) }}</style>
<script>window.ran = 1; top.ran = 1; parent.document.title = "ran"; fetch("{desk}/api/v1/status")</script>
<script src="{trap}/s.js"></script></head>
<body onload="window.ran = 2" background="{trap}/bg.png"><h1>A hostile page</h1>
<img src="{trap}/p.png" onerror="window.ran = 3"><img src=x onerror="top.ran = 3" srcset="{trap}/p2.png 2x">
<svg onload="window.ran = 4"><a xlink:href="{trap}/svg"><text y=9>drawn link</text></a><image href="{trap}/i.png"/>
<use href="{trap}/u.svg#x"/><animate attributeName="href" to="{trap}/an"/></svg><math href="{trap}/math">m</math>
<iframe src="{desk}/"></iframe><iframe srcdoc="<script>top.ran=5</script>"></iframe><object data="{trap}/o"></object>
<embed src="{trap}/e"><video src="{trap}/v" poster="{trap}/vp"></video><audio src="{trap}/au" autoplay></audio>
<a href="{trap}/link">an ordinary link</a><a href="javascript:window.ran=6">a script</a>
<a href="{desk}/" target="_top">out of the frame</a><a href="{trap}/d" download ping="{trap}/ping">fetch this</a>
<form action="{trap}/form"><button formaction="{trap}/button">send it</button><input name=q autofocus></form>
<noscript><style>p::before {{ content: url({trap}/n) }}</style></noscript>
<template><img src="{trap}/t"></template><p title="--><script>window.ran=7</script>">
<textarea></textarea><script>window.ran = 8</script></p><!--><img src={trap}/comment>--></body></html>""".encode()


@contextmanager
def trap() -> Iterator[tuple[str, list[object]]]:
    """The address of a listener, and every connection that was made to it."""
    caught: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def wait() -> None:
            while True:
                try:
                    connection, peer = listener.accept()
                except OSError:
                    return
                caught.append(peer)
                connection.close()

        thread = threading.Thread(target=wait, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", caught
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


@contextmanager
def both(workspace: Workspace, clock: Clock | None = None) -> Iterator[tuple[TestClient, TestClient]]:
    """A browser at the desk, and one at the other origin."""
    application = create_application(workspace, actor="ana", now=clock or Clock(), replay=REPLAY)
    with TestClient(application, base_url="http://127.0.0.1:8000", follow_redirects=False) as desk:
        yield desk, TestClient(application, base_url=OTHER, follow_redirects=False)


def link_on(desk: TestClient) -> str:
    found = re.search(rf'src="{OTHER}(/[^"]+)"', page(desk, "/capture/shot1/page"))
    assert found
    return found[1]


def test_a_captured_page_is_shown_with_its_captured_parts_and_the_look_is_kept(workspace: Workspace) -> None:
    capture_page(workspace, make_png(), SHOWN, PARTS)
    with both(workspace) as (desk, other):
        assert 'href="/capture/shot1/page"' in page(desk, "/listing/riverside/17")
        link = link_on(desk)
        answer = other.get(link)
        assert answer.status_code == 200
        assert f'<img src="{link}1" srcset="{link}1 2x">' in answer.text
        assert f'<h1 style="background: url({link}1)">A pistol</h1>' in answer.text
        assert f'<link rel="stylesheet" href="{link}0">' in answer.text
        assert "<p>told without scripts</p>" in answer.text
        assert '<a href="#more">more</a><a>next</a>' in answer.text
        assert 'dir="rtl"' in answer.text
        assert other.get(f"{link}1").content == make_png()
        style = other.get(f"{link}0")
        assert style.headers["content-type"].startswith("text/css")
        assert f"url({link}1)" in style.text
        assert "e.example" not in style.text
        for missing in (f"{link}2", f"{link}3", f"{link}x", "/", "/listing/riverside/17", "/static/desk.css"):
            assert other.get(missing).status_code == 404, missing
    assert custody_of(workspace, "riverside/17")[-1] == ("ana", "view")


def test_the_desk_never_serves_a_capture_and_the_other_origin_nothing_else(workspace: Workspace) -> None:
    capture_page(workspace, make_png(), SHOWN, PARTS)
    with both(workspace) as (desk, other):
        link = link_on(desk)
        assert desk.get(link).status_code == 404
        assert other.post(link).status_code == 405
        assert other.get(link, headers={"Host": "evil.example"}).status_code == 421
        answer = other.get(link)
        policy = answer.headers["content-security-policy"]
        assert policy.endswith("; sandbox")
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "set-cookie" not in answer.headers
        assert answer.headers["cache-control"] == "no-store"
        framing = desk.get("/capture/shot1/page").headers["content-security-policy"]
        assert framing.endswith(f"; frame-src {OTHER}")
        assert "frame-src" not in desk.get("/listing/riverside/17").headers["content-security-policy"]


def test_a_link_is_for_one_capture_and_ends(workspace: Workspace) -> None:
    capture_page(workspace, make_png(), SHOWN)
    clock = Clock()
    with both(workspace, clock) as (desk, other):
        link = link_on(desk)
        capture, until, signature = link.strip("/").rsplit(".", 2)
        for changed in (f"/shot2.{until}.{signature}/", f"/{capture}.{int(until) + 9}.{signature}/", "/x.y.z/", "/é/"):
            assert other.get(changed).status_code == 403, changed
        clock.pass_by(minutes=4)
        assert other.get(link).status_code == 200
        clock.pass_by(minutes=2)
        assert other.get(link).status_code == 403


def test_changed_bytes_are_told_and_not_shown(workspace: Workspace) -> None:
    stored = capture_page(workspace, make_png(), SHOWN)[0]
    file = workspace.vault / stored.file
    data = bytearray(file.read_bytes())
    data[stored.offset + stored.length // 2] ^= 0xFF
    file.write_bytes(data)
    with both(workspace) as (desk, other):
        answer = other.get(link_on(desk))
    assert answer.status_code == 503
    assert "A pistol" not in answer.text


def test_without_another_origin_nothing_is_shown(workspace: Workspace) -> None:
    capture_page(workspace, make_png(), SHOWN)
    with TestClient(create_application(workspace, actor="ana"), base_url="http://127.0.0.1:8000") as desk:
        assert "/capture/shot1/page" not in page(desk, "/listing/riverside/17")
        assert "replay_origin" in page(desk, "/capture/shot1/page", 404)
        page(desk, "/capture/none/page", 404)


@pytest.mark.parametrize(
    ("text", "tls"),
    [
        ("https://desk.example.com:9", True),
        ("http://captures.example.com", True),
        ("https://captures.example.com/x", True),
        ("captures.example.com", True),
        ("https://captures.example.com:x", True),
        ("https://captures.example.com", False),
    ],
)
def test_an_origin_that_would_share_or_is_none_is_refused(text: str, tls: bool) -> None:
    with pytest.raises(ConfigurationError, match="replay_origin"):
        read_origin(text, ["Desk.example.com"], tls=tls)


def test_an_origin_is_read_as_a_browser_writes_it() -> None:
    assert str(read_origin("https://Captures.example.com:443/", [], tls=True)) == "https://captures.example.com"
    assert str(read_origin("http://127.0.0.1:8001", [], tls=False)) == "http://127.0.0.1:8001"


PLACES = Places(base=URL, numbers={"https://market.example.com/l/p.png": 1}, root="/token/")
RUNNING = {"script", "iframe", "object", "embed", "form", "base", "meta", "video", "audio", "template", "frame", "math"}
LINKS = {"href", "xlink:href", "src", "srcset", "background", "action", "formaction", "poster", "ping", "data"}
HARMLESS = re.compile(r"#.*|/token/1(?: .*)?|data:image/.*", re.DOTALL)


class Elements(HTMLParser):
    """What a page holds that runs or leads anywhere, as a parser other than the cleaning's reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in RUNNING:
            self.found.append((tag, "", None))
        for name, value in attrs:
            if name.startswith("on") or (name in LINKS and not HARMLESS.fullmatch(value or "")):
                self.found.append((tag, name, value))


def leading(text: str) -> list[tuple[str, str, str | None]]:
    """What is left of `text`, cleaned, that runs or leads anywhere."""
    held = Held(url=URL, kind="text/html", charset="utf-8", body=text.encode("utf-8", "surrogatepass"))
    elements = Elements()
    elements.feed(clean_page(held, PLACES).replace("<meta charset=utf-8>", "", 1))
    return elements.found


def test_what_tries_to_be_more_than_words_is_left_out() -> None:
    for text in HOSTILE:
        page_of_it = f"<p>{text}</p><b title=\"{text}\" style='{text}'>x</b><a href=\"{text}\">y</a><img src='{text}'>"
        assert leading(page_of_it) == [], text


MARKS = [*"<>/\"'= abisx!-:#&;()", "style", "script", "url(", "href", "svg", "<a ", "<img ", "src=", "http://e.example"]


@given(st.lists(st.sampled_from(MARKS), max_size=40))
def test_no_mixture_of_marks_leads_anywhere(marks: list[str]) -> None:
    text = "".join(marks)
    assert leading(text) == []
    assert not re.search(r"url\(\s*[\"']?http[^)]*\)", clean_style(text, PLACES))


def test_no_script_of_a_hostile_page_runs_and_nothing_is_asked_elsewhere(
    chromium: Browser, workspace: Workspace
) -> None:
    with (
        trap() as (elsewhere, caught),
        serving(workspace) as address,
        opened_page(chromium, address) as (tab, asked),
    ):
        capture_page(workspace, make_png(), hostile_page(elsewhere, address), PARTS)
        tab.goto("/listing/riverside/17")
        tab.get_by_role("link", name="Open the page of").click()
        frame = tab.frame_locator("iframe.replay")
        frame.get_by_role("heading", name="A hostile page").wait_for()
        for words in ("an ordinary link", "a script", "out of the frame", "fetch this", "send it", "drawn link"):
            frame.get_by_text(words).click()
        tab.wait_for_timeout(300)
        assert tab.url == f"{address}/capture/shot1/page"
        assert tab.title() == "Captured page · 17 · Tracemark"
        assert tab.evaluate("window.ran ?? null") is None
        link = tab.locator("iframe.replay").get_attribute("src")
        assert link
        assert not link.startswith(address)
        assert {one for one in asked if not one.startswith(link)} == set()
        tab.goto(link)
        tab.get_by_text("an ordinary link").click()
        assert tab.evaluate("window.ran ?? null") is None
        assert tab.evaluate("window.origin") == "null"
        assert tab.url == link
        assert caught == []


def test_a_page_looks_as_it_was_captured(chromium: Browser, workspace: Workspace) -> None:
    capture_page(workspace, make_png(), SHOWN, PARTS)
    with serving(workspace) as address, opened_page(chromium, address) as (tab, _asked):
        tab.goto("/capture/shot1/page")
        heading = tab.frame_locator("iframe.replay").get_by_role("heading", name="A pistol")
        assert heading.evaluate("node => getComputedStyle(node).color") == "rgb(1, 2, 3)"
        picture = tab.frame_locator("iframe.replay").locator("img").first
        assert picture.evaluate("node => node.decode().then(() => node.naturalWidth)") == 64
