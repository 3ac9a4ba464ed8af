"""`tracemark export`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, print_lines, workspace_option
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.models import JsonObject
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace


@click.command()
@click.argument("what", type=click.Choice(["listings", "items", "sellers"]))
@click.option("--query", help="Only listings that this query finds.")
@click.option("--as-of", "as_of", metavar="DATE", help="Items and sellers as on that day (YYYY-MM-DD).")
@click.option("--json", "_as_json", is_flag=True, help="The output is JSON lines in any case.")
@workspace_option
@click.pass_context
def export(ctx: click.Context, what: str, query: str | None, as_of: str | None, _as_json: bool) -> None:
    """Write listings, items or sellers as JSON lines (docs/schema), streamed.

    \b
    Examples:
      tracemark export listings > listings.jsonl
      tracemark export listings --query 'review:review'
      tracemark export sellers --as-of 2026-04-15
    """
    from pipelines.composition import opened, person, seller_rules, serial_key, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.sellers.export import item_lines, seller_lines  # noqa: PLC0415
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    workspace = find_workspace(ctx)
    if query is not None and what != "listings":
        raise BadInput("--query chooses listings", hint="tracemark export listings --query …")
    if as_of is not None and what == "listings":
        raise BadInput("--as-of chooses items and sellers", hint="tracemark export sellers --as-of …")
    day = _day(as_of)
    key, rules = serial_key(workspace), seller_rules(workspace)
    with opened(workspace) as database:
        event = CustodyEvent(
            at=utc_now(), actor=person(), action="export", subject=f"export:{what}", detail={"query": query}
        )
        with database.write() as connection:
            append_custody(connection, [event])
        if what == "listings":
            print_lines(_listings(workspace, database, query))
        elif what == "items":
            print_lines(item_lines(database, day, key=key, rules=rules))
        else:
            print_lines(seller_lines(database, day, key=key, rules=rules))


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--as-of {text!r} is no date", hint="--as-of 2026-04-15") from error


def _listings(workspace: Workspace, database: Database, query: str | None) -> Iterator[JsonObject]:
    from pipelines.store.lines import all_rows, listing_records, rows_of  # noqa: PLC0415

    if query is None:
        with database.read() as connection:
            rows = all_rows(connection)
            for record in listing_records(connection, rows):
                yield record.line
        return
    for places in _places_found(workspace, database, query):
        with database.read() as connection:
            found = rows_of(connection, places)
            for record in listing_records(connection, [found[place] for place in places if place in found]):
                yield record.line


def _places_found(workspace: Workspace, database: Database, query: str) -> Iterator[list[tuple[str, str]]]:
    from pipelines.alerts.collection import resolve  # noqa: PLC0415
    from pipelines.composition import opened_index  # noqa: PLC0415
    from pipelines.index.port import Search, Sort  # noqa: PLC0415

    cursor: str | None = None
    asked = resolve(query, database)
    with opened_index(workspace, read_only=True) as index:
        while True:
            results = index.search(Search(query=asked, limit=500, cursor=cursor, sort=Sort.SEQUENCE))
            yield [(hit.line["site"], hit.line["id"]) for hit in results.hits]
            cursor = results.cursor
            if cursor is None:
                return
