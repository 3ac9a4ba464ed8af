"""Listings deleted whole: their rows in every table, the bytes that show only them, and their place in the index.

What stays is a row of the custody log for each: what it was called, why it was deleted, and the SHA-256 of what was
kept of it, so that the log still holds and a copy elsewhere can still be told to be one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import frozen

from pipelines.store.custody import CustodyEvent, append_custody
from pipelines.store.runs import RunKind
from pipelines.store.tables import (
    blanks,
    capture_listings,
    captures,
    journal,
    listings,
    metadata,
    runs,
    sellers,
    vault_files,
    versions,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

_AT_ONCE = 200
_KEPT_BY_HAND = frozenset({"case_listings", "case_sellers", "request_listings"})
"""Rows that people made of what they gathered: nothing that is in one is deleted."""


@frozen(kw_only=True)
class Erased:
    """How much was deleted."""

    listings: int = 0
    sellers: int = 0
    captures: int = 0

    def __add__(self, other: Erased) -> Erased:
        return Erased(
            listings=self.listings + other.listings,
            sellers=self.sellers + other.sellers,
            captures=self.captures + other.captures,
        )


def erase_listings(connection: sa.Connection, rows: Sequence[int], *, reason: str, actor: str, now: datetime) -> Erased:
    """Delete the listings with these rows, and the sellers that then have none, inside the caller's write transaction.

    The caller has seen to it that none must stay (`holds.reasons_to_keep`). The bytes are noted to be blanked
    (`blanking.blank_waiting`), after this transaction is durable.
    """
    total = Erased()
    for start in range(0, len(rows), _AT_ONCE):
        total += _erase(connection, rows[start : start + _AT_ONCE], reason, actor, now)
    return total


def erase_sellers(connection: sa.Connection, rows: Sequence[int], *, reason: str, actor: str, now: datetime) -> Erased:
    """Delete those of these sellers that are still there, none of whom may have a listing any more."""
    query = sa.select(sellers.c.id, sellers.c.site, sellers.c.native_id).where(sellers.c.id.in_(rows))
    found = connection.execute(query).all()
    _delete(connection, sellers, sellers.c.id.in_([row.id for row in found]))
    events = [
        CustodyEvent(
            at=now,
            actor=actor,
            action="delete",
            subject=f"seller:{row.site}/{row.native_id}",
            detail={"reason": reason},
        )
        for row in found
    ]
    append_custody(connection, events)
    return Erased(sellers=len(found))


def erase_captures(connection: sa.Connection, ids: Sequence[str], *, now: datetime) -> None:
    """Delete captures that no listing needs, and note their bytes to be blanked."""
    for start in range(0, len(ids), _AT_ONCE):
        part = ids[start : start + _AT_ONCE]
        found = connection.execute(sa.select(captures).where(captures.c.id.in_(part))).mappings()
        rows = found.all()
        ranges = [one for row in rows for one in _ranges(row)]
        _delete(connection, captures, captures.c.id.in_(part))
        ranges += _originals(connection, {row["run"] for row in rows})
        if ranges:
            connection.execute(sa.insert(blanks), [{**one, "at": now} for one in ranges])


def _erase(connection: sa.Connection, rows: Sequence[int], reason: str, actor: str, now: datetime) -> Erased:
    chosen = list(
        connection.execute(
            sa.select(listings.c.id, listings.c.site, listings.c.native_id, listings.c.seller)
            .where(listings.c.id.in_(rows))
            .order_by(listings.c.id)
        )
    )
    shown = _captures_of(connection, rows)
    kept = _sums(connection, shown)
    alone = _needed_by_these_only(connection, shown, rows)
    _delete(connection, listings, listings.c.id.in_(rows))
    connection.execute(sa.update(captures).where(captures.c.listing.in_(rows)).values(listing=None))
    erase_captures(connection, alone, now=now)
    accounts = _without_listings(connection, {row.seller for row in chosen if row.seller is not None})
    erased = erase_sellers(connection, accounts, reason=reason, actor=actor, now=now)
    entries = [{"listing": row.id, "deleted": f"{row.site}/{row.native_id}"} for row in chosen]
    connection.execute(sa.insert(journal), entries)
    append_custody(
        connection,
        [
            CustodyEvent(
                at=now,
                actor=actor,
                action="delete",
                subject=f"{row.site}/{row.native_id}",
                detail={"reason": reason, "payloads_sha256": sorted(kept.get(row.id, ()))},
            )
            for row in chosen
        ],
    )
    return erased + Erased(listings=len(chosen), captures=len(alone))


def _captures_of(connection: sa.Connection, rows: Sequence[int]) -> dict[str, set[int]]:
    """The captures that show these listings, and which of them each shows."""
    found: dict[str, set[int]] = {}
    queries = (
        sa.select(captures.c.id, captures.c.listing).where(captures.c.listing.in_(rows)),
        sa.select(capture_listings.c.capture, capture_listings.c.listing).where(capture_listings.c.listing.in_(rows)),
        sa.select(versions.c.capture, versions.c.listing).where(versions.c.listing.in_(rows)),
    )
    for query in queries:
        for capture, listing in connection.execute(query):
            found.setdefault(capture, set()).add(listing)
    return found


def _sums(connection: sa.Connection, shown: dict[str, set[int]]) -> dict[int, set[str]]:
    """The SHA-256 of what was kept, by listing."""
    found: dict[int, set[str]] = {}
    query = sa.select(captures.c.id, captures.c.payload_sha256).where(captures.c.id.in_(shown))
    for capture, payload in connection.execute(query):
        for listing in shown[capture]:
            found.setdefault(listing, set()).add(payload)
    return found


def _needed_by_these_only(connection: sa.Connection, shown: Iterable[str], rows: Sequence[int]) -> list[str]:
    """Of these captures those that show no other listing, and that no capture which stays repeats."""
    ids = set(shown)
    others = (
        sa.select(captures.c.id).where(captures.c.id.in_(ids), captures.c.listing.not_in(rows)),
        sa.select(capture_listings.c.capture).where(
            capture_listings.c.capture.in_(ids), capture_listings.c.listing.not_in(rows)
        ),
        sa.select(versions.c.capture).where(versions.c.capture.in_(ids), versions.c.listing.not_in(rows)),
    )
    ids -= {capture for query in others for capture in connection.scalars(query)}
    while repeated := set(
        connection.scalars(
            sa.select(captures.c.revisit_of).where(captures.c.revisit_of.in_(ids), captures.c.id.not_in(ids))
        )
    ):
        ids -= repeated
    return sorted(ids)


def _without_listings(connection: sa.Connection, accounts: set[int]) -> list[int]:
    still = set(connection.scalars(sa.select(listings.c.seller).where(listings.c.seller.in_(accounts))))
    return sorted(accounts - still)


def _ranges(capture: sa.RowMapping) -> list[dict[str, Any]]:
    parts = [capture, *([capture["screenshot"]] if capture["screenshot"] else []), *(capture["resources"] or [])]
    return [{name: one[name] for name in ("file", "offset", "length")} for one in parts]


def _originals(connection: sa.Connection, touched: set[str]) -> list[dict[str, Any]]:
    """Files that were received from others and of which no listing is left: they hold what their captures held."""
    still = sa.union(
        sa.select(captures.c.run).where(captures.c.listing.is_not(None)),
        sa.select(captures.c.run).join(capture_listings, capture_listings.c.capture == captures.c.id),
    )
    query = (
        sa.select(vault_files.c.file, vault_files.c.committed)
        .join(runs, runs.c.id == vault_files.c.run)
        .where(runs.c.id.in_(touched), runs.c.kind == RunKind.RECEIVED.value, runs.c.id.not_in(still))
        .where(vault_files.c.file.contains("/original-"))
    )
    return [{"file": row.file, "offset": 0, "length": row.committed} for row in connection.execute(query)]


def _delete(connection: sa.Connection, table: sa.Table, chosen: sa.ColumnElement[bool]) -> None:
    """Delete rows, and first whatever refers to them, table by table."""
    for child in metadata.sorted_tables:
        for key in child.foreign_keys:
            if key.column.table is not table or child.name in _KEPT_BY_HAND:
                continue
            pointing = key.parent.in_(sa.select(key.column).where(chosen))
            if key.parent.nullable and not key.parent.primary_key:
                connection.execute(sa.update(child).where(pointing).values({key.parent.name: None}))
            else:
                _delete(connection, child, pointing)
    connection.execute(sa.delete(table).where(chosen))
