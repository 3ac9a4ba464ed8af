"""The names in a packet, and what a check says when something does not hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

FORMAT = "tracemark-packet/1"
BAGIT = "bagit.txt"
BAG_INFO = "bag-info.txt"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
ACCESS = "custody-access.jsonl"
README = "readme.txt"
VERIFIER = "verify.py"
SEAL = "seal.json"
STATEMENT = "seal/statement.json"
SIGNATURE = "seal/signature.bin"
PUBLIC_KEY = "seal/public-key.pem"
STAMP = "seal/timestamp.tsr"
AUTHORITY = "seal/timestamp-authority.pem"
PAPER = "report.pdf"
PAYLOAD = "data/"
PAPER_DIGEST = "data/report.json"
WACZ = "data/captures.wacz"
LISTING = "data/listing.json"
CUSTODY = "data/custody.jsonl"
SCREENSHOTS = "data/screenshots/"
FEED = "data/feed/"
WARC = "archive/captures.warc.gz"
INDEX = "indexes/index.cdxj"
PAGES = "pages/pages.jsonl"
DATA_PACKAGE = "datapackage.json"
DATA_PACKAGE_DIGEST = "datapackage-digest.json"

TAG_FILES = frozenset({BAGIT, BAG_INFO, MANIFEST, ACCESS, README, PAPER, VERIFIER})
SEAL_FILES = frozenset({TAG_MANIFEST, SEAL, STATEMENT, SIGNATURE, PUBLIC_KEY})
STAMP_FILES = frozenset({STAMP, AUTHORITY})
DOCUMENTS = frozenset(
    {
        LISTING,
        CUSTODY,
        "data/assessment.json",
        "data/case-uco.jsonld",
        "data/case.json",
        "data/misp.json",
        "data/provenance.json",
        "data/redaction.json",
        "data/report.html",
        PAPER_DIGEST,
        "data/seller.json",
        "data/stix.json",
        "data/tracing.csv",
        "data/tracing.json",
    }
)
WACZ_FILES = frozenset({WARC, INDEX, PAGES, DATA_PACKAGE, DATA_PACKAGE_DIGEST})
MOST_FAILURES = 100
MOST_DOCUMENT_BYTES = 1 << 28
MOST_JSON_BYTES = 1 << 25  # of one JSON value: as objects it takes twenty times as much memory


@dataclass(frozen=True)
class Failure:
    """One thing that does not hold: which check, on which file, and why."""

    check: str
    file: str
    reason: str


class CheckError(Exception):
    """A check cannot go on; the failure says why."""

    def __init__(self, check: str, file: str, reason: str) -> None:
        super().__init__(f"{check}: {file}: {reason}")
        self.failure = Failure(check, file, reason)


def show(text: object) -> str:
    """Return text from a packet so that it can stand in a message: short, ASCII, on one line."""
    return ascii(str(text)[:80])


def load_json(data: bytes, check: str, file: str) -> Any:
    """Return the value of a JSON document; a key that stands twice is refused, since readers differ on it."""
    if len(data) > MOST_JSON_BYTES:
        raise CheckError(check, file, "too large a JSON document")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CheckError(check, file, f"not JSON: {show(error)}") from error


def load_object(data: bytes, check: str, file: str) -> dict[str, Any]:
    """Return a JSON document that must be an object."""
    value = load_json(data, check, file)
    if not isinstance(value, dict):
        raise CheckError(check, file, "not a JSON object")
    return value


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key stands twice")
    return value


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
