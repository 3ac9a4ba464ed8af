"""Runs the packed words through the model and rules that are here, and says whether the packed assessment comes out."""

from __future__ import annotations

import base64
import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import frozen

from pipelines.assess import text_of
from pipelines.content import content_from_json
from pipelines.errors import BadInput
from pipelines.packet.checks.layout import LISTING, MOST_DOCUMENT_BYTES
from pipelines.places import Places
from pipelines.store.runs import SiteRecord

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from classifiers import Assessor, Text
    from pipelines.models import JsonObject

ASSESSMENT = "data/assessment.json"


@frozen(kw_only=True)
class Reassessment:
    """What came out for one listing.

    `differs` names the parts that came out otherwise (none: the same bytes); `other_versions` what is here in another
    version than the one that assessed; `distance` is 1 - cosine between the packed vector and a fresh one, None
    where there is no vector. `reason` says why it could not be done.
    """

    subject: JsonObject
    differs: tuple[str, ...] = ()
    other_versions: tuple[str, ...] = ()
    distance: float | None = None
    reason: str | None = None

    @property
    def same(self) -> bool:
        """Whether the packed assessment came out, byte for byte."""
        return not self.differs and self.reason is None

    def to_json(self) -> JsonObject:
        """As `packet verify --reassess --json` prints it."""
        return {
            "subject": self.subject,
            "same": self.same,
            "differs": list(self.differs),
            "other_versions": list(self.other_versions),
            "distance": self.distance,
            "reason": self.reason,
        }


def reassess(path: Path, assessor: Assessor) -> list[Reassessment]:
    """One result per listing of a packet that was verified before. Raises BadInput where it holds no assessment."""
    try:
        with zipfile.ZipFile(path) as archive:
            listing, packed = (_read(archive, name) for name in (LISTING, ASSESSMENT))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path} cannot be assessed again: {error}") from error
    offers = listing.get("listings", [listing])
    assessed = packed.get("listings", [packed])
    if len(offers) != len(assessed):
        raise BadInput(f"{path} holds {len(offers)} listings and {len(assessed)} assessments")
    places = Places.shipped()
    return [_repeat(offer, one, assessor, places) for offer, one in zip(offers, assessed, strict=True)]


def _read(archive: zipfile.ZipFile, name: str) -> Any:
    if archive.getinfo(name).file_size > MOST_DOCUMENT_BYTES:
        raise ValueError(f"{name} is too large")
    return json.loads(archive.read(name))


def _repeat(offer: JsonObject, packed: JsonObject, assessor: Assessor, places: Places) -> Reassessment:
    subject, old = offer["subject"], packed["assessment"]
    if old is None:
        return Reassessment(subject=subject, reason="it was not assessed")
    try:
        text = _read_text(offer, old["input"], places)
    except (KeyError, TypeError, ValueError, StopIteration) as error:
        return Reassessment(subject=subject, reason=f"its words are not in the packet as they were read: {error!r}")
    [fresh] = assessor.assess([text])
    found = {
        **fresh.to_json(),
        "items": fresh.items_json(),
        "derivation": json.loads(json.dumps(fresh.derivation, default=dict)),
    }
    kept = {name: value for name, value in old.items() if name != "input"}
    stated = old.get("versions") or {}
    return Reassessment(
        subject=subject,
        differs=tuple(sorted(name for name in found.keys() | kept.keys() if found.get(name) != kept.get(name))),
        other_versions=tuple(name for name, value in sorted(assessor.versions.items()) if stated.get(name) != value),
        distance=_distance(packed["vector"], fresh.vector),
    )


def _read_text(offer: JsonObject, read: JsonObject, places: Places) -> Text:
    content = next(one["content"] for one in offer["versions"] if one["number"] == read["version"])
    site = SiteRecord(**read["site"])
    return text_of(content_from_json(content), site.name, {site.name: site}, places)


def _distance(packed: JsonObject | None, fresh: NDArray[np.float32] | None) -> float | None:
    if packed is None or fresh is None:
        return None
    old = np.frombuffer(base64.b64decode(packed["data"]), dtype="<f4")
    if old.shape != fresh.shape:
        return None
    scale = float(np.linalg.norm(old) * np.linalg.norm(fresh))
    return round(max(0.0, 1.0 - float(old @ fresh) / scale), 6) if scale else None
