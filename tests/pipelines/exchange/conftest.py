from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.path.insert(1, str(HERE.parent / "packet"))
sys.path.insert(2, str(HERE.parent / "cases"))

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Dossier:
    from packet_samples import make_captures, make_dossier  # noqa: PLC0415 -- its folder is on the path only now

    vault = tmp_path_factory.mktemp("hostile") / "vault"
    return make_dossier(vault, make_captures(vault, 2))


@pytest.fixture(scope="session")
def case(hostile: Dossier) -> Dossier:
    from exchange_samples import make_case  # noqa: PLC0415 -- as above

    return make_case(hostile)
