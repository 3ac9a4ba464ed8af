"""Where a page of hits ended, as an opaque text: the last hit's place in the order, never a count of hits to skip."""

from __future__ import annotations

import base64
import binascii
import json
from hashlib import blake2b
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.errors import BadInput
from pipelines.index.query import render

if TYPE_CHECKING:
    from pipelines.index.port import Search


@frozen(kw_only=True)
class Place:
    """After a hit: its value in the order (score, time, price or sequence) and its tie number.

    `better` is how many hits have a better value: a hint that saves work. A wrong one costs time, not hits.
    """

    value: float
    tie: int
    better: int = 0


def write_cursor(search: Search, place: Place) -> str:
    """The cursor that continues `search` after `place`."""
    fields = [_fingerprint(search), repr(place.value), str(place.tie), str(place.better)]
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")


def read_cursor(search: Search) -> Place | None:
    """The place in `search.cursor`, or None without one. BadInput for a cursor of another search or a broken one."""
    if search.cursor is None:
        return None
    try:
        padded = search.cursor + "=" * (-len(search.cursor) % 4)
        fingerprint, value, tie, better = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        place = Place(value=float(value), tie=int(tie), better=int(better))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadInput("this cursor cannot be read", hint="search again without it") from error
    if fingerprint != _fingerprint(search):
        raise BadInput("this cursor belongs to another search", hint="search again without it")
    return place


def _fingerprint(search: Search) -> str:
    vector = b"" if search.vector is None else search.vector.tobytes()
    asked = json.dumps([render(search.query), search.sort, search.more_like, search.since])
    return blake2b(asked.encode("utf-8", "surrogatepass") + vector, digest_size=6).hexdigest()
