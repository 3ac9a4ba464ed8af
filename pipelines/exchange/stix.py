"""A dossier as a STIX 2.1 bundle (OASIS standard of 10 June 2021).

What was seen are observed-data of addresses, accounts and page bodies; what was noted are notes. Nothing is called an
indicator, a threat actor or malicious. STIX has no word for firearms: items stand in a note, field by field.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import rfc8785
from attrs import field, frozen

from pipelines.exchange.facts import (
    LEAD,
    Namer,
    changed_at,
    contacts_of,
    item_lines,
    price_of,
    seller_of,
    show_marks,
    signal_lines,
    stamp,
    title_of,
    write_json,
)

if TYPE_CHECKING:
    from pipelines.models import JsonObject
    from pipelines.packet.dossier import Dossier

_OBSERVABLES = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")  # STIX 2.1, 2.9
# Two of the four definitions that STIX 2.1 (7.2.1.4) gives, word for word.
_AMBER = ("marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "amber")
_GREEN = ("marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "green")


def write_stix(dossier: Dossier) -> bytes:
    """Return the dossier as a bundle; the same dossier gives the same bytes."""
    identifier, colour = _AMBER if dossier.redaction is None else _GREEN
    namer = Namer(workspace=dossier.workspace)
    author = f"identity--{namer.name('identity')}"
    bundle = _Bundle(namer=namer, author=author, marking=identifier, at=stamp(changed_at(dossier)))
    bundle.objects[identifier] = {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": identifier,
        "created": "2017-01-20T00:00:00.000Z",
        "definition_type": "tlp",
        "name": f"TLP:{colour.upper()}",
        "definition": {"tlp": colour},
    }
    whose = {"name": show_marks(dossier.workspace) or "unnamed", "identity_class": "organization"}
    bundle.add("identity", (), {**whose, "description": "The workspace that collected this with Tracemark."})
    seen = [name for one in dossier.listings() for name in _add_listing(bundle, one)]
    if not seen:
        said = {"abstract": title_of(dossier), "content": "Without listings.", "object_refs": [author]}
        seen = [bundle.add("note", ("empty", dossier.name), said)]
    group = {"name": title_of(dossier), "description": LEAD, "context": "unspecified", "object_refs": seen}
    bundle.add("grouping", (dossier.name,), group)
    objects = [bundle.objects[name] for name in sorted(bundle.objects)]
    name = namer.name("bundle", dossier.name)
    return write_json({"type": "bundle", "id": f"bundle--{name}", "objects": objects})


@frozen(kw_only=True)
class _Bundle:
    namer: Namer
    author: str
    marking: str
    at: str
    objects: dict[str, JsonObject] = field(factory=dict)

    def add(self, kind: str, parts: tuple[Any, ...], values: JsonObject) -> str:
        """Add a domain object; return its id."""
        name = f"{kind}--{self.namer.name(kind, *parts)}"
        head = {"type": kind, "spec_version": "2.1", "id": name, "created": self.at, "modified": self.at}
        author = {} if kind == "identity" else {"created_by_ref": self.author}
        self.objects[name] = {**head, **author, "object_marking_refs": [self.marking], **values}
        return name

    def observe(self, kind: str, identity: JsonObject, **more: Any) -> str:
        """Add an observable, whose id follows from `identity`, the same everywhere; return its id."""
        name = f"{kind}--{uuid.uuid5(_OBSERVABLES, rfc8785.dumps(identity).decode())}"
        head = {"type": kind, "spec_version": "2.1", "id": name, "object_marking_refs": [self.marking]}
        self.objects[name] = {**head, **identity, **more}
        return name


def _add_listing(bundle: _Bundle, dossier: Dossier) -> list[str]:
    listing, place = dossier.listing, (dossier.site, dossier.id)
    shown = [_page(bundle, sha256) for sha256 in _bodies(dossier)]
    if listing.get("url"):
        shown.append(bundle.observe("url", {"value": show_marks(listing["url"])}))
    account = seller_of(listing)
    if account is not None:
        identity, name = map(show_marks, account)
        contributing = {"account_type": show_marks(dossier.site), "user_id": identity}
        shown.append(bundle.observe("user-account", contributing, display_name=name))
    for kind, value in contacts_of(listing):
        if kind == "email":
            shown.append(bundle.observe("email-addr", {"value": show_marks(value)}))
        else:
            shown.append(bundle.observe("user-account", {"account_type": kind, "user_id": show_marks(value)}))
    if not shown:
        shown.append(bundle.observe("user-account", {"account_type": show_marks(dossier.site), "user_id": "not shown"}))
    first, last = stamp(listing["first_seen"]), stamp(listing["last_seen"])
    times = {"first_observed": first, "last_observed": last, "number_observed": max(len(dossier.captures), 1)}
    seen = bundle.add("observed-data", place, {**times, "object_refs": list(dict.fromkeys(shown))})
    text = [f"Price: {price_of(listing)}", show_marks(listing.get("description"))]
    notes = {
        "text": (show_marks(listing.get("title")) or "without a title", "\n".join(text)),
        "items": ("Items, as stated", "\n".join(item_lines(dossier)) or "none recognised"),
        "signals": (f"Signals observed. {LEAD}", "\n".join(signal_lines(dossier)) or "none"),
        "decisions": ("Decisions of people", "\n".join(_decisions(dossier)) or "none: needs review"),
    }
    return [
        seen,
        *(
            bundle.add("note", (name, *place), {"abstract": abstract, "content": content, "object_refs": [seen]})
            for name, (abstract, content) in notes.items()
        ),
    ]


def _bodies(dossier: Dossier) -> list[str]:
    return sorted({capture.stored.payload_sha256 for capture in dossier.captures})


def _page(bundle: _Bundle, sha256: str) -> str:
    return bundle.observe("file", {"hashes": {"SHA-256": sha256}})


def _decisions(dossier: Dossier) -> list[str]:
    names = ("at", "actor", "decision", "reason")
    return [" ".join(show_marks(review.get(name)) for name in names) for review in dossier.reviews]
