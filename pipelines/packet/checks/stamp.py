"""The time stamp: an RFC 3161 token over the seal's signature, from the authority that the signed statement names."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.packet.checks.layout import AUTHORITY, SIGNATURE, STAMP, CheckError, Failure

if TYPE_CHECKING:
    from pipelines.packet.checks.bag import Bag

CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")
GRANTED = bytes.fromhex("3003020100")  # PKIStatusInfo with status 0 and nothing else (RFC 3161, 2.4.2)
LONGEST_TOKEN = 1 << 16


class StampCheck(Protocol):
    """Checks a token over `message` against an authority's certificates (PEM)."""

    def __call__(self, token: bytes, message: bytes, authority: bytes, /) -> str:
        """Return the token's time, `YYYY-MM-DDTHH:MM:SSZ`. Raises ValueError, with the reason, where it fails."""


@dataclass(frozen=True)
class Stamp:
    """A token that holds: its time, and SHA-256 (hex) of the authority's certificates."""

    time: str
    authority: str


def read_certificates(data: bytes) -> list[bytes]:
    """Return the certificates of a PEM text, as DER. Raises ValueError where there are none."""
    bodies = [base64.b64decode(b"".join(body.split()), validate=True) for body in CERTIFICATE.findall(data)]
    if not bodies:
        raise ValueError("no certificate (PEM)")
    return bodies


def write_certificates(certificates: list[bytes]) -> bytes:
    """Return certificates as PEM, in the only form that is accepted."""
    parts = []
    for der in certificates:
        text = base64.b64encode(der).decode("ascii")
        lines = [text[place : place + 64] for place in range(0, len(text), 64)]
        parts.append("\n".join(["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]))
    return "".join(parts).encode("ascii")


def authority_fingerprint(certificates: list[bytes]) -> str:
    """Return SHA-256 over the certificates, hex."""
    return hashlib.sha256(b"".join(certificates)).hexdigest()


def require_plain(token: bytes) -> None:
    """Raise ValueError where a response is not just "granted" and its token: no byte may be there for nothing."""
    if len(token) > LONGEST_TOKEN or len(token) < 12 or token[0] != 0x30 or token[1] not in {0x81, 0x82}:
        raise ValueError("not a time-stamp response")
    octets = token[1] & 0x7F
    length = int.from_bytes(token[2 : 2 + octets], "big")
    if len(token) != 2 + octets + length or not token[2 + octets :].startswith(GRANTED):
        raise ValueError("not a response that was granted, and nothing else")


def check_stamp(
    bag: Bag, statement: dict[str, Any] | None, verify_stamp: StampCheck
) -> tuple[Stamp | None, list[Failure]]:
    """Return the stamp, None where there is none or it does not hold, and what does not hold."""
    named = None if statement is None else statement["authority"]
    if AUTHORITY not in bag.members:
        failures = [Failure("timestamp", AUTHORITY, "missing, though the seal names it")] if named else []
        failures += [Failure("timestamp", STAMP, "a token without an authority")] if STAMP in bag.members else []
        return None, failures
    authority = bag.read(AUTHORITY, "timestamp")
    try:
        certificates = read_certificates(authority)
    except ValueError as error:
        raise CheckError("timestamp", AUTHORITY, f"not certificates: {error}") from error
    fingerprint = authority_fingerprint(certificates)
    if statement is not None and (fingerprint != named or write_certificates(certificates) != authority):
        return None, [Failure("timestamp", AUTHORITY, "not the authority that the seal names")]
    if STAMP not in bag.members:
        return None, []
    token = bag.read(STAMP, "timestamp")
    try:
        require_plain(token)
        return Stamp(verify_stamp(token, bag.read(SIGNATURE, "timestamp"), authority), fingerprint), []
    except ValueError as error:
        return None, [Failure("timestamp", STAMP, str(error))]
