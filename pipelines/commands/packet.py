"""`tracemark packet`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import (
    CommandGroup,
    find_workspace,
    given_workspace,
    json_option,
    print_json,
    say,
    workspace_option,
)
from pipelines.errors import ConfigurationError, ExitCode, PartMissing
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.packet.dossier import Dossier
    from pipelines.packet.reassessment import Reassessment


@click.group(cls=CommandGroup)
def packet() -> None:
    """Seal what was seen of a listing for others, or verify such a packet."""


@packet.command()
@click.argument("named", metavar="ID|CASE")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write (default: in packets/).")
@click.option("--redacted", is_flag=True, help="For outside readers: without contacts, names and handles.")
@workspace_option
@json_option
@click.pass_context
def create(ctx: click.Context, named: str, out: Path | None, redacted: bool, as_json: bool) -> None:
    """Write the evidence packet of a listing or a case: captures, versions, assessment, history, custody; signed.

    \b
    Examples:
      tracemark packet create harborlist/10000042 --out 10000042.zip
      TRACEMARK_KEY_PASSPHRASE=… tracemark packet create C-2026-0001
      tracemark packet create C-2026-0001 --redacted --out for-researchers.zip
    """
    from pipelines.commands.signing import open_key  # noqa: PLC0415 -- see composition
    from pipelines.composition import opened, person, seal_packet, utc_now  # noqa: PLC0415
    from pipelines.evidence import find_dossier  # noqa: PLC0415
    from pipelines.exchange.redaction import redact  # noqa: PLC0415

    workspace = find_workspace(ctx)
    key = open_key(workspace)
    with opened(workspace) as database:
        dossier = find_dossier(database, named, vault=workspace.vault, workspace=workspace.root.name)
        if redacted:
            dossier = redact(dossier)
        path = out or workspace.packets / f"{_file_name(dossier)}.zip"
        receipt = seal_packet(workspace, database, dossier, path, key, actor=person(), now=utc_now)
    if as_json:
        print_json(
            {
                "file": str(path),
                **dossier.subject,
                "redacted": redacted,
                "root": receipt.root,
                "sha256": receipt.sha256,
                "size": receipt.size,
                "members": receipt.members,
                "timestamp": {
                    "configured": workspace.settings.timestamps.url is not None,
                    "waiting": receipt.unstamped,
                },
            }
        )
        return
    say(f"{path}: {receipt.members} members, {receipt.size} bytes")
    say(f"SHA-256 {receipt.sha256}")
    if receipt.unstamped is not None:
        say(f"Not stamped yet: {receipt.unstamped}. It waits; tracemark packet stamp asks again.")
    say(f"Anyone can check it: tracemark packet verify {path}")


@packet.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@workspace_option
@json_option
@click.pass_context
def stamp(ctx: click.Context, file: Path | None, as_json: bool) -> int:
    """Ask the time authority again for what waits: packets, and heads of the custody log. Or stamp one FILE.

    A packet is called stamped only once two tools found the token good.

    \b
    Examples:
      tracemark packet stamp
      tracemark packet stamp 10000042.zip
    """
    from pipelines.composition import opened, person, time_authority, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.packet.authority import StampFailed  # noqa: PLC0415
    from pipelines.packet.sealing import StampDesk, StampReport  # noqa: PLC0415

    workspace = find_workspace(ctx)
    authority = time_authority(workspace)
    if authority is None:
        raise ConfigurationError("no time authority is configured", hint="[timestamps] url and ca in tracemark.toml")
    with opened(workspace) as database:
        desk = StampDesk(database=database, authority=authority, heads=workspace.heads, actor=person(), now=utc_now)
        if file is None:
            report = desk.run(everything=True)
        else:
            try:
                desk.stamp_file(file)
            except StampFailed as error:
                raise PartMissing(str(error), hint="try again later") from error
            report = StampReport(stamped=(str(file),), waiting=())
    if as_json:
        waiting = [{"file": name, "reason": reason} for name, reason in report.waiting]
        print_json({"stamped": list(report.stamped), "waiting": waiting})
    else:
        say(f"{len(report.stamped)} stamped, {len(report.waiting)} wait")
        for name, reason in report.waiting:
            say(f"  {name}: {reason}")
    return ExitCode.NOT_AS_IT_SHOULD_BE if report.waiting else ExitCode.DONE


@packet.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), help="The signer's public key (PEM) that it must be.")
@click.option(
    "--authority", type=click.Path(path_type=Path), help="The time authority (PEM) that must have stamped it."
)
@click.option("--reassess", "again", is_flag=True, help="Also assess the packed words again, and compare.")
@workspace_option
@json_option
@click.pass_context
def verify(ctx: click.Context, file: Path, key: Path | None, authority: Path | None, again: bool, as_json: bool) -> int:
    """Check every byte of a packet. Needs no workspace and no network.

    With --reassess the packed words go through the model and rules of this installation: the same versions must give
    the same assessment; how far a fresh embedding lies from the packed one is told.

    \b
    Examples:
      tracemark packet verify 10000042.zip
      tracemark packet verify 10000042.zip --key unit.pub.pem --json
      tracemark packet verify 10000042.zip --authority tsa.pem --reassess
    """
    from pipelines.packet.keys import TrustedKeys  # noqa: PLC0415 -- see composition
    from pipelines.packet.verification import verify as verify_packet  # noqa: PLC0415

    trusted = TrustedKeys()
    place: Workspace | None = None
    try:
        place = Workspace.find(given_workspace(ctx), os.environ, Path.cwd())
        trusted = TrustedKeys.load(place.trusted_keys)
    except ConfigurationError:
        if given_workspace(ctx) is not None:
            raise
    result = verify_packet(file, trusted, key, authority)
    repeated = _reassess(file, place) if again and result.valid else []
    if as_json:
        print_json({**result.json, "reassessed": [one.to_json() for one in repeated]} if again else result.json)
    else:
        _print(result.json)
        _print_repeated(repeated)
    if result.valid and not all(one.same for one in repeated):
        return ExitCode.NOT_AS_IT_SHOULD_BE
    return result.exit_code


def _reassess(file: Path, place: Workspace | None) -> list[Reassessment]:
    from classifiers import Assessor  # noqa: PLC0415 -- see composition
    from classifiers.encoder import load_encoder  # noqa: PLC0415
    from pipelines.composition import load_assessor  # noqa: PLC0415
    from pipelines.packet.reassessment import reassess  # noqa: PLC0415

    assessor = Assessor.load(encoder=load_encoder("shipped")) if place is None else load_assessor(place)
    return reassess(file, assessor)


def _print_repeated(repeated: list[Reassessment]) -> None:
    for one in repeated:
        name = f"{one.subject['site']}/{one.subject['id']}"
        if one.reason is not None:
            click.echo(f"  {name} was not assessed again: {one.reason}")
            continue
        click.echo(f"  {name} assessed again: {'the same' if one.same else 'differs in ' + ', '.join(one.differs)}")
        if one.other_versions:
            click.echo(f"    here are other versions of {', '.join(one.other_versions)}")
        if one.distance is not None:
            click.echo(f"    a fresh embedding lies {one.distance:.6f} (1 - cosine) from the packed one")


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
    end = "-redacted" if dossier.redaction is not None else ""
    return f"{start}-" + "".join(char if char.isalnum() or char in "-_" else "-" for char in name)[:80] + end
