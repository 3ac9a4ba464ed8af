"""`tracemark search`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, say, workspace_option

if TYPE_CHECKING:
    from pipelines.index.pictures import Match
    from pipelines.index.port import Hit, Results, Search
    from pipelines.workspace import Workspace

_FACETS = (
    "site",
    "signal",
    "review",
    "band",
    "class",
    "make",
    "calibre",
    "seller",
    "country",
    "state",
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
@click.option("--like", metavar="ID", help="Find what is like this listing, among what the query chooses.")
@click.option("--image", type=click.Path(path_type=Path), help="Find this picture.")
@click.option("--histogram", multiple=True, metavar="NAME:STEP", help="Count over price:250, posted:week, seen:month…")
@click.option("--complete", is_flag=True, help="Print how the query may go on instead of searching.")
@workspace_option
@json_option
@click.pass_context
def search(ctx: click.Context, /, query: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Search listings. Words are ANDed; `tracemark help query` tells the rest. No hits is no error.

    \b
    Examples:
      tracemark search 'glock -airsoft price:<500'
      tracemark search 'review:review site:harborlist' --json
      tracemark search 'price:<500' --like harborlist/10000042
      tracemark search --image seen-elsewhere.jpg
      tracemark search glock --histogram price:250 --histogram posted:week
    """
    workspace, text = find_workspace(ctx), " ".join(query)
    if options["complete"]:
        _complete(workspace, text, as_json=as_json)
        return
    if options["image"] is not None:
        results, matches = _find_picture(workspace, text, options["image"], options["limit"])
    else:
        results, matches = _find(workspace, text, options), {}
    _answer(results, matches, as_json=as_json)


def _find(workspace: Workspace, text: str, options: dict[str, Any]) -> Results:
    from pipelines.alerts.collection import resolve  # noqa: PLC0415 -- see composition
    from pipelines.composition import open_encoder, opened  # noqa: PLC0415
    from pipelines.errors import BadInput  # noqa: PLC0415
    from pipelines.index.port import Histogram, Search, Sort  # noqa: PLC0415
    from pipelines.naming import find_listing  # noqa: PLC0415

    try:
        order = Sort(options["sort"])
    except ValueError as error:
        raise BadInput(f"--sort {options['sort']!r} is unknown", hint=", ".join(Sort)) from error
    vector = None
    if options["meaning"] and text.strip():
        vector = open_encoder(workspace).encode([text])[0]
    with opened(workspace) as database:
        asked = resolve(text, database)
        like = None if options["like"] is None else "/".join(find_listing(database, options["like"]))
    return _ask(
        workspace,
        Search(
            query=asked,
            facets=_FACETS,
            histograms=tuple(map(Histogram.read, options["histogram"])),
            limit=options["limit"],
            cursor=options["cursor"],
            sort=order,
            vector=vector,
            more_like=like,
        ),
    )


def _ask(workspace: Workspace, search: Search) -> Results:
    from pipelines.composition import opened_index  # noqa: PLC0415 -- see composition

    with opened_index(workspace, read_only=True) as index:
        return index.search(search)


def _find_picture(workspace: Workspace, text: str, image: Path, limit: int) -> tuple[Results, dict[str, Match]]:
    """The listings with a picture like this one, the nearest first."""
    from attrs import evolve  # noqa: PLC0415 -- see composition

    from pipelines.alerts.collection import resolve  # noqa: PLC0415
    from pipelines.composition import opened  # noqa: PLC0415
    from pipelines.errors import BadInput  # noqa: PLC0415
    from pipelines.index.pictures import find_pictures, read_pictures  # noqa: PLC0415
    from pipelines.index.port import Search  # noqa: PLC0415
    from pipelines.index.query import And, Fielded, Or, Phrase, Query  # noqa: PLC0415

    try:
        data = image.read_bytes()
    except OSError as error:
        raise BadInput(f"{image} cannot be read: {error.strerror}") from error
    with opened(workspace) as database:
        asked = resolve(text, database)
        read_pictures(database, workspace.vault)
        matches = {match.key: match for match in find_pictures(database, data)}
    keys = tuple(Phrase(text=key) for key in matches) or (Phrase(text="no listing"),)
    among: Query = Fielded(name="listing", child=Or(children=keys) if len(keys) > 1 else keys[0])
    found = _ask(workspace, Search(query=And(children=(asked, among)), facets=_FACETS, limit=len(keys)))
    nearest = sorted(found.hits, key=lambda hit: matches[hit.key].different)[:limit]
    return evolve(found, hits=tuple(nearest), cursor=None), matches


def _answer(results: Results, matches: dict[str, Match], *, as_json: bool) -> None:
    from pipelines.index.port import results_json  # noqa: PLC0415 -- see composition

    if as_json:
        print_json(results_json(results))
        return
    say(
        f"{results.total} listings" + (f", the first {len(results.hits)}:" if results.total > len(results.hits) else "")
    )
    for hit in results.hits:
        _print(hit)
        if hit.key in matches:
            match = matches[hit.key]
            click.echo(f"    picture: {match.different} of 64 bits differ (capture {match.capture})")
    for name, bars in results.histograms.items():
        for bar in bars:
            click.echo(f"{name} from {bar.start}: {bar.count}")
    if results.cursor:
        say(f"more: --cursor {results.cursor}")


def _complete(workspace: Workspace, text: str, *, as_json: bool) -> None:
    from attrs import asdict  # noqa: PLC0415 -- see composition

    from pipelines.composition import opened_index  # noqa: PLC0415
    from pipelines.index.completion import complete  # noqa: PLC0415

    with opened_index(workspace, read_only=True) as index:
        found = complete(index, text)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        click.echo(f"{one.text}  {one.meaning or ('' if one.count is None else one.count)}".rstrip())


def _print(hit: Hit) -> None:
    line = hit.line
    price = line["price"]
    cost = f"{price['amount']} {price['currency'] or ''}".strip() if price else "no price"
    assessment = line.get("assessment") or {}
    signals = ", ".join(dict.fromkeys(one["name"] for one in assessment.get("signals", ()) if one["polarity"] == "for"))
    click.echo(f"{hit.key}  {line['title']}  ({cost}; {assessment.get('review', 'not assessed')})")
    if signals:
        click.echo(f"    signals observed: {signals}")
