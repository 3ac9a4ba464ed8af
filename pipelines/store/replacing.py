"""Rows put in the place of others, where only those that differ are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipelines.models import JsonObject


def replace_rows(
    connection: sa.Connection, table: sa.Table, chosen: Iterable[sa.ColumnElement[bool]], rows: Sequence[JsonObject]
) -> int:
    """Make the rows of `table` that one of the conditions `chosen` holds for be `rows`; how many were written.

    `rows` name every column. The conditions are taken one after the other, so that each may list as many values as a
    statement takes.
    """
    keys = [column.name for column in table.primary_key.columns]
    wanted = {_key(row, keys): row for row in rows}
    gone: list[JsonObject] = []
    changed: list[JsonObject] = []
    for condition in chosen:
        for found in connection.execute(sa.select(table).where(condition)).mappings():
            held = dict(found)
            row = wanted.pop(_key(held, keys), None)
            if row is None:
                gone.append({f"old_{name}": held[name] for name in keys})
            elif row != held:
                changed.append(
                    {f"old_{name}": held[name] for name in keys} | {f"new_{name}": row[name] for name in row}
                )
    match = [table.c[name] == sa.bindparam(f"old_{name}") for name in keys]
    if gone:
        connection.execute(sa.delete(table).where(*match), gone)
    if changed:
        values: JsonObject = {column.name: sa.bindparam(f"new_{column.name}") for column in table.columns}
        connection.execute(sa.update(table).where(*match).values(values), changed)
    if wanted:
        connection.execute(sa.insert(table), list(wanted.values()))
    return len(gone) + len(changed) + len(wanted)


def _key(row: JsonObject, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)
