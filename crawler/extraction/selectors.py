"""Fields that a site file points at with CSS or XPath."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from parsel.csstranslator import HTMLTranslator

from crawler.extraction.text import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lxml.etree import _Element

    from crawler.extraction.document import Document


def select_texts(document: Document, selectors: Mapping[str, str]) -> dict[str, list[str]]:
    """Read the texts that each field's selector finds: elements as a reader sees them, attributes as they are.

    Selectors are checked when the site file is read; one that is wrong all the same raises lxml's XPathError.
    """
    found = {}
    for name, selector in selectors.items():
        path = selector if selector.startswith(("/", "./", "(")) else HTMLTranslator().css_to_xpath(selector)
        result = document.root.xpath(path)
        values = result if isinstance(result, list) else [result]
        texts = [
            str(one).strip() if isinstance(one, str | bool | float) else read_text(cast("_Element", one))
            for one in values
        ]
        texts = [text for text in texts if text]
        if texts:
            found[name] = texts
    return found
