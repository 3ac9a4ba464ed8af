"""Intake: what was captured enters the store in one durable transaction.

The vault is written and synced before; here captures, sellers, listings, new versions, the pages still to visit,
the acknowledgement of those visited, the journal and the custody log land together or not at all. Scoring never
happens here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import evolve, frozen

from pipelines.content import storable_content, storable_seller
from pipelines.history import Histories, store_sellers
from pipelines.models import CaptureMethod
from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.fetches import note_fetches
from pipelines.store.frontier import acknowledge, enqueue, insert_or_ignore
from pipelines.store.tables import capture_listings, captures, vault_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.models import Capture, JsonObject, ListingContent, ListingStatus, SellerRef, StoredBytes
    from pipelines.store.database import Database
    from pipelines.store.fetches import Fetch
    from pipelines.store.frontier import FrontierEntry, Outcome


@frozen(kw_only=True)
class Arrival:
    """One capture and what was read from it.

    `seen` is when the listing stood so: the time of the capture, or the feed's own date.
    """

    capture: Capture
    listing: ListingContent | None = None  # of a page of its own
    listings: tuple[ListingContent, ...] = ()  # those that a list shows, whose own pages are not visited
    seen: datetime | None = None
    seller: SellerRef | None = None  # of a profile page
    ended: tuple[str, ListingStatus] | None = None  # a known listing's id, and that it is gone or removed
    children: tuple[FrontierEntry, ...] = ()
    outcome: Outcome | None = None  # the frontier entry that this answers
    trace: str | None = None  # the traceparent of the visit, where traces are kept

    @property
    def shown(self) -> tuple[ListingContent, ...]:
        """Every listing that the capture shows."""
        return self.listings if self.listing is None else (self.listing, *self.listings)

    @property
    def about(self) -> tuple[str, ...]:
        """The site's own ids of the listings that the capture says something of, each once."""
        ended = () if self.ended is None else (self.ended[0],)
        return tuple(dict.fromkeys([*(one.id for one in self.shown), *ended]))


@frozen(kw_only=True)
class IntakeReport:
    """How many listings a batch brought, changed, saw unchanged, and saw ended."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0

    def __add__(self, other: IntakeReport) -> IntakeReport:
        return IntakeReport(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            unchanged=self.unchanged + other.unchanged,
            ended=self.ended + other.ended,
        )


@frozen
class Intake:
    """The one way in. `actor` is named in the custody log: who collects, on whose authority."""

    database: Database
    actor: str

    def take(
        self,
        arrivals: Sequence[Arrival],
        *,
        committed: Mapping[str, int],
        outcomes: Sequence[Outcome] = (),
        fetches: Sequence[Fetch] = (),
    ) -> IntakeReport:
        """Store `arrivals`, and answer for `committed` bytes of each vault file from now on.

        `outcomes` acknowledges frontier entries that led to no capture, `fetches` are counted. Raises `DiskTrouble`
        or `PartMissing` when the store cannot be written; then nothing was.
        """
        if not arrivals and not outcomes:
            return IntakeReport()
        arrivals = [_storable(arrival) for arrival in arrivals]
        with self.database.write() as connection:
            seller_rows = store_sellers(connection, _sellers_shown(arrivals))
            _insert_captures(connection, arrivals)
            seen = [(one.capture.site, listing.id) for one in arrivals for listing in one.shown]
            ended = [(one.capture.site, one.ended[0]) for one in arrivals if one.ended is not None]
            histories = Histories.load(connection, seen, ended)
            for arrival in arrivals:
                _tell(histories, arrival, seller_rows)
            rows = histories.write(connection)
            _link_captures(connection, arrivals, rows)
            _answer_for(connection, arrivals, committed)
            enqueue(connection, [child for arrival in arrivals for child in arrival.children])
            acknowledge(connection, [*(one.outcome for one in arrivals if one.outcome is not None), *outcomes])
            note_fetches(connection, fetches)
            append_custody(
                connection, [event for arrival in arrivals for event in _custody_events(self.actor, arrival)]
            )
        return IntakeReport(**histories.counts)


def _storable(arrival: Arrival) -> Arrival:
    return evolve(
        arrival,
        listing=None if arrival.listing is None else storable_content(arrival.listing),
        listings=tuple(storable_content(one) for one in arrival.listings),
        seller=None if arrival.seller is None else storable_seller(arrival.seller),
    )


def _sellers_shown(arrivals: Sequence[Arrival]) -> list[tuple[str, SellerRef, datetime]]:
    shown = []
    for arrival in arrivals:
        at = arrival.seen or arrival.capture.at
        shown += [(arrival.capture.site, one.seller, at) for one in arrival.shown if one.seller is not None]
        if arrival.seller is not None:
            shown.append((arrival.capture.site, arrival.seller, at))
    return shown


def _tell(histories: Histories, arrival: Arrival, seller_rows: Mapping[tuple[str, str], int]) -> None:
    capture = arrival.capture
    if arrival.trace is not None:
        shown = ((capture.site, native_id) for native_id in arrival.about)
        histories.traces.update((place, arrival.trace) for place in shown)
    for listing in arrival.shown:
        seller = None if listing.seller is None else seller_rows[capture.site, listing.seller.id]
        histories.see(capture, listing, seen=arrival.seen or capture.at, seller=seller)
    if arrival.ended is not None:
        histories.end(capture, *arrival.ended)


def _insert_captures(connection: sa.Connection, arrivals: Sequence[Arrival]) -> None:
    if arrivals:
        connection.execute(sa.insert(captures), [_capture_row(arrival.capture) for arrival in arrivals])


def _capture_row(capture: Capture) -> JsonObject:
    return {
        "id": capture.id,
        "site": capture.site,
        "run": capture.run,
        "url": capture.url,
        "method": capture.method.value,
        "at": capture.at,
        "http_status": capture.http_status,
        "content_type": capture.content_type,
        "kind": capture.kind.value,
        "file": capture.stored.file,
        "offset": capture.stored.offset,
        "length": capture.stored.length,
        "payload_sha256": capture.stored.payload_sha256,
        "screenshot": None if capture.screenshot is None else stored_to_json(capture.screenshot),
        "resources": [stored_to_json(one) for one in capture.resources] or None,
        "revisit_of": capture.revisit_of,
    }


def stored_to_json(stored: StoredBytes) -> JsonObject:
    """Where bytes lie, as JSON."""
    return {
        "file": stored.file,
        "offset": stored.offset,
        "length": stored.length,
        "payload_sha256": stored.payload_sha256,
    }


def _link_captures(connection: sa.Connection, arrivals: Sequence[Arrival], rows: Mapping[tuple[str, str], int]) -> None:
    own, several = [], []
    for arrival in arrivals:
        capture = arrival.capture
        native_id = arrival.listing.id if arrival.listing else arrival.ended[0] if arrival.ended else None
        row = None if native_id is None else rows.get((capture.site, native_id))
        if row is not None:
            own.append({"capture": capture.id, "row": row})
        ids = dict.fromkeys(rows[capture.site, one.id] for one in arrival.listings)
        several += [{"capture": capture.id, "listing": one} for one in ids]
    if several:
        connection.execute(sa.insert(capture_listings), several)
    if own:
        connection.execute(
            sa.update(captures).where(captures.c.id == sa.bindparam("capture")).values(listing=sa.bindparam("row")),
            own,
        )


def _answer_for(connection: sa.Connection, arrivals: Sequence[Arrival], committed: Mapping[str, int]) -> None:
    if not arrivals:
        return
    run = arrivals[0].capture.run
    connection.execute(
        insert_or_ignore(connection, vault_files), [{"file": file, "run": run, "committed": 0} for file in committed]
    )
    connection.execute(
        sa.update(vault_files)
        .where(vault_files.c.file == sa.bindparam("name"))
        .values(committed=sa.bindparam("length")),
        [{"name": file, "length": length} for file, length in committed.items()],
    )


def _custody_events(actor: str, arrival: Arrival) -> list[CustodyEvent]:
    """One for each listing that the capture says something of, or one of the run where it says nothing of any."""
    capture = arrival.capture
    subjects = [f"{capture.site}/{one}" for one in arrival.about] or [f"run:{capture.run}"]
    return [
        CustodyEvent(
            at=capture.at,
            actor=actor,
            action="receive" if capture.method is CaptureMethod.FEED else "capture",
            subject=subject,
            detail={
                "capture": capture.id,
                "url": capture.url,
                "file": capture.stored.file,
                "offset": capture.stored.offset,
                "payload_sha256": capture.stored.payload_sha256,
            },
        )
        for subject in subjects
    ]
