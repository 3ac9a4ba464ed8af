"""`tracemark exchange`."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput, DiskTrouble

_NAMES = ("case-uco", "misp", "stix", "tracing-csv", "tracing-json")


@click.command()
@click.argument("form", metavar="FORMAT", type=click.Choice(_NAMES))
@click.argument("named", metavar="ID|CASE")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The file to write (default: stdout).")
@click.option("--redacted", is_flag=True, help="For outside readers: without contacts, names and handles.")
@workspace_option
@json_option
@click.pass_context
def exchange(ctx: click.Context, form: str, named: str, out: Path | None, redacted: bool, as_json: bool) -> None:
    """Write a listing or a case in a form that others read. Nothing is sent: handing it on is yours.

    case-uco (JSON-LD), misp (event), stix (2.1 bundle), tracing-csv and tracing-json (what the International Tracing
    Instrument asks for, gaps shown).

    \b
    Examples:
      tracemark exchange tracing-csv harborlist/10000042 --out 10000042.csv
      tracemark exchange stix C-2026-0001 --redacted --out case.json
      tracemark exchange case-uco C-2026-0001 > case.jsonld
    """
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.evidence import find_dossier  # noqa: PLC0415
    from pipelines.exchange.formats import FORMATS  # noqa: PLC0415
    from pipelines.exchange.redaction import redact  # noqa: PLC0415
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    if as_json and out is None:
        raise BadInput(
            "--json says what was written where; without a file the data itself goes to stdout", hint="--out"
        )
    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        dossier = find_dossier(database, named, vault=workspace.vault, workspace=workspace.root.name)
        data = FORMATS[form].write(redact(dossier) if redacted else dossier)
        sha256 = hashlib.sha256(data).hexdigest()
        if out is not None:
            _write(out, data)
        event = CustodyEvent(
            at=utc_now(),
            actor=person(),
            action="export",
            subject=dossier.custody_subject,
            detail={"form": form, "redacted": redacted, "sha256": sha256, "file": None if out is None else out.name},
        )
        with database.write() as connection:
            append_custody(connection, [event])
    if out is None:
        sys.stdout.buffer.write(data)
        return
    if as_json:
        print_json({"file": str(out), "format": form, **dossier.subject, "redacted": redacted, "sha256": sha256})
        return
    say(f"{out}: {len(data)} bytes, SHA-256 {sha256}")


def _write(out: Path, data: bytes) -> None:
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        try:
            part.write_bytes(data)
            part.replace(out)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise DiskTrouble(f"{out} could not be written: {error.strerror}") from error
