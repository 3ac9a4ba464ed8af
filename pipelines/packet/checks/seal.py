"""The seal: a Merkle root over the content, and a signature over a statement that names the root."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from pipelines.packet.checks.bag import read_manifest
from pipelines.packet.checks.layout import (
    FORMAT,
    MANIFEST,
    PUBLIC_KEY,
    SEAL,
    SIGNATURE,
    STATEMENT,
    TAG_MANIFEST,
    CheckError,
    Failure,
    load_object,
)

if TYPE_CHECKING:
    from pipelines.packet.checks.bag import Bag

SPKI_PREFIX = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: SubjectPublicKeyInfo of an Ed25519 key
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z")
STATEMENT_KEYS = frozenset({"authority", "created", "format", "key", "members", "root", "subject", "tags", "workspace"})


class SignatureCheck(Protocol):
    """Checks an Ed25519 signature."""

    def __call__(self, public_key: bytes, signature: bytes, message: bytes, /) -> str | None:
        """Return None where it holds, else why not."""


@dataclass(frozen=True)
class Seal:
    """What the seal says, once its signature holds."""

    public_key: bytes
    statement: dict[str, Any]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the raw public key, hex."""
        return hashlib.sha256(self.public_key).hexdigest()


def merkle_root(leaves: list[bytes]) -> str:
    """Return the Merkle tree hash of RFC 6962, 2.1, with SHA-256, as hex."""
    return _tree_hash([hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]).hex()


def _tree_hash(hashes: list[bytes]) -> bytes:
    if not hashes:
        return hashlib.sha256(b"").digest()
    while len(hashes) > 1:
        # Pairing level by level, an odd last one moving up, gives RFC 6962's tree: its left part is
        # always the largest power of two.
        paired = [
            hashlib.sha256(b"\1" + hashes[place] + hashes[place + 1]).digest() for place in range(0, len(hashes) - 1, 2)
        ]
        hashes = paired + hashes[len(paired) * 2 :]
    return hashes[0]


def content_leaves(hashes: dict[str, str]) -> list[bytes]:
    """Return the tree's leaves: the lines of manifest-sha256.txt, sorted by path, without line ends."""
    return [f"{hashes[path]}  {path}".encode() for path in sorted(hashes)]


def canonical(value: dict[str, Any]) -> bytes:
    """Return RFC 8785's form for what a statement holds: text and small whole numbers under ASCII keys."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def seal_document(statement: dict[str, Any], public_key: bytes, signature: bytes) -> bytes:
    """Return seal.json, in the only form that is accepted: it lies outside every manifest."""
    document = {
        "statement": statement,
        "signature": signature.hex(),
        "public_key": public_key.hex(),
        "fingerprint": hashlib.sha256(public_key).hexdigest(),
    }
    return json.dumps(document, sort_keys=True, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"


def public_pem(public_key: bytes) -> bytes:
    """Return a raw Ed25519 public key as PEM."""
    text = base64.b64encode(SPKI_PREFIX + public_key).decode("ascii")
    return f"-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n".encode("ascii")


def read_public_pem(data: bytes) -> bytes:
    """Return the raw Ed25519 public key of a PEM text. Raises ValueError where it is none."""
    lines = data.decode("ascii").split()
    body = "".join(lines)
    begin, end = "-----BEGINPUBLICKEY-----", "-----ENDPUBLICKEY-----"
    if not body.startswith(begin) or not body.endswith(end):
        raise ValueError("not a PEM public key")
    der = base64.b64decode(body[len(begin) : -len(end)], validate=True)
    if not der.startswith(SPKI_PREFIX) or len(der) != len(SPKI_PREFIX) + 32:
        raise ValueError("not an Ed25519 public key")
    return der[len(SPKI_PREFIX) :]


def check_seal(bag: Bag, verify_signature: SignatureCheck) -> tuple[Seal | None, list[Failure]]:
    """Return the seal, None where the signature does not hold, and what does not hold of it."""
    document = load_object(bag.read(SEAL, "seal"), "seal", SEAL)
    statement = document.get("statement")
    signature, key = _hex(document.get("signature"), 64), _hex(document.get("public_key"), 32)
    if document.keys() != {"statement", "signature", "public_key", "fingerprint"} or not isinstance(statement, dict):
        raise CheckError("seal", SEAL, "not a seal's fields")
    if signature is None or key is None:
        raise CheckError("seal", SEAL, "signature or public key is malformed")
    seal = Seal(key, statement)
    failures = _check_statement(statement)
    if failures:
        return None, failures
    try:
        message = canonical(statement)
    except UnicodeEncodeError as error:
        raise CheckError("seal", SEAL, "holds half a character") from error
    copies = (
        (SEAL, seal_document(statement, key, signature)),
        (STATEMENT, message),
        (SIGNATURE, signature),
        (PUBLIC_KEY, public_pem(key)),
    )
    failures += [
        Failure("seal", name, "not in the form, or not of the content, that the seal has")
        for name, content in copies
        if name in bag.members and bag.read(name) != content
    ]
    if not document["fingerprint"] == statement["key"] == seal.fingerprint:
        failures.append(Failure("seal", SEAL, "the fingerprint is not that of the public key"))
    reason = verify_signature(key, signature, message)
    if reason is not None:
        return None, [*failures, Failure("signature", SEAL, reason)]
    return seal, failures + _check_root(bag, statement)


def _check_statement(statement: dict[str, Any]) -> list[Failure]:
    if statement.get("format") != FORMAT:
        return [Failure("seal", SEAL, f"not of the format {FORMAT}")]
    subject = statement.get("subject")
    texts = [statement.get(name) for name in ("created", "key", "root", "tags", "workspace")]
    texts += list(subject.values()) if isinstance(subject, dict) else [None]
    members = statement.get("members")
    well_formed = (
        statement.keys() == STATEMENT_KEYS
        and (statement["authority"] is None or isinstance(statement["authority"], str))
        and all(isinstance(text, str) for text in texts)
        and isinstance(members, int)
        and MOMENT.fullmatch(str(statement["created"])) is not None
    )
    return [] if well_formed else [Failure("seal", SEAL, "not a statement's fields")]


def _check_root(bag: Bag, statement: dict[str, Any]) -> list[Failure]:
    failures = []
    content = {name: digest for name, digest in bag.hashes.items() if name.startswith("data/")}
    if len(content) != statement["members"]:
        failures.append(Failure("root", SEAL, f"{statement['members']} members were sealed, {len(content)} are here"))
    if merkle_root(content_leaves(content)) != statement["root"]:
        failures.append(Failure("root", SEAL, "the content's Merkle root is not the one that was signed"))
    listed = read_manifest(bag.read(MANIFEST), MANIFEST)
    if merkle_root(content_leaves(listed)) != statement["root"]:
        failures.append(Failure("root", MANIFEST, "the manifest's Merkle root is not the one that was signed"))
    if bag.hashes.get(TAG_MANIFEST) != statement["tags"]:
        failures.append(Failure("root", TAG_MANIFEST, "not the tag manifest that was signed"))
    return failures


def _hex(value: object, length: int) -> bytes | None:
    if not isinstance(value, str) or re.fullmatch(f"[0-9a-f]{{{length * 2}}}", value) is None:
        return None
    return bytes.fromhex(value)
