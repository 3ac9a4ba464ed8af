"""One listing as its page and the triage page show it: gathered from the store, ready to be written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from dashboards.differences import compare
from dashboards.failures import NothingThere
from dashboards.levels import read_lines, shown_level
from dashboards.marking import Mark, Piece, cut
from dashboards.people.covering import shown_dossier
from dashboards.wording import SCORES, printable
from pipelines.errors import BadInput
from pipelines.evidence import gather_dossier
from pipelines.store.tables import listings, sellers, status_changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.desk import Desk
    from dashboards.differences import FieldChange
    from pipelines.models import Capture, JsonObject
    from pipelines.packet.dossier import Dossier

_MOST_OTHERS = 12
_MOST_VERSIONS = 12


@frozen(kw_only=True)
class NumberedSignal:
    """A signal with the number that its words carry in the text."""

    number: int
    name: str
    polarity: str
    weight: float
    family: str
    field: str
    text: str
    confidence: float
    layer: str
    reason: str
    spans: bool


@frozen(kw_only=True)
class Score:
    """One score and how it came about: `terms` are (what, weight), they add up to `logit`."""

    name: str
    value: float
    terms: tuple[tuple[str, float], ...]
    logit: float | None


@frozen(kw_only=True)
class VersionStep:
    """A version and what it changed of the one before it."""

    number: int
    seen_at: Any
    content_sha256: str
    capture: str
    changes: tuple[FieldChange, ...]


@frozen(kw_only=True)
class ListingView:
    """Everything of one listing. `line` is its export line, `content` what the current version says."""

    site: str
    id: str
    line: JsonObject
    content: JsonObject
    title: tuple[Piece, ...]
    description: tuple[Piece, ...]
    signals: tuple[NumberedSignal, ...]
    scores: tuple[Score, ...]
    level: str | None
    level_from: str
    versions: tuple[VersionStep, ...]
    captures: tuple[Capture, ...]
    timeline: tuple[tuple[Any, str], ...]
    decisions: tuple[JsonObject, ...]
    custody: tuple[JsonObject, ...]
    runs: tuple[JsonObject, ...]
    seller: JsonObject | None
    assessment: JsonObject | None

    @property
    def observed(self) -> list[NumberedSignal]:
        """The signals."""
        return [one for one in self.signals if one.polarity == "for"]

    @property
    def against(self) -> list[NumberedSignal]:
        """What speaks against."""
        return [one for one in self.signals if one.polarity == "against"]

    @property
    def decision(self) -> JsonObject | None:
        """The decision that stands."""
        return self.decisions[-1] if self.decisions else None

    @property
    def screenshot(self) -> Capture | None:
        """The newest capture that has a picture."""
        return next((one for one in reversed(self.captures) if one.screenshot is not None), None)


def view_listing(desk: Desk, site: str, native_id: str) -> ListingView:
    """The listing at `site`. NothingThere where there is none."""
    dossier = gather(desk, site, native_id)
    with desk.database.read() as connection:
        changes = _status_changes(connection, site, native_id)
    return build_view(dossier, changes)


def gather(desk: Desk, site: str, native_id: str) -> Dossier:
    """All that the store has of a listing, as who asks may see it. NothingThere where there is none."""
    workspace = desk.workspace
    try:
        found = gather_dossier(desk.database, site, native_id, vault=workspace.vault, workspace=workspace.root.name)
    except BadInput as error:
        raise NothingThere(error.message, hint="Search finds listings and their ids.") from error
    return shown_dossier(found)


def build_view(dossier: Dossier, changes: Sequence[tuple[Any, str]]) -> ListingView:
    """The view of what was gathered."""
    line = printable(dossier.listing)
    assessment = printable(dossier.assessment) if dossier.assessment else None
    signals = tuple(_numbered(assessment["signals"])) if assessment else ()
    seller = printable(dossier.seller) if dossier.seller else None
    history = (seller or {}).get("history") or {}
    level, origin = shown_level(assessment and assessment["review"], history.get("review"))
    contents = [printable(one["content"]) for one in dossier.versions]
    return ListingView(
        site=dossier.site,
        id=dossier.id,
        line=line,
        content=contents[-1],
        title=tuple(cut(line["title"], _marks(assessment, signals, "title"))),
        description=tuple(cut(line["description"] or "", _marks(assessment, signals, "description"))),
        signals=signals,
        scores=tuple(_scores(assessment)),
        level=level,
        level_from=origin,
        versions=tuple(_steps(dossier.versions, contents)),
        captures=dossier.captures,
        timeline=tuple(_timeline(line, dossier, changes)),
        decisions=tuple(printable(one) for one in dossier.reviews),
        custody=tuple(printable(one) for one in dossier.custody),
        runs=tuple(printable(one) for one in dossier.runs),
        seller=seller,
        assessment=assessment,
    )


def other_listings(desk: Desk, site: str, native_id: str, seller: str) -> tuple[list[JsonObject], int]:
    """The newest other listings of the account `seller`, as lines with their level, and how many there are in all."""
    with desk.database.read() as connection:
        chosen = (
            sa.select(listings.c.id)
            .join(sellers, sellers.c.id == listings.c.seller)
            .where(sellers.c.site == site, sellers.c.native_id == seller, listings.c.native_id != native_id)
        )
        total = connection.scalar(sa.select(sa.func.count()).select_from(chosen.subquery())) or 0
        newest = chosen.order_by(listings.c.first_seen.desc(), listings.c.id.desc()).limit(_MOST_OTHERS)
        rows = list(connection.scalars(newest))
        return read_lines(connection, rows), total


def _numbered(signals: Sequence[Mapping[str, Any]]) -> list[NumberedSignal]:
    names = ("name", "polarity", "weight", "family", "field", "text", "confidence", "layer", "reason")
    return [
        NumberedSignal(number=number, spans=one["end"] > one["start"], **{name: one[name] for name in names})
        for number, one in enumerate(signals, start=1)
    ]


def _marks(assessment: JsonObject | None, signals: Sequence[NumberedSignal], field: str) -> list[Mark]:
    found = assessment["signals"] if assessment else ()
    return [
        Mark(start=one["start"], end=one["end"], number=signal.number, polarity=signal.polarity, label=signal.name)
        for one, signal in zip(found, signals, strict=True)
        if one["field"] == field
    ]


def _scores(assessment: JsonObject | None) -> list[Score]:
    if assessment is None:
        return []
    derived = (assessment.get("derivation") or {}).get("scores") or {}
    return [
        Score(
            name=name,
            value=assessment["scores"].get(name, 0.0),
            terms=tuple(_terms(derived[name])) if name in derived else (),
            logit=derived.get(name, {}).get("logit"),
        )
        for name in SCORES
    ]


def _terms(derived: Mapping[str, Any]) -> list[tuple[str, float]]:
    terms = [("base", derived["base"])]
    terms += [(one["signal"], one["weight"]) for one in derived["terms"]]
    if derived.get("weak_signs_cut"):
        terms.append(("weak signals counted only to their cap", -derived["weak_signs_cut"]))
    return terms + [(one["name"], one["weight"]) for one in derived["interactions"]]


def _steps(versions: Sequence[JsonObject], contents: Sequence[JsonObject]) -> list[VersionStep]:
    """The newest versions, newest first."""
    steps = []
    for at in range(len(versions) - 1, max(-1, len(versions) - 1 - _MOST_VERSIONS), -1):
        one = versions[at]
        changes = compare(contents[at - 1], contents[at]) if at else []
        steps.append(
            VersionStep(
                number=one["number"],
                seen_at=one["seen_at"],
                content_sha256=one["content_sha256"],
                capture=one["capture"],
                changes=tuple(changes),
            )
        )
    return steps


def _status_changes(connection: sa.Connection, site: str, native_id: str) -> list[tuple[Any, str]]:
    query = (
        sa.select(status_changes.c.at, status_changes.c.status)
        .join(listings, listings.c.id == status_changes.c.listing)
        .where(listings.c.site == site, listings.c.native_id == native_id)
        .order_by(status_changes.c.at, status_changes.c.id)
    )
    return [(at, status) for at, status in connection.execute(query)]


def _timeline(line: JsonObject, dossier: Dossier, changes: Sequence[tuple[Any, str]]) -> list[tuple[Any, str]]:
    """What happened to the listing, in order: seen, changed, status, decisions."""
    events = [(line["first_seen"], "first seen")]
    events += [(one["seen_at"], f"version {one['number']} seen") for one in dossier.versions[1:]]
    events += [(at, f"status: {status}") for at, status in changes]
    events += [(one["at"], f"{one['actor']} decided: {one['decision'].replace('_', ' ')}") for one in dossier.reviews]
    events.append((line["last_seen"], "last seen"))
    return sorted(events, key=lambda event: event[0] if isinstance(event[0], str) else event[0].isoformat())
