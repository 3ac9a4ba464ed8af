"""What our search costs beside the bare engines, on the same documents and the same machine.

    python benchmarks/search.py --documents 200000 [--elasticsearch URL] [--vectors]

Prints p50 and p95 of a query with five facets and a histogram, and the rate of indexing, ours beside bare tantivy (and
beside a hand-written request on Elasticsearch) and beside SQLite's FTS5, then one JSON line with the bars. Documents
are made and analysed once and kept in a file, so that a million of them fit into any memory.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve
from search_rivals import COLUMN_OF, FACETS, LIMIT, BareTantivy, Fts5

from pipelines.index.analysis import Analyzer
from pipelines.index.document import IndexDocument, PreparedDocument, prepare
from pipelines.index.generations import Generations
from pipelines.index.parser import parse
from pipelines.index.port import Histogram, Search
from pipelines.index.tantivy_engine import TantivyIndex
from pipelines.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipelines.index.engine import Engine

HISTOGRAM = Histogram(name="posted")
QUERIES = (
    "glock",
    "glock pistol",
    "rifle scope",
    "pistols OR rifles",
    "word17 word3",
    "glock status:active",
    "magazine",
)
SYLLABLES = ("ba", "ko", "ri", "tu", "men", "sal", "dor", "vi", "lan", "pe")
GUN_WORDS = ("glock", "pistol", "rifle", "scope", "magazine", "holster", "ammo", "pistols", "rifles", "stock", "barrel")


def make_documents(count: int, *, with_vectors: bool) -> Iterator[IndexDocument]:
    """Listings of about 60 words, their frequencies falling as in real text."""
    chance = random.Random(5)  # noqa: S311 -- made-up listings
    words = [*GUN_WORDS, *(f"word{number}" for number in range(200))]
    words += ["".join(chance.choices(SYLLABLES, k=4)) for _ in range(20_000)]
    weights = np.cumsum(1.0 / (np.arange(len(words)) + 3.0)).tolist()
    vectors = np.random.default_rng(5)
    for number in range(count):
        line = make_line(chance, number, count, words, weights)
        vector = vectors.standard_normal(384, np.float32) if with_vectors else None
        yield IndexDocument(key=f"{line['site']}/{number}", sequence=number + 1, line=line, vector=vector)


def make_line(
    chance: random.Random, number: int, count: int, words: Sequence[str], weights: Sequence[float]
) -> dict[str, Any]:
    day = date(2024, 1, 1) + timedelta(days=chance.randrange(700))
    return {
        "site": f"site{chance.randrange(8)}",
        "id": str(number),
        "url": f"https://market.example.com/{number}",
        "status": chance.choice(("active", "sold", "gone")),
        "first_seen": f"{day}T10:00:00+00:00",
        "last_seen": f"{day + timedelta(days=chance.randrange(30))}T10:00:00+00:00",
        "title": " ".join(chance.choices(words, cum_weights=weights, k=7)),
        "description": " ".join(chance.choices(words, cum_weights=weights, k=chance.randrange(20, 90))),
        "price": {"amount": chance.randrange(50, 3000), "currency": "USD"},
        "seller": {"id": f"u{chance.randrange(count // 4 + 1)}", "name": "somebody"},
        "location": "Austin, Texas",
        "country": "US",
        "posted": str(day),
        "items": [{"class": f"class{chance.randrange(12)}", "make": f"Make {chance.randrange(60)}", "calibre": "9mm"}],
        "assessment": {
            "language": "en",
            "class": f"class{chance.randrange(12)}",
            "review": chance.choice(("none", "idle", "review")),
            "scores": {"unlicensed_sale": round(chance.random(), 3)},
            "signals": [{"name": f"signal{chance.randrange(40)}"} for _ in range(chance.randrange(4))],
        },
    }


class Spool:
    """Prepared documents in a file, in batches."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.count = 0
        self.seconds = 0.0

    def fill(self, documents: Iterable[IndexDocument], batch: int) -> None:
        """Analyse documents and keep them; `seconds` is what the analysis took."""
        analyzer, places = Analyzer(), Places.shipped()
        waiting: list[PreparedDocument] = []
        with self._path.open("wb") as file:
            for document in documents:
                started = time.perf_counter()
                waiting.append(prepare(document, analyzer, places))
                self.seconds += time.perf_counter() - started
                self.count += 1
                if len(waiting) == batch:
                    pickle.dump(waiting, file)
                    waiting = []
            pickle.dump(waiting, file)

    def batches(self, *, with_vectors: bool = False) -> Iterator[list[PreparedDocument]]:
        """The batches in order."""
        with self._path.open("rb") as file:
            seen = 0
            while seen < self.count:
                batch: list[PreparedDocument] = pickle.load(file)  # noqa: S301 -- our own file of a moment ago
                seen += len(batch)
                yield batch if with_vectors else [evolve(document, vector=None) for document in batch]

    def rate(self, write: Callable[[list[PreparedDocument]], Any], end: Callable[[], Any], **options: bool) -> float:
        """Documents a second that `write` and `end` take; reading the file is not counted."""
        taken = 0.0
        for batch in self.batches(**options):
            started = time.perf_counter()
            write(batch)
            taken += time.perf_counter() - started
        started = time.perf_counter()
        end()
        return round(self.count / (taken + time.perf_counter() - started), 1)


def milliseconds(asks: dict[str, Callable[[str], Any]], repeats: int) -> dict[str, dict[str, float]]:
    """Median and 95th percentile by name, over all queries; they take turns, so that a busy machine slows all alike."""
    times: dict[str, list[float]] = {name: [] for name in asks}
    for turn in range(repeats + 1):
        for query in QUERIES:
            for name, ask in asks.items():
                started = time.perf_counter()
                ask(query)
                if turn:  # the first round warms up
                    times[name].append((time.perf_counter() - started) * 1000)
    return {
        name: {"p50": round(statistics.median(taken), 3), "p95": round(float(np.percentile(taken, 95)), 3)}
        for name, taken in times.items()
    }


def ask_ours(index: Engine) -> Callable[[str], Any]:
    def ask(query: str) -> Any:
        return index.search(Search(query=parse(query), facets=FACETS, histograms=(HISTOGRAM,), limit=LIMIT))

    return ask


def write_ours(index: Engine) -> Callable[[list[PreparedDocument]], None]:
    def write(documents: list[PreparedDocument]) -> None:
        report = index.write(documents)
        if report.failed:
            raise SystemExit(f"{len(report.failed)} failed: {report.failed[0].reason}")

    return write


def nothing() -> None:
    """Nothing is left to do: a write of ours is searchable when it returns."""


def measure_embedded(spool: Spool, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    bare = BareTantivy(made(folder / "bare"))
    figures: dict[str, Any] = {"bare_rate": spool.rate(bare.write, bare.end)}
    with TantivyIndex(Generations(folder / "plain", "bench"), Analyzer()) as index:
        figures["ours_rate"] = spool.rate(write_ours(index), nothing)
        figures |= milliseconds({"bare": bare.ask, "ours": ask_ours(index)}, options.repeats)
        figures["megabytes"] = round(index.describe().size_bytes / 1e6, 1)
    if options.vectors:
        with TantivyIndex(Generations(folder / "vectors", "bench"), Analyzer()) as index:
            figures["ours_rate_with_vectors"] = spool.rate(write_ours(index), nothing, with_vectors=True)
            figures |= milliseconds({"hybrid": ask_hybrid(index)}, options.repeats)
            figures["megabytes_with_vectors"] = round(index.describe().size_bytes / 1e6, 1)
    return figures


def measure_fts5(spool: Spool, folder: Path) -> dict[str, Any]:
    engine = Fts5(folder / "fts5.db")
    figures: dict[str, Any] = {"rate": spool.rate(engine.write, engine.end)}
    figures |= milliseconds({"fts5": engine.ask}, 2)["fts5"]
    return {**figures, "megabytes": round((folder / "fts5.db").stat().st_size / 1e6, 1)}


def ask_hybrid(index: Engine) -> Callable[[str], Any]:
    vector = np.random.default_rng(9).standard_normal(384).astype(np.float32)

    def ask(query: str) -> Any:
        asked = Search(query=parse(query), facets=FACETS, histograms=(HISTOGRAM,), limit=LIMIT, vector=vector)
        return index.search(asked)

    return ask


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def measure_elastic(spool: Spool, url: str, options: argparse.Namespace) -> dict[str, Any]:
    from elasticsearch.helpers import parallel_bulk  # noqa: PLC0415 -- only where a server is given

    from pipelines.index.elastic_engine import connect, open_elastic  # noqa: PLC0415
    from pipelines.index.elastic_query import SETTINGS, make_mapping  # noqa: PLC0415

    client = connect(url, password=None, ca=None)
    for leftover in client.indices.get(index="bench*"):
        client.indices.delete(index=leftover)
    client.indices.create(index="bench-bare", mappings=make_mapping(), settings=SETTINGS)

    def bulk(documents: list[PreparedDocument]) -> None:
        actions = (
            {"_index": "bench-bare", "_id": d.key, "_source": {**d.columns, "line": json.loads(d.line)}}
            for d in documents
        )
        for succeeded, answer in parallel_bulk(client, actions, thread_count=2, chunk_size=1000):
            if not succeeded:
                raise SystemExit(f"failed: {answer}")

    def end() -> None:
        client.indices.refresh(index="bench-bare")

    figures: dict[str, Any] = {"bare_rate": spool.rate(bulk, end)}
    index = open_elastic(url, "bench", Analyzer())
    figures["ours_rate"] = spool.rate(write_ours(index), nothing)
    for name in ("bench-bare", "bench"):
        client.indices.forcemerge(index=name, max_num_segments=1)

    def by_hand(query: str) -> Any:
        words = query.replace("status:active", "").replace(" OR ", " ")
        operator = "or" if " OR " in query else "and"
        fields = ["title^2", "description"]
        clause: dict[str, Any] = {"multi_match": {"query": words, "fields": fields, "operator": operator}}
        aggs: dict[str, Any] = {name: {"terms": {"field": COLUMN_OF[name], "size": 20}} for name in FACETS}
        aggs["bars"] = {"histogram": {"field": "posted_month", "interval": 1.0, "min_doc_count": 1}}
        filters = [{"term": {"status": "active"}}] if "status:" in query else []
        body = {"query": {"bool": {"must": [clause], "filter": filters}}, "aggs": aggs}
        return client.search(index="bench-bare", body={**body, "size": LIMIT, "track_total_hits": True})

    figures |= milliseconds({"bare": by_hand, "ours": ask_ours(index)}, options.repeats)
    figures["megabytes"] = round(index.describe().size_bytes / 1e6, 1)
    if options.vectors and options.elastic_vectors:
        with open_elastic(url, "bench-vectors", Analyzer()) as near:
            figures["ours_rate_with_vectors"] = spool.rate(write_ours(near), nothing, with_vectors=True)
            client.indices.forcemerge(index="bench-vectors", max_num_segments=1)
            figures |= milliseconds({"hybrid": ask_hybrid(near)}, options.repeats)
    index.close()
    client.close()
    return figures


def bar(value: float, limit: float, *, at_least: bool = False) -> dict[str, Any]:
    return {"value": round(value, 3), "bar": limit, "met": value >= limit if at_least else value <= limit}


def bars_of(embedded: dict[str, Any], options: argparse.Namespace) -> dict[str, Any]:
    """The bars: p95 50 ms up to 200,000 documents, beyond them 250 ms hybrid."""
    small = options.documents <= 200_000
    bars = {
        "embedded_p50_ratio": bar(embedded["ours"]["p50"] / embedded["bare"]["p50"], 2.0),
        "embedded_rate_ratio": bar(embedded["ours_rate"] / embedded["bare_rate"], 0.5, at_least=True),
        "embedded_p95_ms": bar(embedded["ours"]["p95"], 50.0 if small else 250.0),
    }
    if options.vectors:
        bars["hybrid_p95_ms"] = bar(embedded["hybrid"]["p95"], 50.0 if small else 250.0)
    return bars


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--elasticsearch", metavar="URL")
    parser.add_argument("--vectors", action="store_true", help="measure hybrid search too")
    parser.add_argument("--elastic-vectors", action="store_true", help="hybrid search on Elasticsearch as well")
    parser.add_argument("--batch", type=int, default=5_000, help="documents a write")
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        spool = Spool(folder / "documents.pickle")
        spool.fill(make_documents(options.documents, with_vectors=options.vectors), options.batch)
        analysed = round(spool.count / spool.seconds, 1)
        print(f"analysed      {analysed:>10,.0f} documents/s")
        embedded = measure_embedded(spool, folder, options)
        show("tantivy", embedded)
        fts5 = measure_fts5(spool, folder)
        print(f"  {'FTS5':<11} {fts5['p50']:>10} {fts5['p95']:>10} {fts5['rate']:>12,.0f}", flush=True)
        figures: dict[str, Any] = {"documents": options.documents, "analysed_rate": analysed}
        figures |= {"embedded": embedded, "fts5": fts5}
        bars = bars_of(embedded, options)
        if options.elasticsearch:
            elastic = figures["elasticsearch"] = measure_elastic(spool, options.elasticsearch, options)
            show("elasticsearch", elastic)
            bars["elasticsearch_p50_ratio"] = bar(elastic["ours"]["p50"] / elastic["bare"]["p50"], 1.5)
            bars["elasticsearch_rate_ratio"] = bar(elastic["ours_rate"] / elastic["bare_rate"], 0.7, at_least=True)
    print(json.dumps({"bench": "search", "figures": figures, "bars": bars}))


def show(engine: str, figures: dict[str, Any]) -> None:
    print(f"{engine:<13} {'p50 ms':>10} {'p95 ms':>10} {'documents/s':>12}")
    for name in ("bare", "ours"):
        print(f"  {name:<11} {figures[name]['p50']:>10} {figures[name]['p95']:>10} {figures[name + '_rate']:>12,.0f}")
    if "hybrid" in figures:
        hybrid = figures["hybrid"]
        print(f"  {'hybrid':<11} {hybrid['p50']:>10} {hybrid['p95']:>10} {figures['ours_rate_with_vectors']:>12,.0f}")


if __name__ == "__main__":
    main()
