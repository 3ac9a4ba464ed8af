"""`tracemark request`."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.exchange.requests import RequestDesk


@click.group(cls=CommandGroup)
def request() -> None:
    """Ask a marketplace to preserve records, then to review listings. You send it; this keeps what came of it."""


@request.command()
@click.argument("kind", type=click.Choice(["preservation", "takedown"]))
@click.argument("named", metavar="CASE|ID...", nargs=-1, required=True)
@click.option("--to", "recipient", required=True, help="Whom at the marketplace it goes to.")
@click.option("--basis", required=True, help="The legal basis, as the form says it.")
@click.option("--until", metavar="DATE", help="Until when records should be kept (default: 90 days).")
@click.option("--unpreserved", metavar="REASON", help="Why no preservation request went before a takedown notice.")
@workspace_option
@json_option
@click.pass_context
def create(
    ctx: click.Context,
    kind: str,
    named: tuple[str, ...],
    recipient: str,
    basis: str,
    until: str | None,
    unpreserved: str | None,
    as_json: bool,
) -> None:
    """Make a form about the listings of a case, or about listings of one site. Nothing is sent.

    \b
    Examples:
      tracemark request create preservation C-2026-0001 --to "Harborlist, trust and safety" --basis "Example Act, 1"
      tracemark request create takedown C-2026-0001 --to "Harborlist, trust and safety" --basis "your rules, 4"
    """
    from pipelines.cases.records import cases_named  # noqa: PLC0415 -- see composition
    from pipelines.exchange.forms import RequestKind  # noqa: PLC0415
    from pipelines.naming import find_listing  # noqa: PLC0415

    with _desk(ctx) as desk:
        with desk.database.read() as connection:
            is_case = len(named) == 1 and bool(cases_named(connection, named[0]))
        made = desk.make(
            RequestKind(kind),
            recipient=recipient,
            basis=basis,
            case=named[0] if is_case else None,
            places=[] if is_case else [find_listing(desk.database, one) for one in named],
            until=None if until is None else _day(until),
            unpreserved=unpreserved,
        )
    _answer(made, as_json=as_json)


@request.command()
@click.argument("reference")
@workspace_option
@json_option
@click.pass_context
def show(ctx: click.Context, reference: str, as_json: bool) -> None:
    """Print a form as text, and on standard error what came of it.

    \b
    Examples:
      tracemark request show R-2026-0001 > request.txt
      tracemark request show R-2026-0001 --json
    """
    from pipelines.exchange.requests import read_request  # noqa: PLC0415 -- see composition

    with _desk(ctx) as desk, desk.database.read() as connection:
        found = read_request(connection, reference)
    _answer(found, as_json=as_json)


@request.command()
@click.argument("reference")
@click.option("--how", required=True, help="How it was sent: a letter, their form, an address.")
@workspace_option
@json_option
@click.pass_context
def sent(ctx: click.Context, reference: str, how: str, as_json: bool) -> None:
    """Note that you have sent a form.

    \b
    Examples:
      tracemark request sent R-2026-0001 --how "registered letter of 2 March"
      tracemark request sent R-2026-0001 --how "their form for authorities" --json
    """
    with _desk(ctx) as desk:
        found = desk.mark_sent(reference, how=how)
    _tell(found, as_json=as_json)


@request.command()
@click.argument("reference")
@click.argument("outcome", type=click.Choice(["acknowledged", "done", "partly", "refused"]))
@click.option("--text", required=True, help="What they answered.")
@click.option("--on", "received", metavar="DATE", help="The day on which it came (default: today).")
@workspace_option
@json_option
@click.pass_context
def answer(ctx: click.Context, reference: str, outcome: str, text: str, received: str | None, as_json: bool) -> None:
    """Keep a marketplace's answer to a form that was sent.

    \b
    Examples:
      tracemark request answer R-2026-0001 acknowledged --text "Ticket 4711, kept for 90 days"
      tracemark request answer R-2026-0002 partly --text "Two of three removed" --on 2026-03-20
    """
    with _desk(ctx) as desk:
        day = None if received is None else _day(received)
        found = desk.answer(reference, outcome, text=text, received=day)
    _tell(found, as_json=as_json)


@request.command("list")
@click.option("--case", "named", metavar="CASE", help="Only those of one case.")
@click.option("--waiting", is_flag=True, help="Only those that nothing final was answered to.")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, named: str | None, waiting: bool, as_json: bool) -> None:
    """Show what marketplaces were asked, the newest first, and what they answered.

    \b
    Examples:
      tracemark request list --waiting
      tracemark request list --case C-2026-0001 --json
    """
    from pipelines.exchange.requests import read_requests  # noqa: PLC0415 -- see composition

    with _desk(ctx) as desk, desk.database.read() as connection:
        found = read_requests(connection, case=named, waiting=waiting)
    if as_json:
        print_json({"requests": found})
        return
    for one in found:
        about = f", case {one['case']}" if one["case"] else ""
        listings = len(one["form"]["listings"])
        click.echo(f"{one['reference']}  {one['state']}  {one['kind']} to {one['site']}, {listings} listings{about}")
        for kept in one["answers"]:
            click.echo(f"  {kept['received']}  {kept['outcome']}: {kept['text']}")


@contextmanager
def _desk(ctx: click.Context) -> Iterator[RequestDesk]:
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.exchange.requests import RequestDesk  # noqa: PLC0415

    workspace = find_workspace(ctx)
    authority = workspace.settings.authority
    stated = ", ".join(text for text in (authority.basis, authority.reference) if text)
    sender = {"operator": authority.operator, "contact": authority.contact, "authority": stated or None}
    with opened(workspace) as database:
        yield RequestDesk(database=database, actor=person(), sender=sender, now=utc_now)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no date", hint="2026-12-31") from error


def _answer(found: dict[str, Any], *, as_json: bool) -> None:
    from pipelines.exchange.forms import print_form  # noqa: PLC0415 -- see composition

    if as_json:
        print_json(found)
        return
    click.echo(print_form(found["form"]))
    say(f"{found['reference']}: {found['state']}. Read it, sign it and send it yourself: nothing is sent from here.")


def _tell(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        say(f"{found['reference']}: {found['state']}")
