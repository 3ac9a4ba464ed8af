"""Merges and splits of items by hand: what a person names becomes pieces, which stay what they are as items change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from pipelines.actors.hands import keep_decision
from pipelines.actors.members import members_of, read_members
from pipelines.errors import BadInput
from pipelines.sellers.history import join_histories, read_histories
from pipelines.store.tables import items

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.sellers.decisions import Piece
    from pipelines.sellers.items import Item
    from pipelines.sellers.round import Round


def merge_items(
    connection: sa.Connection, one: Round, names: Sequence[str], *, reason: str, person: str, at: datetime
) -> int:
    """Say that the items with ids `names` are one thing; the decision's number.

    BadInput where one is not known, or where they belong to accounts that are not one hand.
    """
    if len(set(names)) < 2:
        raise BadInput("a merge needs two items or more", hint="tracemark export items lists them")
    found, sellers = _find(connection, one, names)
    pieces = [piece for item in found for piece in item.pieces]
    return keep_decision(
        connection,
        action="merge",
        body={"items": sorted(set(names)), "pieces": pieces},
        sellers=sellers,
        subject=f"item:{found[0].id}",
        reason=reason,
        person=person,
        at=at,
    )


def split_item(
    connection: sa.Connection,
    one: Round,
    name: str,
    places: Sequence[tuple[str, str]],
    *,
    reason: str,
    person: str,
    at: datetime,
) -> int:
    """Say that the listings at `places` offer another thing than the rest of the item `name`; the decision's number.

    BadInput where the item is not known, a listing is none of it, or none would be left.
    """
    found, sellers = _find(connection, one, [name])
    item = found[0]
    held = {(piece[0], piece[1]) for piece in item.pieces}
    strange = [f"{site}/{native_id}" for site, native_id in places if (site, native_id) not in held]
    if strange:
        raise BadInput(f"item {name} has no listing {', '.join(strange)}", details=_listed(item))
    pieces = [piece for piece in item.pieces if piece[:2] in set(places)]
    rest = [piece for piece in item.pieces if piece[:2] not in set(places)]
    if not pieces or not rest:
        raise BadInput(f"item {name} has no listing left after that split", details=_listed(item))
    return keep_decision(
        connection,
        action="split",
        body={"items": [name], "pieces": pieces, "from": rest},
        sellers=sellers,
        subject=f"item:{name}",
        reason=reason,
        person=person,
        at=at,
    )


def _find(connection: sa.Connection, one: Round, names: Sequence[str]) -> tuple[list[Item], list[int]]:
    """The items by their ids as they are found now, with the accounts of their hand."""
    rows = {row.id: row.seller for row in connection.execute(sa.select(items).where(items.c.id.in_(list(names))))}
    unknown = [name for name in names if name not in rows]
    if unknown:
        raise BadInput(f"there is no item {', '.join(unknown)}", hint="tracemark export items lists them")
    actor_of = read_members(connection, set(rows.values()))
    hands = {actor_of.get(row, str(row)) for row in rows.values()}
    if len(hands) > 1:
        raise BadInput(
            "these items are offered by accounts that are not one hand",
            hint="tracemark actor confirm SITE/SELLER SITE/SELLER first",
        )
    sellers = members_of(connection, set(actor_of.values())).get(hands.pop()) or sorted(set(rows.values()))
    history = join_histories(list(read_histories(connection, sellers, where=one.where)))
    found = {item.id: item for item in one.find_items(history)}
    missing = [name for name in names if name not in found]
    if missing:
        raise BadInput(f"item {missing[0]} is not there any more", hint="tracemark assess, then export items again")
    return [found[name] for name in names], sellers


def _listed(item: Item) -> tuple[str, ...]:
    pieces: dict[Piece, None] = dict.fromkeys(item.pieces)
    return tuple(f"{site}/{native_id}" for site, native_id, _ in pieces)
