"""A store with a few listings and sellers, and people who work on cases in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define

from pipelines.cases.desk import CaseDesk
from pipelines.content import content_sha256, content_to_json
from pipelines.models import ListingContent
from pipelines.store.tables import captures, listings, runs, sellers, sites, versions

if TYPE_CHECKING:
    from pipelines.store.database import Database

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
OFFERS = ("101", "102", "103")


@define
class Room:
    database: Database
    minutes: int = 0

    def now(self) -> datetime:
        self.minutes += 1
        return START + timedelta(minutes=self.minutes)

    def desk(self, actor: str) -> CaseDesk:
        return CaseDesk(database=self.database, actor=actor, now=self.now)


def fill(database: Database) -> None:
    """Three offers of one seller on `alpha`, and one of nobody."""
    with database.write() as connection:
        connection.execute(sa.insert(sites).values(name="alpha", source="feed", added=START))
        run = {"id": "r", "site": "alpha", "kind": "feed", "started": START, "status": "done", "authority": {}}
        connection.execute(sa.insert(runs).values(**run, expected={}, found={}, unseen={}))
        seen = {"first_seen": START, "last_seen": START}
        values = {"site": "alpha", "native_id": "s1", "name": "Quiet Fox", **seen}
        seller = connection.execute(sa.insert(sellers).values(values).returning(sellers.c.id)).scalar_one()
        capture = {"id": "c", "site": "alpha", "run": "r", "method": "feed", "at": START, "kind": "detail", "file": "f"}
        connection.execute(sa.insert(captures).values(**capture, offset=0, length=1, payload_sha256="0" * 64))
        for name in (*OFFERS, "900"):
            content = ListingContent(id=name, url=None, title=f"Pistol {name}")
            row = {"site": "alpha", "native_id": name, "status": "active", **seen}
            row["seller"] = seller if name in OFFERS else None
            listing = connection.execute(sa.insert(listings).values(row).returning(listings.c.id)).scalar_one()
            version = {"listing": listing, "number": 1, "capture": "c", "seen_at": START}
            version |= {"content_sha256": content_sha256(content), "content": content_to_json(content)}
            made = connection.execute(sa.insert(versions).values(version).returning(versions.c.id)).scalar_one()
            connection.execute(sa.update(listings).where(listings.c.id == listing).values(version=made))
