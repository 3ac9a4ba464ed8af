"""What takes the place of deleted bytes: as long as they were, and readable by others to the end of the file."""

from __future__ import annotations

import gzip
import io
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipelines.models import StoredBytes
from pipelines.retention.blanking import SHORTEST, blank_record, blank_waiting
from pipelines.store.database import Database
from pipelines.store.tables import blanks
from pipelines.warc.reader import DamagedArchiveError, iterate, read_record
from pipelines.warc.records import Exchange, HttpMessage, Resource
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@given(length=st.integers(SHORTEST, 100_000))
def test_a_blank_is_as_long_as_asked_and_one_whole_record(length: int) -> None:
    data = blank_record(length, NOW, uuid.UUID(int=length))
    assert len(data) == length
    assert b"WARC-Type: metadata" in gzip.decompress(data)
    found = [(one.rec_type, one.content_stream().read()) for one in ArchiveIterator(io.BytesIO(data))]
    assert found == [("metadata", b"deleted\n")]


def test_too_little_room_is_refused() -> None:
    with pytest.raises(ValueError, match="too few for a record"):
        blank_record(100, NOW, uuid.UUID(int=1))


def test_the_shortest_record_that_we_write_has_room_for_a_blank(tmp_path: Path) -> None:
    least = HttpMessage(start_line=b"HTTP/1.1 200 OK")
    records = [
        Exchange(url="http://a/", at=NOW, response=least),
        Resource(url="a:", at=NOW, content_type="a", body=b""),
    ]
    with WarcFile(tmp_path / "a.warc.gz") as file:
        for stored in file.append(records):
            assert stored.length >= SHORTEST


def test_the_records_around_a_blank_stay_where_they_are(tmp_path: Path) -> None:
    words = [b"first page", b"secret words", b"third page"]
    with WarcFile(tmp_path / "a.warc.gz") as file:
        first, second, third = file.append(
            Resource(url=f"http://a/{number}", at=NOW, content_type="text/html", body=body)
            for number, body in enumerate(words)
        )
        file.sync()
    line = b'{"id": "1", "title": "secret words"}'
    (tmp_path / "feed.jsonl").write_bytes(b'{"id": "0"}\n' + line + b'\n{"id": "2"}\n')
    database = Database.open(f"sqlite:///{tmp_path / 'store.db'}")
    waiting = [
        {"file": second.file, "offset": second.offset, "length": second.length, "at": NOW},
        {"file": "feed.jsonl", "offset": 12, "length": len(line), "at": NOW},
        {"file": "not there any more.warc.gz", "offset": 0, "length": 400, "at": NOW},
    ]
    with database.write() as connection:
        connection.execute(sa.insert(blanks), waiting)
    assert blank_waiting(database, tmp_path, uuid.uuid4) == 3
    assert blank_waiting(database, tmp_path, uuid.uuid4) == 0, "each is struck off"
    kinds = [record.headers["warc-type"] for record in iterate(tmp_path / "a.warc.gz")]
    assert kinds == ["resource", "metadata", "resource"]
    assert [read_record(tmp_path, one).body for one in (first, third)] == [words[0], words[2]]
    with pytest.raises(DamagedArchiveError):
        read_record(tmp_path, second)
    assert b"secret" not in gzip.decompress((tmp_path / "a.warc.gz").read_bytes())
    feed = (tmp_path / "feed.jsonl").read_bytes().split(b"\n")
    assert [one.strip() for one in feed] == [b'{"id": "0"}', b"{}", b'{"id": "2"}', b""]
    assert len(feed[1]) == len(line)
    database.close()


def test_a_place_is_told_by_its_bytes(tmp_path: Path) -> None:
    stored = StoredBytes(file="a.warc.gz", offset=0, length=300, payload_sha256="0" * 64)
    (tmp_path / "a.warc.gz").write_bytes(blank_record(300, NOW, uuid.UUID(int=7)))
    with pytest.raises(DamagedArchiveError, match="the payload is not the one that was stored"):
        read_record(tmp_path, stored)
