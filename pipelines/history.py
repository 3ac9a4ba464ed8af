"""What a batch of arrivals makes of the listings it shows: planned in memory, then written in a few statements.

A listing seen twice in one batch is one listing with two sightings, in their order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, field, frozen

from pipelines.content import content_sha256, content_to_json
from pipelines.store.tables import journal, listings, sellers, status_changes, versions

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from pipelines.models import Capture, JsonObject, ListingContent, ListingStatus, SellerRef

Place = tuple[str, str]
"""A site's name and the site's own id for a listing or a seller."""


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
    number: int = 0
    content_sha256: str = ""
    version: int | None = None
    assessment: int | None = None


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
    _versions: list[_NewVersion] = field(factory=list)
    _statuses: list[tuple[ListingState, datetime, str, str]] = field(factory=list)
    _touched: dict[Place, None] = field(factory=dict)
    counts: dict[str, int] = field(factory=lambda: dict.fromkeys(("new", "changed", "unchanged", "ended"), 0))

    @classmethod
    def load(cls, connection: sa.Connection, places: Iterable[Place]) -> Histories:
        """The states of those `places` that the store knows."""
        states = {}
        columns = [listings.c[name] for name in ("id", "site", "native_id", "url", "status", "first_seen", "last_seen")]
        columns += [listings.c.seller, listings.c.version, listings.c.assessment]
        for site, ids in _by_site(places).items():
            query = (
                sa.select(*columns, versions.c.content_sha256, versions.c.number)
                .join(versions, versions.c.id == listings.c.version)
                .where(listings.c.site == site, listings.c.native_id.in_(ids))
            )
            for row in connection.execute(query).mappings():
                states[row["site"], row["native_id"]] = ListingState(**row)
        return cls(states)

    def see(self, capture: Capture, content: ListingContent, *, seen: datetime, seller: int | None) -> None:
        """`capture` shows `content`, as it stood at `seen`."""
        place = (capture.site, content.id)
        state, sha256 = self.states.get(place), content_sha256(content)
        self._touched[place] = None
        if state is None:
            state = ListingState(
                site=capture.site, native_id=content.id, url=content.url, status="", first_seen=seen, last_seen=seen
            )
            self.states[place] = state
            self.counts["new"] += 1
        else:
            self.counts["unchanged" if sha256 == state.content_sha256 else "changed"] += 1
        state.first_seen, state.last_seen = min(state.first_seen, seen), max(state.last_seen, seen)
        state.seller = seller if seller is not None else state.seller
        if sha256 != state.content_sha256:
            state.number, state.content_sha256, state.url = state.number + 1, sha256, content.url
            self._versions.append(_NewVersion(state, state.number, capture, content, sha256, seen))
        self._set_status(state, capture, content.status, seen)

    def end(self, capture: Capture, native_id: str, status: ListingStatus) -> None:
        """`capture` shows that a known listing is no longer offered; an unknown one is left unknown."""
        place = (capture.site, native_id)
        state = self.states.get(place)
        if state is None or state.status == status.value:
            return
        self._touched[place] = None
        self.counts["ended"] += 1
        self._set_status(state, capture, status, capture.at)

    def write(self, connection: sa.Connection) -> dict[Place, int]:
        """Write all of it; the listings' row ids by place. Captures must be there before."""
        new = [state for state in self.states.values() if state.id is None]
        self._insert(connection, new)
        if self._versions:
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
        self._update(connection)
        if self._statuses:
            rows = [
                {"listing": state.id, "at": at, "status": status, "capture": capture}
                for state, at, status, capture in self._statuses
            ]
            connection.execute(sa.insert(status_changes), rows)
        note_changes(connection, [self._id(place) for place in self._touched])
        return {place: self._id(place) for place in self.states}

    def _insert(self, connection: sa.Connection, new: list[ListingState]) -> None:
        if not new:
            return
        names = ("site", "native_id", "url", "status", "first_seen", "last_seen", "seller")
        rows = [{name: getattr(state, name) for name in names} for state in new]
        ids = connection.scalars(sa.insert(listings).returning(listings.c.id, sort_by_parameter_order=True), rows)
        for state, row_id in zip(new, ids, strict=True):
            state.id = row_id

    def _update(self, connection: sa.Connection) -> None:
        if not self._touched:
            return
        names = ("url", "status", "first_seen", "last_seen", "seller", "version", "assessment")
        statement = (
            sa.update(listings)
            .where(listings.c.id == sa.bindparam("row"))
            .values({name: sa.bindparam(f"new_{name}") for name in names})
        )
        connection.execute(
            statement,
            [
                {"row": self._id(place), **{f"new_{name}": getattr(self.states[place], name) for name in names}}
                for place in self._touched
            ],
        )

    def _id(self, place: Place) -> int:
        row = self.states[place].id
        if row is None:
            raise AssertionError("a listing's row id is asked for before it is written")
        return row

    def _set_status(self, state: ListingState, capture: Capture, status: ListingStatus, at: datetime) -> None:
        if state.status != status.value:
            state.status = status.value
            self._statuses.append((state, at, status.value, capture.id))


def note_changes(connection: sa.Connection, rows: Iterable[int]) -> None:
    """Name listings in the journal, which the index and the alerts follow."""
    entries = [{"listing": row} for row in rows]
    if entries:
        connection.execute(sa.insert(journal), entries)


def store_sellers(connection: sa.Connection, seen: Iterable[tuple[str, SellerRef, datetime]]) -> dict[Place, int]:
    """Bring the accounts shown up to date, what is not shown being left as it was; their row ids by place."""
    shown: dict[Place, list[tuple[SellerRef, datetime]]] = {}
    for site, seller, at in seen:
        shown.setdefault((site, seller.id), []).append((seller, at))
    known = _known_sellers(connection, shown)
    fields = ("name", "url", "joined", "licence", "profile")
    new: list[JsonObject] = []
    changed: list[JsonObject] = []
    for (site, native_id), sightings in shown.items():
        before = known.get((site, native_id))
        row: JsonObject = dict(before) if before else {"site": site, "native_id": native_id, **dict.fromkeys(fields)}
        for seller, at in sightings:
            row |= {name: value for name in fields if (value := getattr(seller, name)) is not None}
            row["first_seen"], row["last_seen"] = min(row.get("first_seen", at), at), max(row.get("last_seen", at), at)
        (changed if before else new).append(row)
    ids = {place: row["id"] for place, row in known.items()}
    if new:
        statement = sa.insert(sellers).returning(sellers.c.id, sort_by_parameter_order=True)
        for row, row_id in zip(new, connection.scalars(statement, new), strict=True):
            ids[row["site"], row["native_id"]] = row_id
    if changed:
        names = (*fields, "first_seen", "last_seen")
        connection.execute(
            sa.update(sellers)
            .where(sellers.c.id == sa.bindparam("row"))
            .values({name: sa.bindparam(f"new_{name}") for name in names}),
            [{"row": row["id"], **{f"new_{name}": row[name] for name in names}} for row in changed],
        )
    return ids


def _known_sellers(connection: sa.Connection, places: Iterable[Place]) -> dict[Place, JsonObject]:
    found: dict[Place, JsonObject] = {}
    for site, ids in _by_site(places).items():
        query = sa.select(sellers).where(sellers.c.site == site, sellers.c.native_id.in_(ids))
        for row in connection.execute(query).mappings():
            found[site, row["native_id"]] = dict(row)
    return found


def _by_site(places: Iterable[Place]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for site, native_id in dict.fromkeys(places):
        grouped.setdefault(site, []).append(native_id)
    return grouped
