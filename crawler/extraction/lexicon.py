"""The extractor's word lists, read once from the package's own YAML files."""

from __future__ import annotations

import re
from importlib.resources import files

from ruamel.yaml import YAML


def _load(name: str) -> dict[str, list[str]]:
    read: dict[str, list[str]] = YAML(typ="safe").load(
        files("crawler.extraction").joinpath(name).read_text(encoding="utf-8")
    )
    return {field: [str(word) for word in words] for field, words in read.items()}


def _phrases(words: list[str]) -> re.Pattern[str]:
    """Whole words for scripts that write spaces, anywhere for those that do not."""
    ordered = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return re.compile(rf"(?<![^\W\d_\u4e00-\u9fff])(?:{ordered})(?![^\W\d_\u4e00-\u9fff])", re.IGNORECASE)


_LABELS: dict[str, str] = {}
for _field, _names in _load("labels.yaml").items():
    for _name in _names:
        _LABELS.setdefault(_name, _field)
_WORDING = _load("wording.yaml")

SOLD = _phrases(_WORDING["sold"])
REMOVED = _phrases(_WORDING["removed"])
LOGIN = _phrases(_WORDING["login"])
CHALLENGE = _phrases(_WORDING["challenge"])
CONSENT = _phrases(_WORDING["consent"])
NEXT = frozenset(_WORDING["next"])
RELATED = _phrases(_WORDING["related"])
LONGEST_LABEL = 40  # characters


def find_field(label: str) -> str | None:
    """Name the field a label stands for, or None: `Preis:` is price."""
    return _LABELS.get(label.strip(" \t\n\u00a0:：*#").lower())
