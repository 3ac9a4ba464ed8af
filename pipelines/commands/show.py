"""`tracemark show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from pipelines.models import JsonObject


@click.command()
@click.argument("listing", metavar="ID")
@workspace_option
@json_option
@click.pass_context
def show(ctx: click.Context, listing: str, as_json: bool) -> None:
    """Show one listing: what it says, the signals for and against with their words, its versions and captures.

    ID is SITE/ID, or the site's own id where it is unique. Each view is noted in the custody log.

    \b
    Examples:
      tracemark show harborlist/10000042
      tracemark show 10000042 --json
    """
    from pipelines.composition import opened, person, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.evidence import gather_dossier  # noqa: PLC0415
    from pipelines.naming import find_listing  # noqa: PLC0415
    from pipelines.store.custody import CustodyEvent, append_custody  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        site, native_id = find_listing(database, listing)
        dossier = gather_dossier(database, site, native_id, vault=workspace.vault, workspace=workspace.root.name)
        event = CustodyEvent(
            at=utc_now(), actor=person(), action="view", subject=f"{site}/{native_id}", detail={"by": "tracemark show"}
        )
        with database.write() as connection:
            append_custody(connection, [event])
    if as_json:
        versions = [{**version, "seen_at": version["seen_at"].isoformat()} for version in dossier.versions]
        captures = [
            {
                "id": capture.id,
                "url": capture.url,
                "at": capture.at.isoformat(),
                "method": capture.method.value,
                "http_status": capture.http_status,
                "payload_sha256": capture.stored.payload_sha256,
            }
            for capture in dossier.captures
        ]
        print_json({**dossier.listing, "versions": versions, "captures": captures, "seller_history": dossier.seller})
        return
    _print(dossier.listing)
    click.echo(f"\n{len(dossier.versions)} version(s), {len(dossier.captures)} capture(s):")
    for capture in dossier.captures:
        click.echo(f"  {capture.at:%Y-%m-%d %H:%M:%S} UTC  {capture.method.value}  {capture.url or 'feed line'}")


def _print(line: JsonObject) -> None:
    price = line["price"]
    click.echo(f"{line['site']}/{line['id']}  {line['title']}")
    click.echo(f"  status {line['status']}, seen {line['first_seen'][:10]} to {line['last_seen'][:10]}")
    click.echo(f"  price {price['amount']} {price['currency'] or ''}" if price else "  no price")
    if line["seller"]:
        click.echo(f"  seller {line['seller']['name'] or line['seller']['id']}")
    if line["location"]:
        click.echo(f"  place {line['location']}")
    click.echo(f"\n{line['description']}\n")
    for item in line["items"]:
        named = " ".join(str(item[name]) for name in ("make", "model", "calibre") if item[name])
        click.echo(f"  item: {item['quantity']} x {item['class']} {named}".rstrip())
    assessment = line["assessment"]
    if assessment is None:
        click.echo("  not assessed yet: tracemark assess")
        return
    for polarity, heading in (("for", "signals observed"), ("against", "what speaks against")):
        found = [one for one in assessment["signals"] if one["polarity"] == polarity]
        if found:
            click.echo(f"  {heading}:")
        for one in found:
            click.echo(f"    {one['name']} ({one['weight']:+.2f}) “{one['text']}”: {one['reason']}")
    level = {"review": "needs review", "idle": "worth a look if idle", "none": "nothing that needs review"}
    click.echo(
        f"  {level[assessment['review']]}"
        + (f" (abstained: {assessment['abstained']})" if assessment["abstained"] else "")
    )
