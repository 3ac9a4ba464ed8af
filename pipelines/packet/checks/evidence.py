"""The web archive inside a packet: WARC records, index, page list and data package against each other."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pipelines.packet.checks.archive import Window, read_directory
from pipelines.packet.checks.bag import HASH_CHUNK, Bag
from pipelines.packet.checks.layout import (
    DATA_PACKAGE,
    DATA_PACKAGE_DIGEST,
    INDEX,
    PAGES,
    WACZ,
    WACZ_FILES,
    WARC,
    CheckError,
    Failure,
    load_object,
    show,
)
from pipelines.warc.members import MemberError, scan_members

if TYPE_CHECKING:
    from pipelines.warc.members import ScannedRecord

INSIDE = f"{WACZ}:"
INDEXED = frozenset({"response", "revisit", "resource"})


def check_evidence(bag: Bag, captures: list[dict[str, Any]]) -> list[Failure]:
    """Check the WACZ against `captures`, those of listing.json; both ways."""
    outer = bag.members.get(WACZ)
    if outer is None:
        return [Failure("captures", WACZ, "missing, though captures are listed")] if captures else []
    if not captures:
        return [Failure("captures", WACZ, "present, though no capture is listed")]
    members = {member.name: member for member in read_directory(bag.file, outer.size, outer.offset, INSIDE)}
    if members.keys() != WACZ_FILES:
        raise CheckError("wacz", WACZ, f"its members are not {', '.join(sorted(WACZ_FILES))}")
    inner = Bag(bag.file, members)
    records, failures = _read_records(inner)
    failures += _check_package(inner)
    failures += _check_index(inner, records)
    failures += _check_pages(inner, captures)
    return failures + _check_captures(captures, records)


def _read_records(inner: Bag) -> tuple[list[ScannedRecord], list[Failure]]:
    member = inner.members[WARC]
    records: list[ScannedRecord] = []
    failures: list[Failure] = []
    try:
        for record in scan_members(Window(inner.file, member.offset, member.size)):
            records.append(record)
            failures += _check_digests(record)
    except MemberError as error:
        failures.append(Failure("warc", INSIDE + WARC, str(error)))
    return records, failures


def _check_digests(record: ScannedRecord) -> list[Failure]:
    failures = []
    if record.headers.get("warc-block-digest") != f"sha256:{record.block_sha256}":
        failures.append(Failure("warc", INSIDE + WARC, f"at byte {record.offset}: the block digest differs"))
    payload = record.headers.get("warc-payload-digest")
    if record.kind in {"response", "resource"} and payload != f"sha256:{record.payload_sha256}":
        failures.append(Failure("warc", INSIDE + WARC, f"at byte {record.offset}: the payload digest differs"))
    return failures


def _check_package(inner: Bag) -> list[Failure]:
    data = inner.read(DATA_PACKAGE, "wacz")
    digest = load_object(inner.read(DATA_PACKAGE_DIGEST, "wacz"), "wacz", INSIDE + DATA_PACKAGE_DIGEST)
    failures = []
    if digest != {"path": DATA_PACKAGE, "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}:
        failures.append(Failure("wacz", INSIDE + DATA_PACKAGE_DIGEST, "not the digest of datapackage.json"))
    resources = load_object(data, "wacz", INSIDE + DATA_PACKAGE).get("resources")
    listed = [_resource(item) for item in resources] if isinstance(resources, list) else []
    actual = []
    for name in sorted(WACZ_FILES - {DATA_PACKAGE, DATA_PACKAGE_DIGEST}):
        member = inner.members[name]
        window = Window(inner.file, member.offset, member.size)
        hashed = hashlib.sha256()
        while chunk := window.read(HASH_CHUNK):
            hashed.update(chunk)
        actual.append((name, f"sha256:{hashed.hexdigest()}", member.size))
    if listed != actual:
        failures.append(Failure("wacz", INSIDE + DATA_PACKAGE, "its resources are not the archive's members"))
    return failures


def _resource(item: Any) -> tuple[Any, Any, Any]:
    return (item.get("path"), item.get("hash"), item.get("bytes")) if isinstance(item, dict) else (None, None, None)


def _lines(inner: Bag, name: str) -> list[str]:
    text = inner.read(name, "wacz").decode("utf-8", "replace")
    if not text.endswith("\n"):
        raise CheckError("wacz", INSIDE + name, "its last line does not end")
    return text.split("\n")[:-1]


def _check_index(inner: Bag, records: list[ScannedRecord]) -> list[Failure]:
    lines = _lines(inner, INDEX)
    found = set()
    for line in lines:
        _, stamp, entry = [*line.split(" ", 2), "", ""][:3]
        value = load_object(entry.encode(), "index", INSIDE + INDEX)
        place = (value.get("offset"), value.get("length"), value.get("url"), value.get("digest"))
        found.add((stamp, value.get("filename"), *map(str, place)))
    expected = {_index_place(record) for record in records if record.kind in INDEXED}
    if lines != sorted(lines):
        return [Failure("index", INSIDE + INDEX, "not sorted")]
    if found != expected or len(lines) != len(expected):
        return [Failure("index", INSIDE + INDEX, "its entries are not the places of the records")]
    return []


def _index_place(record: ScannedRecord) -> tuple[str, ...]:
    headers = record.headers
    stamp = "".join(filter(str.isdigit, headers.get("warc-date", "")))[:14]
    url, digest = headers.get("warc-target-uri", ""), headers.get("warc-payload-digest", "")
    return (stamp, WARC.split("/")[1], str(record.offset), str(record.length), url, digest)


def _check_pages(inner: Bag, captures: list[dict[str, Any]]) -> list[Failure]:
    header, *lines = [load_object(line.encode(), "pages", INSIDE + PAGES) for line in _lines(inner, PAGES)]
    listed = [(line.get("id"), line.get("url"), line.get("ts")) for line in lines]
    expected = [(capture.get("id"), capture.get("url"), capture.get("at")) for capture in captures]
    if header.get("format") != "json-pages-1.0" or listed != expected:
        return [Failure("pages", INSIDE + PAGES, "its pages are not the captures of listing.json")]
    return []


def _check_captures(captures: list[dict[str, Any]], records: list[ScannedRecord]) -> list[Failure]:
    """Each capture's records follow each other as listing.json says, and no record is left over."""
    failures = []
    starts = {record.offset: record for record in records}
    payloads = {record.payload_sha256 for record in records if record.kind != "revisit"}
    end = 0
    for capture in captures:
        resources = capture.get("resources")
        for place in [capture.get("record"), *(resources if isinstance(resources, list) else [None])]:
            value = place if isinstance(place, dict) else {}
            offset, length = value.get("offset"), value.get("length")
            if not isinstance(offset, int) or not isinstance(length, int) or offset != end or offset not in starts:
                reason: str | None = "its record is not where listing.json says"
            else:
                page = place is capture.get("record")
                reason = _compare(capture if page else value, starts[offset], payloads, page=page)
                end = offset + length
            if reason is not None:
                failures.append(Failure("captures", f"capture {show(capture.get('id'))}", reason))
    if end != (records[-1].offset + records[-1].length if records else 0):
        failures.append(Failure("captures", INSIDE + WARC, "records that no capture of listing.json explains"))
    return failures


def _compare(capture: dict[str, Any], record: ScannedRecord, payloads: set[str], *, page: bool) -> str | None:
    """Return the first thing in which a capture, or a resource of it, and the record differ; None where nothing."""
    headers = record.headers
    payload = str(capture.get("payload_sha256"))
    status = (record.http_start or b"").split(b" ")[1:2]
    differences = (
        (record.kind not in INDEXED, f"its record is a {show(record.kind)}"),
        (headers.get("warc-payload-digest") != f"sha256:{payload}", "its payload is not the one listing.json names"),
        (record.kind == "revisit" and payload not in payloads, "it repeats a payload that is not in the packet"),
        (page and headers.get("warc-target-uri") != capture.get("url"), "its address is not the one in listing.json"),
        (page and headers.get("warc-date") != capture.get("at"), "its time is not the one in listing.json"),
        (
            page and bool(status) and status[0].decode("latin-1") != str(capture.get("http_status")),
            "its HTTP status is not the one in listing.json",
        ),
    )
    return next((reason for differs, reason in differences if differs), None)
