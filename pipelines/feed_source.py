"""The file of a feed: opened, told from what is none, and read in batches of lines."""

from __future__ import annotations

from contextlib import contextmanager
from io import BufferedReader
from typing import TYPE_CHECKING, BinaryIO

from pipelines.errors import BadInput
from pipelines.feed_line import LONGEST_LINE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BATCH_LINES, _BATCH_BYTES = 500, 16_000_000
_HEAD = 1 << 16
_COMPRESSED = {b"\x1f\x8b": "gzip", b"PK": "zip", b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd"}


@contextmanager
def open_feed(path: Path) -> Iterator[BinaryIO]:
    """The file, for the length of a block. Raises `BadInput` where it cannot be read or is plainly no feed."""
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from error
    with BufferedReader(file, _HEAD) as source:
        _require_feed(source.peek(_HEAD), path)
        yield source


def _lines(source: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers; of one that is too long only so much that this shows."""
    number = 0
    while raw := source.readline(LONGEST_LINE + 2):
        number += 1
        rest = raw
        while len(rest) >= LONGEST_LINE + 2 and not rest.endswith(b"\n"):
            rest = source.readline(LONGEST_LINE + 2)
        if raw.strip():
            yield number, raw


def batches(source: BinaryIO) -> Iterator[list[tuple[int, bytes]]]:
    """The lines that are not blank with their numbers from 1, in batches that fit into memory."""
    batch: list[tuple[int, bytes]] = []
    size = 0
    for number, raw in _lines(source):
        batch.append((number, raw))
        size += len(raw)
        if len(batch) == _BATCH_LINES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _require_feed(head: bytes, path: Path) -> None:
    """Raise `BadInput` where the beginning of a file shows that it is something else than JSON lines."""
    lines = [line.strip() for line in head.removeprefix(b"\xef\xbb\xbf").splitlines() if line.strip()]
    hint = "a feed has one JSON object on each line (docs/schema/feed.json)"
    if not lines:
        raise BadInput(f"{path} is empty", hint=hint)
    first = lines[0]
    for magic, name in _COMPRESSED.items():
        if head.startswith(magic):
            raise BadInput(f"{path} is compressed ({name})", hint="unpack it first")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadInput(f"{path} is UTF-16", hint="a feed is UTF-8: iconv -f UTF-16 -t UTF-8")
    if first == b"[" or first.startswith((b"[{", b"[ {")):
        raise BadInput(f"{path} is one JSON array", hint=f"{hint}: jq -c '.[]' FILE")
    if first == b"{":
        raise BadInput(f"{path} spreads its objects over several lines", hint=f"{hint}: jq -c . FILE")
    if not any(line.startswith(b"{") for line in lines):
        looks = "looks like CSV" if any(mark in first for mark in (b",", b";", b"\t")) else "holds no JSON object"
        raise BadInput(f"{path} {looks}", hint=hint)
