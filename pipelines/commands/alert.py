"""`tracemark alert`: saved searches that tell of new hits."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import ExitCode

if TYPE_CHECKING:
    from pipelines.alerts.models import SavedSearch
    from pipelines.alerts.preview import Preview
    from pipelines.alerts.round import RoundReport


@click.group(cls=CommandGroup)
def alert() -> None:
    """Save searches, and be told of what they find: once for each item, not for each repost."""


@alert.command()
@click.argument("query", nargs=-1)
@workspace_option
@json_option
@click.pass_context
def preview(ctx: click.Context, query: tuple[str, ...], as_json: bool) -> None:
    """Show what a search would have told in the last 30 days, and by week.

    \b
    Examples:
      tracemark alert preview 'glock signal:no_check_offered'
      tracemark alert preview 'contact:+12025550147' --json
    """
    found = _preview(ctx, " ".join(query))
    if as_json:
        print_json(found.to_json())
    else:
        _print_preview(found)


@alert.command()
@click.argument("name")
@click.argument("query", nargs=-1, required=True)
@click.option("--tell", "ways", multiple=True, required=True, help="email:ADDRESS, webhook:URL or feed; repeatable.")
@click.option("--rhythm", type=click.Choice(["at-once", "hourly", "daily", "weekly"]), default="at-once")
@click.option("--quiet", metavar="HOURS", help="Hours in which nothing is sent, with their zone.")
@click.option("--history", is_flag=True, help="Tell of all that was ever seen, too.")
@workspace_option
@json_option
@click.pass_context
def add(
    ctx: click.Context,
    name: str,
    query: tuple[str, ...],
    ways: tuple[str, ...],
    rhythm: str,
    quiet: str | None,
    history: bool,
    as_json: bool,
) -> None:
    """Save a search under NAME, and show what it would have told in the last 30 days.

    \b
    Examples:
      tracemark alert add no-checks 'signal:no_check_offered' --tell email:unit@example.org --rhythm daily
      tracemark alert add fox 'contact:quiet_fox' --tell feed --quiet '22:00-07:00 Europe/Berlin'
    """
    from pipelines.alerts.models import Channel, QuietHours, Rhythm, SavedSearch  # noqa: PLC0415 -- see composition
    from pipelines.alerts.records import keep_search  # noqa: PLC0415
    from pipelines.composition import opened, opened_index, person, utc_now  # noqa: PLC0415

    workspace = find_workspace(ctx)
    channels = tuple(Channel.read(way) for way in ways)
    hours = None if quiet is None else QuietHours.read(quiet)
    shown = _preview(ctx, " ".join(query))
    with opened_index(workspace, read_only=True) as index:
        sequence = 0 if history else index.position()
    search = SavedSearch(
        name=name,
        query=" ".join(query),
        owner=person(),
        created=utc_now(),
        channels=channels,
        rhythm=Rhythm(rhythm),
        quiet=hours,
        sequence=sequence,
    )
    with opened(workspace) as database, database.write() as connection:
        keep_search(connection, search)
    if as_json:
        print_json({"saved": search.to_json(), "preview": shown.to_json()})
        return
    _print_preview(shown)
    say(f"saved as {name}; `tracemark alert run` looks for what is new")


@alert.command("list")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """Show the saved searches, and what could not be sent.

    \b
    Examples:
      tracemark alert list
      tracemark alert list --json
    """
    from pipelines.alerts.delivery import failed_deliveries  # noqa: PLC0415 -- see composition
    from pipelines.alerts.records import read_searches  # noqa: PLC0415
    from pipelines.composition import opened  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.read() as connection:
        searches, failed = read_searches(connection), failed_deliveries(connection)
    if as_json:
        print_json({"searches": [search.to_json() for search in searches], "not_sent": failed})
        return
    for search in searches:
        click.echo(f"{search.name}: {search.query}")
        click.echo(f"  {search.rhythm.value}, tells {', '.join(map(str, search.channels))}" + _state(search))
    for one in failed:
        click.echo(f"not sent: {one['search']} by {one['channel']}, {one['attempts']} attempts: {one['reason']}")


@alert.command()
@click.argument("name")
@click.option("--until", required=True, metavar="DATE", help="The last day, or the time, of the silence.")
@workspace_option
@json_option
@click.pass_context
def mute(ctx: click.Context, name: str, until: str, as_json: bool) -> None:
    """Have a saved search tell nothing until a date. What it finds meanwhile is told afterwards, together.

    \b
    Examples:
      tracemark alert mute no-checks --until 2026-12-31
      tracemark alert mute no-checks --until 2026-12-31T18:00+01:00
    """
    from pipelines.alerts.models import end_of_mute  # noqa: PLC0415 -- see composition
    from pipelines.composition import utc_now  # noqa: PLC0415

    _change(ctx, name, as_json=as_json, muted_until=end_of_mute(until, utc_now()))


@alert.command()
@click.argument("name")
@workspace_option
@json_option
@click.pass_context
def unmute(ctx: click.Context, name: str, as_json: bool) -> None:
    """Have a muted search tell again.

    \b
    Examples:
      tracemark alert unmute no-checks
      tracemark alert unmute no-checks --workspace case-room
    """
    _change(ctx, name, as_json=as_json, muted_until=None)


@alert.command()
@click.argument("name")
@workspace_option
@json_option
@click.pass_context
def retro(ctx: click.Context, name: str, as_json: bool) -> None:
    """Run a saved search over all history with the next round; what was told before is not told again.

    \b
    Examples:
      tracemark alert retro no-checks
      tracemark alert retro no-checks --workspace case-room
    """
    _change(ctx, name, as_json=as_json, sequence=0)


@alert.command()
@click.argument("name")
@workspace_option
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Remove a saved search and what was kept of it.

    \b
    Examples:
      tracemark alert remove no-checks
      tracemark alert remove no-checks --workspace case-room
    """
    from pipelines.alerts.records import read_search, remove_search  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database, database.write() as connection:
        remove_search(connection, read_search(connection, name))
    (workspace.root / "alerts" / f"{name}.atom").unlink(missing_ok=True)
    say(f"{name} is removed")


@alert.command()
@workspace_option
@json_option
@click.pass_context
def run(ctx: click.Context, as_json: bool) -> int:
    """Ask every saved search for what is new since it was last asked, and tell it. Exit 1 where something failed.

    \b
    Examples:
      tracemark alert run
      tracemark alert run --json
    """
    from pipelines.alerts.service import run_alerts  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        report = run_alerts(workspace, database, os.environ)
    if as_json:
        print_json(report.to_json())
    else:
        _print_round(report)
    return ExitCode.DONE if report.is_well else ExitCode.NOT_AS_IT_SHOULD_BE


@alert.command()
@click.argument("name")
@workspace_option
@click.pass_context
def feed(ctx: click.Context, name: str) -> None:
    """Print the Atom feed of a saved search.

    \b
    Examples:
      tracemark alert feed no-checks
      tracemark alert feed no-checks --workspace case-room > no-checks.atom
    """
    from pipelines.alerts.round import make_feed  # noqa: PLC0415 -- see composition
    from pipelines.alerts.settings import FILE, read_alert_settings  # noqa: PLC0415
    from pipelines.composition import opened  # noqa: PLC0415

    workspace = find_workspace(ctx)
    settings = read_alert_settings(workspace.root / FILE, os.environ)
    with opened(workspace) as database:
        click.echo(make_feed(database, name, settings.desk), nl=False)


def _preview(ctx: click.Context, text: str) -> Preview:
    from pipelines.alerts.collection import resolve  # noqa: PLC0415 -- see composition
    from pipelines.alerts.preview import preview as make_preview  # noqa: PLC0415
    from pipelines.composition import opened, opened_index, utc_now  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        query = resolve(text, database)
    with opened_index(workspace, read_only=True) as index:
        return make_preview(query, index, utc_now())


def _change(ctx: click.Context, name: str, *, as_json: bool, **values: object) -> None:
    from pipelines.alerts.records import change_search, read_search  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.write() as connection:
        change_search(connection, read_search(connection, name), **values)
        search = read_search(connection, name)
    if as_json:
        print_json(search.to_json())
    else:
        say(f"{name}: {search.query}" + _state(search))


def _state(search: SavedSearch) -> str:
    parts = [f", quiet {search.quiet}"] if search.quiet else []
    parts += [f", muted until {search.muted_until:%Y-%m-%d %H:%M} UTC"] if search.muted_until else []
    parts += [f", cannot be asked: {search.trouble}"] if search.trouble else []
    return "".join(parts)


def _print_preview(found: Preview) -> None:
    say(f"{found.recent} listings in the last 30 days, {found.per_week:.1f} a week; {found.total} in all")
    for bar in found.weeks:
        click.echo(f"week of {bar.start}: {bar.count}")
    for hit in found.newest:
        click.echo(f"  {hit.key}  {hit.line['title']}")


def _print_round(report: RoundReport) -> None:
    for one in report.searches:
        click.echo(f"{one.name}: {one.new} new, {one.reposts} reposts, {one.told} told")
        if one.trouble:
            say(f"  could not be asked: {one.trouble}")
    sent = report.deliveries
    say(f"{sent.sent} sent, {sent.waiting} to be tried again, {sent.failed} given up")
