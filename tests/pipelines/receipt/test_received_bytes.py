"""Any bytes: reading received files ends, and tells what is whole from what is not."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io

import pytest
from archives import five, members
from hypothesis import given
from hypothesis import strategies as st

from pipelines.receipt.bodies import UnreadableBody, undo_chunks, undo_codings
from pipelines.receipt.digests import UnreadableDigest, matches
from pipelines.receipt.records import Damage, ReceivedRecord, read_records

COMPRESSED, PLAIN = five(), five(compressed=False)


def read(data: bytes) -> tuple[list[ReceivedRecord], list[Damage]]:
    found = list(read_records(io.BytesIO(data)))
    return [one for one in found if isinstance(one, ReceivedRecord)], [one for one in found if isinstance(one, Damage)]


@given(st.binary(max_size=400), st.sampled_from((b"", b"WARC/1.1\r\n", b"\x1f\x8b\x08")))
def test_any_bytes_come_to_an_end(data: bytes, before: bytes) -> None:
    records, _ = read(before + data)
    assert records == []


@given(st.sampled_from((COMPRESSED, PLAIN)), st.data())
def test_a_changed_byte_never_passes_for_another_page(data: bytes, choice: st.DataObject) -> None:
    place = choice.draw(st.integers(0, len(data) - 1))
    bit = choice.draw(st.integers(0, 7))
    changed = data[:place] + bytes([data[place] ^ (1 << bit)]) + data[place + 1 :]
    good = {record.block for record in read(data)[0]}
    records, _ = read(changed)
    kept = [record for record in records if record.kind == "response" and record.has_digest]
    assert {record.block for record in kept} <= good


@given(st.integers(0, len(COMPRESSED)))
def test_a_file_cut_anywhere_tells_of_it(place: int) -> None:
    ends, at = {0}, 0
    for one in members(COMPRESSED):
        at += len(one)
        ends.add(at)
    records, damages = read(COMPRESSED[:place])
    assert len(records) == sum(1 for end in ends if 0 < end <= place)
    assert bool(damages) == (place not in ends)


@pytest.mark.parametrize("name", ["md5", "sha1", "sha256", "sha512", "SHA-256"])
@given(data=st.binary(), other=st.binary())
def test_digests_in_either_form(name: str, data: bytes, other: bytes) -> None:
    digest = hashlib.new(name.lower().replace("-", ""), data).digest()
    for stated in (digest.hex(), digest.hex().upper(), base64.b32encode(digest).decode()):
        assert matches(f"{name}:{stated}", data)
        assert matches(f"{name}:{stated}", other) == (data == other)


@pytest.mark.parametrize("stated", ["crc32:1234", "sha1:xyz", "sha256:" + "Z" * 64, "sha1", "", "sha1:" + "A" * 31])
def test_a_digest_that_cannot_be_checked_is_no_digest(stated: str) -> None:
    with pytest.raises(UnreadableDigest):
        matches(stated, b"")


@given(st.lists(st.binary(min_size=1, max_size=50)))
def test_chunks_are_undone(parts: list[bytes]) -> None:
    body = b"".join(f"{len(one):X};x=1\r\n".encode() + one + b"\r\n" for one in parts) + b"0\r\n\r\n"
    assert undo_chunks(body) == b"".join(parts)


@given(st.binary())
def test_a_body_without_chunks_or_coding_stays(body: bytes) -> None:
    assert undo_codings(body, ()) == body


def test_a_bomb_is_not_unpacked() -> None:
    with pytest.raises(UnreadableBody, match="more than"):
        undo_codings(gzip.compress(bytes(40_000_000)), ((b"Content-Encoding", b"gzip"),))
