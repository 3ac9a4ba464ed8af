"""A saved search as an Atom feed (RFC 4287)."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pipelines.alerts.digest import address, as_text, describe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.alerts.models import SavedSearch
    from pipelines.models import JsonObject

MOST_DIGESTS = 100
_ATOM = "http://www.w3.org/2005/Atom"


def atom(search: SavedSearch, digests: Sequence[tuple[int, datetime, JsonObject]], desk: str | None) -> bytes:
    """The feed of a search's digests (newest first), an entry for every listing told and for every trouble.

    The same digests give the same bytes. Entries name the dashboard's pages, never the marketplace's.
    """
    feed = ET.Element("feed", {"xmlns": _ATOM})
    _add(feed, "id", f"urn:tracemark:alert:{search.name}")
    _add(feed, "title", f"Tracemark: {search.name}")
    _add(feed, "subtitle", search.query)
    _add(feed, "updated", _time(digests[0][1] if digests else search.created))
    _add(ET.SubElement(feed, "author"), "name", "Tracemark")
    for number, made, body in digests:
        if body["kind"] == "trouble":
            _entry(feed, f"{search.name}:{number}", "This saved search cannot be asked", made, as_text(body, desk))
        for one in body["listings"]:
            entry = _entry(feed, f"{search.name}:{one['listing']}", one["title"] or one["listing"], made, describe(one))
            if desk:
                ET.SubElement(entry, "link", {"rel": "alternate", "href": address(desk, one["listing"])})
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: ET.Element, name: str, title: str, made: datetime, text: str) -> ET.Element:
    entry = ET.SubElement(feed, "entry")
    _add(entry, "id", f"urn:tracemark:alert:{name}")
    _add(entry, "title", title)
    _add(entry, "updated", _time(made))
    _add(entry, "summary", text)
    return entry


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = "".join(character for character in text if _is_xml(character))


def _is_xml(character: str) -> bool:
    """Whether XML 1.0 can hold a character at all."""
    return character in "\t\n\r" or (
        " " <= character <= "\ud7ff" or "\ue000" <= character <= "\ufffd" or character >= "\U00010000"
    )


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
