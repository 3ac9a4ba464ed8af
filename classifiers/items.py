"""The things offered, one by one: make, model, calibre, quantity, and the words they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from classifiers.mentions import ANY_GUN, GUNS, UNSURE, Mention, Role
from classifiers.values import FoundItem

if TYPE_CHECKING:
    from classifiers.gate import Verdict
    from classifiers.reading import FieldReading

COUNTED = frozenset(
    {
        *GUNS,
        "essential_component",
        "other_part",
        "ammunition",
        "conversion_device",
        "suppressor",
        "light_weapon",
        "blank_alarm_signal",
        "deactivated",
        "antique",
        "air_or_gas",
        "accessory",
        "digital_file",
    }
)
WORDS = {
    "a": 1, "one": 1, "two": 2, "pair": 2, "couple": 2, "both": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "dozen": 12, "fifteen": 15, "twenty": 20,
    "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6, "diez": 10, "docena": 12,
    "dois": 2, "duas": 2, "quatro": 4, "dez": 10, "duzia": 12,
    "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "dix": 10, "douzaine": 12,
    "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6, "zehn": 10, "dutzend": 12,
    "два": 2, "две": 2, "три": 3, "четыр": 4, "пят": 5, "десят": 10,
    "两": 2, "二": 2, "三": 3, "四": 4, "五": 5, "六": 6, "十": 10,
    "مسدسين": 2, "ثلاثه": 3, "ثلاث": 3, "اربعه": 4, "خمسه": 5, "عشره": 10,
}  # fmt: skip
MOST = 1000
FILLERS = frozenset(
    {
        "new",
        "brand",
        "of",
        "these",
        "those",
        "my",
        "used",
        "the",
        "x",
        "*",
        "(",
        ")",
        "nib",
        "identical",
        "matching",
        "pcs",
        "pieces",
        "de",
        "把",
        "支",
        "шт",
        "штук",
        "قطع",
    }
)


@frozen
class Place:
    """A mention and the field it stands in."""

    mention: Mention
    field: FieldReading


def find_items(
    title: FieldReading, description: FieldReading, mentions: tuple[list[Mention], list[Mention]], verdict: Verdict
) -> tuple[FoundItem, ...]:
    """The items offered. One for anything but guns; for guns one per distinct gun, with counts."""
    kind = verdict.item_class
    if kind not in COUNTED:
        return ()
    places = [Place(mention, title) for mention in mentions[0]] + [
        Place(mention, description) for mention in mentions[1]
    ]
    calibres = [
        place for place in places if place.mention.item_class == "calibre" and place.mention.role is not Role.TRADE
    ]
    if kind not in GUNS:
        return _single(places, calibres, verdict)
    guns = _with_maker(_distinct([place for place in places if _is_gun(place.mention)]), places)
    items = [_item(place, kind, calibres, alone=len(guns) == 1) for place in guns]
    return tuple(items) or _single(places, calibres, verdict) or _unnamed(title, description, calibres, kind)


def _is_gun(mention: Mention) -> bool:
    if mention.item_class == UNSURE and not mention.model:
        return False
    return (
        mention.role in (Role.OFFERED, Role.BESIDE)
        and mention.item_class in {*GUNS, ANY_GUN, UNSURE}
        and not mention.feature
    )


def _single(places: list[Place], calibres: list[Place], verdict: Verdict) -> tuple[FoundItem, ...]:
    winner = verdict.winner
    place = next((place for place in places if place.mention == winner), None)
    if place is None or winner is None:
        return ()
    named = next((p.mention for p in places if p.mention.make and p.mention.role is not Role.TRADE), winner)
    merged = evolve(winner, make=winner.make or named.make, model=winner.model or (named.model if named.make else None))
    return (_item(Place(merged, place.field), verdict.item_class, calibres, alone=True),)


def _unnamed(title: FieldReading, description: FieldReading, calibres: list[Place], kind: str) -> tuple[FoundItem, ...]:
    """A gun that the ad offers without a word for it: its calibre where that is said, else the whole field."""
    for place in calibres:
        return (_item(place, kind, calibres, alone=True),)
    field = title if title.tokens.keys else description
    if not field.tokens.keys:
        return ()
    start, end, _ = field.span(0, len(field.tokens.keys))
    return (FoundItem(item_class=kind, field=field.name, start=start, end=end),)


def _distinct(places: list[Place]) -> list[Place]:
    """Mentions that name different guns. `pistol`, or the maker's name alone, repeats what was named before."""
    kept: list[Place] = []
    for place in sorted(
        places, key=lambda place: (place.field.name != "title", _vagueness(place.mention), place.mention.start)
    ):
        if not any(_same(place.mention, other.mention) for other in kept):
            kept.append(place)
    return sorted(kept, key=lambda place: (place.field.name != "title", place.mention.start))


def _with_maker(guns: list[Place], places: list[Place]) -> list[Place]:
    """A model that many build (`AR-15`) gets the one maker whom its field names; two makers leave it open."""
    if len(guns) != 1 or guns[0].mention.make:
        return guns
    gun = guns[0]
    makers = {
        place.mention.make
        for place in places
        if place.field is gun.field and place.mention.make and place.mention.role not in (Role.TRADE, Role.FOR)
    }
    return [Place(evolve(gun.mention, make=makers.pop()), gun.field)] if len(makers) == 1 else guns


def _vagueness(mention: Mention) -> int:
    return 0 if mention.model else 1 if mention.make else 2


def _same(new: Mention, old: Mention) -> bool:
    if new.model and old.model:
        if new.model == old.model:
            return True
        return new.model in old.model or old.model in new.model
    if new.model or (new.make and old.make):
        return new.make is None or old.make is None or new.make == old.make
    return True


MOST_COUNTED = 30  # a larger number before a gun's name is a year, a calibre or a model
COUNTING = frozenset(
    {"have", "has", "got", "selling", "sell", "sells", "of", "with", "for", "are", "is", "the", "my", "these", "lot"}
    | {"i've", "ive", "verkaufe", "biete", "habe", "vendo", "tengo", "tenho", "vends"}
    | {"продаю", "есть", "عندي", "لدي", "有", "出售"}
)


def _item(place: Place, kind: str, calibres: list[Place], *, alone: bool) -> FoundItem:
    mention, field = place.mention, place.field
    start, end, _ = field.span(mention.start, mention.end)
    item_class = mention.item_class if mention.item_class in GUNS and kind in GUNS else kind
    return FoundItem(
        item_class=item_class,
        make=mention.make,
        model=mention.model,
        calibre=_calibre(place, calibres, alone=alone),
        quantity=_quantity(field, mention),
        field=field.name,
        start=start,
        end=end,
    )


def _calibre(place: Place, calibres: list[Place], *, alone: bool) -> str | None:
    near = [
        (abs(other.mention.start - place.mention.end), other.mention.calibre)
        for other in calibres
        if other.field.name == place.field.name and -3 <= other.mention.start - place.mention.end <= 8
    ]
    if near:
        return min(near)[1]
    return calibres[0].mention.calibre if alone and calibres else None


def _quantity(field: FieldReading, mention: Mention) -> int:
    """The number right before or after the words: `two Glock 19`, `AR-15 x3`, `(2)`."""
    keys = field.tokens.keys
    place = mention.start - 1
    while place >= 0 and keys[place] in FILLERS and mention.start - place < 4:
        place -= 1
    before = _number(keys[place]) if place >= 0 else None
    if before and before > 1 and _counts(field, place, mention):
        return before
    after = keys[mention.end : mention.end + 3]
    if len(after) >= 2 and after[0] in {"x", "*"} and after[1].isdecimal() and (number := _number(after[1])):
        return number  # digits only: an "X-Five" is a model
    if len(after) == 3 and after[0] == "(" and after[2] == ")" and (number := _number(after[1])):
        return number
    return 1


def _counts(field: FieldReading, place: int, mention: Mention) -> bool:
    """Whether the number at `place` counts the things named: "32 Winchester" and "Pre-64 Model 70" do not."""
    keys = field.tokens.keys
    if not keys[place].isdecimal():
        return True
    if int(keys[place]) > MOST_COUNTED:
        return False
    opens = place == 0 or place - 1 in field.tokens.breaks or keys[place - 1] in COUNTING
    plural = keys[mention.end - 1].endswith("s") or (mention.end < len(keys) and keys[mention.end].endswith("s"))
    return opens and (mention.model is not None or plural or not keys[mention.end - 1].isascii())


def _number(key: str) -> int | None:
    if key.isdecimal() and len(key) <= 3:
        return int(key) if 0 < int(key) <= MOST else None
    return WORDS.get(key)
