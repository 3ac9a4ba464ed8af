"""`tracemark extract`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from pipelines.commands.conventions import in_words, json_option, print_json
from pipelines.errors import BadInput


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--url", help="Where the page came from: relative links and the listing's id are read with it.")
@json_option
def extract(file: Path, url: str | None, as_json: bool) -> None:
    """Show what is read from one saved page (HTML, JSON, feed), field by field, and from where. Needs no workspace.

    \b
    Examples:
      tracemark extract page.html --url https://market.example/item/42
      tracemark extract page.html --json
    """
    from crawler.extraction import ExtractionHints, extract_json  # noqa: PLC0415 -- lxml and dateparser take 0.4 s

    try:
        body = file.read_bytes()
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}", hint="give a saved HTML page") from error
    found = extract_json(body, url=url, hints=ExtractionHints(), now=datetime.now(UTC))
    if as_json:
        print_json(found)
        return
    click.echo(f"page: {found['page']}")
    provenance = found["provenance"]
    for name, value in found.items():
        if name in ("page", "provenance", "links", "listings") or value in (None, "", [], {}):
            continue
        origin = provenance.get(name, {})
        where = f"  ({origin['from']}{': ' + origin['detail'] if origin.get('detail') else ''})" if origin else ""
        click.echo(f"  {name}: {in_words(value, 160)}{where}")
    for name in ("links", "listings"):
        if found[name]:
            click.echo(f"  {name}: {len(found[name])}")
    for one in found["listings"]:
        click.echo(f"    {one['id']}: {one['title']}")
