"""One generation of an embedded index: a folder with tantivy's files, the vectors, and the form they were made in."""

from __future__ import annotations

import errno
import json
import re
from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import tantivy
from attrs import define

from pipelines.errors import DiskTrouble, TracemarkError
from pipelines.index.analysis import ANALYSIS
from pipelines.index.columns import COLUMNS
from pipelines.index.tantivy_query import make_schema, register_tokenizer
from pipelines.index.vectors import Vectors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_COLUMNS = sorted((column.name, column.kind.value) for column in COLUMNS.values())
FORM = blake2b(repr((ANALYSIS, _COLUMNS)).encode()).hexdigest()[:16]
_FORM_FILE = "form.json"
_INDEX_FOLDER = "tantivy"
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO})


@define
class OpenGeneration:
    """A generation as this process has it open."""

    folder: Path
    index: Any
    schema: Any
    vectors: Vectors
    seen: tuple[int, int] = (0, 0)

    @property
    def name(self) -> str:
        """The generation's name."""
        return self.folder.name

    def refresh(self) -> Any:
        """The searcher over what is committed now. FileNotFoundError when the generation was removed."""
        stat = (self.folder / _INDEX_FOLDER / "meta.json").stat()
        if (stat.st_mtime_ns, stat.st_ino) != self.seen:
            self.index.reload()
            self.seen = (stat.st_mtime_ns, stat.st_ino)
        return self.index.searcher()


@contextmanager
def disk_told() -> Iterator[None]:
    """Raise `DiskTrouble` where the disk refused to write: tantivy says so in the words of a ValueError only."""
    try:
        yield
    except (OSError, ValueError) as error:
        said = re.search(r"os error (\d+)", str(error))
        number = error.errno if isinstance(error, OSError) else int(said[1]) if said else None
        if number not in _DISK:
            raise
        raise DiskTrouble(
            f"the index could not be written: {error}",
            hint="free space on the disk; the next command brings the index up to date",
        ) from error


def make_generation(folder: Path) -> None:
    """An empty index in an empty folder."""
    (folder / _INDEX_FOLDER).mkdir()
    tantivy.Index(make_schema(), str(folder / _INDEX_FOLDER))
    (folder / _FORM_FILE).write_text(json.dumps({"form": FORM}), encoding="utf-8")


def open_generation(folder: Path) -> OpenGeneration:
    """The index in a folder. FileNotFoundError when it was removed meanwhile; TracemarkError for another form."""
    form = json.loads((folder / _FORM_FILE).read_text(encoding="utf-8"))["form"]
    if form != FORM:
        raise TracemarkError("the index was made by another version", hint="run: tracemark reindex")
    index = tantivy.Index.open(str(folder / _INDEX_FOLDER))
    register_tokenizer(index)
    index.config_reader("manual")
    return OpenGeneration(folder, index, index.schema, Vectors(folder / "vectors.bin"))
