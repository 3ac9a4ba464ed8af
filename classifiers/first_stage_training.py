"""Fits the first look on the corpus' train split: `python -m classifiers.first_stage_training [--check] [--real FILE]`.

Weapons are the ads of every class that is one, and every name of one in the lexicons; against them stand the ads of
other things, whole and in parts. The least score is the highest that loses at most five weapon-related ads in a
thousand of the `dev` split, which nothing was fitted on; what is kept and let go there is measured and printed.
`--real` adds how many ads of a feed are read closely.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers.evaluation.labelled import read_corpus
from classifiers.first_stage import (
    BITS,
    FIRST_STAGE,
    FirstStage,
    FirstStageFile,
    cut_segments,
    find_grams,
    load_first_stage,
    write_first_stage,
)
from classifiers.lexicon import Lexicon, load_lexicon
from classifiers.names import THINGS, WeaponNames
from classifiers.reading import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]  # scipy ships no stubs

    from classifiers.evaluation.labelled import LabelledAd
    from classifiers.folding import Folder

STRENGTH = 100.0  # inverse of the penalty: of 1, 10 and 100 what let most go at the same recall
HUNDREDTHS = 100
LEAST_RECALL = 0.995
NAMES_OF_ONE = 6  # spellings of one make or model that are learnt
RELATED = (THINGS - {"gun"}) | {"other_part", "digital_file", "wanted_ad", "service"}
"""Classes of which an ad is about weapons, wanted ads and services where they have a signal of a regulated thing."""
ONLY_WITH_SIGNALS = frozenset({"wanted_ad", "service", "digital_file", "other_part"})
OF_ANY_DEAL = frozenset(
    {
        "agency_auction", "bill_of_sale", "cash_only", "dealer", "estate_or_collection", "id_or_residency",
        "licence_number_stated", "more_available", "new_in_box", "off_platform_contact", "platform_verified",
        "private_sale", "reason_personal", "untraceable_payment", "urgency",
    }
)  # fmt: skip
"""Signals that say nothing of weapons."""
BREADTH = "-words-"
"""In families of ads written for their wording alone: a signal in a few words, often with nothing that names a weapon.
A first look that had to keep them would let hardly any plain goods go, whose ads are as short."""


def is_related(ad: LabelledAd) -> bool:
    """Whether an ad is about a weapon, as its labels have it."""
    told = not OF_ANY_DEAL.issuperset(ad.signals or ())
    return told or (ad.item_class in RELATED and ad.item_class not in ONLY_WITH_SIGNALS)


def words_of(ad: LabelledAd) -> str:
    """What is scored of an ad."""
    return f"{ad.title}\n{ad.description}"


def fit_first_stage(ads: Sequence[LabelledAd], path: Path) -> FirstStage:
    """Fit on the `train` ads, choose the least score on the `dev` ads, write to `path`.

    Without ads of both kinds in both splits the shipped model is written: a workspace's own ads seldom have plain ones.
    """
    lexicon = load_lexicon()
    reader = Reader(lexicon)
    whole = [ad for ad in ads if BREADTH not in (ad.family or "")]
    train, dev = ([ad for ad in whole if ad.split == split] for split in ("train", "dev"))
    if any(len({is_related(ad) for ad in part}) < 2 for part in (train, dev)):
        path.write_bytes(FIRST_STAGE.read_bytes())
        return load_first_stage(path)
    related = [words_of(ad) for ad in train if is_related(ad)]
    others = [ad for ad in train if ad.item_class == "other" and not is_related(ad)]
    plain = [words_of(ad) for ad in others] + [part for ad in others for part in (ad.title, ad.description) if part]
    texts = [*related, *_names(lexicon), *plain]
    labels = np.arange(len(texts)) < len(texts) - len(plain)
    rareness = _rareness([*related, *(words_of(ad) for ad in others)], reader.folder)
    weights, bias = _fit(_rows(texts, rareness, reader.folder), labels)
    scale = float(np.abs(weights).max()) / np.iinfo(np.int16).max
    model = FirstStage(
        file=FirstStageFile(
            least=0.0,
            scale=round(scale, 10),
            bias=round(bias, 6),
            measured={},
            corpus_sha256=hashlib.sha256("\n".join(ad.model_dump_json() for ad in (*train, *dev)).encode()).hexdigest(),
            lexicon_sha256=lexicon.content_hash,
        ),
        weights=np.round(weights / round(scale, 10)).astype(np.int16),
        rareness=rareness,
        content_hash="",
    )
    least, measured = _choose(model, dev, reader)
    file = model.file.model_copy(update={"least": least, "measured": measured})
    write_first_stage(path, file, model.weights, model.rareness)
    return load_first_stage(path)


def _names(lexicon: Lexicon) -> Iterator[str]:
    for concept, phrases in lexicon.concepts.items():
        if concept.startswith(("make/", "model/")):
            yield from phrases[:NAMES_OF_ONE]
        elif concept.startswith("calibre/") or concept.partition(":object/")[2] in THINGS:
            yield from phrases


def _rareness(texts: Sequence[str], folder: Folder) -> NDArray[np.int16]:
    """Inverse document frequencies per bucket, in hundredths."""
    counts = np.zeros(1 << BITS)
    for text in texts:
        buckets, _ = find_grams(cut_segments([folder.fold(text).text])[0])
        counts[np.unique(buckets)] += 1
    rare: NDArray[np.int16] = np.rint((np.log((1 + len(texts)) / (1 + counts)) + 1) * HUNDREDTHS).astype(np.int16)
    return rare


def _rows(texts: Sequence[str], rareness: NDArray[np.int16], folder: Folder) -> csr_matrix:
    from scipy.sparse import csr_matrix as sparse  # noqa: PLC0415 - extra `train`

    values, columns, starts = [], [], [0]
    for text in texts:
        buckets, _ = find_grams(cut_segments([folder.fold(text).text])[0])
        rare = rareness[buckets].astype(float)
        values.append(rare / np.sqrt((rare * rare).sum()))
        columns.append(buckets.astype(np.int64))
        starts.append(starts[-1] + len(buckets))
    matrix = sparse((np.concatenate(values), np.concatenate(columns), starts), shape=(len(texts), 1 << BITS))
    matrix.sum_duplicates()
    return matrix


def _fit(rows: csr_matrix, labels: NDArray[np.bool_]) -> tuple[NDArray[np.float64], float]:
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # noqa: PLC0415 - no stubs; extra `train`

    model = LogisticRegression(C=STRENGTH, solver="liblinear", class_weight="balanced", random_state=7)
    model.fit(rows, labels)
    return model.coef_[0], float(model.intercept_[0])


def _choose(model: FirstStage, dev: Sequence[LabelledAd], reader: Reader) -> tuple[float, dict[str, float]]:
    """The highest score that still keeps nearly every weapon-related ad, and what it keeps and lets go."""
    names = WeaponNames(reader)
    scores = np.round(model.score([words_of(ad) for ad in dev], reader.folder), 4)
    named = np.array(
        [names.stand_in([*reader.tokens(ad.title).keys, *reader.tokens(ad.description).keys]) for ad in dev]
    )
    related = np.array([is_related(ad) for ad in dev])
    plain = np.array([ad.signals is None for ad in dev])
    lost = sorted(scores[related & ~named].tolist())
    may_go = int((1 - LEAST_RECALL) * related.sum())
    least = lost[may_go] if may_go < len(lost) else float(scores[~named].max())
    kept = (scores >= least) | named
    measured = {
        "related": float(related.sum()),
        "related_kept": float(kept[related].mean()),
        "named": float(named[related].mean()),
        "plain_let_go": float((~kept[plain]).mean()) if plain.any() else 0.0,
        "hard_let_go": float((~kept[~related & ~plain]).mean()),
    }
    return least, {name: round(value, 4) for name, value in measured.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, print and write; or, with `--check`, measure the shipped model."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.first_stage_training", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fit nothing: measure the shipped model")
    parser.add_argument("--real", type=Path, help="a feed of weapon-related ads: how many of them are kept")
    options = parser.parse_args(arguments)
    ads = [] if options.check else read_corpus(splits=("train", "dev"))
    model = load_first_stage() if options.check else fit_first_stage(ads, FIRST_STAGE)
    figures = {"least": model.file.least, **model.file.measured}
    if options.real is not None:
        rows = [json.loads(line) for line in options.real.read_text(encoding="utf-8").splitlines()]
        reader = Reader(load_lexicon())
        names = WeaponNames(reader)
        texts = [f"{row['title'] or ''}\n{row['description'] or ''}" for row in rows]
        kept = (model.score(texts, reader.folder) >= model.file.least).tolist()
        kept = [high or names.stand_in(reader.tokens(text).keys) for high, text in zip(kept, texts, strict=True)]
        figures |= {"real_ads": len(kept), "real_kept": round(sum(kept) / max(len(kept), 1), 4)}
    sys.stdout.write(json.dumps(figures) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
