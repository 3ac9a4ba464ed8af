"""Signals and counter-signals in the words: matches of patterns, one reading per place, polarity and attachment."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

from classifiers.lexicon import LANGUAGES, NAMED, VOID
from classifiers.mentions import GUNS, Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from classifiers.catalogue import Catalogue
    from classifiers.lexicon import Lexicon
    from classifiers.matching import Match, Matcher
    from classifiers.mentions import Mention
    from classifiers.reading import FieldReading, Reader

ENGLISH = "en"
LEAST_OWN = 4  # letters of an English word that tells English: "nos", "fac" and "cat" are others' words too
REACH = 3  # words before a match in which a "not" turns it
REACH_OF_TURN = 2  # and in which it makes its opposite of it: nearer, since more hangs on it
_STOPS = frozenset({",", ":", "(", ")", "/", "-", '"', "+", "|"})
_BRIDGES = frozenset(
    {"need", "needs", "needed", "want", "require", "requires", "required", "ask", "do", "any", "such", "im"}
)
_HAVING = _BRIDGES | {"get", "getting", "got", "have", "having", "find", "make", "sell"}
_PHONE = re.compile(
    r"(?<![\d.,/$€£#-])(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]{0,2}\d{3}[ .-]{0,2}\d{4}(?![\d]|[.,]\d)"
    r"|(?<![\w$€£#-])\d{3}-\d{4}(?![\w-])"
    r"|(?<![\d\w])\+\d{1,3}(?:[ .()-]{0,2}\d{2,4}){2,5}(?!\d)"
)
_CONTACT_HINT = re.compile(r"\d{3}[ .)-]{0,2}\d{3}|@|[(\[]at[)\]]|\+\d")
_EMAIL = re.compile(r"[a-z0-9._%+-]{1,40}\s?(?:@|\(at\)|\[at\])\s?[a-z0-9-]{1,40}\.[a-z]{2,10}")


@frozen(kw_only=True)
class Sighting:
    """A signal seen in a field, as a span of the original, before scope and weight."""

    name: str
    field: str
    start: int
    end: int
    text: str
    confidence: float
    layer: str
    reason: str


class SignalReader:
    """Applies the lexicon's patterns to a field."""

    def __init__(self, reader: Reader, lexicon: Lexicon, catalogue: Catalogue) -> None:
        self._matcher = reader.matcher
        self._patterns = lexicon.patterns
        self._catalogue = catalogue
        self._bridges = frozenset().union(*lexicon.common.values()) | _BRIDGES
        self._negations = reader.phrases_of(f"{language}:neg" for language in LANGUAGES)
        self._words, names = _words_by_language(reader.matcher)
        self._own_words = _own(self._words, names)
        self._borrowed = reader.phrases_of(["en:borrowed"])

    def read(
        self, field: FieldReading, languages: Iterable[str], mentions: list[Mention], sure: Iterable[str] = LANGUAGES
    ) -> list[Sighting]:
        """Every sighting in the field, in reading order.

        Of `languages`, those that are not `sure` are only guesses: their wording counts where a word of theirs is in
        it, since "Gen 4 Glock" and "Ka-Bar" are phrases of several languages and of none. English wording counts in a
        text of another language only with a word in it that no other lexicon has, or that all borrow (FFL).
        """
        known = frozenset(sure)
        matches = [
            match
            for match in self._matcher.match(field.tokens, field.phrases, languages)
            if self._is_said(match, field, known)
        ]
        sightings = [
            sighting
            for match in self._chosen(matches, mentions)
            if (sighting := self._sighting(field, match)) is not None
        ]
        sightings += _contacts(field)
        return sorted(sightings, key=lambda sighting: (sighting.start, sighting.end, sighting.name))

    def _is_said(self, match: Match, field: FieldReading, sure: frozenset[str]) -> bool:
        language = self._patterns[match.rule].language
        if language in sure:
            return True
        own = self._own_words[language].intersection(field.tokens.keys[match.start : match.end])
        if any(all(word not in self._words[other] for other in sure) for word in own):
            return True
        return language == ENGLISH and any(
            phrase in self._borrowed
            for place in range(match.start, match.end)
            for phrase, _ in field.phrases.at.get(place, ())
        )

    def _chosen(self, matches: list[Match], mentions: list[Mention]) -> list[Match]:
        """Of readings that overlap within a group the longest; void ones silence what they cover (strong: touch)."""
        ranked = sorted(
            matches,
            key=lambda match: (
                not self._patterns[match.rule].strong,
                match.start - match.end,
                self._rank(match),
                match.start,
                match.rule,
            ),
        )
        taken: dict[str, list[tuple[set[int], str, str]]] = {}
        void: dict[str, set[int]] = {}
        chosen = []
        for match in ranked:
            pattern = self._patterns[match.rule]
            place = set(range(match.start, match.end))
            if pattern.signal == VOID:
                for silenced in pattern.silences or (VOID,):
                    void.setdefault(silenced, set()).update(place)
                continue
            entry = self._catalogue[pattern.signal]
            others = taken.setdefault(entry.group, [])
            if any(place & void[name] for name in (VOID, pattern.signal) if name in void):
                continue
            if any(_clash(place, pattern.signal, entry.polarity, other) for other in others):
                continue
            others.append((place, pattern.signal, entry.polarity))
            chosen.append(match)
        return [match for match in chosen if not _about_a_trade(match, mentions)]

    def _rank(self, match: Match) -> int:
        pattern = self._patterns[match.rule]
        if pattern.signal == VOID:
            return 0
        return 1 if self._catalogue[pattern.signal].polarity == "against" else 2

    def _sighting(self, field: FieldReading, match: Match) -> Sighting | None:
        pattern = self._patterns[match.rule]
        name, start, reason = pattern.signal, match.start, f"wording {pattern.id}"
        if not pattern.fixed:
            becomes = self._catalogue[name].negated
            mild = becomes in ("drop", "keep")
            negation = self._negation(field, match.start, mild=mild)
            if not mild and "," in field.tokens.keys[match.start : match.end]:
                negation = None  # "No shipping, pickup at the dealer": what is denied ends at the pause
            if negation is not None:
                if becomes == "drop":
                    return None
                if becomes != "keep":
                    name, start, reason = becomes, negation, f"{reason}, turned by a negation"
        first, last, text = field.span(start, match.end)
        return Sighting(
            name=name,
            field=field.name,
            start=first,
            end=last,
            text=text,
            confidence=0.9,
            layer="wording",
            reason=reason,
        )

    def _negation(self, field: FieldReading, start: int, *, mild: bool) -> int | None:
        """Where a negation begins that reaches a match at `start`, within its clause.

        A mild one takes the match away, and reaches over "can't get" too; else it makes the opposite of it.
        """
        keys = field.tokens.keys
        lowest = max(0, start - (REACH if mild else REACH_OF_TURN))
        bridges = self._bridges | (_HAVING if mild else frozenset())
        for place in range(start - 1, lowest - 1, -1):
            if keys[place] in _STOPS or place in field.tokens.breaks:
                return None
            ends = [
                end for phrase, end in field.phrases.at.get(place, ()) if phrase in self._negations and end <= start
            ]
            if ends:
                # "No shipping, must meet at my FFL": a negation of another thing does not reach this one.
                return place if all(key in bridges for key in keys[max(ends) : start]) else None
        return None


def _words_by_language(matcher: Matcher) -> tuple[dict[str, set[str]], set[str]]:
    """Per language the words of its wording, and the words of makers, models and calibres."""
    words: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    names: set[str] = set()
    phrases = {number: key for key, number in matcher.phrase_keys()}
    for concept, members in matcher.members.items():
        language, colon, name = concept.partition(":")
        home = words[language] if colon and language in words and name != NAMED else names
        home.update(word for number in members for word in phrases[number] if not word.isdigit())
    return words, names


def _own(words: dict[str, set[str]], names: set[str]) -> dict[str, frozenset[str]]:
    """Per language the words of its wording that English does not have and that no maker, model or calibre is.

    Of English, whose words stand in texts everywhere, those of four letters and more that no other language has.
    """
    others = set().union(*(found for language, found in words.items() if language != ENGLISH))
    own = {language: frozenset(found - names - words[ENGLISH]) for language, found in words.items()}
    english = {word for word in words[ENGLISH] - others - names if len(word) >= LEAST_OWN}
    return {**own, ENGLISH: frozenset(english)}


def _clash(place: set[int], signal: str, polarity: str, other: tuple[set[int], str, str]) -> bool:
    """Whether two readings of one group cannot both stand.

    One lies in the other's words, or they share some and say the same or the opposite. Otherwise both stand: "driver's
    license and a transfer at my shop" asks for two things.
    """
    words, name, side = other
    shared = place & words
    return bool(shared) and (shared == place or signal == name or polarity != side)


def _about_a_trade(match: Match, mentions: list[Mention]) -> bool:
    """Words inside the name of what he wants in trade say nothing about what he sells."""
    return any(
        mention.role is Role.TRADE
        and mention.item_class in GUNS
        and mention.start <= match.start
        and match.end <= mention.end
        for mention in mentions
    )


def _contacts(field: FieldReading) -> list[Sighting]:
    """Telephone numbers and e-mail addresses written into the text."""
    folded = field.tokens.folded
    found: list[Sighting] = []
    if not _CONTACT_HINT.search(folded.text):
        return found
    for pattern, what in ((_PHONE, "a telephone number"), (_EMAIL, "an e-mail address")):
        for match in pattern.finditer(folded.text):
            start, end = folded.original(*match.span())
            found.append(
                Sighting(
                    name="off_platform_contact",
                    field=field.name,
                    start=start,
                    end=end,
                    text=field.text[start:end],
                    confidence=0.9,
                    layer="contact",
                    reason=f"{what} in the text",
                )
            )
    return found
