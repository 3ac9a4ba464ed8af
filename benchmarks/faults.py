"""What is lost or doubled on the way into Elasticsearch when servers refuse, vanish, forget and die.

    python benchmarks/faults.py [--listings 100000] [--only storm|cluster] [--elasticsearch URL]

The storm: a proxy in front of a real server sends half of all requests into 429, 503, resets, lost replies, cut answers
and refusals of single items. The cluster: each of three nodes is killed and comes back in turn while listings change
and searches are asked. After each, every key and version in the index is compared with the journal, and again after a
rebuild through the same faults. Prints what was met, then one JSON line with the bars.
"""

from __future__ import annotations

import argparse
import json
import random
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog
from attrs import define, field
from elastic_server import started
from elastic_storm import Proxy
from search import GUN_WORDS, bar, make_line

from pipelines.errors import TracemarkError
from pipelines.index.analysis import Analyzer
from pipelines.index.document import IndexDocument
from pipelines.index.elastic_bulk import Patience
from pipelines.index.elastic_engine import ElasticIndex, connect, open_elastic
from pipelines.index.parser import parse
from pipelines.index.port import Search, Sort
from pipelines.index.projector import Projector

if TYPE_CHECKING:
    from collections.abc import Iterable

WORDS = [*GUN_WORDS, *(f"word{number}" for number in range(500))]
WEIGHTS = np.cumsum(1.0 / (np.arange(len(WORDS)) + 3.0)).tolist()
BATCH = 1_000  # changes
IN_STORMS = Patience(attempts=30, first_wait=0.001, longest_wait=0.05)
WHILE_NODES_DIE = Patience(attempts=60, first_wait=0.05, longest_wait=2.0)


@define
class Journal:
    """A store in miniature: which listing changed, in order, and the last change of each; 0 where it is gone."""

    count: int
    entries: list[int] = field(factory=list)
    last: dict[int, int] = field(factory=dict)
    aside: list[str] = field(factory=list)

    def put(self, number: int) -> None:
        self.entries.append(number)
        self.last[number] = len(self.entries)

    def remove(self, number: int) -> None:
        self.entries.append(number)
        self.last[number] = 0

    def make(self, number: int) -> IndexDocument:
        """A listing as of its last change; the one after the `count` first can never be indexed."""
        chance = random.Random(number)  # noqa: S311 -- made-up listings
        line = make_line(chance, number, self.count, WORDS, WEIGHTS)
        line |= {"site": site_of(number), "change": self.last[number]}
        if number == self.count:
            line["last_seen"] = "never"
        return IndexDocument(key=f"{line['site']}/{number}", sequence=self.last[number], line=line)

    def changes(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        part = self.entries[after : after + limit]
        return [(sequence, site_of(number), str(number)) for sequence, number in enumerate(part, start=after + 1)]

    def documents(self, keys: Iterable[tuple[str, str]]) -> list[IndexDocument]:
        return [self.make(int(number)) for _, number in keys if self.last[int(number)]]

    def set_aside(self, key: str, _reason: str) -> None:
        self.aside.append(key)

    def truth(self) -> dict[str, int]:
        """The last change by key, of all that can be in the index."""
        return {self.make(one).key: last for one, last in self.last.items() if last and one != self.count}


def site_of(number: int) -> str:
    return f"site{number % 8}"


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
            began = time.monotonic()
            self.asked += 1
            try:
                hits = self._index.search(Search(query=parse("glock OR pistol"), limit=100)).hits
            except TracemarkError as error:
                self.trouble.append(repr(error))
                continue
            if len({hit.key for hit in hits}) != len(hits):
                self.trouble.append("a listing twice")
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.05)


def compare(index: ElasticIndex, journal: Journal) -> dict[str, int]:
    """How many listings are missing or older than the journal says, and how many are there twice or should be gone."""
    truth, seen, doubled = journal.truth(), dict[str, int](), 0
    cursor = None
    while True:
        page = index.search(Search(query=parse(""), sort=Sort.SEQUENCE, limit=1000, cursor=cursor))
        for hit in page.hits:
            doubled += hit.key in seen or hit.key not in truth
            seen[hit.key] = hit.line["change"]
        cursor = page.cursor
        if cursor is None:
            break
    doubled += max(0, index.count() - len(truth))
    return {"lost": sum(seen.get(key) != last for key, last in truth.items()), "doubled": doubled}


def follow_and_rebuild(index: ElasticIndex, direct: ElasticIndex, journal: Journal) -> dict[str, dict[str, int]]:
    """What differs once the index has caught up, and once it was made anew."""
    if Projector(index, journal, batch=BATCH).run().position != len(journal.entries):
        raise SystemExit("the projector stopped before the journal's end")
    followed = compare(direct, journal)
    Projector(index, journal, batch=BATCH).rebuild()
    return {"followed": followed, "rebuilt": compare(direct, journal)}


def measure_storm(url: str, count: int, seed: int) -> dict[str, Any]:
    """All listings, a seventh of them changed, a fiftieth removed and one unusable, through the proxy."""
    journal = Journal(count)
    for number in range(count + 1):
        journal.put(number)
    for number in range(0, count, 7):
        journal.put(number)
    for number in range(0, count, 50):
        journal.remove(number)
    proxy = Proxy(url, seed=seed, share=0.0)
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    began = time.monotonic()
    with (
        open_elastic(proxy.url, "storm", Analyzer(), patience=IN_STORMS) as index,
        open_elastic(url, "storm", Analyzer()) as direct,
    ):
        proxy.share = 0.5
        figures: dict[str, Any] = follow_and_rebuild(index, direct, journal)
        proxy.share = 0.0
    proxy.shutdown()
    proxy.server_close()
    aside = len(set(journal.aside))
    return figures | {"met": proxy.met, "set_aside": aside, "changes": len(journal.entries), "seconds": since(began)}


def measure_cluster(count: int) -> dict[str, Any]:
    """Three nodes are killed and return, one after another, while listings change and searches are asked."""
    journal = Journal(count)
    for number in range(count):
        journal.put(number)
    began = time.monotonic()
    with started("--nodes", "3") as (obey, told):
        port = int(told.split()[-1].rpartition(":")[2])
        nodes = ",".join(f"http://127.0.0.1:{port + node}" for node in range(3))
        index, reader = (open_elastic(nodes, "cluster", Analyzer(), patience=WHILE_NODES_DIE) for _ in range(2))
        Projector(index, journal, batch=BATCH).run()
        searcher, wanted = Searcher(reader), threading.Event()
        wanted.set()
        writer = threading.Thread(target=keep_writing, args=(index, journal, wanted))
        searcher.start()
        writer.start()
        for node in ("2", "3", "1"):
            wait_for_green(nodes)
            obey("kill-node", "--node", node)
            time.sleep(3)
            obey("start-node", "--node", node)
            print(f"  node {node} was killed and is back; {len(journal.entries):,} changes so far", flush=True)
        wait_for_green(nodes)
        wanted.clear()
        writer.join()
        figures: dict[str, Any] = follow_and_rebuild(index, index, journal)
        searcher.done.set()
        searcher.join()
        index.close()
        reader.close()
    unanswered = len(searcher.trouble)
    figures |= {"searches": searcher.asked, "unanswered": unanswered, "slowest_seconds": round(searcher.slowest, 1)}
    return figures | {"changes": len(journal.entries), "seconds": since(began)}


def keep_writing(index: ElasticIndex, journal: Journal, wanted: threading.Event) -> None:
    """Change listings, a few hundred at a time, and take one in fifty out."""
    chance = random.Random(3)  # noqa: S311 -- which listing changes
    while wanted.is_set():
        for _ in range(500):
            number = chance.randrange(journal.count)
            (journal.remove if number % 50 == 3 else journal.put)(number)
        Projector(index, journal, batch=BATCH).run()


def wait_for_green(nodes: str) -> None:
    client = connect(nodes, password=None, ca=None)
    patience = Patience(attempts=60, first_wait=0.5, longest_wait=1.0)
    found = patience.call(lambda: client.cluster.health(wait_for_nodes=">=3", wait_for_status="green", timeout="60s"))
    client.close()
    if found["timed_out"]:
        raise SystemExit(f"the cluster did not become whole: {found}")


def since(began: float) -> float:
    return round(time.monotonic() - began, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--listings", type=int, default=100_000)
    parser.add_argument("--only", choices=["storm", "cluster"])
    parser.add_argument("--elasticsearch", metavar="URL", help="a server for the storm; without it one is started")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # every fault is a warning
    figures: dict[str, Any] = {"listings": options.listings}
    if options.only != "cluster":
        if options.elasticsearch:
            figures["storm"] = measure_storm(options.elasticsearch, options.listings, options.seed)
        else:
            with started() as (_, told):
                figures["storm"] = measure_storm(told.split()[-1], options.listings, options.seed)
        show("storm", figures["storm"])
    if options.only != "storm":
        figures["cluster"] = measure_cluster(options.listings)
        show("cluster", figures["cluster"])
    bars: dict[str, Any] = {}
    for name in ("storm", "cluster"):
        for when in ("followed", "rebuilt"):
            for what, value in figures.get(name, {}).get(when, {}).items():
                bars[f"{name}_{when}_{what}"] = bar(value, 0)
    if "cluster" in figures:
        bars["cluster_searches_unanswered"] = bar(figures["cluster"]["unanswered"], 0)
    print(json.dumps({"bench": "faults", "figures": figures, "bars": bars}))


def show(name: str, figures: dict[str, Any]) -> None:
    print(f"{name}: {figures['changes']:,} changes in {figures['seconds']} s")
    for when in ("followed", "rebuilt"):
        print(f"  {when}: {figures[when]['lost']} lost, {figures[when]['doubled']} doubled")
    if "met" in figures:
        print(f"  met: {', '.join(f'{count} x {fault}' for fault, count in figures['met'].items())}", flush=True)
    else:
        print(f"  {figures['searches']} searches meanwhile, {figures['unanswered']} unanswered", flush=True)


if __name__ == "__main__":
    main()
