"""An actor as it is kept and shown: its accounts, the links between them, and what all of them together show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.actors.members import members_of, read_members, row_of
from pipelines.errors import BadInput
from pipelines.sellers.assessment import figures_json, firing_json, window_json
from pipelines.store.tables import listings, sellers
from pipelines.store.tables.linking import actor_links, actors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import JsonObject
    from pipelines.sellers.assessment import SellerAssessment


def actor_json(connection: sa.Connection, assessment: SellerAssessment, rows: Sequence[int]) -> JsonObject:
    """The actor's line (docs/schema/actor.json). `rows` are its accounts."""
    history = assessment.history
    return {
        "id": assessment.actor,
        "accounts": _accounts(connection, rows),
        "links": read_links(connection, rows),
        "first_seen": None if history.first_seen is None else history.first_seen.isoformat(),
        "last_seen": None if history.last_seen is None else history.last_seen.isoformat(),
        "windows": [window_json(window, assessment.observed) for window in assessment.windows],
        "new_in_box_ratio": assessment.new_in_box_ratio,
        "figures": figures_json(assessment),
        "signals": [firing_json(firing, "actor") for firing in assessment.firings],
        "review": assessment.review,
    }


def read_links(connection: sa.Connection, rows: Sequence[int]) -> list[JsonObject]:
    """The links among some accounts, strongest first, also those that do not suffice, each with its reasons."""
    one = actor_links.c
    query = sa.select(actor_links).where(one.one.in_(rows), one.other.in_(rows)).order_by(one.weight.desc())
    found = [dict(row) for row in connection.execute(query).mappings()]
    names = {row.id: {"site": row.site, "id": row.native_id} for row in _rows(connection, rows)}
    shown = {listing for link in found for reason in link["reasons"] for listing in reason["listings"]}
    chosen = sa.select(listings.c.id, listings.c.site, listings.c.native_id).where(listings.c.id.in_(sorted(shown)))
    places = {row.id: {"site": row.site, "id": row.native_id} for row in connection.execute(chosen)}
    return [
        {
            "accounts": [names[link["one"]], names[link["other"]]],
            "weight": link["weight"],
            "holds": link["holds"],
            "reasons": [
                {**reason, "listings": [places[row] for row in reason["listings"] if row in places]}
                for reason in link["reasons"]
            ],
        }
        for link in found
    ]


def _accounts(connection: sa.Connection, rows: Sequence[int]) -> list[JsonObject]:
    return [{"site": row.site, "id": row.native_id, "name": row.name} for row in _rows(connection, rows)]


def _rows(connection: sa.Connection, rows: Sequence[int]) -> Sequence[Any]:
    columns = (sellers.c.id, sellers.c.site, sellers.c.native_id, sellers.c.name)
    return connection.execute(sa.select(*columns).where(sellers.c.id.in_(rows)).order_by(sellers.c.id)).all()


def view_actor(connection: sa.Connection, name: str) -> tuple[str, JsonObject, list[int]]:
    """An actor by its id, or by SITE/SELLER of one of its accounts: its id, its line, the row ids of its accounts.

    BadInput where there is none.
    """
    wanted = name
    site, sign, native_id = name.partition("/")
    if sign:
        row = row_of(connection, site, native_id)
        wanted = "" if row is None else read_members(connection, [row]).get(row, "")
    line = connection.scalar(sa.select(actors.c.body).where(actors.c.id == wanted))
    if line is None:
        raise BadInput(f"there is no actor {name}", hint="tracemark actor list; an account alone is none")
    return wanted, line, members_of(connection, [wanted]).get(wanted, [])
