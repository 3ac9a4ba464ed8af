"""Sites and the runs over them: what each expected, what it found, and what it did not see."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import asdict, field, frozen

from pipelines.models import JsonObject, PageKind, RunStatus
from pipelines.store.clock import note_clock
from pipelines.store.frontier import insert_or_ignore
from pipelines.store.tables import capture_listings, captures, columns_of, frontier, runs, sites

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


_COLUMNS = [column for column in runs.c if column.name != "number"]


class RunKind(StrEnum):
    """How what a run brought came to us."""

    CRAWL = "crawl"  # a visit by the site's file
    TIP = "tip"  # one page, because somebody asked for it
    FEED = "feed"  # the marketplace's own lines
    RECEIVED = "received"  # pages that others collected


@frozen(kw_only=True)
class SiteRecord:
    """What the store knows of a site: where its listings come from and the defaults that its file gives."""

    name: str
    source: str  # how it first came to us: crawl, feed, received or tip
    currency: str | None = None
    country: str | None = None
    timezone: str | None = None


@frozen(kw_only=True)
class Run:
    """One visit to a site, one page taken for it, or one file received for it."""

    id: str
    site: str
    started: datetime
    kind: RunKind = RunKind.CRAWL
    status: RunStatus = RunStatus.RUNNING
    finished: datetime | None = None
    reason: str | None = None
    authority: JsonObject = field(factory=dict)
    site_file_sha256: str | None = None
    expected: JsonObject = field(factory=dict)
    found: JsonObject = field(factory=dict)
    unseen: JsonObject = field(factory=dict)


def record_site(connection: sa.Connection, site: SiteRecord, at: datetime) -> None:
    """Add the site, or bring what is known of it up to date."""
    connection.execute(insert_or_ignore(connection, sites), [{**asdict(site), "added": at}])
    values = {name: value for name, value in asdict(site).items() if name != "name" and value is not None}
    connection.execute(sa.update(sites).where(sites.c.name == site.name).values(values))


def site_records(connection: sa.Connection) -> dict[str, SiteRecord]:
    """Every site by its name."""
    columns = columns_of(sites, "name", "source", "currency", "country", "timezone")
    return {row["name"]: SiteRecord(**row) for row in connection.execute(sa.select(*columns)).mappings()}


def start_run(connection: sa.Connection, run: Run) -> None:
    """Record that `run` has begun, and in the custody log where its clock lies behind what was recorded before."""
    note_clock(connection, run.started, subject=f"run:{run.id}")
    number = sa.select(sa.func.coalesce(sa.func.max(runs.c.number), 0) + 1).scalar_subquery()
    values = {**asdict(run), "status": run.status.value, "kind": run.kind.value}
    connection.execute(sa.insert(runs).values({**values, "number": number}))


def resume_run(connection: sa.Connection, run: str) -> None:
    """Record that an interrupted run goes on."""
    values: JsonObject = {"status": RunStatus.RUNNING.value, "finished": None, "reason": None}
    connection.execute(sa.update(runs).where(runs.c.id == run).values(values))


def finish_run(connection: sa.Connection, run: Run) -> None:
    """Record how `run` ended."""
    values: JsonObject = {"status": run.status.value, "finished": run.finished, "reason": run.reason}
    values |= {"found": run.found, "unseen": run.unseen, "expected": run.expected}
    connection.execute(sa.update(runs).where(runs.c.id == run.id).values(values))


def close_abandoned(connection: sa.Connection, site: str, kind: RunKind, at: datetime) -> None:
    """Record of runs of `site` that still stand as running that they were interrupted: the caller holds the site."""
    connection.execute(
        sa.update(runs)
        .where(runs.c.site == site, runs.c.kind == kind.value, runs.c.status == RunStatus.RUNNING.value)
        .values(status=RunStatus.INTERRUPTED.value, finished=at, reason="its process ended without a word")
    )


def latest_run(
    connection: sa.Connection, site: str, *, kind: RunKind | None = None, status: RunStatus | None = None
) -> Run | None:
    """The last run of `site`: of all, of one kind, or of those that ended in `status`."""
    found = runs_of(connection, site, kind=kind, status=status, most=1)
    return found[0] if found else None


def runs_of(
    connection: sa.Connection,
    site: str | None = None,
    *,
    kind: RunKind | None = None,
    status: RunStatus | None = None,
    most: int = 20,
) -> list[Run]:
    """The last `most` runs, of one site or of all, newest first."""
    query = sa.select(*_COLUMNS).order_by(runs.c.number.desc(), runs.c.id.desc()).limit(most)
    if site is not None:
        query = query.where(runs.c.site == site)
    if kind is not None:
        query = query.where(runs.c.kind == kind.value)
    if status is not None:
        query = query.where(runs.c.status == status.value)
    return [_run(row) for row in connection.execute(query).mappings()]


def pages_of(run: str) -> sa.ColumnElement[bool]:
    """What captures are pages that a run saw: all of its captures but those of robots.txt."""
    return sa.and_(captures.c.run == run, captures.c.kind != PageKind.ROBOTS.value)


def count_pages(connection: sa.Connection, run: str) -> int:
    """How many pages a run saw."""
    return connection.scalar(sa.select(sa.func.count()).where(pages_of(run))) or 0


def listings_seen(run: str, *, offered: bool = False) -> sa.CompoundSelect[tuple[int]]:
    """The rows of the listings that a run saw: on their own pages, on lists that tell of them, or left alone on one.

    `offered`: without those whose page only said that they had ended.
    """
    own = sa.select(captures.c.listing).where(captures.c.run == run, captures.c.listing.is_not(None))
    return sa.union(
        own.where(captures.c.kind == PageKind.DETAIL.value) if offered else own,
        sa.select(capture_listings.c.listing)
        .join(captures, captures.c.id == capture_listings.c.capture)
        .where(captures.c.run == run),
        sa.select(frontier.c.listing).where(frontier.c.run == run, frontier.c.listing.is_not(None)),
    )


def run_to_json(run: Run) -> JsonObject:
    """The run as `status` and packets show it."""
    body = asdict(run)
    return {
        **body,
        "kind": run.kind.value,
        "status": run.status.value,
        "started": run.started.isoformat(),
        "finished": None if run.finished is None else run.finished.isoformat(),
    }


def runs_named(connection: sa.Connection, ids: Sequence[str]) -> list[Run]:
    """The runs with these ids, oldest first."""
    query = sa.select(*_COLUMNS).where(runs.c.id.in_(ids)).order_by(runs.c.number, runs.c.started)
    return [_run(row) for row in connection.execute(query).mappings()]


def _run(row: sa.RowMapping) -> Run:
    return Run(**{**row, "kind": RunKind(row["kind"]), "status": RunStatus(row["status"])})
