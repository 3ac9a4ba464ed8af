"""What the usual tools let pass, and ours does not. Where one of them learns it, its test here says so by failing."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packet_tamperings import (
    INDEX,
    PAGES,
    WARC,
    drop_last_line,
    edit_wacz,
    flip,
    forge_page,
    members_of,
    read_zip,
    remanifest,
    reseal,
    write_zip,
)

from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from packet_tamperings import Parts

    from pipelines.packet.keys import SigningKey

BIN = Path(sys.executable).parent


def says_good(*command: object) -> bool:
    return subprocess.run([str(word) for word in command], capture_output=True, check=False).returncode == 0


def unpack(parts: Parts, folder: Path) -> Path:
    (folder / "changed.zip").write_bytes(write_zip(parts))
    with zipfile.ZipFile(folder / "changed.zip") as archive:
        archive.extractall(folder / "bag")
    with zipfile.ZipFile(folder / "bag" / "data" / "captures.wacz") as archive:
        archive.extractall(folder / "wacz")
    return folder / "bag"


def failures(folder: Path) -> set[str]:
    return {failure["check"] for failure in verify(folder / "changed.zip").json["failures"]}


def redo(warc: Callable[[bytes], bytes]) -> Callable[[Parts], Parts]:
    return edit_wacz(lambda inner: {**inner, WARC: warc(inner[WARC])})


def test_wacz_accepts_a_forgery_whose_hashes_were_made_again(packet: Path, tmp_path: Path) -> None:
    bag = unpack(remanifest(redo(forge_page)(read_zip(packet.read_bytes()))), tmp_path)
    assert says_good(BIN / "wacz", "validate", "--verify-auth", "-f", bag / "data" / "captures.wacz")
    assert {"root", "warc"} <= failures(tmp_path)


@pytest.mark.parametrize("name", ["seal.json", "seal/signature.bin"])
def test_wacz_and_bagit_accept_a_stripped_signature(packet: Path, tmp_path: Path, name: str) -> None:
    parts = read_zip(packet.read_bytes())
    del parts[name]
    bag = unpack(parts, tmp_path)
    assert says_good(BIN / "wacz", "validate", "--verify-auth", "-f", bag / "data" / "captures.wacz")
    assert says_good(sys.executable, BIN / "bagit.py", "--validate", bag)
    assert failures(tmp_path) == ({"bag", "seal"} if name == "seal.json" else {"bag"})


def test_warcio_passes_a_gzip_that_is_cut_short(packet: Path, tmp_path: Path, key: SigningKey) -> None:
    unpack(reseal(redo(lambda warc: warc[:-9])(read_zip(packet.read_bytes())), key), tmp_path)
    warc = tmp_path / "wacz" / WARC
    assert says_good(BIN / "warcio", "check", warc)
    assert not says_good("gzip", "-t", warc)
    assert "warc" in failures(tmp_path)


def test_nobody_else_sees_that_the_last_record_is_gone(packet: Path, tmp_path: Path, key: SigningKey) -> None:
    parts = edit_wacz(
        lambda inner: {
            **inner,
            WARC: b"".join(members_of(inner[WARC])[:-1]),
            INDEX: drop_last_line(inner[INDEX]),
            PAGES: drop_last_line(inner[PAGES]),
        }
    )(read_zip(packet.read_bytes()))
    bag = unpack(reseal(parts, key), tmp_path)
    warc = tmp_path / "wacz" / WARC
    assert says_good(BIN / "warcio", "check", warc)
    assert says_good("gzip", "-t", warc)
    assert says_good(BIN / "wacz", "validate", "-f", bag / "data" / "captures.wacz")
    assert says_good(sys.executable, BIN / "bagit.py", "--validate", bag)
    assert "captures" in failures(tmp_path)


def test_bagit_in_haste_misses_a_flipped_bit(packet: Path, tmp_path: Path) -> None:
    parts = read_zip(packet.read_bytes())
    bag = unpack({**parts, "data/seller.json": flip(parts["data/seller.json"])}, tmp_path)
    assert says_good(sys.executable, BIN / "bagit.py", "--validate", "--fast", bag)
    assert not says_good(sys.executable, BIN / "bagit.py", "--validate", bag)
    assert {"hash", "root"} <= failures(tmp_path)
