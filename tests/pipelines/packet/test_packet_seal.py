from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from packet_tamperings import read_zip, write_zip

from pipelines.packet.checks.seal import canonical, merkle_root
from pipelines.packet.verification import verify

if TYPE_CHECKING:
    from pathlib import Path

LEAVES = st.lists(st.binary(max_size=40), max_size=40)


def tree_head(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\0" + leaves[0]).digest()
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return hashlib.sha256(b"\1" + tree_head(leaves[:half]) + tree_head(leaves[half:])).digest()


@given(LEAVES)
def test_the_root_is_that_of_the_standard(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == tree_head(leaves).hex()


@given(
    st.dictionaries(
        st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1),
        st.text(st.characters(exclude_categories=["Cs"])) | st.integers(0, 2**53 - 1),
    )
)
def test_a_statement_has_one_form(statement: dict[str, str | int]) -> None:
    assert canonical(statement) == rfc8785.dumps(statement)


@pytest.mark.parametrize("name", ["data/../x.json", "data/./x.json", "data/.../x.json", "data//x.json", "data/x/"])
def test_a_path_that_climbs_is_named_as_such(packet: Path, name: str) -> None:
    packet.write_bytes(write_zip(read_zip(packet.read_bytes()) | {name: b"x"}))
    [failure] = verify(packet).json["failures"]
    assert failure["check"] == "zip"
    assert "climbs" in failure["reason"]


def test_a_capture_named_twice_is_told(packet: Path) -> None:
    parts = read_zip(packet.read_bytes())
    parts["data/listing.json"] = parts["data/listing.json"].replace(b'"id": "c1"', b'"id": "c0"')
    packet.write_bytes(write_zip(parts))
    reasons = {failure["reason"] for failure in verify(packet).json["failures"]}
    assert "a capture stands twice" in reasons
    assert "the content's Merkle root is not the one that was signed" in reasons
