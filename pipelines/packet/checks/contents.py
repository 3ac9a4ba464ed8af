"""The documents of a packet against each other: listing, captures, screenshots, feed lines, custody rows."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pipelines.packet.checks.archive import Window
from pipelines.packet.checks.layout import (
    ACCESS,
    CUSTODY,
    FEED,
    LISTING,
    PAPER,
    PAPER_DIGEST,
    SCREENSHOTS,
    SEAL,
    CheckError,
    Failure,
    load_object,
    show,
)

if TYPE_CHECKING:
    from pipelines.packet.checks.bag import Bag


def read_captures(listing: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the captures that listing.json lists. Raises CheckError where they are malformed or doubled."""
    captures = _objects(listing, "captures")
    names = [str(capture.get("id")) for capture in captures]
    if len(set(names)) != len(names):
        raise CheckError("listing", LISTING, "a capture stands twice")
    return captures


def check_listing(bag: Bag, listing: dict[str, Any], statement: dict[str, Any] | None) -> list[Failure]:
    """Subject, versions, screenshots and feed lines of listing.json."""
    failures = []
    subject = listing.get("subject")
    offers = _objects(listing, "listings") if isinstance(subject, dict) and subject.keys() == {"case"} else [listing]
    for offer in offers:
        line = offer.get("listing")
        if not isinstance(line, dict) or offer.get("subject") != {"site": line.get("site"), "id": line.get("id")}:
            failures.append(Failure("listing", LISTING, "the listing is not the packet's subject"))
    if statement is not None and statement["subject"] != subject:
        failures.append(Failure("listing", SEAL, "the sealed subject is not that of listing.json"))
    captures, feed = read_captures(listing), _objects(listing, "feed")
    known = {str(item.get("id")) for item in captures + feed}
    failures += [
        Failure("listing", LISTING, f"a version rests on capture {show(version.get('capture'))}, which is not here")
        for offer in offers
        for version in _objects(offer, "versions")
        if not (listing.get("redacted") is True and version.get("capture") is None)
        and str(version.get("capture")) not in known
    ]
    pictures = [capture["screenshot"] for capture in captures if isinstance(capture.get("screenshot"), dict)]
    failures += _check_files(bag, pictures, SCREENSHOTS, "screenshots")
    return failures + _check_files(bag, feed, FEED, "feed")


def check_custody(bag: Bag) -> list[Failure]:
    """Custody rows are JSON objects whose sequence numbers rise."""
    failures = []
    for name in (CUSTODY, ACCESS):
        if name not in bag.members:
            continue
        last = -1
        for line in bag.read(name).split(b"\n")[:-1]:
            sequence = load_object(line, "custody", name).get("sequence")
            if not isinstance(sequence, int) or sequence <= last:
                failures.append(Failure("custody", name, f"the sequence does not rise after {last}"))
                break
            last = sequence
    return failures


def check_paper(bag: Bag) -> list[Failure]:
    """Check that the PDF begins with the report that was sealed; its own signature follows, outside the root."""
    stated = load_object(bag.read(PAPER_DIGEST, "report"), "report", PAPER_DIGEST)
    size = stated.get("size")
    member = bag.members.get(PAPER)
    if member is None or not isinstance(size, int) or not 0 < size < member.size:
        return [Failure("report", PAPER, "not the report and its signature that report.json names")]
    digest = hashlib.sha256(Window(bag.file, member.offset, size).read()).hexdigest()
    if stated != {"file": PAPER, "size": size, "sha256": digest}:
        return [Failure("report", PAPER, "its first bytes are not the report that was sealed")]
    return []


def _check_files(bag: Bag, items: list[dict[str, Any]], folder: str, check: str) -> list[Failure]:
    """Each item names a file of `folder` with its hash, and each file of it is named once."""
    failures = [
        Failure(check, show(item.get("file")), "not the file that listing.json names by its hash")
        for item in items
        if bag.hashes.get(str(item.get("file"))) != item.get("sha256")
    ]
    named = sorted(str(item.get("file")) for item in items)
    if named != sorted(name for name in bag.members if name.startswith(folder)):
        failures.append(Failure(check, folder, "its files are not those that listing.json names"))
    return failures


def _objects(listing: dict[str, Any], name: str) -> list[dict[str, Any]]:
    items = listing.get(name)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise CheckError("listing", LISTING, f"{name} is not a list of objects")
    return items
