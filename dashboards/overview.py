"""What the first page and the sites page show: runs, what was expected and found, what is new."""

from __future__ import annotations

from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, field, frozen

from pipelines.journal import last_change
from pipelines.models import RunStatus
from pipelines.store.runs import runs_of, site_records
from pipelines.store.tables import listings, set_aside

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from pipelines.store.database import Database
    from pipelines.store.runs import Run, SiteRecord

TROUBLE = (RunStatus.DEGRADED, RunStatus.PAUSED, RunStatus.FAILED, RunStatus.INTERRUPTED)
FRESH = timedelta(seconds=30)
_RUNS_PER_SITE = 8


@frozen(kw_only=True)
class SiteView:
    """One site and its last runs, newest first."""

    record: SiteRecord
    listings: int
    runs: tuple[Run, ...]

    @property
    def last(self) -> Run | None:
        """The last run."""
        return self.runs[0] if self.runs else None

    @property
    def last_good(self) -> Run | None:
        """The last run that found what it expected."""
        return next((run for run in self.runs if run.status is RunStatus.DONE), None)

    @property
    def in_trouble(self) -> bool:
        """Whether a person should look at the last run."""
        return self.last is not None and self.last.status in TROUBLE


@frozen(kw_only=True)
class Overview:
    """The state of the workspace."""

    sites: tuple[SiteView, ...]
    listings: int
    unassessed: int
    aside: int
    last_seen: datetime | None

    @property
    def trouble(self) -> list[SiteView]:
        """The sites that need a person."""
        return [site for site in self.sites if site.in_trouble]


def read_site_view(connection: sa.Connection, name: str, *, most: int = 30) -> SiteView | None:
    """One site with its last `most` runs; None where the store does not know it."""
    record = site_records(connection).get(name)
    if record is None:
        return None
    counting = sa.select(sa.func.count()).select_from(listings).where(listings.c.site == name)
    return SiteView(
        record=record,
        listings=connection.scalar(counting) or 0,
        runs=tuple(runs_of(connection, name, most=most)),
    )


@frozen(kw_only=True)
class _Counts:
    listings: int
    unassessed: int
    by_site: dict[str, int]
    last_seen: datetime | None


@define(kw_only=True)
class Overviews:
    """Reads the state of the workspace.

    Every listing is counted only when the journal has moved, or after `FRESH`: seen again unchanged, it moves none.
    """

    database: Database
    now: Callable[[], datetime]
    _counts: _Counts | None = None
    _sequence: int = -1
    _counted: datetime | None = None
    _lock: Lock = field(factory=Lock)

    def read(self) -> Overview:
        """The workspace as it stands."""
        with self.database.read() as connection:
            counts = self._count(connection)
            return Overview(
                sites=_read_sites(connection, counts.by_site),
                listings=counts.listings,
                unassessed=counts.unassessed,
                aside=connection.scalar(sa.select(sa.func.count()).select_from(set_aside)) or 0,
                last_seen=counts.last_seen,
            )

    def _count(self, connection: sa.Connection) -> _Counts:
        with self._lock:
            newest, now = last_change(connection), self.now()
            old = self._counted is None or not timedelta() <= now - self._counted < FRESH
            if self._counts is None or old or newest != self._sequence:
                self._counts, self._sequence, self._counted = _read_counts(connection), newest, now
            return self._counts


def _read_counts(connection: sa.Connection) -> _Counts:
    count, assessed = sa.func.count(), sa.func.count(listings.c.assessment)
    query = sa.select(listings.c.site, count, count - assessed, sa.func.max(listings.c.last_seen))
    rows = connection.execute(query.group_by(listings.c.site)).all()
    return _Counts(
        listings=sum(row[1] for row in rows),
        unassessed=sum(row[2] for row in rows),
        by_site={row[0]: row[1] for row in rows},
        last_seen=max((row[3] for row in rows), default=None),
    )


def _read_sites(connection: sa.Connection, counts: Mapping[str, int]) -> tuple[SiteView, ...]:
    """Every site, those in trouble first."""
    found = [
        SiteView(
            record=record,
            listings=counts.get(name, 0),
            runs=tuple(runs_of(connection, name, most=_RUNS_PER_SITE)),
        )
        for name, record in site_records(connection).items()
    ]
    return tuple(sorted(found, key=lambda site: (not site.in_trouble, site.record.name)))
