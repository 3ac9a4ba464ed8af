"""XML from strangers, parsed without entities, without network and within bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

LARGEST = 50 * 1024 * 1024  # bytes


def parse_xml(source: bytes) -> _Element | None:
    """Parse UTF-8 XML, forgiving small faults; None where it is too large, declares entities or cannot be read."""
    if len(source) > LARGEST or b"<!ENTITY" in source:
        return None
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(source, parser)
    except etree.XMLSyntaxError:
        return None
    return root if root is not None and isinstance(root.tag, str) else None


def local_name(element: _Element) -> str:
    """An element's name in lower case, without its name space; empty for an entity that was left alone."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def children_named(element: _Element, *names: str) -> Iterator[_Element]:
    """The children with one of the local names, in order."""
    return (child for child in element if local_name(child) in names)


def text_in(element: _Element) -> str:
    """All text in an element, trimmed."""
    return "".join(str(part) for part in element.itertext()).strip()
