"""The index in process: tantivy for words, conditions and counts, a file of vectors for meaning."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from pipelines.errors import NotPermitted, TracemarkError
from pipelines.index.document import tie_of
from pipelines.index.engine import Engine, Page, PageRequest, Row, StoredLine
from pipelines.index.plan import AllOf, Anything, Clause, OneOf, Plan
from pipelines.index.port import IndexDescription, UpsertReport
from pipelines.index.tantivy_generation import OpenGeneration, disk_told, make_generation, open_generation
from pipelines.index.tantivy_paging import Found, by_column, by_score
from pipelines.index.tantivy_query import LINE, anything, make_document, translate
from pipelines.index.vectors import make_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from pipelines.index.analysis import Analyzer
    from pipelines.index.document import PreparedDocument
    from pipelines.index.generations import Generations

log = structlog.get_logger(__name__)

WRITER_MEMORY = 100_000_000  # bytes
SPARE = 1.3  # more neighbours are looked up than a condition is expected to let through, so that once is mostly enough


class TantivyIndex(Engine):
    """An index in a folder. One process at a time writes (IndexHeld otherwise); any number search meanwhile."""

    def __init__(
        self, generations: Generations, analyzer: Analyzer, *, read_only: bool = False, generation: str | None = None
    ) -> None:
        """`generation` binds the index to one that is being made; without it, it follows the live one."""
        super().__init__(analyzer)
        self._generations = generations
        self._read_only = read_only
        self._bound = generation
        self._opened: OpenGeneration | None = None
        self._writer: Any = None
        self._gone: dict[str, int] = {}

    # -- opening

    def _reader(self) -> tuple[OpenGeneration, Any] | None:
        """What is searched, and a searcher over it; None before anything was written."""
        for _ in range(5):  # a generation may be replaced between being named and being opened
            generation = self._bound or self._generations.live()
            if generation is None:
                return None
            try:
                if self._opened is None or self._opened.name != generation:
                    self._opened = open_generation(self._generations.path(generation))
                return self._opened, self._opened.refresh()
            except FileNotFoundError:
                self._opened = None
        raise TracemarkError("the index in this folder cannot be opened", hint="run: tracemark reindex")

    def _writing(self) -> tuple[OpenGeneration, Any]:
        """What is written to, and its searcher; makes the first generation."""
        if self._read_only:
            raise NotPermitted("this index was opened for reading")
        self._generations.hold()
        if self._bound is None and self._generations.live() is None:
            generation = self._generations.create()
            make_generation(self._generations.path(generation))
            self._generations.make_live(generation)
        reader = self._reader()
        if reader is None:
            raise TracemarkError("the index vanished while it was opened", hint="run: tracemark reindex")
        if self._writer is None:
            self._writer = reader[0].index.writer(WRITER_MEMORY, 1)
            reader[0].vectors.repair()
        return reader

    @disk_told()
    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def close(self) -> None:
        """Let go of files and, unless this is a generation in the making, of the lock."""
        self._close_writer()
        self._opened = None
        if self._bound is None:
            self._generations.release()

    # -- writing

    @disk_told()
    def write(self, documents: Sequence[PreparedDocument]) -> UpsertReport:
        """Put analysed documents in, in one commit."""
        if not documents:
            return UpsertReport(done=0)
        opened, searcher = self._writing()
        latest: dict[str, PreparedDocument] = {}
        for document in documents:
            if document.key not in latest or latest[document.key].sequence <= document.sequence:
                latest[document.key] = document
        present = self._sequences(opened, searcher, list(latest))
        accepted = [
            document
            for document in latest.values()
            if document.sequence >= max(present.get(document.key, 0), self._gone.get(document.key, 0))
        ]
        opened.vectors.refresh()
        had_vectors = bool(len(opened.vectors))
        vectors = [
            (document.tie, document.sequence, document.vector)
            for document in accepted
            if document.vector is not None or (had_vectors and document.key in present)
        ]
        if vectors:
            opened.vectors.append(make_rows(vectors))
        self._commit(
            [document.key for document in accepted if document.key in present],
            (make_document(document, opened.schema) for document in accepted),
        )
        opened.vectors.rewrite_if_worn()
        return UpsertReport(done=len(documents))

    def _commit(self, removed: Sequence[str], added: Iterable[Any]) -> None:
        try:
            for key in removed:
                self._writer.delete_documents_by_term("key", key)
            for document in added:
                self._writer.add_document(document)
            self._writer.commit()
        except BaseException:
            self._writer.rollback()
            raise

    def _sequences(self, opened: OpenGeneration, searcher: Any, keys: Sequence[str]) -> dict[str, int]:
        if searcher.num_docs == 0:
            return {}
        by_tie = {tie_of(key): key for key in keys}
        query = translate(OneOf(column="key", values=tuple(keys)), opened.schema)
        addresses = [address for _, address in searcher.search(query, len(keys), count=False).hits]
        ties = searcher.fast_field_values("tie", addresses)
        sequences = searcher.fast_field_values("sequence", addresses)
        return {by_tie[tie]: sequence for tie, sequence in zip(ties, sequences, strict=True)}

    @disk_told()
    def delete(self, keys: Sequence[tuple[str, int]]) -> UpsertReport:
        """Take out keys as of a sequence number, unless a later version is there."""
        if not keys:
            return UpsertReport(done=0)
        opened, searcher = self._writing()
        present = self._sequences(opened, searcher, [key for key, _ in keys])
        removed = [(key, sequence) for key, sequence in keys if sequence >= present.get(key, 0)]
        self._gone.update(removed)
        there = [(key, sequence) for key, sequence in removed if key in present]
        self._commit([key for key, _ in there], [])
        opened.vectors.refresh()
        if there and len(opened.vectors):
            opened.vectors.append(make_rows([(tie_of(key), sequence, None) for key, sequence in there]))
        return UpsertReport(done=len(keys))

    # -- reading

    def page(self, request: PageRequest) -> Page:
        """One page of hits with its counts."""
        reader = self._reader()
        if reader is None:
            return Page(total=0, facets=dict.fromkeys(request.facets, ()), bars=dict.fromkeys(request.histograms, ()))
        opened, searcher = reader
        query = translate(request.plan.everything(scored=request.order is None), opened.schema)
        found: list[Found] = []
        if request.limit and request.order is None:
            total, found = by_score(searcher, query, request.after, request.limit + 1)
        else:
            total = int(searcher.search(query, 1, order_by_field="tie").count)
            if request.limit:
                found = by_column(
                    searcher, opened.schema, query, request.order or ("tie", False), request.after, request.limit + 1
                )
        facets, bars = self._counts(opened, searcher, request)
        rows = tuple(self._row(searcher, one, request) for one in found[: request.limit])
        return Page(total=total, rows=rows, more=len(found) > request.limit, facets=facets, bars=bars)

    def _row(self, searcher: Any, found: Found, request: PageRequest) -> Row:
        line = _line(searcher, found.address) if request.with_lines else b""
        return Row(line=line, score=0.0 if request.order else found.place.value, place=found.place)

    def _counts(
        self, opened: OpenGeneration, searcher: Any, request: PageRequest
    ) -> tuple[Mapping[str, Sequence[tuple[str, int]]], Mapping[str, Sequence[tuple[float, int]]]]:
        """Facets that have a choice are counted without it, one pass each; all the rest in one pass."""
        asked: dict[str, dict[str, Any]] = {}
        facets: dict[str, Any] = {}
        for name, column in request.facets.items():
            counting = {name: {"terms": {"field": column, "size": request.facet_size * 3 + 10}}}
            if name in request.plan.chosen:
                facets.update(
                    self._aggregate(opened, searcher, request.plan.everything(but=name, scored=False), counting)
                )
            else:
                asked |= counting
        for name, histogram in request.histograms.items():
            shape = {"field": histogram.column, "interval": histogram.width, "offset": histogram.offset}
            asked[f"bars {name}"] = {"histogram": {**shape, "min_doc_count": 1}}
        if asked:
            facets.update(self._aggregate(opened, searcher, request.plan.everything(scored=False), asked))
        bars = {name: facets.pop(f"bars {name}") for name in request.histograms}
        return facets, bars

    def _aggregate(
        self, opened: OpenGeneration, searcher: Any, clause: Clause, asked: dict[str, dict[str, Any]]
    ) -> dict[str, list[tuple[Any, int]]]:
        found = searcher.aggregate(translate(clause, opened.schema), asked)
        return {
            name: [(bucket["key"], int(bucket["doc_count"])) for bucket in answer["buckets"]]
            for name, answer in found.items()
        }

    def nearest(self, vector: NDArray[np.float32], plan: Plan, limit: int) -> list[int]:
        """Tie numbers of the documents nearest to a vector, exactly."""
        reader = self._reader()
        if reader is None:
            return []
        opened, searcher = reader
        opened.vectors.refresh()
        conditions = plan.filters()
        if isinstance(conditions, Anything):
            return opened.vectors.nearest(vector, limit, None)
        chosen = translate(conditions, opened.schema)
        count = int(searcher.search(chosen, 1).count)
        if not count or not len(opened.vectors):
            return []
        reach = int(limit * SPARE * max(1.0, len(opened.vectors) / count)) + 1
        if count <= reach:  # cheaper to list what may be found than to look up what was
            hits = searcher.search(chosen, max(count, 1), count=False, order_by_field="tie").hits
            return opened.vectors.nearest(vector, limit, np.array([tie for tie, _ in hits], np.int64))
        while True:
            candidates = opened.vectors.nearest(vector, reach, None)
            both = AllOf(clauses=(conditions, OneOf(column="tie", values=tuple(candidates))))
            hits = searcher.search(
                translate(both, opened.schema), max(reach, 1), count=False, order_by_field="tie"
            ).hits
            fulfilling = {tie for tie, _ in hits}
            if len(fulfilling) >= limit or len(candidates) < reach:
                return [tie for tie in candidates if tie in fulfilling][:limit]
            reach *= 5

    def lines(self, ties: Sequence[int]) -> dict[int, StoredLine]:
        """The stored lines by tie number."""
        reader = self._reader()
        if reader is None or not ties:
            return {}
        opened, searcher = reader
        query = translate(OneOf(column="tie", values=tuple(ties)), opened.schema)
        hits = searcher.search(query, len(ties), count=False, order_by_field="tie").hits
        return {tie: _line(searcher, address) for tie, address in hits}

    def vector_of(self, key: str) -> NDArray[np.float32] | None:
        """A document's vector."""
        reader = self._reader()
        if reader is None:
            return None
        reader[0].vectors.refresh()
        return reader[0].vectors.get(tie_of(key))

    def values(self, column: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Values that begin so, the most frequent first."""
        reader = self._reader()
        if reader is None:
            return []
        # Without a query, terms of documents that are deleted but not merged away would count too.
        found = reader[1].terms_with_prefix(column, prefix, anything(), limit)
        return [(str(term), int(count)) for term, count in found]

    def count(self) -> int:
        """Documents in the index."""
        reader = self._reader()
        return 0 if reader is None else int(reader[1].num_docs)

    # -- position and generations

    def position(self) -> int:
        """The journal sequence up to which this index is complete."""
        generation = self._bound or self._generations.live()
        return 0 if generation is None else self._generations.position(generation)

    @disk_told()
    def set_position(self, sequence: int) -> None:
        """Record that everything up to `sequence` is in."""
        opened, _ = self._writing()
        self._generations.set_position(opened.name, sequence)

    @disk_told()
    def rebuild(self) -> TantivyRebuild:
        """An empty index beside this one."""
        if self._read_only:
            raise NotPermitted("this index was opened for reading")
        self._generations.hold()
        generation = self._generations.create()
        make_generation(self._generations.path(generation))
        fresh = TantivyIndex(self._generations, self._analyzer, generation=generation)
        return TantivyRebuild(self, fresh, self._generations, generation)

    def forget_generation(self) -> None:
        """Close what is open of the generation that was live."""
        self._close_writer()
        self._opened = None
        self._gone.clear()

    def describe(self) -> IndexDescription:
        """What it is and how large."""
        reader = self._reader()
        folder = None if reader is None else reader[0].folder
        if reader is not None:
            reader[0].vectors.refresh()
        return IndexDescription(
            engine=f"tantivy {version('tantivy')}",
            address=str(self._generations.folder),
            generation="" if reader is None else reader[0].name,
            documents=0 if reader is None else int(reader[1].num_docs),
            vectors=0 if reader is None else len(reader[0].vectors),
            position=self.position(),
            size_bytes=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) if folder else 0,
        )


class TantivyRebuild:
    """A generation in the making beside the live one."""

    def __init__(self, live: TantivyIndex, fresh: TantivyIndex, generations: Generations, generation: str) -> None:
        self._live = live
        self._fresh = fresh
        self._generations = generations
        self._generation = generation

    @property
    def fresh(self) -> TantivyIndex:
        """The new index, to be filled."""
        return self._fresh

    def swap(self) -> None:
        """Searches, in this and other processes, go to the new index from now on."""
        self._fresh.close()
        self._live.forget_generation()
        self._generations.make_live(self._generation)
        self._generations.remove_others()
        log.info("index_swapped", engine="tantivy", generation=self._generation)

    def discard(self) -> None:
        """Remove the new index."""
        self._fresh.close()
        self._generations.remove_others()


def _line(searcher: Any, address: Any) -> bytes:
    return bytes(searcher.doc(address).get_first(LINE))
