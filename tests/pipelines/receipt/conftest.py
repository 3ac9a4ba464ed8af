from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from attrs import frozen

from pipelines.models import ExtractedPage, ListingContent, PageKind
from pipelines.receipt.desk import ReceiptDesk, ReceiptReport
from pipelines.receipt.kinds import recognise
from pipelines.store.runs import SiteRecord
from pipelines.workspace import Workspace, write_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.store.database import Database

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def read_title(body: bytes, *, url: str | None, content_type: str | None, at: datetime) -> ExtractedPage:
    """A reader as small as one can be: pipelines' tests need no crawler."""
    _, found, rest = body.decode().partition("<h1>")
    if told := re.findall(r"<li>(.*?) (\d+)</li>", body.decode()):
        offers = tuple(ListingContent(id=identity, url=None, title=f"{words} {identity}") for words, identity in told)
        return ExtractedPage(kind=PageKind.INDEX, listings=offers)
    if not found:
        return ExtractedPage(kind=PageKind.OTHER, reason="no heading")
    title = rest.partition("</h1>")[0]
    identity = title.rpartition(" ")[2]
    text = body.decode().partition("<p>")[2].partition("</p>")[0]
    return ExtractedPage(
        kind=PageKind.DETAIL, listing=ListingContent(id=identity, url=url, title=title, description=text)
    )


@frozen
class Room:
    workspace: Workspace
    database: Database
    folder: Path

    def receive(self, name: str, data: bytes, *, site: str = "market", url: str | None = None) -> ReceiptReport:
        path = self.folder / name
        path.write_bytes(data)
        numbers = iter(range(10**6))
        taken = len(list((self.workspace.vault / "received").glob("*")))
        desk = ReceiptDesk(
            database=self.database,
            actor="Example Unit",
            vault=self.workspace.vault,
            read=read_title,
            new_id=lambda: f"{taken:04d}{next(numbers):08d}",
            now=lambda: NOW,
        )
        return desk.receive(path, recognise(path), SiteRecord(name=site, source="received"), url=url)


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    root = tmp_path / "room"
    write_workspace(root, {"operator": "Example Unit", "contact": "unit@example.org", "basis": "Test"})
    workspace = Workspace.read(root, os.environ)
    database = workspace.open_database()
    yield Room(workspace, database, tmp_path)
    database.close()
