"""`tracemark licences` and `tracemark stolen`: registers that others publish or lawfully hold."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.models import JsonObject

_MOST_SHOWN = 5
_FILE = click.Path(path_type=Path)


@click.group(cls=CommandGroup)
def licences() -> None:
    """Registers of dealers' licences: stated numbers and names are matched with them, for a person to check."""


@licences.command("import")
@click.argument("file", type=_FILE)
@click.option("--date", "dated", required=True, metavar="DATE", help="The day as of which it was published.")
@click.option(
    "--name", default="atf-ffl", show_default=True, help="What the register is called; a later one replaces it."
)
@click.option("--map", "columns", metavar="FIELD=COLUMN,…", help="For registers in another form than ATF's.")
@click.option("--country", default="US", show_default=True, help="Whose telephone numbers it has (ISO 3166-1).")
@workspace_option
@json_option
@click.pass_context
def import_licences(
    ctx: click.Context, file: Path, dated: str, name: str, columns: str | None, country: str, as_json: bool
) -> ExitCode:
    """Take in a register of licences (CSV) as of its day of publication, in the place of an earlier one of its name.

    Without --map it is in the form in which ATF publishes its list (LIC_REGN … LIC_SEQN). The fields of --map are
    number, expires (YYYY-MM-DD), kind, name, business, street, city, state, zip and phone. The next `tracemark assess`
    compares every seller with it. Exit 1 where lines could not be read.

    \b
    Examples:
      tracemark licences import ffl-list.csv --date 2026-11-01
      tracemark licences import rfd.csv --date 2026-10-15 --name rfd --country GB --map number=RFD,name=Dealer,city=Town
    """
    from pipelines.licences.register import keep_register, read_register  # noqa: PLC0415 -- see composition

    register = read_register(
        file, name=name, dated=_day(dated), columns=_columns(columns), country=country.strip().upper() or None
    )
    _keep(ctx, lambda connection, at, person: keep_register(connection, register, at=at, person=person), name, file)
    return _tell(name, dated, len(register.entries), register.unread, "licences", as_json=as_json)


@licences.command("list")
@workspace_option
@json_option
@click.pass_context
def list_registers(ctx: click.Context, as_json: bool) -> None:
    """Show which registers and lists are there, as of which day, and who took them in.

    \b
    Examples:
      tracemark licences list
      tracemark licences list --json
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition
    from pipelines.licences.register import read_imports  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.read() as connection:
        found = read_imports(connection)
    if as_json:
        print_json(found)
        return
    for one in found:
        click.echo(f"{one['kind']:9} {one['register']} of {one['dated']}: {one['entries']} entries, by {one['person']}")
    if not found:
        say("no register is there: tracemark licences import FILE --date DATE")


@click.group(cls=CommandGroup)
def stolen() -> None:
    """Lists of stolen serial numbers that an agency may lawfully hold: kept as keyed hashes, never in the clear."""


@stolen.command("import")
@click.argument("file", type=_FILE)
@click.option("--date", "dated", required=True, metavar="DATE", help="The day as of which it holds.")
@click.option("--name", default="stolen", show_default=True, help="What the list is called; a later one replaces it.")
@click.option("--map", "columns", metavar="FIELD=COLUMN,…", help="Columns of the serial number and the maker.")
@workspace_option
@json_option
@click.pass_context
def import_stolen(
    ctx: click.Context, file: Path, dated: str, name: str, columns: str | None, as_json: bool
) -> ExitCode:
    """Take in a list of stolen serial numbers (CSV: serial, and make where known), hashed under the workspace's key.

    The next `tracemark assess` compares with it what listings state. Exit 1 where lines could not be read.

    \b
    Examples:
      tracemark stolen import stolen.csv --date 2026-11-01
      tracemark stolen import extract.csv --date 2026-11-01 --name case-12 --map serial=SerialNo,make=Manufacturer
    """
    from pipelines.composition import serial_key  # noqa: PLC0415 -- see composition
    from pipelines.licences.stolen import keep_stolen, read_stolen  # noqa: PLC0415

    key = serial_key(find_workspace(ctx))
    found = read_stolen(file, name=name, dated=_day(dated), columns=_columns(columns), key=key)
    _keep(ctx, lambda connection, at, person: keep_stolen(connection, found, at=at, person=person), name, file)
    return _tell(name, dated, len(found.rows), found.unread, "serial numbers", as_json=as_json)


def _keep(ctx: click.Context, keep: Callable[..., int], name: str, file: Path) -> None:
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.write() as connection:
        at = utc_now()
        keep(connection, at, person())
        event = CustodyEvent(
            at=at, actor=person(), action="import", subject=f"register:{name}", detail={"file": file.name}
        )
        append_custody(connection, [event])


def _tell(name: str, dated: str, entries: int, unread: list[str], what: str, *, as_json: bool) -> ExitCode:
    if as_json:
        body: JsonObject = {"register": name, "dated": dated, "entries": entries, "unread": len(unread)}
        print_json({**body, "examples": unread[:_MOST_SHOWN]})
    else:
        say(f"{name} of {dated}: {entries} {what}; the next `tracemark assess` compares with them")
        for line in unread[:_MOST_SHOWN]:
            say(f"  left out: {line}")
        if len(unread) > _MOST_SHOWN:
            say(f"  and {len(unread) - _MOST_SHOWN} more")
    return ExitCode.NOT_AS_IT_SHOULD_BE if unread else ExitCode.DONE


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"--date {text!r} is no date", hint="--date 2026-11-01") from error


def _columns(text: str | None) -> dict[str, str]:
    pairs = [one.partition("=") for one in (text or "").split(",") if one.strip()]
    wrong = [field for field, sign, column in pairs if not sign or not column.strip()]
    if wrong:
        raise BadInput(f"--map {wrong[0]!r} names no column", hint="--map number=COLUMN,name=COLUMN")
    return {field.strip(): column.strip() for field, _, column in pairs}
