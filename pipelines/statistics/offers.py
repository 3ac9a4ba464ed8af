"""The items that are counted: each once, when it was first offered, with what its listings say of it.

Left out are storefronts that look like scams, and classes that carry no risk of their own (toys, tools, accessories…):
the catalogue of signals says which. A listing that nobody has assessed yet is not counted.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
from attrs import frozen

from pipelines.sellers.export import item_lines
from pipelines.store.tables import assessments, columns_of, listings, sellers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from classifiers.catalogue import Catalogue
    from pipelines.models import JsonObject
    from pipelines.statistics.routes import Routes
    from pipelines.store.database import Database

SCAM_QUEUE = "scam_storefront"
UNKNOWN = "unknown"
_BATCH = 500

Route = tuple[str, str]
"""From and to: places, or a word for where nothing closer is said."""

_T = TypeVar("_T")


@frozen(kw_only=True)
class Offer:
    """One item as first offered. `place` is a jurisdiction ("US-TX", "DE"); `routes` are pairs of places."""

    item: str
    item_class: str
    model: str | None
    first_seen: datetime
    site: str
    seller: str | None  # SITE/ID
    place: str
    signals: frozenset[str]
    routes: frozenset[Route]


@frozen
class _Said:
    """What a listing says, as far as statistics count it."""

    seller: str | None
    place: str
    signals: frozenset[str]
    routes: frozenset[Route]
    counted: bool


def read_offers(
    database: Database,
    catalogue: Catalogue,
    routes: Routes,
    *,
    as_of: date | None = None,
    since: datetime | None = None,
) -> Iterator[Offer]:
    """The items first offered at or after `since`, by the state of things on the day `as_of` or now."""
    said = _read_listings(database, catalogue, routes, since)
    for line in item_lines(database, as_of):
        first_seen = datetime.fromisoformat(line["first_seen"])
        if since is not None and first_seen < since:
            continue
        of = [said[place] for one in line["listings"] if (place := (one["site"], one["id"])) in said]
        if any(one.counted for one in of) and not catalogue.leaves(line["class"]):
            yield _offer(line, first_seen, [one for one in of if one.counted])


def _offer(line: JsonObject, first_seen: datetime, said: list[_Said]) -> Offer:
    named = [line[part] for part in ("make", "model") if line[part]]
    return Offer(
        item=line["id"],
        item_class=line["class"],
        model=" ".join(named) if line["model"] else None,
        first_seen=first_seen,
        site=line["listings"][0]["site"],
        seller=said[0].seller,
        place=said[0].place,
        signals=frozenset[str]().union(*(one.signals for one in said)),
        routes=frozenset[Route]().union(*(one.routes for one in said)),
    )


def _read_listings(
    database: Database, catalogue: Catalogue, routes: Routes, since: datetime | None
) -> dict[tuple[str, str], _Said]:
    """What each assessed listing says. Of those that came before `since` no item began later."""
    query = (
        sa.select(
            *columns_of(listings, "site", "native_id"),
            sellers.c.native_id.label("seller"),
            assessments.c.body,
            assessments.c.derivation,
        )
        .join(assessments, assessments.c.id == listings.c.assessment)
        .outerjoin(sellers, sellers.c.id == listings.c.seller)
        .order_by(listings.c.id)
    )
    if since is not None:
        query = query.where(listings.c.first_seen >= since)
    same_signals: dict[frozenset[str], frozenset[str]] = {}
    same_routes: dict[frozenset[Route], frozenset[Route]] = {}
    found = {}
    with database.read() as connection:
        for row in connection.execute(query.execution_options(yield_per=_BATCH)).mappings():
            body, place = row["body"], row["derivation"].get("jurisdiction") or UNKNOWN
            found[row["site"], row["native_id"]] = _Said(
                seller=None if row["seller"] is None else f"{row['site']}/{row['seller']}",
                place=place,
                signals=_once(same_signals, (signal["name"] for signal in body["signals"])),
                routes=_once(same_routes, routes.read(place, body["signals"])),
                counted=body["queue"] != SCAM_QUEUE and not catalogue.leaves(body["class"]),
            )
    return found


def _once(same: dict[frozenset[_T], frozenset[_T]], of: Iterable[_T]) -> frozenset[_T]:
    """One object for equal sets: 200,000 listings share a few hundred."""
    made = frozenset(of)
    return same.setdefault(made, made)
