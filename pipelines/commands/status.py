"""`tracemark status`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import sqlalchemy as sa
from attrs import asdict

from pipelines.commands.conventions import find_workspace, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from datetime import datetime

    from pipelines.models import JsonObject
    from pipelines.store.database import Database


@click.command()
@workspace_option
@json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show each site's last run, what it found and did not see, and what waits for a person or a command.

    On a store that machines share, its workers too, what they hold, and the tasks that wait.

    \b
    Examples:
      tracemark status
      tracemark status --json
    """
    from pipelines.composition import opened, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.work.overview import WorkOverview  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        found, work = read_status(database, utc_now()), WorkOverview.read(database)
    if as_json:
        shown = None if work is None else work.to_json()
        print_json({"workspace": str(workspace.root), **found, "work": shown})
        return
    click.echo(f"{workspace.root}: {found['listings']} listings, {found['sellers']} sellers")
    waiting = found["waiting"]
    click.echo(f"  {waiting['assessment']} wait for assessment, {waiting['set_aside']} set aside")
    if waiting["blanking"]:
        click.echo(f"  {waiting['blanking']} deleted pieces of the vault wait to be overwritten: {OVERWRITE}")
    shipping = waiting["shipping"]
    if workspace.settings.vault.url and shipping["files"]:
        click.echo(
            f"  {shipping['files']} files of the vault ({shipping['bytes']} bytes) are not in the object storage"
        )
        click.echo(f"  {shipping['sealed']} of them are sealed: tracemark vault ship")
    if found["clock"]:
        click.echo(f"  {found['clock']}")
    for line in () if work is None else work.lines():
        click.echo(f"  {line}")
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


OVERWRITE = "tracemark retention --apply"
"""What overwrites bytes that a deletion left behind because it was cut short."""


def read_status(database: Database, now: datetime) -> JsonObject:
    """Sites with their last runs, counts, what waits, and what is wrong with this machine's clock."""
    from pipelines.store.clock import clock_lag, say_lag  # noqa: PLC0415
    from pipelines.store.runs import latest_run, run_to_json, site_records  # noqa: PLC0415
    from pipelines.store.tables import blanks, listings, sellers, set_aside  # noqa: PLC0415
    from pipelines.vault.shipping import count_unshipped  # noqa: PLC0415

    with database.read() as connection:
        sites = []
        for name, record in sorted(site_records(connection).items()):
            run = latest_run(connection, name)
            last = None if run is None else run_to_json(run)
            sites.append({"name": name, "source": record.source, "last_run": last})

        def count(table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
            return connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0

        lag = clock_lag(connection, now)
        return {
            "listings": count(listings),
            "sellers": count(sellers),
            "sites": sites,
            "clock": None if lag is None else say_lag(lag),
            "waiting": {
                "assessment": count(listings, listings.c.assessment.is_(None)),
                "set_aside": count(set_aside),
                "blanking": count(blanks),
                "shipping": asdict(count_unshipped(connection)),
            },
        }
