"""`tracemark import`."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option
from pipelines.commands.progress import progress
from pipelines.errors import BadInput, ExitCode

if TYPE_CHECKING:
    from pipelines.receipt.desk import ReceiptReport
    from pipelines.receipt.kinds import FileKind
    from pipelines.receipt.reading import PageReader
    from pipelines.store.runs import SiteRecord
    from pipelines.workspace import Workspace

READER = "crawler.received:open_reader"
"""What reads received pages, by name: pipelines imports no peer (docs/decisions/0005-received-evidence.md)."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--site", required=True, help="The site's name in this workspace.")
@click.option("--map", "names", metavar="OURS=THEIRS,…", help="Which of the feed's keys is which of ours.")
@click.option("--currency", help="ISO 4217 code of prices without one.")
@click.option("--country", help="ISO 3166 code of the site's country, where lines do not say.")
@click.option("--url", help="Where a saved page came from, if the file does not say.")
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
    url: str | None,
    as_json: bool,
) -> int:
    """Take in what others collected: a marketplace's own feed, or pages as WARC, WACZ or saved HTML.

    A feed is JSON lines with id, title, description and more (docs/schema/feed.json). Pages are kept as received, not
    collected: the file as it came, its SHA-256, and each page with the time that the file states. Lines that cannot
    be read, and records whose bytes are not those of their digests, are set aside with the reason; the rest goes in
    (exit 1 then).

    \b
    Examples:
      tracemark import feed.jsonl --site example-market
      tracemark import ads.jsonl --site ads --map price=price_usd,location=state --currency USD
      tracemark import pages.wacz --site example-market
      tracemark import saved.html --site example-market --url https://market.example/item/42
    """
    from pipelines.composition import feed_desk, opened, project  # noqa: PLC0415 -- see composition
    from pipelines.feed_line import FeedOptions, read_names  # noqa: PLC0415
    from pipelines.receipt.kinds import FileKind, recognise  # noqa: PLC0415
    from pipelines.store.runs import SiteRecord  # noqa: PLC0415
    from pipelines.work.holding import held  # noqa: PLC0415

    workspace = find_workspace(ctx)
    if (kind := recognise(file)) is not FileKind.FEED:
        if names is not None:
            raise BadInput(f"--map is for feeds; {file} is a {kind.value}")
        record = SiteRecord(name=site, source="received", currency=currency, country=country)
        return _receive(workspace, file, kind, record, url=url, as_json=as_json)
    options = FeedOptions(site=site, currency=currency, country=country, names=read_names(names))
    with opened(workspace) as database, held(workspace, database, f"site-{options.site}") as hold:
        with progress("reading", quiet=as_json) as tell:
            report = feed_desk(workspace, hold.database, lambda lines: tell(lines, None)).receive(file, options)
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
                "never_seen": list(report.never_seen),
            }
        )
    else:
        say(f"{site}: {report.lines} lines; {intake.new} new, {intake.changed} changed, {intake.unchanged} unchanged.")
        if report.set_aside:
            say(f"{report.set_aside} lines were set aside, with the reasons, in {report.set_aside_file}")
        if report.never_seen:
            say(f"No line has {', '.join(report.never_seen)}, which --map names: is it spelt as in the feed?")
        say("Next: tracemark assess")
    return ExitCode.NOT_AS_IT_SHOULD_BE if report.set_aside else ExitCode.DONE


def _receive(
    workspace: Workspace, file: Path, kind: FileKind, site: SiteRecord, *, url: str | None, as_json: bool
) -> int:
    from pipelines.composition import new_id, opened, person, project, utc_now  # noqa: PLC0415 -- see composition
    from pipelines.receipt.desk import ReceiptDesk  # noqa: PLC0415
    from pipelines.work.holding import held  # noqa: PLC0415

    module, _, name = READER.partition(":")
    reader: PageReader = getattr(import_module(module), name)(workspace, site)
    with opened(workspace) as database, held(workspace, database, f"site-{site.name}") as hold:
        with progress("reading", quiet=as_json) as tell:
            desk = ReceiptDesk(
                database=hold.database,
                actor=workspace.settings.authority.operator or person(),
                vault=workspace.vault,
                read=reader,
                new_id=new_id,
                now=utc_now,
                progress=lambda records: tell(records, None),
            )
            report = desk.receive(file, kind, site, url=url)
        project(workspace, database)
    if as_json:
        print_json(_receipt_json(site.name, report))
    else:
        _say_receipt(site.name, report)
    return ExitCode.NOT_AS_IT_SHOULD_BE if report.set_aside else ExitCode.DONE


def _receipt_json(site: str, report: ReceiptReport) -> dict[str, object]:
    intake = report.intake
    return {
        "site": site,
        "run": report.run,
        "file": report.file,
        "sha256": report.sha256,
        "pages": report.pages,
        "known": report.known,
        "other": report.other,
        "without_digest": report.unproven,
        "new": intake.new,
        "changed": intake.changed,
        "unchanged": intake.unchanged,
        "set_aside": report.set_aside,
        "set_aside_file": str(report.set_aside_file) if report.set_aside_file else None,
    }


def _say_receipt(site: str, report: ReceiptReport) -> None:
    intake = report.intake
    say(f"{site}: {report.pages} pages received, {report.known} known already; {report.other} records are no pages.")
    say(f"  listings: {intake.new} new, {intake.changed} changed, {intake.unchanged} unchanged")
    say(f"  the file is kept in {report.file}, SHA-256 {report.sha256}")
    if report.unproven:
        say(f"  {report.unproven} records state no digest: that they are whole rests on the file alone")
    if report.set_aside:
        say(f"{report.set_aside} records were set aside, with the reasons, in {report.set_aside_file}")
    say("Next: tracemark assess")
