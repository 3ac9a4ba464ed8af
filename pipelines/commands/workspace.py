"""`tracemark init` and `tracemark config`."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import click

from pipelines.commands.conventions import (
    find_workspace,
    given_workspace,
    json_option,
    print_json,
    say,
    workspace_option,
)
from pipelines.errors import BadInput
from pipelines.workspace import Workspace, write_workspace


@click.command()
@click.argument("folder", required=False, metavar="[DIR]")
@click.option("--operator", help="Who collects: an agency, a team, a marketplace.")
@click.option("--contact", help="An address that answers; every site visited is told it.")
@click.option("--authority", help="The legal basis or mandate, in words.")
@click.option("--reference", help="The file number of the written authority.")
@click.option("--expires", help="The last day on which it holds (YYYY-MM-DD).")
@workspace_option
@json_option
@click.pass_context
def init(
    ctx: click.Context,
    folder: str | None,
    operator: str | None,
    contact: str | None,
    authority: str | None,
    reference: str | None,
    expires: str | None,
    as_json: bool,
) -> None:
    """Make a workspace: the folder with settings, site files, evidence and index.

    Sites are crawled only on someone's authority: give --operator, --contact and --authority here, or
    in each site file.

    \b
    Examples:
      tracemark init case-room --operator "Example Unit" --contact unit@example.org --authority "Mandate 12/2026"
      tracemark init .
    """
    root = Path(folder or given_workspace(ctx) or ".").expanduser()
    if expires is not None:
        try:
            date.fromisoformat(expires)
        except ValueError as error:
            raise BadInput(f"--expires {expires!r} is no date", hint="--expires 2027-06-30") from error
    given = {"operator": operator, "contact": contact, "basis": authority, "reference": reference, "expires": expires}
    write_workspace(root, given)
    workspace = Workspace.read(root, os.environ)
    workspace.open_database().close()
    fingerprint, protected = make_key(workspace)
    wanted = {"operator": operator, "contact": contact, "authority": authority}
    missing = [name for name, value in wanted.items() if not value]
    if as_json:
        print_json(
            {
                "workspace": str(workspace.root),
                "key": fingerprint,
                "key_protected": protected,
                "authority_missing": missing,
            }
        )
        return
    say(f"Workspace {workspace.root} is ready.")
    say(f"Packets will be signed by {fingerprint}.")
    if not protected:
        say("The key is not protected by a passphrase: only file permissions guard it (TRACEMARK_KEY_PASSPHRASE).")
    if missing:
        say(f"Before a site can be crawled, add {', '.join(missing)} under [authority] in tracemark.toml.")


def make_key(workspace: Workspace) -> tuple[str, bool]:
    """Make the key that signs packets; its fingerprint, and whether a passphrase protects it."""
    from pipelines.composition import utc_now  # noqa: PLC0415 -- cryptography takes 0.1 s
    from pipelines.packet.keys import SigningKey, trust  # noqa: PLC0415

    passphrase = os.environ.get("TRACEMARK_KEY_PASSPHRASE") or None
    folder = workspace.signing_key.parent
    folder.mkdir(mode=0o700, exist_ok=True)
    key = SigningKey.generate()
    key.save(workspace.signing_key, passphrase)
    (folder / "signing.pub.pem").write_bytes(key.public.to_pem())
    trust(workspace.trusted_keys, key.public, name="this workspace", at=utc_now())
    return key.public.fingerprint, passphrase is not None


@click.command()
@workspace_option
@json_option
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """Print every setting, its value and where it came from.

    \b
    Examples:
      tracemark config
      tracemark config --json
    """
    workspace = find_workspace(ctx)
    if as_json:
        values = {
            one.name: {
                "value": one.value.isoformat() if isinstance(one.value, date) else one.value,
                "origin": one.origin,
            }
            for one in workspace.origins
        }
        print_json({"workspace": str(workspace.root), "settings": values})
        return
    click.echo(f"workspace = {workspace.root}")
    width = max(len(one.name) for one in workspace.origins)
    for one in workspace.origins:
        click.echo(f"{one.name:<{width}} = {'' if one.value is None else one.value}  ({one.origin})")
