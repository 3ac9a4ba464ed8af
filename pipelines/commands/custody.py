"""`tracemark custody`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import ExitCode, TracemarkError

if TYPE_CHECKING:
    from pipelines.packet.heads import Head
    from pipelines.store.custody import Finding
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace

MOST_SHOWN = 100


@click.group(cls=CommandGroup)
def custody() -> None:
    """Sign where the custody log stands, or hold the log against what was signed before."""


@custody.command()
@click.option("--daily", is_flag=True, help="Only where a day has passed since the last head.")
@click.option("--out", type=click.Path(path_type=Path), help="A folder for a copy: keep one on another machine.")
@workspace_option
@json_option
@click.pass_context
def head(ctx: click.Context, daily: bool, out: Path | None, as_json: bool) -> None:
    """Sign the log's last row, and have it stamped where a time authority is configured.

    Heads lie in the workspace's custody/. A copy kept elsewhere is what shows, later, that the log was not made anew:
    run it daily (cron) with --daily --out. `packet create` and `watch` sign one too, where a day has passed.

    \b
    Examples:
      tracemark custody head
      tracemark custody head --daily --out /mnt/other-machine/heads
    """
    from pipelines.commands.signing import open_key  # noqa: PLC0415 -- see composition
    from pipelines.composition import head_desk, opened  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        made = head_desk(workspace, database, lambda: open_key(workspace)).sign(only_when_due=daily)
    if made is None:
        print_json({"head": None}) if as_json else say("Nothing to sign: the log has no row that is not signed.")
        return
    if out is not None:
        made.head.save(out)
    if as_json:
        stamped = made.head.stamped
        print_json(
            {"head": str(made.path), "sequence": made.head.sequence, "stamped": stamped, "waiting": made.unstamped}
        )
        return
    say(f"{made.path}: row {made.head.sequence}")
    if made.unstamped is not None:
        say(f"Not stamped yet: {made.unstamped}. It waits; tracemark packet stamp asks again.")


@custody.command()
@click.option("--head", "heads", multiple=True, type=click.Path(path_type=Path), help="An earlier head (also several).")
@click.option("--key", type=click.Path(path_type=Path), help="The public key (PEM) that must have signed the heads.")
@workspace_option
@json_option
@click.pass_context
def verify(ctx: click.Context, heads: tuple[Path, ...], key: Path | None, as_json: bool) -> int:
    """Check every row of the log against the one before it, and the log against the workspace's heads and those given.

    Found: edited rows, removed rows, rows in another order, a log written anew (forked) or cut, and rows that claim a
    time before a head that does not have them. Without a head that was kept elsewhere, a log that was written anew
    together with its heads cannot be told.

    \b
    Examples:
      tracemark custody verify
      tracemark custody verify --head /mnt/other-machine/heads/head-000000001200.json --json
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition
    from pipelines.packet.heads import Head, inspect_log, load_heads  # noqa: PLC0415
    from pipelines.packet.keys import PublicKey, TrustedKeys  # noqa: PLC0415
    from pipelines.store.custody import Finding, custody_rows, newest_row  # noqa: PLC0415

    workspace = find_workspace(ctx)
    known = TrustedKeys.load(workspace.trusted_keys).fingerprints
    if key is not None:
        known = frozenset({PublicKey.load(key).fingerprint})
    earlier = [*load_heads(workspace.heads), *(Head.load(path) for path in heads)]
    with opened(workspace) as database, database.read() as connection:
        findings = [
            Finding(
                check="head", sequence=one.sequence, reason=f"signed by {one.statement['key']}, which is not trusted"
            )
            for one in earlier
            if one.statement["key"] not in known
        ]
        findings += inspect_log(custody_rows(connection), earlier)
        newest = newest_row(connection)
    rows = 0 if newest is None else int(newest["sequence"])
    _print(rows, earlier, findings, as_json=as_json)
    return ExitCode.NOT_AS_IT_SHOULD_BE if findings else ExitCode.DONE


def sign_daily_head(workspace: Workspace, database: Database) -> str:
    """Sign where the custody log stands, where a day has passed; what came of it, in words to add to others.

    Nobody is asked for a passphrase: where the environment does not open the key, the words say so.
    """
    from pipelines.commands.signing import open_key  # noqa: PLC0415 -- see composition
    from pipelines.composition import head_desk  # noqa: PLC0415

    try:
        made = head_desk(workspace, database, lambda: open_key(workspace)).sign(only_when_due=True)
    except TracemarkError as error:
        return f"; the day's head of the custody log is not signed: {error.message}"
    return "" if made is None else f"; custody log signed at row {made.head.sequence}"


def _print(rows: int, heads: list[Head], findings: list[Finding], *, as_json: bool) -> None:
    stamped = sum(one.token is not None for one in heads)
    if as_json:
        shown = [{"check": one.check, "sequence": one.sequence, "reason": one.reason} for one in findings[:MOST_SHOWN]]
        body = {"valid": not findings, "rows": rows, "heads": len(heads), "stamped": stamped}
        print_json({**body, "findings": shown, "more": max(0, len(findings) - MOST_SHOWN)})
        return
    click.echo("the log holds" if not findings else "the log does NOT hold")
    click.echo(f"  {rows} rows, {len(heads)} heads, {stamped} of them stamped by a time authority")
    for one in findings[:MOST_SHOWN]:
        click.echo(f"  {one.check} at row {one.sequence}: {one.reason}")
    if len(findings) > MOST_SHOWN:
        click.echo(f"  and {len(findings) - MOST_SHOWN} more")
