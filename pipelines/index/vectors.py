"""Vectors in one file, searched exactly: rows are only added, and the last row of a document is the one that counts.

A row is the vector with the document's tie number, its sequence, whether it is there at all, and a checksum. A crash
leaves at most a torn end, which the next writer cuts off. When most rows are dead the file is written anew beside and
put in place; readers notice by its inode.
"""

from __future__ import annotations

import os
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from pipelines.index.columns import VECTOR_LENGTH

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ROW = np.dtype(
    [
        ("vector", "<f4", (VECTOR_LENGTH,)),
        ("tie", "<i8"),
        ("sequence", "<i8"),
        ("live", "<u4"),
        ("check", "<u4"),
    ]
)
_CHECKED = ROW.itemsize - 4
TAIL_CHECKED = 4_096  # rows from the end whose checksums are looked at; one write is never longer
FEWEST_DEAD_TO_REWRITE = 1_000
FEWEST_TO_SHARE = 50_000  # rows a thread; fewer are compared sooner than a thread begins
MOST_THREADS = 4


@frozen(kw_only=True, eq=False)
class _View:
    """The rows as they were read at one time, and which of them count; `identity` is the file's inode and size."""

    identity: tuple[int, int] | None = None
    rows: NDArray[np.void] = field(factory=lambda: np.zeros(0, ROW))
    alive: NDArray[np.bool_] = field(factory=lambda: np.zeros(0, bool))

    @cached_property
    def _by_tie(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The tie numbers of the rows that count, sorted, and where each of them stands."""
        standing = np.flatnonzero(self.alive)
        ties = self.rows["tie"][standing]
        order = np.argsort(ties)
        return ties[order], standing[order]

    def standing(self, among: NDArray[np.int64]) -> NDArray[np.int64]:
        """Where the rows of documents stand; those without one are left out."""
        ties, standing = self._by_tie
        if not len(ties):
            return standing
        at = np.minimum(np.searchsorted(ties, among), len(ties) - 1)
        found: NDArray[np.int64] = standing[at[ties[at] == among]]
        return found


class Vectors:
    """The rows of one file. One process may `append`; any number may `nearest`, each calling `refresh` before.

    A view is put in place whole, so that threads share one object.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._view = _View()

    def refresh(self) -> None:
        """See what was written since."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._view = _View()
            return
        view = self._view
        identity = (stat.st_ino, stat.st_size)
        if identity == view.identity:
            return
        same_file = view.identity is not None and view.identity[0] == stat.st_ino
        known = len(view.rows) if same_file and stat.st_size >= len(view.rows) * ROW.itemsize else 0
        count = stat.st_size // ROW.itemsize
        rows = np.memmap(self._path, ROW, "r", shape=(count,)) if count else np.zeros(0, ROW)
        rows = rows[: sound_rows(rows)]
        alive = np.zeros(len(rows), bool)
        alive[:known] = view.alive[:known]
        _mark_alive(rows, alive, known)
        self._view = _View(identity=identity, rows=rows, alive=alive)

    def __len__(self) -> int:
        return int(self._view.alive.sum())

    def get(self, tie: int) -> NDArray[np.float32] | None:
        """The vector of a document."""
        view = self._view
        found = np.flatnonzero(view.alive & (view.rows["tie"] == tie))
        return np.array(view.rows["vector"][found[0]]) if len(found) else None

    def nearest(self, vector: NDArray[np.float32], limit: int, among: NDArray[np.int64] | None) -> list[int]:
        """Tie numbers of the `limit` documents with the highest cosine, among those given or all."""
        view = self._view
        if not len(view.rows) or limit < 1:
            return []
        if among is None:
            chosen = np.flatnonzero(view.alive)
            scores = _cosines(view.rows["vector"], vector)[chosen]
        else:
            chosen = view.standing(np.unique(among))
            scores = _cosines(view.rows["vector"][chosen], vector)
        if len(chosen) > limit:
            best = np.argpartition(scores, len(scores) - limit)[-limit:]
            chosen, scores = chosen[best], scores[best]
        ties = view.rows["tie"][chosen]
        return [int(tie) for tie in ties[np.lexsort((ties, -scores))]]

    def append(self, rows: NDArray[np.void]) -> None:
        """Add rows (their `check` is filled in) and wait until they are on the disk."""
        for start in range(0, len(rows), TAIL_CHECKED):
            part = rows[start : start + TAIL_CHECKED].copy()
            _fill_checks(part)
            with self._path.open("ab") as file:
                file.write(part.tobytes())
                file.flush()
                os.fsync(file.fileno())
        self.refresh()

    def repair(self) -> None:
        """Cut off what a crash left at the end. For the one writer, before it appends."""
        if not self._path.exists():
            return
        count = self._path.stat().st_size // ROW.itemsize
        rows = np.memmap(self._path, ROW, "r", shape=(count,)) if count else np.zeros(0, ROW)
        sound = sound_rows(rows) * ROW.itemsize
        if sound != self._path.stat().st_size:
            os.truncate(self._path, sound)
        self.refresh()

    def rewrite_if_worn(self) -> bool:
        """Write the live rows anew where most are dead. Returns whether it did."""
        view = self._view
        dead = len(view.rows) - len(self)
        if dead < FEWEST_DEAD_TO_REWRITE or dead * 2 < len(view.rows):
            return False
        beside = self._path.with_suffix(".new")
        live = np.flatnonzero(view.alive)
        with beside.open("wb") as file:
            for start in range(0, len(live), TAIL_CHECKED):
                file.write(view.rows[live[start : start + TAIL_CHECKED]].tobytes())
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        self.refresh()
        return True


def _cosines(rows: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The products of rows and a vector, all of length 1, by as many threads as the rows are worth.

    Without BLAS: its threads wait for one another by spinning, which on a busy machine made a hybrid search of 10,000
    listings take 32 ms of processor time instead of 8. Reading the rows is what takes the time either way, and a
    million of them are 1.5 GB.
    """
    threads = min(MOST_THREADS, os.cpu_count() or 1, len(rows) // FEWEST_TO_SHARE)
    if threads < 2:
        alone: NDArray[np.float32] = np.einsum("ij,j->i", rows, vector)
        return alone
    with ThreadPoolExecutor(threads) as pool:
        parts = [slice(len(rows) * at // threads, len(rows) * (at + 1) // threads) for at in range(threads)]
        return np.concatenate(list(pool.map(lambda part: np.einsum("ij,j->i", rows[part], vector), parts)))


def _mark_alive(rows: NDArray[np.void], alive: NDArray[np.bool_], known: int) -> None:
    """Of the rows from `known` on only a document's last counts, and it ends those before."""
    fresh = np.ascontiguousarray(rows["tie"][known:])
    _, last_from_end = np.unique(fresh[::-1], return_index=True)
    last = len(fresh) - 1 - last_from_end
    if known:
        alive[:known] &= ~np.isin(rows["tie"][:known], fresh)
    alive[known + last] = rows["live"][known + last] == 1


def make_rows(entries: Sequence[tuple[int, int, NDArray[np.float32] | None]]) -> NDArray[np.void]:
    """Rows of (tie, sequence, vector); None for a document that has no vector any more."""
    rows = np.zeros(len(entries), ROW)
    for at, (tie, sequence, vector) in enumerate(entries):
        rows[at]["tie"], rows[at]["sequence"] = tie, sequence
        if vector is not None:
            rows[at]["vector"], rows[at]["live"] = vector, 1
    return rows


def sound_rows(rows: NDArray[np.void]) -> int:
    """How many rows from the beginning are whole; only the last TAIL_CHECKED are looked at."""
    start = max(0, len(rows) - TAIL_CHECKED)
    for at in range(start, len(rows)):
        if zlib.crc32(rows[at].tobytes()[:_CHECKED]) != int(rows[at]["check"]):
            return at
    return len(rows)


def _fill_checks(rows: NDArray[np.void]) -> None:
    for at in range(len(rows)):
        rows[at]["check"] = zlib.crc32(rows[at].tobytes()[:_CHECKED])
