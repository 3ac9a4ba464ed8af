"""The counts in the corpus' data card: `python -m classifiers.evaluation.corpus_card` writes them anew.

What people wrote around the counts stays as it is; `--check` says whether the counts are those of the corpus.
"""

from __future__ import annotations

import argparse
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

from classifiers.catalogue import CLASSES
from classifiers.evaluation.labelled import CORPUS, REVIEWS, read_corpus
from classifiers.lexicon import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from classifiers.evaluation.labelled import LabelledAd

    Names = Callable[[LabelledAd], Iterable[str]]

CARD = CORPUS / "README.md"
BEGIN, END = "<!-- counts: written by classifiers.evaluation.corpus_card -->", "<!-- end of counts -->"
SPLITS = ("train", "dev", "held")


def main(arguments: Sequence[str] | None = None) -> int:
    """Count and write; or, with `--check`, compare."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.evaluation.corpus_card", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the counts differ")
    options = parser.parse_args(arguments)
    card = CARD.read_text(encoding="utf-8")
    head, _, rest = card.partition(BEGIN)
    _, _, tail = rest.partition(END)
    written = f"{head}{BEGIN}\n\n" + "\n".join(counts(read_corpus())) + f"\n\n{END}{tail}"
    if options.check:
        return int(written != card)
    CARD.write_text(written, encoding="utf-8")
    return 0


def counts(ads: Sequence[LabelledAd]) -> Iterator[str]:
    """The tables, as lines of Markdown. A cell reads all/held."""
    families = {ad.family for ad in ads}
    pairs = Counter(ad.language for ad in ads if ad.pair)
    yield (
        f"{len(ads)} lines in {len(families)} families; {sum(pairs.values()) // 2} minimal pairs: "
        + ", ".join(f"{language} {pairs[language] // 2}" for language in LANGUAGES)
        + "."
    )
    yield ""
    yield (
        "Median length in words (in characters for zh): "
        + ", ".join(
            f"{language} {median(_length(ad) for ad in ads if ad.language == language):.0f}" for language in LANGUAGES
        )
        + "."
    )
    yield ""
    yield from _table("lines", ads, lambda _ad: ["all"], ["all"])
    yield ""
    yield from _table("review", ads, lambda ad: [ad.review or ""], REVIEWS)
    yield ""
    yield "### Classes"
    yield ""
    yield from _table("class", ads, lambda ad: [ad.item_class or ""], CLASSES)
    yield ""
    yield "### Signals and counter-signals"
    yield ""
    frequent = Counter(name for ad in ads for name in ad.signals or ())
    yield from _table("signal", ads, lambda ad: ad.signals or (), [name for name, _ in frequent.most_common()])


def _length(ad: LabelledAd) -> int:
    text = f"{ad.title} {ad.description}"
    return sum(not char.isspace() for char in text) if ad.language == "zh" else len(text.split())


def _table(what: str, ads: Sequence[LabelledAd], names: Names, rows: Sequence[str]) -> Iterator[str]:
    every: Counter[tuple[str, str]] = Counter()
    held: Counter[tuple[str, str]] = Counter()
    split: Counter[tuple[str, str]] = Counter()
    for ad in ads:
        for name in names(ad):
            for language in (ad.language or "", "all"):
                every[name, language] += 1
                held[name, language] += ad.split == "held"
            split[name, ad.split or ""] += 1
    columns = [*LANGUAGES, "all"]
    yield f"| {what} | {' | '.join(columns)} | {' | '.join(SPLITS)} |"
    yield f"|---|{'---:|' * (len(columns) + len(SPLITS))}"
    for name in sorted(rows, key=lambda row: -every[row, "all"]):
        cells = [f"{every[name, one]}/{held[name, one]}" if every[name, one] else "·" for one in columns]
        cells += [str(split[name, one]) for one in SPLITS]
        yield f"| {name} | {' | '.join(cells)} |"


if __name__ == "__main__":
    raise SystemExit(main())
