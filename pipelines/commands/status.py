"""`tracemark status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import sqlalchemy as sa

from pipelines.commands.conventions import find_workspace, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from pipelines.models import JsonObject
    from pipelines.store.database import Database


@click.command()
@workspace_option
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show each site's last run, what it found and did not see, and what waits for a person or a command.

    \b
    Examples:
      tracemark status
      tracemark status --json
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        found = read_status(database)
    if as_json:
        print_json({"workspace": str(workspace.root), **found})
        return
    click.echo(f"{workspace.root}: {found['listings']} listings, {found['sellers']} sellers")
    waiting = found["waiting"]
    click.echo(f"  {waiting['assessment']} wait for assessment, {waiting['set_aside']} set aside")
    for site in found["sites"]:
        run = site["last_run"]
        click.echo(f"{site['name']} ({site['source']})")
        if run is None:
            click.echo("  never run")
            continue
        ended = run["finished"] or "not finished"
        why = f": {run['reason']}" if run["reason"] else ""
        click.echo(f"  last {run['kind']}: {run['status']}{why}  ({ended})")
        click.echo(
            "  found: " + ", ".join(f"{name} {value}" for name, value in run["found"].items() if value is not None)
        )
        for why, count in run["unseen"].items():
            click.echo(f"  not seen: {count} ({why})")


def read_status(database: Database) -> JsonObject:
    """Sites with their last runs, counts, and what waits."""
    from pipelines.store.runs import latest_run, run_to_json, site_records  # noqa: PLC0415
    from pipelines.store.tables import listings, sellers, set_aside  # noqa: PLC0415

    with database.read() as connection:
        sites = []
        for name, record in sorted(site_records(connection).items()):
            run = latest_run(connection, name)
            last = None if run is None else run_to_json(run)
            sites.append({"name": name, "source": record.source, "last_run": last})

        def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
            return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0

        return {
            "listings": count(listings),
            "sellers": count(sellers),
            "sites": sites,
            "waiting": {
                "assessment": count(listings, listings.c.assessment.is_(None)),
                "set_aside": count(set_aside),
            },
        }
