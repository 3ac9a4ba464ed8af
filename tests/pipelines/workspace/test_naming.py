"""Which listing a person means."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest

from pipelines.errors import BadInput
from pipelines.feed import FeedDesk
from pipelines.feed_line import FeedOptions
from pipelines.intake import Intake
from pipelines.naming import find_listing
from pipelines.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'store.db'}")
    ids = count(1)
    desk = FeedDesk(
        opened,
        Intake(opened, "Example Unit"),
        tmp_path / "vault",
        new_id=lambda: f"{next(ids):032x}",
        now=lambda: datetime(2026, 3, 1, tzinfo=UTC),
    )
    for site, named in {"a": ["1", "both", "b/1", "x/y/z"], "b": ["both", "1/"]}.items():
        feed = tmp_path / f"{site}.jsonl"
        feed.write_text("".join(json.dumps({"id": one, "title": "x"}) + "\n" for one in named))
        desk.receive(feed, FeedOptions(site=site))
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("a/1", ("a", "1")),
        ("1", ("a", "1")),
        ("b/both", ("b", "both")),
        ("a/b/1", ("a", "b/1")),  # the site stands before the first slash
        ("b/1", ("a", "b/1")),  # b has no listing 1, and the id is unique
        ("b/1/", ("b", "1/")),
        ("x/y/z", ("a", "x/y/z")),
        ("a/x/y/z", ("a", "x/y/z")),
    ],
)
def test_site_and_id_or_an_id_that_is_unique(database: Database, named: str, expected: tuple[str, str]) -> None:
    assert find_listing(database, named) == expected


def test_several_are_told_to_choose_from(database: Database) -> None:
    with pytest.raises(BadInput, match="names 2 listings") as caught:
        find_listing(database, "both")
    assert caught.value.details == ("a/both", "b/both")


@pytest.mark.parametrize("named", ["", "/", "a/", "/1", "c/1", "2", "a/2"])
def test_none_is_told(database: Database, named: str) -> None:
    with pytest.raises(BadInput, match="no listing"):
        find_listing(database, named)
