"""`tracemark demo`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.conventions import CommandGroup, given_workspace, json_option, print_json, say, workspace_option
from pipelines.commands.progress import progress
from pipelines.commands.workspace import make_key
from pipelines.errors import ExitCode
from pipelines.workspace import FILE, Workspace, write_workspace

if TYPE_CHECKING:
    from crawler.demo.tour import Tour
    from pipelines.models import JsonObject
    from pipelines.store.database import Database

FOLDER = "tracemark-demo"
_AUTHORITY = {
    "operator": "Tracemark training",
    "contact": "training@example.org",
    "basis": "Training on invented listings",
}


@click.group(cls=CommandGroup, invoke_without_command=True)
@click.option("--once", is_flag=True, help="Crawl, assess, print what was found and end.")
@click.option("--port", default=8000, show_default=True, help="The dashboard's port on 127.0.0.1.")
@workspace_option
@json_option
@click.pass_context
def demo(ctx: click.Context, once: bool, port: int, as_json: bool) -> int:
    """Crawl three invented marketplaces on this machine, assess what was seen, and serve the dashboard.

    Everything lies in one folder (tracemark-demo, or --workspace); remove it to remove the demo.

    \b
    Examples:
      tracemark demo
      tracemark demo --once --json
      tracemark demo advance 7
    """
    if ctx.invoked_subcommand is not None:
        return ExitCode.DONE
    from crawler.demo.tour import Tour  # noqa: PLC0415 -- Playwright and SQLAlchemy take 0.5 s
    from pipelines.composition import opened  # noqa: PLC0415

    tour = Tour(_workspace(ctx))
    with tour.open_marketplaces() as marketplaces, opened(tour.workspace) as database:
        tour.write_sites(marketplaces.urls)
        found = _look_around(tour, database, quiet=as_json)
        found["marketplaces"] = {
            market: {"url": url, "status": found["runs"].get(market, "skipped")}
            for market, url in marketplaces.urls.items()
        }
        if as_json:
            print_json(found)
        else:
            _say(found)
        if once:
            return ExitCode.DONE
        return _serve(tour.workspace, port)


@demo.command()
@click.argument("days", type=click.IntRange(0, 365))
@workspace_option
@json_option
@click.pass_context
def advance(ctx: click.Context, days: int, as_json: bool) -> None:
    """Let DAYS pass in the marketplaces: listings appear, change price, sell, are removed, come back.

    \b
    Examples:
      tracemark demo advance 1
      tracemark demo advance 7 --json
    """
    from crawler.demo.clock import date_of  # noqa: PLC0415
    from crawler.demo.tour import Tour  # noqa: PLC0415

    day = Tour(_workspace(ctx)).clock.advance(days)
    if as_json:
        print_json({"day": day, "date": date_of(day).isoformat()})
    else:
        say(f"It is now {date_of(day):%d %B %Y} in the marketplaces (day {day}). Run tracemark demo again to see.")


def _workspace(ctx: click.Context) -> Workspace:
    root = Path(given_workspace(ctx) or os.environ.get("TRACEMARK_WORKSPACE") or FOLDER)
    if not (root / FILE).exists():
        write_workspace(root, _AUTHORITY)
        workspace = Workspace.read(root, os.environ)
        make_key(workspace)
        return workspace
    return Workspace.read(root, os.environ)


def _look_around(tour: Tour, database: Database, *, quiet: bool) -> JsonObject:
    from pipelines.commands.assess import run_assessment  # noqa: PLC0415

    markets = tour.due()
    if markets:
        with progress(f"visiting {', '.join(markets)}", quiet=quiet) as tell:
            tour.crawl(database, markets, tell)
    with progress("assessing", quiet=quiet) as tell:
        run_assessment(tour.workspace, database, tell)
    return read_findings(tour, database)


def read_findings(tour: Tour, database: Database) -> JsonObject:
    """What the workspace holds: listings, sellers, those that need review, and signals."""
    from pipelines.store.lines import all_rows, listing_records  # noqa: PLC0415
    from pipelines.store.runs import RunKind, latest_run  # noqa: PLC0415
    from pipelines.store.tables import seller_assessments, sellers  # noqa: PLC0415

    signals: Counter[str] = Counter()
    review: Counter[str] = Counter()
    with database.read() as connection:
        records = listing_records(connection, all_rows(connection))
        for record in records:
            assessment = record.line["assessment"] or {"signals": [], "review": "none"}
            review[assessment["review"]] += 1
            signals.update({one["name"] for one in assessment["signals"] if one["polarity"] == "for"})
        known = connection.execute(sellers.select()).all()
        flagged = [row for row in connection.execute(seller_assessments.select()) if row.review == "review"]
        runs = {market: latest_run(connection, market, kind=RunKind.CRAWL) for market in tour.markets}
    names = {row.id: row for row in known}
    return {
        "workspace": str(tour.workspace.root),
        "day": tour.clock.day(),
        "listings": sum(review.values()),
        "sellers": len(known),
        "flagged": review["review"],
        "flagged_sellers": [
            {"site": names[row.seller].site, "id": names[row.seller].native_id, "name": names[row.seller].name}
            for row in flagged
        ],
        "review": dict(review),
        "signals": dict(signals.most_common()),
        "runs": {market: run.status.value for market, run in runs.items() if run is not None},
    }


def _say(found: dict[str, Any]) -> None:
    click.echo(f"{found['listings']} listings of {found['sellers']} sellers on day {found['day']}")
    for market, one in found["marketplaces"].items():
        click.echo(f"  {market:13} {one['status']:9} {one['url']}")
    if "skipped" in {one["status"] for one in found["marketplaces"].values()}:
        click.echo("  One marketplace needs a browser, and no Chromium is on this machine: make browser")
    click.echo(f"{found['flagged']} listings and {len(found['flagged_sellers'])} sellers need review:")
    for seller in found["flagged_sellers"]:
        click.echo(f"  {seller['site']}/{seller['id']}  {seller['name']}")
    click.echo(
        "signals observed: " + ", ".join(f"{name} {count}" for name, count in list(found["signals"].items())[:8])
    )


def _serve(workspace: Workspace, port: int) -> int:
    command = [sys.executable, "-m", "pipelines.cli", "serve", "--workspace", str(workspace.root), "--port", str(port)]
    environment = {**os.environ, "TRACEMARK_ALLOW_LOOPBACK": "1"}  # a visit from the desk finds the marketplaces here
    with subprocess.Popen(command, env=environment) as server:  # noqa: S603 -- our own arguments
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.wait()
            return ExitCode.DONE
