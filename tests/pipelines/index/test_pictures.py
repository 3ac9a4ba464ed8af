"""Search by picture: what stays near when it is copied about, what does not, and what may never be opened."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from pipelines.errors import BadInput
from pipelines.index.pictures import MOST_DIFFERENT, find_pictures, fingerprint, read_pictures
from pipelines.intake import stored_to_json
from pipelines.store.database import Database
from pipelines.store.tables import captures, listings, pictures, runs, sites
from pipelines.warc.records import Exchange, HttpMessage
from pipelines.warc.writer import WarcFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PICTURES = 20
AT = datetime(2026, 3, 2, tzinfo=UTC)


def draw(number: int) -> Image.Image:
    """A picture of patches of light, as photographs have them."""
    chance = np.random.default_rng(number)
    coarse = Image.fromarray(chance.integers(0, 256, (7, 9, 3), np.uint8))
    return coarse.resize((360, 280), Image.Resampling.BICUBIC)


def encode(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    held = BytesIO()
    picture.save(held, kind, **options)
    return held.getvalue()


def banner(picture: Image.Image) -> Image.Image:
    made = picture.copy()
    made.paste((255, 255, 255), (0, 268, 360, 280))
    return made


CHANGES = {
    "jpeg": lambda picture: encode(picture, "JPEG", quality=40),
    "small": lambda picture: encode(picture.resize((150, 110)), "JPEG"),
    "webp": lambda picture: encode(picture, "WEBP", quality=50),
    "light": lambda picture: encode(ImageEnhance.Brightness(picture).enhance(1.2)),
    "blur": lambda picture: encode(picture.filter(ImageFilter.GaussianBlur(2))),
    "grey": lambda picture: encode(ImageOps.grayscale(picture)),
    "crop": lambda picture: encode(picture.crop((6, 5, 354, 275))),
    "banner": lambda picture: encode(banner(picture)),
    "flip": lambda picture: encode(ImageOps.mirror(picture)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_stays_near(change: str) -> None:
    near = 0
    for number in range(PICTURES):
        original = fingerprint(encode(draw(number)))
        copy = CHANGES[change](draw(number))
        assert original is not None
        found = [fingerprint(copy), fingerprint(copy, mirrored=True)]
        near += min((original ^ bits).bit_count() for bits in found if bits is not None) <= MOST_DIFFERENT
    assert near >= PICTURES * 0.95


def test_other_pictures_are_far() -> None:
    made = [fingerprint(encode(draw(number))) for number in range(PICTURES)]
    mirrored = [fingerprint(encode(draw(number)), mirrored=True) for number in range(PICTURES)]
    apart = [
        (first ^ second).bit_count()
        for at, first in enumerate(made)
        for second in (*made[at + 1 :], *mirrored[at + 1 :])
        if first is not None and second is not None
    ]
    assert min(apart) > MOST_DIFFERENT


def test_an_icon_and_an_even_surface_have_no_fingerprint() -> None:
    assert fingerprint(encode(draw(1).resize((63, 200)))) is None
    assert fingerprint(encode(Image.new("RGB", (200, 200), "white"))) is None


def test_the_same_picture_gives_the_same_bits_and_turned_by_its_camera_too() -> None:
    turned = draw(3).rotate(-90, expand=True)
    tagged = turned.getexif()
    tagged[0x0112] = 8  # shown turned a quarter to the left
    upright = fingerprint(encode(draw(3)))
    assert upright == fingerprint(encode(draw(3)))
    assert upright is not None
    shown = fingerprint(encode(turned, exif=tagged))
    assert shown is not None
    assert (upright ^ shown).bit_count() <= 2


@given(st.binary(max_size=300))
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    for head in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBP", b"BM"):
        with pytest.raises(BadInput):
            fingerprint(head + data)


def test_a_bomb_is_not_unpacked() -> None:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + kind + body + zlib.crc32(kind + body).to_bytes(4)

    header = (60_000).to_bytes(4) * 2 + b"\x08\x00\x00\x00\x00"
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10**6)))
    with pytest.raises(BadInput):
        fingerprint(bomb)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[tuple[Database, Path]]:
    """Three listings; two show the same picture in two forms, one a broken one, an icon and a script."""
    database, vault = Database.open(f"sqlite:///{tmp_path / 'store.db'}"), tmp_path / "vault"
    shown = [
        [("image/jpeg", CHANGES["jpeg"](draw(1))), ("image/png", encode(draw(2)))],
        [("image/png", CHANGES["flip"](draw(1))), ("text/html", encode(draw(9)))],
        [("image/png", b"broken"), ("image/png", encode(draw(5).resize((30, 30)))), ("text/javascript", b"1")],
    ]
    with database.write() as connection:
        connection.execute(sa.insert(sites).values(name="alpha", source="crawl", added=AT))
        run = {"id": "r", "site": "alpha", "kind": "crawl", "started": AT, "status": "done"}
        connection.execute(sa.insert(runs).values(**run, authority={}, expected={}, found={}, unseen={}))
        for number, responses in enumerate(shown):
            row = {"site": "alpha", "native_id": str(number), "status": "active", "first_seen": AT, "last_seen": AT}
            listing = connection.scalar(sa.insert(listings).values(**row).returning(listings.c.id))
            connection.execute(sa.insert(captures).values(**capture(f"c{number}", listing, vault, responses)))
        connection.execute(sa.insert(captures).values(**capture("none", 1, vault, [])))
    yield database, vault
    database.close()


def capture(name: str, listing: int | None, vault: Path, responses: list[tuple[str, bytes]]) -> dict[str, Any]:
    return {
        "id": name,
        "site": "alpha",
        "run": "r",
        "method": "browser",
        "at": AT,
        "kind": "detail",
        "file": "f",
        "offset": 0,
        "length": 0,
        "payload_sha256": "0" * 64,
        "listing": listing,
        "resources": store(name, vault, responses) or None,
    }


def store(name: str, vault: Path, responses: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
    """Responses as a browser's capture keeps them: one file for each capture."""
    vault.mkdir(exist_ok=True)
    records = [
        Exchange(
            url=f"https://market.example.com/{name}/{number}",
            at=AT,
            response=HttpMessage(start_line=b"HTTP/1.1 200 OK", headers=((b"Content-Type", kind.encode()),), body=body),
        )
        for number, (kind, body) in enumerate(responses)
    ]
    with WarcFile(vault / f"{name}.warc.gz", root=vault) as file:
        return [stored_to_json(stored) for stored in file.append(records)]


def test_a_listing_is_found_by_its_picture_also_flipped(kept: tuple[Database, Path]) -> None:
    database, vault = kept
    assert read_pictures(database, vault) == 3
    assert read_pictures(database, vault) == 0
    found = find_pictures(database, encode(draw(1)))
    assert {match.key for match in found} == {"alpha/0", "alpha/1"}
    assert [match.different for match in found] == sorted(match.different for match in found)
    assert [match.key for match in find_pictures(database, encode(draw(2)))] == ["alpha/0"]
    assert find_pictures(database, encode(draw(7))) == []
    with pytest.raises(BadInput, match="too little"):
        find_pictures(database, encode(Image.new("L", (100, 100))))


def test_a_damaged_vault_does_not_keep_the_rest(kept: tuple[Database, Path]) -> None:
    database, vault = kept
    for path in vault.rglob("*.warc.gz"):
        if "c0" in path.name:
            path.unlink()
    assert read_pictures(database, vault) == 1
    with database.read() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(pictures)) == 1
