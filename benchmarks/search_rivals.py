"""What the search benchmark compares with: tantivy used directly, and SQLite's FTS5 with plain tables."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import tantivy

from pipelines.index.columns import COLUMNS, ColumnKind

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.index.document import PreparedDocument

FACETS = ("site", "signal", "class", "make", "status")
LIMIT = 20
COLUMN_OF = {"site": "site", "signal": "signal", "class": "class", "make": "make_label", "status": "status"}


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

        self._writer = self._index.writer(100_000_000, 1)

    def write(self, documents: list[PreparedDocument]) -> None:
        """Committed as often as ours, so that both search as many segments."""
        for document in documents:
            columns = {**document.columns, "line": document.line}
            self._writer.add_document(tantivy.Document.from_dict(columns, self._schema))
        self._writer.commit()

    def end(self) -> None:
        self._writer.wait_merging_threads()
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


class Fts5:
    """SQLite's full text search with plain tables beside it: what one would do without a search engine."""

    def __init__(self, path: Path) -> None:
        self._store = sqlite3.connect(path)
        self._store.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
            "CREATE VIRTUAL TABLE words USING fts5(title, description, content='', tokenize='porter unicode61');"
            "CREATE TABLE facts (id INTEGER PRIMARY KEY, site, class, make, status, month, line);"
            "CREATE TABLE signals (id INTEGER, signal); CREATE TEMP TABLE hits (id INTEGER PRIMARY KEY, score)"
        )

    def write(self, documents: list[PreparedDocument]) -> None:
        texts, facts, signals = [], [], []
        for document in documents:
            line, number = json.loads(document.line), document.sequence
            columns = document.columns
            texts.append((number, line["title"], line["description"]))
            facts.append(
                (
                    number,
                    *(line["site"], columns["class"][0], columns["make"], line["status"], columns["posted_month"]),
                    document.line,
                )
            )
            signals += [(number, name) for name in columns["signal"]]
        self._store.executemany("INSERT INTO words (rowid, title, description) VALUES (?, ?, ?)", texts)
        self._store.executemany("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?)", facts)
        self._store.executemany("INSERT INTO signals VALUES (?, ?)", signals)
        self._store.commit()

    def end(self) -> None:
        self._store.executescript("INSERT INTO words (words) VALUES ('optimize'); CREATE INDEX of ON signals (id)")

    def ask(self, query: str) -> Any:
        words, _, status = query.partition(" status:")
        ask = self._store.execute
        ask("DELETE FROM hits")
        ask(
            "INSERT INTO hits SELECT words.rowid, bm25(words, 2.0, 1.0) FROM words JOIN facts ON facts.id = words.rowid"
            " WHERE words MATCH ? AND facts.status LIKE ?",
            (words, status or "%"),
        )
        joined = "hits JOIN facts USING (id)"
        best = ask(f"SELECT line FROM {joined} ORDER BY score, id LIMIT {LIMIT}").fetchall()  # noqa: S608 -- as above
        counted = [
            ask(f"SELECT {name}, count(*) FROM {joined} GROUP BY 1 ORDER BY 2 DESC").fetchall()  # noqa: S608 -- as above
            for name in ("site", "class", "make", "status", "month")
        ]
        counted.append(ask("SELECT signal, count(*) FROM hits JOIN signals USING (id) GROUP BY 1").fetchall())
        return [json.loads(line) for (line,) in best], counted
