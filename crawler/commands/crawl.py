"""`tracemark crawl`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.errors import ExitCode
from pipelines.models import RunStatus
from pipelines.store.runs import run_to_json

if TYPE_CHECKING:
    from crawler.process import CrawlOutcome

_CODES = {
    RunStatus.DONE: ExitCode.DONE,
    RunStatus.DEGRADED: ExitCode.NOT_AS_IT_SHOULD_BE,
    RunStatus.PAUSED: ExitCode.NOT_AS_IT_SHOULD_BE,
    RunStatus.FAILED: ExitCode.NOT_AS_IT_SHOULD_BE,
    RunStatus.INTERRUPTED: ExitCode.INTERRUPTED,
}


@click.command()
@click.argument("site")
@click.option(
    "--delay", type=click.FloatRange(min=0), help="Seconds between requests; under the floor only on loopback."
)
@workspace_option
@json_option
@click.pass_context
def crawl(ctx: click.Context, site: str, delay: float | None, as_json: bool) -> int:
    """Visit SITE now: a site file's name in the workspace's sites/, or its path.

    An interrupted visit goes on where it stopped. Exit 1 says that the run found less than it should, or that
    a person is needed; `tracemark status` says why.

    \b
    Examples:
      tracemark crawl harborlist
      tracemark crawl sites/harborlist.yaml --json
    """
    from crawler.process import crawl_site  # noqa: PLC0415 -- Scrapy takes 0.5 s
    from pipelines.composition import opened, project  # noqa: PLC0415

    workspace = find_workspace(ctx)
    outcome = crawl_site(workspace, site, delay=delay)
    with opened(workspace) as database:
        project(workspace, database)
    if as_json:
        print_json(outcome_json(outcome))
    else:
        _say_outcome(outcome)
    return _CODES[outcome.run.status]


def outcome_json(outcome: CrawlOutcome) -> dict[str, object]:
    """How a crawl ended, as JSON."""
    return {
        **run_to_json(outcome.run),
        "resumed": outcome.resumed,
        "new": outcome.new,
        "changed": outcome.changed,
        "unchanged": outcome.unchanged,
        "ended": outcome.ended,
    }


def _say_outcome(outcome: CrawlOutcome) -> None:
    run = outcome.run
    say(f"{run.site}: {run.status.value}" + (f": {run.reason}" if run.reason else ""))
    say(
        f"  {run.found['pages']} pages, {run.found['listings']} listings: {outcome.new} new, {outcome.changed} changed,"
    )
    say(f"  {outcome.unchanged} unchanged, {outcome.ended} ended")
    for why, count in run.unseen.items():
        say(f"  not seen: {count} ({why})")
    if run.status in (RunStatus.DONE, RunStatus.DEGRADED):
        say("Next: tracemark assess")
