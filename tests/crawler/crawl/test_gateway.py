"""The gateway connects to the very address that it checked, and Chromium has no other way out."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
from crawl_server import Answer, Asked, Served
from playwright.async_api import async_playwright

from crawler.addresses import AddressRule
from crawler.browser import LAUNCH_ARGUMENTS, require_chromium
from crawler.gateway import Gateway
from crawler.upstream import Upstream, UpstreamRefused
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator


class OnlyTheSite(AddressRule):
    """Refuses this machine like any other, but for the site under test."""

    def check(self, host: str, addresses: Iterable[str]) -> None:
        if host != "market.example":
            super().check(host, addresses)


@pytest.fixture(autouse=True)
def nothing_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Fails the test when this process connects to anything but loopback."""
    left: list[Any] = []
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
            left.append(address)
            raise OSError("left loopback")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield left
    assert left == []


def names(table: dict[str, list[list[str]]]) -> Callable[[str], Awaitable[list[str]]]:
    """A resolver that gives each name's answers in turn, the last one for ever."""

    async def resolve(host: str) -> list[str]:
        answers = table.get(host)
        if answers is None:
            return [host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    return resolve


async def ask(gateway: Gateway, request: str) -> bytes:
    host, port = gateway.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "form", ["GET http://{0}:{1}/secret HTTP/1.1\r\nHost: x\r\n\r\n", "CONNECT {0}:{1} HTTP/1.1\r\n\r\n"]
)
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "localhost", "inside.example", "turning.example"],
)
def test_no_connection_is_made_to_a_forbidden_address(host: str, form: str) -> None:
    async def check() -> None:
        table = {"inside.example": [["127.0.0.1"]], "turning.example": [["127.0.0.1"], ["93.184.215.14"]]}
        gateway = Gateway.bind(AddressRule(), resolve=names(table))
        await gateway.start()
        port = secret.url.rsplit(":", 1)[1]
        assert await ask(gateway, form.format(host, port)) == b""
        assert "not a public address" in gateway.troubles.popitem()[1]
        await gateway.close()

    with Served(lambda _: Answer("secret")) as secret:
        asyncio.run(check())
        assert not secret.requests


def test_a_name_is_resolved_once_for_each_connection_and_the_checked_answer_is_used() -> None:
    async def check() -> None:
        # Were the name looked up again to connect, it would lead away from what was checked.
        table = {"market.example": [["127.0.0.1"], ["93.184.215.14"]]}
        gateway = Gateway.bind(OnlyTheSite(), resolve=names(table))
        await gateway.start()
        port = site.url.rsplit(":", 1)[1]
        answer = await ask(
            gateway, f"GET http://market.example:{port}/a?b=c HTTP/1.1\r\nHost: h\r\nProxy-Connection: x\r\n\r\n"
        )
        assert answer.endswith(b"hello")
        await gateway.close()

    with Served(lambda _: Answer("hello")) as site:
        asyncio.run(check())
        assert site.paths == ["/a?b=c"]
        assert "proxy-connection" not in site.requests[0].headers


def test_the_browsers_own_calls_go_nowhere() -> None:
    async def check() -> None:
        table = {"update.googleapis.com": [["127.0.0.1"]]}
        gateway = Gateway.bind(AddressRule(loopback=True), resolve=names(table))
        await gateway.start()
        assert await ask(gateway, f"CONNECT update.googleapis.com:{site.url.rsplit(':', 1)[1]} HTTP/1.1\r\n\r\n") == b""
        assert "the browser's own business" in gateway.troubles.popitem()[1]
        await gateway.close()

    with Served(lambda _: Answer("ok")) as site:
        asyncio.run(check())


def test_what_follows_a_request_never_reaches_that_server() -> None:
    async def check() -> None:
        gateway = Gateway.bind(AddressRule(loopback=True))
        await gateway.start()
        first = f"GET {site.url}/one HTTP/1.1\r\nHost: x\r\n\r\n"
        await ask(gateway, first + f"GET {site.url}/two HTTP/1.1\r\nHost: x\r\n\r\n")
        await gateway.close()

    with Served(lambda _: Answer("ok")) as site:
        asyncio.run(check())
        assert "/two" not in site.paths


@pytest.mark.parametrize(
    "request_line",
    [
        "",
        "GET / HTTP/1.1",
        "CONNECT a:0 HTTP/1.1",
        "CONNECT :80 HTTP/1.1",
        "GET ftp://x/ HTTP/1.1",
        "GET http://a:99999/ HTTP/1.1",
    ],
)
def test_what_is_no_request_gets_no_answer(request_line: str) -> None:
    async def check() -> None:
        gateway = Gateway.bind(AddressRule(loopback=True))
        await gateway.start()
        assert await ask(gateway, f"{request_line}\r\n\r\n") == b""
        await gateway.close()

    asyncio.run(check())


PAGE = """<!DOCTYPE html><html><head><title>Market</title>
<link rel="stylesheet" href="http://127.0.0.1:{port}/style.css"><link rel="prefetch" href="http://127.0.0.1:{port}/prefetch">
<link rel="preconnect" href="http://127.0.0.1:{port}"><link rel="dns-prefetch" href="//inside.example">
<script src="http://2130706433:{port}/script.js"></script></head><body>
<img src="http://127.0.0.1:{port}/image.png"><img src="/away"><iframe src="http://inside.example:{port}/frame"></iframe>
<iframe src="http://[::ffff:127.0.0.1]:{port}/mapped"></iframe><object data="http://0x7f000001:{port}/object"></object>
<video src="http://127.1:{port}/video"></video>
<script>
const targets = ["127.0.0.1", "localhost", "0177.0.0.1", "2130706433", "[::1]", "inside.example", "turning.example",
  "127.0.0.1.", "[::ffff:7f00:1]", "0.0.0.0"];
for (const host of targets) {{
  fetch(`http://${{host}}:{port}/fetch`, {{mode: "no-cors"}}).catch(() => 0);
  try {{ new WebSocket(`ws://${{host}}:{port}/socket`); }} catch (error) {{ 0; }}
  navigator.sendBeacon(`http://${{host}}:{port}/beacon`, "x");
  new EventSource(`http://${{host}}:{port}/events`);
}}
new RTCPeerConnection({{iceServers: [{{urls: "stun:127.0.0.1:{port}"}}]}}).createDataChannel("x");
setTimeout(() => document.body.append("all was tried"), 1500);
</script></body></html>"""


def test_chromium_reaches_nothing_but_what_the_rule_allows() -> None:
    def answer(asked: Asked) -> Answer:
        if asked.path == "/away":
            return Answer(status=302, headers=(("Location", f"{inside.url}/redirected"),))
        return Answer(PAGE.format(port=inside.url.rsplit(":", 1)[1]))

    async def visit() -> str:
        table = {
            "market.example": [["127.0.0.1"]],
            "inside.example": [["127.0.0.1"]],
            "turning.example": [["10.0.0.1"], ["127.0.0.1"]],
        }
        gateway = Gateway.bind(OnlyTheSite(), resolve=names(table))
        await gateway.start()
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=require_chromium(),
                args=["--no-sandbox", *LAUNCH_ARGUMENTS],
                proxy={"server": gateway.url},
            )
            page = await browser.new_page()
            await page.goto(f"http://market.example:{site.url.rsplit(':', 1)[1]}/", wait_until="commit")
            await page.wait_for_function("document.body && document.body.textContent.includes('all was tried')")
            text = await page.title()
            await browser.close()
        assert len([one for one in gateway.troubles.values() if "not a public address" in one]) >= 3
        await gateway.close()
        return text

    with Served(lambda _: Answer("secret")) as inside, Served(answer) as site:
        assert asyncio.run(visit()) == "Market"
        assert "/" in site.paths
        assert "/away" in site.paths
        assert inside.requests == []


class Socks:
    """The other end of a SOCKS 5 connection: notes what it is asked for and connects to `target`."""

    def __init__(self, target: tuple[str, int], login: bytes | None = None, reply: int = 0) -> None:
        self.target, self.login, self.reply = target, login, reply
        self.asked: list[tuple[bytes, int]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        wanted = 2 if self.login is not None else 0
        writer.write(bytes([5, wanted if wanted in methods else 0xFF]))
        if self.login is not None and 2 in methods:
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            word = await reader.readexactly((await reader.readexactly(1))[0])
            writer.write(bytes([1, 0 if user + b":" + word == self.login else 1]))
        try:
            _, _, _, _, length = await reader.readexactly(5)
        except asyncio.IncompleteReadError:
            writer.close()
            return
        host = await reader.readexactly(length)
        self.asked.append((host, int.from_bytes(await reader.readexactly(2), "big")))
        writer.write(bytes([5, self.reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if self.reply == 0:
            there, to_there = await asyncio.open_connection(*self.target)
            to_there.write(await reader.readuntil(b"\r\n\r\n"))
            writer.write(await there.read())
            to_there.close()
        writer.close()


async def through(socks: Socks, login: str = "") -> tuple[bytes, dict[str, str]]:
    server = await asyncio.start_server(socks.serve, "127.0.0.1", 0)
    address = f"socks5://{login}127.0.0.1:{server.sockets[0].getsockname()[1]}"
    gateway = Gateway.bind(AddressRule(), upstream=Upstream.read(address))
    await gateway.start()
    answer = await ask(gateway, "GET http://market.example/x HTTP/1.1\r\nHost: market.example\r\n\r\n")
    await gateway.close()
    server.close()
    return answer, gateway.troubles


def test_a_socks_proxy_is_asked_by_name() -> None:
    with Served(lambda _: Answer("hello")) as site:
        socks = Socks(("127.0.0.1", int(site.url.rsplit(":", 1)[1])), login=b"unit:a word")
        answer, troubles = asyncio.run(through(socks, "unit:a%20word@"))
    assert answer.endswith(b"hello")
    assert socks.asked == [(b"market.example", 80)]
    assert troubles == {}


@pytest.mark.parametrize(
    ("socks", "words"),
    [(Socks(("", 0), reply=5), "connection refused"), (Socks(("", 0), login=b"a:b"), "accepts no login")],
)
def test_what_a_proxy_refuses_is_told(socks: Socks, words: str) -> None:
    answer, troubles = asyncio.run(through(socks))
    assert answer == b""
    assert words in troubles["market.example:80"]


def test_an_http_proxy_is_asked_for_a_tunnel() -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 407 Login needed\r\n\r\n")
        writer.close()

    async def check() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        upstream = Upstream.read(f"http://unit:word@127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(UpstreamRefused, match="407"):
            await upstream.connect("market.example", 443)
        server.close()

    asyncio.run(check())
    assert heads[0].startswith(b"CONNECT market.example:443 HTTP/1.1\r\n")
    assert b"Proxy-Authorization: Basic dW5pdDp3b3Jk\r\n" in heads[0]


@pytest.mark.parametrize("text", ["", "host:1080", "ftp://host", "socks5://", "http://host:port"])
def test_a_proxy_that_is_none_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(BadInput, match="proxy's address"):
        Upstream.read(text)
