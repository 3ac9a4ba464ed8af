from __future__ import annotations

import gzip
import hashlib
import json
import struct
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pipelines.packet.archive import Source, StoredZip
from pipelines.packet.checks.seal import canonical, content_leaves, merkle_root, seal_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.packet.keys import SigningKey

Parts = dict[str, bytes]


def read_zip(data: bytes) -> Parts:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_zip(parts: Parts) -> bytes:
    out = BytesIO()
    archive = StoredZip(out)
    for name in sorted(parts):
        archive.add(name, Source.of(parts[name]))
    archive.close()
    return out.getvalue()


def remanifest(parts: Parts) -> Parts:
    """Make the manifests fit the members again, as anyone can."""
    payload = {name: data for name, data in parts.items() if name.startswith("data/")}
    oxum = f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}"
    info = [oxum if line.startswith("Payload-Oxum") else line for line in parts["bag-info.txt"].decode().split("\n")]
    parts = {**parts, "bag-info.txt": "\n".join(info).encode(), "manifest-sha256.txt": _manifest(payload)}
    tags = {name: data for name, data in parts.items() if name not in payload and not name.startswith("seal")}
    tags.pop("tagmanifest-sha256.txt", None)
    return {**parts, "tagmanifest-sha256.txt": _manifest(tags)}


def reseal(parts: Parts, key: SigningKey, /, **claims: object) -> Parts:
    """Sign it anew: what the holder of a key could do, or a fault in our own writer."""
    parts = remanifest(parts)
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items() if name.startswith("data/")}
    statement: dict[str, Any] = json.loads(parts["seal.json"])["statement"]
    statement |= {"root": merkle_root(content_leaves(hashes)), "members": len(hashes)}
    statement |= {"tags": hashlib.sha256(parts["tagmanifest-sha256.txt"]).hexdigest()}
    statement |= {"key": key.public.fingerprint, **claims}
    message = canonical(statement)
    signature = key.sign(message)
    return {
        **parts,
        "seal.json": seal_document(statement, key.public.raw, signature),
        "seal/statement.json": message,
        "seal/signature.bin": signature,
        "seal/public-key.pem": key.public.to_pem(),
    }


def _manifest(members: Parts) -> bytes:
    lines = content_leaves({name: hashlib.sha256(data).hexdigest() for name, data in members.items()})
    return b"".join(line + b"\n" for line in lines)


def flip(data: bytes, place: int = -1) -> bytes:
    changed = bytearray(data)
    changed[place] ^= 1
    return bytes(changed)


def edit_json(name: str, edit: Callable[[Any], object]) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        value = json.loads(parts[name])
        edit(value)
        return {**parts, name: json.dumps(value).encode()}

    return change


def edit_wacz(change: Callable[[Parts], Parts], *, repackage: bool = True) -> Callable[[Parts], Parts]:
    """Change the web archive's members, and by default make its own hashes fit again."""

    def apply(parts: Parts) -> Parts:
        inner = change(read_zip(parts["data/captures.wacz"]))
        if repackage:
            package = json.loads(inner["datapackage.json"])
            for resource in package["resources"]:
                data = inner[resource["path"]]
                resource |= {"bytes": len(data), "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
            inner["datapackage.json"] = json.dumps(package).encode()
            digest = f"sha256:{hashlib.sha256(inner['datapackage.json']).hexdigest()}"
            inner["datapackage-digest.json"] = json.dumps({"path": "datapackage.json", "hash": digest}).encode()
        return {**parts, "data/captures.wacz": write_zip(inner)}

    return apply


def edit_member(name: str, change: Callable[[bytes], bytes]) -> Callable[[Parts], Parts]:
    return lambda parts: {**parts, name: change(parts[name])}


def drop(name: str) -> Callable[[Parts], Parts]:
    return lambda parts: {path: data for path, data in parts.items() if path != name}


def add(name: str, data: bytes = b"x") -> Callable[[Parts], Parts]:
    return lambda parts: {**parts, name: data}


def members_of(warc: bytes) -> list[bytes]:
    starts = [place for place in range(len(warc)) if warc[place : place + 4] == b"\x1f\x8b\x08\x00"]
    return [warc[start:end] for start, end in zip(starts, [*starts[1:], len(warc)], strict=True)]


def forge_page(warc: bytes) -> bytes:
    first, *others = members_of(warc)
    return b"".join([gzip.compress(gzip.decompress(first).replace(b"my pistol", b"my pencil"), mtime=0), *others])


def drop_last_line(data: bytes) -> bytes:
    return b"".join(data.splitlines(keepends=True)[:-1])


def deflate(data: bytes) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in read_zip(data).items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def put(data: bytes, place: int, new: bytes) -> bytes:
    return data[:place] + new + data[place + len(new) :]


def central(data: bytes) -> int:
    return int(struct.unpack("<I", data[-6:-2])[0])


def rename(data: bytes, name: bytes, other: bytes) -> bytes:
    assert len(name) == len(other)
    return data.replace(name, other)


def move(tail: bytes, distance: int) -> bytes:
    return put(tail, len(tail) - 6, struct.pack("<I", int(struct.unpack("<I", tail[-6:-2])[0]) + distance))


def double(data: bytes) -> bytes:
    out = BytesIO()
    archive = StoredZip(out)
    for name, content in read_zip(data).items():
        archive.add(name, Source.of(content))
        if name == "data/listing.json":
            archive.add(name, Source.of(content.replace(b"450.00", b"1.00")))
    archive.close()
    return out.getvalue()


def hide(data: bytes) -> bytes:
    """Put bytes before a member, with every offset in the directory right."""
    out = BytesIO()
    archive = StoredZip(out)
    for name, content in read_zip(data).items():
        if name == "data/seller.json":
            out.write(b"hidden")
        archive.add(name, Source.of(content))
    archive.close()
    return out.getvalue()


WARC, INDEX, PAGES = "archive/captures.warc.gz", "indexes/index.cdxj", "pages/pages.jsonl"

# Without the key: any byte, any member, manifests made to fit again.
UNSIGNED: dict[str, Callable[[Parts], Parts]] = {
    **{
        f"one bit of {name}": edit_member(name, flip)
        for name in (
            "data/listing.json", "data/captures.wacz", "data/assessment.json", "data/seller.json", "data/custody.jsonl",
            "data/tracing.csv", "data/tracing.json", "data/report.html", "data/screenshots/c0.png", "data/case.json",
            "data/provenance.json", "custody-access.jsonl", "bagit.txt", "bag-info.txt", "readme.txt", "verify.py",
            "report.pdf", "manifest-sha256.txt", "tagmanifest-sha256.txt", "seal.json", "seal/statement.json",
            "seal/signature.bin", "seal/public-key.pem",
        )
    },
    **{
        f"without {name}": drop(name)
        for name in (
            "data/listing.json", "data/captures.wacz", "data/custody.jsonl", "data/screenshots/c0.png", "bagit.txt",
            "custody-access.jsonl", "manifest-sha256.txt", "tagmanifest-sha256.txt", "verify.py", "seal.json",
            "seal/signature.bin",
        )
    },
    "an unlisted content member": add("data/extra.json"),
    "an unlisted tag member": add("notes.txt"),
    "an extra screenshot, listed": lambda parts: remanifest(add("data/screenshots/c9.png")(parts)),
    "two members swapped": lambda parts: {
        **parts, "data/seller.json": parts["data/case.json"], "data/case.json": parts["data/seller.json"],
    },
    "a page forged and every manifest redone": lambda parts: remanifest(
        edit_wacz(lambda inner: {**inner, WARC: forge_page(inner[WARC])})(parts)
    ),
    "the price changed and every manifest redone": lambda parts: remanifest(
        edit_member("data/listing.json", lambda data: data.replace(b"450.00", b"4500.0"))(parts)
    ),
    "access rows removed and the tag manifest redone": lambda parts: remanifest(
        add("custody-access.jsonl", b"")(parts)
    ),
    "the verifier replaced and the tag manifest redone": lambda parts: remanifest(
        add("verify.py", b"print('{}')")(parts)
    ),
    "seal back-dated": edit_json("seal.json", lambda seal: seal["statement"].update(created="2020-01-01T00:00:00Z")),
    "signature of zeros": edit_json("seal.json", lambda seal: seal.update(signature="00" * 64)),
    "signature stripped": edit_json("seal.json", lambda seal: seal.pop("signature")),
    "another key named": edit_json("seal.json", lambda seal: seal.update(public_key="11" * 32)),
    "another fingerprint named": edit_json("seal.json", lambda seal: seal.update(fingerprint="11" * 32)),
    "seal written another way": edit_json("seal.json", lambda _: None),
    "seal is a list": add("seal.json", b"[]"),
    "seal is nested beyond reading": add("seal.json", b"[" * 100_000),
    "statement of half a character": edit_json("seal.json", lambda seal: seal["statement"].update(workspace="\ud800")),
    "manifest line doubled": edit_member("manifest-sha256.txt", lambda data: data + data.splitlines(keepends=True)[0]),
    "manifest names a path outside": edit_member(
        "manifest-sha256.txt", lambda data: data + b"0" * 64 + b"  data/../../x\n"
    ),
}  # fmt: skip

# With a key: the seal holds, the parts contradict each other.
SIGNED: dict[str, Callable[[Parts], Parts]] = {
    "last record dropped": edit_wacz(lambda inner: {**inner, WARC: b"".join(members_of(inner[WARC])[:-1])}),
    "last record and its index line dropped": edit_wacz(
        lambda inner: {
            **inner,
            WARC: b"".join(members_of(inner[WARC])[:-1]),
            INDEX: drop_last_line(inner[INDEX]),
            PAGES: drop_last_line(inner[PAGES]),
        }
    ),
    "last gzip member cut short": edit_wacz(lambda inner: {**inner, WARC: inner[WARC][:-9]}),
    "records in another order": edit_wacz(
        lambda inner: {**inner, WARC: b"".join(reversed(members_of(inner[WARC])))}
    ),
    "a page forged, digests left": edit_wacz(lambda inner: {**inner, WARC: forge_page(inner[WARC])}),
    "a request removed": edit_wacz(
        lambda inner: {**inner, WARC: b"".join(m for n, m in enumerate(members_of(inner[WARC])) if n != 1)}
    ),
    "bytes behind the last record": edit_wacz(lambda inner: {**inner, WARC: inner[WARC] + b"\0"}),
    "an unexplained record": edit_wacz(
        lambda inner: {**inner, WARC: inner[WARC] + members_of(inner[WARC])[1]}
    ),
    "two records in one member": edit_wacz(
        lambda inner: {**inner, WARC: gzip.compress(gzip.decompress(inner[WARC]), mtime=0)}
    ),
    "an offset in the index": edit_wacz(
        lambda inner: {**inner, INDEX: inner[INDEX].replace(b'"offset": "0"', b'"offset": "1"')}
    ),
    "an index line removed": edit_wacz(lambda inner: {**inner, INDEX: drop_last_line(inner[INDEX])}),
    "an index line that is none": edit_wacz(lambda inner: {**inner, INDEX: inner[INDEX] + b"zzz\n"}),
    "a page removed from the list": edit_wacz(lambda inner: {**inner, PAGES: drop_last_line(inner[PAGES])}),
    "a page's time": edit_wacz(lambda inner: {**inner, PAGES: inner[PAGES].replace(b"2026-03-02", b"2026-03-03")}),
    "the data package's hash": edit_wacz(
        lambda inner: {**inner, "datapackage.json": inner["datapackage.json"].replace(b"sha256:", b"sha256:0", 1)},
        repackage=False,
    ),
    "the data package's digest": edit_wacz(add("datapackage-digest.json", b"{}"), repackage=False),
    "a stranger in the web archive": edit_wacz(add("archive/other.warc.gz")),
    "the web archive compressed": edit_member("data/captures.wacz", deflate),
    "the web archive not a ZIP": add("data/captures.wacz", b"PK"),
    "a capture left out of the listing": edit_json("data/listing.json", lambda value: value["captures"].pop()),
    "every capture left out of the listing": edit_json("data/listing.json", lambda value: value["captures"].clear()),
    "a capture twice": edit_json("data/listing.json", lambda value: value["captures"].append(value["captures"][0])),
    "a capture's status": edit_json("data/listing.json", lambda value: value["captures"][0].update(http_status=404)),
    "a capture's time": edit_json(
        "data/listing.json", lambda value: value["captures"][0].update(at="2025-03-01T12:00:00Z")
    ),
    "a capture's address": edit_json("data/listing.json", lambda value: value["captures"][0].update(url="urn:x")),
    "a capture's payload": edit_json(
        "data/listing.json", lambda value: value["captures"][0].update(payload_sha256="0" * 64)
    ),
    "a capture's place": edit_json(
        "data/listing.json", lambda value: value["captures"][1]["record"].update(offset=1)
    ),
    "a capture's place of no kind": edit_json(
        "data/listing.json", lambda value: value["captures"][1].update(record={"offset": [], "length": {}})
    ),
    "a resource left out of the listing": edit_json(
        "data/listing.json", lambda value: value["captures"][0]["resources"].clear()
    ),
    "a resource's payload": edit_json(
        "data/listing.json", lambda value: value["captures"][0]["resources"][0].update(payload_sha256="0" * 64)
    ),
    "resources of no kind": edit_json("data/listing.json", lambda value: value["captures"][0].update(resources={})),
    "captures of no kind": edit_json("data/listing.json", lambda value: value.update(captures=[1, None])),
    "a version without its capture": edit_json(
        "data/listing.json", lambda value: value["versions"][0].update(capture="c9")
    ),
    "a version of no kind": edit_json("data/listing.json", lambda value: value["versions"][0].update(capture=[{}])),
    "another listing": edit_json("data/listing.json", lambda value: value["listing"].update(id="18")),
    "another subject": edit_json(
        "data/listing.json", lambda value: (value["subject"].update(id="18"), value["listing"].update(id="18"))
    ),
    "listing.json with a key twice": edit_member("data/listing.json", lambda data: b'{"feed": [],' + data[1:]),
    "listing.json not JSON": add("data/listing.json", b"\xff"),
    "another screenshot": add("data/screenshots/c0.png", b"\x89PNG"),
    "a screenshot more": add("data/screenshots/c1.png", b"\x89PNG"),
    "a feed line more": add("data/feed/f1.jsonl", b"{}"),
    "custody rows in another order": edit_member(
        "data/custody.jsonl", lambda data: b"".join(reversed(data.splitlines(keepends=True)))
    ),
    "custody rows that are none": add("data/custody.jsonl", b"[]\n"),
    "another report": edit_member("report.pdf", lambda data: data.replace(b"%PDF-1.7", b"%PDF-1.6", 1)),
    "a report of its own words only": edit_json("data/report.json", lambda value: value.update(size=10**9)),
    "a document missing": drop("data/tracing.json"),
    "a stranger among the content": add("data/extra.json"),
}  # fmt: skip


# The archive's own structure.
RAW: dict[str, Callable[[bytes], bytes]] = {
    "bytes behind": lambda data: data + b"\0",
    "bytes before": lambda data: b"\0" + data,
    "a program before": lambda data: b"#!/bin/sh\n" + data,
    "cut short": lambda data: data[:-1],
    "cut in half": lambda data: data[: len(data) // 2],
    "a comment": lambda data: data[:-2] + b"\1\0x",
    "encrypted": lambda data: put(data, central(data) + 8, b"\1\0"),
    "compressed": deflate,
    "a link": lambda data: put(data, central(data) + 38, struct.pack("<I", 0o120777 << 16)),
    "another mode": lambda data: put(data, central(data) + 38, struct.pack("<I", 0o100755 << 16)),
    "another time": lambda data: put(data, central(data) + 12, b"\1\0"),
    "another local time": lambda data: put(data, 10, b"\1\0"),
    "another local name": lambda data: put(data, 30, b"bag-inf0.txt"),
    "another local checksum": lambda data: put(data, 14, b"\1\2\3\4"),
    "a local flag": lambda data: put(data, 6, b"\1\0"),
    "fewer members counted": lambda data: put(data, len(data) - 14, struct.pack("<2H", 21, 21)),
    "more members counted": lambda data: put(data, len(data) - 14, struct.pack("<2H", 23, 23)),
    "several disks": lambda data: put(data, len(data) - 18, b"\1\0"),
    "a huge member": lambda data: put(data, central(data) + 20, struct.pack("<2I", 1 << 31, 1 << 31)),
    "a climbing name": lambda data: rename(data, b"data/case.json", b"../../cas.json"),
    "a climbing name inside": lambda data: rename(data, b"data/case.json", b"data/../e.json"),
    "an absolute name": lambda data: rename(data, b"data/case.json", b"/ata/case.json"),
    "a name with a backslash": lambda data: rename(data, b"data/case.json", b"data\\case.json"),
    "a name with a line break": lambda data: rename(data, b"data/case.json", b"data/\nase.json"),
    "a member twice": double,
    "bytes hidden between members": hide,
    "bytes behind the last member": lambda data: data[: central(data)] + b"hidden" + move(data[central(data) :], 6),
}
