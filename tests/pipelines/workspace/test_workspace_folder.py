"""The folder a team works in: found, held against others, made from any words, its settings with their origins."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.errors import BadInput, ConfigurationError, DiskTrouble, ExitCode
from pipelines.settings import read_settings
from pipelines.workspace import FILE, Workspace, WorkspaceHeld, write_workspace

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys
from pathlib import Path
from pipelines.workspace import Workspace
with Workspace.read(Path(sys.argv[1]), {}).hold("assessment"):
    print("held", flush=True)
    sys.stdin.read()
"""
AUTHORITY = {"operator": "Example Unit", "contact": "unit@example.org", "basis": "Mandate", "expires": "2027-06-30"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_workspace(tmp_path / "room", AUTHORITY)
    return tmp_path / "room"


def test_a_workspace_is_found_by_name_by_environment_and_upwards(root: Path, tmp_path: Path) -> None:
    below = root / "a" / "b"
    below.mkdir(parents=True)
    other = tmp_path / "other"
    write_workspace(other, {})
    assert Workspace.find(None, {}, below).root == root
    assert Workspace.find(None, {"TRACEMARK_WORKSPACE": ""}, below).root == root
    assert Workspace.find(None, {"TRACEMARK_WORKSPACE": str(other)}, below).root == other
    assert Workspace.find(str(root), {"TRACEMARK_WORKSPACE": str(other)}, tmp_path).root == root


def test_where_there_is_none_the_way_to_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no workspace") as caught:
        Workspace.find(None, {}, tmp_path)
    assert caught.value.hint is not None
    with pytest.raises(ConfigurationError, match="it has no"):
        Workspace.find(str(tmp_path), {}, tmp_path)


def test_a_workspace_is_not_made_over_another(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="is a workspace already"):
        write_workspace(root, {})


def test_a_folder_that_cannot_be_made_is_a_matter_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskTrouble) as caught:
        write_workspace(tmp_path / "file" / "room", {})
    assert caught.value.exit_code is ExitCode.DISK


@pytest.mark.parametrize("name", ["plain", "with space", "a?b", "50%20", "x#y", "Büro"])
def test_the_store_lies_in_the_folder_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    write_workspace(tmp_path / name, {})
    workspace = Workspace.read(tmp_path / name, {})
    workspace.open_database().close()
    assert (tmp_path / name / "tracemark.db").stat().st_size > 0


def test_what_another_process_holds_is_told_with_its_number_and_freed_when_it_dies(root: Path) -> None:
    workspace = Workspace.read(root, {})
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "held\n"
        with (
            pytest.raises(WorkspaceHeld, match=f"assessment .* held by process {running.pid}"),
            workspace.hold("assessment"),
        ):
            pytest.fail("held twice")
        with workspace.hold("site-a"):
            pass
        running.kill()
    with workspace.hold("assessment"):
        pass


def test_a_locks_folder_that_cannot_be_written(root: Path) -> None:
    (root / "locks").write_text("a file where a folder should be")
    with pytest.raises(DiskTrouble), Workspace.read(root, {}).hold("assessment"):
        pytest.fail("held without a lock")


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30))
def test_any_words_of_an_authority_come_back(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    root = tmp_path_factory.mktemp("room")
    try:
        write_workspace(root, {"operator": words})
    except BadInput:
        assert any(character == "\0" or "\ud800" <= character <= "\udfff" for character in words)
        assert not (root / FILE).exists()
        return
    assert Workspace.read(root, {}).settings.authority.operator == words


def read(path: Path, text: str, environment: dict[str, str] | None = None) -> dict[str, tuple[object, str]]:
    path.write_text(text, encoding="utf-8")
    _, origins = read_settings(path, environment or {})
    return {one.name: (one.value, one.origin) for one in origins}


def test_every_value_has_its_origin(tmp_path: Path) -> None:
    path = tmp_path / FILE
    found = read(
        path,
        '[index]\nname = "mine"\nurl = "https://file.example"\n',
        {
            "TRACEMARK_INDEX_URL": "https://env.example",
            "TRACEMARK_INDEX_PASSWORD": "secret",
            "TRACEMARK_DATABASE_URL": "",
        },
    )
    assert found["index.name"] == ("mine", str(path))
    assert found["index.url"] == ("https://env.example", "TRACEMARK_INDEX_URL")
    assert found["index.engine"] == ("elasticsearch", "TRACEMARK_INDEX_URL")
    assert found["index.password"] == ("(set)", "TRACEMARK_INDEX_PASSWORD")
    assert found["store.url"] == (None, "default")
    assert found["classifier.encoder"] == ("shipped", "default")


@pytest.mark.parametrize("password", ["secret", "se:cr@et"])
def test_a_password_in_an_address_is_not_shown(tmp_path: Path, password: str) -> None:
    url = f"postgresql://tracemark:{password}@db.example.org/room"
    found = read(tmp_path / FILE, "", {"TRACEMARK_DATABASE_URL": url})
    shown = "postgresql://tracemark:(set)@db.example.org/room"
    assert found["store.url"] == (shown, "TRACEMARK_DATABASE_URL")


def test_an_empty_variable_is_none(tmp_path: Path) -> None:
    assert read(tmp_path / FILE, "", {"TRACEMARK_INDEX_URL": ""})["index.engine"] == ("tantivy", "default")


def test_every_mistake_in_the_settings_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(tmp_path / FILE, '[index]\nengine = "grep"\nnmae = "x"\n[authority]\nexpires = "soon"\n[extra]\n')
    assert [detail.partition(":")[0] for detail in caught.value.details] == [
        "authority.expires",
        "index.engine",
        "index.nmae",
        "extra",
    ]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"index = 5\nstore = 'x'\n", "2 mistake"),
        (b"[index\n", "not valid TOML"),
        (b"name = \xff\n", "not valid TOML"),
    ],
)
def test_settings_that_cannot_be_read(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        read_settings(tmp_path / FILE, {"TRACEMARK_INDEX_URL": "https://env.example"})


def test_settings_with_a_byte_order_mark(tmp_path: Path) -> None:
    assert read(tmp_path / FILE, '\ufeff[index]\nname = "x"\n')["index.name"][0] == "x"
