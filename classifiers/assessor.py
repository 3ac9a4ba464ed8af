"""Texts in, assessments out: the composition of all layers. Pure: same text and vector, same bytes."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING

from attrs import evolve

from classifiers.calibration import MODEL as CALIBRATION
from classifiers.calibration import Calibration, load_calibration
from classifiers.catalogue import Catalogue, load_catalogue
from classifiers.class_model import CLASS_MODEL, load_class_model
from classifiers.first_stage import FIRST_STAGE, load_first_stage
from classifiers.items import find_items
from classifiers.lexicon import Lexicon, load_lexicon
from classifiers.meaning import MODEL as HEADS
from classifiers.meaning import load_meaning
from classifiers.observations import Observer
from classifiers.packs import Packs, load_packs
from classifiers.reading import Reader
from classifiers.scoring import Scorer
from classifiers.serials import describe_items
from classifiers.text_reading import LONGEST_DESCRIPTION, SURE, Reading, TextReader
from classifiers.values import SCORES, Assessment, FoundItem, Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.class_features import Features
    from classifiers.encoder import Encoder, PassageEncoder
    from classifiers.signals import Sighting

SHIPPED = CALIBRATION.parent  # where what is trained lies, unless a workspace has its own


class Assessor:
    """Assesses texts. Build it once with `load`; it holds lexicons, packs and matchers, and nothing of the texts."""

    def __init__(
        self,
        *,
        reader: TextReader,
        catalogue: Catalogue,
        packs: Packs,
        calibration: Calibration,
        encoder: Encoder | None,
        as_of: date,
    ) -> None:
        self._reader = reader
        self._scorer = Scorer(catalogue, packs, calibration)
        self._catalogue = catalogue
        self._observer = Observer(catalogue=catalogue, packs=packs, as_of=as_of)
        self._passages = _passages(encoder)
        self._as_of = as_of
        self.versions = {
            "model": _joined_hash(
                calibration.content_hash,
                *reader.model_hashes,
                encoder.sha256 if encoder else "",
            ),
            "rules": _joined_hash(catalogue.content_hash, packs.content_hash),
            "lexicon": reader.lexicon_hash,
        }

    @classmethod
    def load(
        cls,
        encoder: Encoder | None = None,
        *,
        as_of: date | None = None,
        trained: Path = SHIPPED,
        meaning: bool = True,
    ) -> Assessor:
        """An assessor over the shipped lexicons and packs, and over what training left in the folder `trained`.

        `as_of` decides which legal hooks are in force and fresh; by default the latest day on which the packs were
        checked, so that results do not depend on the clock. Without `meaning`, wording alone is read. Raises
        LexiconError where a data file cannot be used.
        """
        catalogue = load_catalogue()
        packs = load_packs(catalogue)
        lexicon, by_lexicon = _read_shipped()
        reader = TextReader(
            lexicon=lexicon,
            reader=by_lexicon,
            catalogue=catalogue,
            first_stage=load_first_stage(_first_stage_of(trained)),
            class_model=load_class_model(trained / CLASS_MODEL.name),
            meaning=load_meaning(trained / HEADS.name) if meaning else None,
        )
        return cls(
            reader=reader,
            catalogue=catalogue,
            packs=packs,
            calibration=load_calibration(trained / CALIBRATION.name),
            encoder=encoder,
            as_of=as_of or packs.latest_check,
        )

    def assess(self, texts: Sequence[Text], vectors: NDArray[np.float32] | None = None) -> list[Assessment]:
        """One assessment per text, in order. `vectors` is (n, 384) float32 where the caller has them already.

        Without vectors, texts that may be about guns are encoded where the assessor has an encoder.
        """
        readings = self._reader.read(texts)
        assessments = [self._conclude(reading) for reading in readings]
        if vectors is not None:
            return [evolve(one, vector=row) for one, row in zip(assessments, vectors, strict=True)]
        return self._with_vectors(readings, assessments)

    def class_features(self, text: Text) -> Features:
        """What the class model weighs for a text: the input of its training. Nothing for a text without words."""
        return self._reader.class_features(text)

    def _with_vectors(self, readings: list[Reading], assessments: list[Assessment]) -> list[Assessment]:
        """Vectors for what may be about guns: what was let go at once is never encoded, and has none."""
        if self._passages is None:
            return assessments
        places = [place for place, reading in enumerate(readings) if self._is_worth_encoding(reading)]
        texts = [readings[place].text for place in places]
        rows = self._passages.encode_listings([(text.title, text.description[:LONGEST_DESCRIPTION]) for text in texts])
        done = list(assessments)
        for place, row in zip(places, rows, strict=True):
            done[place] = evolve(done[place], vector=row)
        return done

    def _is_worth_encoding(self, reading: Reading) -> bool:
        sure = self._catalogue.leaves(reading.verdict.item_class) and reading.verdict.probability >= SURE
        return reading.seen is not None and not sure

    def _conclude(self, reading: Reading) -> Assessment:
        verdict, seen = reading.verdict, reading.seen
        sightings: list[Sighting] = []
        items: tuple[FoundItem, ...] = ()
        if seen is not None:
            items = find_items(*seen.fields, seen.mentions, verdict)
            sightings = [*reading.sightings]
            sightings += self._observer.observe(reading.text, seen.fields, seen.mentions, verdict, items, sightings)
        sightings = [one for one in sightings if one.name != "scam_storefront" or one.layer == "count"]
        queue = "scam_storefront" if any(one.name == "scam_storefront" for one in sightings) else None
        scored = self._scorer.score(sightings, verdict.item_class, reading.text.jurisdiction, self._as_of)
        review = "none" if queue == "scam_storefront" else scored.review
        return Assessment(
            language=reading.language,
            item_class=verdict.item_class,
            class_probability=verdict.probability,
            items=describe_items(items, sightings, seen.fields if seen else None),
            signals=scored.findings,
            scores={name: scored.scores[name] for name in SCORES},
            review=review,
            abstained=reading.abstained,
            queue=queue or ("main" if review != "none" else None),
            versions=self.versions,
            derivation={
                "evidence": [list(row) for row in verdict.evidence],
                "class_model": {
                    "terms": [list(term) for term in verdict.terms],
                    "over": verdict.runner_up,
                },
                **scored.derivation,
            },
        )


def assess(texts: Sequence[Text], *, assessor: Assessor | None = None) -> list[Assessment]:
    """Assess texts, with a given assessor or one loaded for this call (seconds, the first time in a process)."""
    return (assessor or Assessor.load()).assess(texts)


@cache
def _read_shipped() -> tuple[Lexicon, Reader]:
    """The shipped lexicons, and what reads by them: made once a process (seconds), as neither ever changes."""
    lexicon = load_lexicon()
    return lexicon, Reader(lexicon)


def _passages(encoder: Encoder | None) -> PassageEncoder | None:
    """The encoder, reading each distinct passage once."""
    if encoder is None:
        return None
    from classifiers.encoder import PassageEncoder  # noqa: PLC0415 - numpy and onnxruntime only where vectors are made

    return PassageEncoder(encoder)


def _first_stage_of(trained: Path) -> Path:
    """The folder's first stage, or the shipped one where the folder was trained before there was any."""
    own = trained / FIRST_STAGE.name
    return own if own.exists() else FIRST_STAGE


def _joined_hash(*hashes: str) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()
