"""Fits all that is trained, each part after the one it builds on: first stage, kinds of thing, heads, calibration.

`python -m classifiers.training` fits the shipped files on the project's own corpus, its `train` and `dev` splits;
`--check` says whether the shipped files are what training gives. `tracemark train` does the same into a folder of the
workspace, with its people's decisions and labelled ads of its own. The same input gives the same bytes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.assessor import SHIPPED, Assessor
from classifiers.calibration import MODEL as CALIBRATION
from classifiers.calibration_training import fit_calibration
from classifiers.catalogue import load_catalogue
from classifiers.class_model import CLASS_MODEL
from classifiers.class_training import fit_classes, model_text
from classifiers.evaluation.labelled import read_corpus
from classifiers.first_stage import FIRST_STAGE
from classifiers.first_stage_training import fit_first_stage
from classifiers.meaning import MODEL as HEADS
from classifiers.meaning_training import fit_heads

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from classifiers.evaluation.labelled import LabelledAd
    from classifiers.values import Text

FILES = (FIRST_STAGE.name, CLASS_MODEL.name, HEADS.name, CALIBRATION.name)
"""What a folder of trained files holds."""


def train(
    ads: Sequence[LabelledAd],
    folder: Path,
    *,
    reviews: Sequence[tuple[Text, bool]] = (),
    tell: Callable[[str], None] = lambda _name: None,
) -> None:
    """Fit on `ads` (splits train and dev; others are left aside) and `reviews`, and write FILES into `folder`.

    `tell` hears the name of each file before it is fitted. Minutes for a few thousand ads.
    """
    chosen = [ad for ad in ads if ad.split in ("train", "dev")]
    for file in FILES:  # each part is read beside the others: until it is fitted, the shipped one stands in
        (folder / file).write_bytes((SHIPPED / file).read_bytes())
    tell(FIRST_STAGE.name)
    fit_first_stage(chosen, folder / FIRST_STAGE.name)
    tell(CLASS_MODEL.name)
    (folder / CLASS_MODEL.name).write_text(model_text(fit_classes(Assessor.load(), chosen)), encoding="utf-8")
    tell(HEADS.name)
    fit_heads(chosen, trained=folder, out=folder / HEADS.name)
    tell(CALIBRATION.name)
    calibration = fit_calibration(Assessor.load(trained=folder), load_catalogue(), chosen, reviews)
    (folder / CALIBRATION.name).write_text(calibration.to_text(), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit and write; or, with `--check`, fit elsewhere and compare."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a shipped file differs")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train(read_corpus(splits=("train", "dev")), folder, tell=_say)
        differing = [file for file in FILES if (folder / file).read_bytes() != (SHIPPED / file).read_bytes()]
        if not options.check:
            for file in differing:
                (SHIPPED / file).write_bytes((folder / file).read_bytes())
    sys.stdout.write(f"differing: {', '.join(differing) or 'none'}\n")
    return int(options.check and bool(differing))


def _say(name: str) -> None:
    sys.stderr.write(f"fitting {name}\n")


if __name__ == "__main__":
    raise SystemExit(main())
