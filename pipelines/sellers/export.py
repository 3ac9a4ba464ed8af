"""`export items` and `export sellers`: as they stand, or as on an earlier day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.actors.members import members_of, read_members
from pipelines.sellers.assessment import item_json
from pipelines.sellers.history import read_histories, read_nameless
from pipelines.sellers.items import find_items
from pipelines.sellers.rates import USUAL, Counted, rate, read_norms
from pipelines.sellers.round import Round
from pipelines.sellers.rules import SellerRules
from pipelines.store.tables import items, seller_assessments, sellers
from pipelines.store.tables.linking import actors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import JsonObject
    from pipelines.sellers.round import Assessed
    from pipelines.store.database import Database

_BATCH = 500


def item_lines(
    database: Database, as_of: date | None, *, key: bytes = b"", rules: SellerRules | None = None
) -> Iterator[JsonObject]:
    """Every Item, one line each (docs/schema/item.json): as last assessed, or as on the day asked for."""
    with database.read() as connection:
        if as_of is None:
            kept = sa.select(items.c.body).join(sellers, sellers.c.id == items.c.seller)
            order = (sellers.c.site, sellers.c.native_id, items.c.id)
            yield from connection.scalars(kept.order_by(*order).execution_options(yield_per=_BATCH))
        else:
            for found in assess_all(connection, end_of(as_of), rules or SellerRules.shipped(), key):
                yield from (item_json(item) for item in found.items)
        for history in read_nameless(connection, as_of=None if as_of is None else end_of(as_of)):
            yield from (item_json(item) for item in find_items(history))


def seller_lines(
    database: Database, as_of: date | None, *, key: bytes = b"", rules: SellerRules | None = None
) -> Iterator[JsonObject]:
    """Every seller, one line each (docs/schema/seller.json): as last assessed, or as on the day asked for."""
    with database.read() as connection:
        if as_of is None:
            yield from _kept_sellers(connection, key, rules or SellerRules.shipped())
        else:
            norms = read_norms(connection)
            for found in assess_all(connection, end_of(as_of), rules or SellerRules.shipped(), key):
                yield from (one.to_json(norms.get(one.history.site, USUAL)) for one in found.accounts)


def actor_lines(database: Database) -> Iterator[JsonObject]:
    """Every actor as last assessed, one line each (docs/schema/actor.json)."""
    with database.read() as connection:
        yield from connection.scalars(
            sa.select(actors.c.body).order_by(actors.c.id).execution_options(yield_per=_BATCH)
        )


def assess_all(connection: sa.Connection, end: datetime | None, rules: SellerRules, key: bytes) -> Iterator[Assessed]:
    """Every hand assessed from the store as of `end`, written nowhere. Actors are those that stand now."""
    one = Round.open(connection, rules, secret=key, now=end or datetime.now(UTC), as_of=end)
    known = sa.select(sellers.c.id).order_by(sellers.c.site, sellers.c.native_id)
    if end is not None:
        known = known.where(sellers.c.first_seen <= end)
    rows = list(connection.scalars(known))
    actor_of = read_members(connection, rows)
    groups = members_of(connection, set(actor_of.values()))
    there, done = set(rows), set()
    for row in rows:
        if row in done:
            continue
        actor = actor_of.get(row)
        group = [member for member in groups.get(actor or "", [row]) if member in there]
        done.update(group)
        histories = list(read_histories(connection, group, as_of=end, where=one.where))
        yield one.assess(histories, actor if len(group) > 1 else None)


def end_of(day: date) -> datetime:
    """The last moment of a day."""
    return datetime.combine(day, time.max, UTC)


def _kept_sellers(connection: sa.Connection, key: bytes, rules: SellerRules) -> Iterator[JsonObject]:
    query = (
        sa.select(sellers.c.id, sellers.c.site, seller_assessments)
        .outerjoin(seller_assessments, seller_assessments.c.seller == sellers.c.id)
        .order_by(sellers.c.site, sellers.c.native_id)
    )
    norms = read_norms(connection)
    waiting = Round.open(connection, rules, secret=key, now=datetime.now(UTC))
    for row in connection.execute(query.execution_options(yield_per=_BATCH)):
        usual = norms.get(row.site, USUAL)
        if row.body is None:
            found = waiting.assess(list(read_histories(connection, [row.id], where=waiting.where)), None)
            yield found.accounts[0].to_json(usual)
        elif row.total is None:  # assessed by an earlier version of Tracemark
            yield row.body
        else:
            counted = Counted(firearms=row.firearms, observed_days=row.observed_days, new=row.fresh, total=row.total)
            yield {**row.body, "rate": rate(counted, usual)}
