"""The workspace's signing key (Ed25519), public key files, and the list of keys that are trusted."""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Self

import rfc8785
from attrs import frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pipelines.errors import BadInput, ConfigurationError, DiskTrouble, NotPermitted
from pipelines.packet.checks.command import SIGNATURE_FAILS, read_trusted
from pipelines.packet.checks.seal import public_pem, read_public_pem
from pipelines.packet.dossier import digest
from pipelines.warc.writer import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path


HANDOVER = "tracemark-key-handover/1"


@frozen(kw_only=True)
class PublicKey:
    """A raw Ed25519 public key, 32 bytes."""

    raw: bytes

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a PEM file. Raises BadInput where it holds no Ed25519 public key."""
        try:
            return cls(raw=read_public_pem(path.read_bytes()))
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise BadInput(f"{path}: {error}", hint="give the signer's public key as PEM") from error

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the raw key, hex."""
        return digest(self.raw)

    def to_pem(self) -> bytes:
        """Return the key as PEM (SubjectPublicKeyInfo)."""
        return public_pem(self.raw)


@frozen(kw_only=True, repr=False)
class SigningKey:
    """The private key that seals packets. Never printed."""

    private: Ed25519PrivateKey

    @classmethod
    def generate(cls) -> Self:
        """Make a new key."""
        return cls(private=Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path, passphrase: str | None = None) -> Self:
        """Read a PKCS #8 PEM file.

        Raises NotPermitted where others may read the file, ConfigurationError where it is missing, is no
        Ed25519 key, or the passphrase is missing or wrong.
        """
        try:
            if path.stat().st_mode & 0o077:
                raise NotPermitted(f"others may read {path}", hint=f"chmod 600 {path}")
            data = path.read_bytes()
            secret = None if passphrase is None else passphrase.encode()
            key = serialization.load_pem_private_key(data, secret)
        except OSError as error:
            raise ConfigurationError(f"the signing key {path} cannot be read: {error.strerror}") from error
        except TypeError as error:
            # cryptography's way to say that a passphrase is needed, or given to an open key.
            raise ConfigurationError(f"the signing key {path}: {error}", hint="TRACEMARK_KEY_PASSPHRASE") from error
        except ValueError as error:
            raise ConfigurationError(f"the signing key {path} cannot be opened: wrong passphrase or no key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigurationError(f"{path} is no Ed25519 key")
        return cls(private=key)

    @property
    def public(self) -> PublicKey:
        """The public half."""
        encoding, form = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return PublicKey(raw=self.private.public_key().public_bytes(encoding, form))

    def sign(self, message: bytes) -> bytes:
        """Return the signature, 64 bytes; the same message gives the same signature."""
        return self.private.sign(message)

    def save(self, path: Path, passphrase: str | None = None) -> None:
        """Write a new PKCS #8 PEM file with mode 0600, encrypted where a passphrase is given.

        Raises NotPermitted where the file exists: a key is never overwritten.
        """
        lock: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if passphrase is not None:
            if not passphrase:
                raise BadInput("an empty passphrase protects nothing")
            lock = serialization.BestAvailableEncryption(passphrase.encode())
        form = serialization.PrivateFormat.PKCS8
        data = self.private.private_bytes(serialization.Encoding.PEM, form, lock)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise NotPermitted(f"{path} exists: a key is never overwritten") from error
        except OSError as error:
            raise DiskTrouble(f"{path} cannot be written: {error.strerror}") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)


@frozen(kw_only=True)
class TrustedKeys:
    """The fingerprints that are trusted and not revoked."""

    fingerprints: frozenset[str] = frozenset()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a trusted-keys.json; none where there is no such file. Raises ConfigurationError where it is broken."""
        try:
            return cls(fingerprints=read_trusted(path.read_bytes()))
        except FileNotFoundError:
            return cls()
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ConfigurationError(f"{path}: {error}") from error


def trust(path: Path, key: PublicKey, *, name: str, at: datetime) -> None:
    """Add a key to a trusted-keys.json, making the file where there is none; a known key stays as it is."""
    _change(path, lambda keys: keys if _has(keys, key) else [*keys, _entry(key, name, at)])


def revoke(path: Path, fingerprint: str, *, at: datetime) -> None:
    """Mark a key as no longer trusted. Raises BadInput where it is not in the list."""

    def mark(keys: list[dict[str, object]]) -> list[dict[str, object]]:
        if all(key["fingerprint"] != fingerprint for key in keys):
            raise BadInput(f"{path} has no key {fingerprint}")
        return [{**key, "revoked": at.isoformat()} if key["fingerprint"] == fingerprint else key for key in keys]

    _change(path, mark)


def list_keys(path: Path) -> list[dict[str, object]]:
    """Return the entries of a trusted-keys.json: fingerprint, public_key, name, added, revoked."""
    TrustedKeys.load(path)
    try:
        keys: list[dict[str, object]] = json.loads(path.read_bytes())["keys"]
    except FileNotFoundError:
        return []
    return keys


def replace_key(path: Path, old: SigningKey, passphrase: str | None, *, at: datetime) -> tuple[PublicKey, Path]:
    """Put a new signing key at `path`, the old one into retired/; returns the new one's public half and the handover.

    The handover is the old key's word that the new one is its successor. The old key stays trusted.
    """
    new = SigningKey.generate()
    fingerprint = old.public.fingerprint
    statement = {"format": HANDOVER, "from": fingerprint, "to": new.public.fingerprint, "at": at.isoformat()}
    signature = old.sign(rfc8785.dumps(statement))
    handover = path.with_name(f"handover-{new.public.fingerprint[:16]}.json")
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    new.save(fresh, passphrase)
    try:
        retired = path.parent / "retired"
        retired.mkdir(mode=0o700, exist_ok=True)
        body = {"statement": statement, "public_key": old.public.raw.hex(), "signature": signature.hex()}
        handover.write_text(json.dumps(body, indent=2) + "\n")
        trust(path.with_name("trusted-keys.json"), new.public, name="this workspace", at=at)
        os.link(path, retired / f"{fingerprint}.pem")
        fresh.replace(path)
        path.with_name("signing.pub.pem").write_bytes(new.public.to_pem())
    except OSError as error:
        raise DiskTrouble(f"the keys in {path.parent} could not be turned: {error.strerror}") from error
    sync_folder(path.parent)
    return new.public, handover


def require_handover(body: object, successor: PublicKey, trusted: TrustedKeys) -> None:
    """Raise BadInput where `body` is not a trusted key's signed word that `successor` follows it."""
    if not isinstance(body, dict) or not isinstance(body.get("statement"), dict):
        raise BadInput("not a handover")
    statement = body["statement"]
    try:
        predecessor = PublicKey(raw=bytes.fromhex(str(body.get("public_key"))))
        signature = bytes.fromhex(str(body.get("signature")))
        message = rfc8785.dumps(statement)
    except (ValueError, rfc8785.CanonicalizationError) as error:
        raise BadInput("not a handover") from error
    if verify_signature(predecessor.raw, signature, message) is not None:
        raise BadInput("the handover's signature does not hold")
    if statement.get("format") != HANDOVER or statement.get("to") != successor.fingerprint:
        raise BadInput("the handover names another key")
    if predecessor.fingerprint != statement.get("from") or predecessor.fingerprint not in trusted.fingerprints:
        raise BadInput(f"the handover is signed by {predecessor.fingerprint}, which is not trusted")


def verify_signature(public_key: bytes, signature: bytes, message: bytes) -> str | None:
    """Check an Ed25519 signature; None where it holds, else why not."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return SIGNATURE_FAILS
    return None


def _entry(key: PublicKey, name: str, at: datetime) -> dict[str, object]:
    added = at.isoformat()
    return {"fingerprint": key.fingerprint, "public_key": key.raw.hex(), "name": name, "added": added, "revoked": None}


def _has(keys: list[dict[str, object]], key: PublicKey) -> bool:
    return any(known["fingerprint"] == key.fingerprint for known in keys)


def _change(path: Path, change: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> None:
    TrustedKeys.load(path)
    keys: list[dict[str, object]] = []
    with contextlib.suppress(FileNotFoundError):
        keys = json.loads(path.read_bytes())["keys"]
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(json.dumps({"keys": change(keys)}, indent=2) + "\n")
    fresh.replace(path)
