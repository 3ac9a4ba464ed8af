"""`tracemark assess` and `tracemark reindex`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.commands.progress import progress
from pipelines.commands.vault import ship_or_say
from pipelines.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.assess import AssessReport
    from pipelines.sellers.desk import SellersReport
    from pipelines.store.database import Database
    from pipelines.workspace import Workspace


@click.command()
@click.option("--explain", metavar="ID", help="Print the whole derivation of one listing's assessment instead.")
@workspace_option
@json_option
@click.pass_context
def assess(ctx: click.Context, explain: str | None, as_json: bool) -> ExitCode:
    """Find signals in listings that are new or changed, and in the histories of their sellers.

    Returns when scores and index are up to date.

    \b
    Examples:
      tracemark assess
      tracemark assess --explain tauschboerse/69909666
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition

    workspace = find_workspace(ctx)
    if explain is not None:
        _explain(ctx, explain)
        return ExitCode.DONE
    with opened(workspace) as database, progress("assessing", quiet=as_json) as tell:
        report, sellers = run_assessment(workspace, database, tell)
    if as_json:
        print_json(
            {
                "assessed": report.assessed,
                "review": dict(report.review),
                "signals": dict(report.signals),
                "set_aside": report.set_aside,
                "sellers": {"assessed": sellers.assessed, "review": dict(sellers.review)},
            }
        )
        return _code(report)
    levels = ", ".join(f"{report.review.get(level, 0)} {word}" for level, word in _WORDS)
    say(f"{report.assessed} listings assessed: {levels}.")
    say(f"{sellers.assessed} sellers: {sellers.review.get('review', 0)} need review.")
    for name, count in list(report.signals.items())[:12]:
        click.echo(f"{count:6}  {name}")
    if report.set_aside:
        say(f"{report.set_aside} could not be read and were set aside; tracemark status says why.")
    return _code(report)


def _code(report: AssessReport) -> ExitCode:
    return ExitCode.NOT_AS_IT_SHOULD_BE if report.set_aside else ExitCode.DONE


def run_assessment(
    workspace: Workspace, database: Database, tell: Callable[[int, int | None], None]
) -> tuple[AssessReport, SellersReport]:
    """Assess what waits, then the sellers it concerns, and bring the index up to date."""
    from pipelines.composition import (  # noqa: PLC0415 -- see composition
        assess_listings,
        assessment_desk,
        project,
        seller_rules,
        serial_key,
        utc_now,
    )
    from pipelines.sellers.desk import assess_sellers  # noqa: PLC0415
    from pipelines.work.holding import held  # noqa: PLC0415

    with held(workspace, database, "assessment") as hold:
        report = assess_listings(workspace, assessment_desk(workspace, hold.database), progress=tell)
        sellers = assess_sellers(hold.database, now=utc_now, rules=seller_rules(workspace), key=serial_key(workspace))
        project(workspace, hold.database)
    ship_or_say(workspace, database)
    return report, sellers


_WORDS = (("review", "need review"), ("idle", "if idle"), ("none", "ordinary"))


def _explain(ctx: click.Context, named: str) -> None:
    from pipelines.composition import opened  # noqa: PLC0415
    from pipelines.evidence import gather_dossier  # noqa: PLC0415
    from pipelines.naming import find_listing  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database:
        site, native_id = find_listing(database, named)
        dossier = gather_dossier(database, site, native_id, vault=workspace.vault, workspace=workspace.root.name)
    print_json({"site": site, "id": native_id, "assessment": dossier.assessment})


@click.command()
@workspace_option
@json_option
@click.pass_context
def reindex(ctx: click.Context, as_json: bool) -> None:
    """Build the search index anew from the store, beside the live one, and swap.

    \b
    Examples:
      tracemark reindex
      TRACEMARK_INDEX_URL=https://search.example.org:9200 tracemark reindex
    """
    from pipelines.composition import opened, opened_index, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.index.projector import Projector  # noqa: PLC0415
    from pipelines.journal import JournalSource  # noqa: PLC0415

    workspace = find_workspace(ctx)
    with opened(workspace) as database, opened_index(workspace, read_only=False) as index:
        Projector(index, JournalSource(database, utc_now)).rebuild()
        count = index.count()
    if as_json:
        print_json({"documents": count})
    else:
        say(f"{count} listings are indexed.")
