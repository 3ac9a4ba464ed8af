"""What the first page and the sites page show: runs, what was expected and found, what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.models import RunStatus
from pipelines.store.runs import runs_of, site_records
from pipelines.store.tables import listings, set_aside

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.store.database import Database
    from pipelines.store.runs import Run, SiteRecord

TROUBLE = (RunStatus.DEGRADED, RunStatus.PAUSED, RunStatus.FAILED, RunStatus.INTERRUPTED)
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


def read_sites(connection: sa.Connection) -> tuple[SiteView, ...]:
    """Every site, those in trouble first."""
    counting = sa.select(listings.c.site, sa.func.count()).group_by(listings.c.site)
    counts = {row[0]: row[1] for row in connection.execute(counting)}
    found = [
        SiteView(
            record=record,
            listings=counts.get(name, 0),
            runs=tuple(runs_of(connection, name, most=_RUNS_PER_SITE)),
        )
        for name, record in site_records(connection).items()
    ]
    return tuple(sorted(found, key=lambda site: (not site.in_trouble, site.record.name)))


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


def read_overview(database: Database) -> Overview:
    """The workspace as it stands."""
    with database.read() as connection:
        last_seen = connection.scalar(sa.select(sa.func.max(listings.c.last_seen)))
        count, unassessed = connection.execute(
            sa.select(sa.func.count(), sa.func.count() - sa.func.count(listings.c.assessment)).select_from(listings)
        ).one()
        return Overview(
            sites=read_sites(connection),
            listings=count,
            unassessed=unassessed,
            aside=connection.scalar(sa.select(sa.func.count()).select_from(set_aside)) or 0,
            last_seen=last_seen,
        )
