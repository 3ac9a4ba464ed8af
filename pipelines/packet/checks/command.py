"""The command of the verifier inside a packet: `verify.py PACKET.zip [--key F] [--trusted F] [--authority F]`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

from pipelines.packet.checks.inspection import Inspection, conclude, inspect_packet
from pipelines.packet.checks.seal import public_pem, read_public_pem
from pipelines.packet.checks.stamp import authority_fingerprint, read_certificates

SIGNATURE_FAILS = "the signature does not hold"


def main(arguments: list[str] | None = None) -> int:
    """Print the verification as JSON; return 0 (holds), 1 (does not) or 2 (not a packet, or bad usage)."""
    parser = argparse.ArgumentParser(description="Verify an evidence packet. Needs openssl; uses no network.")
    parser.add_argument("packet", type=Path)
    parser.add_argument("--key", type=Path, help="the public key (PEM) that must have signed it")
    parser.add_argument("--trusted", type=Path, help="a trusted-keys.json")
    parser.add_argument(
        "--authority", type=Path, help="certificates (PEM) of the time authority that must have stamped it"
    )
    options = parser.parse_args(arguments)
    try:
        expected = None if options.key is None else _fingerprint(options.key.read_bytes())
        trusted = frozenset() if options.trusted is None else read_trusted(options.trusted.read_bytes())
        authority = None if options.authority is None else _authority(options.authority.read_bytes())
        with options.packet.open("rb") as file:
            inspection = inspect_packet(file, verify_with_openssl, stamp_time_by_openssl)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"verify.py: {error}\n")
        return 2
    result = conclude(inspection, trusted, expected, authority)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return exit_code(inspection, valid=result["valid"])


def exit_code(inspection: Inspection, *, valid: bool) -> int:
    """Return 0 where the packet holds, 1 where it does not, 2 where it is none."""
    if not inspection.is_packet:
        return 2
    return 0 if valid else 1


def read_trusted(data: bytes) -> frozenset[str]:
    """Return the fingerprints of a trusted-keys.json that are not revoked. Raises ValueError where it is none."""
    value = json.loads(data)
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ValueError("not a trusted-keys.json")
    return frozenset(str(key.get("fingerprint")) for key in keys if key.get("revoked") is None)


def verify_with_openssl(public_key: bytes, signature: bytes, message: bytes) -> str | None:
    """Check an Ed25519 signature; None where it holds, else why not."""
    with tempfile.TemporaryDirectory() as folder:
        key, proof, text = _lay_out(folder, public_pem(public_key), signature, message)
        words = ["pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin", "-in", text, "-sigfile", proof]
        try:
            done = _run_openssl(words)
        except FileNotFoundError:
            return "not checked: openssl is not installed"
    return None if done.returncode == 0 else SIGNATURE_FAILS


def stamp_time_by_openssl(token: bytes, message: bytes, authority: bytes) -> str:
    """Return a token's time, once openssl found it good. Raises ValueError where it is not."""
    with tempfile.TemporaryDirectory() as folder:
        response, data, trusted = _lay_out(folder, token, message, authority)
        try:
            told = _run_openssl(["ts", "-reply", "-in", response, "-text"]).stdout.decode("ascii", "replace")
            stated = [line.partition(": ")[2] for line in told.splitlines() if line.startswith("Time stamp: ")]
            moment = read_time("".join(stated))
            # As of its own time: the authority's certificate may have expired since.
            words = ["ts", "-verify", "-in", response, "-data", data, "-CAfile", trusted]
            done = _run_openssl([*words, "-attime", str(int(moment.timestamp()))])
        except FileNotFoundError as error:
            raise ValueError("not checked: openssl is not installed") from error
    if done.returncode != 0 or b"Verification: OK" not in done.stdout + done.stderr:
        raise ValueError("the token does not hold")
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime:
    """Return the moment of `Nov 21 15:04:05.678 2026 GMT`, to the second. Raises ValueError where it is none."""
    found = re.fullmatch(r"(\w{3} +\d+ \d\d:\d\d:\d\d)(?:\.\d+)?( \d{4}) GMT", text)
    if found is None:
        raise ValueError("the token states no time")
    return datetime.strptime("".join(found.groups()), "%b %d %H:%M:%S %Y").replace(tzinfo=timezone.utc)  # noqa: UP017 -- Python 3.9 has no UTC


def _lay_out(folder: str, *contents: bytes) -> list[str]:
    paths = []
    for number, content in enumerate(contents):
        path = Path(folder, str(number))
        path.write_bytes(content)
        paths.append(str(path))
    return paths


def _run_openssl(words: list[str]) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(["openssl", *words], capture_output=True, check=False, env=environment)  # noqa: S603, S607 -- fixed words, own files


def _fingerprint(pem: bytes) -> str:
    return hashlib.sha256(read_public_pem(pem)).hexdigest()


def _authority(pem: bytes) -> str:
    return authority_fingerprint(read_certificates(pem))
