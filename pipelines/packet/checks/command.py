"""The command of the verifier inside a packet: `python3 verify.py PACKET.zip [--key FILE] [--trusted FILE]`."""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from pipelines.packet.checks.inspection import Inspection, conclude, inspect_packet
from pipelines.packet.checks.seal import public_pem, read_public_pem

SIGNATURE_FAILS = "the signature does not hold"


def main(arguments: list[str] | None = None) -> int:
    """Print the verification as JSON; return 0 (holds), 1 (does not) or 2 (not a packet, or bad usage)."""
    parser = argparse.ArgumentParser(description="Verify an evidence packet. Needs openssl; uses no network.")
    parser.add_argument("packet", type=Path)
    parser.add_argument("--key", type=Path, help="the public key (PEM) that must have signed it")
    parser.add_argument("--trusted", type=Path, help="a trusted-keys.json")
    options = parser.parse_args(arguments)
    try:
        expected = None if options.key is None else _fingerprint(options.key.read_bytes())
        trusted = frozenset() if options.trusted is None else read_trusted(options.trusted.read_bytes())
        with options.packet.open("rb") as file:
            inspection = inspect_packet(file, verify_with_openssl)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"verify.py: {error}\n")
        return 2
    result = conclude(inspection, trusted, expected)
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
        names = {"key.pem": public_pem(public_key), "signature": signature, "message": message}
        paths = {name: Path(folder, name) for name in names}
        for name, content in names.items():
            paths[name].write_bytes(content)
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(paths["key.pem"]), "-rawin"]
        command += ["-in", str(paths["message"]), "-sigfile", str(paths["signature"])]
        try:
            done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 -- fixed words, own files
        except FileNotFoundError:
            return "not checked: openssl is not installed"
    return None if done.returncode == 0 else SIGNATURE_FAILS


def _fingerprint(pem: bytes) -> str:
    return hashlib.sha256(read_public_pem(pem)).hexdigest()
