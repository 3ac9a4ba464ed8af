from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packet_tamperings import RAW, SIGNED, UNSIGNED, edit_member, put, read_zip, reseal, write_zip

from pipelines.packet.keys import SigningKey
from pipelines.packet.standalone import write_verifier
from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verifier") / "verify.py"
    path.write_bytes(write_verifier())
    return path


def verify_both(path: Path, verifier: Path, *options: Path) -> tuple[int, dict[str, Any]]:
    """Run ours and the one that travels; they must say the same, byte for byte."""
    ours = verify(path, expected_key=options[0] if options else None)
    command: list[str | Path] = [sys.executable, "-I", "-W", "error", verifier, path]
    if options:
        command += ["--key", options[0]]
    theirs = subprocess.run(command, capture_output=True, text=True, check=False, cwd=path.parent)
    assert theirs.stderr == ""
    assert theirs.stdout == json.dumps(ours.json, indent=2) + "\n"
    assert theirs.returncode == ours.exit_code
    return int(ours.exit_code), ours.json


def require_refused(path: Path, verifier: Path) -> dict[str, Any]:
    code, result = verify_both(path, verifier)
    assert code == 1
    assert not result["valid"]
    assert result["proves"] == []
    assert result["failures"]
    assert all(failure["check"] and failure["reason"] for failure in result["failures"])
    return result


def test_the_untouched_packet_is_not_suspected(packet: Path, verifier: Path, key: SigningKey) -> None:
    assert verify_both(packet, verifier)[0] == 0
    (packet.parent / "key.pem").write_bytes(key.public.to_pem())
    code, result = verify_both(packet, verifier, packet.parent / "key.pem")
    assert (code, result["signed_by"]["trusted"]) == (0, True)


def test_resealing_without_a_change_gives_the_same_packet(packet: Path, key: SigningKey) -> None:
    data = packet.read_bytes()
    assert write_zip(reseal(read_zip(data), key)) == data


@pytest.mark.parametrize("kind", UNSIGNED)
def test_tampering_without_the_key_is_found(packet: Path, verifier: Path, kind: str) -> None:
    parts = read_zip(packet.read_bytes())
    changed = UNSIGNED[kind](dict(parts))
    assert changed != parts
    packet.write_bytes(write_zip(changed))
    require_refused(packet, verifier)


@pytest.mark.parametrize("kind", SIGNED)
def test_contradictions_under_a_good_seal_are_found(packet: Path, verifier: Path, key: SigningKey, kind: str) -> None:
    parts = read_zip(packet.read_bytes())
    changed = SIGNED[kind](dict(parts))
    assert changed != parts
    packet.write_bytes(write_zip(reseal(changed, key)))
    result = require_refused(packet, verifier)
    # The seal itself holds, so that it is the contents' own check that found it.
    assert result["signed_by"] == {"fingerprint": key.public.fingerprint, "trusted": False}
    assert not {failure["check"] for failure in result["failures"]} & {"root", "hash", "signature", "seal"}


@pytest.mark.parametrize("kind", RAW)
def test_an_archive_of_another_form_is_refused(packet: Path, verifier: Path, kind: str) -> None:
    data = packet.read_bytes()
    changed = RAW[kind](data)
    assert changed != data
    packet.write_bytes(changed)
    result = require_refused(packet, verifier)
    assert {failure["check"] for failure in result["failures"]} == {"zip"}


@pytest.mark.parametrize(
    "claims", [{"created": "soon"}, {"format": "tracemark-packet/9"}, {"members": 3}, {"root": "0" * 64}, {"tags": "0"},
               {"subject": {"site": "market", "id": "18"}}, {"subject": []}, {"more": 1}, {"key": "0" * 64}],
)  # fmt: skip
def test_a_seal_that_claims_something_else_is_refused(
    packet: Path, verifier: Path, key: SigningKey, claims: dict[str, object]
) -> None:
    packet.write_bytes(write_zip(reseal(read_zip(packet.read_bytes()), key, **claims)))
    require_refused(packet, verifier)


def test_a_forgery_under_another_key_is_told_by_the_key(packet: Path, verifier: Path, key: SigningKey) -> None:
    forger = SigningKey.generate()
    parts = edit_member("data/seller.json", lambda data: data.replace(b"s1", b"s2"))(read_zip(packet.read_bytes()))
    packet.write_bytes(write_zip(reseal(parts, forger)))
    code, result = verify_both(packet, verifier)
    assert (code, result["signed_by"]) == (0, {"fingerprint": forger.public.fingerprint, "trusted": False})
    assert "not trusted" in " ".join(result["proves"])
    (packet.parent / "key.pem").write_bytes(key.public.to_pem())
    code, result = verify_both(packet, verifier, packet.parent / "key.pem")
    assert code == 1
    assert result["failures"] == [
        {
            "check": "key",
            "file": "seal.json",
            "reason": f"signed by {forger.public.fingerprint}, not by {key.public.fingerprint}",
        }
    ]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_no_byte_can_change_unseen(packet: Path, data: st.DataObject) -> None:
    whole = packet.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = packet.with_name("changed.zip")
    changed.write_bytes(put(whole, place, bytes([whole[place] ^ data.draw(st.integers(1, 255))])))
    result = verify(changed)
    assert not result.valid
    assert result.json["failures"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data(), value=JSON)
def test_odd_values_under_a_good_seal_never_stop_the_verifier(
    packet: Path, key: SigningKey, data: st.DataObject, value: object
) -> None:
    parts = read_zip(packet.read_bytes())
    listing = json.loads(parts["data/listing.json"])
    places = [(listing, name) for name in listing] + [(listing["captures"][0], name) for name in listing["captures"][0]]
    holder, name = data.draw(st.sampled_from(places))
    holder[name] = value
    parts["data/listing.json"] = json.dumps(listing).encode()
    changed = packet.with_name("changed.zip")
    changed.write_bytes(write_zip(reseal(parts, key)))
    assert verify(changed).exit_code in {0, 1}
