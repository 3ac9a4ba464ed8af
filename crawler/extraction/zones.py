"""What the names in class, id, itemprop and test attributes say about an element, in several languages."""

from __future__ import annotations

import re
from importlib.resources import files

from ruamel.yaml import YAML


class Zone:
    """Bits that say in what part of a page something stands."""

    NONE = 0
    CHROME = 1  # navigation, header, footer, breadcrumb, cookie banner
    ASIDE = 2
    FORM = 4
    CONTROL = 8  # inside a button
    HIDDEN = 16
    RELATED = 32  # other offers, recommendations, comments
    LABEL = 64
    HEADER = 128  # a <header>: of the page or of an article
    OUTSIDE = CHROME | HIDDEN | RELATED | CONTROL


_SPLIT = re.compile(r"[^A-Za-zÀ-ÿ=<>]+|(?<=[a-zà-ÿ])(?=[A-Z])")
_NAMES = YAML(typ="safe").load(files("crawler.extraction").joinpath("names.yaml").read_text(encoding="utf-8"))
_CHROME = frozenset(_NAMES["zones"]["chrome"])
_ASIDE = frozenset(_NAMES["zones"]["aside"])
_RELATED = frozenset(_NAMES["zones"]["related"])
_ACCOUNTS = frozenset({"account", "contact", "member", "owner", "profile", "user"})  # beside the word `name`
_WORDS: dict[str, tuple[str, ...]] = {}
for _name, _words in _NAMES["fields"].items():
    for _word in _words:
        _WORDS[_word] = (*_WORDS.get(_word, ()), _name)


def describe_names(names: str) -> tuple[tuple[str, ...], int]:
    """Tell the fields that an element's names hint at, and the zone they put it in."""
    words = [word.lower() for word in _SPLIT.split(names) if word]
    fields: list[str] = []
    zone = Zone.NONE
    for word in words:
        if word in _CHROME:
            zone |= Zone.CHROME
        elif word in _RELATED:
            zone |= Zone.RELATED
        elif word in _ASIDE:
            zone |= Zone.ASIDE
        elif word == "<header>":
            zone |= Zone.HEADER
        fields.extend(_WORDS.get(word, ()))
    if "name" in words and not _ACCOUNTS.isdisjoint(words):
        fields.append("seller")
    return tuple(dict.fromkeys(fields)), zone
