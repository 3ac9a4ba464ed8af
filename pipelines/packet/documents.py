"""The documents of a packet, from its dossier; the same dossier gives the same bytes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipelines.exchange.caseuco import write_case_uco
from pipelines.exchange.misp import write_misp
from pipelines.exchange.stix import write_stix
from pipelines.packet.checks.layout import CUSTODY, FEED, LISTING, PAPER_DIGEST, SCREENSHOTS
from pipelines.packet.dossier import digest, to_json, to_json_lines
from pipelines.packet.paper_signing import describe_paper
from pipelines.packet.report import write_report
from pipelines.packet.tracing import trace_items, write_csv
from pipelines.warc.encoding import encode_date, encode_uri

if TYPE_CHECKING:
    from pipelines.models import Capture, JsonObject
    from pipelines.packet.dossier import Dossier

VECTOR_FORM = "float32 little-endian, base64"


Maker = Callable[["Dossier"], bytes]

MAKERS: dict[str, Maker] = {
    CUSTODY: lambda dossier: to_json_lines(dossier.content_rows()),
    "data/assessment.json": lambda dossier: to_json(_assessment(dossier)),
    "data/case-uco.jsonld": write_case_uco,
    "data/case.json": lambda dossier: to_json(_case(dossier)),
    "data/misp.json": write_misp,
    "data/provenance.json": lambda dossier: to_json(
        {"workspace": dossier.workspace, "runs": dossier.runs, "software": dict(dossier.software)}
    ),
    "data/redaction.json": lambda dossier: to_json(dossier.redaction or {"redacted": False}),
    "data/report.html": write_report,
    "data/seller.json": lambda dossier: to_json(dossier.seller),
    "data/stix.json": write_stix,
    "data/tracing.csv": lambda dossier: write_csv(trace_items(dossier)),
    "data/tracing.json": lambda dossier: to_json({"format": "tracemark-tracing/1", "items": trace_items(dossier)}),
}
"""Who makes each document: a function of the dossier alone, the same dossier giving the same bytes.

A new document is one line here and its path in `checks.layout.DOCUMENTS`, which the verifier inside the packet
reads without us; a test holds the two together.
"""


def write_documents(dossier: Dossier, places: dict[str, list[tuple[int, int]]], paper: bytes) -> dict[str, bytes]:
    """Return path to bytes; `places` are the captures' records in the packed WARC file, `paper` the unsigned PDF."""
    made = {path: make(dossier) for path, make in MAKERS.items()}
    digests = {PAPER_DIGEST: to_json(describe_paper(paper))}
    return {LISTING: to_json(_listing(dossier, places)), **digests, **made}


def screenshot_name(capture: Capture) -> str:
    """Return where a capture's screenshot lies in the packet."""
    return f"{SCREENSHOTS}{capture.id}.png"


def feed_name(capture: Capture) -> str:
    """Return where a feed line lies in the packet."""
    return f"{FEED}{capture.id}.jsonl"


def _listing(dossier: Dossier, places: dict[str, list[tuple[int, int]]]) -> JsonObject:
    pages, feed = dossier.pages(), dossier.feed_lines()
    of_case = {} if dossier.case is None else {"listings": [_subject(one) for one in dossier.parts]}
    return {
        "format": "tracemark-listing/1",
        **(of_case or _subject(dossier)),
        "subject": dossier.subject,
        "redacted": dossier.redaction is not None,
        "captures": [_capture(capture, places[capture.id]) for capture in pages],
        "feed": [
            {
                "id": capture.id,
                "file": feed_name(capture),
                "sha256": capture.stored.payload_sha256,
                "received": encode_date(capture.at),
                "run": capture.run,
            }
            for capture in feed
        ],
    }


def _came_by(dossier: Dossier) -> str:
    if dossier.redaction is not None:
        return "withheld"
    pages, feed = bool(dossier.pages()), bool(dossier.feed_lines())
    return {(False, False): "nothing kept", (True, False): "pages", (False, True): "feed"}.get((pages, feed), "both")


def _subject(dossier: Dossier) -> JsonObject:
    return {
        "subject": dossier.subject,
        "came_by": _came_by(dossier),
        "listing": dossier.listing,
        "versions": dossier.versions,
    }


def _case(dossier: Dossier) -> JsonObject:
    if dossier.case is None:
        return {"notes": dossier.notes, "reviews": dossier.reviews}
    reviews = [{"subject": one.subject, **review} for one in dossier.parts for review in one.reviews]
    return {**dossier.case, "reviews": reviews}


def _capture(capture: Capture, places: list[tuple[int, int]]) -> JsonObject:
    screenshot = None
    if capture.screenshot is not None:
        screenshot = {"file": screenshot_name(capture), "sha256": capture.screenshot.payload_sha256}
    return {
        "id": capture.id,
        "url": encode_uri(capture.url or ""),
        "at": encode_date(capture.at),
        "run": capture.run,
        "method": capture.method.value,
        "http_status": capture.http_status,
        "kind": capture.kind.value,
        "payload_sha256": capture.stored.payload_sha256,
        "record": {"offset": places[0][0], "length": places[0][1]},
        "resources": [
            {"offset": offset, "length": length, "payload_sha256": stored.payload_sha256}
            for (offset, length), stored in zip(places[1:], capture.resources, strict=True)
        ],
        "revisit_of": capture.revisit_of,
        "screenshot": screenshot,
    }


def _assessment(dossier: Dossier) -> JsonObject:
    if dossier.case is not None:
        return {"listings": [{"subject": one.subject, **_assessment(one)} for one in dossier.parts]}
    vector = None
    if dossier.vector is not None:
        data = base64.b64encode(dossier.vector).decode()
        vector = {
            "form": VECTOR_FORM,
            "dimensions": len(dossier.vector) // 4,
            "sha256": digest(dossier.vector),
            "data": data,
        }
    return {"assessment": dossier.assessment, "vector": vector}
