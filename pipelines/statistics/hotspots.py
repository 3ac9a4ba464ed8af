"""Hot spots without a lead: sellers, places, routes, models and signals of which more is offered than was usual."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from attrs import frozen

from pipelines.statistics.growth import Growth, measure_growth, stand_out
from pipelines.statistics.observation import observe, observed_to_json, spans_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import date

    from pipelines.models import JsonObject
    from pipelines.sellers.rates import Observed
    from pipelines.statistics.observation import SiteDays
    from pipelines.statistics.offers import Offer

FALSE_RATE = 0.05
"""Of what stands out, the share that chance alone may have made."""
LEAST = 3
"""Items in the week below which nothing is told."""
MOST = 20
"""Rows of each kind that are told."""

KINDS: dict[str, Callable[[Offer], Iterable[str]]] = {
    "sellers": lambda offer: [offer.seller] if offer.seller else [],
    "places": lambda offer: [offer.place],
    "routes": lambda offer: [f"{here} → {there}" for here, there in sorted(offer.routes)],
    "models": lambda offer: [offer.model] if offer.model else [],
    "signals": lambda offer: sorted(offer.signals),
}
"""What is looked at, and the names that an offer has in it."""


@frozen(kw_only=True)
class Row:
    """One name of a kind: its growth, whether it stands out, and the week's items."""

    name: str
    growth: Growth
    hot: bool
    items: tuple[str, ...]
    sites: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """As docs/schema/statistics.json has it."""
        return {
            "name": self.name,
            "count": self.growth.count,
            "expected": round(self.growth.expected, 3),
            "times": round(self.growth.count / self.growth.expected, 2),
            "probability": float(f"{self.growth.probability:.3g}"),
            "hot": self.hot,
            "sites": list(self.sites),
            "items": list(self.items),
        }


@frozen(kw_only=True)
class _Name:
    """What one name of a kind counts: by site before the week, and the items of the week."""

    before: Counter[str]
    now: list[Offer]


def begin_of_baseline(last: date) -> datetime:
    """From when offers are needed for the week that ends on `last`."""
    return datetime.combine(spans_until(last)[1].first, time.min, UTC)


def find_hot_spots(
    offers: Iterable[Offer], observed: Mapping[str, Observed], began: Mapping[str, date], last: date
) -> JsonObject:
    """What grows in the week that ends on `last`, by kind, the least likely first (docs/schema/statistics.json).

    `began` has the day of each site's first listing. A site that was observed too little, or jumped as a whole, is
    left out, and said to be.
    """
    week, baseline = spans_until(last)
    near = [offer for offer in offers if baseline.first <= offer.first_seen.date() <= last]
    sites = observe(observed, began, ((offer.site, offer.first_seen.date()) for offer in near), last)
    kinds: dict[str, dict[str, _Name]] = {kind: defaultdict(lambda: _Name(before=Counter(), now=[])) for kind in KINDS}
    for offer in near:
        known = sites.get(offer.site)
        if known is None or not known.compared:
            continue
        for kind, names_of in KINDS.items():
            for name in names_of(offer):
                if week.has(offer.first_seen.date()):
                    kinds[kind][name].now.append(offer)
                else:
                    kinds[kind][name].before[offer.site] += 1
    return {
        "as_of": last.isoformat(),
        "week": {"from": week.first.isoformat(), "to": week.last.isoformat()},
        "baseline": {"from": baseline.first.isoformat(), "to": baseline.last.isoformat()},
        "observed": observed_to_json(sites),
        "items": sum(one.week_items for one in sites.values() if one.compared),
        **{kind: [row.to_json() for row in _rank(names, sites)] for kind, names in kinds.items()},
    }


def _rank(names: Mapping[str, _Name], sites: Mapping[str, SiteDays]) -> list[Row]:
    """The names that grew, the least likely first."""
    if not names:
        return []
    usual_weeks = _mean([one.weeks for one in sites.values() if one.compared])
    # Those never seen before the week are no part of what was usual, but for the half that keeps it above nothing.
    usual = (sum(sum(one.before.values()) for one in names.values()) + 0.5) / (len(names) * usual_weeks)
    grown = {}
    for name, one in names.items():
        before = sum(one.before.values())
        weeks = _weeks(one, sites) or usual_weeks
        grown[name] = measure_growth(len(one.now), before, weeks, usual)
    bound = stand_out([one.probability for one in grown.values()], len(grown), FALSE_RATE)
    rows = [
        Row(
            name=name,
            growth=growth,
            hot=growth.probability <= bound,
            items=tuple(sorted(offer.item for offer in names[name].now)),
            sites=tuple(sorted({offer.site for offer in names[name].now})),
        )
        for name, growth in grown.items()
        if growth.count >= LEAST and growth.count > growth.expected
    ]
    return sorted(rows, key=lambda row: (not row.hot, row.growth.probability, row.name))[:MOST]


def _weeks(one: _Name, sites: Mapping[str, SiteDays]) -> float:
    """The weeks before, over the sites on which the name was offered, by how much of it each had."""
    where = one.before + Counter(offer.site for offer in one.now)
    total = sum(where.values())
    return sum(sites[site].weeks * count for site, count in where.items()) / total if total else 0.0


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 1.0
