"""`tracemark item`: say which listings are one thing, where the machine did not see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option

if TYPE_CHECKING:
    from collections.abc import Callable

_reason = click.option("--reason", required=True, help="Why; it is kept with the decision.")


@click.group(cls=CommandGroup)
def item() -> None:
    """Merge and split items by hand. What a person decides is kept and wins over what is found."""


@item.command()
@click.argument("items", nargs=-1, required=True)
@_reason
@workspace_option
@json_option
@click.pass_context
def merge(ctx: click.Context, items: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Say that ITEMS are one thing.

    \b
    Examples:
      tracemark item merge 0123456789abcdef fedcba9876543210 --reason 'same scratch on the slide in both pictures'
      tracemark item merge 0123456789abcdef fedcba9876543210 --reason 'the seller says so in the second' --json
    """
    from pipelines.sellers.merging import merge_items  # noqa: PLC0415 -- see composition

    _decide(
        ctx,
        lambda connection, one, at, person: merge_items(connection, one, items, reason=reason, person=person, at=at),
        as_json=as_json,
    )


@item.command()
@click.argument("name", metavar="ITEM")
@click.argument("listings", nargs=-1, required=True, metavar="LISTING…")
@_reason
@workspace_option
@json_option
@click.pass_context
def split(ctx: click.Context, name: str, listings: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Say that these listings of ITEM offer another thing than the others of it.

    \b
    Examples:
      tracemark item split 0123456789abcdef harborlist/10000042 --reason 'another serial number in the picture'
      tracemark item split 0123456789abcdef 10000042 10000077 --reason 'both have a rail, the others none'
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition
    from pipelines.naming import find_listing  # noqa: PLC0415
    from pipelines.sellers.merging import split_item  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database:
        places = [find_listing(database, listing) for listing in listings]
    _decide(
        ctx,
        lambda connection, one, at, person: split_item(
            connection, one, name, places, reason=reason, person=person, at=at
        ),
        as_json=as_json,
    )


@item.command()
@click.argument("decision", type=int)
@workspace_option
@json_option
@click.pass_context
def undo(ctx: click.Context, decision: int, as_json: bool) -> None:
    """Take a merge or split back, by its number. The log keeps both.

    \b
    Examples:
      tracemark item undo 12
      tracemark item undo 12 --json
    """
    from pipelines.actors.hands import undo_decision  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.write() as connection:
        undone = undo_decision(connection, decision, ("merge", "split"), person=person(), at=utc_now())
    _told(undone.to_json(), f"decision {decision} is undone", as_json=as_json)


@item.command("list")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show what people decided about items, also what was undone.

    \b
    Examples:
      tracemark item list
      tracemark item list --json
    """
    from pipelines.actors.hands import read_decisions  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.read() as connection:
        found = read_decisions(connection, ("merge", "split"), undone=True)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        undone = " (undone)" if one.undone else ""
        click.echo(f"{one.id}: {one.action} {' '.join(one.body['items'])}, {one.person}, {one.at:%Y-%m-%d}{undone}")
        click.echo(f"  {one.reason}")


def _decide(ctx: click.Context, keep: Callable[..., int], *, as_json: bool) -> None:
    from pipelines.composition import opened, person, seller_rules, serial_key, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.sellers.round import Round  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database, database.write() as connection:
        at = utc_now()
        one = Round.open(connection, seller_rules(workspace), secret=serial_key(workspace), now=at)
        made = keep(connection, one, at, person())
    _told({"decision": made}, f"kept as decision {made}; the next `tracemark assess` follows it", as_json=as_json)


def _told(body: object, words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(body)
    else:
        say(words)
