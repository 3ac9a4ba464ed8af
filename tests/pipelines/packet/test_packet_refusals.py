from __future__ import annotations

import ast
import gzip
import json
import os
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from packet_tamperings import WARC, edit_wacz, read_zip, reseal, write_zip

from pipelines.errors import BadInput
from pipelines.packet.standalone import write_verifier
from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.packet.dossier import Dossier
    from pipelines.packet.keys import SigningKey


def zip_of(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04", b"%PDF-1.7\n" + bytes(5000), os.urandom(100_000)])
def test_what_is_no_packet_is_said_to_be_none(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(data)
    result = verify(tmp_path / "x.zip")
    assert result.exit_code == 2
    assert result.json == {
        "valid": False,
        "signed_by": None,
        "proves": [],
        "failures": [{"check": "packet", "file": "", "reason": "not a packet"}],
    }


def test_any_other_zip_is_no_packet(tmp_path: Path) -> None:
    assert verify(zip_of(tmp_path / "a.zip", {"letter.txt": b"hello"})).exit_code == 2
    assert verify(zip_of(tmp_path / "b.zip", {})).exit_code == 2
    bomb = zip_of(tmp_path / "bomb.zip", {"zeros": bytes(1 << 26)}, zipfile.ZIP_DEFLATED)
    assert verify(bomb).exit_code == 2


def test_a_missing_file_or_key_is_bad_input(tmp_path: Path, packet: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        verify(tmp_path / "missing.zip")
    with pytest.raises(BadInput, match="cannot be read"):
        verify(tmp_path)
    with pytest.raises(BadInput, match="cannot be read"):
        verify(packet, expected_key=tmp_path / "missing.pem")
    (tmp_path / "other.pem").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    with pytest.raises(BadInput, match="not an Ed25519 public key"):
        verify(packet, expected_key=tmp_path / "other.pem")


def test_a_bomb_inside_is_refused_within_bounds(packet: Path, key: SigningKey) -> None:
    record = b"WARC/1.1\r\nContent-Length: %d\r\n\r\n" % (1 << 28)
    bomb = gzip.compress(record + bytes(1 << 28) + b"\r\n\r\n", compresslevel=1)
    parts = edit_wacz(lambda inner: {**inner, WARC: bomb})(read_zip(packet.read_bytes()))
    packet.write_bytes(write_zip(reseal(parts, key)))
    tracemalloc.start()
    started = time.perf_counter()
    result = verify(packet)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert result.exit_code == 1
    assert "inflates beyond" in json.dumps(result.json)
    assert peak < 20_000_000
    assert time.perf_counter() - started < 20


def test_a_directory_of_very_many_members_is_refused_soon(packet: Path) -> None:
    names = {f"data/{number:06}": b"" for number in range(30_000)}
    packet.write_bytes(write_zip(read_zip(packet.read_bytes()) | names))
    result = verify(packet)
    assert result.exit_code == 1
    assert len(result.json["failures"]) == 101
    assert result.json["failures"][-1]["reason"].endswith(" more")


def test_a_directory_or_a_document_that_would_fill_the_memory_is_refused_unread(
    packet: Path, key: SigningKey, tmp_path: Path
) -> None:
    whole = packet.read_bytes()
    start = int.from_bytes(whole[-6:-2], "little")
    blown = whole[:start] + bytes(1 << 26) + whole[start:-22]
    end = bytearray(whole[-22:])
    end[12:16] = (len(whole) - 22 - start + (1 << 26)).to_bytes(4, "little")
    (tmp_path / "directory.zip").write_bytes(blown + bytes(end))
    parts = read_zip(whole) | {"data/listing.json": b"[" + b"[]," * (1 << 24) + b"[]]"}
    (tmp_path / "document.zip").write_bytes(write_zip(reseal(parts, key)))
    del parts, blown
    for name, reason in (("directory", "longer than its members need"), ("document", "too large a JSON document")):
        tracemalloc.start()
        result = verify(tmp_path / f"{name}.zip")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert result.exit_code == 1
        assert reason in json.dumps(result.json)
        assert peak < 120_000_000


def test_the_verifier_is_one_file_of_the_standard_library() -> None:
    source = write_verifier()
    assert source == write_verifier()
    with ThreadPoolExecutor(1) as apart:  # the greenlets of a browser's test before confuse the parser's count of depth
        tree = apart.submit(ast.parse, source, feature_version=(3, 9)).result()
    modules = {
        alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
    }
    modules |= {str(node.module).split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert modules <= sys.stdlib_module_names
    names = Counter(node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef))
    names += Counter(
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_the_verifier_in_the_packet_is_this_one_and_says_what_it_lacks(packet: Path, tmp_path: Path) -> None:
    parts = read_zip(packet.read_bytes())
    assert parts["verify.py"] == write_verifier()
    (tmp_path / "verify.py").write_bytes(parts["verify.py"])
    command: list[str | Path] = [sys.executable, "-I", tmp_path / "verify.py"]
    without = subprocess.run(
        [*command, packet], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert without.returncode == 1
    assert "openssl is not installed" in without.stdout
    missing = subprocess.run([*command, tmp_path / "no.zip"], capture_output=True, text=True, check=False)
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "No such file" in missing.stderr
    (tmp_path / "bad.json").write_text("[]")
    trusted: list[str | Path] = [*command, packet, "--trusted", tmp_path / "bad.json"]
    assert subprocess.run(trusted, capture_output=True, check=False).returncode == 2


def test_no_packet_accuses(packet: Path) -> None:
    accusing = ("trafficker", "criminal", "illegal seller", "suspect")
    members = read_zip(packet.read_bytes())
    (packet.parent / "report.pdf").write_bytes(
        members.pop("report.pdf")
    )  # its own words for its structure are not ours
    words = subprocess.run(["pdftotext", packet.parent / "report.pdf", "-"], capture_output=True, check=True).stdout
    assert b"A lead for a person, not a finding" in words
    text = b"\n".join([words, *members.values()]).lower()
    assert [word for word in accusing if word.encode() in text] == []


def test_the_dossier_is_what_the_packet_was_made_of(dossier: Dossier, packet: Path) -> None:
    statement = json.loads(read_zip(packet.read_bytes())["seal/statement.json"])
    assert statement["subject"] == {"site": dossier.site, "id": dossier.id}
    assert statement["workspace"] == dossier.workspace
