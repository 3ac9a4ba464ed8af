"""`tracemark capture`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import ExitCode
from pipelines.models import RunStatus
from pipelines.store.runs import run_to_json

if TYPE_CHECKING:
    from crawler.tip import TipOutcome
    from pipelines.models import JsonObject
    from pipelines.workspace import Workspace

_CODES = {RunStatus.DONE: ExitCode.DONE, RunStatus.INTERRUPTED: ExitCode.INTERRUPTED}


@click.command()
@click.argument("url")
@click.option("--site", metavar="NAME", help="The site it belongs to: its file says how to read and how to visit it.")
@workspace_option
@json_option
@click.pass_context
def capture(ctx: click.Context, url: str, site: str | None, as_json: bool) -> int:
    """Take the page at URL now, as evidence: on the workspace's authority, within robots.txt, at the site's pace.

    Without --site a listing on it is kept under the site `tips`. Exit 1 says that the page could not be had, or that
    it asks for a person.

    \b
    Examples:
      tracemark capture https://market.example/item/42
      tracemark capture https://market.example/item/42 --site market --json
    """
    from crawler.tip import capture_page  # noqa: PLC0415 -- Scrapy takes 0.5 s

    workspace = find_workspace(ctx)
    outcome = capture_page(workspace, url, site=site)
    listing = _read_listing(workspace, outcome)
    if as_json:
        print_json({"run": run_to_json(outcome.run), "capture": outcome.capture, "listing": listing})
    else:
        _say_outcome(outcome, listing)
    return _CODES.get(outcome.run.status, ExitCode.NOT_AS_IT_SHOULD_BE)


def _read_listing(workspace: Workspace, outcome: TipOutcome) -> JsonObject | None:
    """The export line of the listing that was read, once it can be searched."""
    from pipelines.composition import opened, project  # noqa: PLC0415 -- see composition
    from pipelines.store.lines import listing_records, rows_of  # noqa: PLC0415

    if outcome.listing is None:
        return None
    with opened(workspace) as database:
        project(workspace, database)
        with database.read() as connection:
            row = rows_of(connection, [outcome.listing])[outcome.listing]
            return next(listing_records(connection, [row])).line


def _say_outcome(outcome: TipOutcome, listing: JsonObject | None) -> None:
    run, taken = outcome.run, outcome.capture
    say(f"{run.status.value}" + (f": {run.reason}" if run.reason else ""))
    if taken is not None:
        say(f"  HTTP {taken['http_status']}, {taken['kind']} page, {taken['at']}")
        say(f"  SHA-256 {taken['payload_sha256']}, in {taken['file']}")
    if listing is None:
        return
    price = listing["price"]
    click.echo(f"{listing['site']}/{listing['id']}  {listing['title']}")
    if price:
        click.echo(f"  price {price['amount']} {price['currency'] or ''}".rstrip())
    if listing["seller"]:
        click.echo(f"  seller {listing['seller']['name'] or listing['seller']['id']}")
    if listing["location"]:
        click.echo(f"  place {listing['location']}")
    click.echo(f"\n{listing['description']}")
    say("Next: tracemark assess")
