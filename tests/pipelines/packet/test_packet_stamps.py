"""Time stamps: asked, queued, believed only once two tools agree, and found out where they were changed."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packet_samples import SEALED, clock, make_captures, make_dossier
from packet_tamperings import flip, read_zip, write_zip
from time_authority import LocalAuthority

from pipelines.errors import BadInput, ConfigurationError
from pipelines.packet.authority import StampFailed, TimeAuthority, stamp_time
from pipelines.packet.checks.stamp import read_certificates, write_certificates
from pipelines.packet.creation import create
from pipelines.packet.keys import TrustedKeys
from pipelines.packet.sealing import Sealer, StampDesk
from pipelines.packet.stamping import add_stamp, read_signature
from pipelines.packet.verification import verify
from pipelines.store.database import Database
from pipelines.store.stamps import due_stamps

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.packet.dossier import Dossier
    from pipelines.packet.keys import SigningKey

STAMP, AUTHORITY = "seal/timestamp.tsr", "seal/timestamp-authority.pem"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAuthority]:
    with LocalAuthority(tmp_path_factory.mktemp("authority")) as server:
        yield server


@pytest.fixture
def authority(local: LocalAuthority) -> Iterator[TimeAuthority]:
    yield TimeAuthority.load(local.url, local.certificates)
    local.up, local.forged = True, None


@pytest.fixture(scope="module")
def stamped_bytes(local: LocalAuthority, key: SigningKey, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("stamped")
    dossier = make_dossier(folder / "vault", make_captures(folder / "vault", 1))
    authority = TimeAuthority.load(local.url, local.certificates)
    assert create(dossier, folder / "packet.zip", key, clock=clock, authority=authority).unstamped is None
    return (folder / "packet.zip").read_bytes()


@pytest.fixture
def stamped(tmp_path: Path, stamped_bytes: bytes) -> Path:
    (tmp_path / "packet.zip").write_bytes(stamped_bytes)
    return tmp_path / "packet.zip"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


def ask_standalone(packet: Path, *more: object) -> tuple[int, dict[str, object]]:
    with zipfile.ZipFile(packet) as archive:
        (packet.parent / "verify.py").write_bytes(archive.read("verify.py"))
    command = [sys.executable, "-I", packet.parent / "verify.py", packet, *more]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    return done.returncode, json.loads(done.stdout)


def test_a_stamped_packet_says_whose_word_the_time_is(stamped: Path, local: LocalAuthority, key: SigningKey) -> None:
    trusted = TrustedKeys(fingerprints=frozenset({key.public.fingerprint}))
    result = verify(stamped, trusted, authority=local.certificates)
    assert result.valid
    assert "as stated by the time authority" in result.json["proves"][3]
    assert result.json["proves"][3].endswith("the one given.")
    assert verify(stamped).json["proves"][3].endswith("not trusted here.")
    code, alone = ask_standalone(stamped, "--authority", local.certificates)
    assert (code, alone["proves"][3]) == (0, result.json["proves"][3])  # type: ignore[index]  # JSON
    with zipfile.ZipFile(stamped) as archive:
        archive.extractall(stamped.parent / "bag")
    words = ["ts", "-verify", "-data", "seal/signature.bin", "-in", STAMP, "-CAfile", str(local.certificates)]
    subprocess.run(["openssl", *words], cwd=stamped.parent / "bag", capture_output=True, check=True)


def test_another_authority_is_not_the_one_asked_for(
    stamped: Path, packet: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with LocalAuthority(tmp_path_factory.mktemp("other")) as other:
        for path in (stamped, packet):
            [failure] = verify(path, authority=other.certificates).json["failures"]
            assert failure["check"] == "timestamp"
            assert ask_standalone(path, "--authority", other.certificates)[0] == 1
    with pytest.raises(BadInput, match="no certificate"):
        verify(stamped, authority=stamped)


@pytest.mark.parametrize("kind", ["token", "authority", "token of another", "without the authority", "bytes behind"])
def test_changed_stamps_are_found_by_both(stamped: Path, local: LocalAuthority, kind: str) -> None:
    parts = read_zip(stamped.read_bytes())
    other = TimeAuthority.load(local.url, local.certificates).stamp(b"something else")
    changes = {
        "token": {STAMP: flip(parts[STAMP], 200)},
        "authority": {AUTHORITY: flip(parts[AUTHORITY], 100)},
        "token of another": {STAMP: other},
        "bytes behind": {STAMP: parts[STAMP] + b"\0"},
    }
    changed = {**parts, **changes.get(kind, {})}
    if kind == "without the authority":
        del changed[AUTHORITY]
    stamped.write_bytes(write_zip(changed))
    assert {failure["check"] for failure in verify(stamped).json["failures"]} == {"timestamp"}
    assert ask_standalone(stamped)[0] == 1


def test_a_forger_cannot_put_an_authority_of_his_own_in_its_place(
    stamped: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    parts = read_zip(stamped.read_bytes())
    with LocalAuthority(tmp_path_factory.mktemp("forger")) as other:
        forged = TimeAuthority.load(other.url, other.certificates)
        changed = {**parts, STAMP: forged.stamp(parts["seal/signature.bin"]), AUTHORITY: forged.certificates}
    stamped.write_bytes(write_zip(changed))
    [failure] = verify(stamped).json["failures"]
    assert failure["reason"] == "not the authority that the seal names"
    assert ask_standalone(stamped)[0] == 1


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_changed_token_never_states_another_time(stamped: Path, local: LocalAuthority, data: st.DataObject) -> None:
    # CMS leaves a few bytes unsigned (RFC 5652, 5.4: the signer's identifier, the list of digests); they state nothing.
    parts = read_zip(stamped.read_bytes())
    authority = local.certificates.read_bytes()
    time = stamp_time(parts[STAMP], parts["seal/signature.bin"], authority)
    token = bytearray(parts[STAMP])
    token[data.draw(st.integers(0, len(token) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ValueError):
        assert stamp_time(bytes(token), parts["seal/signature.bin"], authority) == time


def test_an_authority_that_does_not_answer_leaves_a_packet_that_waits(
    tmp_path: Path, database: Database, dossier: Dossier, key: SigningKey, authority: TimeAuthority,
    local: LocalAuthority,
) -> None:  # fmt: skip
    local.up = False
    now = [SEALED]
    sealer = Sealer(database=database, key=key, authority=authority, actor="ana", now=lambda: now[0])
    path = tmp_path / "late.zip"
    receipt = sealer.seal(dossier, path)
    assert receipt.unstamped is not None
    assert "503" in receipt.unstamped
    assert verify(path).valid
    assert len(verify(path).json["proves"]) == 3
    desk = StampDesk(database=database, authority=authority, heads=tmp_path, actor="ana", now=lambda: now[0])
    assert desk.run(everything=False).waiting == ()  # not due yet
    now[0] += timedelta(minutes=1)
    assert [name for name, _ in desk.run(everything=False).waiting] == [str(path)]
    assert desk.run(everything=False).waiting == ()  # put off for twice as long
    local.up = True
    before = read_zip(path.read_bytes())
    assert desk.run(everything=True).stamped == (str(path),)
    after = read_zip(path.read_bytes())
    assert after.keys() - before.keys() == {STAMP}
    assert {name: after[name] for name in before} == before
    assert len(verify(path).json["proves"]) == 4
    with database.read() as connection:
        assert due_stamps(connection, None) == []


def test_a_packet_that_was_replaced_keeps_its_own_signature(
    tmp_path: Path, database: Database, dossier: Dossier, key: SigningKey, authority: TimeAuthority,
    local: LocalAuthority,
) -> None:  # fmt: skip
    local.up = False
    path = tmp_path / "late.zip"
    sealer = Sealer(database=database, key=key, authority=authority, actor="ana", now=clock)
    sealer.seal(dossier, path)
    create(evolve(dossier, notes=()), path, key, clock=clock, authority=authority)
    local.up = True
    desk = StampDesk(database=database, authority=authority, heads=tmp_path, actor="ana", now=clock)
    [(_, reason)] = desk.run(everything=True).waiting
    assert "another packet now" in reason
    desk.stamp_file(path)
    assert len(verify(path).json["proves"]) == 4


@pytest.mark.parametrize("answer", [b"", b"no", b"\x30\x03\x02\x01\x02", b"\x30\x82\xff\xff" + b"\0" * 40])
def test_an_answer_that_is_no_token_is_refused(authority: TimeAuthority, local: LocalAuthority, answer: bytes) -> None:
    local.forged = answer
    with pytest.raises(StampFailed):
        authority.stamp(b"x")


def test_a_token_of_an_earlier_request_is_refused(authority: TimeAuthority, local: LocalAuthority) -> None:
    local.forged = authority.stamp(b"x")
    with pytest.raises(StampFailed, match="another request"):
        authority.stamp(b"x")


def test_a_token_that_leads_to_another_root_is_refused(
    authority: TimeAuthority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = LocalAuthority(tmp_path_factory.mktemp("root"))
    other.server_close()
    with pytest.raises(StampFailed, match="refused"):
        evolve(authority, certificates=other.certificates.read_bytes()).stamp(b"x")


def test_what_cannot_be_stamped_is_said(tmp_path: Path, packet: Path, local: LocalAuthority) -> None:
    with pytest.raises(BadInput, match="names no time authority"):
        read_signature(packet)
    (tmp_path / "text").write_text("no")
    for act in (read_signature, lambda path: add_stamp(path, b"")):
        with pytest.raises(BadInput, match="is no packet"):
            act(tmp_path / "text")
        with pytest.raises(BadInput, match="cannot be read"):
            act(tmp_path / "missing")
    for url, path in (("ftp://x", local.certificates), (local.url, tmp_path / "text"), (local.url, tmp_path / "none")):
        with pytest.raises(ConfigurationError):
            TimeAuthority.load(url, path)


def test_certificates_keep_one_form(local: LocalAuthority) -> None:
    pem = local.certificates.read_bytes()
    assert write_certificates(read_certificates(b"words before\n" + pem)) == pem


def test_the_token_holds_after_the_authority_has_expired(stamped: Path, local: LocalAuthority) -> None:
    parts = read_zip(stamped.read_bytes())
    time = stamp_time(parts[STAMP], parts["seal/signature.bin"], local.certificates.read_bytes())
    assert abs(datetime.fromisoformat(time) - datetime.now(UTC)) < timedelta(hours=1)
