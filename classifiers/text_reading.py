"""A text as read before it is weighed: let go at first sight, or read closely in all that it names and says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from classifiers.class_features import FeatureReader, Features
from classifiers.gate import Gate, Verdict
from classifiers.kinds import KindReader, Seen
from classifiers.languages import OTHER, LanguageFinder
from classifiers.lexicon import LANGUAGES, Lexicon
from classifiers.meaning import MeaningModel, MeaningReader
from classifiers.mentions import MentionFinder
from classifiers.names import WeaponNames
from classifiers.signals import Sighting, SignalReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifiers.catalogue import Catalogue
    from classifiers.class_model import ClassModel
    from classifiers.first_stage import FirstStage
    from classifiers.reading import Reader
    from classifiers.tokens import Tokens
    from classifiers.values import Text

LONGEST_TITLE = 1_000  # code points read; what follows is not, and `abstained` says so
LONGEST_DESCRIPTION = 12_000
SHORT = 12  # tokens: with fewer the language is a guess, and every lexicon is asked
SURE = 0.6  # a class probability under this is "unsure" where guns are named
MOST_CATEGORIES = 2_000  # remembered at a time


@frozen(kw_only=True)
class Reading:
    """One text as read before the encoder: enough to say whether it needs it. `seen` is None where it was let go."""

    text: Text
    language: str
    verdict: Verdict
    seen: Seen | None
    abstained: str | None
    sightings: list[Sighting] = field(factory=list)


class TextReader:
    """Reads texts by lexicons and trained layers. Holds nothing of the texts but a bounded memory of categories."""

    def __init__(
        self,
        *,
        lexicon: Lexicon,
        reader: Reader,
        catalogue: Catalogue,
        first_stage: FirstStage,
        class_model: ClassModel,
        meaning: MeaningModel | None,
    ) -> None:
        self._reader = reader
        self._first_stage = first_stage
        self._names = WeaponNames(self._reader)
        self._languages = LanguageFinder(self._reader.everyday)
        self._finder = MentionFinder(self._reader)
        self._gate = Gate(self._reader, self._finder, lexicon.calibre_classes)
        self._kinds = KindReader(
            gate=self._gate, features=FeatureReader(self._reader, lexicon.calibre_classes), model=class_model
        )
        self._signals = SignalReader(self._reader, lexicon, catalogue)
        self._meaning = MeaningReader(meaning, self._reader.matcher, catalogue) if meaning else None
        self._catalogue = catalogue
        self.lexicon_hash = lexicon.content_hash
        self.model_hashes = (
            first_stage.content_hash,
            class_model.content_hash,
            meaning.content_hash if meaning else "",
        )
        self._hints: dict[str, str | None] = {}

    def read(self, texts: Sequence[Text]) -> list[Reading]:
        """Each text, in order: what the first stage finds nothing in, and that names no weapon, is let go."""
        parts = [(text.title[:LONGEST_TITLE], text.description[:LONGEST_DESCRIPTION]) for text in texts]
        if not parts:
            return []
        scores = self._first_stage.score(
            [f"{title}\n{description}" for title, description in parts], self._reader.folder
        )
        return [
            self._read(text, words, round(score, 4))
            for text, words, score in zip(texts, parts, scores.tolist(), strict=True)
        ]

    def read_fully(self, text: Text) -> Reading:
        """One text, read closely whatever it is about."""
        return self._read(text, (text.title[:LONGEST_TITLE], text.description[:LONGEST_DESCRIPTION]), None)

    def class_features(self, text: Text) -> Features:
        """What the class model weighs for a text: the input of its training. Nothing for a text without words."""
        read = self.read_fully(text)
        return self._kinds.weigh(read.seen)[1] if read.seen else {}

    def _read(self, text: Text, words: tuple[str, str], score: float | None) -> Reading:
        """One text; without a score it is read closely whatever it is about."""
        title, description = words
        if not title.strip() and not description.strip():
            return _let_go(text, OTHER, "empty")
        cut = len(title) < len(text.title) or len(description) < len(text.description)
        tokens = self._reader.tokens(title), self._reader.tokens(description)
        keys = [*tokens[0].keys, *tokens[1].keys]
        if not any(any(char.isalpha() for char in key) for key in keys):
            return _let_go(text, OTHER, "no words")
        low = score is not None and score < self._first_stage.file.least
        if low and not self._names.stand_in(keys) and self._hint(text.category) in (None, "other"):
            why = f"nothing speaks for a weapon: {score}, under {self._first_stage.file.least}"
            return _let_go(text, self._languages.guess(keys), "too long" if cut else None, why)
        language = self._languages.find(f"{title} {description}", keys)
        return self._read_closely(text, language, words, tokens, "too long" if cut else None)

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
            for sighting in self._signals.read(field, languages, found, {"en"} if language == OTHER else {language})
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
            text=text, language=language, verdict=verdict, seen=seen, abstained=abstained, sightings=sightings
        )


def _let_go(text: Text, language: str, abstained: str | None, why: str = "no words to read") -> Reading:
    probability = 0.99 if abstained is None else 0.0
    verdict = Verdict(item_class="other", probability=probability, evidence=(("other", 4.6, why),))
    return Reading(text=text, language=language, verdict=verdict, seen=None, abstained=abstained)
