"""Makes a packet: a BagIt bag in a ZIP, written as a stream, sealed, and in place only once it is whole."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import rfc8785
from attrs import frozen

from pipelines.errors import BadInput, DiskTrouble
from pipelines.packet.archive import Source, StoredZip, require_room
from pipelines.packet.authority import StampFailed
from pipelines.packet.checks import layout
from pipelines.packet.checks.bag import BAGIT_TEXT, HASH_CHUNK
from pipelines.packet.checks.seal import content_leaves, merkle_root, seal_document
from pipelines.packet.documents import feed_name, screenshot_name, write_documents
from pipelines.packet.dossier import digest, to_json_lines
from pipelines.packet.paper import write_paper
from pipelines.packet.paper_signing import sign_paper
from pipelines.packet.standalone import write_verifier
from pipelines.packet.webarchive import plan_web_archive
from pipelines.warc.encoding import encode_date
from pipelines.warc.reader import DamagedArchiveError, read_payload
from pipelines.warc.writer import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path
    from typing import BinaryIO

    from pipelines.models import Capture
    from pipelines.packet.authority import TimeAuthority
    from pipelines.packet.dossier import Dossier
    from pipelines.packet.keys import SigningKey

README = """This is an evidence packet: a BagIt bag in a ZIP.

report.pdf          what was seen, for a reader; signed (pdfsig report.pdf)
data/report.html    the same as a page
data/captures.wacz  the pages as they were served (open it with ReplayWeb.page)
data/               the same facts as JSON and CSV

To check it, with nothing of ours installed:
  python3 verify.py PACKET.zip --key SIGNER.pem
(take verify.py and the signer's key from a source you trust, not from the packet), or, once unpacked,
  bagit.py --validate FOLDER
  openssl pkeyutl -verify -pubin -inkey seal/public-key.pem -rawin -in seal/statement.json -sigfile seal/signature.bin

and, where there is a time stamp,
  openssl ts -verify -data seal/signature.bin -in seal/timestamp.tsr -CAfile AUTHORITY.pem

What it shows: these bytes were collected by the system that holds the key, existed by the sealed time as
claimed by that system's own clock, and are unchanged since. It does not show that the site served them.
"""

_VERIFIER = write_verifier()  # joining it for each packet took 17 ms


@frozen(kw_only=True)
class PacketReceipt:
    """What was made: the Merkle root (hex), the file's SHA-256 (hex), its size in bytes, its members' count.

    `signature` is what a time authority stamps; `unstamped` says why its token is not in the packet yet, None where it
    is or where no authority is configured.
    """

    root: str
    sha256: str
    size: int
    members: int
    signature: bytes
    unstamped: str | None = None


@frozen(kw_only=True)
class _Sealer:
    key: SigningKey
    created: str
    authority: TimeAuthority | None

    def seal(self, dossier: Dossier, root: str, members: int, tags: str) -> dict[str, bytes]:
        """Return the seal's files: as one JSON document, and in the form that openssl takes."""
        statement: dict[str, Any] = {
            "format": layout.FORMAT,
            "authority": None if self.authority is None else self.authority.fingerprint,
            "root": root,
            "members": members,
            "subject": dossier.subject,
            "workspace": dossier.workspace,
            "tags": tags,
            "created": self.created,
            "key": self.key.public.fingerprint,
        }
        message = rfc8785.dumps(statement)
        signature = self.key.sign(message)
        return {
            layout.SEAL: seal_document(statement, self.key.public.raw, signature),
            layout.STATEMENT: message,
            layout.SIGNATURE: signature,
            layout.PUBLIC_KEY: self.key.public.to_pem(),
        }

    def stamp(self, signature: bytes) -> tuple[dict[str, bytes], str | None]:
        """Return the time stamp's files, and why there is no token among them though an authority is configured."""
        if self.authority is None:
            return {}, None
        files = {layout.AUTHORITY: self.authority.certificates}
        try:
            return {**files, layout.STAMP: self.authority.stamp(signature)}, None
        except StampFailed as error:
            return files, str(error)


def create(
    dossier: Dossier,
    out: Path,
    key: SigningKey,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    authority: TimeAuthority | None = None,
) -> PacketReceipt:
    """Write the packet of `dossier` to `out`, replacing what is there only once the new file is durable.

    The same dossier gives the same root (the PDF's signature, which lies outside it, differs each time). Memory does
    not grow with the captures' bytes. An `authority` that does not answer is no reason to have no packet: the receipt
    says so, and `stamping.add_stamp` puts the token in later. Raises BadInput where the dossier's parts do not fit,
    DamagedArchiveError where the vault does not hold what they say, DiskTrouble where `out` cannot be written.
    """
    dossier.require_whole()
    now = clock()
    paper = write_paper(dossier)
    content = _plan_content(dossier, paper)
    tags = {**_write_tags(dossier, content, now), layout.PAPER: sign_paper(paper, key, now)}
    require_room(sum(source.size for source in content.values()) + sum(map(len, tags.values())), len(content))
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        try:
            with part.open("wb+") as file:
                receipt = _write(
                    file, dossier, content, tags, _Sealer(key=key, created=encode_date(now), authority=authority)
                )
                os.fsync(file.fileno())
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(out.parent)
    except OSError as error:
        raise DiskTrouble(f"{out} could not be written: {error.strerror}") from error
    return receipt


def _plan_content(dossier: Dossier, paper: bytes) -> dict[str, Source]:
    archive = plan_web_archive(dossier)
    documents = write_documents(dossier, {} if archive is None else archive.places, paper)
    for name, data in documents.items():
        if name.endswith(".json") and len(data) > layout.MOST_JSON_BYTES:
            most = layout.MOST_JSON_BYTES
            raise BadInput(f"{name} would have {len(data)} bytes; {most} is the most", hint="divide the matter")
    content = {name: Source.of(data) for name, data in documents.items()}
    if archive is not None:
        content[layout.WACZ] = archive.source
    for capture in dossier.captures:
        if capture.screenshot is not None:
            content[screenshot_name(capture)] = _later(dossier, capture, _read_screenshot)
    for capture in dossier.feed_lines():
        content[feed_name(capture)] = _later(dossier, capture, _read_feed_line)
    return content


def _later(dossier: Dossier, capture: Capture, read: Callable[[Dossier, Capture], bytes]) -> Source:
    """Read once for the size, and again when it is written: nothing is held in between."""

    def chunks() -> Iterable[bytes]:
        return (read(dossier, capture),)

    return Source(size=len(read(dossier, capture)), chunks=chunks)


def _read_screenshot(dossier: Dossier, capture: Capture) -> bytes:
    if capture.screenshot is None:
        raise ValueError(f"capture {capture.id} has no screenshot")
    return read_payload(dossier.read(capture.screenshot), capture.screenshot)


def _read_feed_line(dossier: Dossier, capture: Capture) -> bytes:
    line = dossier.read(capture.stored)
    if digest(line) != capture.stored.payload_sha256:
        raise DamagedArchiveError(f"the feed line of {capture.id} is not the one that was stored")
    return line


def _write_tags(dossier: Dossier, content: dict[str, Source], now: datetime) -> dict[str, bytes]:
    info = {
        "Source-Organization": dossier.workspace,
        "External-Identifier": dossier.name,
        "Bagging-Date": now.astimezone(UTC).date().isoformat(),
        "Payload-Oxum": f"{sum(source.size for source in content.values())}.{len(content)}",
        "Bag-Software-Agent": "Tracemark",
    }
    lines = (f"{name}: {' '.join(value.split())}\n" for name, value in info.items())
    return {
        layout.BAGIT: BAGIT_TEXT,
        layout.BAG_INFO: "".join(lines).encode("utf-8", "replace"),
        layout.README: README.encode(),
        layout.VERIFIER: _VERIFIER,
        layout.ACCESS: to_json_lines(dossier.access_rows()),
    }


def _write(
    file: BinaryIO, dossier: Dossier, content: dict[str, Source], tags: dict[str, bytes], sealer: _Sealer
) -> PacketReceipt:
    archive = StoredZip(file)
    before = {name: Source.of(data) for name, data in tags.items() if name < layout.PAYLOAD} | content
    for name in sorted(before):
        archive.add(name, before[name])
    leaves = content_leaves({name: archive.hashes[name] for name in content})
    root = merkle_root(leaves)
    tags[layout.MANIFEST] = b"".join(leaf + b"\n" for leaf in leaves)
    tag_lines = content_leaves({name: digest(data) for name, data in tags.items()})
    tags[layout.TAG_MANIFEST] = b"".join(line + b"\n" for line in tag_lines)
    tags |= sealer.seal(dossier, root, len(content), digest(tags[layout.TAG_MANIFEST]))
    stamp, unstamped = sealer.stamp(tags[layout.SIGNATURE])
    tags |= stamp
    for name in sorted(name for name in tags if name > layout.PAYLOAD):
        archive.add(name, Source.of(tags[name]))
    size = archive.close()
    file.seek(0)
    sha256 = hashlib.sha256()
    while data := file.read(HASH_CHUNK):
        sha256.update(data)
    return PacketReceipt(
        root=root,
        sha256=sha256.hexdigest(),
        size=size,
        members=len(archive.hashes),
        signature=tags[layout.SIGNATURE],
        unstamped=unstamped,
    )
