"""What a packet is made of: a plain value that the caller fills from the store."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import field, frozen

from pipelines.errors import BadInput
from pipelines.models import Capture, CaptureMethod, JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pipelines.models import StoredBytes

ACCESS_ACTIONS = frozenset({"view", "export"})
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SURROGATE = re.compile("[\ud800-\udfff]")


@frozen(kw_only=True)
class Dossier:
    """All that is known of one listing, or of a case.

    `listing` is its export line (docs/schema). `versions` are `{number, seen_at, capture, content}` with the
    content's field provenance; `capture` is the id of one of `captures`. `captures` hold pages (WARC) and feed
    lines (method feed: the stored bytes are the line itself). `read` gives the bytes that a StoredBytes points
    to, unread: `functools.partial(pipelines.warc.reader.read_members, vault)`. `custody` are rows of the custody
    log about this listing, in their order. `runs` say on what authority was collected and what was not seen;
    `software` names versions. Times inside the JSON are ISO text or aware datetimes.

    A case has its record in `case` and its listings, each a dossier, in `parts`; its captures, custody rows and runs
    are those of them all, its seller is `{sellers: [...]}`, and site, id and listing say nothing.
    """

    site: str
    id: str
    workspace: str
    listing: JsonObject
    versions: tuple[JsonObject, ...]
    captures: tuple[Capture, ...]
    read: Callable[[StoredBytes], bytes]
    assessment: JsonObject | None = None
    vector: bytes | None = None  # float32, little-endian
    seller: JsonObject | None = None
    custody: tuple[JsonObject, ...] = ()
    runs: tuple[JsonObject, ...] = ()
    notes: tuple[JsonObject, ...] = ()
    reviews: tuple[JsonObject, ...] = ()
    software: Mapping[str, str] = field(factory=dict)
    case: JsonObject | None = None
    parts: tuple[Dossier, ...] = ()
    redaction: JsonObject | None = None  # what was removed for outside readers, where it was
    logged_as: str | None = None  # the custody log's own name of it, where redaction may have changed the id

    @property
    def subject(self) -> JsonObject:
        """What the packet is about, as seal and listing.json name it."""
        return {"site": self.site, "id": self.id} if self.case is None else {"case": self.case["reference"]}

    @property
    def name(self) -> str:
        """The same, for a person."""
        return f"{self.site}/{self.id}" if self.case is None else f"case {self.case['reference']}"

    @property
    def custody_subject(self) -> str:
        """The same, as the custody log names it: redacted or not."""
        if self.logged_as is not None:
            return self.logged_as
        return f"{self.site}/{self.id}" if self.case is None else f"case:{self.case['reference']}"

    def listings(self) -> tuple[Dossier, ...]:
        """Return the listings that the packet is about: this one, or those of the case."""
        return (self,) if self.case is None else self.parts

    def pages(self) -> list[Capture]:
        """Return the captures that have WARC records, oldest first."""
        return sorted((c for c in self.captures if c.method is not CaptureMethod.FEED), key=_by_time)

    def feed_lines(self) -> list[Capture]:
        """Return the captures that are feed lines, oldest first."""
        return sorted((c for c in self.captures if c.method is CaptureMethod.FEED), key=_by_time)

    def access_rows(self) -> list[JsonObject]:
        """Return the custody rows that say who looked: they change with every look, the case does not."""
        return [row for row in self.custody if row["action"] in ACCESS_ACTIONS]

    def content_rows(self) -> list[JsonObject]:
        """Return the other custody rows."""
        return [row for row in self.custody if row["action"] not in ACCESS_ACTIONS]

    def require_whole(self) -> None:
        """Raise BadInput, every mistake at once, where the parts do not fit each other."""
        known = {capture.id for capture in self.captures}
        mistakes = [
            "the export line is of another listing"
            for one in self.listings()
            if (one.listing.get("site"), one.listing.get("id")) != (one.site, one.id)
        ]
        if len(known) != len(self.captures):
            mistakes.append("a capture stands twice")
        mistakes += [f"the capture id {name!r} cannot be a file name" for name in known if not _SAFE_ID.fullmatch(name)]
        mistakes += [
            f"version {version.get('number')} rests on capture {version.get('capture')}, which is not given"
            for one in self.listings()
            for version in one.versions
            if version.get("capture") not in known and not (self.redaction and version.get("capture") is None)
        ]
        mistakes += [
            f"capture {capture.id} repeats {capture.revisit_of}, which is not given"
            for capture in self.captures
            if capture.revisit_of is not None and capture.revisit_of not in known
        ]
        if mistakes:
            raise BadInput(f"no packet of {self.name} can be made", details=tuple(mistakes))


def _by_time(capture: Capture) -> tuple[datetime, str]:
    return capture.at, capture.id


def to_json(value: object) -> bytes:
    """Return a document as readable, sorted JSON; text stays text, a lone surrogate becomes its escape."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2, allow_nan=False, default=_plain)
    return _escape_surrogates(text).encode() + b"\n"


def to_json_lines(rows: Iterable[object]) -> bytes:
    """Return one JSON value a line."""
    lines = (json.dumps(row, sort_keys=True, ensure_ascii=False, allow_nan=False, default=_plain) for row in rows)
    return "".join(f"{_escape_surrogates(line)}\n" for line in lines).encode()


def digest(data: bytes) -> str:
    """Return SHA-256 as lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def _escape_surrogates(text: str) -> str:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _plain(value: object) -> str:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a packet")
