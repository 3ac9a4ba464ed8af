"""BagIt 1.0 (RFC 8493): every member is in a manifest or is part of the seal, and every hash holds."""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.packet.checks.archive import Window
from pipelines.packet.checks.layout import (
    BAG_INFO,
    BAGIT,
    DOCUMENTS,
    FEED,
    MANIFEST,
    MOST_DOCUMENT_BYTES,
    PAYLOAD,
    SCREENSHOTS,
    SEAL_FILES,
    STAMP_FILES,
    TAG_FILES,
    TAG_MANIFEST,
    WACZ,
    CheckError,
    Failure,
    show,
)

if TYPE_CHECKING:
    from typing import BinaryIO

    from pipelines.packet.checks.archive import Member

BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST_LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
HASH_CHUNK = 1 << 20


@dataclass
class Bag:
    """A packet's members, by name, and what they hash to."""

    file: BinaryIO
    members: dict[str, Member]
    hashes: dict[str, str] = field(default_factory=dict)

    def read(self, name: str, check: str = "bag") -> bytes:
        """Return a document's bytes. Raises CheckError where it is missing or too large to be one."""
        member = self.members.get(name)
        if member is None:
            raise CheckError(check, name, "missing")
        if member.size > MOST_DOCUMENT_BYTES:
            raise CheckError(check, name, "too large")
        return Window(self.file, member.offset, member.size).read()


def hash_members(bag: Bag) -> list[Failure]:
    """Read every member once; fills `bag.hashes` (SHA-256, hex) and tells CRC-32 that differ."""
    failures = []
    for member in bag.members.values():
        digest = hashlib.sha256()
        crc = 0
        window = Window(bag.file, member.offset, member.size)
        while data := window.read(HASH_CHUNK):
            digest.update(data)
            crc = zlib.crc32(data, crc)
        if crc != member.crc:
            failures.append(Failure("zip", member.name, "its bytes do not have the CRC-32 that the archive states"))
        bag.hashes[member.name] = digest.hexdigest()
    return failures


def check_bag(bag: Bag) -> list[Failure]:
    """Both manifests against the members, both ways, and the fixed tag files."""
    failures = [Failure("bag", name, "missing") for name in sorted((TAG_FILES | SEAL_FILES) - bag.members.keys())]
    failures += [Failure("bag", name, "missing") for name in sorted(DOCUMENTS - bag.members.keys())]
    failures += [Failure("manifest", name, "no packet has such a member") for name in bag.members if not _known(name)]
    payload = {name for name in bag.members if name.startswith(PAYLOAD)}
    tags = bag.members.keys() - payload - SEAL_FILES - STAMP_FILES
    failures += _check_manifest(bag, MANIFEST, payload)
    failures += _check_manifest(bag, TAG_MANIFEST, tags)
    if BAGIT in bag.members and bag.read(BAGIT) != BAGIT_TEXT:
        failures.append(Failure("bag", BAGIT, "not that of BagIt 1.0"))
    if BAG_INFO in bag.members:
        size = sum(bag.members[name].size for name in payload)
        if f"Payload-Oxum: {size}.{len(payload)}\n".encode() not in bag.read(BAG_INFO):
            failures.append(Failure("bag", BAG_INFO, "Payload-Oxum is not the payload's size and count"))
    return failures


def _known(name: str) -> bool:
    picture = name.startswith(SCREENSHOTS) and name.endswith(".png")
    line = name.startswith(FEED) and name.endswith(".jsonl")
    return name in TAG_FILES | SEAL_FILES | STAMP_FILES | DOCUMENTS or name == WACZ or picture or line


def _check_manifest(bag: Bag, manifest: str, expected: set[str]) -> list[Failure]:
    if manifest not in bag.members:
        return []
    try:
        listed = read_manifest(bag.read(manifest), manifest)
    except CheckError as error:
        return [error.failure]
    failures = [Failure("manifest", show(name), "listed, but not in the packet") for name in listed.keys() - expected]
    failures += [Failure("manifest", name, "in the packet, but not listed") for name in expected - listed.keys()]
    failures += [
        Failure("hash", name, f"its SHA-256 is not the one in {manifest}")
        for name in expected & listed.keys()
        if bag.hashes[name] != listed[name]
    ]
    return sorted(failures, key=lambda failure: failure.file)


def read_manifest(data: bytes, name: str) -> dict[str, str]:
    """Return path to SHA-256, in the manifest's order, which must be sorted and without doubles."""
    listed: dict[str, str] = {}
    last = ""
    text = data.decode("utf-8", "replace")
    if text and not text.endswith("\n"):
        raise CheckError("manifest", name, "its last line does not end")
    for line in text.split("\n")[:-1]:
        found = MANIFEST_LINE.fullmatch(line)
        if found is None:
            raise CheckError("manifest", name, f"a line that is none: {show(line)}")
        digest, path = found.groups()
        if path <= last:
            raise CheckError("manifest", name, f"not sorted, or twice: {show(path)}")
        listed[path] = digest
        last = path
    return listed
