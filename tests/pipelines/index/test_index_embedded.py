"""The embedded engine alone: locks between processes, readers beside a writer, crashes, the file of vectors."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.errors import BadInput, TracemarkError
from pipelines.index import vectors as vectors_module
from pipelines.index.document import IndexDocument
from pipelines.index.fusion import fuse
from pipelines.index.opening import open_index
from pipelines.index.parser import parse
from pipelines.index.port import IndexHeld, Search
from pipelines.index.vectors import FEWEST_DEAD_TO_REWRITE, ROW, Vectors, make_rows

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    Make = Callable[..., IndexDocument]

WRITER = """
import sys
from pathlib import Path
from pipelines.index.document import IndexDocument
from pipelines.index.opening import open_index
index = open_index(Path(sys.argv[1]), None, "listings")
for sequence in range(1, 100_000):
    line = {"site": "s", "id": str(sequence), "title": "glock", "first_seen": "2026-01-01", "last_seen": "2026-01-01"}
    index.upsert([IndexDocument(key=f"s/{sequence}", sequence=sequence, line=line)])
    index.set_position(sequence)
    print(sequence, flush=True)
"""


def write_elsewhere(folder: Path) -> subprocess.Popen[str]:
    started = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline().strip() == "1"
    return started


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def test_one_process_writes_and_others_read_what_it_wrote(tmp_path: Path, document: Make) -> None:
    writer = write_elsewhere(tmp_path)
    try:
        with open_index(tmp_path, None, "listings") as index:
            first = index.search(Search(query=parse("glock"))).total
            with pytest.raises(IndexHeld, match=str(writer.pid)):
                index.upsert([document(1)])
            deadline = time.monotonic() + 20
            while index.search(Search(query=parse("glock"))).total <= first + 3:
                assert time.monotonic() < deadline
    finally:
        kill(writer)


def test_a_writer_killed_at_any_moment_leaves_a_whole_index(tmp_path: Path) -> None:
    for attempt in range(3):
        folder = tmp_path / str(attempt)
        writer = write_elsewhere(folder)
        time.sleep(0.07 * attempt)
        kill(writer)
        with open_index(folder, None, "listings") as index:
            position, count = index.position(), index.count()
            assert count in {position, position + 1}  # one may be in the index and not yet recorded
            assert index.search(Search(query=parse("glock"))).total == count
            line = {"site": "s", "id": "1", "title": "ruger", "first_seen": "2026-01-01", "last_seen": "2026-01-01"}
            assert index.upsert([IndexDocument(key="s/1", sequence=10**6, line=line)]).done == 1
            assert (index.count(), index.search(Search(query=parse("glock"))).total) == (count, count - 1)


def test_a_lock_is_free_when_its_holder_is_gone(tmp_path: Path, document: Make) -> None:
    with open_index(tmp_path, None, "listings") as first:
        first.upsert([document(1)])
        with open_index(tmp_path, None, "listings") as second, pytest.raises(IndexHeld):
            second.upsert([document(2)])
    with open_index(tmp_path, None, "listings") as third:
        assert third.upsert([document(2)]).done == 1
        assert third.count() == 2


def test_nothing_is_made_before_the_first_write(tmp_path: Path) -> None:
    with open_index(tmp_path, None, "listings") as index:
        assert index.search(Search()).total == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["", "Listings", "../x", "a b", "-a"])
def test_a_name_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        open_index(tmp_path, None, name)


def test_an_index_of_another_form_asks_for_a_reindex_and_can_be_rebuilt(tmp_path: Path, document: Make) -> None:
    with open_index(tmp_path, None, "listings") as index:
        index.upsert([document(1)])
    form = next(tmp_path.glob("listings/g*/form.json"))
    form.write_text(json.dumps({"form": "older"}))
    with open_index(tmp_path, None, "listings") as index:
        with pytest.raises(TracemarkError, match="another version") as caught:
            index.search(Search())
        assert caught.value.hint == "run: tracemark reindex"
        making = index.rebuild()
        making.fresh.upsert([document(1)])
        making.swap()
        assert index.count() == 1


def test_a_reader_survives_the_generation_it_reads_being_removed(tmp_path: Path, document: Make) -> None:
    with open_index(tmp_path, None, "listings") as writer, open_index(tmp_path, None, "listings") as reader:
        writer.upsert([document(1, with_vector=True)])
        assert reader.count() == 1
        for round_ in range(3):
            making = writer.rebuild()
            making.fresh.upsert([document(number) for number in range(round_ + 2)])
            making.swap()
            assert reader.count() == round_ + 2
        assert len(list(tmp_path.glob("listings/g*"))) == 1


# -- vectors


def direction(seed: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(seed).standard_normal(384)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def filled(path: Path, count: int) -> Vectors:
    vectors = Vectors(path)
    vectors.append(make_rows([(tie, 1, direction(tie)) for tie in range(count)]))
    return vectors


def test_the_nearest_are_exactly_the_nearest(tmp_path: Path) -> None:
    vectors = filled(tmp_path / "v", 300)
    matrix = np.stack([direction(tie) for tie in range(300)])
    wanted = direction(1000)
    assert vectors.nearest(wanted, 20, None) == np.argsort(-(matrix @ wanted))[:20].tolist()
    among = np.arange(0, 300, 10)
    expected = [int(tie) for tie in np.argsort(-(matrix @ wanted)) if tie % 10 == 0][:5]
    assert vectors.nearest(wanted, 5, among) == expected
    assert vectors.nearest(wanted, 500, None) == np.argsort(-(matrix @ wanted)).tolist()
    assert vectors.nearest(wanted, 5, np.array([900, 40, 40, -3])) == [40]
    assert vectors.nearest(wanted, 5, np.zeros(0, np.int64)) == []


def test_shared_among_threads_the_nearest_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = filled(tmp_path / "v", 301)
    vectors.append(make_rows([(7, 2, None), (300, 2, direction(5))]))
    alone = vectors.nearest(direction(1000), 400, None)
    monkeypatch.setattr(vectors_module, "FEWEST_TO_SHARE", 70)
    assert vectors.nearest(direction(1000), 400, None) == alone
    assert (len(alone), 7 in alone) == (300, False)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 5), st.none() | st.integers(0, 50)), min_size=1, max_size=6), max_size=6)
)
def test_the_last_row_of_a_document_counts(tmp_path_factory: pytest.TempPathFactory, batches: list[Any]) -> None:
    path = tmp_path_factory.mktemp("vectors") / "v"
    writer, reader = Vectors(path), Vectors(path)
    truth: dict[int, int | None] = {}
    for batch in batches:
        writer.append(make_rows([(tie, 1, None if seed is None else direction(seed)) for tie, seed in batch]))
        truth |= dict(batch)
        reader.refresh()
        for seen in (writer, reader, fresh(path)):
            assert len(seen) == sum(seed is not None for seed in truth.values())
            for tie, seed in truth.items():
                kept = seen.get(tie)
                assert (kept is None) == (seed is None)
                assert kept is None or seed is None or np.array_equal(kept, direction(seed))


def fresh(path: Path) -> Vectors:
    vectors = Vectors(path)
    vectors.refresh()
    return vectors


@pytest.mark.parametrize("lost", [1, 100, ROW.itemsize - 1, ROW.itemsize, ROW.itemsize + 7])
def test_a_torn_end_is_cut_off(tmp_path: Path, lost: int) -> None:
    path = tmp_path / "v"
    filled(path, 10)
    os.truncate(path, 10 * ROW.itemsize - lost)
    vectors = Vectors(path)
    vectors.repair()
    whole = (10 * ROW.itemsize - lost) // ROW.itemsize
    assert len(vectors) == whole
    vectors.append(make_rows([(50, 1, direction(50))]))
    assert len(fresh(path)) == whole + 1


def test_a_row_that_was_not_wholly_written_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "v"
    filled(path, 10)
    with path.open("r+b") as file:
        file.seek(9 * ROW.itemsize + 40)
        file.write(b"\0" * 200)
    assert len(fresh(path)) == 9
    vectors = Vectors(path)
    vectors.repair()
    assert path.stat().st_size == 9 * ROW.itemsize


def test_a_worn_file_is_written_anew_and_readers_follow(tmp_path: Path) -> None:
    path = tmp_path / "v"
    vectors, reader = filled(path, 10), fresh(path)
    assert not vectors.rewrite_if_worn()
    rows = make_rows([(1, 2, direction(77))])
    vectors.append(np.repeat(rows, FEWEST_DEAD_TO_REWRITE))
    before = path.stat().st_size
    assert vectors.rewrite_if_worn()
    assert path.stat().st_size == 10 * ROW.itemsize < before
    reader.refresh()
    for seen in (vectors, reader):
        kept = seen.get(1)
        assert len(seen) == 10
        assert kept is not None
        assert np.array_equal(kept, direction(77))


# -- fusion


def test_what_two_lists_agree_on_comes_first() -> None:
    assert [tie for tie, _ in fuse([[1, 2, 3], [3, 9]])] == [3, 1, 2, 9]
    assert fuse([[5], [4]]) == [(4, 1 / 61), (5, 1 / 61)]


@given(st.lists(st.lists(st.integers(0, 20), max_size=10), max_size=4))
def test_fusion_keeps_every_document_once(lists: list[list[int]]) -> None:
    fused = fuse(lists)
    ties = [tie for tie, _ in fused]
    assert sorted(ties) == sorted({tie for ranked in lists for tie in ranked})
    assert [score for _, score in fused] == sorted((score for _, score in fused), reverse=True)
