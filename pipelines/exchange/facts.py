"""What every form says of a dossier, in words that are inert wherever they are shown.

Marks that turn or hide text are written as `[U+…]`: the text as it was served stays in listing.json. `<`, `>` and `&`
are escaped in the JSON itself, so that a document pasted into a page starts nothing there.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from pipelines.exchange.gloss import gloss
from pipelines.packet.tracing import trace_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import JsonObject
    from pipelines.packet.dossier import Dossier

LEAD = "A lead for a person, never a finding: signals are observations of wording or counting."
NAMESPACE = uuid.UUID("6f0c6a9e-0a0b-5f5e-9d57-2b6a5c1b7d10")
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
_MARKUP = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


@frozen(kw_only=True)
class Namer:
    """Gives the same UUID to the same thing, as seen by one workspace."""

    workspace: str

    def name(self, *parts: Any) -> uuid.UUID:
        """Return a UUID (version 5) for what `parts` name."""
        return uuid.uuid5(NAMESPACE, json.dumps([self.workspace, *map(str, parts)]))


def show_marks(value: Any) -> str:
    """Return text from outside with marks that turn or hide it, and halves of characters, written out."""
    return _HIDDEN.sub(lambda found: f"[U+{ord(found.group()):04X}]", "" if value is None else str(value))


def write_json(value: object) -> bytes:
    """Return a document as sorted JSON, the same for the same value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2, allow_nan=False)
    return re.sub("[<>&]", lambda found: _MARKUP[found.group()], text).encode() + b"\n"


def read_moment(value: Any) -> datetime:
    """Return a time of the record as an aware datetime in UTC."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def stamp(value: Any) -> str:
    """Return a time of the record in UTC with milliseconds and a Z."""
    return read_moment(value).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def changed_at(dossier: Dossier) -> datetime:
    """When the packet's content changed last: the last custody row that is no look at it, or the last sighting."""
    times = [read_moment(row["at"]) for row in dossier.content_rows()]
    times += [read_moment(one.listing["last_seen"]) for one in dossier.listings() if one.listing.get("last_seen")]
    times += [read_moment(dossier.case["changed"])] if dossier.case else []
    return max(times, default=datetime(1970, 1, 1, tzinfo=UTC))


def title_of(dossier: Dossier) -> str:
    """Return what a packet is about, in a line."""
    if dossier.case is not None:
        return f"Case {show_marks(dossier.case['reference'])}: {show_marks(dossier.case['name'])}"
    return show_marks(f"Listing {dossier.site}/{dossier.id}")


def seller_of(listing: JsonObject) -> tuple[str, str] | None:
    """Return the id and the name of a listing's account; None where it shows none."""
    seller = listing.get("seller")
    if isinstance(seller, str):
        seller = {"id": seller, "name": seller}
    if not isinstance(seller, dict) or not (seller.get("id") or seller.get("name")):
        return None
    identity = str(seller.get("id") or seller.get("name"))
    return identity, str(seller.get("name") or identity)


def contacts_of(listing: JsonObject) -> list[tuple[str, str]]:
    """Return each way to reach the seller that the text states, once: kind and value."""
    found = [(str(one["kind"]), str(one["value"])) for one in listing.get("contacts") or ()]
    return list(dict.fromkeys(found))


def item_lines(dossier: Dossier) -> list[str]:
    """Return one line per item: what is stated, and what is not."""
    lines = []
    for row in trace_items(dossier):
        stated = [
            f"{name.replace('_', ' ')}: {show_marks(row[name])}"
            for name in ("class", "make", "model", "calibre", "serial", "serial_state", "quantity")
            if row.get(name) not in {None, ""}
        ]
        gaps = f"; not stated: {', '.join(name.replace('_', ' ') for name in row['gaps'])}" if row["gaps"] else ""
        lines.append("; ".join(stated) + gaps)
    return lines


def signal_lines(dossier: Dossier) -> Iterator[str]:
    """Return one line per signal, for and against, with the words it rests on."""
    language = (dossier.assessment or {}).get("language")
    for signal in (dossier.assessment or {}).get("signals") or ():
        words = show_marks(signal.get("text"))
        told = gloss(language, str(signal.get("text") or ""))
        meaning = f" (in English: {show_marks(told)})" if told else ""
        side = "against" if signal.get("polarity") in {"against", "counter"} else "for"
        yield f"{signal.get('name')} [{side}]: “{words}”{meaning}: {show_marks(signal.get('reason'))}"


def price_of(listing: JsonObject) -> str:
    """Return the price as stated."""
    price = listing.get("price") or {}
    return show_marks(f"{price.get('amount')} {price.get('currency') or ''}".strip()) if price else "not stated"
