"""Things named in a field: objects, makers, models and calibres, each with the role its place gives it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from classifiers.lexicon import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Collection

    from classifiers.reading import FieldReading, Reader

GUNS = frozenset({"firearm_handgun", "firearm_long"})
ANY_GUN = "gun"
UNSURE = "-"
MODEL, OBJECT, MAKE, CALIBRE = 1, 2, 3, 4  # where the same words name several things, the lower number wins
ENDING = "ending/"
LEAST_BEFORE_ENDING = 3  # letters: a compound's first part
# What, right after a gun's name, says that the gun is only its theme or what it is for.
HEADS = frozenset(
    {
        "accessory", "other_part", "essential_component", "ammunition", "game_or_film_item", "airsoft_replica_toy",
        "suppressor", "conversion_device", "digital_file", "service", "news_or_discussion", "other",
    }
)  # fmt: skip
ELSEWHERE = frozenset({"other", "news_or_discussion", "game_or_film_item", "service"})


class Role(StrEnum):
    """What a mention does in its sentence."""

    OFFERED = "offered"
    BESIDE = "beside"  # after "with", "plus": comes along
    FOR = "for"  # what the thing fits
    TRADE = "trade"  # what he wants, had or compares with
    PART = "part"  # says of which gun a part or magazine is


@frozen(kw_only=True)
class Mention:
    """Tokens `start:end` name a thing.

    `item_class` is a class, `gun` (which kind is not said) or `-` (only a maker's name that means other things too).
    `feature`: a part that describes a gun as often as it is sold by itself.
    """

    start: int
    end: int
    item_class: str
    make: str | None = None
    model: str | None = None
    calibre: str | None = None
    feature: bool = False
    role: Role = Role.OFFERED
    source: str = ""


class MentionFinder:
    """Reads mentions out of a field's phrases."""

    def __init__(self, reader: Reader) -> None:
        self._concepts: dict[int, list[tuple[int, str]]] = {}
        for phrase, names in reader.matcher.concepts_of.items():
            kept = sorted((rank, name) for name in names if (rank := _rank(name)) is not None)
            if kept:
                self._concepts[phrase] = kept
        self._endings = _endings(reader)
        self._never = {
            make: frozenset(reader.folder.fold(word).text for word in words)
            for make, words in reader.never_makes.items()
        }
        self._known = reader.matcher.words
        self._structure = {
            (language, name): reader.phrases_of([f"{language}:{name}"])
            for language in LANGUAGES
            for name in ("s_with", "s_for", "s_trade", "s_magazine", "s_empty")
        }

    def find(self, field: FieldReading, languages: Collection[str], sure: Collection[str]) -> list[Mention]:
        """All mentions in reading order, the longer of two overlapping ones, with their roles.

        Words are read in `languages`; those for unrelated things only in `sure`, so that `auto` in an English
        title is no car.
        """
        found = []
        for start, here in field.phrases.at.items():
            for phrase, end in here:
                for rank, name in self._concepts.get(phrase, ()):
                    if _readable(name, languages, sure) and not self._is_homonym(field, start, name):
                        found.append((-(end - start), rank, start, name, end))
        mentions = _longest(found) + self._compounds(field, found, sure)
        mentions.sort(key=lambda mention: mention.start)
        if self.structure(field, "s_empty", sure):
            mentions = [evolve(mention, feature=False) for mention in mentions]
        return self._with_roles(field, _joined(mentions), sure)

    def _is_homonym(self, field: FieldReading, start: int, name: str) -> bool:
        """Whether the words as written only share their stem with the maker's name: "из России" is no Rossi."""
        if not name.startswith(("make/", "model/")):
            return False
        never = self._never.get(name.split("/")[1])
        tokens = field.tokens
        return never is not None and tokens.folded.text[tokens.starts[start] : tokens.ends[start]] in never

    def _compounds(
        self, field: FieldReading, found: list[tuple[int, int, int, str, int]], sure: Collection[str]
    ) -> list[Mention]:
        """Words that no lexicon knows, by what they end in: a German `Etikettierpistole` is a tool."""
        taken = {place for _, _, start, _, end in found for place in range(start, end)}
        return [
            Mention(start=place, end=place + 1, item_class=kind, source="ending")
            for place, key in enumerate(field.tokens.keys)
            if key not in self._known and place not in taken and (kind := self._ending(key, sure))
        ]

    def _ending(self, key: str, sure: Collection[str]) -> str | None:
        told = [
            (-len(ending), kind)
            for ending, language, kind in self._endings
            if language in sure and key.endswith(ending) and len(key) >= len(ending) + LEAST_BEFORE_ENDING
        ]
        return min(told)[1] if told else None

    def structure(self, field: FieldReading, name: str, languages: Collection[str]) -> list[tuple[int, int]]:
        """Where a structure word (`s_with`, `s_trade`…) stands, in reading order."""
        phrases = {phrase for language in languages for phrase in self._structure.get((language, name), ())}
        return sorted(
            place for phrase in phrases.intersection(field.phrases.where) for place in field.phrases.where[phrase]
        )

    def _with_roles(self, field: FieldReading, mentions: list[Mention], languages: Collection[str]) -> list[Mention]:
        inside = {token for mention in mentions for token in range(mention.start, mention.end)}
        breaks = field.tokens.breaks
        trades = self.structure(field, "s_trade", languages)
        fits = [place for place in self.structure(field, "s_for", languages) if not self._offers(field, place[1])]
        withs = [place for place in self.structure(field, "s_with", languages) if place[0] not in inside]
        magazines = {start for start, _ in self.structure(field, "s_magazine", languages)}
        placed: list[Mention] = []
        for number, mention in enumerate(mentions):
            following = mentions[number + 1] if number + 1 < len(mentions) else None
            role = mention.role
            if _modifies(mention, following, magazines):
                role = Role.PART
            elif _under(mention, trades, breaks, 14) and field.name != "title":
                role = Role.TRADE
            elif _under(mention, fits, breaks, 4) and any(other.end <= mention.start for other in placed):
                role = Role.FOR
            elif placed and (_under(mention, withs, breaks, 6) or _listed_after(field, mention, placed)):
                role = Role.BESIDE
            placed.append(evolve(mention, role=role))
        return placed

    def _offers(self, field: FieldReading, end: int) -> bool:
        return end < len(field.tokens.keys) and field.tokens.keys[end] in {"sale", "trade", "parts", "free", "only"}


def _endings(reader: Reader) -> tuple[tuple[str, str, str], ...]:
    """(ending, language, class) of the lexicons' `ending/CLASS` lines."""
    keys = {number: key for key, number in reader.matcher.phrase_keys()}
    return tuple(
        sorted(
            (keys[number][0], language, kind.removeprefix(ENDING))
            for concept, numbers in reader.matcher.members.items()
            for language, _, kind in [concept.partition(":object/")]
            if kind.startswith(ENDING)
            for number in numbers
        )
    )


def _longest(found: list[tuple[int, int, int, str, int]]) -> list[Mention]:
    """The longer of two that overlap; a calibre may lie inside a thing's name (`22 rifle`), not inside a model's."""
    taken: set[int] = set()
    named: set[int] = set()
    makers = {(start, end): name for _, rank, start, name, end in found if rank == MAKE}
    mentions = []
    for _, rank, start, name, end in sorted(found):
        place = range(start, end)
        if (named if rank == CALIBRE else taken).isdisjoint(place):
            taken.update(place)
            if rank != OBJECT:
                named.update(place)
            mention = _mention(name, start, end)
            maker = makers.get((start, end)) if rank == OBJECT and mention.item_class in GUNS else None
            if maker is not None:  # a maker's name that people use for the gun itself
                mention = evolve(mention, make=_mention(maker, start, end).make, source="make")
            mentions.append(mention)
    return mentions


def _readable(name: str, languages: Collection[str], sure: Collection[str]) -> bool:
    language, _, kind = name.partition(":object/")
    if not kind:
        return True
    return language in (sure if kind in ELSEWHERE else languages)


def _rank(name: str) -> int | None:
    """Which kind wins where the same words name several things."""
    if name.startswith("model/"):
        return MODEL
    if name.startswith("make/"):
        return MAKE
    if name.startswith("calibre/"):
        return CALIBRE
    kind = name.partition(":object/")[2]
    return OBJECT if kind and not kind.startswith(("category/", ENDING)) else None


def _mention(name: str, start: int, end: int) -> Mention:
    if name.startswith("model/"):
        make, model, item_class = _model_parts(name)
        known = None if model == UNSURE else model
        return Mention(start=start, end=end, item_class=item_class, make=make or None, model=known, source="model")
    if name.startswith("make/"):
        make, _, kind = name[5:].rpartition("/")
        item_class = {"any": ANY_GUN}.get(kind, kind)
        return Mention(start=start, end=end, item_class=item_class, make=make, source="make")
    if name.startswith("calibre/"):
        return Mention(start=start, end=end, item_class="calibre", calibre=name[8:], source="calibre")
    kind = name.partition(":object/")[2]
    feature = kind.startswith("feature/")
    return Mention(start=start, end=end, item_class=kind.removeprefix("feature/"), feature=feature, source="object")


def _model_parts(name: str) -> tuple[str, str, str]:
    """`model/MAKE/MODEL/CLASS`, where make and model may hold a slash themselves."""
    rest, _, item_class = name[6:].rpartition("/")
    for slash in (place for place, char in enumerate(rest) if char == "/"):
        if rest[:slash].count("/") == 0 and not rest.startswith("Thompson/Center"):
            return rest[:slash], rest[slash + 1 :], item_class
    make = "Thompson/Center"
    return make, rest[len(make) + 1 :], item_class


def _joined(mentions: list[Mention]) -> list[Mention]:
    """A maker's name beside its model becomes one mention."""
    joined: list[Mention] = []
    for mention in mentions:
        last = joined[-1] if joined else None
        if last and _belongs(last, mention):
            joined[-1] = evolve(mention, start=last.start, make=last.make)
        else:
            joined.append(mention)
    return joined


def _belongs(make: Mention, model: Mention) -> bool:
    """Whether a maker's name stands right before its own model, or one that any maker may build."""
    adjacent = make.source == "make" and model.source == "model" and model.start - make.end <= 1
    return adjacent and model.make in (make.make, None)


def _listed_after(field: FieldReading, mention: Mention, placed: list[Mention]) -> bool:
    """In a title, what follows a comma comes along with what was named before it."""
    if field.name != "title":
        return False
    between = field.tokens.keys[placed[-1].end : mention.start]
    return any(key in (",", "+", "&", ";") for key in between)


def _modifies(mention: Mention, following: Mention | None, magazines: set[int]) -> bool:
    """`Glock 19 holster`, `AR-15 mags`: the gun only says what the next word is for."""
    if mention.item_class not in {*GUNS, ANY_GUN, UNSURE} and mention.source != "model":
        return False
    if mention.end in magazines:
        return True
    if following is None or following.start != mention.end or following.feature:
        return False
    return following.item_class in HEADS


def _under(mention: Mention, places: list[tuple[int, int]], breaks: frozenset[int], reach: int) -> bool:
    """Whether a structure word stands before the mention in its sentence, at most `reach` tokens away."""
    for _, end in places:
        if 0 <= mention.start - end <= reach and not any(place in breaks for place in range(end, mention.start)):
            return True
    return False
