from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packet_samples import clock, make_captures, make_dossier

from pipelines.packet.creation import create
from pipelines.packet.keys import SigningKey

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.packet.dossier import Dossier


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture
def dossier(tmp_path: Path) -> Dossier:
    return make_dossier(tmp_path / "vault", make_captures(tmp_path / "vault", 3))


@pytest.fixture(scope="session")
def sealed(tmp_path_factory: pytest.TempPathFactory, key: SigningKey) -> bytes:
    folder = tmp_path_factory.mktemp("sealed")
    create(make_dossier(folder / "vault", make_captures(folder / "vault", 3)), folder / "packet.zip", key, clock=clock)
    return (folder / "packet.zip").read_bytes()


@pytest.fixture
def packet(tmp_path: Path, sealed: bytes) -> Path:
    (tmp_path / "packet.zip").write_bytes(sealed)
    return tmp_path / "packet.zip"
