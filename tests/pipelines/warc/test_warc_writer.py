from __future__ import annotations

import gzip
import hashlib
import resource
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from warcio.archiveiterator import ArchiveIterator

from pipelines.errors import DiskTrouble
from pipelines.warc.reader import DamagedArchiveError, iterate, read_record
from pipelines.warc.records import Exchange, HttpMessage, Metadata, Record, Resource, Revisit, WarcInfo
from pipelines.warc.writer import WarcFile

AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
BODY = "<h1>Büchse & пистолет</h1>".encode()
SHA = hashlib.sha256(BODY).hexdigest()
RESPONSE = HttpMessage(
    start_line=b"HTTP/1.1 200 OK",
    headers=((b"Content-Type", b"text/html"), (b"Set-Cookie", b"a=1"), (b"Set-Cookie", b"b=\xe9")),
    body=BODY,
)
REQUEST = HttpMessage(start_line=b"GET /l/1 HTTP/1.1", headers=((b"Host", b"market.example.com"),))
EXCHANGE = Exchange(url="https://market.example.com/l/1", at=AT, response=RESPONSE, request=REQUEST, ip="127.0.0.1")
REVISIT = Revisit(
    url="https://market.example.com/l/1?again",
    at=AT + timedelta(days=1),
    response=RESPONSE,
    payload_sha256=SHA,
    refers_to_url=EXCHANGE.url,
    refers_to_at=AT,
)
EVERY_KIND: list[Record] = [
    WarcInfo(at=AT, fields={"software": "tracemark", "operator": "Example Police"}, filename="run.warc.gz"),
    EXCHANGE,
    REVISIT,
    Resource(url="urn:view:https://market.example.com/l/1", at=AT, content_type="image/png", body=b"\x89PNG\r\n\x1a\n"),
    Metadata(url="https://market.example.com/l/1", at=AT, content_type="application/json", body=b"{}"),
    Exchange(
        url="https://market.example.com/empty", at=AT, response=HttpMessage(start_line=b"HTTP/1.1 204 No Content")
    ),
]


def test_the_bytes_of_an_exchange_are_these(warc: WarcFile, tmp_path: Path) -> None:
    [stored] = warc.append([EXCHANGE])
    data = (tmp_path / stored.file).read_bytes()
    head = (
        "WARC/1.1\r\n"
        "WARC-Type: response\r\n"
        "WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        "WARC-Date: 2026-03-01T12:30:05Z\r\n"
        "WARC-Target-URI: https://market.example.com/l/1\r\n"
        "WARC-IP-Address: 127.0.0.1\r\n"
        f"WARC-Payload-Digest: sha256:{SHA}\r\n"
        "WARC-Block-Digest: sha256:{block}\r\n"
        "Content-Type: application/http; msgtype=response\r\n"
        "Content-Length: {length}\r\n\r\n"
    )
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nSet-Cookie: a=1\r\nSet-Cookie: b=\xe9\r\n\r\n" + BODY
    response = head.format(block=hashlib.sha256(block).hexdigest(), length=len(block)).encode() + block + b"\r\n\r\n"
    ask = b"GET /l/1 HTTP/1.1\r\nHost: market.example.com\r\n\r\n"
    request = (
        b"WARC/1.1\r\nWARC-Type: request\r\n"
        b"WARC-Record-ID: <urn:uuid:00000000-0000-0000-0000-000000000002>\r\n"
        b"WARC-Date: 2026-03-01T12:30:05Z\r\nWARC-Target-URI: https://market.example.com/l/1\r\n"
        b"WARC-IP-Address: 127.0.0.1\r\n"
        b"WARC-Concurrent-To: <urn:uuid:00000000-0000-0000-0000-000000000001>\r\n"
        + f"WARC-Block-Digest: sha256:{hashlib.sha256(ask).hexdigest()}\r\n".encode()
        + b"Content-Type: application/http; msgtype=request\r\n"
        + f"Content-Length: {len(ask)}\r\n\r\n".encode()
        + ask
        + b"\r\n\r\n"
    )
    assert gzip.decompress(data) == response + request
    assert data[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00"
    assert stored.file == "vault/run.warc.gz"
    assert (stored.offset, stored.length) == (0, len(data))
    assert stored.payload_sha256 == SHA


def test_the_same_records_give_the_same_file(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        ids = iter([UUID(int=number) for number in range(20)])
        with WarcFile(tmp_path / f"{name}.warc.gz", new_id=ids.__next__) as warc:
            warc.append(EVERY_KIND[:2])
            warc.append(EVERY_KIND[2:])
        files.append((tmp_path / f"{name}.warc.gz").read_bytes())
    assert files[0] == files[1]


def test_warcio_reads_every_kind_and_finds_the_digests_right(warc: WarcFile, tmp_path: Path) -> None:
    stored = warc.append(EVERY_KIND)
    warc.sync()
    path = tmp_path / "vault" / "run.warc.gz"
    with path.open("rb") as file:
        seen = [
            (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.raw_stream.read())
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    assert [kind for kind, _, _ in seen] == [
        "warcinfo", "response", "request", "revisit", "resource", "metadata", "response",
    ]  # fmt: skip
    assert seen[1][2] == BODY
    assert seen[3][2] == b""
    assert seen[4][2] == b"\x89PNG\r\n\x1a\n"
    assert stored[-1].offset + stored[-1].length == warc.size() == path.stat().st_size


def test_the_usual_tools_accept_the_file(warc: WarcFile, tmp_path: Path) -> None:
    warc.append(EVERY_KIND)
    warc.sync()
    path = str(tmp_path / "vault" / "run.warc.gz")
    tool = Path(sys.executable).with_name("warcio")
    check = subprocess.run([tool, "check", "-v", path], capture_output=True, text=True, check=True)
    assert check.stdout.count("digest pass") == 6
    subprocess.run(["gzip", "-t", path], check=True)


def test_a_revisit_says_what_it_repeats(warc: WarcFile, tmp_path: Path) -> None:
    original, again = warc.append([EXCHANGE, REVISIT])
    record = read_record(tmp_path, again)
    assert record.kind == "revisit"
    assert record.body == b""
    assert record.headers["warc-refers-to-target-uri"] == EXCHANGE.url
    assert record.headers["warc-refers-to-date"] == "2026-03-01T12:30:05Z"
    assert record.headers["warc-profile"].endswith("/identical-payload-digest")
    assert again.payload_sha256 == original.payload_sha256 == SHA
    assert (b"Content-Type", b"text/html") in (record.http_headers or ())


def test_a_body_that_the_collector_decoded_still_replays(warc: WarcFile, tmp_path: Path) -> None:
    headers = ((b"Content-Encoding", b"gzip"), (b"Content-Type", b"text/html"))
    message = HttpMessage(
        start_line=b"HTTP/1.1 200 OK", headers=headers, body=BODY, undone=frozenset({"content-encoding"})
    )
    [stored] = warc.append([Exchange(url="https://example.com/", at=AT, response=message)])
    assert read_record(tmp_path, stored).http_headers == (
        (b"X-Orig-Content-Encoding", b"gzip"),
        (b"Content-Type", b"text/html"),
    )
    with (tmp_path / stored.file).open("rb") as file:
        assert next(iter(ArchiveIterator(file))).content_stream().read() == BODY


def test_a_body_that_is_still_encoded_is_kept_so_and_replays(warc: WarcFile, tmp_path: Path) -> None:
    served = gzip.compress(BODY)
    message = HttpMessage(start_line=b"HTTP/1.1 200 OK", headers=((b"Content-Encoding", b"gzip"),), body=served)
    [stored] = warc.append([Exchange(url="https://example.com/", at=AT, response=message)])
    assert read_record(tmp_path, stored).body == served
    with (tmp_path / stored.file).open("rb") as file:
        assert next(iter(ArchiveIterator(file))).content_stream().read() == BODY


def test_dates_are_utc_with_microseconds_where_there_are_any(warc: WarcFile, tmp_path: Path) -> None:
    summer = datetime(2026, 7, 1, 14, 0, 0, 250, tzinfo=timezone(timedelta(hours=2)))
    [stored] = warc.append([Metadata(url="urn:x", at=summer, content_type="text/plain", body=b"")])
    assert read_record(tmp_path, stored).headers["warc-date"] == "2026-07-01T12:00:00.000250Z"
    with pytest.raises(ValueError, match="without a zone"):
        warc.append([Metadata(url="urn:x", at=datetime(2026, 7, 1), content_type="text/plain", body=b"")])  # noqa: DTZ001 -- the very thing refused


def test_an_address_cannot_break_the_header(warc: WarcFile, tmp_path: Path) -> None:
    url = "https://example.com/a b\r\nWARC-Type: forged?q=пистолет%20"
    [stored] = warc.append([Resource(url=url, at=AT, content_type="text/html\r\nX: y", body=b"x")])
    headers = read_record(tmp_path, stored).headers
    assert headers["warc-type"] == "resource"
    assert headers["warc-target-uri"].startswith("https://example.com/a%20b%0D%0AWARC-Type:%20forged?q=%D0%BF")
    assert headers["warc-target-uri"].endswith("%20")
    assert headers["content-type"] == "text/html X: y"


def test_a_crash_tail_is_set_aside_and_never_deleted(warc: WarcFile, tmp_path: Path) -> None:
    warc.append([EXCHANGE])
    committed = warc.size()
    for expected in ("run.warc.gz.tail", "run.warc.gz.tail.2"):
        warc.append([EXCHANGE])
        lost = (tmp_path / "vault" / "run.warc.gz").read_bytes()[committed:]
        tail = warc.truncate_tail(committed)
        assert tail is not None
        assert tail.name == expected
        assert tail.read_bytes() == lost
        assert warc.size() == committed
    assert warc.truncate_tail(committed) is None
    [after] = warc.append([EXCHANGE])
    assert after.offset == committed
    assert len(list(iterate(tmp_path / "vault" / "run.warc.gz"))) == 4


def test_a_file_shorter_than_what_was_committed_is_reported(warc: WarcFile, tmp_path: Path) -> None:
    warc.append([EXCHANGE])
    with pytest.raises(DamagedArchiveError, match="were committed"):
        warc.truncate_tail(warc.size() + 1)


def test_a_reopened_file_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with WarcFile(path) as warc:
        [first] = warc.append([EXCHANGE])
        warc.sync()
    with WarcFile(path) as warc:
        [second] = warc.append([EXCHANGE])
    assert second.offset == first.length
    assert [record.kind for record in iterate(path)] == ["response", "request"] * 2


def test_what_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with WarcFile(path) as warc:
        warc.append([EXCHANGE])
        warc.sync()
        before = path.read_bytes()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, limit[1]))
        try:
            with pytest.raises(DiskTrouble, match="could not be written"):
                warc.append([EXCHANGE])
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        assert warc.size() == len(before)
        assert path.read_bytes() == before
        warc.append([EXCHANGE])
    assert len(list(iterate(path))) == 4


def test_a_folder_that_is_not_there_is_disk_trouble(tmp_path: Path) -> None:
    with pytest.raises(DiskTrouble, match="cannot be written"):
        WarcFile(tmp_path / "missing" / "a.warc.gz")


def test_warcio_and_our_reader_see_the_same_places(warc: WarcFile, tmp_path: Path) -> None:
    warc.append(EVERY_KIND)
    path = tmp_path / "vault" / "run.warc.gz"
    theirs = []
    records = ArchiveIterator(BytesIO(path.read_bytes()))
    for record in records:
        record.raw_stream.read()
        theirs.append((records.get_record_offset(), records.get_record_length(), record.rec_type))
    assert theirs == [(record.offset, record.length, record.kind) for record in iterate(path)]
