"""Accounts that may be one hand: the links of one account with their reasons, confirmed or cut by people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from dashboards.wording import printable
from pipelines.actors.hands import keep_decision, read_decisions, undo_decision
from pipelines.actors.members import row_of
from pipelines.errors import BadInput
from pipelines.sellers.actors import read_links
from pipelines.sellers.desk import assess_sellers
from pipelines.store.tables import sellers
from pipelines.store.tables.linking import actor_links

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.desk import Desk
    from pipelines.actors.hands import HandDecision
    from pipelines.models import JsonObject

ACTIONS = ("cut", "confirm")
_MOST = 29  # with the account itself thirty: what can be read at one look

Account = tuple[str, str]
"""A site and the site's own id of an account."""


@frozen(kw_only=True)
class Linked:
    """Another account, why it is thought to be the same hand, and what a person said of that."""

    site: str
    id: str
    name: str | None
    weight: float
    holds: bool
    reasons: Sequence[JsonObject]
    decision: HandDecision | None


def links_of(connection: sa.Connection, account: Account) -> list[Linked]:
    """The strongest links of an account, one hop away."""
    row = row_of(connection, *account)
    if row is None:
        return []
    link = actor_links.c
    query = sa.select(sa.case((link.one == row, link.other), else_=link.one)).where(
        sa.or_(link.one == row, link.other == row)
    )
    near = list(connection.scalars(query.order_by(link.weight.desc()).limit(_MOST)))
    said = _decided(connection, account, row)
    query_names = sa.select(sellers.c.id, sellers.c.name).where(sellers.c.id.in_(near))
    names = {one.id: one.name for one in connection.execute(query_names)}
    found: dict[Account, Linked] = {}
    for other in near:
        for one in read_links(connection, [row, other]):
            place = next((end["site"], end["id"]) for end in one["accounts"] if (end["site"], end["id"]) != account)
            found[place] = _linked(place, names.get(other), one, said.pop(place, None))
    missing = {"weight": 0.0, "holds": False, "reasons": []}
    for place, decision in said.items():
        found[place] = _linked(place, None, missing, decision)
    return sorted(found.values(), key=lambda one: (-one.weight, one.site, one.id))


def decide_link(desk: Desk, account: Account, other: Account, action: str, reason: str) -> None:
    """Confirm or cut a link, and assess the accounts it touches again. BadInput for what cannot be kept."""
    if action not in ACTIONS:
        raise BadInput(f"a link is not {action}", hint=f"one of {', '.join(ACTIONS)}")
    with desk.database.write() as connection:
        rows = [row for place in (account, other) if (row := row_of(connection, *place)) is not None]
        if len(rows) != 2 or rows[0] == rows[1]:
            raise BadInput("a link is between two accounts that are known")
        keep_decision(
            connection,
            action=action,
            body={"accounts": [list(account), list(other)]},
            sellers=rows,
            subject=f"seller:{'/'.join(account)}",
            reason=reason,
            person=desk.actor,
            at=desk.now(),
        )
    assess_sellers(desk.database, now=desk.now)


def undo_link(desk: Desk, number: int) -> None:
    """Take back what was said of a link. BadInput where there is nothing to take back."""
    with desk.database.write() as connection:
        undo_decision(connection, number, ACTIONS, person=desk.actor, at=desk.now())
    assess_sellers(desk.database, now=desk.now)


def _decided(connection: sa.Connection, account: Account, row: int) -> dict[Account, HandDecision]:
    """The decision that stands about each other account."""
    found: dict[Account, HandDecision] = {}
    for decision in read_decisions(connection, ACTIONS, [row]):
        ends = [(str(site), str(native_id)) for site, native_id in decision.body["accounts"]]
        if account in ends:
            found |= {place: decision for place in ends if place != account}
    return found


def _linked(place: Account, name: str | None, link: JsonObject, decision: HandDecision | None) -> Linked:
    return Linked(
        site=place[0],
        id=place[1],
        name=printable(name),
        weight=link["weight"],
        holds=link["holds"],
        reasons=printable(link["reasons"]),
        decision=decision,
    )
