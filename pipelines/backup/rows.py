"""Rows of one store copied into another, whichever kinds of database the two are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.errors import BadInput
from pipelines.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.store.database import Database

_AT_ONCE = 1000


def copy_rows(source: Database, target: Database, tell: Callable[[str, int], None]) -> int:
    """Copy every row of `source` into `target`, which must be new; how many there were.

    One reading transaction and one writing one: the copy is of one moment, and whole or not at all. `tell` is given
    each table's name and its rows. Raises `BadInput` where `target` holds anything.
    """
    count = 0
    with _at_one_moment(source) as reader, target.write() as writer:
        _require_empty(writer)
        for table in metadata.sorted_tables:
            own = 0
            found = reader.execute(_selected(table, reader.dialect.name), execution_options={"yield_per": _AT_ONCE})
            insert = _inserted(table, writer.dialect.name)
            for rows in found.mappings().partitions():
                writer.execute(insert, [dict(row) for row in rows])
                own += len(rows)
            if own:
                tell(table.name, own)
            count += own
        if writer.dialect.name == "postgresql":
            _move_sequences(writer)
    return count


def _at_one_moment(source: Database) -> sa.Connection:
    """A connection whose reads see one moment; PostgreSQL has to be asked for that."""
    engine = source.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    return engine.connect()


def _bare(table: sa.Table) -> sa.TableClause:
    """The table with JSON as its text: a null of JSON and one of SQL are then not mixed up."""
    return sa.table(table.name, *(sa.column(c.name, sa.Text() if _is_json(c) else c.type) for c in table.c))


def _is_json(column: sa.ColumnElement[Any]) -> bool:
    return isinstance(column.type, sa.JSON)


def _selected(table: sa.Table, dialect: str) -> sa.Select[Any]:
    if dialect == "sqlite":
        return sa.select(_bare(table))
    return sa.select(
        *(sa.cast(column, sa.Text).label(column.name) if _is_json(column) else column for column in table.c)
    )


def _inserted(table: sa.Table, dialect: str) -> sa.Insert:
    bare = _bare(table)
    if dialect == "sqlite":
        return sa.insert(bare)
    as_json = {c.name: sa.cast(sa.bindparam(c.name, type_=sa.Text()), sa.JSON) for c in table.c if _is_json(c)}
    others = {c.name: sa.bindparam(c.name, type_=c.type) for c in table.c if not _is_json(c)}
    return sa.insert(bare).values({**others, **as_json})


def _require_empty(connection: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None:
            raise BadInput(
                f"the database that is to take the rows is not empty: {table.name} has some",
                hint="name a new one; nothing was changed",
            )


def _move_sequences(connection: sa.Connection) -> None:
    """Let PostgreSQL number on after the rows that came with their numbers."""
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is not None:
            name = connection.scalar(sa.func.pg_get_serial_sequence(table.name, column.name))
            last = connection.scalar(sa.select(sa.func.max(column)))
            if name is not None and last is not None:
                connection.execute(sa.select(sa.func.setval(name, last)))
