"""Nothing lost, nothing doubled: a scripted proxy between us and a real server refuses, fails, resets and forgets."""

from __future__ import annotations

import socket
import threading
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from elastic_storm import Proxy

from pipelines.errors import PartMissing
from pipelines.index.analysis import Analyzer
from pipelines.index.elastic_bulk import Patience
from pipelines.index.elastic_engine import ElasticIndex, open_elastic
from pipelines.index.opening import open_index
from pipelines.index.parser import parse
from pipelines.index.port import Search, Sort
from pipelines.index.projector import Projector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pipelines.index.document import IndexDocument

LISTINGS = 2_000  # benchmarks/faults.py sends 100,000
NAMES = count()


class Journal:
    """A store in miniature: listings with their present state, and a journal of changes."""

    def __init__(self, make: Callable[..., IndexDocument]) -> None:
        self._make = make
        self.entries: list[tuple[int, str, str]] = []
        self.state: dict[tuple[str, str], IndexDocument | None] = {}
        self.aside: dict[str, str] = {}
        self.stop_after: int | None = None

    def put(self, number: int, **changes: Any) -> str:
        sequence = len(self.entries) + 1
        document = self._make(number, sequence, **changes)
        identity = (document.line["site"], document.line["id"])
        self.state[identity] = document
        self.entries.append((sequence, *identity))
        return document.key

    def remove(self, number: int) -> None:
        line = self._make(number).line
        identity = (line["site"], line["id"])
        self.state[identity] = None
        self.entries.append((len(self.entries) + 1, *identity))

    def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        return self.entries[after : after + limit]

    def documents(self, keys: Iterable[tuple[str, str]]) -> list[IndexDocument]:
        return [document for key in keys if (document := self.state[key]) is not None]

    def set_aside(self, key: str, reason: str) -> None:
        self.aside[key] = reason

    def truth(self) -> dict[str, int]:
        return {document.key: document.sequence for document in self.state.values() if document is not None}


def held(index: Any) -> dict[str, int]:
    """Every key in the index with the sequence that its line says."""
    found: dict[str, int] = {}
    cursor = None
    while True:
        page = index.search(Search(query=parse(""), sort=Sort.SEQUENCE, limit=1000, cursor=cursor))
        for hit in page.hits:
            assert hit.key not in found
            found[hit.key] = hit.line["change"]
        cursor = page.cursor
        if cursor is None:
            return found


@pytest.fixture
def journal(document: Callable[..., IndexDocument]) -> Journal:
    def make(number: int, sequence: int = 0, **changes: Any) -> IndexDocument:
        return document(number, sequence, change=sequence, **changes)

    return Journal(make)


@pytest.fixture
def storm(elasticsearch_url: str, request: pytest.FixtureRequest) -> Iterator[tuple[Proxy, ElasticIndex]]:
    proxy = Proxy(elasticsearch_url, seed=20, share=0.0)
    thread = threading.Thread(target=proxy.serve_forever, args=(0.02,))
    thread.start()
    patience = Patience(attempts=30, first_wait=0.001, longest_wait=0.01)
    index = open_elastic(proxy.url, f"storm{next(NAMES)}", Analyzer(), patience=patience)
    yield proxy, index
    index.close()
    proxy.shutdown()
    proxy.server_close()
    thread.join()


def test_a_storm_loses_nothing_and_doubles_nothing(
    storm: tuple[Proxy, ElasticIndex], elasticsearch_url: str, journal: Journal, tmp_path: Any
) -> None:
    proxy, index = storm
    proxy.share = 0.5
    for number in range(LISTINGS):
        journal.put(number)
    for number in range(0, LISTINGS, 7):
        journal.put(number, title="changed")
    for number in range(0, LISTINGS, 50):
        journal.remove(number)
    bad = journal.put(LISTINGS, last_seen="never")
    report = Projector(index, journal, batch=250).run()
    assert report.position == len(journal.entries)
    assert list(journal.aside) == [bad]
    with open_index(tmp_path, elasticsearch_url, index.describe().address) as direct:
        truth = journal.truth()
        del truth[bad]
        assert direct.count() == len(truth)
        assert held(direct) == truth

        Projector(index, journal, batch=500).rebuild()
        assert direct.count() == len(truth)
        assert held(direct) == truth
        assert direct.position() == len(journal.entries)
    assert all(proxy.met.values()), proxy.met


def test_patience_ends_and_the_position_stays(storm: tuple[Proxy, ElasticIndex], journal: Journal) -> None:
    proxy, index = storm
    journal.put(1)
    Projector(index, journal).run()
    before = index.position()
    journal.put(2)
    journal.put(3)
    proxy.share = 1.0
    with pytest.raises(PartMissing):
        Projector(index, journal).run()
    proxy.share = 0.0
    assert index.position() == before
    Projector(index, journal).run()
    assert index.position() == len(journal.entries)
    assert set(journal.truth()) <= set(held(index))


def test_a_lost_index_is_known_to_be_empty(storm: tuple[Proxy, ElasticIndex], journal: Journal) -> None:
    _, index = storm
    journal.put(1)
    Projector(index, journal).rebuild()
    assert index.position() == 1
    generation = index.describe().generation
    index._client.indices.delete(index=generation)
    assert (index.position(), index.count(), index.search(Search()).total) == (0, 0, 0)
    Projector(index, journal).run()
    assert (index.position(), index.count()) == (1, 1)


def test_an_index_replaced_meanwhile_is_followed_from_its_own_position(
    storm: tuple[Proxy, ElasticIndex], elasticsearch_url: str, journal: Journal, tmp_path: Any
) -> None:
    _, index = storm
    for number in range(4):
        journal.put(number)
    Projector(index, journal).rebuild()
    with open_index(tmp_path, elasticsearch_url, index.describe().address) as other:
        making = other.rebuild()  # of an older state, by another process
        making.fresh.set_position(0)
        journal.put(4)

        class Swapping(Journal):
            """The other process swaps while we read the store."""

            def documents(self, keys: Iterable[tuple[str, str]]) -> list[IndexDocument]:
                if making is not None and not self.aside:
                    self.aside["swapped"] = ""
                    making.swap()
                return journal.documents(keys)

            def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
                return journal.changes(after, limit)

        Projector(index, Swapping(journal._make)).run()
        assert set(held(other)) == set(journal.truth())
        assert index.position() == len(journal.entries)


def test_an_unreachable_server_says_what_to_do(tmp_path: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(PartMissing, match="does not answer") as caught:
        open_index(tmp_path, f"http://127.0.0.1:{port}", "listings")
    assert "TRACEMARK_INDEX_URL" in str(caught.value.hint)


@pytest.mark.parametrize("engine", ["tantivy", "elasticsearch"])
def test_a_crash_before_the_position_is_recorded_is_harmless(
    engine: str, request: pytest.FixtureRequest, tmp_path: Any, journal: Journal
) -> None:
    url = request.getfixturevalue("elasticsearch_url") if engine == "elasticsearch" else None
    for number in range(10):
        journal.put(number)
    with open_index(tmp_path, url, "crash") as index:
        index.upsert(journal.documents(list(journal.state)))  # written, and then the lights went out
    journal.remove(3)
    journal.put(4, title="later")
    with open_index(tmp_path, url, "crash") as index:
        report = Projector(index, journal, batch=3).run()
        assert (report.position, held(index)) == (12, journal.truth())
        assert Projector(index, journal).run().changes == 0
        rebuilt = Projector(index, journal).rebuild()
        assert (rebuilt.position, index.position(), held(index)) == (12, 12, journal.truth())
