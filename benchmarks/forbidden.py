"""Forbidden addresses: tries to lead Scrapy and Chromium to them, on a network where every address would answer.

    python benchmarks/forbidden.py [--cases FILE]

In a network namespace of its own every address, public or not, is this machine (one local route to everything), a
server listens on ports 22, 80 and 443, and a name server tells what it was told to tell: so a connection that should
not be made can be made, and is seen at the server with the address it was meant for. Each case is visited by Scrapy
(our middlewares and resolver, robots.txt included) and with Chromium (through our gateway), as a page and as a part of
one (picture, fetch, WebSocket, beacon). Cases: ours (decimal, octal, hexadecimal, short, full-width and IPv6 spellings,
redirects, names that lead inside, and names that change their answer), and those of a file, one address a line.
Controls show that the server sees what is let through. Needs `unshare` (util-linux) and the right to use it.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import ipaddress
import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import scrapy
from attrs import define, field, frozen
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright
from scrapy.crawler import CrawlerProcess
from scrapy.utils.project import get_project_settings

from crawler.addresses import AddressRule
from crawler.browser import LAUNCH_ARGUMENTS, find_chromium
from crawler.gateway import Gateway
from crawler.pace import Pace
from pipelines.store.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pipelines.store.fetches import Fetch

PUBLIC = "93.184.215.14"
PORTS = (22, 80, 443)
INSIDE = (
    "127.0.0.1",
    "169.254.169.254",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.100.100.200",
    "0.0.0.0",  # noqa: S104 -- to be refused
)
INSIDE_V6 = ("::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "100::1", "2001:db8::1")
NAMED = ("localhost", "localhost.", "a.localhost", "168.63.129.16", "192.0.0.192", "198.18.0.1", "240.0.0.1")


def spell(address: str) -> list[str]:
    """The ways in which readers of addresses may be told an IPv4 address."""
    number = int(ipaddress.IPv4Address(address))
    parts = [int(part) for part in address.split(".")]
    high, low = number >> 16, number & 0xFFFF
    return [
        address,
        f"{address}.",
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(hex(part) for part in parts),
        ".".join(f"0{part:o}" for part in parts),
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"{parts[0]}.{parts[1]}.{low}",
        "".join(chr(ord(char) + 0xFEE0) if char.isdigit() else "。" for char in address),
        f"[::ffff:{address}]",
        f"[::ffff:{high:x}:{low:x}]",
        f"[64:ff9b::{high:x}:{low:x}]",
        f"[2002:{high:x}:{low:x}::1]",
        f"[::{high:x}:{low:x}]",
    ]


def write_own_cases() -> list[str]:
    hosts = [one for address in INSIDE for one in spell(address)]
    hosts += [*(f"[{one}]" for one in INSIDE_V6), *NAMED]
    hosts += [f"{address}.inside.example" for address in INSIDE]
    hosts += [f"{address}.turning-{way}.example" for address in INSIDE for way in ("to", "from", "both")]
    hosts += ["loopback.six.example", "mapped.six.example", "local.six.example"]
    away = [f"http://public.example/to?{quote(f'http://{one}/x', safe='')}" for one in (*INSIDE, "[::1]", "2130706433")]
    away += [f"http://public.example/to?{quote(f'http://{one}.inside.example/x', safe='')}" for one in INSIDE]
    away += ["http://public.example/to?file%3A%2F%2F%2Fetc%2Fpasswd", "http://public.example/to?%2F%2F127.0.0.1%2Fx"]
    odd = [
        "http://public.example\\@127.0.0.1/",
        "http://public.example:80@127.0.0.1/",
        "http://127.0.0.1:80\\@public.example/",
    ]
    return [*(f"http://{host}/case" for host in hosts), *away, *odd]


def answers_to(name: str, asked: int) -> tuple[list[str], list[str]]:
    """The A and AAAA answers for `name` when it is asked for the nth time (from 0)."""
    if (
        found := re.fullmatch(r"(\d+(?:\.\d+){3})\.(inside|turning-to|turning-from|turning-both)\.example", name)
    ) is not None:
        address, way = found[1], found[2]
        first = {
            "inside": [address],
            "turning-to": [PUBLIC],
            "turning-from": [address],
            "turning-both": [PUBLIC, address],
        }
        return (first[way] if asked == 0 else [PUBLIC] if way == "turning-from" else [address]), []
    six = {"loopback.six.example": "::1", "mapped.six.example": "::ffff:127.0.0.1", "local.six.example": "fd00::1"}
    if name in six:
        return [], [six[name]]
    if name in ("public.example", "google.com", "www.google.com", "www.owasp.org"):
        return [PUBLIC], []
    return ["169.254.169.254"], []  # all other names lead where they should not


@define
class Network:
    """What is listened to, and what came: the address each connection was meant for."""

    connections: list[tuple[str, int]] = field(factory=list)
    asked: dict[str, int] = field(factory=dict)

    def serve(self) -> None:
        for port in PORTS:
            server = socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=512)
            threading.Thread(target=self._accept, args=(server,), daemon=True).start()
        for address in nameservers():
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            names = socket.socket(family, socket.SOCK_DGRAM)
            names.bind((address, 53))
            threading.Thread(target=self._tell_names, args=(names,), daemon=True).start()

    def _accept(self, server: socket.socket) -> None:
        while True:
            connection, _ = server.accept()
            place = connection.getsockname()
            self.connections.append((place[0].removeprefix("::ffff:"), place[1]))
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def _tell_names(self, names: socket.socket) -> None:
        while True:
            query, client = names.recvfrom(4096)
            name, kind, end = read_question(query)
            four, six = answers_to(name, self.asked.get(f"{name} {kind}", 0))
            self.asked[f"{name} {kind}"] = self.asked.get(f"{name} {kind}", 0) + 1
            found = [socket.inet_pton(socket.AF_INET, one) for one in four] if kind == 1 else []
            found += [socket.inet_pton(socket.AF_INET6, one) for one in six] if kind == 28 else []
            head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0) + query[12:end]
            records = (b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(one)) + one for one in found)
            names.sendto(head + b"".join(records), client)

    def forbidden(self) -> list[tuple[str, int]]:
        return [one for one in self.connections if not is_public(one[0])]


def is_public(address: str) -> bool:
    """By the registries alone (`ipaddress`), not by the rule under test; two clouds' own addresses besides."""
    found = ipaddress.ip_address(address.partition("%")[0])
    return found.is_global and not found.is_multicast and address not in ("168.63.129.16", "192.0.0.192")


def answer(connection: socket.socket) -> None:
    connection.settimeout(5)
    try:
        head = connection.recv(65536).decode("latin-1")
        target = re.match(r"GET /to\?(\S+) ", head)
        if target is not None:
            reply = f"HTTP/1.1 302 Found\r\nLocation: {re.sub('%([0-9A-F]{2})', unquote_byte, target[1])}\r\n"
        elif head.startswith("GET /robots.txt"):
            reply = "HTTP/1.1 404 Not Found\r\n"
        else:
            reply = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
        connection.sendall(f"{reply}Content-Length: 2\r\nConnection: close\r\n\r\nok".encode())
    except OSError:
        pass
    connection.close()


def unquote_byte(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def read_question(query: bytes) -> tuple[str, int, int]:
    labels, at = [], 12
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("latin-1"))
        at += 1 + length
    return ".".join(labels).lower(), struct.unpack(">H", query[at + 1 : at + 3])[0], at + 5


def nameservers() -> list[str]:
    found = re.findall(r"^nameserver\s+(\S+)", Path("/etc/resolv.conf").read_text(), re.MULTILINE)
    return found or ["127.0.0.1"]


def route_everything_here() -> None:
    """Bring the namespace's loopback up, and make every address a local one (RTM_NEWROUTE, rtnetlink(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(plain, 0x8913, request))[1]
        fcntl.ioctl(plain, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        for family in (socket.AF_INET, socket.AF_INET6):
            message = struct.pack("BBBBBBBBI", family, 0, 0, 0, 255, 4, 254, 2, 0)  # to everything, local, here
            message += struct.pack("HHI", 8, 4, socket.if_nametoindex("lo"))
            netlink.send(struct.pack("IHHII", 16 + len(message), 24, 0x1 | 0x4 | 0x400, 1, 0) + message)
            error = struct.unpack("i", netlink.recv(4096)[16:20])[0]
            if error:
                raise OSError(-error, os.strerror(-error))


@frozen
class Everything:
    """Bounds that hold nothing back: only the address rule stands in the way."""

    def contains(self, _url: str) -> bool:
        return True


@frozen
class ProbePlan:
    bounds: Everything = Everything()
    delay: float = 0.0


@frozen
class ProbeTally:
    """Where the time that each request took is noted."""

    fetches: list[Fetch] = field(factory=list)


@frozen
class ProbeRun:
    pace: Pace
    plan: ProbePlan = ProbePlan()
    recorder: ProbeTally = field(factory=ProbeTally)
    gateway: None = None

    def may_ask(self, _spare: float) -> bool:
        return True


class Probe(scrapy.Spider):
    """Visits every case with the crawl's own settings."""

    name = "probe"
    run: ProbeRun
    cases: tuple[str, ...] = ()
    reached: list[str]

    async def start(self) -> AsyncIterator[Any]:
        self.reached = []
        for case in self.cases:
            try:
                yield scrapy.Request(case, callback=self.note, errback=self.miss, dont_filter=True)
            except ValueError:
                continue  # no address at all for Scrapy

    def note(self, response: Any) -> None:
        self.reached.append(response.request.url)

    def miss(self, _failure: Any) -> None:
        """Refused, or not reached: the server knows."""


def visit_with_scrapy(cases: list[str]) -> int:
    """How many cases led somewhere (to a public address)."""
    settings = get_project_settings()
    settings.setdict(
        {
            "SCHEDULER": "scrapy.core.scheduler.Scheduler",
            "DOWNLOAD_DELAY": 0,
            "DOWNLOAD_TIMEOUT": 5,
            "LOG_ENABLED": False,
        }
    )
    process = CrawlerProcess(settings)
    crawler = process.create_crawler(Probe)
    store = Database.open("sqlite://")
    process.crawl(crawler, cases=tuple(cases), run=ProbeRun(pace=Pace(store, 0.0, time.monotonic)))
    process.start()
    store.close()
    return len(crawler.spider.reached) if isinstance(crawler.spider, Probe) else 0


def write_page(cases: list[str]) -> str:
    """A page that has each case as a picture, a frame, a fetch and a WebSocket."""
    return f"""<!DOCTYPE html><title>Market</title><body><script>
const cases = {json.dumps(cases)};
for (const one of cases) {{
  new Image().src = one;
  try {{ fetch(one, {{mode: "no-cors"}}).catch(() => 0); }} catch (error) {{ 0; }}
  try {{ new WebSocket(one.replace(/^http/, "ws")); }} catch (error) {{ 0; }}
  try {{ navigator.sendBeacon(one, "x"); }} catch (error) {{ 0; }}
}}
</script></body>"""


async def visit_with_chromium(cases: list[str]) -> int:
    """As `visit_with_scrapy`: each case as a page, then all of them as parts of one."""
    gateway = Gateway.bind(AddressRule())
    await gateway.start()
    reached = 0
    async with async_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(), args=[*sandbox, *LAUNCH_ARGUMENTS], proxy={"server": gateway.url}
        )
        page = await browser.new_page()
        for case in cases:
            try:
                response = await page.goto(case, timeout=5000, wait_until="commit")
                reached += response is not None
            except PlaywrightError:
                continue
        page = await browser.new_page()
        await page.route(
            "http://public.example/parts", lambda route: route.fulfill(body=write_page(cases), content_type="text/html")
        )
        await page.goto("http://public.example/parts")
        await page.wait_for_timeout(2500)
        await browser.close()
    await gateway.close()
    return reached


def inside(cases: list[str]) -> dict[str, Any]:
    """What came of all cases; called in the namespace."""
    route_everything_here()
    network = Network()
    network.serve()
    with socket.create_connection(("169.254.169.254", 80), timeout=5):
        pass
    while not network.connections:  # the control: what is not held back is seen
        threading.Event().wait(0.01)
    control = bool(network.forbidden())
    network.connections.clear()
    reached = {"chromium": asyncio.run(visit_with_chromium(cases)) if find_chromium() else -1}
    of_chromium, public_of_chromium = network.forbidden(), len(network.connections)
    network.connections.clear()
    network.asked.clear()
    reached["scrapy"] = visit_with_scrapy(cases)
    return {
        "control": control,
        "forbidden": {"chromium": of_chromium, "scrapy": network.forbidden()},
        "public": {"chromium": public_of_chromium, "scrapy": len(network.connections)},
        "reached": reached,
    }


def read_cases(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield line if "://" in line else f"http://{line}/"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, help="Further cases, one address a line.")
    parser.add_argument("--every", type=int, default=1, help="Take every nth of our own cases only.")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    own = write_own_cases()[:: chosen.every]
    given = list(read_cases(chosen.cases)) if chosen.cases else []
    if chosen.inside:
        print(json.dumps(inside([*own, *given])))
        return
    command = [shutil.which("unshare") or "unshare", "-rn", sys.executable, *sys.argv, "--inside"]
    environment = {**os.environ, "SCRAPY_SETTINGS_MODULE": "crawler.settings", "TRACEMARK_ALLOW_LOOPBACK": "0"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit("no network namespace could be made, or the visits failed; the reason is above")
    found = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(write_line(found, len(own), len(given))))


def write_line(found: dict[str, Any], own: int, given: int) -> dict[str, Any]:
    figures = {
        "own_cases": own,
        "given_cases": given,
        "forbidden_connections_scrapy": len(found["forbidden"]["scrapy"]),
        "forbidden_connections_chromium": len(found["forbidden"]["chromium"]),
        "where": sorted({f"{address}:{port}" for one in found["forbidden"].values() for address, port in one}),
        "public_connections_scrapy": found["public"]["scrapy"],
        "public_connections_chromium": found["public"]["chromium"],
        "control_seen": found["control"],
        "chromium": "there" if found["reached"]["chromium"] >= 0 else "skipped: none on this machine",
    }
    bars = {
        "own_cases": {"value": own, "bar": 80, "met": own >= 80},
        **{
            name: {"value": figures[name], "bar": 0, "met": figures[name] == 0}
            for name in ("forbidden_connections_scrapy", "forbidden_connections_chromium")
        },
    }
    return {"bench": "forbidden", "figures": figures, "bars": bars}


if __name__ == "__main__":
    main()
