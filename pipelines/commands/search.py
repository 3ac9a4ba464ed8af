"""`tracemark search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option

if TYPE_CHECKING:
    from pipelines.index.port import Hit

_FACETS = (
    "site",
    "signal",
    "review",
    "class",
    "make",
    "calibre",
    "seller",
    "country",
    "language",
    "status",
    "decision",
)


@click.command()
@click.argument("query", nargs=-1)
@click.option("--limit", type=click.IntRange(0, 1000), default=20, show_default=True, help="Most hits to print.")
@click.option("--cursor", help="Go on from where an earlier result ended.")
@click.option("--sort", default="relevance", show_default=True, help="relevance, newest, price-low, price-high…")
@click.option("--meaning", is_flag=True, help="Also find what is near in meaning to the words.")
@workspace_option
@json_option
@click.pass_context
def search(
    ctx: click.Context,
    query: tuple[str, ...],
    limit: int,
    cursor: str | None,
    sort: str,
    meaning: bool,
    as_json: bool,
) -> None:
    """Search listings. Words are ANDed; `tracemark help query` tells the rest. No hits is no error.

    \b
    Examples:
      tracemark search 'glock -airsoft price:<500'
      tracemark search 'review:review site:harborlist' --json
    """
    from pipelines.composition import open_encoder, opened_index  # noqa: PLC0415 -- see composition
    from pipelines.errors import BadInput  # noqa: PLC0415
    from pipelines.index.parser import parse  # noqa: PLC0415
    from pipelines.index.port import Search, Sort, results_json  # noqa: PLC0415

    workspace = find_workspace(ctx)
    text = " ".join(query)
    try:
        order = Sort(sort)
    except ValueError as error:
        raise BadInput(f"--sort {sort!r} is unknown", hint=", ".join(Sort)) from error
    vector = None
    if meaning and text.strip():
        vector = open_encoder(workspace).encode([text])[0]
    asked = Search(query=parse(text), facets=_FACETS, limit=limit, cursor=cursor, sort=order, vector=vector)
    with opened_index(workspace, read_only=True) as index:
        results = index.search(asked)
    if as_json:
        print_json(results_json(results))
        return
    say(
        f"{results.total} listings" + (f", the first {len(results.hits)}:" if results.total > len(results.hits) else "")
    )
    for hit in results.hits:
        _print(hit)
    if results.cursor:
        say(f"more: --cursor {results.cursor}")


def _print(hit: Hit) -> None:
    line = hit.line
    price = line["price"]
    cost = f"{price['amount']} {price['currency'] or ''}".strip() if price else "no price"
    assessment = line.get("assessment") or {}
    signals = ", ".join(dict.fromkeys(one["name"] for one in assessment.get("signals", ()) if one["polarity"] == "for"))
    click.echo(f"{hit.key}  {line['title']}  ({cost}; {assessment.get('review', 'not assessed')})")
    if signals:
        click.echo(f"    signals observed: {signals}")
