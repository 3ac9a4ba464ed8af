"""Runs of digits in a text as a reader sees them: `3O7 68O O286`, `307-555-01four2`, "five five five …".

Every digit keeps its place (code points) in the text it was read from.
"""

from __future__ import annotations

import re
import unicodedata

from attrs import field, frozen

_NAMES = (
    # Zero to nine, then ten to nineteen and the tens in English: `32sixty` is written to hide a number too.
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen",
    "null eins zwei drei vier fünf sechs sieben acht neun",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zéro un deux trois quatre cinq six sept huit neuf",
    "zero um dois três quatro cinco seis sete oito nove",
    "ноль один два три четыре пять шесть семь восемь девять",
    "零 一 二 三 四 五 六 七 八 九",
)
_OTHERS = "oh:0 eighteen:18 nineteen:19 twenty:20 thirty:30 forty:40 fifty:50 sixty:60 seventy:70 eighty:80 ninety:90"
_WORDS = {name: str(number) for names in _NAMES for number, name in enumerate(names.split())}
_WORDS |= dict(pair.split(":") for pair in _OTHERS.split())
_WORD = "|".join(sorted(_WORDS, key=len, reverse=True))
_LETTER = r"[^\W\d_]"
# A letter stands for a digit only beside one, and never inside a word; "I" before a lower-case word is the pronoun.
_LOOKALIKE = rf"(?:(?<=\d)|(?=[OoIl]{{1,4}}\d)|(?=[Oo]{{3}}))(?<!{_LETTER})(?!I\s[a-z])[OoIl]{{1,4}}+(?!{_LETTER})"
_UNIT = re.compile(
    rf"(?P<times>(?<!{_LETTER})(?i:double|triple|treble)[\s-](?i:{_WORD}|\d))(?!{_LETTER}|\d)"
    rf"|(?P<digits>(?:\d|{_LOOKALIKE})+)"
    rf"|(?P<lone>(?<![^\W_])[Oo](?![^\W_]))"
    rf"|(?P<words>(?:(?<!{_LETTER})|(?<=[a-zà-ÿ])(?=[A-Z]))(?=[A-Za-zà-ÿА-яё零-龥])(?i:{_WORD})(?:(?i:{_WORD}))*)(?![a-zà-ÿа-я])"
)
_INNER = re.compile(_WORD, re.IGNORECASE)
_GAP = re.compile(r"[\s()（）\[\]{}<>|.．\-‐‑‒–—−－_*·•~/]{0,4}")
_GAP_BESIDE_WORDS = re.compile(r"[\s()（）\[\]{}<>|.,．\-‐‑‒–—−－_*·•~/]{0,4}")
LONGEST_GAP = 4  # characters
LONGEST_UNIT = 40  # digits: a longer one is no number that anyone calls
_LOOKS = {"O": "0", "o": "0", "I": "1", "l": "1"}


@frozen(kw_only=True)
class Unit:
    """Digits written without a break: `digits` has one ASCII digit per entry of `places`, (start, end) in the text."""

    digits: str
    places: tuple[tuple[int, int], ...]
    spelled: bool
    gap: str = field(default="")  # what stands between this unit and the one before it in the run

    @property
    def start(self) -> int:
        """Where it begins, in code points."""
        return self.places[0][0]

    @property
    def end(self) -> int:
        """Where it ends, in code points."""
        return self.places[-1][1]


def find_runs(text: str, *, least: int) -> list[tuple[Unit, ...]]:
    """Find units that stand close enough to be read as one number, where they hold at least `least` digits."""
    runs: list[list[Unit]] = []
    for unit in _find_units(text):
        previous = runs[-1][-1] if runs else None
        if previous and _are_near(text, previous, unit):
            gap = text[previous.end : unit.start]
            runs[-1].append(Unit(digits=unit.digits, places=unit.places, spelled=unit.spelled, gap=gap))
        else:
            runs.append([unit])
    return [tuple(run) for run in runs if sum(len(unit.digits) for unit in run) >= least]


def _are_near(text: str, previous: Unit, unit: Unit) -> bool:
    """Whether two units may be parts of one number; a comma only beside a spelled one: `three, 07 555`."""
    if unit.start - previous.end > LONGEST_GAP:
        return False
    gap = text[previous.end : unit.start]
    allowed = _GAP_BESIDE_WORDS if unit.spelled or previous.spelled else _GAP
    return "\n" not in gap and allowed.fullmatch(gap) is not None


def _find_units(text: str) -> list[Unit]:
    units: list[Unit] = []
    matches = [match for match in _UNIT.finditer(text) if match.end() - match.start() <= LONGEST_UNIT]
    for number, match in enumerate(matches):
        start = match.start()
        if match["lone"]:
            following = matches[number + 1] if number + 1 < len(matches) else None
            if not _stands_for_zero(text, units[-1] if units else None, match, following):
                continue
            digits = "0"
            places: tuple[tuple[int, int], ...] = ((start, start + 1),)
        elif match["times"]:
            many, _, one = re.sub(r"[\s-]", " ", match[0].lower()).partition(" ")
            digits = _WORDS.get(one, one) * (2 if many == "double" else 3)
            places = tuple((start, match.end()) for _ in digits)
        elif match["digits"]:
            digits = "".join(_LOOKS.get(character) or str(unicodedata.decimal(character)) for character in match[0])
            places = tuple((start + offset, start + offset + 1) for offset in range(len(digits)))
        else:
            inner = list(_INNER.finditer(match[0]))
            digits = "".join(_WORDS[word[0].lower()] for word in inner)
            places = tuple(
                (start + word.start(), start + word.end()) for word in inner for _ in _WORDS[word[0].lower()]
            )
        units.append(Unit(digits=digits, places=places, spelled=match["digits"] is None))
    return units


def _stands_for_zero(text: str, previous: Unit | None, match: re.Match[str], following: re.Match[str] | None) -> bool:
    """`two-o-eight`: a lone letter between two numbers, of which one is spelled out."""
    if previous is None or following is None or following["lone"] or not (previous.spelled or following["words"]):
        return False
    before, after = text[previous.end : match.start()], text[match.end() : following.start()]
    return max(len(before), len(after)) <= 1 and not (before + after).strip(" -.")
