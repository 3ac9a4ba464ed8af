"""What a batch of arrivals makes of the listings it shows: planned in memory, then written in a few statements.

A listing seen twice in one batch is one listing with two sightings, in their order: the last says how it stands.
An earlier one whose words the store knew before the batch adds nothing, so that a feed that names a listing twice
can be received again and again.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from attrs import define, field, frozen

from pipelines.content import content_sha256, content_to_json
from pipelines.store.tables import columns_of, journal, listings, seller_assessments, sellers, status_changes, versions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.models import Capture, JsonObject, ListingContent, ListingStatus, SellerRef

_T = TypeVar("_T")

Place = tuple[str, str]
"""A site's name and the site's own id for a listing or a seller."""

_CHANGING = ("url", "status", "first_seen", "last_seen", "seller", "version", "assessment")
_SELLER_FIELDS = ("name", "url", "joined", "licence", "profile")
_MOST_IN = 500  # values in one IN (...): SQLite takes 32,766 in a statement


@define(kw_only=True)
class ListingState:
    """One listing as the batch has it so far."""

    site: str
    native_id: str
    url: str | None
    status: str
    first_seen: datetime
    last_seen: datetime
    seller: int | None = None
    id: int | None = None
    version: int | None = None
    assessment: int | None = None
    number: int = 0  # of its newest version
    content_sha256: str = ""  # of its current one
    known: set[str] = field(factory=set)  # the contents that the store had before this batch
    stored: tuple[Any, ...] | None = None  # what may change, as it lies in the store

    @property
    def changing(self) -> tuple[Any, ...]:
        """What may change, as it is now."""
        return tuple(getattr(self, name) for name in _CHANGING)


@frozen
class _NewVersion:
    state: ListingState
    number: int
    capture: Capture
    content: ListingContent
    sha256: str
    seen_at: datetime


@frozen
class Histories:
    """The listings a batch touches. Make one with `Histories.load`, tell it what was seen, then `write` it."""

    states: dict[Place, ListingState]
    _sightings_left: Counter[Place]
    _versions: list[_NewVersion] = field(factory=list)
    _statuses: list[tuple[ListingState, datetime, str, str]] = field(factory=list)
    _left_sellers: set[int] = field(factory=set)
    traces: dict[Place, str] = field(factory=dict)
    counts: dict[str, int] = field(factory=lambda: dict.fromkeys(("new", "changed", "unchanged", "ended"), 0))

    @classmethod
    def load(cls, connection: sa.Connection, seen: Sequence[Place], ended: Sequence[Place] = ()) -> Histories:
        """The states of those places that the store knows; `seen` has a place as often as the batch shows it."""
        states = {}
        columns = columns_of(listings, "id", "site", "native_id", *_CHANGING)
        for site, ids in _by_site([*seen, *ended]):
            query = sa.select(*columns).where(listings.c.site == site, listings.c.native_id.in_(ids))
            found = {row["id"]: ListingState(**row) for row in connection.execute(query).mappings()}
            _load_versions(connection, found)
            for state in found.values():
                state.stored = state.changing
                states[site, state.native_id] = state
        return cls(states, Counter(seen))

    def see(self, capture: Capture, content: ListingContent, *, seen: datetime, seller: int | None) -> None:
        """`capture` shows `content`, as it stood at `seen`."""
        place = (capture.site, content.id)
        state, sha256 = self.states.get(place), content_sha256(content)
        self._sightings_left[place] -= 1
        if state is None:
            state = ListingState(
                site=capture.site, native_id=content.id, url=content.url, status="", first_seen=seen, last_seen=seen
            )
            self.states[place] = state
            self.counts["new"] += 1
        else:
            state.first_seen, state.last_seen = min(state.first_seen, seen), max(state.last_seen, seen)
            known = sha256 in state.known and self._sightings_left[place] > 0
            if known or sha256 == state.content_sha256:
                self.counts["unchanged"] += 1
            else:
                self.counts["changed"] += 1
            if known:
                return
        self._set_seller(state, seller)
        if sha256 != state.content_sha256:
            state.number, state.content_sha256, state.url = state.number + 1, sha256, content.url
            self._versions.append(_NewVersion(state, state.number, capture, content, sha256, seen))
        self._set_status(state, capture, content.status, seen)

    def end(self, capture: Capture, native_id: str, status: ListingStatus) -> None:
        """`capture` shows that a known listing is no longer offered; an unknown one is left unknown."""
        state = self.states.get((capture.site, native_id))
        if state is None or state.status == status.value:
            return
        self.counts["ended"] += 1
        self._set_status(state, capture, status, capture.at)

    def write(self, connection: sa.Connection) -> dict[Place, int]:
        """Write all of it; the listings' row ids by place. Captures must be there before.

        The journal names the listings of which anything changed: one seen again just as it was is a receipt only.
        """
        self._insert_listings(connection)
        self._insert_versions(connection)
        changed = [state for state in self.states.values() if state.changing != state.stored]
        _update_listings(connection, changed)
        if self._statuses:
            rows = [
                {"listing": state.id, "at": at, "status": status, "capture": capture}
                for state, at, status, capture in self._statuses
            ]
            connection.execute(sa.insert(status_changes), rows)
        if self._left_sellers:
            # An account that lost a listing to another is assessed again, also where it has none left.
            stale = seller_assessments.c.seller.in_(self._left_sellers)
            connection.execute(sa.update(seller_assessments).where(stale).values(sequence=0))
        traces = {_row_id(self.states[place]): trace for place, trace in self.traces.items() if place in self.states}
        note_changes(connection, [_row_id(state) for state in changed], traces)
        return {place: _row_id(state) for place, state in self.states.items()}

    def _insert_listings(self, connection: sa.Connection) -> None:
        new = [state for state in self.states.values() if state.id is None]
        if not new:
            return
        names = ("site", "native_id", "url", "status", "first_seen", "last_seen", "seller")
        rows = [{name: getattr(state, name) for name in names} for state in new]
        ids = connection.scalars(sa.insert(listings).returning(listings.c.id, sort_by_parameter_order=True), rows)
        for state, row_id in zip(new, ids, strict=True):
            state.id = row_id

    def _insert_versions(self, connection: sa.Connection) -> None:
        if not self._versions:
            return
        rows = [
            {
                "listing": one.state.id,
                "number": one.number,
                "capture": one.capture.id,
                "seen_at": one.seen_at,
                "content_sha256": one.sha256,
                "content": content_to_json(one.content),
            }
            for one in self._versions
        ]
        ids = connection.scalars(sa.insert(versions).returning(versions.c.id, sort_by_parameter_order=True), rows)
        for one, version in zip(self._versions, ids, strict=True):
            one.state.version, one.state.assessment = version, None

    def _set_seller(self, state: ListingState, seller: int | None) -> None:
        if seller is None or seller == state.seller:
            return
        if state.seller is not None:
            self._left_sellers.add(state.seller)
        state.seller = seller

    def _set_status(self, state: ListingState, capture: Capture, status: ListingStatus, at: datetime) -> None:
        if state.status != status.value:
            state.status = status.value
            self._statuses.append((state, at, status.value, capture.id))


def note_changes(connection: sa.Connection, rows: Iterable[int], traces: Mapping[int, str] | None = None) -> None:
    """Name listings in the journal, which the index and the alerts follow; `traces` by row, where there are any."""
    known = traces or {}
    entries = [{"listing": row, "trace": known.get(row)} for row in rows]
    if entries:
        connection.execute(sa.insert(journal), entries)


def store_sellers(connection: sa.Connection, seen: Iterable[tuple[str, SellerRef, datetime]]) -> dict[Place, int]:
    """Bring the accounts shown up to date, what is not shown being left as it was; their row ids by place.

    Where an account is called otherwise than before, the journal names all its listings: they show the name.
    """
    shown: dict[Place, list[tuple[SellerRef, datetime]]] = {}
    for site, seller, at in seen:
        shown.setdefault((site, seller.id), []).append((seller, at))
    known = _known_sellers(connection, shown)
    new: list[JsonObject] = []
    changed: list[JsonObject] = []
    for (site, native_id), sightings in shown.items():
        before = known.get((site, native_id), {"site": site, "native_id": native_id, **dict.fromkeys(_SELLER_FIELDS)})
        row = dict(before)
        for seller, at in sightings:
            row |= {name: value for name in _SELLER_FIELDS if (value := getattr(seller, name)) is not None}
            row["first_seen"], row["last_seen"] = min(row.get("first_seen", at), at), max(row.get("last_seen", at), at)
        if "id" not in row:
            new.append(row)
        elif row != before:
            changed.append(row)
    ids = {place: row["id"] for place, row in known.items()}
    if new:
        statement = sa.insert(sellers).returning(sellers.c.id, sort_by_parameter_order=True)
        for row, row_id in zip(new, connection.scalars(statement, new), strict=True):
            ids[row["site"], row["native_id"]] = row_id
    _update_sellers(connection, changed)
    renamed = [row["id"] for row in changed if row["name"] != known[row["site"], row["native_id"]]["name"]]
    for part in _parts(renamed):
        note_changes(connection, connection.scalars(sa.select(listings.c.id).where(listings.c.seller.in_(part))).all())
    return ids


def _update_listings(connection: sa.Connection, changed: Sequence[ListingState]) -> None:
    if changed:
        connection.execute(
            sa.update(listings)
            .where(listings.c.id == sa.bindparam("row"))
            .values({name: sa.bindparam(f"new_{name}") for name in _CHANGING}),
            [{"row": one.id, **{f"new_{name}": getattr(one, name) for name in _CHANGING}} for one in changed],
        )


def _update_sellers(connection: sa.Connection, changed: Sequence[JsonObject]) -> None:
    if changed:
        names = (*_SELLER_FIELDS, "first_seen", "last_seen")
        connection.execute(
            sa.update(sellers)
            .where(sellers.c.id == sa.bindparam("row"))
            .values({name: sa.bindparam(f"new_{name}") for name in names}),
            [{"row": row["id"], **{f"new_{name}": row[name] for name in names}} for row in changed],
        )


def _load_versions(connection: sa.Connection, states: dict[int, ListingState]) -> None:
    columns = columns_of(versions, "id", "listing", "number", "content_sha256")
    for row in connection.execute(sa.select(*columns).where(versions.c.listing.in_(states))):
        state = states[row.listing]
        state.number = max(state.number, row.number)
        state.known.add(row.content_sha256)
        if row.id == state.version:
            state.content_sha256 = row.content_sha256


def _known_sellers(connection: sa.Connection, places: Iterable[Place]) -> dict[Place, JsonObject]:
    found: dict[Place, JsonObject] = {}
    for site, ids in _by_site(places):
        query = sa.select(sellers).where(sellers.c.site == site, sellers.c.native_id.in_(ids))
        for row in connection.execute(query).mappings():
            found[site, row["native_id"]] = dict(row)
    return found


def _by_site(places: Iterable[Place]) -> Iterator[tuple[str, Sequence[str]]]:
    grouped: dict[str, list[str]] = {}
    for site, native_id in dict.fromkeys(places):
        grouped.setdefault(site, []).append(native_id)
    for site, ids in grouped.items():
        for part in _parts(ids):
            yield site, part


def _parts(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(values), _MOST_IN):
        yield values[start : start + _MOST_IN]


def _row_id(state: ListingState) -> int:
    if state.id is None:
        raise AssertionError("a listing's row id is asked for before it is written")
    return state.id
