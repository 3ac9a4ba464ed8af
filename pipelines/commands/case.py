"""`tracemark case`."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pipelines.cases.desk import CaseDesk
    from pipelines.cases.models import Case, Task


@click.group(cls=CommandGroup)
def case() -> None:
    """Gather listings, sellers, notes and tasks for one matter, and refer it once two people agree."""


@case.command()
@click.argument("name")
@click.option("--reference", help="The case's reference (default: the year's next number).")
@click.option("--owner", help="Whose case it is (default: yours).")
@workspace_option
@json_option
@click.pass_context
def create(ctx: click.Context, name: str, reference: str | None, owner: str | None, as_json: bool) -> None:
    """Open a case.

    \b
    Examples:
      tracemark case create "Eleven pistols in six weeks"
      tracemark case create "Harbour lots" --reference HL-7 --owner ana --json
    """
    with _desk(ctx) as desk:
        made = desk.create(name, reference=reference, owner=owner)
    _answer(made, f"{made.reference}: {made.name}", as_json=as_json)


@case.command()
@click.argument("named", metavar="CASE")
@click.argument("listed", metavar="[ID]...", nargs=-1)
@click.option("--seller", "sold_by", metavar="SITE/ID", multiple=True, help="A seller to add; repeatable.")
@click.option("--with-offers", is_flag=True, help="With each seller, every listing of that seller.")
@workspace_option
@json_option
@click.pass_context
def add(
    ctx: click.Context, named: str, listed: tuple[str, ...], sold_by: tuple[str, ...], with_offers: bool, as_json: bool
) -> None:
    """Put listings and sellers into an open case.

    \b
    Examples:
      tracemark case add C-2026-0001 harborlist/10000042 harborlist/10000043
      tracemark case add C-2026-0001 --seller harborlist/quiet_fox --with-offers
    """
    _require_members(listed, sold_by)
    if with_offers and not sold_by:
        raise BadInput("--with-offers needs a seller", hint="--seller SITE/ID")
    with _desk(ctx) as desk:
        accounts = [_seller(one) for one in sold_by]
        offers = [offer for one in accounts if with_offers for offer in desk.offers_of(one)]
        found = desk.add(named, listed=[*_listings(desk, listed), *offers], sold_by=accounts)
    _answer(found, f"{found.reference}: {_count(found)}", as_json=as_json)


@case.command()
@click.argument("named", metavar="CASE")
@click.argument("listed", metavar="[ID]...", nargs=-1)
@click.option("--seller", "sold_by", metavar="SITE/ID", multiple=True, help="A seller to take out; repeatable.")
@click.option("--reason", required=True, help="Why: kept in the history.")
@workspace_option
@json_option
@click.pass_context
def remove(
    ctx: click.Context, named: str, listed: tuple[str, ...], sold_by: tuple[str, ...], reason: str, as_json: bool
) -> None:
    """Take listings and sellers out of an open case.

    \b
    Examples:
      tracemark case remove C-2026-0001 harborlist/10000043 --reason "a nail gun"
      tracemark case remove C-2026-0001 --seller harborlist/quiet_fox --reason "a licensed dealer"
    """
    _require_members(listed, sold_by)
    with _desk(ctx) as desk:
        places = [_seller(one) for one in sold_by]
        found = desk.remove(named, reason=reason, listed=_listings(desk, listed), sold_by=places)
    _answer(found, f"{found.reference}: {_count(found)}", as_json=as_json)


@case.command()
@click.argument("named", metavar="CASE")
@click.argument("text")
@workspace_option
@json_option
@click.pass_context
def note(ctx: click.Context, named: str, text: str, as_json: bool) -> None:
    """Write something down in a case. Notes are never changed.

    \b
    Examples:
      tracemark case note C-2026-0001 "The same photograph as in the listing of May"
      tracemark case note C-2026-0001 "Asked the registry for the licence" --json
    """
    with _desk(ctx) as desk:
        found = desk.note(named, text)
    _answer(found, f"{found.reference}: note {found.notes[-1].number}", as_json=as_json)


@case.command()
@click.argument("named", metavar="CASE")
@click.argument("text", required=False)
@click.option("--assignee", help="Who is to do it.")
@click.option("--due", metavar="DATE", help="Until which day (2026-12-31).")
@click.option("--done", type=int, metavar="NUMBER", help="Mark this task done instead.")
@workspace_option
@json_option
@click.pass_context
def task(
    ctx: click.Context,
    named: str,
    text: str | None,
    assignee: str | None,
    due: str | None,
    done: int | None,
    as_json: bool,
) -> None:
    """Add a task to a case, or mark one done.

    \b
    Examples:
      tracemark case task C-2026-0001 "Compare the serial numbers" --assignee ben --due 2026-12-31
      tracemark case task C-2026-0001 --done 3
    """
    if (text is None) == (done is None):
        raise BadInput("say what is to be done, or which task is done", hint="a TEXT, or --done NUMBER")
    with _desk(ctx) as desk:
        if done is not None:
            found = desk.finish(named, done)
            _answer(found, f"{found.reference}: task {done} is done", as_json=as_json)
            return
        found = desk.plan(named, text or "", assignee=assignee, due=None if due is None else _day(due))
    _answer(found, f"{found.reference}: task {found.tasks[-1].number}", as_json=as_json)


@case.command("list")
@click.option("--state", type=click.Choice(["open", "referred", "closed"]), help="Only those.")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, state: str | None, as_json: bool) -> None:
    """Show the cases, the one that changed last first.

    \b
    Examples:
      tracemark case list
      tracemark case list --state open --json
    """
    from pipelines.cases.models import CaseState  # noqa: PLC0415 -- see composition
    from pipelines.cases.records import read_cases  # noqa: PLC0415
    from pipelines.composition import opened  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.read() as connection:
        found = read_cases(connection, state=None if state is None else CaseState(state))
    if as_json:
        print_json({"cases": [one.to_json() for one in found]})
        return
    for one in found:
        due = f", next due {one.next_due}" if one.next_due else ""
        click.echo(f"{one.reference}  {one.state.value}  {one.name}")
        click.echo(
            f"  of {one.owner}: {one.listings} listings, {one.sellers} sellers, {one.tasks_open} open tasks{due}"
        )


@case.command()
@click.argument("named", metavar="CASE")
@workspace_option
@json_option
@click.pass_context
def show(ctx: click.Context, named: str, as_json: bool) -> None:
    """Show a case: what is in it, what is to be done, and who did what.

    \b
    Examples:
      tracemark case show C-2026-0001
      tracemark case show "Eleven pistols in six weeks" --json
    """
    with _desk(ctx) as desk:
        found = desk.view(named)
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)


@case.command()
@click.argument("named", metavar="CASE")
@click.option("--to", "recipient", help="To whom: the first reviewer says it.")
@click.option("--reason", required=True, help="Why: kept in the history.")
@workspace_option
@json_option
@click.pass_context
def refer(ctx: click.Context, named: str, recipient: str | None, reason: str, as_json: bool) -> None:
    """Say that a case should be referred. With a second person's word it is; nothing is sent.

    \b
    Examples:
      tracemark case refer C-2026-0001 --to "National focal point" --reason "Eleven distinct pistols, no licence seen"
      tracemark case refer C-2026-0001 --reason "Read each listing; I agree"
    """
    with _desk(ctx) as desk:
        found = desk.agree(named, reason=reason, recipient=recipient)
    if found.referred_to is None:
        said = f"{found.reference}: your word is kept; it is referred once another person agrees"
    else:
        said = f"{found.reference} is referred to {found.referred_to}; make and hand over its packet yourself"
    _answer(found, said, as_json=as_json)


@case.command()
@click.argument("named", metavar="CASE")
@click.option("--reason", required=True, help="Why: kept in the history.")
@workspace_option
@json_option
@click.pass_context
def close(ctx: click.Context, named: str, reason: str, as_json: bool) -> None:
    """Close a case.

    \b
    Examples:
      tracemark case close C-2026-0001 --reason "The registry names a licensed dealer"
      tracemark case close C-2026-0001 --reason "Handed over" --json
    """
    with _desk(ctx) as desk:
        found = desk.close(named, reason=reason)
    _answer(found, f"{found.reference} is closed", as_json=as_json)


@case.command()
@click.argument("named", metavar="CASE")
@click.option("--reason", required=True, help="Why: kept in the history.")
@workspace_option
@json_option
@click.pass_context
def reopen(ctx: click.Context, named: str, reason: str, as_json: bool) -> None:
    """Open a referred or closed case again. A new referral needs two new words.

    \b
    Examples:
      tracemark case reopen C-2026-0001 --reason "Three more listings"
      tracemark case reopen C-2026-0001 --reason "Closed by mistake" --json
    """
    with _desk(ctx) as desk:
        found = desk.reopen(named, reason=reason)
    _answer(found, f"{found.reference} is open", as_json=as_json)


@contextmanager
def _desk(ctx: click.Context) -> Iterator[CaseDesk]:
    from pipelines.cases.desk import CaseDesk  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database:
        yield CaseDesk(database=database, actor=person(), now=utc_now)


def _listings(desk: CaseDesk, named: Sequence[str]) -> list[tuple[str, str]]:
    from pipelines.naming import find_listing  # noqa: PLC0415 -- see composition

    return [find_listing(desk.database, one) for one in named]


def _seller(named: str) -> tuple[str, str]:
    site, slash, native_id = named.partition("/")
    if not slash:
        raise BadInput(f"{named!r} names no seller", hint="SITE/ID, as `tracemark export sellers` has them")
    return site, native_id


def _require_members(listed: Sequence[str], sold_by: Sequence[str]) -> None:
    if not listed and not sold_by:
        raise BadInput("no listing and no seller is given", hint="listings' IDs, or --seller SITE/ID")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is no date", hint="2026-12-31") from error


def _answer(found: Case, said: str, *, as_json: bool) -> None:
    if as_json:
        print_json(found.to_json())
    else:
        say(said)


def _count(found: Case) -> str:
    return f"{len(found.listings)} listings, {len(found.sellers)} sellers"


def _print(found: Case) -> None:
    click.echo(f"{found.reference}: {found.name}")
    to = f" to {found.referred_to}" if found.referred_to else ""
    click.echo(f"{found.state.value}{to}, of {found.owner}, opened {found.created:%Y-%m-%d}")
    for listing in found.listings:
        click.echo(f"  listing {listing.site}/{listing.id}  {listing.name or ''}")
    for seller in found.sellers:
        click.echo(f"  seller {seller.site}/{seller.id}  {seller.name or ''}")
    for note_ in found.notes:
        click.echo(f"  note {note_.number} by {note_.actor}, {note_.at:%Y-%m-%d}: {note_.text}")
    for task_ in found.tasks:
        click.echo(f"  task {task_.number}: {task_.text}{_standing(task_)}")
    for agreement in found.agreements:
        click.echo(f"  {agreement.actor} would refer it to {agreement.recipient}: {agreement.reason}")
    click.echo("who did what:")
    for entry in found.history:
        click.echo(f"  {entry.at:%Y-%m-%d %H:%M} UTC  {entry.actor}  {entry.action}")


def _standing(task_: Task) -> str:
    if task_.done is not None:
        return f" (done by {task_.done_by})"
    parts = [f"for {task_.assignee}"] if task_.assignee else []
    parts += [f"due {task_.due}"] if task_.due else []
    return f" ({', '.join(parts)})" if parts else ""
