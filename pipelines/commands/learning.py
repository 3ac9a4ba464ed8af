"""`tracemark train` and `tracemark evaluate`: fit the classifiers to more than the corpus, and measure them."""

from __future__ import annotations

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
from pipelines.errors import BadInput, ConfigurationError

if TYPE_CHECKING:
    from classifiers import Assessor
    from classifiers.evaluation.labelled import LabelledAd


@click.command()
@click.option("--labelled", type=click.Path(path_type=Path), help="Labelled ads of your own to fit on as well.")
@click.option("--on", "measured_on", type=click.Path(path_type=Path), help="Labelled ads to compare on instead.")
@workspace_option
@json_option
@click.pass_context
def train(ctx: click.Context, labelled: Path | None, measured_on: Path | None, as_json: bool) -> None:
    """Fit a model on the corpus, on this workspace's decisions and on labelled ads, and compare it with the one in use.

    Nothing changes by itself: it is written to a folder of its own, and the last line says how to use it. What is
    compared is what both read of the corpus' held-out families, or of a labelled file. Takes some minutes.

    \b
    Examples:
      tracemark train
      tracemark train --labelled ours.jsonl --on others.jsonl
    """
    from classifiers.evaluation.summary import lines  # noqa: PLC0415 -- see composition
    from pipelines.composition import load_assessor, opened  # noqa: PLC0415
    from pipelines.learning import compare, read_reviews, train_model  # noqa: PLC0415
    from pipelines.places import Places  # noqa: PLC0415

    workspace = find_workspace(ctx)
    more = _read(labelled) if labelled else []
    held = _read(measured_on) if measured_on else None
    with opened(workspace) as database:
        reviews = read_reviews(database, Places.shipped())
    folder = train_model(workspace.models, more, reviews, say if not as_json else lambda _text: None)
    name = str(folder.relative_to(workspace.root))
    figures = compare(load_assessor(workspace), load_assessor(workspace, name), held)
    if as_json:
        print_json({"model": name, "decisions": len(reviews), "labelled": len(more), **figures})
        return
    for line in lines(figures["after"], figures["before"]):
        click.echo(line)
    say(f"Fitted with {len(reviews)} decisions and {len(more)} labelled ads of your own. Nothing has changed yet.")
    say(f'To use it: model = "{name}" under [classifier] in tracemark.toml, then tracemark assess.')


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@workspace_option
@json_option
@click.pass_context
def evaluate(ctx: click.Context, file: Path, as_json: bool) -> None:
    """Measure the classifiers on FILE, labelled ads as JSON lines (docs/schema/labelled.json).

    Prints, per class, signal and language, how much of what is found is right and how much is found at all, with the
    number of cases: under 50 a figure says little. A label that a line does not have is not measured.

    \b
    Examples:
      tracemark evaluate labelled.jsonl
      tracemark evaluate labelled.jsonl --json
    """
    from classifiers.catalogue import load_catalogue  # noqa: PLC0415 -- spaCy and the encoder take a second
    from classifiers.evaluation.measures import measure  # noqa: PLC0415
    from classifiers.evaluation.summary import lines  # noqa: PLC0415

    ads = _read(file)
    assessor = _assessor(ctx)
    figures = measure(ads, assessor.assess([ad.to_text() for ad in ads]), load_catalogue())
    if as_json:
        print_json({"versions": assessor.versions, **figures})
        return
    for line in lines(figures):
        click.echo(line)


def _read(file: Path) -> list[LabelledAd]:
    from classifiers.evaluation.labelled import LabelError, read_labelled  # noqa: PLC0415

    try:
        ads = read_labelled(file)
    except LabelError as error:
        raise BadInput(str(error), hint="docs/schema/labelled.json has the form of a line") from error
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}") from error
    if not ads:
        raise BadInput(f"{file} holds no labelled ad", hint="docs/schema/labelled.json has the form of a line")
    return ads


def _assessor(ctx: click.Context) -> Assessor:
    """The workspace's classifiers where there is one, else the shipped ones."""
    from classifiers import Assessor  # noqa: PLC0415
    from classifiers.encoder import load_encoder  # noqa: PLC0415
    from pipelines.composition import load_assessor  # noqa: PLC0415

    try:
        workspace = find_workspace(ctx)
    except ConfigurationError:
        if given_workspace(ctx) is not None:
            raise
        return Assessor.load(encoder=load_encoder("shipped"))
    return load_assessor(workspace)
