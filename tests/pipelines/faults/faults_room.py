"""A store with listings that came by a feed, what assesses and indexes them, and a disk that is full for a while."""

from __future__ import annotations

import json
import resource
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import sqlalchemy as sa
from attrs import define, field
from encoders import PlainEncoder

from pipelines.assess import AssessmentDesk
from pipelines.feed import FeedDesk
from pipelines.feed_line import FeedOptions
from pipelines.index.opening import open_index
from pipelines.index.projector import Projector
from pipelines.intake import Intake
from pipelines.journal import JournalSource
from pipelines.places import Places
from pipelines.store.custody import broken_at
from pipelines.store.tables import assessments, captures, listings, versions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from classifiers import Assessor
    from pipelines.index.port import Index
    from pipelines.store.database import Database

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
LISTINGS = 600


class WatchedEncoder(PlainEncoder):
    """Does `on_batch` before each batch."""

    def __init__(self) -> None:
        self.on_batch: Callable[[], None] = lambda: None

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.on_batch()
        return super().encode(texts)


@define
class FaultsRoom:
    """A store and a folder; the clock is a value that a test sets."""

    database: Database
    folder: Path
    assessor: Assessor
    now: datetime = NOW
    new_id: Callable[[], str] = field(factory=lambda: _numbered().__next__)

    def receive(self, numbers: range = range(LISTINGS), *, price: int = 400) -> None:
        feed = self.folder / "feed.jsonl"
        lines = [
            {"id": str(one), "title": f"Glock 19 pistol {one}", "description": "No background check.", "price": price}
            for one in numbers
        ]
        feed.write_text("".join(json.dumps(one) + "\n" for one in lines))
        intake = Intake(self.database, "Example Unit")
        desk = FeedDesk(self.database, intake, self.folder / "vault", self.new_id, self.clock)
        desk.receive(feed, FeedOptions(site="market", currency="USD"))

    def clock(self) -> datetime:
        return self.now

    def assess(self) -> int:
        desk = AssessmentDesk(database=self.database, assessor=self.assessor, places=Places.shipped(), now=self.clock)
        return desk.run().assessed

    @contextmanager
    def index(self) -> Iterator[Index]:
        with open_index(self.folder / "index", None, "tracemark") as index:
            yield index

    def project(self) -> int:
        """Bring the index up to date; the number of listings in it."""
        with self.index() as index:
            Projector(index, JournalSource(self.database, self.clock), batch=200).run()
            return index.count()

    def counts(self) -> tuple[int, int, int, int]:
        """Captures, listings, versions and assessments; the custody log must hold."""
        with self.database.read() as connection:
            assert broken_at(connection) is None
            captured, listed, said, assessed = (
                connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
                for table in (captures, listings, versions, assessments)
            )
        return captured, listed, said, assessed


def _numbered() -> Iterator[str]:
    return (f"{number:032x}" for number in count(1))


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file of this process can grow over `size` bytes: writing more fails as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
