"""The model card, written from the shipped classifiers and the held-out corpus: `make model-card`.

Model cards: Mitchell, M. et al. (2019), Model Cards for Model Reporting.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.assessor import Assessor
from classifiers.catalogue import load_catalogue
from classifiers.encoder import load_encoder
from classifiers.evaluation.labelled import read_corpus
from classifiers.evaluation.measures import HARD_NEGATIVES, measure
from classifiers.evaluation.rates import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from classifiers.evaluation.rates import JsonObject

CARD = Path(__file__).parent.parent.parent / "docs" / "model-card.md"
WORST = 12

PREFACE = """# Model card: the classifiers

Written by `make model-card` from the shipped files; do not edit it by hand.

## What it is

Rules over versioned lexicons, small trained layers, and calibrated scores (`classifiers/`). A text goes in; out come
what is offered, the signals and counter-signals with the words they rest on, five scores and a review level. Weights
are added, and every addend is printed (`tracemark assess --explain ID`).

**A score is the calibrated probability that a careful reader of the project's own corpus would want to look for that
reason.** It is no probability that anyone did anything.

## Intended and prohibited uses

Intended: to put listings in an order for people who then look, with what speaks for and against in front of them.

Prohibited: to act on a score or a level without a person; to rank or rate persons; to treat a signal as a finding of
an offence; to use it in a language or for a signal marked "not measured" as if it had been; to train on captures of
people's listings without a legal basis; to draw conclusions from the language a seller writes in.

## The data behind these figures

**Synthetic**: the corpus of `classifiers/corpus` (see its data card). Its ads and labels were written by a language
model for this project, no native speaker has reviewed them in any language, and they were labelled once. What follows
is measured on its held-out families, which nothing was fitted on or tuned to. On real ads in numbers: not measured
here, but for what the closing section says.
"""

NOTE = (
    f"A cell with fewer than {MEASURED} labelled cases says **not measured**, with the bare figure in brackets for"
    " those who maintain it. Intervals are Wilson's, 95 %."
)

CLOSING = """## Known failures

- Wording that no pattern and no neighbouring sentence resembles is not seen. Silence is no sign of anything.
- Irony, quotation and talk about others are read by their nearest words; reported speech only in common forms.
- The shipped encoder reads English. In other languages the signals rest on wording alone.
- Very long texts are read to 12,000 characters; what follows is not, and the assessment says "too long".
- Pictures are not read.
- Wording in every language but English needs a native reader before anyone relies on it. **None has read it yet.**

## Real ads

No real ad was trained on or tuned to. `benchmarks/quality.py --real FILE --labels FILE` prints how many of a
file of real ads reach each level, and what their labels say.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the held-out families and write the card; or, with `--check`, say whether the shipped one is current."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.evaluation.card", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the shipped card differs")
    options = parser.parse_args(arguments)
    assessor = Assessor.load(encoder=load_encoder("shipped"))
    ads = read_corpus(splits=("held",))
    card = write_card(measure(ads, assessor.assess([ad.to_text() for ad in ads]), load_catalogue()), assessor.versions)
    if options.check:
        return int(CARD.read_text(encoding="utf-8") != card)
    CARD.write_text(card, encoding="utf-8")
    sys.stdout.write(f"{CARD.name} is written from {len(ads)} held-out ads\n")
    return 0


def write_card(figures: JsonObject, versions: Mapping[str, str]) -> str:
    """The card in Markdown."""
    languages = ", ".join(f"{name} {count}" for name, count in figures["languages"].items())
    parts = [
        PREFACE.rstrip(),
        f"Held-out ads: {figures['n']} ({languages}).",
        NOTE,
        "Versions: " + ", ".join(f"{name} `{value[:16]}`" for name, value in sorted(versions.items())) + ".",
        "## What kind of thing it is\n\n" + "\n".join(_classes(figures)),
        "## Hard negatives\n\n" + "\n".join(_confusion(figures)),
        "## Signals\n\n" + "\n".join(_signals(figures)),
        "## Minimal pairs\n\n" + "\n".join(_pairs(figures)),
        "## Calibration\n\n" + "\n".join(_calibration(figures)),
        "## False leads\n\n" + "\n".join(_leads(figures)),
        CLOSING.rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|---|{'---:|' * (len(head) - 1)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _rate(rate: JsonObject) -> str:
    if rate["value"] is None:
        return "·"
    return f"{rate['value']:.2f} ({rate['low']:.2f}–{rate['high']:.2f})"


def _classes(figures: JsonObject) -> Iterator[str]:
    kind, firearm, make = figures["class"], figures["firearm"], figures["make"]
    yield f"- class: accuracy {_rate(kind['accuracy'])}, macro F1 {kind['macro_f1']}"
    sides = f"precision {_rate(firearm['precision'])}, recall {_rate(firearm['recall'])}"
    yield f"- firearm or not: F1 {firearm['f1']}, {sides}"
    yield f"- make, where one is stated: precision {_rate(make['precision'])} at coverage {_rate(make['coverage'])}"
    yield f"- number of guns as the reader counted: {_rate(figures['items']['quantity'])}"
    yield ""
    yield from _table(
        ("class", "n", "precision", "recall", "F1"),
        (
            (name, str(one["n"]), _rate(one["precision"]), _rate(one["recall"]), _measured(one))
            for name, one in kind["per_class"].items()
        ),
    )
    yield ""
    yield from _table(
        ("language", "n", "accuracy"),
        ((name, str(one["accuracy"]["of"]), _rate(one["accuracy"])) for name, one in kind["per_language"].items()),
    )


def _measured(tally: JsonObject) -> str:
    if tally["f1"] is None:
        return "·"
    return f"{tally['f1']:.2f}" if tally["measured"] else f"not measured ({tally['f1']:.2f})"


def _confusion(figures: JsonObject) -> Iterator[str]:
    called = figures["firearm"]["hard_negatives_called_firearms"]
    yield f"Look-alikes, toys, games, accessories and other goods called a firearm: {_rate(called)}."
    yield ""
    taken: Counter[tuple[str, str]] = Counter()
    for true, found, count in figures["class"]["confusion"]:
        if true in HARD_NEGATIVES:
            taken[true, found] += count
    yield from _table(
        ("what it is", "what it was taken for", "ads"),
        ((true, found, str(count)) for (true, found), count in taken.most_common(WORST)),
    )


def _signals(figures: JsonObject) -> Iterator[str]:
    signals = figures["signals"]
    yield from _table(
        ("language", "labelled", "precision", "recall", "micro F1", "counter-signals' recall"),
        (
            (
                name,
                str(one["n"]),
                _rate(one["precision"]),
                _rate(one["recall"]),
                _measured(one),
                _rate(signals["counter_recall"][name]),
            )
            for name, one in signals["micro"].items()
        ),
    )
    languages = [name for name in signals["micro"] if name != "all"]
    yield ""
    yield "F1 per signal, with its labelled cases; languages with no case are blank."
    yield ""
    yield from _table(
        ("signal", "all", "expected false per 100 found", *languages),
        (
            (
                name,
                _cell(cells.get("all")),
                _false(cells["all"]),
                *(_cell(cells.get(language)) for language in languages),
            )
            for name, cells in signals["per_signal"].items()
        ),
    )


def _cell(tally: JsonObject | None) -> str:
    if tally is None or not tally["n"]:
        return ""
    shown = "–" if tally["f1"] is None else f"{tally['f1']:.2f}"
    return f"{shown}, n {tally['n']}" if tally["measured"] else f"not measured ({shown}, n {tally['n']})"


def _false(tally: JsonObject) -> str:
    rate = tally["precision"]
    if rate["value"] is None:
        return "·"
    return f"{100 * (1 - rate['value']):.0f} ({100 * (1 - rate['high']):.0f}–{100 * (1 - rate['low']):.0f})"


def _pairs(figures: JsonObject) -> Iterator[str]:
    yield "Two ads that differ in one turn of wording; right when all that tells them apart is right on both sides."
    yield ""
    yield from _table(
        ("language", "pairs", "right"),
        ((name, str(rate["of"]), _rate(rate)) for name, rate in figures["minimal_pairs"].items()),
    )


def _calibration(figures: JsonObject) -> Iterator[str]:
    yield "Expected calibration error over ten bins, on the ads that were counted."
    yield ""
    yield from _table(
        ("score", "n", "wanted by the reader", "error"),
        ((name, str(one["n"]), str(one["wanted"]), f"{one['error']}") for name, one in figures["calibration"].items()),
    )


def _leads(figures: JsonObject) -> Iterator[str]:
    leads = figures["false_leads"]
    yield "Of what is put up, how many of 100 the corpus' reader would not have looked at. Half of the corpus was"
    yield "written to deceive: a marketplace has other shares, and the quality screen shows those of your own reviews."
    yield ""
    rows = [(f"level {name}", leads[name]) for name in ("review", "idle")]
    rows += [(f"highest score ≥ {least}", one) for least, one in leads["thresholds"].items()]
    yield from _table(
        ("put up by", "ads", "false of 100", "caught of those the reader wanted"),
        (
            (
                name,
                str(one["put_up"]),
                _hundred(one["false"]),
                _rate(one["caught"]) if "caught" in one else "",
            )
            for name, one in rows
        ),
    )


def _hundred(rate: JsonObject) -> str:
    if rate["value"] is None:
        return "·"
    return f"{100 * rate['value']:.0f} ({100 * rate['low']:.0f}–{100 * rate['high']:.0f})"


if __name__ == "__main__":
    raise SystemExit(main())
