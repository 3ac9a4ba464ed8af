"""`tracemark backup` and `tracemark restore`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.commands.progress import progress


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The new file to write.")
@click.option("--keys", is_flag=True, help="The private keys too: guard the file as you guard them.")
@workspace_option
@json_option
@click.pass_context
def backup(ctx: click.Context, out: Path, keys: bool, as_json: bool) -> None:
    """Write the whole workspace into one file: store, evidence, site files, settings, packets. Visits may go on.

    The search index is left out: restore builds it anew. Private keys are left out unless asked for with --keys.

    \b
    Examples:
      tracemark backup --out /mnt/backups/room-2026-11-21.tar
      tracemark backup --out room.tar --keys --json
    """
    from pipelines.backup.writing import write_backup  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415

    workspace = find_workspace(ctx)
    written = 0
    with opened(workspace) as database, progress("files written", quiet=as_json) as tell:

        def count(_name: str) -> None:
            nonlocal written
            written += 1
            tell(written, None)

        manifest = write_backup(workspace, database, out, keys=keys, actor=person(), now=utc_now(), tell=count)
    facts = {
        "file": str(out),
        "files": len(manifest["members"]),
        "bytes": out.stat().st_size,
        "custody": manifest["custody"],
        "keys": keys,
    }
    if as_json:
        print_json(facts)
        return
    say(f"{out}: {facts['files']} files, {facts['bytes'] / 1e6:,.1f} MB, custody row {facts['custody']['sequence']}.")
    if not keys and workspace.signing_key.exists():
        say("The private keys are not in it: keep them apart, or add --keys.")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def restore(file: Path, folder: Path, as_json: bool) -> None:
    """Make the new workspace FOLDER from the backup FILE; every byte is compared with the backup's manifest first.

    Where the settings, or TRACEMARK_DATABASE_URL, name a database, the store goes there: it must be empty.

    \b
    Examples:
      tracemark restore /mnt/backups/room-2026-11-21.tar room
      TRACEMARK_DATABASE_URL=postgresql+psycopg://tracemark@db.example.org/room tracemark restore room.tar room
    """
    from pipelines.backup.restoring import restore_backup  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened, opened_index, utc_now  # noqa: PLC0415
    from pipelines.index.projector import Projector  # noqa: PLC0415
    from pipelines.journal import JournalSource  # noqa: PLC0415

    read = 0
    with progress("files read", quiet=as_json) as tell:

        def count(_name: str) -> None:
            nonlocal read
            read += 1
            tell(read, None)

        workspace, manifest = restore_backup(file, folder, os.environ, count)
    with opened(workspace) as database, opened_index(workspace, read_only=False) as index:
        Projector(index, JournalSource(database, utc_now)).rebuild()
        documents = index.count()
    facts = {
        "workspace": str(workspace.root),
        "made": manifest["at"],
        "files": len(manifest["members"]),
        "custody": manifest["custody"],
        "documents": documents,
    }
    if as_json:
        print_json(facts)
        return
    say(
        f"{workspace.root}: as of {manifest['at']}, {facts['files']} files, "
        f"custody row {facts['custody']['sequence']}; {documents} listings are indexed."
    )
