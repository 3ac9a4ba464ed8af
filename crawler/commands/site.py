"""`tracemark site`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
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
from pipelines.errors import ConfigurationError, NotPermitted
from pipelines.settings import Authority
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from crawler.sites.schema import SiteFile
    from pipelines.models import JsonObject


@click.group()
def site() -> None:
    """Check a site file, or list those of the workspace."""


@site.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@workspace_option
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Read a site file: every mistake at once, with its line; then on what authority and how gently it is visited.

    \b
    Examples:
      tracemark site check sites/harborlist.yaml
      tracemark site check sites/harborlist.yaml --json
    """
    from crawler.plan import check_pace  # noqa: PLC0415 -- pydantic and YAML take 0.2 s
    from crawler.sites.loading import load_site, resolve_authority  # noqa: PLC0415

    loaded = load_site(file)
    authority: JsonObject | None = None
    problem: str | None = None
    try:
        authority = resolve_authority(loaded.file, _inherited(ctx), datetime.now(UTC).date())
        check_pace(loaded.file, loaded.file.pace.delay)
    except NotPermitted as error:
        problem = error.message
    if as_json:
        print_json(
            {"site": loaded.file.site, "sha256": loaded.sha256, "authority": authority, "not_permitted": problem}
        )
        return
    click.echo(f"{file}: no mistakes")
    _describe(loaded.file)
    if authority is not None:
        click.echo(f"  on the authority of {authority['operator']} ({authority['basis']})")
    if problem is not None:
        say(f"  It cannot be crawled yet: {problem}")


@site.command("list")
@workspace_option
@json_option
@click.pass_context
def list_sites(ctx: click.Context, as_json: bool) -> None:
    """List the workspace's site files.

    \b
    Examples:
      tracemark site list
      tracemark site list --json
    """
    workspace = find_workspace(ctx)
    names = sorted(path.stem for path in workspace.sites.glob("*.yaml"))
    if as_json:
        print_json(names)
        return
    for name in names:
        click.echo(name)


def _inherited(ctx: click.Context) -> Authority:
    try:
        return Workspace.find(given_workspace(ctx), os.environ, Path.cwd()).settings.authority
    except ConfigurationError:
        if given_workspace(ctx) is not None:
            raise
        return Authority()


def _describe(file: SiteFile) -> None:
    pace, robots = file.pace, file.robots
    click.echo(f"  {file.site}: {len(file.start)} start page(s), fetched by {file.fetch}")
    click.echo(f"  {pace.delay:g} s between requests, {pace.concurrency} at once, at most {pace.pages} pages a run")
    click.echo("  robots.txt is obeyed" if robots.obey else f"  robots.txt is disregarded on {robots.authority}")
