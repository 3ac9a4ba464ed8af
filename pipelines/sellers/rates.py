"""How much a seller offers for each day on which its site was observed, drawn towards what is usual there.

A seller of two ads in one week has no rate worth a place in a list. The rate shown is the mean of a gamma-Poisson
model: the site's own mean counts as much as the spread of its sellers says, and the more days a seller was observed,
the more its own counts. The share of new firearms is drawn towards the site's in the same way (beta-binomial).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from statistics import median
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import asdict, frozen

from pipelines.store.tables import listings, runs, seller_assessments, sellers, sites
from pipelines.store.tables.linking import offer_features, site_norms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from pipelines.models import JsonObject
    from pipelines.sellers.items import Item

REACH = 7
"""Days back that a visit observes: a listing stays up for a week and more, so what came in between is still there."""
_MONTH, _YEAR = 30.0, 365
_SAMPLE = 500  # listings
_WEIGHT = 90.0  # days that the site's mean counts for where its sellers do not differ enough to say
_LEAST, _MOST = 30.0, 720.0
_NEW_WEIGHT = 4.0  # firearms that the site's share of new ones, or of silent ones, counts for
_LEAST_SILENT, _LEAST_SELLERS = 10, 100


@frozen
class Observed:
    """The days on which a site was looked at. A marketplace's own feed misses none: `every` is True."""

    every: bool
    days: Sequence[int] = ()  # ordinals, in their order

    def count(self, first: date, last: date) -> int:
        """How many days from `first` to `last` were observed."""
        if last < first:
            return 0
        if self.every:
            return (last - first).days + 1
        return bisect_right(self.days, last.toordinal()) - bisect_left(self.days, first.toordinal())

    def has(self, day: date) -> bool:
        """Whether what came in on `day` would have been seen."""
        return self.count(day, day) > 0


@frozen(kw_only=True)
class Norms:
    """What is usual on a site: the prior of its sellers' rates (firearms a day), and the share of new firearms."""

    shape: float  # firearms
    days: float
    new_ratio: float
    silent_ratio: float = 0.9  # of firearms offered without a word of a check
    silent_high: float | None = None  # its 99th percentile over sellers; None where fewer than a hundred tell it


@frozen(kw_only=True)
class Counted:
    """What a seller's rate is made of."""

    firearms: int  # first offered on a day that was observed
    observed_days: int
    new: int
    total: int
    silent: int = 0


def read_observed(connection: sa.Connection) -> dict[str, Observed]:
    """The observed days of every site.

    A first visit finds what still stands of a long time before: it observes as many days as the listings it found were
    old (their median, a year at most).
    """
    every = {row.name: row.source == "feed" for row in connection.execute(sa.select(sites.c.name, sites.c.source))}
    days: dict[str, set[int]] = {name: set() for name in every}
    query = sa.select(runs.c.site, runs.c.started, runs.c.finished).where(runs.c.kind.in_(("crawl", "received")))
    for row in connection.execute(query.order_by(runs.c.started)):
        back = REACH if days[row.site] or every[row.site] else max(REACH, _age_at_first_sight(connection, row.site))
        end = (row.finished or row.started).toordinal()
        days[row.site].update(range(row.started.toordinal() - back + 1, end + 1))
    return {name: Observed(every=all_of_it, days=sorted(days[name])) for name, all_of_it in every.items()}


def _age_at_first_sight(connection: sa.Connection, site: str) -> int:
    """The median age in days of the first listings that were seen on a site."""
    query = (
        sa.select(listings.c.first_seen, offer_features.c.offered)
        .join(offer_features, offer_features.c.listing == listings.c.id)
        .where(listings.c.site == site)
        .order_by(listings.c.id)
        .limit(_SAMPLE)
    )
    ages = [(row.first_seen - row.offered).days for row in connection.execute(query)]
    return min(_YEAR, round(median(ages))) if ages else 0


def count_seller(
    firearms: Sequence[Item], new: int, silent: int, first: datetime | None, today: datetime, observed: Observed
) -> Counted:
    """What is counted of a seller from its first firearm (or its first sight) to `today`."""
    begins = min((item.offered for item in firearms), default=first)
    return Counted(
        firearms=sum(1 for item in firearms if observed.has(item.offered.date())),
        observed_days=0 if begins is None else observed.count(begins.date(), today.date()),
        new=new,
        total=len(firearms),
        silent=silent,
    )


def rate(counted: Counted, norms: Norms) -> JsonObject:
    """Firearms in 30 observed days with the bounds of 95 % (normal in the square root), and the drawn share of new."""
    shape, days = norms.shape + counted.firearms, norms.days + counted.observed_days
    root = math.sqrt(shape / days)
    spread = 1.96 / (2 * math.sqrt(days))
    new = drawn(counted.new, counted.total, norms.new_ratio)
    return {
        "firearms_in_30_days": round(_MONTH * shape / days, 3),
        "low": round(_MONTH * max(0.0, root - spread) ** 2, 3),
        "high": round(_MONTH * (root + spread) ** 2, 3),
        "site_mean": round(_MONTH * norms.shape / norms.days, 3),
        "observed_days": counted.observed_days,
        "new_in_box_ratio": round(new, 4),
    }


def drawn(number: int, total: int, ratio: float) -> float:
    """A share drawn towards the site's own: of few firearms nothing is known, of many what they show."""
    return (number + _NEW_WEIGHT * ratio) / (total + _NEW_WEIGHT)


def read_norms(connection: sa.Connection) -> dict[str, Norms]:
    """The norms of every site, as last worked out."""
    return {row.site: Norms(**row.body) for row in connection.execute(sa.select(site_norms))}


def renew_norms(connection: sa.Connection, at: datetime) -> None:
    """Work the norms of every site out from its sellers as they were last assessed."""
    found = measure_norms(connection)
    connection.execute(sa.delete(site_norms))
    if found:
        rows = [{"site": site, "at": at, "body": asdict(norms)} for site, norms in sorted(found.items())]
        connection.execute(sa.insert(site_norms), rows)


def measure_norms(connection: sa.Connection) -> dict[str, Norms]:
    """By moments: the mean rate, and how many days it counts for, from how far sellers lie from it beyond chance."""
    one = seller_assessments.c
    query = (
        sa.select(
            sellers.c.site,
            sa.func.count().label("sellers"),
            sa.func.sum(one.firearms).label("firearms"),
            sa.func.sum(one.observed_days).label("days"),
            sa.func.sum(1.0 * one.firearms * one.firearms / one.observed_days).label("squares"),
            sa.func.sum(one.fresh).label("new"),
            sa.func.sum(one.total).label("total"),
            sa.func.sum(one.silent).label("silent"),
            sa.func.sum(sa.case((one.total >= _LEAST_SILENT, 1), else_=0)).label("large"),
        )
        .join(sellers, sellers.c.id == one.seller)
        .where(one.observed_days > 0)
        .group_by(sellers.c.site)
    )
    return {row["site"]: _norms(connection, dict(row)) for row in connection.execute(query).mappings().all()}


def _silent_high(connection: sa.Connection, site: str, large: int, ratio: float) -> float | None:
    """The share of silent firearms that 99 of 100 sellers of ten and more have at most there (nearest rank)."""
    if large < _LEAST_SELLERS:
        return None
    one, share = seller_assessments.c, _silent_share(ratio)
    query = sa.select(share).join(sellers, sellers.c.id == one.seller)
    query = query.where(sellers.c.site == site, one.total >= _LEAST_SILENT, one.observed_days > 0)
    over = large - math.ceil(0.99 * large)
    return connection.scalar(query.order_by(share.desc()).offset(over).limit(1))


def silent_sellers(connection: sa.Connection, site: str, norms: Norms) -> list[int]:
    """The row ids of a site's sellers of ten firearms and more that lie over its percentile."""
    if norms.silent_high is None:
        return []
    share = _silent_share(norms.silent_ratio)
    query = sa.select(sellers.c.id).join(seller_assessments, seller_assessments.c.seller == sellers.c.id)
    chosen = (sellers.c.site == site, seller_assessments.c.total >= _LEAST_SILENT, share > norms.silent_high)
    return list(connection.scalars(query.where(*chosen)))


def _silent_share(ratio: float) -> sa.ColumnElement[float]:
    one = seller_assessments.c
    return sa.cast((one.silent + _NEW_WEIGHT * ratio) / (one.total + _NEW_WEIGHT), sa.Float)


def _norms(connection: sa.Connection, row: JsonObject) -> Norms:
    days, firearms = float(row["days"]), float(row["firearms"])
    mean = max(firearms / days, 1e-6)
    # Σ n²/d − (Σn)²/Σd is what chance alone would make (k−1)·mean, and the spread of sellers more.
    spread = float(row["squares"]) - firearms * firearms / days
    beyond = (spread - (row["sellers"] - 1) * mean) / days
    weight = mean / beyond if beyond > 0 else _WEIGHT
    weight = min(max(weight, _LEAST), _MOST)
    total = float(row["total"] or 0)
    silent = round((float(row["silent"] or 0) + 9) / (total + 10), 6)
    return Norms(
        shape=round(mean * weight, 9),
        days=round(weight, 6),
        new_ratio=round((row["new"] + 1) / (total + 4), 6),
        silent_ratio=silent,
        silent_high=_silent_high(connection, row["site"], int(row["large"] or 0), silent),
    )


USUAL = Norms(shape=0.5, days=_WEIGHT, new_ratio=0.25)
"""Where nothing is known of a site yet."""
