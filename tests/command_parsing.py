"""Whether a typed line is one that `tracemark` takes, without running it."""

from __future__ import annotations

import shlex

import click

from pipelines.cli import root


def parse(line: str) -> None:
    """Parse `[VARIABLE=value] tracemark … [> FILE]`; `click.UsageError` where the command line would refuse it."""
    parts = shlex.split(line.split(" > ", maxsplit=1)[0], comments=True)
    while "=" in parts[0]:
        parts.pop(0)  # VARIABLE=value before the command
    assert parts[0] == "tracemark"
    context, rest = click.Context(root), parts[1:]
    found: click.Command = root
    while isinstance(found, click.Group) and rest and not rest[0].startswith("-"):
        known = found.get_command(context, rest[0])
        if known is None:
            raise click.UsageError(f"{found.name} has no command {rest[0]!r}")
        found, rest = known, rest[1:]
    found.make_context(found.name, list(rest), parent=context)
