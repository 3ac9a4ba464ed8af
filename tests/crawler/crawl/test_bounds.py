"""A hostile or broken site costs little: headers, bodies, packed bodies and redirects are bounded, TLS is verified."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from crawl_server import Answer, Asked, Served, list_page, listing_page, site_text
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from crawler.settings import DOWNLOAD_MAXSIZE, REDIRECT_MAX_TIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from crawl_room import Room


def trap(second: Answer) -> Callable[[Asked], Answer]:
    """A market of three listings, the second of which is `second`."""

    def answer(asked: Asked) -> Answer:
        if asked.path == "/robots.txt":
            return Answer(status=404)
        if asked.path.startswith("/item/2"):
            return second
        if asked.path.startswith("/item/"):
            return Answer(listing_page(int(asked.path[6:])))
        return Answer(list_page(range(1, 4)))

    return answer


BOMB = gzip.compress(b"\0" * (DOWNLOAD_MAXSIZE + 1), mtime=0)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (Answer(b"x" * (DOWNLOAD_MAXSIZE + 1)), "larger than a page may be"),
        (Answer(BOMB, headers=(("Content-Encoding", "gzip"),)), "larger than a page may be"),
        (Answer(status=302, headers=(("Location", "/item/2"),)), "redirect"),
    ],
    ids=["body", "packed", "redirects"],
)
def test_what_has_no_end_costs_its_own_page_only(room: Room, second: Answer, words: str) -> None:
    with Served(trap(second)) as site:
        room.write_site("market", site_text("market", site.url))
        ended = room.crawl("market")
    assert ended.found["found"]["listings"] == 2, ended
    [(told, count)] = ended.found["unseen"].items()
    assert words in told, told
    assert count == 1
    assert site.paths.count("/item/2") <= 4 * (REDIRECT_MAX_TIMES + 1)


@pytest.fixture
def endless() -> Iterator[tuple[str, list[int]]]:
    """A server whose headers never end, and how many bytes of them it could send."""
    server = socket.create_server(("127.0.0.1", 0))
    sent: list[int] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=pour, args=(connection,), daemon=True).start()

    def pour(connection: socket.socket) -> None:
        line, total = b"X-More: " + b"x" * 1000 + b"\r\n", 0
        until = time.monotonic() + 20
        try:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while time.monotonic() < until:
                connection.sendall(line)
                total += len(line)
        except OSError:
            sent.append(total)
        connection.close()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", sent
    server.close()


def test_headers_without_an_end_are_cut_off(room: Room, endless: tuple[str, list[int]]) -> None:
    url, sent = endless
    more = "robots: {obey: false, authority: 'Order 7/2026'}"
    room.write_site("market", site_text("market", url, more, pace="delay: 0, timeout: 10"))
    ended = room.crawl("market")
    assert (ended.code, ended.found["status"]) == (1, "failed")
    assert "the connection was cut" in ended.found["reason"]
    assert len(sent) == 4  # as often as a page is tried
    assert max(sent) < 16_000_000  # what fits into the sockets' buffers besides


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[tuple[str, list[Any]]]:
    """An HTTPS server whose certificate nobody signed, and the requests that it got."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "market.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "site.pem"
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server = socket.create_server(("127.0.0.1", 0))
    got: list[Any] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
                with context.wrap_socket(connection, server_side=True) as secure:
                    got.append(secure.recv(1000))
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    yield f"https://127.0.0.1:{server.getsockname()[1]}", got
    server.close()


@pytest.mark.parametrize("fetch", ["http", "browser"])
def test_a_certificate_that_does_not_hold_is_refused(
    room: Room, self_signed: tuple[str, list[Any]], fetch: str
) -> None:
    url, got = self_signed
    more = ["robots: {obey: false, authority: 'Order 7/2026'}", f"fetch: {fetch}"]
    room.write_site("market", site_text("market", url, *more))
    ended = room.crawl("market")
    assert (ended.code, ended.found["status"]) == (1, "failed"), ended
    assert not [one for one in got if one]
