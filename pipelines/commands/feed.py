"""`tracemark import`."""

from __future__ import annotations

from pathlib import Path

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.commands.progress import progress
from pipelines.errors import ExitCode


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--site", required=True, help="The site's name in this workspace.")
@click.option("--map", "names", metavar="OURS=THEIRS,…", help="Which of the feed's keys is which of ours.")
@click.option("--currency", help="ISO 4217 code of prices without one.")
@click.option("--country", help="ISO 3166 code of the site's country, where lines do not say.")
@workspace_option
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    file: Path,
    site: str,
    names: str | None,
    currency: str | None,
    country: str | None,
    as_json: bool,
) -> int:
    """Take in a marketplace's own feed: JSON lines with id, title, description and more (docs/schema/feed.json).

    Lines that cannot be read are set aside with the reason; the rest goes in (exit 1 then).

    \b
    Examples:
      tracemark import feed.jsonl --site example-market
      tracemark import ads.jsonl --site ads --map price=price_usd,location=state --currency USD
    """
    from pipelines.composition import feed_desk, opened, project  # noqa: PLC0415 -- see composition
    from pipelines.feed_line import FeedOptions, read_names  # noqa: PLC0415

    workspace = find_workspace(ctx)
    options = FeedOptions(site=site, currency=currency, country=country, names=read_names(names))
    with workspace.hold(f"site-{options.site}"), opened(workspace) as database:
        with progress("reading", quiet=as_json) as tell:
            report = feed_desk(workspace, database, lambda lines: tell(lines, None)).receive(file, options)
        project(workspace, database)
    intake = report.intake
    if as_json:
        print_json(
            {
                "site": site,
                "run": report.run,
                "lines": report.lines,
                "new": intake.new,
                "changed": intake.changed,
                "unchanged": intake.unchanged,
                "set_aside": report.set_aside,
                "set_aside_file": str(report.set_aside_file) if report.set_aside_file else None,
            }
        )
    else:
        say(f"{site}: {report.lines} lines; {intake.new} new, {intake.changed} changed, {intake.unchanged} unchanged.")
        if report.set_aside:
            say(f"{report.set_aside} lines were set aside, with the reasons, in {report.set_aside_file}")
        say("Next: tracemark assess")
    return ExitCode.NOT_AS_IT_SHOULD_BE if report.set_aside else ExitCode.DONE
