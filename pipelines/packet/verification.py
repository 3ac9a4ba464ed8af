"""Verifies a packet by the checks that also travel inside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from pipelines.errors import BadInput, ExitCode
from pipelines.packet.authority import stamp_time
from pipelines.packet.checks.command import exit_code
from pipelines.packet.checks.inspection import conclude, inspect_packet
from pipelines.packet.checks.stamp import authority_fingerprint, read_certificates
from pipelines.packet.keys import PublicKey, TrustedKeys, verify_signature

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.models import JsonObject


@frozen(kw_only=True)
class Verification:
    """The outcome. `json` is the Verification of DESIGN.md's contracts; `exit_code` 0, 1 or 2 (not a packet)."""

    valid: bool
    exit_code: ExitCode
    json: JsonObject = field(repr=False)


def verify(
    path: Path, trusted: TrustedKeys | None = None, expected_key: Path | None = None, authority: Path | None = None
) -> Verification:
    """Check everything about the packet at `path`.

    A key that is neither trusted nor expected leaves the packet valid, "signed by FINGERPRINT, not trusted";
    `expected_key` (a PEM file) says whose it must be, `authority` (certificates, PEM) which time authority must have
    stamped it. Time grows with the file's size, memory does not. Raises
    BadInput where the file, or the key file, cannot be read.
    """
    expected = None if expected_key is None else PublicKey.load(expected_key).fingerprint
    stamper = None if authority is None else _fingerprint(authority)
    try:
        with path.open("rb") as file:
            inspection = inspect_packet(file, verify_signature, stamp_time)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    result = conclude(inspection, (trusted or TrustedKeys()).fingerprints, expected, stamper)
    code = ExitCode(exit_code(inspection, valid=result["valid"]))
    return Verification(valid=result["valid"], exit_code=code, json=result)


def _fingerprint(authority: Path) -> str:
    try:
        return authority_fingerprint(read_certificates(authority.read_bytes()))
    except OSError as error:
        raise BadInput(f"{authority} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{authority}: {error}", hint="give the time authority's certificates as PEM") from error
