"""The WACZ 1.1.1 of a packet: the vault's gzip members as they lie there, an index, a page list.

Two passes over the vault: one reads and checks every record and learns sizes and hashes, one copies. So
nothing is held in memory and the archive needs no second file. WACZ: https://specs.webrecorder.net/wacz/1.1.1/
"""

from __future__ import annotations

import hashlib
import json
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.packet.archive import Source, plan_zip
from pipelines.packet.checks.layout import DATA_PACKAGE, DATA_PACKAGE_DIGEST, INDEX, PAGES, WARC
from pipelines.packet.dossier import digest, to_json, to_json_lines
from pipelines.packet.urlkey import make_url_key
from pipelines.warc.encoding import encode_date, encode_uri
from pipelines.warc.members import MemberError, ScannedRecord, scan_members
from pipelines.warc.reader import DamagedArchiveError, require_own_digests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import Capture, JsonObject, StoredBytes
    from pipelines.packet.dossier import Dossier

_INDEXED = frozenset({"response", "revisit", "resource"})


@frozen(kw_only=True)
class WebArchive:
    """A planned WACZ, and where each capture's records lie in its WARC file.

    `places` is capture id to (offset, length) of the page itself, then of what it was made from.
    """

    source: Source
    places: dict[str, list[tuple[int, int]]]


def plan_web_archive(dossier: Dossier) -> WebArchive | None:
    """Return the archive of a dossier's pages, None where it has none.

    Raises DamagedArchiveError where the vault does not hold what a capture says it holds.
    """
    pages = dossier.pages()
    if not pages:
        return None
    places: dict[str, list[tuple[int, int]]] = {}
    index: list[str] = []
    sha256 = hashlib.sha256()
    crc = size = 0
    for capture in pages:
        places[capture.id] = []
        for stored in _parts(capture):
            data = dossier.read(stored)
            records = _read_records(capture, stored, data)
            index += [_index_line(record, size) for record in records if record.kind in _INDEXED]
            places[capture.id].append((size, len(data)))
            sha256.update(data)
            crc = zlib.crc32(data, crc)
            size += len(data)

    def copy() -> Iterator[bytes]:
        for capture in pages:
            for stored in _parts(capture):
                yield dossier.read(stored)

    documents = {INDEX: "".join(sorted(index)).encode(), PAGES: _page_list(dossier, pages)}
    hashes = {WARC: (sha256.hexdigest(), size)}
    hashes |= {name: (digest(data), len(data)) for name, data in documents.items()}
    documents[DATA_PACKAGE] = to_json(_data_package(dossier, pages[0], hashes))
    package = {"path": DATA_PACKAGE, "hash": f"sha256:{digest(documents[DATA_PACKAGE])}"}
    documents[DATA_PACKAGE_DIGEST] = to_json(package)
    members = {name: (Source.of(data), zlib.crc32(data)) for name, data in documents.items()}
    members[WARC] = (Source(size=size, chunks=copy), crc)
    return WebArchive(source=plan_zip(members), places=places)


def _parts(capture: Capture) -> list[StoredBytes]:
    return [capture.stored, *capture.resources]


def _read_records(capture: Capture, stored: StoredBytes, data: bytes) -> list[ScannedRecord]:
    where = f"capture {capture.id}"
    try:
        records = list(scan_members(BytesIO(data)))
    except MemberError as error:
        raise DamagedArchiveError(f"{where}: {error}") from error
    for record in records:
        require_own_digests(record, where)
    headers = records[0].headers
    stated = [headers.get("warc-payload-digest")]
    expected = [f"sha256:{stored.payload_sha256}"]
    if stored is capture.stored:
        stated += [headers.get("warc-target-uri"), headers.get("warc-date")]
        expected += [encode_uri(capture.url or ""), encode_date(capture.at)]
    if stated != expected or records[0].kind not in _INDEXED:
        raise DamagedArchiveError(f"{where}: the vault holds {stated}, the store says {expected}")
    return records


def _index_line(record: ScannedRecord, start: int) -> str:
    headers = record.headers
    url = headers["warc-target-uri"]
    entry = {
        "url": url,
        "mime": _mime(record),
        "status": _status(record),
        "digest": headers.get("warc-payload-digest", ""),
        "length": str(record.length),
        "offset": str(start + record.offset),
        "filename": WARC.split("/")[1],
    }
    stamp = "".join(filter(str.isdigit, headers["warc-date"]))[:14]
    return f"{make_url_key(url)} {stamp} {json.dumps(entry)}\n"


def _status(record: ScannedRecord) -> str:
    words = (record.http_start or b"").split(b" ")
    return words[1].decode("latin-1") if len(words) > 1 else "200"


def _mime(record: ScannedRecord) -> str:
    if record.kind == "revisit":
        return "warc/revisit"
    value = record.headers.get("content-type", "")
    if record.http_headers is not None:
        types = [text for name, text in record.http_headers if name.lower() == b"content-type"]
        value = types[0].decode("latin-1") if types else ""
    return value.split(";")[0].split(" ")[0].strip() or "unk"


def _page_list(dossier: Dossier, pages: list[Capture]) -> bytes:
    header: JsonObject = {"format": "json-pages-1.0", "id": "pages", "title": dossier.name}
    lines = [
        {
            "id": capture.id,
            "url": encode_uri(capture.url or ""),
            "ts": encode_date(capture.at),
            "title": f"{capture.kind.value}: {encode_uri(capture.url or '')}",
        }
        for capture in pages
    ]
    return to_json_lines([header, *lines])


def _data_package(dossier: Dossier, first: Capture, hashes: dict[str, tuple[str, int]]) -> JsonObject:
    resources = [
        {"name": name.split("/")[1], "path": name, "hash": f"sha256:{hashes[name][0]}", "bytes": hashes[name][1]}
        for name in sorted(hashes)
    ]
    # No "created": the archive of the same captures is the same bytes; the seal says when it was made.
    return {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "software": "Tracemark",
        "title": dossier.name,
        "mainPageUrl": encode_uri(first.url or ""),
        "mainPageDate": encode_date(first.at),
        "resources": resources,
    }
