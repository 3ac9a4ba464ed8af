"""Finds a lexicon's phrases in tokens (spaCy's PhraseMatcher), and its patterns over those phrases."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from attrs import frozen
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

from classifiers.lexicon import ANY_NUMBER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classifiers.folding import Folder
    from classifiers.lexicon import Lexicon, Pattern
    from classifiers.tokens import Tokenizer, Tokens

UNKNOWN = "\ufffd"
MOST_BRANCHES = 64  # ways to continue a pattern that are followed from one place


@frozen
class Phrases:
    """Where phrases stand: `at[start]` holds `(phrase, end)`, `where[phrase]` holds `(start, end)`."""

    at: dict[int, list[tuple[int, int]]]
    where: dict[int, list[tuple[int, int]]]


@frozen(order=True)
class Match:
    """A pattern seen on tokens `start:end`."""

    start: int
    end: int
    rule: int


class Matcher:
    """All phrases of the lexicon in one matcher; patterns indexed by their rarest step."""

    def __init__(self, lexicon: Lexicon, folder: Folder, tokenizer: Tokenizer, everyday: frozenset[str]) -> None:
        self._vocab = Vocab()
        self._matcher = PhraseMatcher(self._vocab, attr="ORTH")
        self._numbered = PhraseMatcher(self._vocab, attr="ORTH")  # phrases that hold any number
        self._phrases: dict[tuple[str, ...], int] = {}
        self._numbers: dict[int, int] = {}
        self.members: dict[str, frozenset[int]] = {}
        # A phrase stands in some four concepts, and folding is most of what loading takes: each is folded once.
        every = dict.fromkeys(phrase for phrases in lexicon.concepts.values() for phrase in phrases)
        keys = {phrase: tuple(_keys(phrase, folder, tokenizer)) for phrase in every}
        for concept, phrases in lexicon.concepts.items():
            members = {keys[phrase] for phrase in phrases}
            self.members[concept] = frozenset(self._number(key) for key in members if key)
        self.concepts_of = _inverted(self.members)
        self.words = frozenset(word for key in self._phrases for word in key)
        self._add_phrases()
        self.patterns = lexicon.patterns
        self._anchored = self._anchor(everyday)

    def _number(self, key: tuple[str, ...]) -> int:
        return self._phrases.setdefault(key, len(self._phrases))

    def _add_phrases(self) -> None:
        for key, number in self._phrases.items():
            name = f"p{number}"
            matcher = self._numbered if ANY_NUMBER in key else self._matcher
            matcher.add(name, [Doc(self._vocab, words=list(key))])
            self._numbers[self._vocab.strings[name]] = number

    def _anchor(self, everyday: frozenset[str]) -> dict[int, tuple[int, ...]]:
        """Phrase to the patterns that may be there if it is: by the required step with the fewest everyday words."""
        weights = {
            number: 50 if len(key) == 1 and (key[0] in everyday or not key[0].isalnum()) else 1
            for key, number in self._phrases.items()
        }
        anchored: dict[int, list[int]] = defaultdict(list)
        for place, pattern in enumerate(self.patterns):
            required = [self.members[step.concept] for step in pattern.steps if not step.optional]
            best = min(required, key=lambda phrases: sum(weights[phrase] for phrase in phrases))
            for phrase in best:
                anchored[phrase].append(place)
        return {phrase: tuple(places) for phrase, places in anchored.items()}

    def phrase_keys(self) -> Iterable[tuple[tuple[str, ...], int]]:
        """Every phrase as its keys, and its number."""
        return self._phrases.items()

    def find(self, tokens: Tokens) -> Phrases:
        """All phrases in the tokens. Words that no lexicon knows never reach spaCy's vocabulary."""
        if not tokens.keys:
            return Phrases({}, {})
        known = self.words
        doc = Doc(self._vocab, words=[key if key in known else UNKNOWN for key in tokens.keys])
        at: dict[int, list[tuple[int, int]]] = defaultdict(list)
        where: dict[int, list[tuple[int, int]]] = defaultdict(list)
        seen = self._matcher(doc)
        if any(key[0].isdecimal() for key in tokens.keys):
            words = [ANY_NUMBER if key[0].isdecimal() else key if key in known else UNKNOWN for key in tokens.keys]
            seen += self._numbered(Doc(self._vocab, words=words))
        for name, start, end in seen:
            number = self._numbers[name]
            at[start].append((number, end))
            where[number].append((start, end))
        return Phrases(at, where)

    def match(self, tokens: Tokens, phrases: Phrases, languages: Iterable[str]) -> list[Match]:
        """The longest match of every pattern at every place where it starts."""
        wanted = frozenset(languages)
        present = frozenset(phrases.where)
        candidates = {place for phrase in phrases.where for place in self._anchored.get(phrase, ())}
        found = []
        for place in sorted(candidates):
            pattern = self.patterns[place]
            if pattern.language in wanted and self._possible(pattern, present):
                found.extend(self._walk(place, pattern, tokens, phrases))
        return found

    def _possible(self, pattern: Pattern, present: frozenset[int]) -> bool:
        return all(step.optional or not self.members[step.concept].isdisjoint(present) for step in pattern.steps)

    def _walk(self, place: int, pattern: Pattern, tokens: Tokens, phrases: Phrases) -> list[Match]:
        found = []
        first = self.members[pattern.steps[0].concept]
        starts: dict[int, set[int]] = defaultdict(set)
        for phrase in first.intersection(phrases.where):
            for start, end in phrases.where[phrase]:
                starts[start].add(end)
        for start, ends_here in starts.items():
            ends = ends_here
            for step in pattern.steps[1:]:
                if not ends:
                    break
                members = self.members[step.concept]
                after = self._continue(ends, members, step.gap, tokens, phrases)
                ends = after | ends if step.optional else after
            if ends:
                found.append(Match(start, max(ends), place))
        return found

    @staticmethod
    def _continue(ends: set[int], members: frozenset[int], gap: int, tokens: Tokens, phrases: Phrases) -> set[int]:
        after: set[int] = set()
        for end in ends if len(ends) == 1 else sorted(ends, reverse=True)[:MOST_BRANCHES]:
            for start in range(end, end + gap + 1):
                after.update(last for phrase, last in phrases.at.get(start, ()) if phrase in members)
                if start in tokens.breaks and start not in tokens.asked:
                    break
        return after


def _keys(phrase: str, folder: Folder, tokenizer: Tokenizer) -> list[str]:
    """The tokens of a phrase; `ANY_NUMBER` in it, which no folding would leave, is a token of its own."""
    keys: list[str] = []
    for place, part in enumerate(phrase.split(ANY_NUMBER)):
        keys += [ANY_NUMBER] if place else []
        keys += tokenizer.keys(folder.fold(part))
    return keys


def _inverted(members: dict[str, frozenset[int]]) -> dict[int, tuple[str, ...]]:
    concepts: dict[int, list[str]] = defaultdict(list)
    for concept, phrases in members.items():
        for phrase in phrases:
            concepts[phrase].append(concept)
    return {phrase: tuple(names) for phrase, names in concepts.items()}
