"""The extractor's word lists, read once from the package's own YAML files."""

from __future__ import annotations

import re
from importlib.resources import files

from attrs import frozen
from ruamel.yaml import YAML


def _load(name: str) -> dict[str, list[str]]:
    read: dict[str, list[str]] = YAML(typ="safe").load(
        files("crawler.extraction").joinpath(name).read_text(encoding="utf-8")
    )
    return {field: [str(word) for word in words] for field, words in read.items()}


@frozen
class Phrases:
    """Words and phrases to look for: whole words where a script writes spaces, anywhere where it does not."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]

    def occur_in(self, folded: str) -> bool:
        """Whether lower-case text may hold one: much cheaper than a search, and never wrong when it says no."""
        return any(word in folded for word in self.words)

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first occurrence."""
        return self.pattern.search(text) if self.occur_in(text.lower()) else None

    def match(self, text: str) -> re.Match[str] | None:
        """Find an occurrence at the beginning."""
        return self.pattern.match(text) if self.occur_in(text.lower()) else None

    def remove_from(self, text: str) -> str:
        """Cut every occurrence out."""
        return self.pattern.sub("", text) if self.occur_in(text.lower()) else text


def _phrases(words: list[str]) -> Phrases:
    ordered = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = rf"(?<![^\W\d_\u4e00-\u9fff])(?:{ordered})(?![^\W\d_\u4e00-\u9fff])"
    return Phrases(tuple(words), re.compile(pattern, re.IGNORECASE))


_LABELS: dict[str, str] = {}
for _field, _names in _load("labels.yaml").items():
    for _name in _names:
        _LABELS.setdefault(_name, _field)
KEYS = _load("keys.yaml")
"""Field to the keys under which programs state it, folded by `fold_key`."""
_WORDING = _load("wording.yaml")

SOLD = _phrases(_WORDING["sold"])
REMOVED = _phrases(_WORDING["removed"])
LOGIN = _phrases(_WORDING["login"])
CHALLENGE = _phrases(_WORDING["challenge"])
CONSENT = _phrases(_WORDING["consent"])
MAP = _phrases(_WORDING["map"])
SINCE = _phrases(_WORDING["since"])
UPDATED = _phrases(_WORDING["updated"])
NEXT = frozenset(_WORDING["next"])
RELATED = _phrases(_WORDING["related"])
LONGEST_LABEL = 40  # characters


def find_field(label: str) -> str | None:
    """Name the field a label stands for, or None: `Preis:` is price."""
    folded = label.strip(" \t\n\u00a0:：*#").lower().replace("i\u0307", "i")  # the Turkish capital İ
    found = _LABELS.get(folded)
    if found is None and folded.endswith((".", ")")):
        found = _LABELS.get(folded.partition("(")[0].rstrip(" ."))
    return found


def fold_key(key: str) -> str:
    """Bring a key to the form of the lexicon: `price_raw` and `x:priceRaw` are `priceraw`."""
    return key.rpartition(":")[2].lower().replace("_", "").replace("-", "")
