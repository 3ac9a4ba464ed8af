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
from pipelines.errors import BadInput, ConfigurationError, NotPermitted
from pipelines.settings import Authority
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from crawler.sites.schema import SiteFile
    from pipelines.models import JsonObject


@click.group()
def site() -> None:
    """Draft a site file, check it, or list those of the workspace."""


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


@site.command("new")
@click.argument("url")
@click.option("--name", required=True, help="The site's name here: lower-case letters, digits, dashes.")
@click.option("--out", type=click.Path(path_type=Path), help="Where to write the draft (default: standard output).")
@workspace_option
@json_option
@click.pass_context
def new(ctx: click.Context, url: str, name: str, out: Path | None, as_json: bool) -> None:
    """Look at a page of listings and draft a site file. robots.txt is asked first; two pages are read at most.

    \b
    Examples:
      tracemark site new https://market.example/chairs --name garden-market --out sites/garden-market.yaml
      tracemark site new https://market.example/chairs --name garden-market
    """
    from crawler.sites.look import look_at  # noqa: PLC0415 -- Scrapy takes 0.5 s

    if out is not None and out.exists():
        raise BadInput(f"{out} is there already", hint="give another --out, or remove it")
    draft = look_at(find_workspace(ctx), url, name)
    text = draft.write()
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
    if as_json:
        print_json({"site": name, "file": None if out is None else str(out), "text": text})
    elif out is None:
        click.echo(text, nl=False)
    else:
        say(f"{out} is drafted. Next: tracemark site check {out}")


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
