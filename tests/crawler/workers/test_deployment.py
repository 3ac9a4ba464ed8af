"""What deploy/ starts is what the command line knows, from files that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from pipelines.cli import root

ROOT = Path(__file__).resolve().parents[3]
SERVICES: dict[str, Any] = YAML(typ="safe").load(ROOT / "deploy" / "compose.yaml")["services"]
OURS = sorted(name for name, service in SERVICES.items() if service["image"] == "tracemark")


@pytest.mark.parametrize("name", OURS)
def test_each_service_starts_a_command_that_there_is(name: str) -> None:
    service = SERVICES[name]
    words = [*service.get("entrypoint", ["tracemark"])[1:], *service.get("command", [])]
    context = click.Context(root)
    command = root.get_command(context, words[0])
    assert command is not None
    command.make_context(words[0], words[1:], parent=context)
    assert "TRACEMARK_DATABASE_URL" in service["environment"]


def test_visits_tasks_and_a_desk_are_among_them() -> None:
    assert OURS == ["desk", "init", "tasks", "visits"]


def test_the_image_is_made_from_what_there_is() -> None:
    lines = (ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    copied = [one for line in lines if line.startswith("COPY ") for one in line.split()[1:-1]]
    assert {"classifiers", "pipelines", "crawler", "dashboards", "constraints.txt"} <= set(copied)
    assert [one for one in copied if not (ROOT / one).exists()] == []
