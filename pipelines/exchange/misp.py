"""A dossier as a MISP event (core format, draft-dulaunoy-misp-core-format): for a person to import.

Nothing is marked for detection (`to_ids`), published or shared beyond the importing organisation, and no threat level
is claimed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    title_of,
    write_json,
)

if TYPE_CHECKING:
    from pipelines.models import JsonObject
    from pipelines.packet.dossier import Dossier

_UNDEFINED, _INITIAL, _OWN_ORGANISATION = "4", "0", "0"
_CONTACTS = {"email": ("email", "Social network"), "phone": ("phone-number", "Other")}


def write_misp(dossier: Dossier) -> bytes:
    """Return the dossier as an event; the same dossier gives the same bytes."""
    namer = Namer(workspace=dossier.workspace)
    at = changed_at(dossier)
    found = _Attributes(namer=namer, subject=dossier.name, timestamp=str(int(at.timestamp())))
    for listing in dossier.listings():
        _add_listing(found, listing)
    colour = "amber" if dossier.redaction is None else "green"
    event = {
        "uuid": str(namer.name("event", dossier.name)),
        "info": f"{title_of(dossier)}. {LEAD}",
        "date": at.date().isoformat(),
        "timestamp": found.timestamp,
        "analysis": _INITIAL,
        "threat_level_id": _UNDEFINED,
        "distribution": _OWN_ORGANISATION,
        "published": False,
        "Orgc": {"name": show_marks(dossier.workspace), "uuid": str(namer.name("organisation"))},
        "Tag": [{"name": f"tlp:{colour}"}],
        "Attribute": list(found.kept.values()),
    }
    return write_json({"Event": event})


@frozen(kw_only=True)
class _Attributes:
    namer: Namer
    subject: str
    timestamp: str
    kept: dict[tuple[str, str, str], JsonObject] = field(factory=dict)

    def add(self, kind: str, category: str, value: str, comment: str) -> None:
        """Add an attribute; MISP takes a value of a type and category once, so a second comment joins the first."""
        value = value.strip()
        if not value:
            return
        key = (category, kind, value)
        if key in self.kept:
            said = self.kept[key]["comment"].split("; ")
            self.kept[key]["comment"] = "; ".join(dict.fromkeys([*said, comment]))
            return
        self.kept[key] = {
            "uuid": str(self.namer.name("attribute", self.subject, *key)),
            "type": kind,
            "category": category,
            "value": value,
            "comment": comment,
            "to_ids": False,
            "disable_correlation": kind == "text",
            "distribution": "5",  # as the event's
            "timestamp": self.timestamp,
        }


def _add_listing(found: _Attributes, dossier: Dossier) -> None:
    listing, place = dossier.listing, show_marks(f"{dossier.site}/{dossier.id}")
    found.add("link", "External analysis", show_marks(listing.get("url")), f"{place}: address")
    found.add("text", "Other", show_marks(listing.get("title")), f"{place}: title")
    found.add("text", "Other", show_marks(listing.get("description")), f"{place}: text")
    found.add("text", "Other", price_of(listing), f"{place}: price")
    account = seller_of(listing)
    if account is not None:
        identity, name = map(show_marks, account)
        found.add("text", "Social network", identity, f"account on {show_marks(dossier.site)}, shown as {name}")
    for kind, value in contacts_of(listing):
        type_, category = _CONTACTS.get(kind, ("text", "Social network"))
        found.add(type_, category, show_marks(value), f"{place}: {kind}, as stated in the text")
    for line in item_lines(dossier):
        found.add("text", "Other", line, f"{place}: item, as stated")
    for line in signal_lines(dossier):
        found.add("text", "Other", line, f"{place}: signal observed")
    for capture in dossier.captures:
        said = f"{place}: body of capture {capture.id}, by {capture.method.value}"
        found.add("sha256", "External analysis", capture.stored.payload_sha256, said)
