"""The text of an element as a reader sees it.

White space is tidied, lines end at `<br>` and block ends, nothing else is changed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import _Element

INLINE = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdi",
        "bdo",
        "big",
        "cite",
        "code",
        "data",
        "del",
        "dfn",
        "em",
        "font",
        "i",
        "img",
        "ins",
        "kbd",
        "label",
        "mark",
        "meta",
        "link",
        "q",
        "ruby",
        "s",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "time",
        "tt",
        "u",
        "var",
        "wbr",
        "nobr",
        "input",
    ]
)
UNSEEN = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "head",
        "select",
        "iframe",
        "object",
        "canvas",
        "textarea",
        "audio",
        "video",
        "map",
        "math",
    ]
)
_WHITE = re.compile(r"[ \t\n\r\f]+")
_AROUND_LINES = re.compile(r" ?\n ?")
_MANY_LINES = re.compile(r"\n{3,}")
_STYLED_AWAY = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read_text(element: _Element, *, with_tail: bool = False) -> str:
    """Read the text of `element`; three or more line ends in a row become two."""
    parts: list[str] = []
    _collect(element, parts, keep_lines=False)
    if with_tail and element.tail:
        parts.append(_WHITE.sub(" ", element.tail))
    return tidy("".join(parts))


def read_markup(text: str) -> str:
    """Read text that may be HTML, as descriptions in data often are; plain text stays as it is."""
    if "<" not in text and "&" not in text:
        return text
    source = f"<div>{text}</div>".encode("utf-8", "replace").replace(b"\x00", b"")
    try:
        root = etree.fromstring(source, etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True))
    except etree.XMLSyntaxError:
        return text
    return read_text(root) if root is not None else text


def tidy(text: str) -> str:
    """Trim spaces around line ends and at both ends."""
    lines = _AROUND_LINES.sub("\n", re.sub(r" {2,}", " ", text))
    return _MANY_LINES.sub("\n\n", lines.replace("\r\n", "\n")).strip()


def squeeze(text: str) -> str:
    """Put `text` on one line."""
    return " ".join(text.split())


def is_hidden(element: _Element) -> bool:
    """Whether the element itself says that it is not shown."""
    style = element.get("style")
    return element.get("hidden") is not None or (style is not None and _STYLED_AWAY.search(style) is not None)


def _collect(element: _Element, parts: list[str], *, keep_lines: bool) -> None:
    tag = element.tag
    if not isinstance(tag, str) or tag in UNSEEN or is_hidden(element):
        return
    if tag == "br":
        parts.append("\n")
        return
    block = tag not in INLINE
    if block:
        _end_line(parts)
    keep_lines = keep_lines or tag == "pre"
    if element.text:
        parts.append(element.text if keep_lines else _WHITE.sub(" ", element.text))
    for child in element:
        _collect(child, parts, keep_lines=keep_lines)
        if child.tail:
            parts.append(child.tail if keep_lines else _WHITE.sub(" ", child.tail))
    if block:
        _end_line(parts)


def _end_line(parts: list[str]) -> None:
    while parts and parts[-1] == " ":
        parts.pop()
    if parts and not parts[-1].endswith("\n"):
        parts.append("\n")
