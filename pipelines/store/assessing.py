"""Which listings wait for an assessment, and how one is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import frozen

from pipelines.content import content_from_json
from pipelines.history import note_changes
from pipelines.store.frontier import insert_or_ignore
from pipelines.store.tables import assessments, listings, set_aside, versions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pipelines.models import JsonObject, ListingContent


@frozen(kw_only=True)
class Waiting:
    """A listing whose current version has no assessment by the current model, rules and lexicon."""

    row: int
    version: int
    site: str
    content: ListingContent


@frozen(kw_only=True)
class AssessmentRecord:
    """An assessment as it is kept; `vector` is float32, little-endian."""

    version: int
    made_by: str
    at: datetime
    body: JsonObject
    items: list[JsonObject]
    derivation: JsonObject
    vector: bytes | None


def count_waiting(connection: sa.Connection, made_by: str) -> int:
    """How many listings wait."""
    return connection.scalar(sa.select(sa.func.count()).select_from(_waiting(made_by).subquery())) or 0


def is_anything_new(connection: sa.Connection) -> bool:
    """Whether there is a listing whose present version nobody has assessed."""
    return connection.scalar(sa.select(listings.c.id).where(listings.c.assessment.is_(None)).limit(1)) is not None


def waiting_blocks(connection: sa.Connection, made_by: str, size: int) -> list[int]:
    """The blocks of `size` rows (block n has the ids from n * size + 1) in which listings wait, in their order."""
    block = (listings.c.id - 1) // size
    return list(connection.scalars(_waiting(made_by).with_only_columns(block).distinct().order_by(block)))


def read_waiting(
    connection: sa.Connection, made_by: str, *, after: int, most: int, upto: int | None = None
) -> list[Waiting]:
    """Up to `most` listings that wait, with row ids above `after`, not above `upto`, in their order."""
    query = _waiting(made_by).where(listings.c.id > after).order_by(listings.c.id).limit(most)
    if upto is not None:
        query = query.where(listings.c.id <= upto)
    return [
        Waiting(row=row["id"], version=row["version"], site=row["site"], content=content_from_json(row["content"]))
        for row in connection.execute(query).mappings()
    ]


def still_waiting(connection: sa.Connection, made_by: str, rows: Sequence[int]) -> set[int]:
    """Which of `rows` (a statement's worth) nobody has assessed meanwhile."""
    query = _waiting(made_by).with_only_columns(listings.c.id).where(listings.c.id.in_(rows))
    return set(connection.scalars(query))


def keep_assessments(
    connection: sa.Connection,
    records: Sequence[tuple[int, AssessmentRecord]],
    traces: Mapping[int, str] | None = None,
) -> None:
    """Keep assessments, each with its listing's row id, as the current ones, and tell the journal (`traces` by row)."""
    if not records:
        return
    rows = [
        {
            "version": record.version,
            "made_by": record.made_by,
            "at": record.at,
            "body": record.body,
            "items": record.items,
            "derivation": record.derivation,
            "vector": record.vector,
        }
        for _, record in records
    ]
    connection.execute(insert_or_ignore(connection, assessments), rows)
    current = (
        sa.select(assessments.c.id)
        .where(assessments.c.version == sa.bindparam("of_version"), assessments.c.made_by == sa.bindparam("by"))
        .scalar_subquery()
    )
    # A version that came in while this one was read keeps its place: the row changes only where it is current.
    connection.execute(
        sa.update(listings)
        .where(listings.c.id == sa.bindparam("row"), listings.c.version == sa.bindparam("of_version"))
        .values(assessment=current),
        [{"row": row, "of_version": record.version, "by": record.made_by} for row, record in records],
    )
    note_changes(connection, [row for row, _ in records], traces)


def put_aside(connection: sa.Connection, stage: str, subject: str, reason: str, at: datetime) -> None:
    """Record what could not be processed, and why, for a person to see."""
    connection.execute(sa.insert(set_aside).values(stage=stage, subject=subject, reason=reason, at=at))


def _waiting(made_by: str) -> sa.Select[tuple[int, int, str, JsonObject]]:
    return (
        sa.select(listings.c.id, listings.c.version, listings.c.site, versions.c.content)
        .join(versions, versions.c.id == listings.c.version)
        .outerjoin(assessments, assessments.c.id == listings.c.assessment)
        .where(sa.or_(listings.c.assessment.is_(None), assessments.c.made_by != made_by))
    )
