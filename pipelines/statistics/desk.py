"""Where the statistics of a workspace are made: what is read, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from classifiers.catalogue import load_catalogue
from pipelines.places import Places
from pipelines.sellers.rates import read_observed
from pipelines.statistics.hotspots import begin_of_baseline, find_hot_spots
from pipelines.statistics.offers import read_offers
from pipelines.statistics.routes import Routes
from pipelines.statistics.table import open_rows, write_csv
from pipelines.store.tables import listings

if TYPE_CHECKING:
    from datetime import date, datetime

    from pipelines.models import JsonObject
    from pipelines.store.database import Database


def last_day(database: Database) -> date | None:
    """The last day on which anything was seen; None in an empty workspace."""
    with database.read() as connection:
        found: datetime | None = connection.scalar(sa.select(sa.func.max(listings.c.last_seen)))
    return None if found is None else found.date()


def hot_spots(database: Database, last: date, *, as_of: date | None = None) -> JsonObject:
    """What grows in the week that ends on `last` (docs/schema/statistics.json), by the items as known on `as_of`."""
    with database.read() as connection:
        observed, began = read_observed(connection), _beginnings(connection)
    offers = read_offers(
        database, load_catalogue(), Routes.of(Places.shipped()), as_of=as_of, since=begin_of_baseline(last)
    )
    return find_hot_spots(offers, observed, began, last)


def open_statistics(database: Database, last: date, *, as_of: date | None = None) -> str:
    """The open table as CSV (docs/statistics.md), of the months that have ended on `last`."""
    with database.read() as connection:
        observed = read_observed(connection)
    offers = read_offers(database, load_catalogue(), Routes.of(Places.shipped()), as_of=as_of)
    return write_csv(open_rows(offers, observed, last))


def _beginnings(connection: sa.Connection) -> dict[str, date]:
    """The day of each site's first listing."""
    query = sa.select(listings.c.site, sa.func.min(listings.c.first_seen)).group_by(listings.c.site)
    return {site: first.date() for site, first in connection.execute(query)}
