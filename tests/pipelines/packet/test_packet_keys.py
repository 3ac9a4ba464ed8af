from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from packet_samples import SEALED

from pipelines.errors import BadInput, ConfigurationError, DiskTrouble, NotPermitted
from pipelines.packet.keys import PublicKey, SigningKey, TrustedKeys, revoke, trust, verify_signature
from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from pathlib import Path


def test_a_saved_key_is_private_and_comes_back(tmp_path: Path, key: SigningKey) -> None:
    for name, passphrase in (("open.pem", None), ("shut.pem", "correct horse")):
        path = tmp_path / name
        key.save(path, passphrase)
        assert path.stat().st_mode & 0o777 == 0o600
        assert (b"ENCRYPTED" in path.read_bytes()) is (passphrase is not None)
        loaded = SigningKey.load(path, passphrase)
        assert loaded.public == key.public
        assert verify_signature(key.public.raw, loaded.sign(b"x"), b"x") is None
    assert "private" not in repr(key)


def test_a_key_is_never_overwritten_nor_left_readable(tmp_path: Path, key: SigningKey) -> None:
    path = tmp_path / "key.pem"
    key.save(path)
    with pytest.raises(NotPermitted, match="never overwritten"):
        SigningKey.generate().save(path)
    with pytest.raises(DiskTrouble, match="cannot be written"):
        key.save(tmp_path / "missing" / "key.pem")
    with pytest.raises(BadInput, match="empty passphrase"):
        key.save(tmp_path / "other.pem", "")
    path.chmod(0o644)
    with pytest.raises(NotPermitted, match="others may read"):
        SigningKey.load(path)


def test_what_is_no_key_is_said_to_be_none(tmp_path: Path, key: SigningKey) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        SigningKey.load(tmp_path / "missing.pem")
    key.save(tmp_path / "shut.pem", "right")
    with pytest.raises(ConfigurationError, match="wrong passphrase"):
        SigningKey.load(tmp_path / "shut.pem", "wrong")
    with pytest.raises(ConfigurationError, match=r"[Pp]assword"):
        SigningKey.load(tmp_path / "shut.pem")
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "p256.pem").write_bytes(other)
    (tmp_path / "p256.pem").chmod(0o600)
    with pytest.raises(ConfigurationError, match="no Ed25519 key"):
        SigningKey.load(tmp_path / "p256.pem")


def test_openssl_reads_the_public_key(tmp_path: Path, key: SigningKey) -> None:
    path = tmp_path / "public.pem"
    path.write_bytes(key.public.to_pem())
    shown = subprocess.run(["openssl", "pkey", "-pubin", "-in", path, "-pubout"], capture_output=True, check=True)
    assert shown.stdout == key.public.to_pem()
    assert PublicKey.load(path) == key.public
    path.write_bytes(b"\xff")
    with pytest.raises(BadInput):
        PublicKey.load(path)


def test_trust_is_a_list_that_can_be_revoked(tmp_path: Path, key: SigningKey, packet: Path) -> None:
    path = tmp_path / "trusted-keys.json"
    assert TrustedKeys.load(path).fingerprints == frozenset()
    trust(path, key.public, name="Example desk", at=SEALED)
    trust(path, key.public, name="Example desk", at=SEALED)
    trust(path, SigningKey.generate().public, name="Other desk", at=SEALED)
    assert len(json.loads(path.read_bytes())["keys"]) == 2
    assert verify(packet, TrustedKeys.load(path)).json["signed_by"]["trusted"] is True
    revoke(path, key.public.fingerprint, at=SEALED)
    result = verify(packet, TrustedKeys.load(path))
    assert result.valid
    assert result.json["signed_by"] == {"fingerprint": key.public.fingerprint, "trusted": False}
    with pytest.raises(BadInput, match="has no key"):
        revoke(path, "0" * 64, at=SEALED)


@pytest.mark.parametrize("text", ["[]", "{", '{"keys": 1}', '{"keys": [1]}'])
def test_a_broken_list_is_never_taken_for_an_empty_one(tmp_path: Path, key: SigningKey, text: str) -> None:
    path = tmp_path / "trusted-keys.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        TrustedKeys.load(path)
    with pytest.raises(ConfigurationError):
        trust(path, key.public, name="x", at=SEALED)
    assert path.read_text() == text
