"""What every command shares: `--workspace` after the command, `--json`, and where output goes.

Data goes to standard output, everything else to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable

_Function = TypeVar("_Function", bound=Callable[..., Any])


class CommandGroup(click.Group):
    """A group that tells the whole first sentence of each command, where click would cut it at the line's end."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Each command's first sentence, wrapped."""
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, _first_sentence(self.get_command(ctx, name))) for name in self.list_commands(ctx)]
            )


def workspace_option(function: _Function) -> _Function:
    """`--workspace DIR` after the command's name; it wins over the one before it."""
    return click.option(
        "--workspace",
        "workspace_after",
        metavar="DIR",
        expose_value=False,
        callback=_keep_workspace,
        help="The folder to work in (default: TRACEMARK_WORKSPACE, or the nearest tracemark.toml upwards).",
    )(function)


def json_option(function: _Function) -> _Function:
    """`--json`: data as JSON on standard output, errors as JSON on standard error."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON (docs/schema).")(function)


def given_workspace(ctx: click.Context) -> str | None:
    """The folder named on the command line, if any."""
    found: str | None = (ctx.find_root().obj or {}).get("workspace")
    return found


def find_workspace(ctx: click.Context) -> Workspace:
    """The workspace this command works in. Raises `ConfigurationError` when there is none."""
    return Workspace.find(given_workspace(ctx), os.environ, Path.cwd())


def print_json(body: Any) -> None:
    """One JSON document."""
    click.echo(json.dumps(body, ensure_ascii=False, indent=2))


def print_lines(bodies: Iterable[Any]) -> None:
    """JSON lines, streamed."""
    for body in bodies:
        sys.stdout.write(json.dumps(body, ensure_ascii=False) + "\n")


def say(text: str) -> None:
    """A word to the person, on standard error."""
    click.echo(text, err=True)


def in_words(value: Any, longest: int) -> str:
    """A value of a JSON document as people read it, on one line of at most `longest` characters."""
    text = " ".join(_spoken(value).split())
    return text if len(text) <= longest else f"{text[:longest]}…"


def _spoken(value: Any) -> str:
    if isinstance(value, dict):
        if value.keys() == {"amount", "currency"}:
            return f"{value['amount']} {value['currency'] or ''}"
        return ", ".join(f"{name} {_spoken(one)}" for name, one in value.items() if one not in (None, "", [], {}))
    if isinstance(value, list):
        return ", ".join(map(_spoken, value))
    return str(value)


def _first_sentence(command: click.Command | None) -> str:
    paragraph = " ".join(((command and command.help) or "").split("\n\n")[0].split())
    return paragraph.split(". ")[0].removesuffix(".")


def _keep_workspace(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None:
        found = ctx.find_root()
        found.obj = {**(found.obj or {}), "workspace": value}
    return value
