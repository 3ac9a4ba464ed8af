"""Accounts that may be one hand: the links of one account with their reasons, confirmed or cut by people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from dashboards.graphs import Link, draw_graph
from dashboards.people.covering import shown_text
from dashboards.wording import printable
from pipelines.actors.hands import keep_decision, read_decisions, undo_decision
from pipelines.actors.members import row_of
from pipelines.errors import BadInput
from pipelines.sellers.actors import read_links
from pipelines.sellers.desk import assess_sellers
from pipelines.store.tables import sellers
from pipelines.store.tables.linking import actor_links

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.desk import Desk
    from dashboards.graphs import Graph
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

    @property
    def stands(self) -> str:
        """Whether it makes one actor of the two: holds, weak, or cut by a person. A person's word goes before."""
        if self.decision is not None:
            return "holds" if self.decision.action == "confirm" else "cut"
        return "holds" if self.holds else "weak"


@frozen(kw_only=True)
class Neighbourhood:
    """The accounts one hop away from an account. `graph` is None where there are none."""

    links: tuple[Linked, ...]
    graph: Graph | None


def neighbourhood_of(connection: sa.Connection, account: Account) -> Neighbourhood:
    """The strongest links of an account, and those among the accounts that they lead to."""
    row = row_of(connection, *account)
    if row is None:
        return Neighbourhood(links=(), graph=None)
    link = actor_links.c
    query = sa.select(sa.case((link.one == row, link.other), else_=link.one)).where(
        sa.or_(link.one == row, link.other == row)
    )
    near = list(connection.scalars(query.order_by(link.weight.desc()).limit(_MOST)))
    said = _decided(connection, account, row)
    chosen = (sellers.c.id, sellers.c.site, sellers.c.native_id, sellers.c.name)
    rows = connection.execute(sa.select(*chosen).where(sellers.c.id.in_([row, *near]))).all()
    names = {(one.site, one.native_id): one.name for one in rows}
    found: dict[Account, Linked] = {}
    among = []
    for one in read_links(connection, [row, *near]) if near else ():
        ends = [(str(end["site"]), str(end["id"])) for end in one["accounts"]]
        if account in ends:
            place = next(end for end in ends if end != account)
            found[place] = _linked(place, names.get(place), one, said.pop(place, None))
        else:
            among.append((ends[0], ends[1], one))
    missing = {"weight": 0.0, "holds": False, "reasons": []}
    for place, decision in said.items():
        found[place] = _linked(place, None, missing, decision)
    links = sorted(found.values(), key=lambda one: (-one.weight, one.site, one.id))
    by_row = {(one.site, one.native_id): one.id for one in rows}
    return Neighbourhood(
        links=tuple(links), graph=_draw(connection, (account, names.get(account)), links, among, by_row)
    )


def _draw(
    connection: sa.Connection,
    middle: tuple[Account, str | None],
    links: Sequence[Linked],
    among: Sequence[tuple[Account, Account, JsonObject]],
    rows: Mapping[Account, int],
) -> Graph | None:
    if not links:
        return None
    (account, name), shown = middle, links[:_MOST]
    accounts = [(name, *account), *((one.name, one.site, one.id) for one in shown)]
    numbers = {(site, native_id): number for number, (_, site, native_id) in enumerate(accounts)}
    drawn = [
        Link(ends=(0, number), stands=one.stands, reasons=_kinds(one.reasons)) for number, one in enumerate(shown, 1)
    ]
    for one, other, link in among:
        if one in numbers and other in numbers:
            stands = "holds" if link["holds"] else "weak"
            ends = (numbers[one], numbers[other])
            drawn.append(Link(ends=ends, stands=stands, reasons=_kinds(printable(link["reasons"]))))
    linked = _count_links(connection, [row for place, row in rows.items() if numbers.get(place)])
    inside = Counter(number for one in drawn for number in one.ends)
    further = {
        number: max(linked.get(rows.get(place, 0), 0) - inside[number], 0)
        for place, number in numbers.items()
        if number
    }
    told = [(shown_text(printable(name or native_id)), site, native_id) for name, site, native_id in accounts]
    return draw_graph(told, drawn, further)


def _kinds(reasons: Sequence[JsonObject]) -> tuple[tuple[str, str], ...]:
    """What speaks for a link: the kind and the words of each reason."""
    return tuple((one["kind"], shown_text(one["words"])) for one in reasons if one["weight"] > 0)


def _count_links(connection: sa.Connection, rows: Sequence[int]) -> Counter[int]:
    found: Counter[int] = Counter()
    for end in (actor_links.c.one, actor_links.c.other):
        query = sa.select(end, sa.func.count()).where(end.in_(rows)).group_by(end)
        found.update(dict(connection.execute(query).all()))
    return found


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
