"""`tracemark actor`: accounts that look like one hand, and what people say to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from pipelines.models import JsonObject

_reason = click.option("--reason", required=True, help="Why; it is kept with the decision.")


@click.group(cls=CommandGroup)
def actor() -> None:
    """Show accounts that look like one hand, with the reasons; cut or confirm a link. People win over the machine."""


@actor.command("list")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show every actor, those that need review first.

    \b
    Examples:
      tracemark actor list
      tracemark actor list --json
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition
    from pipelines.sellers.export import actor_lines  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database:
        found = sorted(actor_lines(database), key=lambda line: (line["review"] != "review", line["id"]))
    if as_json:
        print_json(found)
        return
    for line in found:
        accounts = ", ".join(f"{one['site']}/{one['id']}" for one in line["accounts"])
        level = "  needs review" if line["review"] == "review" else ""
        click.echo(f"{line['id']}  {accounts}{level}")
    if not found:
        say("no two accounts look like one hand")


@actor.command()
@click.argument("name", metavar="ID")
@workspace_option
@json_option
@click.pass_context
def show(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show one actor: its accounts, each link with its reasons and weight, and what all of them together show.

    ID is the actor's, or SITE/SELLER of one of its accounts. Each view is noted in the custody log.

    \b
    Examples:
      tracemark actor show 0123456789abcdef
      tracemark actor show harborlist/s-dmercer --json
    """
    from pipelines.actors.hands import read_decisions  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415
    from pipelines.sellers.actors import read_links, view_actor  # noqa: PLC0415
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.write() as connection:
        row, line, rows = view_actor(connection, name)
        line = {**line, "links": read_links(connection, rows)}
        decisions = [one.to_json() for one in read_decisions(connection, ("cut", "confirm"), rows, undone=True)]
        event = CustodyEvent(at=utc_now(), actor=person(), action="view", subject=f"actor:{row}", detail={})
        append_custody(connection, [event])
    if as_json:
        print_json({**line, "decisions": decisions})
        return
    _print(line, decisions)


@actor.command()
@click.argument("one", metavar="SITE/SELLER")
@click.argument("other", metavar="SITE/SELLER")
@_reason
@workspace_option
@json_option
@click.pass_context
def cut(ctx: click.Context, one: str, other: str, reason: str, as_json: bool) -> None:
    """Say that two accounts are not one hand, whatever links them, also by way of others.

    \b
    Examples:
      tracemark actor cut harborlist/s-one bazarlive/s-two --reason 'brothers who share a telephone'
      tracemark actor cut harborlist/s-one harborlist/s-two --reason 'the number is the gunsmith in town'
    """
    _decide(ctx, "cut", (one, other), reason, as_json=as_json)


@actor.command()
@click.argument("one", metavar="SITE/SELLER")
@click.argument("other", metavar="SITE/SELLER")
@_reason
@workspace_option
@json_option
@click.pass_context
def confirm(ctx: click.Context, one: str, other: str, reason: str, as_json: bool) -> None:
    """Say that two accounts are one hand, whatever links them.

    \b
    Examples:
      tracemark actor confirm harborlist/s-one bazarlive/s-two --reason 'says so on his page'
      tracemark actor confirm harborlist/s-one harborlist/s-two --reason 'names its earlier account' --json
    """
    _decide(ctx, "confirm", (one, other), reason, as_json=as_json)


@actor.command()
@click.argument("decision", type=int)
@workspace_option
@json_option
@click.pass_context
def undo(ctx: click.Context, decision: int, as_json: bool) -> None:
    """Take a cut or confirmation back, by its number. The log keeps both.

    \b
    Examples:
      tracemark actor undo 12
      tracemark actor undo 12 --json
    """
    from pipelines.actors.hands import undo_decision  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.write() as connection:
        undone = undo_decision(connection, decision, ("cut", "confirm"), person=person(), at=utc_now())
    if as_json:
        print_json(undone.to_json())
    else:
        say(f"decision {decision} is undone; the next `tracemark assess` follows it")


def _decide(ctx: click.Context, action: str, names: tuple[str, str], reason: str, *, as_json: bool) -> None:
    from pipelines.actors.hands import keep_decision  # noqa: PLC0415 -- see composition
    from pipelines.actors.members import row_of  # noqa: PLC0415
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415

    places = [_place(name) for name in names]
    if places[0] == places[1]:
        raise BadInput("these are the same account")
    with opened(find_workspace(ctx)) as database, database.write() as connection:
        rows = [row_of(connection, *place) for place in places]
        unknown = [name for name, row in zip(names, rows, strict=True) if row is None]
        if unknown:
            raise BadInput(f"there is no account {', '.join(unknown)}", hint="tracemark export sellers lists them")
        made = keep_decision(
            connection,
            action=action,
            body={"accounts": [list(place) for place in places]},
            sellers=[row for row in rows if row is not None],
            subject=f"seller:{names[0]}",
            reason=reason,
            person=person(),
            at=utc_now(),
        )
    if as_json:
        print_json({"decision": made})
    else:
        say(f"kept as decision {made}; the next `tracemark assess` follows it")


def _place(name: str) -> tuple[str, str]:
    site, sign, native_id = name.partition("/")
    if not sign or not site or not native_id:
        raise BadInput(f"{name!r} names no account", hint="SITE/SELLER, as tracemark export sellers has them")
    return site, native_id


def _print(line: JsonObject, decisions: list[JsonObject]) -> None:
    level = {"review": "needs review", "idle": "worth a look if idle", "none": "nothing that needs review"}
    click.echo(f"{line['id']}  {level[line['review']]}")
    for one in line["accounts"]:
        click.echo(f"  {one['site']}/{one['id']}  {one['name'] or ''}".rstrip())
    click.echo("why these accounts:")
    for link in line["links"]:
        one, other = (f"{place['site']}/{place['id']}" for place in link["accounts"])
        click.echo(f"  {one} and {other}: {link['weight']:+.1f}" + ("" if link["holds"] else " (does not suffice)"))
        for reason in link["reasons"]:
            shown = ", ".join(f"{place['site']}/{place['id']}" for place in reason["listings"][:4])
            click.echo(
                f"    {reason['kind']} ({reason['weight']:+.2f}) {reason['words']}" + (f": {shown}" if shown else "")
            )
    for window in line["windows"]:
        length = f"{window['days']} days" if window["days"] else f"{window['business_days']} business days"
        click.echo(f"  at most {window['firearms']} firearms in {length} ({window['from']} to {window['to']})")
    for polarity, heading in (("for", "signals observed"), ("against", "what speaks against")):
        found = [one for one in line["signals"] if one["polarity"] == polarity]
        if found:
            click.echo(f"{heading}:")
        for one in found:
            click.echo(f"  {one['name']} ({one['weight']:+.2f}) {one['reason']}")
    for one in decisions:
        undone = " (undone)" if one["undone"] else ""
        click.echo(f"decision {one['id']}: {one['action']}, {one['person']}, {one['at'][:10]}{undone}: {one['reason']}")
