"""`tracemark retention`, `tracemark forget` and `tracemark hold`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import click
import sqlalchemy as sa
from attrs import asdict

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from pipelines.retention.erasure import Erased
    from pipelines.store.database import Database


@click.command()
@click.option("--apply", "apply_", is_flag=True, help="Delete what is due; without it only say what would go.")
@workspace_option
@json_option
@click.pass_context
def retention(ctx: click.Context, apply_: bool, as_json: bool) -> None:
    """Delete listings and pages that are past their age ([retention] in tracemark.toml), and say what stays and why.

    What is held, and what lies in a case, stays. Each deletion leaves a row in the custody log; the bytes are
    overwritten where they lay, so that every other record stays where it is.

    \b
    Examples:
      tracemark retention
      tracemark retention --apply --json
    """
    from pipelines.composition import opened, person, project, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.retention.blanking import blank_waiting  # noqa: PLC0415
    from pipelines.retention.policy import apply_limits, find_due  # noqa: PLC0415

    workspace = find_workspace(ctx)
    limits = workspace.settings.retention
    with opened(workspace) as database:
        with database.read() as connection:
            due = find_due(connection, limits, utc_now())
        facts = {"limits": limits.model_dump(), "due": due.to_json(), "deleted": None}
        if apply_:
            erased = apply_limits(database, limits, actor=person(), now=utc_now())
            blank_waiting(database, workspace.vault, uuid.uuid4)
            project(workspace, database)
            facts["deleted"] = asdict(erased)
    if as_json:
        print_json(facts)
        return
    if not any(limits.model_dump().values()):
        say("Everything is kept: [retention] in tracemark.toml sets no age (tracemark config shows its names).")
    for kind, rows in due.listings.items():
        say(f"{len(rows)} {kind} listings are older than {getattr(limits, kind)} days.")
    if due.pages:
        say(f"{len(due.pages)} captures of pages without a listing are older than {limits.pages} days.")
    for reason, count in due.kept.items():
        say(f"{count} stay: {reason}")
    if apply_:
        _say_deleted(erased)
    elif any(due.listings.values()) or due.pages:
        say("Nothing was deleted: tracemark retention --apply does.")


@click.command()
@click.argument("named", metavar="ID", required=False)
@click.option("--seller", metavar="SITE/ID", help="A seller, with every listing.")
@click.option("--reason", required=True, help="On whose request, and why; it stays in the custody log.")
@workspace_option
@json_option
@click.pass_context
def forget(ctx: click.Context, named: str | None, seller: str | None, reason: str, as_json: bool) -> int:
    """Delete what is known of a listing or a seller, on a data subject's request, and say what may not be deleted.

    Exit 4 says that something stays, and names the hold or the case that keeps it.

    \b
    Examples:
      tracemark forget harborlist/10000042 --reason "Request 12/2026 of the data subject"
      tracemark forget --seller harborlist/u17 --reason "Request 12/2026 of the data subject" --json
    """
    from pipelines.composition import opened, person, project, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.retention.blanking import blank_waiting  # noqa: PLC0415
    from pipelines.retention.erasure import erase_listings, erase_sellers  # noqa: PLC0415
    from pipelines.retention.holds import reason_to_keep_seller, reasons_to_keep  # noqa: PLC0415

    if (named is None) == (seller is None):
        raise BadInput("name a listing, or a seller with --seller", hint="tracemark forget SITE/ID --reason …")
    if not reason.strip():
        raise BadInput("forgetting needs a reason", hint='--reason "Request 12/2026 of the data subject"')
    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        rows, account = _meant(database, named, seller)
        with database.write() as connection:
            kept = reasons_to_keep(connection, rows)
            going = [row for row in rows if row not in kept]
            names = _names(connection, rows)
            erased = erase_listings(connection, going, reason=reason, actor=person(), now=utc_now())
            why_seller = None if account is None else reason_to_keep_seller(connection, account)
            if account is not None and not kept and why_seller is None:
                erased += erase_sellers(connection, [account], reason=reason, actor=person(), now=utc_now())
        blank_waiting(database, workspace.vault, uuid.uuid4)
        project(workspace, database)
    stays = [{"subject": names[row], "reason": why} for row, why in sorted(kept.items())]
    stays += [] if why_seller is None else [{"subject": f"seller {seller}", "reason": why_seller}]
    facts = {"deleted": asdict(erased), "kept": stays}
    if as_json:
        print_json(facts)
    else:
        _say_deleted(erased)
        for one in stays:
            say(f"  {one['subject']} stays: {one['reason']}")
        say("Lists and pictures that also show others, backups and packets already given away are not touched.")
    return ExitCode.NOT_PERMITTED if stays else ExitCode.DONE


def _say_deleted(erased: Erased) -> None:
    say(f"Deleted: {erased.listings} listings, {erased.sellers} sellers, {erased.captures} captures.")


def _meant(database: Database, named: str | None, seller: str | None) -> tuple[list[int], int | None]:
    """The rows of the listings that are meant, and of the seller where one is."""
    from pipelines.naming import find_listing  # noqa: PLC0415 -- see composition
    from pipelines.store.lines import rows_of  # noqa: PLC0415
    from pipelines.store.tables import listings, sellers  # noqa: PLC0415

    if named is not None:
        place = find_listing(database, named)
        with database.read() as connection:
            return [rows_of(connection, [place])[place]], None
    site, native_id = _split(seller or "")
    with database.read() as connection:
        query = sa.select(sellers.c.id).where(sellers.c.site == site, sellers.c.native_id == native_id)
        account = connection.scalar(query)
        if account is None:
            raise BadInput(f"no seller {seller!r}", hint="tracemark export sellers lists them: SITE/ID")
        own = sa.select(listings.c.id).where(listings.c.seller == account).order_by(listings.c.id)
        return list(connection.scalars(own)), account


def _names(connection: sa.Connection, rows: list[int]) -> dict[int, str]:
    from pipelines.store.tables import listings  # noqa: PLC0415 -- see composition

    query = sa.select(listings.c.id, listings.c.site, listings.c.native_id).where(listings.c.id.in_(rows))
    return {row.id: f"{row.site}/{row.native_id}" for row in connection.execute(query)}


@click.group(cls=CommandGroup)
def hold() -> None:
    """Keep a listing or a seller from being deleted (a legal hold), and end that."""


@hold.command("add")
@click.argument("named", metavar="ID", required=False)
@click.option("--seller", metavar="SITE/ID", help="A seller, with every listing.")
@click.option("--reason", required=True, help="The order or request; it stays in the custody log.")
@workspace_option
@json_option
@click.pass_context
def add(ctx: click.Context, named: str | None, seller: str | None, reason: str, as_json: bool) -> None:
    """Hold a listing or a seller.

    \b
    Examples:
      tracemark hold add harborlist/10000042 --reason "Order 7/2026"
      tracemark hold add --seller harborlist/u17 --reason "Order 7/2026" --json
    """
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.naming import find_listing  # noqa: PLC0415
    from pipelines.retention.holds import Held, place_hold  # noqa: PLC0415

    if (named is None) == (seller is None):
        raise BadInput("name a listing, or a seller with --seller", hint="tracemark hold add SITE/ID --reason …")
    with opened(find_workspace(ctx)) as database:
        kind = Held.LISTING if seller is None else Held.SELLER
        site, native_id = find_listing(database, named or "") if seller is None else _split(seller)
        with database.write() as connection:
            number = place_hold(connection, kind, site, native_id, reason=reason, actor=person(), now=utc_now())
    if as_json:
        print_json({"id": number, "kind": kind.value, "subject": f"{site}/{native_id}"})
    else:
        say(f"Hold {number} is on {kind.value} {site}/{native_id}.")


def _split(seller: str) -> tuple[str, str]:
    site, _, native_id = seller.partition("/")
    return site, native_id


@hold.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, help="Why it ends; it stays in the custody log.")
@workspace_option
@json_option
@click.pass_context
def lift(ctx: click.Context, number: int, reason: str, as_json: bool) -> None:
    """End a hold.

    \b
    Examples:
      tracemark hold lift 3 --reason "Order 7/2026 was withdrawn"
      tracemark hold lift 3 --reason "Order 7/2026 was withdrawn" --json
    """
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.retention.holds import lift_hold  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.write() as connection:
        ended = lift_hold(connection, number, reason=reason, actor=person(), now=utc_now())
    if as_json:
        print_json({"id": number, "kind": ended.kind.value, "subject": f"{ended.site}/{ended.native_id}"})
    else:
        say(f"Hold {number} on {ended.subject} is lifted.")


@hold.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were lifted, too.")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """Show the holds in force.

    \b
    Examples:
      tracemark hold list
      tracemark hold list --all --json
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition
    from pipelines.retention.holds import list_holds  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.read() as connection:
        found = list_holds(connection, lifted=everything)
    if as_json:
        print_json([one.to_json() for one in found])
        return
    for one in found:
        ended = "" if one.lifted is None else f" (lifted {one.lifted.isoformat()} by {one.lifted_by})"
        click.echo(f"{one.id}  {one.subject}  since {one.at.isoformat()} by {one.actor}: {one.reason}{ended}")
    if not found:
        say("No hold is in force.")
