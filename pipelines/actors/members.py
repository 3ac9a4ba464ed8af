"""Which accounts make which actor, renewed around the accounts whose links were looked at."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.actors.groups import find_groups, pair
from pipelines.actors.hands import read_decisions
from pipelines.store.tables import sellers
from pipelines.store.tables.linking import actor_links, actor_members, actors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pipelines.actors.groups import Pair

_MOST_IN = 400


def renew_members(connection: sa.Connection, looked_at: Collection[int]) -> tuple[dict[int, str], set[int]]:
    """Group the accounts around `looked_at` anew; (actor by account, accounts whose actor is another than before)."""
    confirmed, cut = read_pairs(connection)
    around, links = _surroundings(connection, looked_at, confirmed)
    groups = find_groups(
        links,
        [one for one in confirmed if around.issuperset(one)],
        [one for one in cut if around.issuperset(one)],
    )
    now = _name_groups(connection, groups)
    before = read_members(connection, around)
    moved = {row for row in around if before.get(row) != now.get(row)}
    # An actor that lost or won a member is another one for all that stay in it.
    changed = {before[row] for row in moved if row in before} | {now[row] for row in moved if row in now}
    moved |= {row for row in around if now.get(row) in changed}
    for part in _parts(sorted(around)):
        connection.execute(sa.delete(actor_members).where(actor_members.c.seller.in_(part)))
    if now:
        rows = [{"seller": row, "actor": actor} for row, actor in sorted(now.items())]
        connection.execute(sa.insert(actor_members), rows)
    for part in _parts(sorted(changed - set(now.values()))):
        connection.execute(sa.delete(actors).where(actors.c.id.in_(part)))
    return now, moved


def read_members(connection: sa.Connection, rows: Collection[int]) -> dict[int, str]:
    """The actors of accounts; one that stands alone is left out."""
    found: dict[int, str] = {}
    for part in _parts(sorted(rows)):
        query = sa.select(actor_members.c.seller, actor_members.c.actor).where(actor_members.c.seller.in_(part))
        found |= dict(connection.execute(query).all())
    return found


def members_of(connection: sa.Connection, names: Collection[str]) -> dict[str, list[int]]:
    """The accounts of actors, by their row ids."""
    found: dict[str, list[int]] = {}
    for part in _parts(sorted(names)):
        query = sa.select(actor_members.c.actor, actor_members.c.seller).where(actor_members.c.actor.in_(part))
        for actor, seller in connection.execute(query.order_by(actor_members.c.seller)):
            found.setdefault(actor, []).append(seller)
    return found


def read_pairs(connection: sa.Connection) -> tuple[set[Pair], set[Pair]]:
    """What people said of pairs of accounts: confirmed, and cut. Of two decisions about one pair the later holds."""
    confirmed: set[Pair] = set()
    cut: set[Pair] = set()
    decisions = read_decisions(connection, ("cut", "confirm"))
    named = {tuple(one) for decision in decisions for one in decision.body["accounts"]}
    rows = {place: row for place in sorted(named) if (row := row_of(connection, *place)) is not None}
    for decision in decisions:
        one, other = (rows.get(tuple(place)) for place in decision.body["accounts"])
        if one is None or other is None:
            continue
        both = pair(one, other)
        (confirmed if decision.action == "confirm" else cut).add(both)
        (cut if decision.action == "confirm" else confirmed).discard(both)
    return confirmed, cut


def row_of(connection: sa.Connection, site: str, native_id: str) -> int | None:
    """The row id of an account, or None where it is not known."""
    return connection.scalar(sa.select(sellers.c.id).where(sellers.c.site == site, sellers.c.native_id == native_id))


def _surroundings(
    connection: sa.Connection, looked_at: Collection[int], confirmed: Collection[Pair]
) -> tuple[set[int], list[tuple[float, Pair]]]:
    """All accounts that links which hold lead to from `looked_at`, also those that were of one actor with them."""
    around: set[int] = set()
    links: dict[Pair, float] = {}
    edge = set(looked_at)
    while edge:
        around |= edge
        reached: set[int] = set()
        for part in _parts(sorted(edge)):
            for near, far in ((actor_links.c.one, actor_links.c.other), (actor_links.c.other, actor_links.c.one)):
                query = sa.select(near, far, actor_links.c.weight).where(near.in_(part), actor_links.c.holds)
                for one, other, weight in connection.execute(query):
                    links[pair(one, other)] = weight
                    reached.add(other)
        reached |= {row for both in confirmed if edge.intersection(both) for row in both}
        former = members_of(connection, set(read_members(connection, edge).values()))
        reached |= {row for rows in former.values() for row in rows}
        edge = reached - around
    return around, [(weight, both) for both, weight in links.items()]


def _name_groups(connection: sa.Connection, groups: Sequence[set[int]]) -> dict[int, str]:
    """Each group by the account of it that was seen first, so that an actor keeps its name as others join."""
    rows = sorted({row for group in groups for row in group})
    known = {}
    for part in _parts(rows):
        query = sa.select(sellers.c.id, sellers.c.first_seen, sellers.c.site, sellers.c.native_id)
        for row in connection.execute(query.where(sellers.c.id.in_(part))):
            known[row.id] = (row.first_seen, row.site, row.native_id)
    found: dict[int, str] = {}
    for group in groups:
        _, site, native_id = min(known[row] for row in group)
        name = hashlib.sha256(json.dumps(["actor", site, native_id]).encode()).hexdigest()[:16]
        found.update(dict.fromkeys(group, name))
    return found


def _parts(values: Sequence[int] | Sequence[str]) -> Iterator[Sequence[int] | Sequence[str]]:
    for start in range(0, len(values), _MOST_IN):
        yield values[start : start + _MOST_IN]
