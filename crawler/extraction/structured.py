"""What a page says about itself in JSON-LD, microdata and OpenGraph, as one offer.

extruct is asked only for the syntaxes whose marks stand in the source: a page without any costs nothing.
"""

from __future__ import annotations

import json
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import extruct
from attrs import define, field

from crawler.extraction.text import squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.extraction.document import Document

_OFFERED = frozenset(
    {
        "product",
        "individualproduct",
        "productmodel",
        "productgroup",
        "someproducts",
        "vehicle",
        "car",
        "motorcycle",
        "offer",
        "aggregateoffer",
        "book",
        "house",
        "apartment",
        "residence",
        "singlefamilyresidence",
        "realestatelisting",
        "accommodation",
        "classifiedad",
        "service",
        "event",
        "movie",
        "musicalbum",
    }
)
_POSTED = frozenset(
    {
        "discussionforumposting",
        "socialmediaposting",
        "article",
        "newsarticle",
        "blogposting",
        "question",
        "qapage",
        "creativework",
    }
)
_LISTS = frozenset({"itemlist", "searchresultspage", "collectionpage", "offercatalog", "productcollection"})
_DEEPEST = 12
MOST_NODES = 3000  # of one page; extruct's time grows with the square of them in microdata


@define
class Node:
    """One described thing: its type in lower case, its properties, and where it stood."""

    type: str
    data: dict[str, Any]
    source: str
    path: str
    depth: int


@define(slots=False)
class Structured:
    """All nodes of a page; `offer` is the thing the page is about, where there is one."""

    nodes: list[Node] = field(factory=list)

    @cached_property
    def offers(self) -> list[Node]:
        """The things offered, outermost and fullest first."""
        found = [node for node in self.nodes if node.type in _OFFERED]
        return sorted(found, key=lambda node: (node.source != "json-ld", node.depth, -len(node.data)))

    @property
    def postings(self) -> list[Node]:
        """Forum posts and articles."""
        return [node for node in self.nodes if node.type in _POSTED]

    @property
    def lists(self) -> list[Node]:
        """Lists of things: what an index page says of itself."""
        return [node for node in self.nodes if node.type in _LISTS]


def read_structured(document: Document) -> Structured:
    """Read JSON-LD and microdata; what cannot be parsed is left out."""
    nodes: list[Node] = []
    if b"ld+json" in document.source:
        for number, block in enumerate(_read_json_ld(document)):
            nodes.extend(islice(_walk(block, "json-ld", f"[{number}]", 0), MOST_NODES))
    if b"itemtype" in document.source and document.source.count(b"itemprop") <= MOST_NODES:
        for number, item in enumerate(_read_microdata(document)):
            nodes.extend(islice(_walk(item, "microdata", f"[{number}]", 0), MOST_NODES))
    return Structured(nodes=nodes[:MOST_NODES])


def _read_json_ld(document: Document) -> Iterator[Any]:
    for script in document.root.iter("script"):
        if "ld+json" not in (script.get("type") or ""):
            continue
        text = (
            (script.text or "")
            .strip()
            .removeprefix("<!--")
            .removesuffix("-->")
            .removeprefix("//<![CDATA[")
            .removesuffix("//]]>")
        )
        try:
            yield json.loads(text, strict=False)
        except ValueError:
            yield from _read_leniently(text)


def _read_leniently(text: str) -> Iterator[Any]:
    """Use extruct's own reading, which forgives comments and trailing commas."""
    wrapped = f'<html><body><script type="application/ld+json">{text}</script></body></html>'
    try:
        yield from extruct.extract(wrapped, syntaxes=["json-ld"], errors="ignore").get("json-ld", [])
    except (ValueError, TypeError, RecursionError):
        return


def _read_microdata(document: Document) -> list[dict[str, Any]]:
    from extruct.w3cmicrodata import MicrodataExtractor  # noqa: PLC0415 - only pages with microdata pay for it

    try:
        read: list[dict[str, Any]] = MicrodataExtractor().extract_items(document.root, document.url)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return []
    return read


def _walk(value: Any, source: str, path: str, depth: int) -> Iterator[Node]:
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _walk(one, source, f"{path}[{number}]", depth)
    elif isinstance(value, dict):
        data = value.get("properties", value) if source == "microdata" else value
        if not isinstance(data, dict):
            return
        for kind in _types(value):
            yield Node(type=kind, data=data, source=source, path=path, depth=depth)
            break
        for key, inner in data.items():
            if isinstance(inner, dict | list):
                yield from _walk(inner, source, f"{path}.{key}", depth + (key != "@graph"))


def _types(value: dict[str, Any]) -> list[str]:
    named = value.get("@type", value.get("type"))
    named = named if isinstance(named, list) else [named]
    names = [one.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1].lower() for one in named if isinstance(one, str)]
    for name in names:
        if name in _OFFERED or name in _POSTED or name in _LISTS:
            return [name]
    return names


def first(value: Any, *path: str) -> Any:
    """Follow `path` through dictionaries, the first of lists and microdata's `properties`; None where it ends."""
    for key in path:
        value = _first_of(value)
        if not isinstance(value, dict):
            return None
        inner = value.get("properties")
        value = value.get(key, inner.get(key) if isinstance(inner, dict) else None)
    return _first_of(value)


def _first_of(value: Any) -> Any:
    while isinstance(value, list):
        if not value:
            return None
        value = value[0]
    return value


def text_of(value: Any, *path: str) -> str | None:
    """Read the text at `path`: a string, a number, or the name of a thing."""
    found = first(value, *path)
    if isinstance(found, dict):
        found = found.get("@value") or first(found, "name")
    if isinstance(found, bool) or found is None:
        return None
    if isinstance(found, int | float):
        return str(found)
    return found.strip() or None if isinstance(found, str) else None


def enumeration(value: Any, *path: str) -> str | None:
    """Read the last part of a schema.org value: `https://schema.org/UsedCondition` is UsedCondition."""
    found = text_of(value, *path) or text_of(value, *path, "@id")
    return squeeze(urlsplit(found).path.rsplit("/", 1)[-1] if "://" in found else found) if found else None
