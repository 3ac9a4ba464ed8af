"""One case as its page shows it: what is in it, what happened in which order, and what a packet of it would hold."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from dashboards.failures import NothingThere
from dashboards.levels import read_lines
from dashboards.wording import DECISIONS, printable
from pipelines.cases.records import read_case
from pipelines.errors import BadInput
from pipelines.store.tables import capture_listings, captures, decisions, listings, status_changes, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipelines.cases.models import Case
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WORDS = {
    "create": "opened the case",
    "add": "added to the case",
    "remove": "took out of the case",
    "note": "wrote a note",
    "task": "planned a task",
    "done": "finished a task",
    "agree": "agreed to refer it",
    "refer": "it was referred",
    "close": "closed the case",
    "reopen": "opened it again",
}


@frozen(kw_only=True)
class Event:
    """One thing that happened: when, to what (SITE/ID, or the case), who did it where a person did, and what."""

    at: datetime
    subject: str
    actor: str
    what: str


@frozen(kw_only=True)
class Estimate:
    """What a packet holds: captures, those with a picture, feed lines, and about how many bytes in all."""

    captures: int
    pictures: int
    feed_lines: int
    size: int


@frozen(kw_only=True)
class CaseView:
    """A case with the present lines of its listings, its time line (oldest first), and what a packet would hold."""

    case: Case
    lines: tuple[JsonObject, ...]
    events: tuple[Event, ...]
    estimate: Estimate


def view_case(database: Database, reference: str) -> CaseView:
    """The case called `reference`. NothingThere where there is none."""
    with database.read() as connection:
        try:
            case = read_case(connection, reference)
        except BadInput as error:
            raise NothingThere(error.message, hint="The list of cases has every reference.") from error
        rows = [member.row for member in case.listings]
        lines = read_lines(connection, rows)
        events = [*_case_events(case), *_listing_events(connection, rows)]
        estimate = _estimate(connection, rows)
    return CaseView(
        case=case,
        lines=tuple(lines),
        events=tuple(sorted(events, key=lambda event: (event.at, event.subject, event.what))),
        estimate=estimate,
    )


def write_timeline(events: Sequence[Event]) -> str:
    """The time line as CSV; a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("at", "subject", "actor", "what"))
    for event in events:
        cells = (event.at.isoformat(), event.subject, event.actor, event.what)
        writer.writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return out.getvalue()


def _case_events(case: Case) -> Iterator[Event]:
    for one in case.history:
        named = [str(name) for kind in ("listings", "sellers") for name in one.detail.get(kind, ())]
        words = printable(_WORDS.get(one.action, one.action))
        extra = f": {', '.join(named)}" if named else ""
        yield Event(at=one.at, subject=case.reference, actor=one.actor, what=f"{words}{printable(extra)}")


def _listing_events(connection: sa.Connection, rows: Sequence[int]) -> Iterator[Event]:
    named = {
        row.id: f"{row.site}/{row.native_id}"
        for row in connection.execute(sa.select(listings).where(listings.c.id.in_(rows)))
    }
    for row in connection.execute(sa.select(listings).where(listings.c.id.in_(rows))):
        yield Event(at=row.first_seen, subject=named[row.id], actor="", what="first seen")
        yield Event(at=row.last_seen, subject=named[row.id], actor="", what=f"last seen, {row.status}")
    seen = sa.select(versions.c.listing, versions.c.number, versions.c.seen_at)
    for row in connection.execute(seen.where(versions.c.listing.in_(rows), versions.c.number > 1)):
        yield Event(at=row.seen_at, subject=named[row.listing], actor="", what=f"changed: version {row.number}")
    first = sa.select(listings.c.first_seen).where(listings.c.id == status_changes.c.listing).scalar_subquery()
    changes = sa.select(status_changes).where(status_changes.c.listing.in_(rows), status_changes.c.at > first)
    for row in connection.execute(changes):
        yield Event(at=row.at, subject=named[row.listing], actor="", what=f"status: {row.status}")
    for row in connection.execute(sa.select(decisions).where(decisions.c.listing.in_(rows))):
        what = f"decided: {DECISIONS[row.decision]}"
        yield Event(at=row.at, subject=named[row.listing], actor=row.actor, what=what)


def _estimate(connection: sa.Connection, rows: Sequence[int]) -> Estimate:
    of_lists = sa.select(capture_listings.c.capture).where(capture_listings.c.listing.in_(rows))
    query = sa.select(captures.c.method, captures.c.length, captures.c.screenshot, captures.c.resources)
    found = connection.execute(query.where(sa.or_(captures.c.listing.in_(rows), captures.c.id.in_(of_lists)))).all()
    size = sum(row.length for row in found)
    for row in found:
        size += sum(
            int(one["length"]) for one in [*([row.screenshot] if row.screenshot else []), *(row.resources or ())]
        )
    return Estimate(
        captures=len(found),
        pictures=sum(row.screenshot is not None for row in found),
        feed_lines=sum(row.method == "feed" for row in found),
        size=size,
    )
