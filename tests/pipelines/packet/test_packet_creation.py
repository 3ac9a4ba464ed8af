from __future__ import annotations

import json
import os
import subprocess
import sys
import tracemalloc
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from packet_samples import FEED_LINE, SEALED, START, URL, clock, feed_capture, make_captures, make_dossier, make_png

from pipelines.errors import BadInput, DiskTrouble
from pipelines.packet.checks.layout import DOCUMENTS, LISTING, PAPER_DIGEST
from pipelines.packet.creation import create
from pipelines.packet.documents import MAKERS
from pipelines.packet.keys import SigningKey, TrustedKeys
from pipelines.packet.verification import verify
from pipelines.warc.reader import DamagedArchiveError

if TYPE_CHECKING:
    from pipelines.models import Capture
    from pipelines.packet.dossier import Dossier

BIN = Path(sys.executable).parent


def read_member(packet: Path, name: str) -> bytes:
    with zipfile.ZipFile(packet) as archive:
        return archive.read(name)


def unsigned(packet: Path) -> dict[str, bytes]:
    """All members but the PDF's signature and what names its hash."""
    changing = ("seal", "tagmanifest", "report.pdf")
    with zipfile.ZipFile(packet) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.startswith(changing)}


def test_a_packet_verifies_and_says_exactly_what_it_proves(packet: Path, key: SigningKey) -> None:
    result = verify(packet, TrustedKeys(fingerprints=frozenset({key.public.fingerprint})))
    assert result.valid
    assert result.exit_code == 0
    assert result.json["failures"] == []
    assert result.json["signed_by"] == {"fingerprint": key.public.fingerprint, "trusted": True}
    bytes_same, collected, existed = result.json["proves"]
    assert "unchanged since they were sealed" in bytes_same
    assert "collected and sealed by the system that holds the key" in collected
    assert "existed by 2026-04-01T09:30:00Z, as claimed by that system's own clock" in existed
    assert "served" not in " ".join(result.json["proves"])


def test_the_same_dossier_gives_the_same_root_and_looking_does_not_change_the_root(
    tmp_path: Path, dossier: Dossier, key: SigningKey
) -> None:
    first = create(dossier, tmp_path / "a.zip", key, clock=clock)
    assert create(dossier, tmp_path / "b.zip", key, clock=clock).root == first.root
    assert unsigned(tmp_path / "a.zip") == unsigned(tmp_path / "b.zip")
    view = {"sequence": 12, "at": SEALED, "actor": "ben", "action": "view", "subject": "market/17", "detail": {}}
    seen = evolve(dossier, custody=(*dossier.custody, view))
    later = create(seen, tmp_path / "c.zip", SigningKey.generate(), clock=lambda: SEALED + timedelta(days=9))
    assert later.root == first.root
    assert later.sha256 != first.sha256
    assert read_member(tmp_path / "c.zip", "custody-access.jsonl").count(b"\n") == 3
    changed = evolve(dossier, notes=())
    assert create(changed, tmp_path / "d.zip", key, clock=clock).root != first.root


def test_the_verifier_expects_exactly_the_documents_that_are_made() -> None:
    assert {LISTING, PAPER_DIGEST, *MAKERS} == DOCUMENTS


def test_the_receipt_is_of_the_file(tmp_path: Path, dossier: Dossier, key: SigningKey) -> None:
    receipt = create(dossier, tmp_path / "a.zip", key, clock=clock)
    listed = subprocess.run(["sha256sum", tmp_path / "a.zip"], capture_output=True, text=True, check=True).stdout
    assert listed.split()[0] == receipt.sha256
    assert receipt.size == (tmp_path / "a.zip").stat().st_size
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert len(archive.namelist()) == receipt.members
        assert archive.testzip() is None
    assert json.loads(read_member(tmp_path / "a.zip", "seal.json"))["statement"]["root"] == receipt.root


def test_the_usual_tools_agree(tmp_path: Path, packet: Path) -> None:
    bag, wacz = tmp_path / "bag", tmp_path / "wacz"
    with zipfile.ZipFile(packet) as archive:
        archive.extractall(bag)
    with zipfile.ZipFile(bag / "data" / "captures.wacz") as archive:
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        archive.extractall(wacz)
    warc = wacz / "archive" / "captures.warc.gz"
    commands: list[list[object]] = [
        [BIN / "bagit.py", "--validate", bag],
        [BIN / "wacz", "validate", "-f", bag / "data" / "captures.wacz"],
        [BIN / "warcio", "check", warc],
        ["gzip", "-t", warc],
        ["sha256sum", "--quiet", "-c", "manifest-sha256.txt"],
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "seal/public-key.pem", "-rawin",
         "-in", "seal/statement.json", "-sigfile", "seal/signature.bin"],
    ]  # fmt: skip
    for command in commands:
        done = subprocess.run([str(word) for word in command], cwd=bag, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (command, done.stdout, done.stderr)
    theirs = subprocess.run([BIN / "cdxj-indexer", "-s", warc], capture_output=True, text=True, check=True).stdout
    assert (wacz / "indexes" / "index.cdxj").read_text() == theirs


def test_the_packet_holds_what_was_seen(packet: Path) -> None:
    listing = json.loads(read_member(packet, "data/listing.json"))
    assert listing["came_by"] == "pages"
    assert [capture["id"] for capture in listing["captures"]] == ["c0", "c1", "c2", "again"]
    assert listing["captures"][3]["revisit_of"] == "c2"
    assert [len(capture["resources"]) for capture in listing["captures"]] == [1, 0, 0, 0]
    with zipfile.ZipFile(BytesIO(read_member(packet, "data/captures.wacz"))) as archive:
        assert b"https://market.example.com/app.js" in archive.read("indexes/index.cdxj")
    assert read_member(packet, "data/screenshots/c0.png") == make_png()
    assessment = json.loads(read_member(packet, "data/assessment.json"))
    assert assessment["vector"]["dimensions"] == 4
    assert [json.loads(line)["action"] for line in read_member(packet, "data/custody.jsonl").splitlines()] == [
        "capture",
        "assess",
    ]


def test_a_listing_that_came_by_feed_has_its_line_and_no_archive(tmp_path: Path, key: SigningKey) -> None:
    (tmp_path / "vault").mkdir()
    dossier = make_dossier(tmp_path / "vault", [feed_capture(tmp_path / "vault")])
    create(dossier, tmp_path / "feed.zip", key)
    with zipfile.ZipFile(tmp_path / "feed.zip") as archive:
        assert "data/captures.wacz" not in archive.namelist()
    assert read_member(tmp_path / "feed.zip", "data/feed/f0.jsonl") == FEED_LINE
    listing = json.loads(read_member(tmp_path / "feed.zip", "data/listing.json"))
    assert (listing["came_by"], listing["captures"]) == ("feed", [])
    assert b"No page was captured" in read_member(tmp_path / "feed.zip", "data/report.html")
    assert verify(tmp_path / "feed.zip").valid


def test_pages_and_a_feed_line_go_together(tmp_path: Path, key: SigningKey) -> None:
    captures = [*make_captures(tmp_path / "vault", 1), feed_capture(tmp_path / "vault")]
    create(make_dossier(tmp_path / "vault", captures), tmp_path / "both.zip", key)
    assert json.loads(read_member(tmp_path / "both.zip", "data/listing.json"))["came_by"] == "both"
    assert verify(tmp_path / "both.zip").valid


def test_half_a_character_in_a_feed_does_not_stop_a_packet(tmp_path: Path, dossier: Dossier, key: SigningKey) -> None:
    listing = {**dossier.listing, "title": "half \ud83d gun", "seller": "\udc00"}
    create(evolve(dossier, listing=listing), tmp_path / "half.zip", key)
    assert json.loads(read_member(tmp_path / "half.zip", "data/listing.json"))["listing"]["title"] == "half \ud83d gun"
    assert verify(tmp_path / "half.zip").valid


def test_parts_that_do_not_fit_are_all_named(tmp_path: Path, dossier: Dossier, key: SigningKey) -> None:
    captures: tuple[Capture, ...] = (*dossier.captures[1:], evolve(dossier.captures[0], id="../x"))
    broken = evolve(dossier, id="18", captures=captures)
    with pytest.raises(BadInput) as caught:
        create(broken, tmp_path / "a.zip", key)
    text = " ".join(caught.value.details)
    assert "another listing" in text
    assert "cannot be a file name" in text
    assert "version 1 rests on capture c0" in text
    with pytest.raises(BadInput) as caught:
        create(evolve(dossier, captures=dossier.captures[3:], versions=()), tmp_path / "a.zip", key)
    assert caught.value.details == ("capture again repeats c2, which is not given",)
    assert not list(tmp_path.glob("*a.zip*"))


@pytest.mark.parametrize(
    "change", [{"url": f"{URL}/other"}, {"at": START + timedelta(seconds=1)}, {"stored": {"payload_sha256": "0" * 64}}]
)
def test_a_vault_that_says_otherwise_stops_the_packet(
    tmp_path: Path, dossier: Dossier, key: SigningKey, change: dict[str, object]
) -> None:
    first, *others = dossier.captures
    if "stored" in change:
        change = {"stored": evolve(first.stored, payload_sha256="0" * 64)}
    with pytest.raises(DamagedArchiveError, match="the store says"):
        create(evolve(dossier, captures=(evolve(first, **change), *others)), tmp_path / "a.zip", key)  # type: ignore[arg-type]  # any field


def test_a_damaged_vault_stops_the_packet_and_leaves_the_old_one(tmp_path: Path, key: SigningKey) -> None:
    vault = tmp_path / "vault"
    dossier = make_dossier(vault, [*make_captures(vault, 2), feed_capture(vault)])
    create(dossier, tmp_path / "a.zip", key)
    old = (tmp_path / "a.zip").read_bytes()
    (vault / "feed.jsonl").write_bytes(FEED_LINE.replace(b"450", b"999"))
    with pytest.raises(DamagedArchiveError, match="feed line"):
        create(dossier, tmp_path / "a.zip", key)
    warc = vault / "warc" / "run.warc.gz"
    data = bytearray(warc.read_bytes())
    data[40] ^= 1
    warc.write_bytes(bytes(data))
    with pytest.raises(DamagedArchiveError, match="capture c0"):
        create(dossier, tmp_path / "a.zip", key)
    assert (tmp_path / "a.zip").read_bytes() == old
    assert {path.name for path in tmp_path.iterdir()} == {"vault", "a.zip"}


def test_a_folder_that_is_not_there_is_disk_trouble(tmp_path: Path, dossier: Dossier, key: SigningKey) -> None:
    with pytest.raises(DiskTrouble, match="could not be written"):
        create(dossier, tmp_path / "missing" / "a.zip", key)


def test_memory_does_not_grow_with_the_captures(tmp_path: Path, key: SigningKey) -> None:
    filler = os.urandom(300_000)
    peaks = []
    for count in (10, 60):
        dossier = make_dossier(tmp_path / str(count), make_captures(tmp_path / str(count), count, filler))
        tracemalloc.start()
        create(dossier, tmp_path / "m.zip", key)
        assert verify(tmp_path / "m.zip").valid
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert (tmp_path / "m.zip").stat().st_size > 60 * len(filler)
    assert peaks[1] - peaks[0] < 3 * len(filler)
