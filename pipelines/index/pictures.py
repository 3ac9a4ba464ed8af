"""Search by picture: a fingerprint of each picture that captures kept, and those that are near another's.

The fingerprint is the perceptual hash by discrete cosine transform (Zauner, "Implementation and benchmarking of
perceptual image hash functions", 2010): 64 bits that change little when a picture is compressed, scaled or lit anew.
A picture that was flipped is found because the mirror image of what is searched is looked for too.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa
import structlog
from attrs import frozen
from PIL import Image, ImageOps

from pipelines.errors import BadInput
from pipelines.models import StoredBytes
from pipelines.store.frontier import insert_or_ignore
from pipelines.store.tables import captures, listings, picture_captures, pictures
from pipelines.warc.reader import DamagedArchiveError, ReadRecord, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from pipelines.models import JsonObject
    from pipelines.store.database import Database

log = structlog.get_logger(__name__)

MOST_DIFFERENT = 12
"""Bits of 64 that may differ. tests/pipelines/index/test_pictures.py holds what stays within it, and what does not."""
SMALLEST_SIDE = 64  # pixels: what is smaller is an icon
MOST_PIXELS = 50_000_000
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_GRID, _LOW = 32, 8
_BATCH = 100


@frozen(kw_only=True)
class Match:
    """A listing with a picture near the one searched: `different` bits of 64, in the capture `capture`."""

    key: str
    different: int
    capture: str


def fingerprint(data: bytes, *, mirrored: bool = False) -> int | None:
    """64 bits of what a picture shows; None where it is too small or has nothing in it. BadInput for no picture."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a picture that Pillow warns of is not one to open
            with Image.open(BytesIO(data), formats=_FORMATS) as opened:
                width, height = opened.size
                if width * height > MOST_PIXELS:
                    raise BadInput(f"a picture of {width} x {height} pixels is too large")
                if min(width, height) < SMALLEST_SIDE:
                    return None
                opened.draft("L", (_GRID * 4, _GRID * 4))  # JPEG: decode small
                upright = ImageOps.exif_transpose(opened).convert("L")
    except (OSError, ValueError, SyntaxError, Warning, EOFError, Image.DecompressionBombError) as error:
        raise BadInput(f"this is no picture that can be read: {type(error).__name__}") from error
    small = upright.resize((_GRID, _GRID), Image.Resampling.LANCZOS)
    grey = np.asarray(small, np.float64)
    if grey.std() < 1.0:
        return None
    low = (_COSINES @ (grey[:, ::-1] if mirrored else grey) @ _COSINES.T)[:_LOW, :_LOW].ravel()
    bits = low > np.median(low[1:])
    return int.from_bytes(np.packbits(bits).tobytes())


def _cosines() -> NDArray[np.float64]:
    """The matrix of the discrete cosine transform (type II)."""
    at, frequency = np.arange(_GRID), np.arange(_GRID)[:, None]
    made: NDArray[np.float64] = np.cos(np.pi * frequency * (2 * at + 1) / (2 * _GRID))
    return made


_COSINES = _cosines()


def read_pictures(database: Database, vault: Path) -> int:
    """Take the fingerprints of pictures in captures not looked at yet; how many there were."""
    found = 0
    while True:
        with database.read() as connection:
            waiting = list(connection.execute(_waiting()).mappings())
        if not waiting:
            return found
        rows = [row for capture in waiting for row in _pictures_of(capture, vault)]
        with database.write() as connection:
            done = [{"capture": capture["id"]} for capture in waiting]
            connection.execute(insert_or_ignore(connection, picture_captures), done)
            if rows:
                connection.execute(insert_or_ignore(connection, pictures), rows)
        found += len(rows)


def _waiting() -> sa.Select[tuple[str, int, JsonObject]]:
    """Captures of one listing that kept other bytes, and have not been looked at."""
    looked_at = sa.exists().where(picture_captures.c.capture == captures.c.id)
    some = sa.cast(captures.c.resources, sa.Text) != "null"  # JSON's own nothing
    return (
        sa.select(captures.c.id, captures.c.listing, captures.c.resources)
        .where(captures.c.listing.is_not(None), some, ~looked_at)
        .order_by(captures.c.id)
        .limit(_BATCH)
    )


def _pictures_of(capture: sa.RowMapping, vault: Path) -> Iterator[JsonObject]:
    seen: set[int] = set()
    for one in capture["resources"] or ():
        stored = StoredBytes(**one)
        try:
            record = read_record(vault, stored)
            bits = fingerprint(record.body) if _is_image(record) else None
        except DamagedArchiveError as error:
            log.warning("picture_not_read", capture=capture["id"], reason=error.message)
            continue
        except BadInput:
            continue  # called an image, and none
        if bits is not None and bits not in seen:
            seen.add(bits)
            yield {
                "capture": capture["id"],
                "listing": capture["listing"],
                "sha256": stored.payload_sha256,
                "bits": bits - 2**64 if bits >= 2**63 else bits,  # a signed column
            }


def _is_image(record: ReadRecord) -> bool:
    fields = record.http_headers or ()
    return any(name.lower() == b"content-type" and value.strip().startswith(b"image/") for name, value in fields)


def find_pictures(database: Database, data: bytes, most: int = 100) -> list[Match]:
    """Listings with a picture like this one or its mirror image, the nearest first. BadInput for no picture."""
    wanted = [bits for bits in (fingerprint(data), fingerprint(data, mirrored=True)) if bits is not None]
    if not wanted:
        raise BadInput("there is too little in this picture to search", hint=f"{SMALLEST_SIDE} pixels a side, or more")
    query = (
        sa.select(pictures.c.bits, listings.c.site, listings.c.native_id, pictures.c.capture)
        .join(listings, listings.c.id == pictures.c.listing)
        .order_by(pictures.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    held = np.array([row.bits for row in rows], np.int64).view(np.uint64)
    different = _least_different(held, wanted)
    best: dict[str, Match] = {}
    for at in np.argsort(different, kind="stable"):
        if different[at] > MOST_DIFFERENT or len(best) == most:
            break
        row = rows[at]
        key = f"{row.site}/{row.native_id}"
        best.setdefault(key, Match(key=key, different=int(different[at]), capture=row.capture))
    return list(best.values())


def _least_different(held: NDArray[np.uint64], wanted: Sequence[int]) -> NDArray[np.uint8]:
    counted = [np.bitwise_count(held ^ np.uint64(bits)) for bits in wanted]
    least: NDArray[np.uint8] = np.minimum.reduce(counted)
    return least
