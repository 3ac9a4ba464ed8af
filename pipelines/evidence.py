"""A listing's dossier, gathered from the store: everything a packet holds."""

from __future__ import annotations

import platform
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from pipelines.cases.desk import case_subject
from pipelines.cases.records import cases_named, read_case
from pipelines.errors import BadInput
from pipelines.models import Capture, CaptureMethod, PageKind, StoredBytes
from pipelines.naming import find_listing
from pipelines.packet.dossier import Dossier
from pipelines.store.custody import custody_rows
from pipelines.store.lines import listing_records, places_named, rows_of
from pipelines.store.runs import run_to_json, runs_named
from pipelines.store.tables import (
    assessments,
    capture_listings,
    captures,
    columns_of,
    decisions,
    listings,
    seller_assessments,
    sellers,
    sites,
    versions,
)
from pipelines.warc.reader import read_members

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.models import JsonObject
    from pipelines.store.database import Database


def gather_dossier(database: Database, site: str, native_id: str, *, vault: Path, workspace: str) -> Dossier:
    """Everything the store knows of one listing. Raises `BadInput` when there is no such listing."""
    with database.read() as connection:
        return read_dossier(connection, site, native_id, vault=vault, workspace=workspace)


def read_dossier(connection: sa.Connection, site: str, native_id: str, *, vault: Path, workspace: str) -> Dossier:
    """As `gather_dossier`, in a view of the store that the caller has."""
    row = rows_of(connection, [(site, native_id)]).get((site, native_id))
    if row is None:
        raise BadInput(f"no listing {site}/{native_id}", hint="tracemark search finds listings and their ids")
    record = next(listing_records(connection, [row]))
    seen = _captures(connection, row)
    return Dossier(
        site=site,
        id=native_id,
        workspace=workspace,
        listing=record.line,
        versions=tuple(_versions(connection, row)),
        captures=tuple(seen),
        read=partial(read_members, vault),
        assessment=_assessment(connection, row),
        vector=record.vector,
        seller=_seller(connection, listings.c.id == row),
        custody=tuple(custody_rows(connection, subject=f"{site}/{native_id}")),
        runs=tuple(run_to_json(run) for run in runs_named(connection, sorted({one.run for one in seen}))),
        reviews=tuple(_decisions(connection, row)),
        software={"tracemark": version("tracemark"), "python": platform.python_version()},
    )


def find_dossier(database: Database, named: str, *, vault: Path, workspace: str) -> Dossier:
    """The dossier of the listing or the case called `named`. Raises BadInput where it is neither, or could be both."""
    with database.read() as connection:
        cases = cases_named(connection, named)
    if not cases:
        site, native_id = find_listing(database, named)
        return gather_dossier(database, site, native_id, vault=vault, workspace=workspace)
    with database.read() as connection:
        places = places_named(connection, named)
    if places:
        details = tuple(f"listing {site}/{native_id}" for site, native_id in places)
        raise BadInput(f"{named!r} names a case and a listing", hint="give the listing's site too", details=details)
    return gather_case_dossier(database, named, vault=vault, workspace=workspace)


def gather_case_dossier(database: Database, case: str, *, vault: Path, workspace: str) -> Dossier:
    """Everything the store knows of a case, its listings and its sellers. Raises BadInput where it is empty."""
    with database.read() as connection:
        found = read_case(connection, case)
        if not found.listings and not found.sellers:
            raise BadInput(f"case {case} is empty", hint=f"tracemark case add {case} ID")
        parts = [read_dossier(connection, one.site, one.id, vault=vault, workspace=workspace) for one in found.listings]
        logs = [one.custody for one in parts]
        logs.append(tuple(custody_rows(connection, subject=case_subject(found.reference))))
        accounts = {(one.seller["site"], one.seller["id"]): one.seller for one in parts if one.seller}
        for member in found.sellers:
            account = _seller(connection, sellers.c.id == member.row)
            accounts |= {} if account is None else {(member.site, member.id): account}
        return Dossier(
            site="",
            id="",
            workspace=workspace,
            listing={},
            versions=(),
            captures=tuple({one.id: one for part in parts for one in part.captures}.values()),
            read=partial(read_members, vault),
            seller={"sellers": [account for _, account in sorted(accounts.items())]},
            custody=tuple(sorted((row for log in logs for row in log), key=lambda row: int(row["sequence"]))),
            runs=tuple({run["id"]: run for part in parts for run in part.runs}.values()),
            software={"tracemark": version("tracemark"), "python": platform.python_version()},
            case=found.to_json(),
            parts=tuple(parts),
        )


def _captures(connection: sa.Connection, row: int) -> list[Capture]:
    """The captures that show the listing, and those that they repeat."""
    lists = sa.select(capture_listings.c.capture).where(capture_listings.c.listing == row)
    shows = sa.or_(captures.c.listing == row, captures.c.id.in_(lists))
    query = sa.select(captures).where(shows).order_by(captures.c.at, captures.c.id)
    found = [_capture(one) for one in connection.execute(query).mappings()]
    missing = sorted({one.revisit_of for one in found if one.revisit_of} - {one.id for one in found})
    if missing:
        query = sa.select(captures).where(captures.c.id.in_(missing)).order_by(captures.c.at, captures.c.id)
        found = [*(_capture(one) for one in connection.execute(query).mappings()), *found]
    return found


def _capture(row: sa.RowMapping) -> Capture:
    names = ("id", "site", "run", "url", "at", "http_status", "content_type", "revisit_of")
    return Capture(
        **{name: row[name] for name in names},
        method=CaptureMethod(row["method"]),
        kind=PageKind(row["kind"]),
        stored=StoredBytes(**{name: row[name] for name in ("file", "offset", "length", "payload_sha256")}),
        screenshot=None if row["screenshot"] is None else StoredBytes(**row["screenshot"]),
        resources=tuple(StoredBytes(**one) for one in row["resources"] or ()),
    )


def _versions(connection: sa.Connection, row: int) -> Sequence[JsonObject]:
    query = sa.select(versions).where(versions.c.listing == row).order_by(versions.c.number)
    return [
        {
            "number": one["number"],
            "seen_at": one["seen_at"],
            "capture": one["capture"],
            "content_sha256": one["content_sha256"],
            "content": one["content"],
        }
        for one in connection.execute(query).mappings()
    ]


def _assessment(connection: sa.Connection, row: int) -> JsonObject | None:
    """The assessment, and in `input` what it read beside the words of the version: the site's own facts."""
    query = (
        sa.select(
            assessments.c.body,
            assessments.c["items"],
            assessments.c.derivation,
            versions.c.number,
            *columns_of(sites, "name", "source", "currency", "country", "timezone"),
        )
        .join(listings, listings.c.assessment == assessments.c.id)
        .join(versions, versions.c.id == assessments.c.version)
        .join(sites, sites.c.name == listings.c.site)
        .where(listings.c.id == row)
    )
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        return None
    site = {name: found[name] for name in ("name", "source", "currency", "country", "timezone")}
    read = {"version": found["number"], "site": site}
    return {**found["body"], "items": found["items"], "derivation": found["derivation"], "input": read}


def _seller(connection: sa.Connection, chosen: sa.ColumnElement[bool]) -> JsonObject | None:
    query = (
        sa.select(sellers, seller_assessments.c.body)
        .outerjoin(listings, listings.c.seller == sellers.c.id)
        .outerjoin(seller_assessments, seller_assessments.c.seller == sellers.c.id)
        .where(chosen)
        .limit(1)
    )
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        return None
    shown: dict[str, Any] = {name: found[name] for name in ("site", "name", "url", "joined", "licence", "profile")}
    return {**shown, "id": found["native_id"], "history": found["body"]}


def _decisions(connection: sa.Connection, row: int) -> Sequence[JsonObject]:
    query = sa.select(decisions).where(decisions.c.listing == row).order_by(decisions.c.id)
    names = ("at", "actor", "decision", "reason")
    return [{name: _iso(one[name]) for name in names} for one in connection.execute(query).mappings()]


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
