"""Contacts by role: who may not see them is shown dots in their place, as long as what they cover.

Positions stay right, so that marks still lie on their words. Pictures cannot be covered: they need the right.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from dashboards.people.identity import Right, current_person
from pipelines.errors import NotPermitted
from pipelines.index.query import And, Fielded, Not, Or
from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipelines.index.query import Query
    from pipelines.models import JsonObject
    from pipelines.packet.dossier import Dossier

DOT = "•"
_TEXTS = ("profile", "location", "condition", "shipping", "name", "joined")
"""Beside title and description, the fields in which a seller writes freely."""


def shown_text(text: str) -> str:
    """`text` as who asks may see it."""
    return text if _may_see() else _cover(text, ())


def shown_line(line: JsonObject) -> JsonObject:
    """An export line, a version's content or a seller as who asks may see it."""
    return line if _may_see() else _cover_line(line)


def shown_dossier(dossier: Dossier) -> Dossier:
    """A dossier as who asks may see it."""
    if _may_see():
        return dossier
    listing = _cover_line(dossier.listing)
    assessment = dossier.assessment
    return evolve(
        dossier,
        listing=listing,
        versions=tuple({**one, "content": _cover_line(one["content"])} for one in dossier.versions),
        assessment=assessment and {**assessment, "signals": _recut(assessment["signals"], listing)},
        seller=dossier.seller and _cover_line(dossier.seller),
    )


def check_query(query: Query) -> None:
    """NotPermitted where the query asks for contacts and who asks may not see them: a hit would tell of one."""
    if not _may_see() and _asks_for_contacts(query):
        raise NotPermitted(
            "Your role does not allow to search for contacts.", hint="leave `contact:` out, or ask an investigator"
        )


def _may_see() -> bool:
    return current_person().may(Right.CONTACTS)


def _cover_line(line: JsonObject) -> JsonObject:
    covered = dict(line)
    contacts = line.get("contacts") or ()
    for field in ("title", "description"):
        if line.get(field):
            spans = [(one["start"], one["end"]) for one in contacts if one.get("field", "description") == field]
            covered[field] = _cover(line[field], spans)
    for field in _TEXTS:
        if isinstance(line.get(field), str):
            covered[field] = _cover(line[field], ())
    if contacts:
        covered["contacts"] = [{**one, "value": DOT * 8} for one in contacts]
    if isinstance(line.get("attributes"), dict):
        covered["attributes"] = {name: _cover(str(value), ()) for name, value in line["attributes"].items()}
    if isinstance(line.get("seller"), dict):
        covered["seller"] = _cover_line(line["seller"])
    if isinstance(line.get("assessment"), dict):
        signals = _recut(line["assessment"]["signals"], covered)
        covered["assessment"] = {**line["assessment"], "signals": signals}
    return covered


def _recut(signals: Iterable[Mapping[str, Any]], line: Mapping[str, Any]) -> list[JsonObject]:
    """The signals with their words as the covered text has them."""
    return [{**one, "text": (line.get(one["field"]) or "")[one["start"] : one["end"]]} for one in signals]


def _cover(text: str, spans: Iterable[tuple[int, int]]) -> str:
    found = [(one.start, one.end) for one in find_contacts(text, field="")]
    for start, end in (*spans, *found):
        text = text[:start] + DOT * len(text[start:end]) + text[end:]
    return text


def _asks_for_contacts(query: Query) -> bool:
    match query:
        case Fielded(name=name):
            return name == "contact"
        case And(children=children) | Or(children=children):
            return any(_asks_for_contacts(child) for child in children)
        case Not(child=child):
            return _asks_for_contacts(child)
        case _:
            return False
