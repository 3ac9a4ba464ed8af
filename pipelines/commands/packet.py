"""`tracemark packet`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import (
    find_workspace,
    given_workspace,
    json_option,
    print_json,
    say,
    workspace_option,
)
from pipelines.errors import ConfigurationError
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier


@click.group()
def packet() -> None:
    """Seal what was seen of a listing for others, or verify such a packet."""


@packet.command()
@click.argument("named", metavar="ID|CASE")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (default: in packets/).")
@workspace_option
@json_option
@click.pass_context
def create(ctx: click.Context, named: str, out: Path | None, as_json: bool) -> None:
    """Write the evidence packet of a listing or a case: captures, versions, assessment, history, custody; signed.

    \b
    Examples:
      tracemark packet create harborlist/10000042 --out 10000042.zip
      TRACEMARK_KEY_PASSPHRASE=… tracemark packet create C-2026-0001
    """
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.evidence import find_dossier  # noqa: PLC0415
    from pipelines.packet.creation import create as create_packet  # noqa: PLC0415
    from pipelines.packet.keys import SigningKey  # noqa: PLC0415
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    workspace = find_workspace(ctx)
    key = SigningKey.load(workspace.signing_key, os.environ.get("TRACEMARK_KEY_PASSPHRASE") or None)
    with opened(workspace) as database:
        dossier = find_dossier(database, named, vault=workspace.vault, workspace=workspace.root.name)
        path = out or workspace.packets / f"{_file_name(dossier)}.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        receipt = create_packet(dossier, path, key)
        event = CustodyEvent(
            at=utc_now(),
            actor=person(),
            action="export",
            subject=dossier.custody_subject,
            detail={"packet": path.name, "sha256": receipt.sha256, "root": receipt.root},
        )
        with database.write() as connection:
            append_custody(connection, [event])
    if as_json:
        print_json(
            {
                "file": str(path),
                **dossier.subject,
                "root": receipt.root,
                "sha256": receipt.sha256,
                "size": receipt.size,
                "members": receipt.members,
            }
        )
        return
    say(f"{path}: {receipt.members} members, {receipt.size} bytes")
    say(f"SHA-256 {receipt.sha256}")
    say(f"Anyone can check it: tracemark packet verify {path}")


@packet.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="The signer's public key (PEM) that it must be.")
@workspace_option
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path, key: Path | None, as_json: bool) -> int:
    """Check every byte of a packet. Needs no workspace and no network.

    \b
    Examples:
      tracemark packet verify 10000042.zip
      tracemark packet verify 10000042.zip --key unit.pub.pem --json
    """
    from pipelines.packet.keys import TrustedKeys  # noqa: PLC0415 -- see composition
    from pipelines.packet.verification import verify as verify_packet  # noqa: PLC0415

    trusted = TrustedKeys()
    try:
        place = Workspace.find(given_workspace(ctx), os.environ, Path.cwd())
        trusted = TrustedKeys.load(place.trusted_keys)
    except ConfigurationError:
        if given_workspace(ctx) is not None:
            raise
    result = verify_packet(file, trusted, key)
    if as_json:
        print_json(result.json)
        return result.exit_code
    _print(result.json)
    return result.exit_code


def _print(result: dict[str, object]) -> None:
    click.echo("verified" if result["valid"] else "NOT verified")
    signer = result["signed_by"]
    if isinstance(signer, dict) and signer.get("fingerprint"):
        click.echo(f"signed by {signer['fingerprint']}, {'trusted' if signer['trusted'] else 'not trusted'}")
    for one in _list(result["proves"]):
        click.echo(f"  proves: {one}")
    for one in _list(result["failures"]):
        click.echo(f"  fails {one['check']}: {one['file']}: {one['reason']}")


def _list(value: object) -> list[dict[str, str]]:
    return value if isinstance(value, list) else []


def _file_name(dossier: Dossier) -> str:
    start, name = ("case", dossier.subject["case"]) if dossier.case else (dossier.site, dossier.id)
    return f"{start}-" + "".join(char if char.isalnum() or char in "-_" else "-" for char in name)[:80]
