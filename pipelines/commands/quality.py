"""`tracemark quality`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, json_option, print_json, workspace_option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@click.command()
@workspace_option
@json_option
@click.pass_context
def quality(ctx: click.Context, as_json: bool) -> None:
    """Show how often what needs review was found relevant, from this workspace's decisions.

    The same figures as the quality screen: each with how many decisions it rests on and its 95 % interval.

    \b
    Examples:
      tracemark quality
      tracemark quality --json
    """
    from pipelines.composition import opened  # noqa: PLC0415 -- see composition
    from pipelines.quality.figures import measure  # noqa: PLC0415
    from pipelines.quality.reviews import read_reviewed  # noqa: PLC0415

    with opened(find_workspace(ctx)) as database, database.read() as connection:
        figures = measure(read_reviewed(connection))
    if as_json:
        print_json(figures)
        return
    click.echo(f"{figures['reviewed']} listings reviewed, {figures['unsure']} of them unsure")
    for level, rate in figures["levels"].items():
        click.echo(f"  at {level:8} relevant {_worded(rate)}")
    for rate in figures["precision_at"]:
        click.echo(f"  first {rate['first']:5} relevant {_worded(rate)}")
    for kind, rows in figures["by"].items():
        click.echo(f"by {kind}:")
        for rate in rows:
            click.echo(f"  {rate['name']:28} {_worded(rate)}")
    click.echo(f"second opinions agree {_worded(figures['agreement'])}")
    for level, rate in figures["audit"].items():
        click.echo(f"audit at {level:8} relevant {_worded(rate)}")


def _worded(rate: Mapping[str, Any]) -> str:
    if rate["value"] is None:
        return "nothing decided"
    words = f"{rate['value']:.1%} ({rate['low']:.1%} to {rate['high']:.1%}, n = {rate['of']})"
    return f"{words}, too few" if rate["too_few"] else words
