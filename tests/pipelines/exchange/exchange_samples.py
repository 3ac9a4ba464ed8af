"""A case of two listings made from a hostile one, with every kind of contact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier

TEXT = (
    "Call Quiet Fox at 907-555-0143 or (907) 555 0143, quiet.fox@example.com, telegram quiet_fox. "
    "No background check. QUIETFOX sells more: https://market.example.com/u/quiet-fox"
)
CONTACTS = [
    {"kind": "phone", "value": "+19075550143", "field": "description", "start": 18, "end": 30},
    {"kind": "email", "value": "quiet.fox@example.com", "field": "description", "start": 50, "end": 71},
    {"kind": "messenger", "value": "telegram:quiet_fox", "field": "description", "start": 73, "end": 91},
]
SELLER = {"id": "quiet_fox", "name": "Quiet Fox"}


def make_second(first: Dossier) -> Dossier:
    """A listing with contacts in its text, of an account with a name."""
    start = TEXT.index("No background check")
    signals = [
        {"name": "no_check_offered", "polarity": "for", "weight": 1.0, "field": "description", "start": start,
         "end": start + 19, "text": "No background check", "confidence": 0.9, "reason": "no check is wanted"},
        {"name": "off_platform_contact", "polarity": "for", "weight": 0.3, "field": "description", "start": 18,
         "end": 30, "text": "907-555-0143", "confidence": 0.9, "reason": "contact in the text: 907-555-0143"},
    ]  # fmt: skip
    assessment = {"language": "en", "signals": signals, "scores": {"unlicensed_sale": 0.4}, "review": "review"}
    listing = {
        **first.listing,
        "id": "18",
        "url": "https://market.example.com/u/quiet-fox/18",
        "title": "P-17 by quiet fox",
        "description": TEXT,
        "contacts": CONTACTS,
        "seller": SELLER,
        "assessment": assessment,
    }
    account = {
        "site": "market", "id": "quiet_fox", "name": "Quiet Fox", "url": "https://market.example.com/u/quiet-fox",
        "licence": "FFL 1-23-456", "profile": "I am Quiet Fox",
        "history": {"site": "market", "id": "quiet_fox", "name": "Quiet Fox", "windows": [], "signals": [
            {"name": "volume", "polarity": "for", "weight": 2.0, "reason": "Quiet Fox offered 11", "listings": []}]},
    }  # fmt: skip
    content = {
        **{name: listing[name] for name in ("title", "description", "contacts", "seller")},
        "attributes": {"Contact": "Quiet Fox"},
        "images": ["https://market.example.com/quiet_fox.jpg"],
    }
    return evolve(
        first,
        id="18",
        listing=listing,
        assessment=assessment,
        seller=account,
        versions=({**first.versions[0], "content": content},),
        custody=tuple({**row, "subject": "market/18", "sequence": row["sequence"] + 20} for row in first.custody),
    )


def make_case(first: Dossier) -> Dossier:
    """A case of both."""
    second = make_second(first)
    record = {
        "reference": "C-2026-0001", "name": "Pistols of Quiet Fox", "state": "open", "owner": "ana",
        "created": "2026-03-02T12:00:00+00:00", "changed": "2026-03-05T12:00:00+00:00", "referred_to": None,
        "listings": [{"site": "market", "id": "18", "title": "P-17 by quiet fox", "by": "ana",
                      "added": "2026-03-02T12:00:00+00:00"}],
        "sellers": [{"site": "market", "id": "quiet_fox", "name": "Quiet Fox", "by": "ana",
                     "added": "2026-03-02T12:00:00+00:00"}],
        "notes": [{"number": 1, "at": "2026-03-02T12:00:00+00:00", "by": "ana", "text": "Fox is a friend of Mary"}],
        "tasks": [], "agreements": [], "history": [],
    }  # fmt: skip
    return evolve(
        first,
        site="",
        id="",
        listing={},
        versions=(),
        assessment=None,
        vector=None,
        reviews=(),
        notes=(),
        seller={"sellers": [second.seller, first.seller]},
        custody=(*first.custody, *second.custody),
        case=record,
        parts=(first, second),
    )
