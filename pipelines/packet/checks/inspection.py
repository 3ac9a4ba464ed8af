"""All checks on one packet, in their order, and the conclusion in the form that others build on."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.packet.checks.archive import LOCAL, LOCAL_SIGNATURE, read_directory
from pipelines.packet.checks.bag import Bag, check_bag, hash_members
from pipelines.packet.checks.contents import check_custody, check_listing, check_paper, read_captures
from pipelines.packet.checks.evidence import check_evidence
from pipelines.packet.checks.layout import (
    BAG_INFO,
    BAGIT,
    LISTING,
    MOST_FAILURES,
    SEAL,
    STAMP,
    CheckError,
    Failure,
    load_object,
)
from pipelines.packet.checks.seal import check_seal
from pipelines.packet.checks.stamp import check_stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from pipelines.packet.checks.seal import Seal, SignatureCheck
    from pipelines.packet.checks.stamp import Stamp, StampCheck


@dataclass
class Inspection:
    """What was found. `seal` is None where no signature holds, `stamp` where there is no token that does."""

    is_packet: bool = True
    seal: Seal | None = None
    stamp: Stamp | None = None
    failures: list[Failure] = field(default_factory=list)


def inspect_packet(file: BinaryIO, verify_signature: SignatureCheck, verify_stamp: StampCheck) -> Inspection:
    """Run every check; memory does not grow with the captures, time grows with the file's size."""
    size = file.seek(0, os.SEEK_END)
    try:
        members = read_directory(file, size)
    except CheckError as error:
        looks_like_one = _looks_like_a_packet(file, size)
        reason = error.failure if looks_like_one else Failure("packet", "", "not a packet")
        return Inspection(is_packet=looks_like_one, failures=[reason])
    bag = Bag(file, {member.name: member for member in members})
    if not {BAGIT, SEAL} & bag.members.keys():
        return Inspection(is_packet=False, failures=[Failure("packet", "", "a ZIP, but not a packet")])
    inspection = Inspection(failures=hash_members(bag))
    _run(inspection, lambda: check_bag(bag))
    _run(inspection, lambda: _take_seal(inspection, bag, verify_signature))
    _run(inspection, lambda: _take_stamp(inspection, bag, verify_stamp))
    _run(inspection, lambda: _check_content(inspection, bag))
    _run(inspection, lambda: check_custody(bag))
    _run(inspection, lambda: check_paper(bag))
    return inspection


def _run(inspection: Inspection, check: Callable[[], list[Failure]]) -> None:
    try:
        inspection.failures += check()
    except CheckError as error:
        inspection.failures.append(error.failure)


def _take_seal(inspection: Inspection, bag: Bag, verify_signature: SignatureCheck) -> list[Failure]:
    inspection.seal, failures = check_seal(bag, verify_signature)
    return failures


def _take_stamp(inspection: Inspection, bag: Bag, verify_stamp: StampCheck) -> list[Failure]:
    statement = inspection.seal.statement if inspection.seal else None
    inspection.stamp, failures = check_stamp(bag, statement, verify_stamp)
    return failures


def _check_content(inspection: Inspection, bag: Bag) -> list[Failure]:
    listing = load_object(bag.read(LISTING, "listing"), "listing", LISTING)
    failures = check_listing(bag, listing, inspection.seal.statement if inspection.seal else None)
    return failures + check_evidence(bag, read_captures(listing))


def _looks_like_a_packet(file: BinaryIO, size: int) -> bool:
    """Tell a damaged packet (which does not hold) from a file that never was one."""
    file.seek(0)
    head = file.read(LOCAL.size + len(BAG_INFO))
    if head.startswith(LOCAL_SIGNATURE) and head.endswith(BAG_INFO.encode()):
        return True
    tail = min(size, 1 << 20)
    file.seek(size - tail)
    end = file.read(tail)
    return b"PK\x05\x06" in end and SEAL.encode() in end and BAGIT.encode() in end


def conclude(
    inspection: Inspection, trusted: frozenset[str], expected_fingerprint: str | None, authority: str | None = None
) -> dict[str, Any]:
    """Return the verification as JSON.

    `trusted` are fingerprints of keys; `expected_fingerprint` is whose it must be; `authority` is the fingerprint of
    the time authority that it must have a token of.
    """
    failures = list(inspection.failures)
    seal = inspection.seal
    if seal is not None and expected_fingerprint not in {None, seal.fingerprint}:
        failures.append(Failure("key", SEAL, f"signed by {seal.fingerprint}, not by {expected_fingerprint}"))
    if authority is not None and (inspection.stamp is None or inspection.stamp.authority != authority):
        failures.append(Failure("timestamp", STAMP, f"no token of the authority {authority}"))
    valid = not failures and seal is not None
    shown = failures[:MOST_FAILURES]
    if len(failures) > MOST_FAILURES:
        shown.append(Failure("packet", "", f"{len(failures) - MOST_FAILURES} more"))
    known = seal is not None and seal.fingerprint in trusted | {expected_fingerprint}
    return {
        "valid": valid,
        "signed_by": None if seal is None else {"fingerprint": seal.fingerprint, "trusted": known},
        "proves": _proves(seal, inspection.stamp, known=known, expected=authority)
        if valid and seal is not None
        else [],
        "failures": [{"check": failure.check, "file": failure.file, "reason": failure.reason} for failure in shown],
    }


def _proves(seal: Seal, stamp: Stamp | None, *, known: bool, expected: str | None) -> list[str]:
    """Say what holds, and no more: not that a site served the bytes, nor that the clock was right."""
    statement = seal.statement
    signer = "a trusted key" if known else "a key that is not trusted here"
    proven = [
        f"These bytes are unchanged since they were sealed: {statement['members']} members, root {statement['root']}.",
        f"They were collected and sealed by the system that holds the key {seal.fingerprint}, {signer}.",
        f"They existed by {statement['created']}, as claimed by that system's own clock.",
    ]
    if stamp is not None:
        whose = "the one given" if expected is not None else "not trusted here"
        proven.append(
            f"Their seal existed by {stamp.time}, as stated by the time authority with the certificates "
            f"{stamp.authority}, {whose}."
        )
    return proven
