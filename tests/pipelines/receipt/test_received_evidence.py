"""Files of others: kept as they came, checked, in the chain, and never more than they prove."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from archives import HOST, day, five, members, page, write_wacz, write_warc

from pipelines.errors import BadInput
from pipelines.evidence import gather_dossier
from pipelines.models import CaptureMethod, RunStatus
from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey
from pipelines.packet.verification import verify
from pipelines.receipt.kinds import FileKind, recognise
from pipelines.store.custody import broken_at, custody_rows
from pipelines.store.runs import RunKind, SiteRecord, latest_run, record_site, site_records
from pipelines.store.tables import captures, listings, versions
from pipelines.warc.reader import iterate, read_record

if TYPE_CHECKING:
    from conftest import Room


def rows(room: Room, table: sa.Table) -> list[sa.RowMapping]:
    with room.database.read() as connection:
        return list(connection.execute(sa.select(table)).mappings())


@pytest.mark.parametrize(
    "data",
    [five(), five(compressed=False), gzip.compress(five(compressed=False), mtime=0)],
    ids=["record by record", "plain", "compressed as a whole"],
)
def test_each_layout_gives_the_same_pages(room: Room, data: bytes) -> None:
    report = room.receive("others.warc.gz", data)
    assert (report.pages, report.other, report.set_aside, report.unproven) == (5, 1, 0, 0)
    assert report.intake.new == 5
    found = rows(room, captures)
    assert {one["method"] for one in found} == {CaptureMethod.RECEIVED}
    assert sorted(one["at"].isoformat() for one in found) == [f"2026-02-0{n}T10:00:00+00:00" for n in range(1, 6)]
    original = room.workspace.vault / report.file
    assert original.read_bytes() == data
    assert report.sha256 == hashlib.sha256(data).hexdigest()
    assert len(list(iterate(room.workspace.vault / found[0]["file"]))) == 6


def test_the_chain_says_who_captured_and_what_was_received(room: Room) -> None:
    report = room.receive("others.warc.gz", five())
    with room.database.read() as connection:
        assert broken_at(connection) is None
        log = list(custody_rows(connection))
        [taken, received] = list(custody_rows(connection, subject="market/3"))
        run = latest_run(connection, "market")
    first = log[0]
    assert (first["action"], first["actor"]) == ("receive", "Example Unit")
    assert (first["detail"]["file"], first["detail"]["sha256"]) == ("others.warc.gz", report.sha256)
    assert (taken["action"], taken["at"].isoformat()) == ("capture", "2026-02-03T10:00:00+00:00")
    assert taken["actor"] == f"who made others.warc.gz (sha256:{report.sha256})"
    assert (received["action"], received["actor"], received["at"].year) == ("receive", "Example Unit", 2026)
    assert received["detail"]["record"].startswith("<urn:uuid:")
    assert received["detail"]["sha256"] == report.sha256
    assert run is not None
    assert (run.status, run.found["pages"], run.found["listings"]) == (RunStatus.DONE, 5, 5)


def test_a_received_list_tells_what_no_page_of_its_own_does(room: Room) -> None:
    told = b"<ul><li>Rifle told 1</li><li>Rifle told 2</li><li>Rifle told 3</li></ul>"
    pages = [(f"{HOST}/list", day(1), told), (f"{HOST}/item/2", day(2), page(2))]
    report = room.receive("list.warc.gz", write_warc(pages))
    assert (report.pages, report.intake.new) == (2, 3)
    with room.database.read() as connection:
        query = sa.select(listings.c.native_id, versions.c.content, versions.c.number)
        rows = connection.execute(query.join(versions, versions.c.id == listings.c.version)).all()
        actions = [row["action"] for row in custody_rows(connection, subject="market/1")]
    assert {row.native_id: (row.content["title"], row.number) for row in rows} == {
        "1": ("Rifle told 1", 1),
        "2": ("Rifle number 2", 1),
        "3": ("Rifle told 3", 1),
    }
    assert actions == ["capture", "receive"]
    dossier = gather_dossier(room.database, "market", "3", vault=room.workspace.vault, workspace="room")
    assert [capture.url for capture in dossier.captures] == [f"{HOST}/list"]


def test_a_packet_of_a_received_page_verifies(room: Room) -> None:
    room.receive("others.warc.gz", five())
    dossier = gather_dossier(room.database, "market", "2", vault=room.workspace.vault, workspace="room")
    create(dossier, room.folder / "p.zip", SigningKey.generate())
    assert verify(room.folder / "p.zip").json["failures"] == []
    [capture] = dossier.captures
    assert read_record(room.workspace.vault, capture.stored).body == page(2)


def test_the_same_pages_are_received_once(room: Room) -> None:
    room.receive("a.warc.gz", five())
    again = room.receive("b.warc", five(compressed=False))
    assert (again.pages, again.known) == (0, 5)
    assert len(rows(room, captures)) == 5


def test_a_record_whose_bytes_differ_is_set_aside_and_the_rest_goes_in(room: Room) -> None:
    data = five(compressed=False).replace(b"Rifle number 3", b"Rifle number 9", 1)
    report = room.receive("others.warc", data)
    assert (report.pages, report.set_aside) == (4, 1)
    assert report.set_aside_file is not None
    [line] = [json.loads(one) for one in report.set_aside_file.read_text().splitlines()]
    assert (line["url"], line["reason"]) == (f"{HOST}/item/3", "the block digest differs")
    assert data[line["offset"] :].startswith(b"WARC/1.1")
    assert {one["native_id"] for one in rows(room, listings)} == {"1", "2", "4", "5"}


@pytest.mark.parametrize("cut", [1, 40, 400])
def test_a_file_cut_short_gives_what_is_whole(room: Room, cut: int) -> None:
    report = room.receive("others.warc.gz", five()[:-cut])
    assert (report.pages, report.set_aside) == (4, 1)


def test_reading_goes_on_after_bytes_that_are_no_record(room: Room) -> None:
    parts = members(five())
    data = b"".join([*parts[:3], parts[3][:50], b"\x1f\x8b\x08 not one", *parts[4:]])
    report = room.receive("others.warc.gz", data)
    assert report.pages == 4
    assert report.set_aside >= 1


def test_a_repetition_leans_on_the_page_it_repeats(room: Room) -> None:
    body = page(1)
    whole = write_warc([(f"{HOST}/item/1", day(1), body)], compressed=False)
    digest = whole.partition(b"WARC-Payload-Digest: ")[2].partition(b"\r\n")[0].decode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    revisit = (
        f"WARC/1.1\r\nWARC-Type: revisit\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: {day(9)}\r\n"
        f"WARC-Target-URI: {HOST}/item/1\r\nWARC-Payload-Digest: {digest}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(head)}\r\n\r\n{head}\r\n\r\n"
    ).encode()
    report = room.receive("others.warc", whole + revisit)
    assert (report.pages, report.set_aside) == (2, 0)
    first, second = sorted(rows(room, captures), key=lambda one: one["at"])
    assert second["revisit_of"] == first["id"]
    orphan = room.receive(
        "orphan.warc", revisit.replace(b"/item/1", b"/item/7").replace(digest[5:].encode(), b"A" * 32)
    )
    assert (orphan.pages, orphan.set_aside) == (0, 1)


def test_an_older_page_is_evidence_and_no_version(room: Room) -> None:
    room.receive("new.warc.gz", write_warc([(f"{HOST}/item/1", day(20), page(1, text="Sold as seen."))]))
    old = room.receive("old.warc.gz", write_warc([(f"{HOST}/item/1", day(2), page(1, text="Wanted: offers."))]))
    assert old.pages == 1
    [listing] = rows(room, listings)
    [version] = rows(room, versions)
    assert version["content"]["description"] == "Sold as seen."
    assert listing["last_seen"].isoformat().startswith("2026-02-20")
    dossier = gather_dossier(room.database, "market", "1", vault=room.workspace.vault, workspace="room")
    assert len(dossier.captures) == 2
    create(dossier, room.folder / "p.zip", SigningKey.generate())
    assert verify(room.folder / "p.zip").valid


def test_coded_bodies_are_read_and_kept_as_they_were(room: Room) -> None:
    packed = gzip.compress(page(4))
    chunked = f"{len(packed):x}\r\n".encode() + packed + b"\r\n0\r\n\r\n"
    headers = [("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
    room.receive("a.warc.gz", write_warc([(f"{HOST}/item/4", day(4), chunked)], headers=headers))
    [listing] = rows(room, listings)
    assert listing["native_id"] == "4"
    [capture] = rows(room, captures)
    assert capture["payload_sha256"] == hashlib.sha256(chunked).hexdigest()


def test_an_unknown_coding_is_kept_unread(room: Room) -> None:
    data = write_warc([(f"{HOST}/item/4", day(4), page(4))], headers=[("Content-Encoding", "zebra")])
    assert room.receive("a.warc.gz", data).pages == 1
    assert rows(room, listings) == []


def test_a_web_archive_is_held_to_its_data_package(room: Room) -> None:
    one = write_warc([(f"{HOST}/item/1", day(1), page(1))])
    two = write_warc([(f"{HOST}/item/2", day(2), page(2))])
    report = room.receive("a.wacz", write_wacz({"one.warc.gz": one, "two.warc.gz": two}, change="two.warc.gz"))
    assert (report.pages, report.set_aside) == (1, 1)
    assert report.set_aside_file is not None
    line = json.loads(report.set_aside_file.read_text())
    assert line["file"] == "a.wacz:archive/two.warc.gz"
    assert "hash" in line["reason"]
    whole = room.receive("b.wacz", write_wacz({"one.warc.gz": one, "two.warc.gz": two}))
    assert (whole.pages, whole.known) == (1, 1)


def test_a_changed_data_package_is_refused_and_the_run_says_so(room: Room) -> None:
    data = write_wacz({"one.warc.gz": five()}).replace(b'"wacz_version": "1.1.1"', b'"wacz_version": "1.1.2"')
    with pytest.raises(BadInput, match=r"damaged|changed"):
        room.receive("a.wacz", data)


def test_a_saved_page_says_where_it_came_from(room: Room) -> None:
    saved = b"<!-- saved from url=(0035)https://market.example.com/item/7 -->\r\n" + page(7)
    report = room.receive("saved.html", saved)
    assert report.intake.new == 1
    [capture] = rows(room, captures)
    assert (capture["url"], capture["http_status"]) == ("https://market.example.com/item/7", None)
    assert capture["payload_sha256"] == report.sha256 == hashlib.sha256(saved).hexdigest()
    unnamed = room.receive("other.html", page(8))
    assert {one["url"] for one in rows(room, captures)} == {capture["url"], f"urn:sha256:{unnamed.sha256}"}
    dossier = gather_dossier(room.database, "market", "8", vault=room.workspace.vault, workspace="room")
    create(dossier, room.folder / "p.zip", SigningKey.generate())
    assert verify(room.folder / "p.zip").valid


def test_a_crawled_site_stays_one(room: Room) -> None:
    with room.database.write() as connection:
        record_site(
            connection, SiteRecord(name="market", source="crawl", currency="USD"), datetime(2026, 1, 1, tzinfo=UTC)
        )
    room.receive("a.warc.gz", five())
    with room.database.read() as connection:
        assert site_records(connection)["market"].source == "crawl"
        assert latest_run(connection, "market", kind=RunKind.CRAWL) is None
        run = latest_run(connection, "market")
    assert run is not None
    assert run.kind is RunKind.RECEIVED


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\xef\xbb\xbf\r\n <!DOCTYPE HTML><p>x", FileKind.PAGE),
        (b'{"id": "1", "title": "Table"}\n', FileKind.FEED),
        (b"", FileKind.FEED),
        (b"WARC/1.0\r\n", FileKind.WARC),
        (five(), FileKind.WARC),
        (write_wacz({}), FileKind.WACZ),
    ],
)
def test_a_file_is_known_by_its_bytes(room: Room, data: bytes, kind: FileKind) -> None:
    path = room.folder / "feed.jsonl"
    path.write_bytes(data)
    assert recognise(path) is kind


@pytest.mark.parametrize(
    "data", [gzip.compress(b"id,title", mtime=0), b"PK\x03\x04rest", b"\x1f\x8bxx"], ids=["gzip", "zip", "cut"]
)
def test_other_archives_are_refused(room: Room, data: bytes) -> None:
    path = room.folder / "x.warc.gz"
    path.write_bytes(data)
    with pytest.raises(BadInput):
        recognise(path)
