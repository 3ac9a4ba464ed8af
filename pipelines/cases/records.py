"""Cases read from the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.cases.models import Agreement, Case, CaseState, CaseSummary, Entry, Member, Note, Task
from pipelines.errors import BadInput
from pipelines.store.tables import listings, sellers, versions
from pipelines.store.tables.cases import (
    case_agreements,
    case_history,
    case_listings,
    case_notes,
    case_sellers,
    case_tasks,
    cases,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = ("reference", "name", "state", "owner", "created", "changed", "referred_to")


def read_cases(connection: sa.Connection, *, state: CaseState | None = None) -> list[CaseSummary]:
    """Every case, the one that changed last first; of one state, or all."""
    waiting = case_tasks.c.done.is_(None)
    query = sa.select(
        cases,
        _count(case_listings).label("listings"),
        _count(case_sellers).label("sellers"),
        _count(case_notes).label("notes"),
        _count(case_tasks, waiting).label("tasks_open"),
        _of_case(sa.func.min(case_tasks.c.due), case_tasks, waiting).label("next_due"),
    ).order_by(cases.c.changed.desc(), cases.c.id.desc())
    if state is not None:
        query = query.where(cases.c.state == state.value)
    counted = ("listings", "sellers", "notes", "tasks_open", "next_due")
    return [
        CaseSummary(row=row["id"], **_head(row), **{name: row[name] for name in counted})
        for row in connection.execute(query).mappings()
    ]


def cases_of(connection: sa.Connection, listing: int) -> list[tuple[str, str]]:
    """Reference and name of the cases that the listing in row `listing` is in."""
    query = (
        sa.select(cases.c.reference, cases.c.name)
        .join(case_listings, case_listings.c.case == cases.c.id)
        .where(case_listings.c.listing == listing)
        .order_by(cases.c.id)
    )
    return [(reference, name) for reference, name in connection.execute(query)]


def read_case(connection: sa.Connection, named: str) -> Case:
    """The case with the reference `named`, or with that name where only one has it. Raises BadInput else."""
    row = connection.execute(sa.select(cases).where(cases.c.id == find_case(connection, named))).mappings().one()
    return Case(
        row=row["id"],
        **_head(row),
        listings=tuple(_listings(connection, row["id"])),
        sellers=tuple(_sellers(connection, row["id"])),
        notes=tuple(Note(number=one["id"], **_pick(one, "text")) for one in _rows(connection, case_notes, row["id"])),
        tasks=tuple(
            Task(number=one["id"], **_pick(one, "text", "assignee", "due", "done", "done_by"))
            for one in _rows(connection, case_tasks, row["id"])
        ),
        agreements=tuple(
            Agreement(**_pick(one, "recipient", "reason")) for one in _rows(connection, case_agreements, row["id"])
        ),
        history=tuple(Entry(**_pick(one, "action", "detail")) for one in _rows(connection, case_history, row["id"])),
    )


def find_case(connection: sa.Connection, named: str) -> int:
    """The row of the case with the reference `named`, or with that name where only one has it. Raises BadInput else."""
    found = cases_named(connection, named)
    if len(found) > 1:
        details = tuple(found)
        raise BadInput(f"{len(found)} cases are called {named!r}", hint="give the reference of one", details=details)
    if not found:
        raise BadInput(f"no case {named!r}", hint="tracemark case list shows them")
    return next(iter(found.values()))


def cases_named(connection: sa.Connection, named: str) -> dict[str, int]:
    """Reference and row of the case with the reference `named`, else of those with that name."""
    query = sa.select(cases.c.reference, cases.c.id).order_by(cases.c.id)
    for column in (cases.c.reference, cases.c.name):
        found = dict(connection.execute(query.where(column == named)).all())
        if found:
            return found
    return {}


def _listings(connection: sa.Connection, case: int) -> Iterable[Member]:
    query = (
        sa.select(case_listings, listings.c.site, listings.c.native_id, versions.c.content["title"].label("name"))
        .join(listings, listings.c.id == case_listings.c.listing)
        .outerjoin(versions, versions.c.id == listings.c.version)
        .where(case_listings.c.case == case)
        .order_by(case_listings.c.at, case_listings.c.listing)
    )
    return [_member(row, row["listing"]) for row in connection.execute(query).mappings()]


def _sellers(connection: sa.Connection, case: int) -> Iterable[Member]:
    query = (
        sa.select(case_sellers, sellers.c.site, sellers.c.native_id, sellers.c.name)
        .join(sellers, sellers.c.id == case_sellers.c.seller)
        .where(case_sellers.c.case == case)
        .order_by(case_sellers.c.at, case_sellers.c.seller)
    )
    return [_member(row, row["seller"]) for row in connection.execute(query).mappings()]


def _member(row: sa.RowMapping, number: int) -> Member:
    return Member(row=number, site=row["site"], id=row["native_id"], name=row["name"], at=row["at"], actor=row["actor"])


def _rows(connection: sa.Connection, table: sa.Table, case: int) -> Iterable[sa.RowMapping]:
    order = table.c.id if "id" in table.c else table.c.at
    return connection.execute(sa.select(table).where(table.c.case == case).order_by(order)).mappings()


def _pick(row: sa.RowMapping, *names: str) -> dict[str, Any]:
    return {name: row[name] for name in ("at", "actor", *names)}


def _head(row: sa.RowMapping) -> dict[str, Any]:
    return {**{name: row[name] for name in _HEAD}, "state": CaseState(row["state"])}


def _count(table: sa.Table, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
    return _of_case(sa.func.count(), table, *conditions)


def _of_case(
    value: sa.ColumnElement[Any], table: sa.Table, *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[Any]:
    return sa.select(value).select_from(table).where(table.c.case == cases.c.id, *conditions).scalar_subquery()
