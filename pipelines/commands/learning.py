"""`tracemark evaluate`: how well the classifiers read ads that a person has labelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipelines.commands.conventions import find_workspace, given_workspace, json_option, print_json, workspace_option
from pipelines.errors import BadInput, ConfigurationError

if TYPE_CHECKING:
    from classifiers import Assessor
    from classifiers.evaluation.labelled import LabelledAd


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
