"""`tracemark key`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import CommandGroup, find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import BadInput

if TYPE_CHECKING:
    from pipelines.models import JsonObject
    from pipelines.workspace import Workspace


@click.group(cls=CommandGroup)
def key() -> None:
    """Show, turn, revoke or trust the keys that sign packets."""


@key.command(name="list")
@workspace_option
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List the keys whose packets are trusted, and those that were revoked.

    \b
    Examples:
      tracemark key list
      tracemark key list --json
    """
    from pipelines.packet.keys import list_keys  # noqa: PLC0415 -- see composition

    keys = list_keys(find_workspace(ctx).trusted_keys)
    if as_json:
        print_json({"keys": keys})
        return
    for one in keys:
        state = f"revoked {one['revoked']}" if one["revoked"] else f"trusted since {one['added']}"
        click.echo(f"{one['fingerprint']}  {one['name']}  {state}")


@key.command()
@workspace_option
@json_option
@click.pass_context
def rotate(ctx: click.Context, as_json: bool) -> None:
    """Make a new signing key; the old one signs that it is its successor, and is kept in keys/retired/.

    Packets of the old key stay valid. Send the handover and the new public key to those who verify: with them
    `tracemark key trust` needs no second channel.

    \b
    Examples:
      tracemark key rotate
      TRACEMARK_KEY_PASSPHRASE=… tracemark key rotate --json
    """
    from pipelines.commands.signing import new_passphrase, open_key  # noqa: PLC0415 -- see composition
    from pipelines.composition import utc_now  # noqa: PLC0415
    from pipelines.packet.keys import replace_key  # noqa: PLC0415

    workspace = find_workspace(ctx)
    old = open_key(workspace)
    new, handover = replace_key(workspace.signing_key, old, new_passphrase(), at=utc_now())
    _note(workspace, "rotate", {"from": old.public.fingerprint, "to": new.fingerprint})
    if as_json:
        print_json({"from": old.public.fingerprint, "to": new.fingerprint, "handover": str(handover)})
        return
    say(f"Packets will be signed by {new.fingerprint}.")
    say(f"Its predecessor signed {handover}: give it to those who verify.")


@key.command()
@click.argument("fingerprint")
@workspace_option
@json_option
@click.pass_context
def revoke(ctx: click.Context, fingerprint: str, as_json: bool) -> None:
    """Trust a key no longer: its packets verify as "signed by FINGERPRINT, not trusted".

    \b
    Examples:
      tracemark key revoke 2f6d4c0a5b
      tracemark key revoke 2f6d4c0a5b --json
    """
    from pipelines.composition import utc_now  # noqa: PLC0415 -- see composition
    from pipelines.packet.keys import list_keys  # noqa: PLC0415
    from pipelines.packet.keys import revoke as revoke_key  # noqa: PLC0415

    workspace = find_workspace(ctx)
    known = [str(one["fingerprint"]) for one in list_keys(workspace.trusted_keys)]
    found = [one for one in known if one.startswith(fingerprint)] if len(fingerprint) >= 8 else []
    if len(found) != 1:
        raise BadInput(f"{fingerprint} names {len(found)} keys", hint="tracemark key list; give 8 digits or more")
    revoke_key(workspace.trusted_keys, found[0], at=utc_now())
    _note(workspace, "revoke", {"key": found[0]})
    print_json({"revoked": found[0]}) if as_json else say(f"{found[0]} is trusted no longer.")


@key.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Whose key it is.")
@click.option("--handover", type=click.Path(path_type=Path), help="What its trusted predecessor signed.")
@workspace_option
@json_option
@click.pass_context
def trust(ctx: click.Context, file: Path, name: str, handover: Path | None, as_json: bool) -> None:
    """Trust a signer's public key (PEM). Compare its fingerprint with the signer first, or give a handover.

    \b
    Examples:
      tracemark key trust unit.pub.pem --name "Example Unit"
      tracemark key trust new.pub.pem --name "Example Unit" --handover handover.json
    """
    from pipelines.composition import utc_now  # noqa: PLC0415 -- see composition
    from pipelines.packet.keys import PublicKey, TrustedKeys, require_handover  # noqa: PLC0415
    from pipelines.packet.keys import trust as trust_key  # noqa: PLC0415

    workspace = find_workspace(ctx)
    public = PublicKey.load(file)
    if handover is not None:
        try:
            body = json.loads(handover.read_bytes())
        except (OSError, ValueError) as error:
            raise BadInput(f"{handover} is no handover: {error}") from error
        require_handover(body, public, TrustedKeys.load(workspace.trusted_keys))
    trust_key(workspace.trusted_keys, public, name=name, at=utc_now())
    _note(workspace, "trust", {"key": public.fingerprint, "name": name})
    print_json({"trusted": public.fingerprint}) if as_json else say(f"{public.fingerprint} is trusted as {name}.")


def _note(workspace: Workspace, what: str, detail: JsonObject) -> None:
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    event = CustodyEvent(at=utc_now(), actor=person(), action="key", subject=f"key:{what}", detail=detail)
    with opened(workspace) as database, database.write() as connection:
        append_custody(connection, [event])
