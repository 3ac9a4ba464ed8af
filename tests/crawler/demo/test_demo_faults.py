"""The misbehaving site misbehaves as told."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

import pytest

from crawler.demo.faults import FaultMode, FaultySite


def get(url: str, path: str = "/", timeout: float = 5) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request("GET", path, headers={"User-Agent": "probe"})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("mode", "status", "said"),
    [
        ("error", 500, b"Internal Server Error"),
        ("login", 200, b'type="password"'),
        ("challenge", 403, b"Verify you are human"),
        ("too-many-requests", 429, b"Slow down"),
        ("count", 200, b"Small page"),
    ],
)
def test_pages_of_each_mode(mode: str, status: int, said: bytes) -> None:
    with FaultySite(mode=mode) as site:
        answer = get(site.url, "/a?b=c")
        assert answer[0] == status
        assert said in answer[2]
        assert [(seen.method, seen.path, seen.headers["user-agent"]) for seen in site.requests] == [
            ("GET", "/a?b=c", "probe")
        ]


def test_redirects_lead_where_nobody_should_go() -> None:
    with FaultySite(mode="redirect-metadata") as site:
        assert get(site.url)[1]["Location"].startswith("http://169.254.169.254/")
    with FaultySite(mode="redirect-loopback", redirect_to="http://127.0.0.1:1/x") as site:
        assert get(site.url)[1]["Location"] == "http://127.0.0.1:1/x"


def test_a_site_that_is_down_refuses() -> None:
    with FaultySite(mode=FaultMode.DOWN) as site, pytest.raises(ConnectionRefusedError):
        get(site.url)


def test_garbage_is_no_text_and_the_same_again() -> None:
    with FaultySite(mode="garbage") as site:
        body = get(site.url)[2]
        assert body == get(site.url)[2]
        with pytest.raises(UnicodeDecodeError):
            body.decode("utf-8")


def test_a_cut_answer_is_short() -> None:
    with FaultySite(mode="cut") as site, pytest.raises(http.client.IncompleteRead):
        get(site.url)


def test_a_hanging_site_says_nothing_and_lets_go_at_the_end() -> None:
    started = time.monotonic()
    with FaultySite(mode="hang") as site:
        with pytest.raises(TimeoutError):
            get(site.url, timeout=0.3)
        assert len(site.requests) == 1
    assert time.monotonic() - started < 3


def test_robots_are_answered_apart_and_times_are_kept() -> None:
    with FaultySite(mode="error", robots="User-agent: *\nDisallow: /\n") as site:
        assert get(site.url, "/robots.txt")[2].startswith(b"User-agent")
        get(site.url)
        first, second = site.requests
        assert first.at <= second.at
    with FaultySite(mode="count") as site:
        assert get(site.url, "/robots.txt")[0] == 404
