"""Invented sentences in which contacts are hidden or only seem to stand (`contacts_written.txt`), and their reading."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field, frozen

from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).parent / "contacts_written.txt"
HALVES = ("mended on", "only measured")
_MARKED = re.compile(r"⟦(?P<text>[^|]*)\|(?P<value>[^⟧]*)⟧")


@frozen(kw_only=True)
class Entry:
    """One sentence: `contacts` are (kind, value, start, end) in it; none where nothing is to be found."""

    section: str  # email, phone or none
    half: str
    country: str
    text: str
    contacts: tuple[tuple[str, str, int, int], ...]


@define
class Tally:
    """What was found of what is there, and what else was found."""

    there: int = 0
    found: int = 0
    wrong: int = 0
    faults: list[str] = field(factory=list)


def read_entries() -> Iterator[Entry]:
    """The sentences in their order; a section's odd ones are those that may be mended on."""
    sections = {"# e-mail addresses": "email", "# telephone numbers": "phone", "# what looks like one": "none"}
    section, number = "", 0
    for line in FILE.read_text(encoding="utf-8").splitlines():
        begun = next((name for words, name in sections.items() if line.startswith(words)), None)
        if begun is not None:
            section, number = begun, 0
        elif "\t" in line:
            country, marked = line.split("\t", 1)
            yield _entry(section, HALVES[number % 2], country, marked)
            number += 1


def _entry(section: str, half: str, country: str, marked: str) -> Entry:
    text, contacts, at = "", [], 0
    for match in _MARKED.finditer(marked) if section != "none" else ():
        text += marked[at : match.start()]
        kind = "email" if "@" in match["value"] else "phone"
        contacts.append((kind, match["value"], len(text), len(text) + len(match["text"])))
        text += match["text"]
        at = match.end()
    return Entry(section=section, half=half, country=country, text=text + marked[at:], contacts=tuple(contacts))


def measure_written() -> dict[tuple[str, str], Tally]:
    """By section and half. A contact is found where its kind and value are read from any part of its place."""
    found: dict[tuple[str, str], Tally] = {}
    for entry in read_entries():
        tally = found.setdefault((entry.section, entry.half), Tally())
        left = Counter(entry.contacts)
        tally.there += len(entry.contacts)
        for one in find_contacts(entry.text, field="description", country=entry.country):
            match = next(
                (
                    place
                    for place in left
                    if (one.kind, one.value) == place[:2] and one.start < place[3] and one.end > place[2]
                ),
                None,
            )
            if match is not None:
                tally.found += 1
                del left[match]
            elif one.kind in ("email", "phone"):
                tally.wrong += 1
                tally.faults.append(f"read {one.value}: {entry.text}")
        tally.faults += [f"missed {place[1]}: {entry.text}" for place in left]
    return found
