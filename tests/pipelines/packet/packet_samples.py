from __future__ import annotations

import hashlib
import struct
import zlib
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from pipelines.models import Capture, CaptureMethod, PageKind, StoredBytes
from pipelines.packet.dossier import Dossier
from pipelines.warc.reader import read_members
from pipelines.warc.records import Exchange, HttpMessage, Record, Resource, Revisit
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SEALED = datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
URL = "https://market.example.com/l/17"
HOSTILE = '=HYPERLINK("http://x.example.com")<script>alert(1)</script>\u202egnp.exe & "пистолет" 手枪 no check needed'
FEED_LINE = b'{"id": "17", "title": "P-17", "price": "450"}'


def clock() -> datetime:
    return SEALED


def make_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")


def page_body(number: int, filler: bytes = b"") -> bytes:
    return f"<html><title>P-17 number {number}</title><p>Selling my pistol.</p></html>".encode() * 20 + filler


def exchange(number: int, filler: bytes = b"") -> Exchange:
    return Exchange(
        url=URL,
        at=START + timedelta(days=number),
        response=HttpMessage(
            start_line=b"HTTP/1.1 200 OK", headers=((b"Content-Type", b"text/html"),), body=page_body(number, filler)
        ),
        request=HttpMessage(start_line=b"GET /l/17 HTTP/1.1", headers=((b"Host", b"market.example.com"),)),
    )


def make_capture(name: str, stored: StoredBytes, at: datetime, **more: object) -> Capture:
    values: dict[str, object] = {
        "id": name,
        "site": "market",
        "run": "run-1",
        "url": URL,
        "method": CaptureMethod.HTTP,
        "at": at,
        "http_status": 200,
        "content_type": "text/html",
        "stored": stored,
        "kind": PageKind.DETAIL,
    }
    return Capture(**{**values, **more})  # type: ignore[arg-type]  # a test's shorthand


def make_captures(vault: Path, count: int, filler: bytes = b"") -> list[Capture]:
    """`count` pages, then one that repeats the last, then a screenshot of the first; all in one vault file."""
    ids = iter([UUID(int=number) for number in range(10 * count + 10)])
    (vault / "warc").mkdir(parents=True, exist_ok=True)
    pages = [exchange(number, filler) for number in range(count)]
    again = Revisit(
        url=URL,
        at=START + timedelta(days=count),
        response=pages[-1].response,
        payload_sha256=hashlib.sha256(pages[-1].response.body).hexdigest(),
        refers_to_url=URL,
        refers_to_at=pages[-1].at,
    )
    picture = Resource(url=f"urn:view:{URL}", at=START, content_type="image/png", body=make_png())
    script = Exchange(
        url="https://market.example.com/app.js",
        at=START - timedelta(seconds=1),
        response=HttpMessage(
            start_line=b"HTTP/1.1 200 OK", headers=((b"Content-Type", b"text/javascript"),), body=b"show()"
        ),
    )
    records: list[Record] = [*pages, again, script, picture]
    with WarcFile(vault / "warc" / "run.warc.gz", root=vault, new_id=ids.__next__) as warc:
        *stored, resource, screenshot = warc.append(records)
    captures = [
        make_capture(f"c{number}", place, page.at)
        for number, (place, page) in enumerate(zip(stored[:-1], pages, strict=True))
    ]
    captures[0] = make_capture("c0", stored[0], START, screenshot=screenshot, resources=(resource,))
    return [*captures, make_capture("again", stored[-1], again.at, revisit_of=captures[-1].id)]


def feed_capture(vault: Path) -> Capture:
    (vault / "feed.jsonl").write_bytes(FEED_LINE + b"\n")
    sha256 = hashlib.sha256(FEED_LINE).hexdigest()
    stored = StoredBytes(file="feed.jsonl", offset=0, length=len(FEED_LINE), payload_sha256=sha256)
    return make_capture("f0", stored, START, method=CaptureMethod.FEED, http_status=None)


def make_dossier(vault: Path, captures: list[Capture], **more: object) -> Dossier:
    start = HOSTILE.index("no check needed")
    signals = [
        {"name": "no_check_offered", "polarity": "for", "weight": 1.0, "field": "title", "start": start,
         "end": start + 15, "text": "no check needed", "confidence": 0.9, "reason": "no check is wanted"},
        {"name": "ffl_transfer", "polarity": "against", "weight": -2.0, "field": "description", "start": 0, "end": 3,
         "text": "FFL", "confidence": 0.9, "reason": "a transfer by a dealer is stated"},
    ]  # fmt: skip
    assessment = {"language": "en", "signals": signals, "scores": {"unlicensed_sale": 0.4}, "review": "idle"}
    rows = [
        {"sequence": n, "at": START, "actor": "crawler", "action": action, "subject": "market/17", "detail": {}}
        for n, action in ((3, "capture"), (5, "view"), (6, "assess"), (9, "export"))
    ]
    values: dict[str, object] = {
        "site": "market",
        "id": "17",
        "workspace": "Example desk",
        "listing": {
            "site": "market", "id": "17", "url": URL, "status": "active", "first_seen": "2026-03-01T12:00:00+00:00",
            "last_seen": "2026-03-04T12:00:00+00:00", "title": HOSTILE, "description": "FFL only. " + HOSTILE,
            "price": {"amount": "450.00", "currency": "USD"}, "seller": {"id": "s1", "name": "=cmd|' /C calc'!A0"},
            "contacts": [], "location": "Springfield", "posted": None,
            "items": [{"class": "firearm_handgun", "make": "=1+1", "model": "P-17", "calibre": None, "quantity": 1}],
            "assessment": assessment,
        },
        "versions": ({"number": 1, "seen_at": START, "capture": captures[0].id, "content": {"title": HOSTILE}},),
        "captures": tuple(captures),
        "read": partial(read_members, vault),
        "assessment": assessment,
        "vector": struct.pack("<4f", 0.1, 0.2, 0.3, 0.4),
        "seller": {"site": "market", "id": "s1", "windows": []},
        "custody": tuple(rows),
        "runs": ({"id": "run-1", "started": START, "authority": {"operator": "Example desk"},
                  "unseen": {"robots": 2}},),
        "notes": ({"at": START, "text": HOSTILE},),
        "reviews": ({"at": START, "actor": "ana", "decision": "unsure", "reason": HOSTILE},),
        "software": {"tracemark": "0.1.0"},
    }  # fmt: skip
    return Dossier(**{**values, **more})  # type: ignore[arg-type]  # a test's shorthand
