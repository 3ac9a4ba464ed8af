"""A folded copy of a text for matching, with the way back to the original.

Folding is case, width, accents, invisible characters, Arabic letter forms, and Latin look-alikes from other
alphabets. It changes what is matched, never what is shown: every span goes back through `Folded.original`.
"""

from __future__ import annotations

import re
import unicodedata

from attrs import frozen

# Letters of other alphabets that are drawn like Latin ones. Own table: only letters that stand for each other
# in everyday type, lower case (folding lowers first).
LOOKALIKES = dict(
    zip(
        "аеорсухікјѕһԁԛԝтмнвгпλαεορτυνικχβγω",
        "aeopcyxikjshdqwtmhbrnaaeoptuvikxbyw",
        strict=True,
    )
)
# Traditional forms of the characters our Chinese lexicon uses, folded to the simplified ones.
SIMPLIFIED = dict(
    zip(
        "槍彈證發獵轉讓價號無聯貨電戰軍氣動擊編購買賣單據匯換質復實執驗許狀賞銷膠槓裝遊戲皮膚買廠國際運費隱匿現幣訊線產團",
        "枪弹证发猎转让价号无联货电战军气动击编购买卖单据汇换质复实执验许状赏销胶杠装游戏皮肤买厂国际运费隐匿现币讯线产团",
        strict=True,
    )
)
ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ک": "ك", "ی": "ي"}
PUNCTUATION = {
    **dict.fromkeys("‐‑‒–—―−﹘﹣－⁃", "-"),
    **dict.fromkeys("‘’‛ʼ´`′＇", "'"),
    **dict.fromkeys("“”„‟«»″＂", '"'),
    "⁄": "/",
    "∕": "/",
    "。": ".",
    "．": ".",
    "؟": "?",
    "؛": ";",
    "،": ",",
    "、": ",",
    "×": "x",
    "\u2028": "\n",
    "\u2029": "\n",
    "\r": "\n",
    "…": ".",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ı": "i",
}
GONE = frozenset({"Cf", "Cs", "Mn", "Me"})
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[a-z]")


@frozen(kw_only=True)
class Folded:
    """The folded copy and the way back.

    `starts` and `ends` say per folded character where it came from (None: the same place). `repairs` are the folded
    spans where hidden spelling was undone.
    """

    text: str
    starts: tuple[int, ...] | None = None
    ends: tuple[int, ...] | None = None
    repairs: tuple[tuple[int, int], ...] = ()

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original text that became `text[start:end]` (not empty)."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def with_edits(self, edits: list[tuple[int, int, str]]) -> Folded:
        """A copy in which each `(start, end, replacement)` was applied; the replacement keeps the whole span."""
        parts: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        repairs: list[tuple[int, int]] = []
        position = 0
        for start, end, replacement in sorted(edits):
            if start < position:
                continue
            self._copy(position, start, parts, starts, ends)
            first, last = self.original(start, end)
            at = len(starts)
            parts.append(replacement)
            starts.extend([first] * len(replacement))
            ends.extend([last] * len(replacement))
            repairs.append((at, at + len(replacement)))
            position = end
        self._copy(position, len(self.text), parts, starts, ends)
        return Folded(text="".join(parts), starts=tuple(starts), ends=tuple(ends), repairs=tuple(repairs))

    def _copy(self, start: int, end: int, parts: list[str], starts: list[int], ends: list[int]) -> None:
        parts.append(self.text[start:end])
        if self.starts is None or self.ends is None:
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            starts.extend(self.starts[start:end])
            ends.extend(self.ends[start:end])


def fold_char(char: str) -> str:
    """What one character becomes: nothing, one character, or a few."""
    if char in PUNCTUATION:
        return PUNCTUATION[char]
    category = unicodedata.category(char)
    if category in GONE or char == "\u0640":
        return ""
    if category[0] == "Z" or category in ("Cc", "Cn", "Co"):
        return "\n" if char == "\n" else " "
    lowered = unicodedata.normalize("NFKC", char).casefold()
    bare = unicodedata.normalize("NFD", lowered)
    kept = unicodedata.normalize("NFC", "".join(part for part in bare if unicodedata.category(part) not in GONE))
    return "".join(_fold_letter(part) for part in kept)


def _fold_letter(part: str) -> str:
    if part.isdigit():
        return str(unicodedata.digit(part))
    if part.isspace():
        return " "
    return ARABIC.get(part) or SIMPLIFIED.get(part) or PUNCTUATION.get(part) or part


class FoldTable(dict[int, str]):
    """A translation table that fills itself: code point to folded text. Bounded by Unicode itself."""

    def __init__(self) -> None:
        super().__init__()
        self.resizing: set[str] = set()

    def __missing__(self, code: int) -> str:
        folded = self[code] = fold_char(chr(code))
        if len(folded) != 1:
            self.resizing.add(chr(code))
        return folded


class Folder:
    """Folds texts; holds only the table of characters met so far."""

    def __init__(self) -> None:
        self._table = FoldTable()

    def fold(self, text: str) -> Folded:
        """The folded copy of `text`, with its offsets. ASCII without control characters costs almost nothing."""
        if text.isascii():
            return Folded(text=text.lower().translate(_ASCII_CONTROLS))
        folded = text.translate(self._table)
        if self._table.resizing.isdisjoint(text):
            return _unmask(Folded(text=folded))
        starts: list[int] = []
        for place, char in enumerate(text):
            starts.extend([place] * len(self._table[ord(char)]))
        return _unmask(Folded(text=folded, starts=tuple(starts), ends=tuple(place + 1 for place in starts)))


_ASCII_CONTROLS = dict.fromkeys((*range(10), *range(11, 32), 127), " ") | {13: "\n"}


def _unmask(folded: Folded) -> Folded:
    """Look-alike letters back to Latin: in words of mixed alphabets, and in wholly look-alike words of Latin texts."""
    text = folded.text
    latin = len(_LATIN.findall(text))
    if not latin:
        return folded
    mostly_latin = latin * 2 > sum(1 for char in text if char.isalpha())
    edits = []
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii():
            continue
        unmasked = "".join(LOOKALIKES.get(char, char) for char in word)
        if unmasked.isascii() and (mostly_latin or _LATIN.search(word)):
            edits.append((match.start(), match.end(), unmasked))
    return folded.with_edits(edits) if edits else folded
