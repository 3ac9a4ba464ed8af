"""The index on an Elasticsearch server, for teams."""

from __future__ import annotations

import warnings
from base64 import b64decode
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit, urlunsplit

import numpy as np
import structlog
from attrs import evolve
from elasticsearch import ApiError, Elasticsearch, NotFoundError

from pipelines.errors import BadInput, ConfigurationError, NotPermitted, TracemarkError
from pipelines.index.cursor import Place
from pipelines.index.document import tie_of
from pipelines.index.elastic_bulk import BulkWriter, Operation, Patience
from pipelines.index.elastic_names import Names
from pipelines.index.elastic_query import beginning_with, make_body, translate
from pipelines.index.engine import Engine, Page, PageRequest, Row, StoredLine
from pipelines.index.generations import check_name
from pipelines.index.plan import OneOf, Plan
from pipelines.index.port import IndexDescription, IndexReplaced, UpsertReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.index.analysis import Analyzer
    from pipelines.index.document import PreparedDocument

log = structlog.get_logger(__name__)

REQUEST_SECONDS = 60
BAD_REQUEST = 400
CANDIDATES = 2_000  # neighbours looked at for the nearest 500: more is nearer to exact, and slower


def open_elastic(
    url: str,
    name: str,
    analyzer: Analyzer,
    *,
    password: str | None = None,
    ca: Path | None = None,
    read_only: bool = False,
    patience: Patience | None = None,
) -> ElasticIndex:
    """The index `name` on a server. PartMissing where it does not answer, NotPermitted where it refuses us."""
    patience = patience or Patience()
    client = connect(url, password=password, ca=ca)
    index = ElasticIndex(client, check_name(name), analyzer, patience, read_only=read_only)
    try:
        index.reach(evolve(patience, attempts=min(patience.attempts, 3)))
    except BaseException:
        client.close()
        raise
    return index


def connect(url: str, *, password: str | None, ca: Path | None) -> Elasticsearch:
    """A client that tries nothing again by itself: our own patience does, item by item, on the next node.

    `url` is an address, or those of several nodes with commas between; the user is the first one's.
    """
    nodes = [_bare_address(address) for address in url.split(",")]
    parts = urlsplit(url.split(",", maxsplit=1)[0])
    options: dict[str, Any] = {"request_timeout": REQUEST_SECONDS, "max_retries": 0, "retry_on_timeout": False}
    secret = password or (unquote(parts.password) if parts.password else None)
    if secret and secret.startswith("ApiKey "):
        options["api_key"] = secret.removeprefix("ApiKey ")
    elif secret:
        options["basic_auth"] = (unquote(parts.username) if parts.username else "elastic", secret)
    if ca is not None:
        if not ca.is_file():
            raise ConfigurationError(f"the certificate authority {ca} is not a file")
        options["ca_certs"] = str(ca)
    with warnings.catch_warnings():
        return Elasticsearch(nodes, **options)


def _bare_address(url: str) -> str:
    """The address of one node, without user and password."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or (443 if parts.scheme == "https" else 9200)
    except ValueError as error:
        raise ConfigurationError(f"{url!r} is not the address of an Elasticsearch: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigurationError(f"{url!r} is not the address of an Elasticsearch", hint="https://HOST:9200")
    host = parts.hostname if ":" not in parts.hostname else f"[{parts.hostname}]"
    return urlunsplit((parts.scheme, f"{host}:{port}", parts.path, "", ""))


class ElasticIndex(Engine):
    """An index behind an alias. Any number of processes may search and write: versions settle who is later."""

    def __init__(
        self,
        client: Elasticsearch,
        name: str,
        analyzer: Analyzer,
        patience: Patience,
        *,
        read_only: bool = False,
        bound: str | None = None,
    ) -> None:
        """`bound` is an index in the making; without it, the one that the alias leads to."""
        super().__init__(analyzer)
        self._client = client
        self._patience = patience
        self._names = Names(client, name, patience)
        self._bulk = BulkWriter(client, patience)
        self._read_only = read_only
        self._bound = bound
        self._target = bound or name
        self._checked = False
        self._followed = bound  # the index whose position was read last

    def reach(self, patience: Patience) -> None:
        """Make sure that the server answers."""
        Names(self._client, self._names.alias, patience).live()

    def close(self) -> None:
        """Let go of the connections."""
        if self._bound is None:
            self._client.close()

    # -- writing

    def _writing(self) -> None:
        if self._read_only:
            raise NotPermitted("this index was opened for reading")
        if self._bound is not None:
            return
        live = self._names.live()
        if live is None:
            live = self._names.create(live=True)
        self._names.check_form(live)

    def write(self, documents: Sequence[PreparedDocument]) -> UpsertReport:
        """Put analysed documents in."""
        return self._write(
            [
                Operation(key=document.key, sequence=document.sequence, body=make_body(document))
                for document in documents
            ]
        )

    def delete(self, keys: Sequence[tuple[str, int]]) -> UpsertReport:
        """Take out keys as of a sequence number, unless a later version is there."""
        return self._write([Operation(key=key, sequence=sequence, body=None) for key, sequence in keys])

    def _write(self, operations: Sequence[Operation]) -> UpsertReport:
        if not operations:
            return UpsertReport(done=0)
        self._writing()
        report = self._bulk.write(self._target, operations, require_alias=self._bound is None)
        if self._bound is None:
            self._refresh()
        return report

    def _refresh(self) -> None:
        self._patience.call(lambda: self._client.indices.refresh(index=self._target))

    # -- reading

    def _search(self, body: dict[str, Any]) -> dict[str, Any] | None:
        """The answer, or None where nothing was ever written."""
        if not self._checked and self._bound is None:
            live = self._names.live()
            if live is None:
                return None
            self._names.check_form(live)
            self._checked = True
        try:
            return dict(self._patience.call(lambda: self._client.search(index=self._target, body=body)).body)
        except NotFoundError:
            self._checked = False
            return None
        except TracemarkError as error:
            refusal = error.__cause__
            if isinstance(refusal, ApiError) and refusal.meta.status == BAD_REQUEST:  # this question, not the server
                raise BadInput(error.message, hint="ask for less at once: fewer words, longer beginnings") from error
            raise

    def page(self, request: PageRequest) -> Page:
        """One page of hits with its counts."""
        found = self._search(_page_body(request))
        if found is None:
            return Page(total=0, facets=dict.fromkeys(request.facets, ()), bars=dict.fromkeys(request.histograms, ()))
        hits = found["hits"]["hits"]
        counted = found.get("aggregations", {})
        return Page(
            total=found["hits"]["total"]["value"],
            rows=tuple(_row(hit, request) for hit in hits[: request.limit]),
            more=len(hits) > request.limit,
            facets={name: _buckets(counted[f"facet {name}"]) for name in request.facets},
            bars={name: _buckets(counted[f"bars {name}"]) for name in request.histograms},
        )

    def nearest(self, vector: NDArray[np.float32], plan: Plan, limit: int) -> list[int]:
        """Tie numbers of the documents nearest to a vector, by the server's graph of neighbours."""
        knn = {
            "field": "vector",
            "query_vector": vector.tolist(),
            "k": limit,
            "num_candidates": max(CANDIDATES, limit),
            "filter": [translate(plan.filters())],
        }
        order = [{"_score": "desc"}, {"tie": "asc"}]
        found = self._search({"knn": knn, "size": limit, "_source": False, "sort": order, "track_total_hits": False})
        return [] if found is None else [int(hit["sort"][1]) for hit in found["hits"]["hits"]]

    def lines(self, ties: Sequence[int]) -> dict[int, StoredLine]:
        """The stored lines by tie number."""
        query = translate(OneOf(column="tie", values=tuple(ties)))
        found = (
            self._search({"query": query, "size": len(ties), "sort": ["tie"], "_source": ["line"]}) if ties else None
        )
        return {} if found is None else {int(hit["sort"][0]): hit["_source"]["line"] for hit in found["hits"]["hits"]}

    def vector_of(self, key: str) -> NDArray[np.float32] | None:
        """A document's vector."""
        query = translate(OneOf(column="tie", values=(tie_of(key),)))
        found = self._search({"query": query, "size": 1, "_source": False, "stored_fields": ["vector_kept"]})
        for hit in found["hits"]["hits"] if found else ():
            for kept in hit.get("fields", {}).get("vector_kept", ()):
                return np.frombuffer(b64decode(kept), np.float32)
        return None

    def values(self, column: str, prefix: str, limit: int) -> list[tuple[str, int]]:
        """Values that begin so, the most frequent first."""
        terms = {"field": column, "size": limit, "include": beginning_with(prefix)}
        found = self._search({"size": 0, "aggs": {"values": {"terms": terms}}})
        return [] if found is None else _buckets(found["aggregations"]["values"])

    def count(self) -> int:
        """Documents in the index."""
        try:
            return int(self._patience.call(lambda: self._client.count(index=self._target))["count"])
        except NotFoundError:
            return 0

    # -- position and generations

    def position(self) -> int:
        """The journal sequence up to which this index is complete."""
        self._followed = self._bound or self._names.live()
        return 0 if self._followed is None else self._names.position(self._followed)

    def set_position(self, sequence: int) -> None:
        """Record that everything up to `sequence` is in."""
        self._writing()
        index = self._bound or self._names.live()
        followed = self._followed or index
        if index is None or index != followed:
            raise IndexReplaced("the index was replaced while it was followed", hint="go on from its own position")
        self._names.set_position(index, sequence)
        self._followed = index

    def rebuild(self) -> ElasticRebuild:
        """An empty index beside this one."""
        if self._read_only:
            raise NotPermitted("this index was opened for reading")
        if self._bound is not None:
            raise BadInput("an index in the making is not rebuilt")
        index = self._names.create(live=False)
        fresh = ElasticIndex(self._client, self._names.alias, self._analyzer, self._patience, bound=index)
        return ElasticRebuild(fresh, self._names, index, self._refresh_index)

    def _refresh_index(self, index: str) -> None:
        self._patience.call(lambda: self._client.indices.refresh(index=index))

    def describe(self) -> IndexDescription:
        """What it is and how large."""
        index = self._bound or self._names.live()
        version = self._patience.call(self._client.info)["version"]["number"]
        size = vectors = 0
        if index is not None:
            stats = self._patience.call(lambda: self._client.indices.stats(index=index, metric=["store"]))
            size = stats["_all"]["primaries"]["store"]["size_in_bytes"]
            having = {"exists": {"field": "vector"}}
            vectors = self._patience.call(lambda: self._client.count(index=index, query=having))["count"]
        return IndexDescription(
            engine=f"Elasticsearch {version}",
            address=self._names.alias,
            generation=index or "",
            documents=self.count(),
            vectors=int(vectors),
            position=self.position(),
            size_bytes=int(size),
        )


class ElasticRebuild:
    """An index in the making beside the one that the alias leads to."""

    def __init__(self, fresh: ElasticIndex, names: Names, index: str, refresh: Callable[[str], None]) -> None:
        self._fresh = fresh
        self._names = names
        self._index = index
        self._refresh = refresh

    @property
    def fresh(self) -> ElasticIndex:
        """The new index, to be filled."""
        return self._fresh

    def swap(self) -> None:
        """Searches go to the new index from now on, in one step of the cluster."""
        self._refresh(self._index)
        self._names.make_live(self._index)
        log.info("index_swapped", engine="elasticsearch", generation=self._index)

    def discard(self) -> None:
        """Remove the new index."""
        self._names.remove(self._index)


def _page_body(request: PageRequest) -> dict[str, Any]:
    """Choices of counted facets filter after the query, so that each facet can be counted without its own."""
    later = {name: clause for name, clause in request.plan.chosen.items() if name in request.facets}
    chosen = {name: clause for name, clause in request.plan.chosen.items() if name not in later}
    at_once = evolve(request.plan, chosen=chosen)
    order: list[dict[str, str]] = [{"_score": "desc"}]
    if request.order is not None:
        column, falling = request.order
        order = [{column: "desc" if falling else "asc"}]
    body: dict[str, Any] = {
        "query": translate(at_once.everything(scored=request.order is None)),
        "size": request.limit + 1 if request.limit else 0,
        "sort": [*order, {"tie": "asc"}],
        "track_total_hits": True,
        "_source": ["line"] if request.with_lines else False,
        "aggs": {},
    }
    if later:
        body["post_filter"] = {"bool": {"filter": [translate(clause) for clause in later.values()]}}
    if request.after is not None:
        body["search_after"] = [request.after.value, request.after.tie]
    for name, column in request.facets.items():
        counting = {"terms": {"field": column, "size": request.facet_size}}
        others = [translate(clause) for other, clause in later.items() if other != name]
        body["aggs"][f"facet {name}"] = _among(others, counting)
    for name, histogram in request.histograms.items():
        shape = {"field": histogram.column, "interval": histogram.width, "offset": histogram.offset}
        filters = [translate(clause) for clause in later.values()]
        counting = {"histogram": {**shape, "min_doc_count": 1}}
        body["aggs"][f"bars {name}"] = _among(filters, counting)
    return body


def _among(filters: list[dict[str, Any]], counting: dict[str, Any]) -> dict[str, Any]:
    """A count among the hits that pass further filters; without any, a filter would only cost time."""
    return {"filter": {"bool": {"filter": filters}}, "aggs": {"counted": counting}} if filters else counting


def _row(hit: dict[str, Any], request: PageRequest) -> Row:
    value, tie = hit["sort"]
    return Row(
        line=hit["_source"]["line"] if request.with_lines else b"",
        score=0.0 if request.order else float(value),
        place=Place(value=float(value), tie=int(tie)),
    )


def _buckets(counted: dict[str, Any]) -> list[tuple[Any, int]]:
    return [(bucket["key"], int(bucket["doc_count"])) for bucket in counted.get("counted", counted)["buckets"]]
