"""`tracemark statistics`: what grows, and open counts without a person in them."""

from __future__ import annotations

import os
import tempfile
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from pipelines.models import JsonObject

_SHOWN = 5


@click.command()
@click.option("--as-of", metavar="DATE", help="The last day of the week, with what was known then (YYYY-MM-DD).")
@click.option("--open", "out", metavar="FILE", help="Write the open table (CSV) there instead; - for standard output.")
@workspace_option
@json_option
@click.pass_context
def statistics(ctx: click.Context, as_of: str | None, out: str | None, as_json: bool) -> ExitCode:
    """Show which sellers, places, routes, models and signals grow this week, against what was usual for each.

    Without a date, the week ends on the last day on which anything was seen. Items are counted, each once however often
    it was listed; a growing count is a reason to look, never a finding. With --open, a table of items by signal, class,
    place, month and site for publication: months that have ended, no small cell, no person.

    \b
    Examples:
      tracemark statistics
      tracemark statistics --as-of 2026-10-31 --json
      tracemark statistics --open open.csv
    """
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.statistics.desk import hot_spots, last_day, open_statistics  # noqa: PLC0415
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    if out is not None and as_json:
        raise BadInput("--open writes CSV, --json prints JSON: give one of them")
    asked = _read_day(as_of)
    with opened(find_workspace(ctx)) as database:
        last = asked or last_day(database)
        if last is None:
            raise BadInput("there is nothing in this workspace yet", hint="tracemark import, or tracemark crawl")
        if out is not None:
            _write(open_statistics(database, last, as_of=asked), out)
            event = CustodyEvent(
                at=utc_now(), actor=person(), action="export", subject="export:statistics", detail={"until": str(last)}
            )
            with database.write() as connection:
                append_custody(connection, [event])
            return ExitCode.DONE
        found = hot_spots(database, last, as_of=asked)
    if as_json:
        print_json(found)
    else:
        _show(found)
    return ExitCode.DONE


def _read_day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--as-of {text!r} is no date", hint="--as-of 2026-10-31") from error


def _write(text: str, out: str) -> None:
    if out == "-":
        click.echo(text, nl=False)
        return
    path = Path(out)
    try:
        # Whole or not at all: a table that is cut off would pass for one in which less was offered.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", newline="", delete=False) as file:
            file.write(text)
        Path(file.name).chmod(0o666 & ~_umask())
        Path(file.name).replace(path)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        raise BadInput(
            f"{out} cannot be written: {error.strerror}", hint="give a file in a folder that is there"
        ) from error
    rows = text.count("\n") - 1
    say(f"{rows} rows in {out}. docs/statistics.md says what they are, and what they are not.")
    if not rows:
        say("Nothing is large enough to be shown: ten items of three sellers is the least.")


def _umask() -> int:
    found = os.umask(0)
    os.umask(found)
    return found


def _show(found: JsonObject) -> None:
    week = found["week"]
    say(f"{found['items']} items first offered from {week['from']} to {week['to']}, beside the eight weeks before.")
    for one in found["observed"]:
        if not one["compared"]:
            days = f"{one['week_days']} days of the week and {one['baseline_days']} before it were observed"
            items = f"{one['week_items']} items began in it and {one['baseline_items']} before"
            say(f"{one['site']} is left out, {one['why_not']}: {days}, {items}.")
    for kind in ("sellers", "places", "routes", "models", "signals"):
        rows = found[kind][:_SHOWN]
        click.echo(kind.capitalize() if rows else f"{kind.capitalize()}: nothing grew")
        for row in rows:
            mark = "hot" if row["hot"] else ""
            click.echo(
                f"  {mark:<4}{row['name']:<44} {row['count']:>6}  expected {row['expected']:>8.1f}  ×{row['times']}"
            )
    say("'hot': hardly by chance (one in twenty of those marked may be). A reason to look, never a finding.")
