"""A cluster of three whose nodes are killed and come back while documents go in and searches are asked.

Three nodes take a minute to start: this runs where TRACEMARK_CLUSTER is set, and always in CI.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from pipelines.errors import TracemarkError
from pipelines.index.analysis import Analyzer
from pipelines.index.elastic_bulk import Patience
from pipelines.index.elastic_engine import ElasticIndex, connect, open_elastic
from pipelines.index.parser import parse
from pipelines.index.port import Search, Sort
from pipelines.index.projector import Projector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipelines.index.document import IndexDocument

pytestmark = pytest.mark.skipif(
    not os.environ.get("TRACEMARK_CLUSTER") and os.environ.get("CI") != "true",
    reason="three nodes take a minute to start: set TRACEMARK_CLUSTER=1",
)
LISTINGS = int(os.environ.get("TRACEMARK_FAULT_LISTINGS", "2000"))
PATIENCE = Patience(attempts=60, first_wait=0.05, longest_wait=2.0)


class EndlessJournal:
    """Changes as long as they are wanted: each listing again and again, one in fifty is not there any more."""

    def __init__(self, make: Callable[..., IndexDocument]) -> None:
        self._make = make
        self.most = 0

    def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        found = []
        for sequence in range(after + 1, min(after + limit, self.most) + 1):
            line = self._make(sequence % LISTINGS).line
            found.append((sequence, line["site"], line["id"]))
        return found

    def documents(self, keys: Iterable[tuple[str, str]]) -> list[IndexDocument]:
        numbers = [int(identity.removeprefix("a")) for _, identity in keys]
        return [self._make(number, sequence, change=sequence) for number in numbers if (sequence := self.last(number))]

    def last(self, number: int) -> int:
        """The newest change of a listing; 0 where it was taken out."""
        if number % 50 == 3:
            return 0
        newest = self.most - (self.most - number) % LISTINGS
        return max(newest, 0)

    def set_aside(self, key: str, reason: str) -> None:
        pytest.fail(f"{key} was set aside: {reason}")

    def truth(self) -> dict[str, int]:
        kept = ((number, self.last(number)) for number in range(LISTINGS))
        return {self._make(number).key: last for number, last in kept if last}


class Searcher(threading.Thread):
    """Asks all the while. Every answer must come; none may have a listing twice."""

    def __init__(self, index: ElasticIndex) -> None:
        super().__init__()
        self._index = index
        self.asked = 0
        self.slowest = 0.0
        self.trouble: list[str] = []
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.is_set():
            started = time.monotonic()
            try:
                hits = self._index.search(Search(query=parse("glock OR pistola"), limit=100)).hits
            except TracemarkError as error:
                self.trouble.append(repr(error))
                continue
            if len({hit.key for hit in hits}) != len(hits):
                self.trouble.append("a listing twice")
            self.slowest = max(self.slowest, time.monotonic() - started)
            self.asked += 1
            time.sleep(0.05)


def test_nodes_die_and_return_and_nothing_is_lost(elasticsearch: Any, document: Callable[..., IndexDocument]) -> None:
    journal = EndlessJournal(document)
    with elasticsearch("--nodes", "3") as (obey, told):
        first = told.split()[-1]
        port = int(first.rpartition(":")[2])
        nodes = ",".join(f"http://127.0.0.1:{port + node}" for node in range(3))
        index, reader = (open_elastic(nodes, "cluster", Analyzer(), patience=PATIENCE) for _ in range(2))
        journal.most = LISTINGS
        Projector(index, journal, batch=500).run()
        searcher = Searcher(reader)
        searcher.start()
        writing = threading.Event()
        writing.set()
        writer = threading.Thread(target=keep_writing, args=(index, journal, writing))
        writer.start()
        for node in ("2", "3", "1"):
            wait_for(nodes, "green")
            obey("kill-node", "--node", node)
            time.sleep(3)
            obey("start-node", "--node", node)
        wait_for(nodes, "green")
        writing.clear()
        writer.join()
        searcher.done.set()
        searcher.join()
        report = Projector(index, journal, batch=500).run()
        assert report.position == journal.most
        truth = journal.truth()
        assert held(index) == truth
        Projector(index, journal, batch=2_000).rebuild()
        assert held(index) == truth
        print(f"{journal.most} changes, {searcher.asked} searches, the slowest {searcher.slowest:.1f} s")  # noqa: T201
        assert searcher.trouble == []
        assert searcher.asked > 50
        assert journal.most > LISTINGS + 3 * 500
        index.close()
        reader.close()


def keep_writing(index: ElasticIndex, journal: EndlessJournal, wanted: threading.Event) -> None:
    while wanted.is_set():
        journal.most += 500
        Projector(index, journal, batch=500).run()


def wait_for(nodes: str, status: str) -> None:
    client = connect(nodes, password=None, ca=None)
    patience = Patience(attempts=60, first_wait=0.5, longest_wait=1.0)
    found = patience.call(lambda: client.cluster.health(wait_for_nodes=">=3", wait_for_status=status, timeout="60s"))
    client.close()
    assert not found["timed_out"], found


def held(index: ElasticIndex) -> dict[str, int]:
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
