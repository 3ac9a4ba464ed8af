"""Texts in, assessments out: the composition of all layers. Pure: same text and vector, same bytes."""

from __future__ import annotations

import hashlib
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from classifiers.calibration import MODEL as CALIBRATION
from classifiers.calibration import Calibration, load_calibration
from classifiers.catalogue import Catalogue, load_catalogue
from classifiers.class_features import FeatureReader, Features
from classifiers.class_model import CLASS_MODEL, ClassModel, load_class_model
from classifiers.gate import Gate, Verdict
from classifiers.items import find_items
from classifiers.kinds import KindReader, Seen
from classifiers.languages import OTHER, LanguageFinder
from classifiers.lexicon import LANGUAGES, Lexicon, load_lexicon
from classifiers.meaning import MODEL as HEADS
from classifiers.meaning import MeaningModel, MeaningReader, load_meaning
from classifiers.mentions import MentionFinder
from classifiers.observations import Observer
from classifiers.packs import Packs, load_packs
from classifiers.reading import Reader
from classifiers.scoring import Scorer
from classifiers.serials import describe_items
from classifiers.signals import Sighting, SignalReader
from classifiers.values import SCORES, Assessment, FoundItem, Text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from classifiers.encoder import Encoder, PassageEncoder
    from classifiers.tokens import Tokens

SHIPPED = CALIBRATION.parent  # where what is trained lies, unless a workspace has its own
LONGEST_TITLE = 1_000  # code points read; what follows is not, and `abstained` says so
LONGEST_DESCRIPTION = 12_000
SHORT = 12  # tokens: with fewer the language is a guess, and every lexicon is asked
SURE = 0.6  # a class probability under this is "unsure" where guns are named
MOST_CATEGORIES = 2_000  # remembered at a time
CONTEXT = ("gunlaw", "licence", "lic", "arm", "serial")  # words that let a text be read closely though it names no gun


@frozen(kw_only=True)
class Reading:
    """One text as read before the encoder: enough to say whether it needs it."""

    text: Text
    language: str
    verdict: Verdict
    seen: Seen | None
    abstained: str | None
    sightings: list[Sighting] = field(factory=list)


class Assessor:
    """Assesses texts. Build it once with `load`; it holds lexicons, packs and matchers, and nothing of the texts."""

    def __init__(
        self,
        *,
        lexicon: Lexicon,
        catalogue: Catalogue,
        packs: Packs,
        calibration: Calibration,
        class_model: ClassModel,
        meaning: MeaningModel | None,
        encoder: Encoder | None,
        as_of: date,
    ) -> None:
        self._reader = Reader(lexicon)
        self._languages = LanguageFinder(self._reader.everyday)
        self._finder = MentionFinder(self._reader)
        self._gate = Gate(self._reader, self._finder, lexicon.calibre_classes)
        self._kinds = KindReader(
            gate=self._gate, features=FeatureReader(self._reader, lexicon.calibre_classes), model=class_model
        )
        self._signals = SignalReader(self._reader, lexicon, catalogue)
        self._meaning = MeaningReader(meaning, self._reader.matcher, catalogue) if meaning else None
        self._scorer = Scorer(catalogue, packs, calibration)
        self._catalogue = catalogue
        self._observer = Observer(catalogue=catalogue, packs=packs, as_of=as_of)
        self._passages = _passages(encoder)
        self._hints: dict[str, str | None] = {}
        self._as_of = as_of
        self._triggers = self._trigger_words()
        self.versions = {
            "model": _joined_hash(
                calibration.content_hash,
                class_model.content_hash,
                meaning.content_hash if meaning else "",
                encoder.sha256 if encoder else "",
            ),
            "rules": _joined_hash(catalogue.content_hash, packs.content_hash),
            "lexicon": lexicon.content_hash,
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
        return cls(
            lexicon=load_lexicon(),
            catalogue=catalogue,
            packs=packs,
            calibration=load_calibration(trained / CALIBRATION.name),
            meaning=load_meaning(trained / HEADS.name) if meaning else None,
            class_model=load_class_model(trained / CLASS_MODEL.name),
            encoder=encoder,
            as_of=as_of or packs.latest_check,
        )

    def assess(self, texts: Sequence[Text], vectors: NDArray[np.float32] | None = None) -> list[Assessment]:
        """One assessment per text, in order. `vectors` is (n, 384) float32 where the caller has them already.

        Without vectors, texts that may be about guns are encoded where the assessor has an encoder.
        """
        readings = [self._read(text) for text in texts]
        assessments = [self._conclude(reading) for reading in readings]
        if vectors is not None:
            return [evolve(one, vector=row) for one, row in zip(assessments, vectors, strict=True)]
        return self._with_vectors(readings, assessments)

    def class_features(self, text: Text) -> Features:
        """What the class model weighs for a text: the input of its training. Nothing for a text without words."""
        read = self._read(text, close=True)
        return self._kinds.weigh(read.seen)[1] if read.seen else {}

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

    def _trigger_words(self) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
        """What every name of a thing we look for begins with: a word of its own, or two tokens in a row (`g`, `17`)."""
        members = self._reader.matcher.members
        phrases = {number: key for key, number in self._reader.matcher.phrase_keys()}
        numbers = {
            number
            for concept, found in members.items()
            if concept.startswith(("make/", "model/")) or (":" in concept and not _idle(concept))
            for number in found
        }
        keys = [phrases[number] for number in numbers]
        words = {key[0] for key in keys if len(key) == 1}
        keys += [phrases[number] for name, found in members.items() if name.startswith("calibre/") for number in found]
        pairs = {(key[0], key[1]) for key in keys if len(key) > 1 and words.isdisjoint(key)}
        return frozenset(words), frozenset(pairs)

    def _may_matter(self, keys: list[str]) -> bool:
        words, pairs = self._triggers
        return not words.isdisjoint(keys) or not pairs.isdisjoint(pairwise(keys))

    def _read(self, text: Text, *, close: bool = False) -> Reading:
        if not text.title.strip() and not text.description.strip():
            return _unread(text, OTHER, "empty")
        title, description = text.title[:LONGEST_TITLE], text.description[:LONGEST_DESCRIPTION]
        cut = len(title) < len(text.title) or len(description) < len(text.description)
        tokens = self._reader.tokens(title), self._reader.tokens(description)
        keys = [*tokens[0].keys, *tokens[1].keys]
        language = self._languages.find(f"{title} {description}", keys)
        if not any(any(char.isalpha() for char in key) for key in keys):
            return _unread(text, OTHER, "no words")
        if not close and not self._may_matter(keys) and self._hint(text.category) in (None, "other"):
            return _unread(text, language, "too long" if cut else None)
        return self._read_closely(text, language, (title, description), tokens, "too long" if cut else None)

    def _hint(self, category: str | None) -> str | None:
        """The class that the site's own category names. A site has few: they are remembered."""
        if not category:
            return None
        words = category[:LONGEST_TITLE]
        if words not in self._hints:
            if len(self._hints) >= MOST_CATEGORIES:
                self._hints.clear()
            self._hints[words] = self._gate.category(self._reader.read("category", words))
        return self._hints[words]

    def _read_closely(
        self, text: Text, language: str, words: tuple[str, str], tokens: tuple[Tokens, Tokens], abstained: str | None
    ) -> Reading:
        title = self._reader.read("title", words[0], tokens[0])
        description = self._reader.read("description", words[1], tokens[1])
        sure = {"en", language}
        short = len(tokens[0].keys) + len(tokens[1].keys) < SHORT
        languages = set(LANGUAGES) if short or language == OTHER else sure
        mentions = self._finder.find(title, languages, sure), self._finder.find(description, languages, sure)
        sightings = [
            sighting
            for field, found in zip((title, description), mentions, strict=True)
            for sighting in self._signals.read(field, languages, found, sure)
        ]
        if self._meaning is not None:
            sightings += self._meaning.read((title, description), language, sightings)
        seen = Seen(
            fields=(title, description),
            mentions=mentions,
            hint=self._hint(text.category),
            amount=self._catalogue.dollars(text.price, text.currency),
            told={sighting.name for sighting in sightings},
            sure=sure,
        )
        verdict = self._kinds.judge(seen)
        gun_words = any(mention.item_class not in ("other", "calibre") for found in mentions for mention in found)
        if language == OTHER and gun_words:
            abstained = "language"
        elif verdict.probability < SURE and gun_words and abstained is None:
            abstained = "unsure"
        return Reading(
            text=text,
            language=language,
            verdict=verdict,
            seen=seen,
            abstained=abstained,
            sightings=sightings,
        )

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
    """Assess texts, with a given assessor or one loaded for this call (about a second)."""
    return (assessor or Assessor.load()).assess(texts)


def _unread(text: Text, language: str, abstained: str | None) -> Reading:
    probability = 0.99 if abstained is None else 0.0
    verdict = Verdict(
        item_class="other", probability=probability, evidence=(("other", 4.6, "names no thing we look for"),)
    )
    return Reading(text=text, language=language, verdict=verdict, seen=None, abstained=abstained)


def _passages(encoder: Encoder | None) -> PassageEncoder | None:
    """The encoder, reading each distinct passage once."""
    if encoder is None:
        return None
    from classifiers.encoder import PassageEncoder  # noqa: PLC0415 - numpy and onnxruntime only where vectors are made

    return PassageEncoder(encoder)


def _idle(concept: str) -> bool:
    """Concepts that name nothing we look for, or only describe what was named."""
    _, _, kind = concept.partition(":")
    if not kind.startswith("object/"):
        return kind not in CONTEXT
    return kind in ("object/other", "object/news_or_discussion") or kind.startswith(
        ("object/feature/", "object/category/", "object/ending/")
    )


def _joined_hash(*hashes: str) -> str:
    return hashlib.sha256("".join(hashes).encode()).hexdigest()
