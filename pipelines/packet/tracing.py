"""What a tracing request needs of each item, as stated in the listing, with the gaps shown.

Fields follow the International Tracing Instrument (2005), para. 17: markings, type, calibre and other relevant
information, beside make, model, serial number, country of manufacture and of import. Nothing is inferred.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from pipelines.sellers.serials import find_serials

if TYPE_CHECKING:
    from pipelines.models import JsonObject
    from pipelines.packet.dossier import Dossier

TRACED = ("make", "model", "calibre", "serial", "country_of_manufacture", "country_of_import")
COLUMNS = (
    "site", "listing", "item", "class", *TRACED, "serial_state", "quantity", "other_markings", "gaps",
    "offered_country", "first_seen", "last_seen", "url",
)  # fmt: skip
# What spreadsheets take for a formula, in either width, also behind blanks and marks that nobody sees.
_FORMULA = re.compile("^[\\s\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*[=+\\-@|%＝＋－＠]")
_CONTROL = re.compile("[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]+")


def trace_items(dossier: Dossier) -> list[JsonObject]:
    """Return one row per item of the export line; `gaps` names the fields that the listing does not state."""
    return [
        _trace(one.listing, item, number)
        for one in dossier.listings()
        for number, item in enumerate(one.listing.get("items") or (), start=1)
    ]


def _trace(listing: JsonObject, item: JsonObject, number: int) -> JsonObject:
    traced = {name: item.get(name) for name in TRACED}
    traced["serial"] = traced["serial"] or _stated_serial(listing)
    return {
        "site": listing["site"],
        "listing": listing["id"],
        "item": number,
        "class": item.get("class"),
        **traced,
        "serial_state": item.get("serial_state"),
        "quantity": item.get("quantity"),
        "other_markings": item.get("markings"),
        "gaps": [name for name, value in traced.items() if value in {None, ""}],
        "offered_country": listing.get("country"),
        "first_seen": listing.get("first_seen"),
        "last_seen": listing.get("last_seen"),
        "url": listing.get("url"),
    }


def _stated_serial(listing: JsonObject) -> str | None:
    """The serial number that the text states, where it states one and offers one thing; `…` where it goes on hidden."""
    found = find_serials(f"{listing.get('title') or ''}\n{listing.get('description') or ''}")
    if len(found) != 1 or len(listing.get("items") or ()) != 1:
        return None
    return found[0].text if found[0].whole else f"{found[0].text}…"


def write_csv(rows: list[JsonObject]) -> bytes:
    """Return the rows as CSV (UTF-8 with a mark, so that spreadsheets read it), no cell a formula."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([guard_cell(row[name]) for name in COLUMNS] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def guard_cell(value: Any) -> str:
    """Return a value as a cell that no spreadsheet computes: on one line, without marks that turn the text."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    text = "" if value is None else _CONTROL.sub(" ", str(value))
    return f"'{text}" if _FORMULA.match(text) else text
