"""A room with a store, an index that follows it, listings of our own, and servers that take mail and posts."""

from __future__ import annotations

import json
import socketserver
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from attrs import define, field

from pipelines.alerts.models import Channel, SavedSearch
from pipelines.alerts.records import keep_search, read_digests, read_search
from pipelines.alerts.round import AlertDesk, RoundReport
from pipelines.alerts.senders import Senders
from pipelines.alerts.settings import AlertSettings
from pipelines.content import content_sha256, content_to_json
from pipelines.history import note_changes
from pipelines.index.opening import open_index
from pipelines.index.projector import Projector
from pipelines.journal import JournalSource
from pipelines.models import ListingContent, SellerRef
from pipelines.store.assessing import AssessmentRecord, keep_assessments
from pipelines.store.database import Database
from pipelines.store.tables import captures, item_listings, items, listings, runs, sellers, sites, versions

if TYPE_CHECKING:
    from email.message import EmailMessage
    from pathlib import Path

    from pipelines.index.port import Index
    from pipelines.models import JsonObject

START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday


@define
class Room:
    """What a team would have, and its clock."""

    database: Database
    index: Index
    folder: Path
    now: datetime = START
    settings: AlertSettings = field(factory=AlertSettings)
    rows: dict[str, int] = field(factory=dict)
    _numbers: dict[str, int] = field(factory=dict)

    def offer(self, name: str, title: str, *shown: str, assessed: bool = True, **changes: Any) -> None:
        """A listing appears or changes; `shown` are the items in it."""
        content = ListingContent(id=name, url=None, title=title, **changes)
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        with self.database.write() as connection:
            if name not in self.rows:
                seller = self._account(connection, content.seller)
                row = {"site": "alpha", "native_id": name, "status": "active", "first_seen": self.now, "seller": seller}
                inserted = sa.insert(listings).returning(listings.c.id)
                self.rows[name] = int(connection.scalar(inserted, {**row, "last_seen": self.now}) or 0)
            version = {"listing": self.rows[name], "number": number, "capture": "c", "seen_at": self.now}
            version |= {"content_sha256": content_sha256(content), "content": content_to_json(content)}
            made = connection.scalar(sa.insert(versions).returning(versions.c.id), version)
            mine = listings.c.id == self.rows[name]
            connection.execute(sa.update(listings).where(mine).values(version=made, assessment=None))
            note_changes(connection, [self.rows[name]])
        if assessed:
            self.assess(name, *shown)

    def _account(self, connection: sa.Connection, seller: SellerRef | None) -> int | None:
        if seller is None:
            return None
        mine = sa.select(sellers.c.id).where(sellers.c.native_id == seller.id)
        row = {"site": "alpha", "native_id": seller.id, "name": seller.name}
        row |= {"first_seen": self.now, "last_seen": self.now}
        return connection.scalar(mine) or connection.scalar(sa.insert(sellers).returning(sellers.c.id), row)

    def assess(self, name: str, *shown: str) -> None:
        """A listing's assessment and its items come in."""
        row = self.rows[name]
        signal = {"name": "no_check_offered", "polarity": "for"}
        body = {"language": "en", "class": "firearm_handgun", "signals": [signal], "review": "review"}
        with self.database.write() as connection:
            version = connection.scalar(sa.select(listings.c.version).where(listings.c.id == row))
            record = AssessmentRecord(
                version=int(version or 0),
                made_by="test",
                at=self.now,
                body=body,
                items=[],
                derivation={},
                vector=None,
            )
            keep_assessments(connection, [(row, record)])
            connection.execute(sa.delete(item_listings).where(item_listings.c.listing == row))
            known = set(connection.scalars(sa.select(items.c.id)))
            for item in shown:
                if item not in known:
                    connection.execute(sa.insert(items).values(id=item, body={}))
                connection.execute(sa.insert(item_listings).values(item=item, listing=row))

    def project(self) -> None:
        """The index catches up."""
        Projector(self.index, JournalSource(self.database, lambda: self.now)).run()

    def save(self, query: str, *ways: str, name: str = "one", **values: Any) -> None:
        """A search is saved, over all history."""
        channels = tuple(Channel.read(way) for way in ways or ("feed",))
        search = SavedSearch(name=name, query=query, owner="Example", created=self.now, channels=channels, **values)
        with self.database.write() as connection:
            keep_search(connection, search)

    def search(self, name: str = "one") -> SavedSearch:
        with self.database.read() as connection:
            return read_search(connection, name)

    def run(self, *, after: timedelta = timedelta(0)) -> RoundReport:
        """Time passes, the index catches up, and there is a round."""
        self.now += after
        self.project()
        return self.round()

    def round(self) -> RoundReport:
        desk = AlertDesk(
            database=self.database,
            index=self.index,
            senders=Senders(self.settings),
            feeds=self.folder / "alerts",
            actor="Example Unit",
            now=lambda: self.now,
            desk=self.settings.desk,
        )
        return desk.run()

    def digests(self, name: str = "one") -> list[JsonObject]:
        """What was told, the oldest first."""
        with self.database.read() as connection:
            return [body for _, _, body in reversed(read_digests(connection, read_search(connection, name), 1000))]

    def told(self, name: str = "one") -> list[str]:
        """The listings told, in their order."""
        return [one["listing"].removeprefix("alpha/") for body in self.digests(name) for one in body["listings"]]


def make_room(folder: Path, url: str) -> Room:
    database = Database.open(url)
    with database.write() as connection:
        connection.execute(sa.insert(sites).values(name="alpha", source="feed", added=START))
        run = {"id": "r", "site": "alpha", "kind": "feed", "started": START, "status": "done"}
        body: JsonObject = {"authority": {}, "expected": {}, "found": {}, "unseen": {}}
        connection.execute(sa.insert(runs).values(**run, **body))
        capture = {"id": "c", "site": "alpha", "run": "r", "method": "feed", "at": START, "kind": "detail"}
        where = {"file": "f", "offset": 0, "length": 0, "payload_sha256": "0" * 64}
        connection.execute(sa.insert(captures).values(**capture, **where))
    return Room(database=database, index=open_index(folder / "index", None, "listings"), folder=folder)


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mail (RFC 5321, as far as needed) and keeps it; `answer` is what a recipient is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Mailman)
        self.taken: list[EmailMessage] = []
        self.answer = b"250 ok"


class _Mailman(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 mail.example.org\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    body += part.removeprefix(b".") if part.startswith(b"..") else part
                self.server.taken.append(message_from_bytes(body, policy=policy.default))
            answers = {b"QUIT": b"221 bye", b"RCPT": self.server.answer}
            self.wfile.write(answers.get(verb, b"250 ok") + b"\r\n")
            if verb == b"QUIT":
                return


class Hook(ThreadingHTTPServer):
    """Takes posts and keeps them; answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Poster)
        self.taken: list[tuple[dict[str, str], JsonObject, bytes]] = []
        self.status = 204
        self.elsewhere = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/take"


class _Poster(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((dict(self.headers), json.loads(body), body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self.server.elsewhere += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the base class names it so
        """Quiet."""
