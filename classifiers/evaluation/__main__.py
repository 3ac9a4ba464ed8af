"""Measures the shipped classifiers on the project's own corpus: `python -m classifiers.evaluation [--splits dev]`.

`held` is for the model card and for the end of a piece of work: whoever looks at it while tuning has nothing left to
measure on. Without `--encoder` the layers of meaning are silent.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING

from classifiers.assessor import Assessor
from classifiers.catalogue import load_catalogue
from classifiers.encoder import load_encoder
from classifiers.evaluation.labelled import read_corpus
from classifiers.evaluation.measures import measure
from classifiers.evaluation.summary import lines

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.evaluation", description=__doc__)
    parser.add_argument("--splits", default="dev", help="train, dev, held, joined by commas (default: dev)")
    parser.add_argument("--encoder", default="shipped", help='"shipped", "none", or "sentence-transformers:PATH"')
    parser.add_argument("--json", action="store_true", help="print every figure as JSON")
    options = parser.parse_args(arguments)
    assessor = Assessor.load(encoder=None if options.encoder == "none" else load_encoder(options.encoder))
    ads = read_corpus(splits=options.splits.split(","))
    figures = measure(ads, assessor.assess([ad.to_text() for ad in ads]), load_catalogue())
    shown = json.dumps(figures, indent=1) if options.json else "\n".join(lines(figures))
    sys.stdout.write(shown + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
