"""`tracemark site`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from attrs import asdict

from pipelines.commands.conventions import (
    CommandGroup,
    find_workspace,
    given_workspace,
    in_words,
    json_option,
    print_json,
    say,
    workspace_option,
)
from pipelines.errors import BadInput, ConfigurationError, ExitCode, NotPermitted
from pipelines.settings import Authority
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from crawler.sites.look import SiteLook
    from crawler.sites.schema import SiteFile
    from pipelines.models import JsonObject


@click.group(cls=CommandGroup)
def site() -> None:
    """Draft a site file, check it, or list those of the workspace."""


@site.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--pages", default=6, show_default=True, type=click.IntRange(1, 50), help="Most pages to visit.")
@click.option("--offline", is_flag=True, help="Read the file only; visit nothing.")
@workspace_option
@json_option
@click.pass_context
def check(ctx: click.Context, file: Path, pages: int, offline: bool, as_json: bool) -> int:
    """Read a site file, then look at a few of its pages: what is read from each, field by field, and from where.

    Every mistake in the file is told at once, with its line. Where somebody's authority is on record, a few pages are
    visited as `crawl` would (robots.txt, pace, session, proxy), and nothing is kept. Exit 1 says that no listing could
    be read from them.

    \b
    Examples:
      tracemark site check sites/harborlist.yaml
      tracemark site check sites/harborlist.yaml --offline
      tracemark site check sites/harborlist.yaml --pages 3 --json
    """
    from crawler.plan import check_pace  # noqa: PLC0415 -- pydantic and YAML take 0.2 s
    from crawler.sites.loading import load_site, resolve_authority  # noqa: PLC0415

    loaded = load_site(file)
    authority: JsonObject | None = None
    problem: str | None = None
    look: SiteLook | None = None
    workspace = _workspace_if_any(ctx)
    try:
        inherited = Authority() if workspace is None else workspace.settings.authority
        authority = resolve_authority(loaded.file, inherited, datetime.now(UTC).date())
        check_pace(loaded.file, loaded.file.pace.delay)
        if workspace is not None and not offline:
            from crawler.sites.look import look_through  # noqa: PLC0415 -- Scrapy takes 0.5 s

            look = look_through(workspace, loaded, pages=pages)
    except NotPermitted as error:
        problem = error.message
    if as_json:
        body = {"site": loaded.file.site, "sha256": loaded.sha256, "authority": authority, "not_permitted": problem}
        print_json({**body, "look": None if look is None else asdict(look)})
    else:
        click.echo(f"{file}: no mistakes")
        _describe(loaded.file)
        if authority is not None:
            click.echo(f"  on the authority of {authority['operator']} ({authority['basis']})")
        if problem is not None:
            say(f"  It cannot be crawled yet: {problem}")
        if look is not None:
            _show(look)
    return ExitCode.NOT_AS_IT_SHOULD_BE if look is not None and look.trouble else ExitCode.DONE


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


def _workspace_if_any(ctx: click.Context) -> Workspace | None:
    try:
        return Workspace.find(given_workspace(ctx), os.environ, Path.cwd())
    except ConfigurationError:
        if given_workspace(ctx) is not None:
            raise
        return None


_NOT_FIELDS = frozenset({"page", "reason", "links", "listings", "provenance", "url", "http_status", "kind", "why"})
_WIDEST = 100


def _show(look: SiteLook) -> None:
    for page in look.pages:
        links = ", ".join(f"{count} {kind}" for kind, count in page["links"].items() if count) or "none"
        click.echo(f"\n{page['url']}\n  HTTP {page['http_status']}, {page['kind']}: {page['why']}; links: {links}")
        if page["listings"]:
            click.echo(f"  tells {len(page['listings'])} offers itself, the first: {page['listings'][0]['title']}")
        for name, value in page.items():
            if name not in _NOT_FIELDS and value not in (None, "", [], {}):
                origin = page["provenance"].get(name, {})
                where = ": ".join(part for part in (origin.get("from", ""), origin.get("detail", "")) if part)
                click.echo(f"  {name:12} {in_words(value, _WIDEST)}" + (f"  ({where})" if where else ""))
    click.echo(f"\nrobots.txt allows {look.allowed} of the {look.allowed + len(look.refused)} links seen")
    for url in look.refused[:5]:
        click.echo(f"  refuses {url}")
    if look.trouble:
        say(f"Not as it should be: {look.trouble}")


def _describe(file: SiteFile) -> None:
    pace, robots = file.pace, file.robots
    click.echo(f"  {file.site}: {len(file.start)} start page(s), fetched by {file.fetch}")
    click.echo(f"  {pace.delay:g} s between requests, {pace.concurrency} at once, at most {pace.pages} pages a run")
    click.echo("  robots.txt is obeyed" if robots.obey else f"  robots.txt is disregarded on {robots.authority}")
