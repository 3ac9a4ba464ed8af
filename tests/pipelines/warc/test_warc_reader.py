from __future__ import annotations

import gzip
import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipelines.warc.encoding import encode_record
from pipelines.warc.members import FREE_BYTES, MemberError, scan_members
from pipelines.warc.reader import DamagedArchiveError, iterate, read_members, read_record
from pipelines.warc.records import Exchange, HttpMessage, Resource
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2026, 3, 1, tzinfo=UTC)
TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-_", min_size=1, max_size=20).map(str.encode)
HEADERS = st.lists(st.tuples(TOKENS, st.binary(max_size=60)), max_size=8).map(tuple)


def page(body: bytes, number: int = 1) -> Exchange:
    return Exchange(
        url=f"https://example.com/{number}",
        at=AT,
        response=HttpMessage(start_line=b"HTTP/1.1 200 OK", headers=((b"Content-Type", b"text/html"),), body=body),
        request=HttpMessage(start_line=b"GET / HTTP/1.1"),
    )


@given(body=st.binary(max_size=3000), headers=HEADERS, start=st.binary(max_size=40))
def test_any_body_and_headers_come_back(body: bytes, headers: tuple[tuple[bytes, bytes], ...], start: bytes) -> None:
    message = HttpMessage(start_line=b"HTTP/1.1 200 " + start, headers=headers, body=body)
    exchange = Exchange(url="https://example.com/", at=AT, response=message, request=message)
    members, digest = encode_record(exchange, new_id=lambda: UUID(int=7))
    response, request = scan_members(BytesIO(b"".join(members)), keep_payload=True)
    assert response.payload == request.payload == body
    assert response.payload_sha256 == digest == hashlib.sha256(body).hexdigest()
    assert response.headers["warc-block-digest"] == f"sha256:{response.block_sha256}"
    for (name, value), (read_name, read_value) in zip(headers, response.http_headers or (), strict=True):
        assert read_name == name
        # A line break inside a value is told as a space; everything else is kept.
        assert read_value.split() == value.replace(b"\0", b" ").split()
    theirs = next(iter(ArchiveIterator(BytesIO(members[0]), check_digests="raise")))
    assert theirs.raw_stream.read() == body


@given(body=st.binary(max_size=500), data=st.data())
def test_a_file_cut_anywhere_is_an_error_but_at_a_member_end(body: bytes, data: st.DataObject) -> None:
    members, _ = encode_record(page(body), new_id=lambda: UUID(int=7))
    whole = b"".join(members)
    cut = data.draw(st.integers(1, len(whole) - 1))
    if cut == len(members[0]):
        assert len(list(scan_members(BytesIO(whole[:cut])))) == 1
    else:
        with pytest.raises(MemberError):
            list(scan_members(BytesIO(whole[:cut])))


@given(body=st.binary(min_size=1, max_size=500), data=st.data())
def test_a_flipped_bit_in_the_compressed_bytes_is_found_or_changes_nothing(body: bytes, data: st.DataObject) -> None:
    members, _ = encode_record(page(body), new_id=lambda: UUID(int=7))
    damaged = bytearray(members[0])
    # The ten bytes of the gzip header (time, flags, system) hold nothing of the record.
    place = data.draw(st.integers(10, len(damaged) - 1))
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = [(one.headers, one.payload) for one in scan_members(BytesIO(bytes(damaged)), keep_payload=True)]
    except MemberError:
        return
    # A few bits of a deflate stream mean nothing: those that fill up its last byte.
    assert read == [(one.headers, one.payload) for one in scan_members(BytesIO(members[0]), keep_payload=True)]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for candidate in (data, gzip.compress(data), gzip.compress(b"WARC/1.1\r\n" + data)):
        with suppress(MemberError):
            assert sum(record.length for record in scan_members(BytesIO(candidate))) == len(candidate)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"WARC/1.1\r\nContent-Length: 3\r\n\r\nabcd\r\n\r\n", "bytes follow"),
        (b"WARC/1.1\r\nContent-Length: 5\r\n\r\nabcd\r\n\r\n", "shorter or longer"),
        (b"WARC/1.1\r\nContent-Length: 9\r\n\r\nabcd", "shorter or longer"),
        (b"WARC/1.1\r\nContent-Length: -4\r\n\r\nabcd\r\n\r\n", "no Content-Length"),
        (b"WARC/1.1\r\nWARC-Type: x\r\n\r\n\r\n\r\n", "no Content-Length"),
        (b"WARC/1.1\r\nA: 1\r\na: 2\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "stands twice"),
        (b"WARC/1.1\r\nnonsense\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "malformed"),
        (b"WARC/1.1\r\nA: \xff\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "not UTF-8"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "no WARC version"),
        (b"WARC/1.1\r\nContent-Type: application/http\r\nContent-Length: 4\r\n\r\nabcd\r\n\r\n", "does not end"),
        (b"WARC/1.1\r\n" + b"x" * (1 << 21), "longer than"),
        (b"", "no WARC header"),
    ],
)
def test_a_record_that_is_not_whole_is_refused(record: bytes, reason: str) -> None:
    with pytest.raises(MemberError, match=reason):
        list(scan_members(BytesIO(gzip.compress(record))))


def test_a_bomb_is_refused_before_it_is_inflated() -> None:
    size = FREE_BYTES * 2
    bomb = gzip.compress(b"WARC/1.1\r\nContent-Length: %d\r\n\r\n" % size + bytes(size) + b"\r\n\r\n", compresslevel=1)
    with pytest.raises(MemberError, match="inflates beyond"):
        list(scan_members(BytesIO(bomb)))


def test_iterate_names_the_file_and_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    with WarcFile(path) as warc:
        stored = warc.append([page(b"one", 1), page(b"two", 2)])
    assert [(record.kind, record.payload) for record in iterate(path, keep_payload=True)] == [
        ("response", b"one"),
        ("request", b""),
        ("response", b"two"),
        ("request", b""),
    ]
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(DamagedArchiveError, match=r"a\.warc\.gz at byte \d+: the file ends inside"):
        list(iterate(path))
    path.write_bytes(whole + b"\0\0")
    with pytest.raises(DamagedArchiveError, match=f"at byte {len(whole)}: not a gzip member"):
        list(iterate(path))
    assert read_record(tmp_path, stored[1]).body == b"two"
    with pytest.raises(DamagedArchiveError, match="cannot be read"):
        list(iterate(tmp_path / "missing"))


def test_reading_checks_digests_and_places(tmp_path: Path) -> None:
    with WarcFile(tmp_path / "a.warc.gz") as warc:
        first, second = warc.append(
            [page(b"one"), Resource(url="urn:x", at=AT, content_type="text/plain", body=b"two")],
        )
    assert read_record(tmp_path, first).status_line == b"HTTP/1.1 200 OK"
    assert read_record(tmp_path, second).http_headers is None
    headers, http_headers, body, _ = read_record(tmp_path, first)
    assert (headers["warc-type"], http_headers, body) == ("response", ((b"Content-Type", b"text/html"),), b"one")
    with pytest.raises(DamagedArchiveError, match="not the one that was stored"):
        read_record(tmp_path, evolve(first, payload_sha256="0" * 64))
    with pytest.raises(DamagedArchiveError, match="not a gzip member"):
        read_record(tmp_path, evolve(first, offset=3))
    with pytest.raises(DamagedArchiveError, match="ends inside a gzip member"):
        read_record(tmp_path, evolve(first, length=20))
    with pytest.raises(DamagedArchiveError, match="ends before byte"):
        read_record(tmp_path, evolve(second, length=second.length + 1))
    with pytest.raises(DamagedArchiveError, match="cannot be read"):
        read_record(tmp_path, evolve(first, file="b.warc.gz"))
    with pytest.raises(DamagedArchiveError, match="outside the vault"):
        read_members(tmp_path, evolve(first, file="../a.warc.gz"))


@pytest.mark.parametrize("digest", ["WARC-Block-Digest", "WARC-Payload-Digest"])
def test_a_record_whose_own_digest_is_wrong_is_reported(tmp_path: Path, digest: str) -> None:
    with WarcFile(tmp_path / "a.warc.gz") as warc:
        [stored] = warc.append([Resource(url="urn:x", at=AT, content_type="text/plain", body=b"two")])
    text = gzip.decompress((tmp_path / "a.warc.gz").read_bytes())
    right = hashlib.sha256(b"two").hexdigest()
    forged = gzip.compress(text.replace(f"{digest}: sha256:{right}".encode(), f"{digest}: sha256:{'0' * 64}".encode()))
    (tmp_path / "a.warc.gz").write_bytes(forged)
    with pytest.raises(DamagedArchiveError, match="digest differs"):
        read_record(tmp_path, evolve(stored, length=len(forged)))
    with pytest.raises(DamagedArchiveError, match="digest differs"):
        list(iterate(tmp_path / "a.warc.gz"))
