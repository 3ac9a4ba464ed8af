"""What our search costs beside the bare engines, on the same documents and the same machine.

    python benchmarks/search.py --documents 20000 [--elasticsearch URL] [--vectors]

Prints p50 and p95 of a query with five facets and a histogram, and the rate of indexing, ours beside bare tantivy (and
beside a hand-written request on Elasticsearch), then one JSON line with the bars.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import tantivy
from attrs import evolve

from pipelines.index.analysis import Analyzer
from pipelines.index.columns import COLUMNS, ColumnKind
from pipelines.index.document import IndexDocument, PreparedDocument, prepare
from pipelines.index.generations import Generations
from pipelines.index.parser import parse
from pipelines.index.port import Histogram, Search
from pipelines.index.tantivy_engine import TantivyIndex

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.index.engine import Engine

FACETS = ("site", "signal", "class", "make", "status")
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
LIMIT = 20
SYLLABLES = ("ba", "ko", "ri", "tu", "men", "sal", "dor", "vi", "lan", "pe")
GUN_WORDS = ("glock", "pistol", "rifle", "scope", "magazine", "holster", "ammo", "pistols", "rifles", "stock", "barrel")


def make_documents(count: int, *, with_vectors: bool) -> list[IndexDocument]:
    """Listings of about 60 words, their frequencies falling as in real text."""
    chance = random.Random(5)  # noqa: S311 -- made-up listings
    words = [*GUN_WORDS, *(f"word{number}" for number in range(200))]
    words += ["".join(chance.choices(SYLLABLES, k=4)) for _ in range(20_000)]
    weights = np.cumsum(1.0 / (np.arange(len(words)) + 3.0)).tolist()
    vectors = np.random.default_rng(5).standard_normal((count if with_vectors else 0, 384), np.float32)
    first_day = date(2024, 1, 1)
    documents = []
    for number in range(count):
        day = first_day + timedelta(days=chance.randrange(700))
        line = {
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
            "items": [
                {"class": f"class{chance.randrange(12)}", "make": f"Make {chance.randrange(60)}", "calibre": "9mm"}
            ],
            "assessment": {
                "language": "en",
                "class": f"class{chance.randrange(12)}",
                "review": chance.choice(("none", "idle", "review")),
                "signals": [{"name": f"signal{chance.randrange(40)}"} for _ in range(chance.randrange(4))],
            },
        }
        vector = vectors[number] if with_vectors else None
        documents.append(IndexDocument(key=f"{line['site']}/{number}", sequence=number + 1, line=line, vector=vector))
    return documents


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


class BareTantivy:
    """tantivy used directly: its own tokenizer and query parser on title and description, the same counted columns."""

    def __init__(self, folder: Path) -> None:
        builder = tantivy.SchemaBuilder()
        for column in COLUMNS.values():
            if column.kind in {ColumnKind.TOKENS, ColumnKind.STEMS}:
                builder.add_text_field(column.name, tokenizer_name="default")
            elif column.kind in {ColumnKind.KEYWORD, ColumnKind.LABEL}:
                builder.add_text_field(column.name, tokenizer_name="raw", index_option="basic", fast=True)
            elif column.kind is ColumnKind.INTEGER:
                builder.add_integer_field(column.name, fast=True)
            else:
                builder.add_float_field(column.name, fast=True)
        builder.add_bytes_field("line", stored=True)
        self._schema = builder.build()
        self._index = tantivy.Index(self._schema, str(folder))

    def fill(self, documents: list[PreparedDocument], batch: int) -> None:
        """Committed as often as ours, so that both search as many segments."""
        writer = self._index.writer(100_000_000, 1)
        for number, document in enumerate(documents, start=1):
            writer.add_document(tantivy.Document.from_dict({**document.columns, "line": document.line}, self._schema))
            if number % batch == 0:
                writer.commit()
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def ask(self, query: str) -> Any:
        parsed = self._index.parse_query(query, ["title", "description"], conjunction_by_default=True)
        searcher = self._index.searcher()
        found: Any = searcher.search(parsed, LIMIT)
        stored: list[Any] = [searcher.doc(address).get_first("line") for _, address in found.hits]
        lines = [json.loads(bytes(line)) for line in stored]
        counted = {name: {"terms": {"field": COLUMN_OF[name], "size": 20}} for name in FACETS}
        counted["bars"] = {"histogram": {"field": "posted_month", "interval": 1.0}}
        return found.count, lines, searcher.aggregate(parsed, counted)


COLUMN_OF = {"site": "site", "signal": "signal", "class": "class", "make": "make_label", "status": "status"}


def ask_ours(index: Engine) -> Callable[[str], Any]:
    def ask(query: str) -> Any:
        return index.search(Search(query=parse(query), facets=FACETS, histograms=(HISTOGRAM,), limit=LIMIT))

    return ask


def rate(count: int, write: Callable[[], Any]) -> float:
    started = time.perf_counter()
    write()
    return round(count / (time.perf_counter() - started), 1)


def fill_ours(index: Engine, documents: list[PreparedDocument], batch: int) -> None:
    for start in range(0, len(documents), batch):
        report = index.write(documents[start : start + batch])
        if report.failed:
            raise SystemExit(f"{len(report.failed)} failed: {report.failed[0].reason}")


def measure_embedded(prepared: list[PreparedDocument], folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    bare = BareTantivy(made(folder / "bare"))
    plain = [evolve(document, vector=None) for document in prepared]
    figures: dict[str, Any] = {"bare_rate": rate(len(plain), lambda: bare.fill(plain, options.batch))}
    with TantivyIndex(Generations(folder / "plain", "bench"), Analyzer()) as index:
        figures["ours_rate"] = rate(len(plain), lambda: fill_ours(index, plain, options.batch))
        figures |= milliseconds({"bare": bare.ask, "ours": ask_ours(index)}, options.repeats)
        figures["megabytes"] = round(index.describe().size_bytes / 1e6, 1)
    if options.vectors:
        with TantivyIndex(Generations(folder / "vectors", "bench"), Analyzer()) as index:
            figures["ours_rate_with_vectors"] = rate(len(prepared), lambda: fill_ours(index, prepared, options.batch))
            figures |= milliseconds({"hybrid": ask_hybrid(index)}, options.repeats)
    return figures


def ask_hybrid(index: Engine) -> Callable[[str], Any]:
    vector = np.random.default_rng(9).standard_normal(384).astype(np.float32)

    def ask(query: str) -> Any:
        asked = Search(query=parse(query), facets=FACETS, histograms=(HISTOGRAM,), limit=LIMIT, vector=vector)
        return index.search(asked)

    return ask


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def measure_elastic(prepared: list[PreparedDocument], url: str, options: argparse.Namespace) -> dict[str, Any]:
    from elasticsearch.helpers import parallel_bulk  # noqa: PLC0415 -- only where a server is given

    from pipelines.index.elastic_engine import connect, open_elastic  # noqa: PLC0415
    from pipelines.index.elastic_query import SETTINGS, make_mapping  # noqa: PLC0415

    plain = [evolve(document, vector=None) for document in prepared]
    client = connect(url, password=None, ca=None)
    for leftover in client.indices.get(index="bench-*"):
        client.indices.delete(index=leftover)
    client.indices.create(index="bench-bare", mappings=make_mapping(), settings=SETTINGS)

    def bulk() -> None:
        actions = (
            {"_index": "bench-bare", "_id": d.key, "_source": {**d.columns, "line": json.loads(d.line)}} for d in plain
        )
        for succeeded, answer in parallel_bulk(client, actions, thread_count=2, chunk_size=1000):
            if not succeeded:
                raise SystemExit(f"failed: {answer}")
        client.indices.refresh(index="bench-bare")

    figures: dict[str, Any] = {"bare_rate": rate(len(plain), bulk)}
    index = open_elastic(url, "bench", Analyzer())
    figures["ours_rate"] = rate(len(plain), lambda: fill_ours(index, plain, options.batch))
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
    index.close()
    client.close()
    return figures


def bar(value: float, limit: float, *, at_least: bool = False) -> dict[str, Any]:
    return {"value": round(value, 3), "bar": limit, "met": value >= limit if at_least else value <= limit}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--elasticsearch", metavar="URL")
    parser.add_argument("--vectors", action="store_true", help="measure hybrid search too")
    parser.add_argument("--batch", type=int, default=5_000, help="documents a write")
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()
    documents = make_documents(options.documents, with_vectors=options.vectors)
    analyzer = Analyzer()
    prepared: list[PreparedDocument] = []
    analysed = rate(len(documents), lambda: prepared.extend(prepare(document, analyzer) for document in documents))
    print(f"analysed      {analysed:>10,.0f} documents/s")
    with tempfile.TemporaryDirectory() as folder:
        embedded = measure_embedded(prepared, Path(folder), options)
    show("tantivy", embedded)
    figures: dict[str, Any] = {"documents": options.documents, "analysed_rate": analysed, "embedded": embedded}
    bars = {
        "embedded_p50_ratio": bar(embedded["ours"]["p50"] / embedded["bare"]["p50"], 2.0),
        "embedded_p95_ms": bar(embedded["ours"]["p95"], 50.0),
        "embedded_rate_ratio": bar(embedded["ours_rate"] / embedded["bare_rate"], 0.5, at_least=True),
    }
    if options.vectors:
        bars["hybrid_p95_ms"] = bar(embedded["hybrid"]["p95"], 250.0)
    if options.elasticsearch:
        elastic = measure_elastic(prepared, options.elasticsearch, options)
        show("elasticsearch", elastic)
        figures["elasticsearch"] = elastic
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
