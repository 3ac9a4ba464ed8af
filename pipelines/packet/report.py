"""The report a person reads: one HTML page, no script, nothing loaded, nothing that accuses."""

from __future__ import annotations

import re
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import frozen
from jinja2 import Environment, Template
from markupsafe import Markup, escape

from pipelines.warc.encoding import encode_date

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import Capture, JsonObject
    from pipelines.packet.dossier import Dossier

# Marks that turn or hide text (Unicode TR 36, 2.5), other controls, and halves of characters.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


@frozen
class Span:
    """Words that a signal rests on: code points of a field."""

    start: int
    end: int
    against: bool


def write_report(dossier: Dossier) -> bytes:
    """Return the report as UTF-8 HTML; the same dossier gives the same bytes."""
    assessment = dossier.assessment or {}
    signals = list(assessment.get("signals") or ())
    listing = dossier.listing
    return _TEMPLATE.render(
        dossier=dossier,
        listing=listing,
        items=listing.get("items") or (),
        assessment=assessment,
        title=mark_words(str(listing.get("title") or ""), signals, "title"),
        description=mark_words(str(listing.get("description") or ""), signals, "description"),
        speaking_for=[signal for signal in signals if not is_counter(signal)],
        speaking_against=[signal for signal in signals if is_counter(signal)],
        sightings=_sightings(dossier),
        missing=_missing(dossier),
        seller=_seller_name(listing.get("seller")),
    ).encode()


def outside(value: Any) -> Markup:
    """Return text from outside as inert HTML: escaped, isolated in its direction, hidden marks shown."""
    text = "" if value is None else str(value)
    return Markup('<bdi dir="auto">{}</bdi>').format(_visible(text or "—"))


def moment(value: Any) -> str:
    """Return a time as it stands in the record."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value or "—")


def mark_words(text: str, signals: Sequence[JsonObject], field: str) -> Markup:
    """Return a field's text as inert HTML with the words that signals rest on marked."""
    spans = [_span(signal, len(text)) for signal in signals if signal.get("field") == field]
    edges = sorted({0, len(text)} | {edge for span in spans for edge in (span.start, span.end)})
    parts = []
    for start, end in pairwise(edges):
        covering = [span for span in spans if span.start <= start and end <= span.end]
        piece = _visible(text[start:end])
        if covering:
            kind = "against" if all(span.against for span in covering) else "for"
            piece = Markup('<mark class="{}">{}</mark>').format(kind, piece)
        parts.append(piece)
    return Markup('<bdi dir="auto">{}</bdi>').format(Markup().join(parts))


def is_counter(signal: JsonObject) -> bool:
    """Tell whether a signal speaks against: its weight is negative, or its polarity says so."""
    weight = signal.get("weight")
    return (isinstance(weight, int | float) and weight < 0) or signal.get("polarity") in {"counter", "against"}


def _span(signal: JsonObject, length: int) -> Span:
    start, end = (min(max(int(signal.get(name) or 0), 0), length) for name in ("start", "end"))
    return Span(min(start, end), max(start, end), is_counter(signal))


def _visible(text: str) -> Markup:
    parts = []
    place = 0
    for found in _HIDDEN.finditer(text):
        parts += [escape(text[place : found.start()]), Markup("<code>[U+{:04X}]</code>").format(ord(found.group()))]
        place = found.end()
    return Markup().join([*parts, escape(text[place:])])


def _sightings(dossier: Dossier) -> list[JsonObject]:
    changed = {version.get("capture") for version in dossier.versions}
    captures: list[Capture] = sorted(dossier.captures, key=lambda capture: (capture.at, capture.id))
    return [
        {"capture": capture, "at": encode_date(capture.at), "changed": capture.id in changed} for capture in captures
    ]


def _missing(dossier: Dossier) -> list[str]:
    """Say what the packet does not show, so that silence is not read as an answer."""
    gaps = [
        f"The listing states no {name}." for name in ("price", "location", "posted") if not dossier.listing.get(name)
    ]
    if not dossier.pages():
        gaps.append("No page was captured: the listing came by feed, and the line is kept as it was received.")
    elif not any(capture.screenshot for capture in dossier.captures):
        gaps.append("No screenshot was taken.")
    gaps += [f"Items whose {name} is not stated: {count}." for name, count in _untold(dossier).items() if count]
    if dossier.seller is None:
        gaps.append("No history of the seller is in this packet.")
    if dossier.assessment is None:
        gaps.append("The listing has not been assessed.")
    return [*gaps, "What was offered, said or agreed outside these pages was not seen; nothing was bought or asked."]


def _untold(dossier: Dossier) -> dict[str, int]:
    items = dossier.listing.get("items") or ()
    return {name: sum(not item.get(name) for item in items) for name in ("make", "model", "calibre", "serial")}


def _seller_name(seller: Any) -> str | None:
    return str(seller.get("name") or seller.get("id") or "") if isinstance(seller, dict) else seller


def _load_template() -> Template:
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["outside"] = outside
    environment.filters["moment"] = moment
    return environment.from_string(files("pipelines.packet").joinpath("report.html").read_text("utf-8"))


_TEMPLATE = _load_template()  # compiling it for each packet took as long as all the rest
