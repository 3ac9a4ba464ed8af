"""The command line's conventions: help, exit codes, errors, examples."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from command_line import PERSON, TRACEMARK, answer, clean_environment, tracemark
from command_parsing import parse

from pipelines.cli import COMMANDS, root, sections
from pipelines.commands.conventions import in_words
from pipelines.commands.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent


def commands(group: click.Group, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command that does something, with its words."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*prefix, name))
            if not command.invoke_without_command:
                continue
        yield (*prefix, name), command


ALL = list(commands(root))


@pytest.mark.parametrize(("words", "command"), ALL, ids=[" ".join(words) for words, _ in ALL])
def test_each_command_has_examples_that_parse(words: tuple[str, ...], command: click.Command) -> None:
    _, _, told = (command.help or "").partition("Examples:")
    lines = [line.strip() for line in told.splitlines() if line.strip() and line.strip() != "\b"]
    assert len(lines) >= 2, f"{' '.join(words)} has {len(lines)} examples"
    for line in lines:
        parse(line)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_commands_names_what_is_there(name: str) -> None:
    module, _, attribute = COMMANDS[name][0].partition(":")
    assert isinstance(getattr(import_module(module), attribute), click.Command)


def test_every_command_is_in_one_section() -> None:
    told = sections()
    assert [name for names in told.values() for name in names] == list(COMMANDS)
    assert min(len(names) for names in told.values()) >= 3


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_of_a_group_is_cut_short(name: str) -> None:
    context = click.Context(root, terminal_width=80)
    command = root.get_command(context, name)
    if isinstance(command, click.Group):
        told = command.get_help(click.Context(command, info_name=name, parent=context)).partition("Commands:")[2]
        assert "..." not in told
        assert all(one in told for one in command.list_commands(context))


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"amount": 25.5, "currency": "EUR"}, "25.5 EUR"),
        ({"amount": 25, "currency": None}, "25"),
        ({"id": "17", "name": "Ann", "url": None}, "id 17, name Ann"),
        (["Home", "Chairs"], "Home, Chairs"),
        ("two\nlines, and more than fit", "two lines, and more th…"),
    ],
)
def test_what_is_read_from_a_page_is_told_in_words(value: object, told: str) -> None:
    assert in_words(value, 22) == told


def test_help_names_every_variable_that_is_read() -> None:
    read = set()
    for package in ("crawler", "classifiers", "pipelines", "dashboards"):
        for path in (ROOT / package).rglob("*.py"):
            read |= set(re.findall(r"\bTRACEMARK_[A-Z]+(?:_[A-Z]+)*\b", path.read_text(encoding="utf-8")))
    assert {name for name in read if name not in TOPICS["environment"]} == set()


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom pipelines.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'scrapy', 'spacy', 'sqlalchemy', 'tantivy', 'onnxruntime', 'numpy', 'pydantic', 'fastapi'}\n"
        "sys.exit(len(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
    assert done.returncode == 0


def test_version(tmp_path: Path) -> None:
    assert "0.1.0" in tracemark("--version", cwd=tmp_path).stdout


def test_an_unknown_command_names_the_nearest(tmp_path: Path) -> None:
    done = tracemark("serch", "glock", cwd=tmp_path)
    assert done.returncode == 2
    assert "'search'" in done.stderr


def test_no_workspace_is_configuration(tmp_path: Path) -> None:
    done = tracemark("status", cwd=tmp_path)
    assert done.returncode == 3
    assert "tracemark init" in done.stderr


def test_errors_are_one_json_object_on_standard_error(tmp_path: Path) -> None:
    done = tracemark("status", "--json", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout == ""
    error = json.loads(done.stderr)
    assert error["exit_code"] == 3
    assert set(error) == {"error", "hint", "details", "exit_code"}


def test_a_site_file_is_told_every_mistake_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        "site: Bad Name\nstart: [ftp://x.example/]\npace:\n  delay: -1\n"
        "links:\n  listing: '('\ntimezone: Mars/Base\nwhat: 1\n"
    )
    done = tracemark("site", "check", str(path), cwd=tmp_path)
    assert done.returncode == 2
    for line, words in (
        (1, "site"),
        (2, "start.0"),
        (4, "pace.delay"),
        (6, "links.listing"),
        (7, "timezone"),
        (8, "what"),
    ):
        assert f"bad.yaml:{line}: {words}" in done.stderr, done.stderr


def test_crawl_without_authority_is_not_permitted(tmp_path: Path) -> None:
    tracemark("init", "room", cwd=tmp_path)
    (tmp_path / "room" / "sites" / "m.yaml").write_text("site: m\nstart: [https://market.example/]\n")
    done = tracemark("crawl", "m", "--workspace", "room", cwd=tmp_path)
    assert done.returncode == 4
    assert "tracemark init" in done.stderr
    assert "--operator" in done.stderr


def test_an_expired_authority_is_not_permitted(tmp_path: Path) -> None:
    tracemark("init", "room", *PERSON, "--expires", "2020-01-31", cwd=tmp_path)
    (tmp_path / "room" / "sites" / "m.yaml").write_text("site: m\nstart: [https://market.example/]\n")
    done = tracemark("crawl", "m", "--workspace", "room", cwd=tmp_path)
    assert done.returncode == 4
    assert "2020-01-31" in done.stderr


def test_a_missing_search_server_is_a_missing_part(tmp_path: Path) -> None:
    tracemark("init", "room", cwd=tmp_path)
    nowhere = "http://127.0.0.1:9"
    done = tracemark("search", "glock", "--workspace", "room", cwd=tmp_path, TRACEMARK_INDEX_URL=nowhere)
    assert done.returncode == 5, done.stderr


def test_a_full_disk_is_disk(tmp_path: Path) -> None:
    tracemark("init", "room", *PERSON, cwd=tmp_path)
    lines = [json.dumps({"id": str(n), "title": f"Table {n}", "description": "oak " * 200}) for n in range(2000)]
    (tmp_path / "feed.jsonl").write_text("\n".join(lines))
    command = f"ulimit -f 400; exec {TRACEMARK} import feed.jsonl --site m --workspace room"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=clean_environment(), check=False, capture_output=True, text=True
    )
    assert done.returncode == 6, (done.returncode, done.stderr[-2000:])
    # With room again, the same feed goes in whole.
    assert answer("import", "feed.jsonl", "--site", "m", "--workspace", "room", cwd=tmp_path)["lines"] == 2000
    assert answer("status", "--workspace", "room", cwd=tmp_path)["listings"] == 2000


def test_a_held_site_is_told(tmp_path: Path) -> None:
    tracemark("init", "room", cwd=tmp_path)
    (tmp_path / "feed.jsonl").write_text('{"id": "1", "title": "Table"}\n')
    holder = (
        "import os, time\nfrom pathlib import Path\nfrom pipelines.workspace import Workspace\n"
        "with Workspace.read(Path('room'), os.environ).hold('site-m'):\n"
        "    print('held', flush=True)\n    time.sleep(60)"
    )
    process = subprocess.Popen([sys.executable, "-c", holder], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        done = tracemark("import", "feed.jsonl", "--site", "m", "--workspace", "room", cwd=tmp_path)
    finally:
        process.kill()
        process.communicate()
    assert done.returncode == 1
    assert f"process {process.pid}" in done.stderr


def test_config_tells_every_value_and_its_origin(tmp_path: Path) -> None:
    tracemark("init", "room", *PERSON, cwd=tmp_path)
    settings = answer("config", "--workspace", "room", cwd=tmp_path, TRACEMARK_INDEX_URL="http://127.0.0.1:9")[
        "settings"
    ]
    assert settings["authority.operator"]["value"] == "Example Unit"
    assert settings["authority.operator"]["origin"].endswith("tracemark.toml")
    assert settings["index.url"]["origin"] == "TRACEMARK_INDEX_URL"
    assert settings["index.engine"] == {"value": "elasticsearch", "origin": "TRACEMARK_INDEX_URL"}
    assert settings["classifier.encoder"]["origin"] == "default"


def test_settings_tell_every_mistake(tmp_path: Path) -> None:
    tracemark("init", "room", cwd=tmp_path)
    (tmp_path / "room" / "tracemark.toml").write_text("[index]\nengine = 'lucene'\n[store]\naddress = 'x'\n")
    done = tracemark("status", "--workspace", "room", cwd=tmp_path)
    assert done.returncode == 3
    assert "index.engine" in done.stderr
    assert "store.address" in done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, tmp_path: Path) -> None:
    assert "_TRACEMARK_COMPLETE" in tracemark("completion", shell, cwd=tmp_path).stdout


def test_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    tracemark("init", "room", cwd=tmp_path)
    key = tmp_path / "room" / "keys" / "signing.pem"
    key.chmod(0o644)
    done = tracemark("doctor", "--workspace", "room", "--json", cwd=tmp_path)
    states = {check["id"]: check["state"] for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 4
    assert states["key"] == "fail"
    assert states["store"] == "ok"
    assert states["authority"] == "warn"
    key.chmod(0o600)
    assert tracemark("doctor", "--workspace", "room", cwd=tmp_path).returncode == 0


def test_asked_to_end_a_command_says_so_and_ends_as_interrupted(tmp_path: Path) -> None:
    assert tracemark("init", "here", *PERSON, cwd=tmp_path).returncode == 0
    waiting = subprocess.Popen(
        [str(TRACEMARK), "import", "-"],
        cwd=tmp_path / "here",
        env=clean_environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not catches(waiting.pid, signal.SIGTERM):
        assert waiting.poll() is None
        time.sleep(0.01)
    waiting.terminate()
    _, told = waiting.communicate(timeout=60)
    assert (waiting.returncode, "interrupted" in told) == (130, True), told


def catches(process: int, number: signal.Signals) -> bool:
    """Whether a process has a handler of its own for a signal (proc(5): the mask of caught signals)."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    caught = next(line for line in lines if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
