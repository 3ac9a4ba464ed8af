"""`tracemark sellers replay`: read the histories again by other rules."""

from __future__ import annotations

import hashlib
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.models import JsonObject
    from pipelines.workspace import Workspace

_SHOWN = 20


@click.group(cls=CommandGroup)
def sellers() -> None:
    """Work with sellers' histories."""


@sellers.command()
@click.option("--pack", "packs", multiple=True, type=click.Path(path_type=Path), help="A jurisdiction pack to try.")
@click.option("--as-of", metavar="DATE", help="By the history and the standing of rules on that day (YYYY-MM-DD).")
@click.option("--write", is_flag=True, help="Go by these rules from now on, and assess every seller again.")
@workspace_option
@json_option
@click.pass_context
def replay(ctx: click.Context, packs: tuple[Path, ...], as_of: str | None, write: bool, as_json: bool) -> ExitCode:
    """Show what fires now against before, if sellers' histories were read by other rules.

    Copy a file of classifiers/packs, change its `history`, and name it with --pack: its rules take the place of that
    jurisdiction's. Every change names the items, their first days, the listings and the captures. Without --pack, the
    rules in use beside what was kept. Nothing is written without --write, which keeps the pack in the workspace's
    packs folder; a later assess goes by it.

    \b
    Examples:
      tracemark sellers replay
      tracemark sellers replay --pack us.yaml --as-of 2026-06-30 --json
      tracemark sellers replay --pack us.yaml --write
    """
    from pipelines.composition import opened, seller_rules, serial_key  # noqa: PLC0415 -- see composition
    from pipelines.replay.desk import replay as run  # noqa: PLC0415
    from pipelines.replay.packs import keep_file, own_files, rules_with  # noqa: PLC0415

    day = _read_day(as_of)
    if write and day is not None:
        raise BadInput("--write changes what stands today: leave --as-of out")
    workspace = find_workspace(ctx)
    rules = rules_with([*own_files(workspace.packs), *packs], as_of=day)
    with opened(workspace) as database:
        found = run(database, rules, seller_rules(workspace), as_of=day, key=serial_key(workspace))
    if as_json:
        print_json(found)
    else:
        _show(found)
    if write:
        kept = [keep_file(path, workspace.packs) for path in packs]
        _assess_again(workspace, kept)
    return ExitCode.DONE


def _assess_again(workspace: Workspace, kept: Sequence[Path]) -> None:
    """Only sellers: what their listings say is not touched by rules over histories."""
    from pipelines.composition import (  # noqa: PLC0415
        opened,
        person,
        project,
        seller_rules,
        serial_key,
        utc_now,
    )
    from pipelines.sellers.desk import assess_sellers  # noqa: PLC0415
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415
    from pipelines.work.holding import held  # noqa: PLC0415

    rules = seller_rules(workspace)
    packs = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}
    event = CustodyEvent(
        at=utc_now(), actor=person(), action="rules", subject=f"rules:{rules.sha256[:16]}", detail={"packs": packs}
    )
    with opened(workspace) as store, held(workspace, store, "assessment") as hold:
        database = hold.database
        with database.write() as connection:
            append_custody(connection, [event])
        report = assess_sellers(database, now=utc_now, rules=rules, key=serial_key(workspace))
        project(workspace, database)
    for path in kept:
        say(f"kept as {path}")
    say(f"{report.assessed} sellers assessed again: {report.review.get('review', 0)} need review.")


def _read_day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--as-of {text!r} is no date", hint="--as-of 2026-10-31") from error


def _show(found: JsonObject) -> None:
    levels = found["review"]
    need = f"{levels['before']['review']} needed review, {levels['now']['review']} would"
    say(f"{found['changed']} of {found['sellers']} sellers change; {need}.")
    for rule, counts in found["by_rule"].items():
        click.echo(f"{rule}: " + ", ".join(f"{word} for {count}" for word, count in counts.items()))
    for change in found["changes"][:_SHOWN]:
        level = change["review"]
        click.echo(f"\n{change['site']}/{change['id']} {change['name'] or ''}: {level['before']} → {level['now']}")
        for rule in change["rules"]:
            weight = rule["weight"]
            click.echo(f"  {rule['rule']} {rule['change']} ({weight['before']} → {weight['now']}): {rule['reason']}")
            shown = ", ".join(f"{item['id']} ({item['offered']})" for item in rule["items"][:8])
            more = len(rule["items"]) - 8
            if shown:
                click.echo(f"    items: {shown}" + (f" and {more} more" if more > 0 else ""))
                click.echo(f"    {len(rule['listings'])} listings, {len(rule['captures'])} captures")
    left = len(found["changes"]) - _SHOWN
    if left > 0:
        say(f"{left} more: --json has them all.")
