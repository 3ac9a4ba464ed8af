"""`tracemark vault`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import ConfigurationError, ExitCode, TracemarkError

if TYPE_CHECKING:
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace


@click.group(cls=CommandGroup)
def vault() -> None:
    """Keep sealed files of the vault in an object storage ([vault] url in tracemark.toml)."""


@vault.command()
@workspace_option
@json_option
@click.pass_context
def ship(ctx: click.Context, as_json: bool) -> ExitCode:
    """Ship every sealed file that lies on this machine and is not in the object storage yet.

    `assess` and `watch` do so by themselves. A file whose upload was cut or not answered is shipped again, and found
    there. Files of runs that may go on stay here. Exit 1 says that sealed files lie on other machines.

    \b
    Examples:
      tracemark vault ship
      tracemark vault ship --json --workspace case-room
    """
    from pipelines.composition import opened, ship_vault  # noqa: PLC0415 -- see composition

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        report = ship_vault(workspace, database)
    if report is None:
        raise ConfigurationError("no object storage is configured", hint='[vault] url = "s3://BUCKET/PREFIX"')
    if as_json:
        names = ("shipped", "bytes", "removed", "elsewhere")
        print_json({name: getattr(report, name) for name in names})
    else:
        say(f"{report.shipped} files shipped ({report.bytes} bytes); {report.removed} local copies removed.")
        if report.elsewhere:
            say(f"{report.elsewhere} sealed files lie on other machines: tracemark vault ship there.")
    return ExitCode.NOT_AS_IT_SHOULD_BE if report.elsewhere else ExitCode.DONE


def ship_or_say(workspace: Workspace, database: Database) -> None:
    """Ship as part of another command, which goes on where that fails: `tracemark status` keeps saying what waits."""
    from pipelines.composition import ship_vault  # noqa: PLC0415

    try:
        ship_vault(workspace, database)
    except TracemarkError as error:
        say(f"the vault was not shipped: {error.message}")
