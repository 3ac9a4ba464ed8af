"""What our search costs beside the bare engines, on the same documents and the same machine.

    python benchmarks/search.py --documents 200000 [--elasticsearch URL] [--vectors]

Prints p50 and p95 of a query with five facets and a histogram, and the rate of indexing, ours beside bare tantivy (and
beside a hand-written request on Elasticsearch) and beside SQLite's FTS5, then one JSON line with the bars. Documents
are made and analysed once, by every processor, and kept in files, so that a million of them fit into any memory.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import pickle
import random
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import evolve, frozen
from search_rivals import COLUMN_OF, FACETS, LIMIT, BareTantivy, Fts5

from pipelines.index.analysis import Analyzer
from pipelines.index.document import IndexDocument, PreparedDocument, prepare
from pipelines.index.generations import Generations
from pipelines.index.parser import parse
from pipelines.index.port import Histogram, Search
from pipelines.index.tantivy_engine import TantivyIndex
from pipelines.places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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


def make_words() -> tuple[list[str], list[float]]:
    """A vocabulary and its cumulative weights, its frequencies falling as in real text."""
    chance = random.Random(5)  # noqa: S311 -- made-up words
    words = [*GUN_WORDS, *(f"word{number}" for number in range(200))]
    words += ["".join(chance.choices(SYLLABLES, k=4)) for _ in range(20_000)]
    return words, np.cumsum(1.0 / (np.arange(len(words)) + 3.0)).tolist()


def make_documents(numbers: range, count: int, *, with_vectors: bool) -> Iterator[IndexDocument]:
    """Some of `count` listings of about 60 words; which they are does not depend on which are made together."""
    words, weights = make_words()
    for number in numbers:
        chance = random.Random(number)  # noqa: S311 -- made-up listings
        line = make_line(chance, number, count, words, weights)
        vector = np.random.default_rng(number).standard_normal(384, np.float32) if with_vectors else None
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


@frozen(kw_only=True)
class Part:
    """Listings of one file of prepared documents."""

    path: Path
    numbers: range
    count: int
    with_vectors: bool


def fill_part(part: Part) -> float:
    """Make, analyse and keep a part; the seconds that the analysis took."""
    analyzer, places, seconds = Analyzer(), Places.shipped(), 0.0
    prepared: list[PreparedDocument] = []
    for document in make_documents(part.numbers, part.count, with_vectors=part.with_vectors):
        began = time.perf_counter()
        prepared.append(prepare(document, analyzer, places))
        seconds += time.perf_counter() - began
    part.path.write_bytes(pickle.dumps(prepared))
    return seconds


class Spool:
    """Prepared documents in files of one batch each, made by as many processes as there are processors."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.count: int = options.documents
        self._parts = [
            Part(
                path=folder / f"{first}.pickle",
                numbers=range(first, min(first + options.batch, self.count)),
                count=self.count,
                with_vectors=options.vectors,
            )
            for first in range(0, self.count, options.batch)
        ]
        with multiprocessing.get_context("spawn").Pool() as pool:
            self.seconds = sum(pool.imap(fill_part, self._parts))

    def batches(self, *, with_vectors: bool = False) -> Iterator[list[PreparedDocument]]:
        """The batches in order."""
        for part in self._parts:
            batch: list[PreparedDocument] = pickle.loads(part.path.read_bytes())  # noqa: S301 -- our own
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
    """Bare and ours on the same documents; with vectors, ours writes and holds them too."""
    bare = BareTantivy(made(folder / "bare"))
    figures: dict[str, Any] = {"bare_rate": spool.rate(bare.write, bare.end)}
    with TantivyIndex(Generations(folder / "ours", "bench"), Analyzer()) as index:
        figures["ours_rate"] = spool.rate(write_ours(index), nothing, with_vectors=options.vectors)
        asks = {"bare": bare.ask, "ours": ask_ours(index)}
        asks |= {"hybrid": ask_hybrid(index)} if options.vectors else {}
        figures |= milliseconds(asks, options.repeats)
        described = index.describe()
    return figures | {"megabytes": round(described.size_bytes / 1e6, 1), "vectors": described.vectors}


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
        clock = Clock()
        spool = Spool(made(folder / "documents"), options)
        analysed = round(spool.count / spool.seconds, 1)
        clock.tell(f"made and analysed, {analysed:,.0f} documents/s a processor")
        embedded = measure_embedded(spool, folder, options)
        clock.tell("tantivy")
        show("tantivy", embedded)
        fts5 = measure_fts5(spool, folder)
        clock.tell("FTS5")
        print(f"  {'FTS5':<11} {fts5['p50']:>10} {fts5['p95']:>10} {fts5['rate']:>12,.0f}", flush=True)
        figures: dict[str, Any] = {"documents": options.documents, "analysed_rate": analysed}
        figures |= {"embedded": embedded, "fts5": fts5}
        bars = bars_of(embedded, options)
        if options.elasticsearch:
            elastic = figures["elasticsearch"] = measure_elastic(spool, options.elasticsearch, options)
            clock.tell("elasticsearch")
            show("elasticsearch", elastic)
            bars["elasticsearch_p50_ratio"] = bar(elastic["ours"]["p50"] / elastic["bare"]["p50"], 1.5)
            bars["elasticsearch_rate_ratio"] = bar(elastic["ours_rate"] / elastic["bare_rate"], 0.7, at_least=True)
    print(json.dumps({"bench": "search", "figures": figures, "bars": bars}))


class Clock:
    """Says what each stage took."""

    def __init__(self) -> None:
        self._last = time.perf_counter()

    def tell(self, stage: str) -> None:
        now = time.perf_counter()
        print(f"[{now - self._last:6.1f} s] {stage}", flush=True)
        self._last = now


def show(engine: str, figures: dict[str, Any]) -> None:
    print(f"{engine:<13} {'p50 ms':>10} {'p95 ms':>10} {'documents/s':>12}")
    for name in ("bare", "ours"):
        print(f"  {name:<11} {figures[name]['p50']:>10} {figures[name]['p95']:>10} {figures[name + '_rate']:>12,.0f}")
    if "hybrid" in figures:
        print(f"  {'hybrid':<11} {figures['hybrid']['p50']:>10} {figures['hybrid']['p95']:>10}")


if __name__ == "__main__":
    main()
