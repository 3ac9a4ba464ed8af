"""One text that cannot be read is set aside with its reason; its batch is assessed all the same."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

import pytest
import sqlalchemy as sa
from encoders import PlainEncoder

from classifiers import Assessor
from pipelines.assess import AssessmentDesk
from pipelines.intake import Arrival, Intake
from pipelines.models import Capture, CaptureMethod, ListingContent, PageKind, StoredBytes
from pipelines.places import Places
from pipelines.store.assessing import waiting_blocks
from pipelines.store.database import Database
from pipelines.store.runs import Run, SiteRecord, record_site, start_run
from pipelines.store.tables import assessments, custody, listings, set_aside

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from classifiers import Assessment, Text

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
CURSED = "unreadable"


class StumblingEncoder(PlainEncoder):
    """An encoder that fails on one word, as a defect in a library would."""

    name = "stumbling"

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any(CURSED in text for text in texts):
            raise IndexError("token out of range")
        return super().encode(texts)


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    opened = Database.open(store_url)
    with opened.write() as connection:
        record_site(connection, SiteRecord(name="market", source="crawl"), NOW)
        start_run(connection, Run(id="one", site="market", started=NOW))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def assessor() -> Assessor:
    return Assessor.load(encoder=StumblingEncoder())


def desk_of(database: Database, assessor: Assessor) -> AssessmentDesk:
    return AssessmentDesk(database=database, assessor=assessor, places=Places.shipped(), now=lambda: NOW)


def see(database: Database, native_id: str, description: str) -> None:
    number = int(native_id)
    capture = Capture(
        id=f"{number:032x}",
        site="market",
        run="one",
        url=None,
        method=CaptureMethod.HTTP,
        at=NOW,
        http_status=200,
        content_type=None,
        stored=StoredBytes(file="f", offset=number, length=1, payload_sha256="0" * 64),
        kind=PageKind.DETAIL,
    )
    content = ListingContent(id=native_id, url=None, title="Glock 19 pistol", description=description)
    Intake(database, "Example Unit").take([Arrival(capture=capture, listing=content)], committed={"f": 1})


def test_what_cannot_be_read_is_set_aside_and_the_rest_of_its_batch_assessed(
    database: Database, assessor: Assessor
) -> None:
    see(database, "1", "FFL transfer only.")
    see(database, "2", f"An {CURSED} text.")
    see(database, "3", "No background check.")
    desk = desk_of(database, assessor)
    steps: list[tuple[int, int]] = []
    report = desk.run(progress=lambda done, of: steps.append((done, of)))
    assert (report.assessed, report.set_aside) == (2, 1)
    assert steps[-1] == (3, 3)
    with database.read() as connection:
        [aside] = connection.execute(sa.select(set_aside)).mappings()
        kept = connection.execute(sa.select(sa.func.count()).select_from(assessments)).scalar_one()
        open_rows = connection.execute(sa.select(listings.c.native_id).where(listings.c.assessment.is_(None))).all()
    assert (aside["stage"], aside["subject"]) == ("assess", "market/2")
    assert aside["reason"] == "IndexError: token out of range"
    assert kept == 2
    assert [row[0] for row in open_rows] == ["2"]


def test_what_two_assess_at_once_is_kept_once(database: Database, assessor: Assessor) -> None:
    for number in range(1, 5):
        see(database, str(number), "No background check.")

    class Overtaken:
        """Reads what it was given, and finds that another process was faster."""

        versions = assessor.versions

        def assess(self, texts: Sequence[Text]) -> list[Assessment]:
            found = assessor.assess(texts)
            assert desk_of(database, assessor).run(within=(2, 3)).assessed == 1
            return found

    report = desk_of(database, cast("Assessor", Overtaken())).run()
    assert report.assessed == 3
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(assessments)) == 4
        rows = connection.scalars(sa.select(custody.c.subject).where(custody.c.action == "assess")).all()
    assert sorted(rows) == ["market/1", "market/2", "market/3", "market/4"]


def test_blocks_are_counted_from_their_first_row(database: Database, assessor: Assessor) -> None:
    for number in range(1, 6):
        see(database, str(number), "No background check.")
    desk = desk_of(database, assessor)
    with database.read() as connection:
        assert waiting_blocks(connection, desk.made_by, 2) == [0, 1, 2]
    desk.run(within=(2, 4))
    with database.read() as connection:
        assert waiting_blocks(connection, desk.made_by, 2) == [0, 2]
