"""The pictures of an offer, and its category path."""

from __future__ import annotations

import re
from itertools import islice, pairwise
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.extraction.facts import Facts, Found
from crawler.extraction.structured import text_of
from crawler.extraction.text import read_text, squeeze
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

_DECORATION = re.compile(
    r"logo|icon|sprite|avatar|flag|pixel|spacer|blank|badge|banner|loader|placeholder|button|rating|stars?\b|"
    r"social|payment|1x1",
    re.IGNORECASE,
)
_STEP = re.compile(r"[›»>→/]|::")
SMALLEST = 48  # pixels: smaller pictures are decoration
MOST = 60
LONGEST_PATH = 8  # steps


def find_images(facts: Facts) -> Found[tuple[str, ...]] | None:
    """Find the addresses of the offer's pictures, absolute, in page order."""
    stated = tuple(dict.fromkeys(_stated(facts)))
    shown = tuple(dict.fromkeys(_shown(facts)))[:MOST]
    if stated and len(stated) >= len(shown):
        return Found(value=stated, source=facts.offer.source if facts.offer else "json-ld", detail="image")
    if shown:
        return Found(value=shown, source="structure", detail="img")
    url = facts.document.meta.get("og:image")
    resolved = facts.document.base.resolve(url) if url else None
    if stated or resolved:
        return Found(value=stated or (resolved or "",), source="opengraph" if not stated else "json-ld", detail="image")
    return None


def _stated(facts: Facts) -> Iterator[str]:
    if facts.offer is None:
        return
    images = facts.offer.data.get("image")
    for one in images if isinstance(images, list) else [images]:
        url = one if isinstance(one, str) else text_of(one, "contentUrl") or text_of(one, "url")
        resolved = facts.document.base.resolve(url) if url else None
        if resolved:
            yield resolved


def _shown(facts: Facts) -> Iterator[str]:
    gallery = {named.element for named in facts.document.named.get("image", ())}
    for image in facts.document.images:
        if image.zone & (Zone.CHROME | Zone.RELATED | Zone.HEADER | Zone.ASIDE):
            continue
        source = _source(image.element)
        if not source or source.startswith("data:") or _is_decoration(image.element, source):
            continue
        if image.block < facts.title_block - 8 and not any(
            ancestor in gallery for ancestor in image.element.iterancestors()
        ):
            continue
        parent = image.element.getparent()
        linked = parent.get("href") if parent is not None and parent.tag == "a" else None
        if (
            linked
            and not re.search(r"\.(?:jpe?g|png|webp|gif|avif|svg)(?:\?|$)", linked, re.IGNORECASE)
            and not linked.startswith("#")
        ):
            full = source if any(ancestor in gallery for ancestor in image.element.iterancestors()) else None
        else:
            full = linked if linked and not linked.startswith("#") else source
        resolved = facts.document.base.resolve(full) if full else None
        if resolved:
            yield resolved


def _source(element: _Element) -> str | None:
    for key in ("data-src", "data-original", "data-lazy", "data-lazy-src", "src"):
        if element.get(key):
            return element.get(key)
    srcset = element.get("srcset") or element.get("data-srcset")
    return srcset.split(",")[-1].split()[0] if srcset and srcset.strip() else None


def _is_decoration(element: _Element, source: str) -> bool:
    for key in ("width", "height"):
        size = element.get(key)
        if size and size.isdecimal() and int(size) < SMALLEST:
            return True
    return _DECORATION.search(f"{source.rsplit('/', 1)[-1]} {element.get('class') or ''}") is not None


def find_category(facts: Facts) -> Found[tuple[str, ...]] | None:
    """Find the category path, outermost first, without the start page and the offer itself."""
    return (
        _stated_path(facts)
        or _labelled_path(facts)
        or _named_path(facts)
        or _written_path(facts)
        or _nested_path(facts)
    )


def _stated_path(facts: Facts) -> Found[tuple[str, ...]] | None:
    for node in facts.structured.nodes:
        if node.type == "breadcrumblist":
            items = node.data.get("itemListElement")
            listed = items if isinstance(items, list) else [items]
            steps = [text_of(one, "name") or text_of(one, "item", "name") for one in listed]
            path = _without_ends([step for step in steps if step], facts)
            if path:
                return Found(value=path, source=node.source, detail="BreadcrumbList")
    offer = facts.offer
    stated = text_of(offer.data, "category") if offer else None
    if offer and stated:
        return Found(value=_split_path(stated), source=offer.source, detail="category")
    return None


def _labelled_path(facts: Facts) -> Found[tuple[str, ...]] | None:
    row = facts.row("category")
    return Found(value=_split_path(row.value), source="label", detail=row.label) if row else None


def _split_path(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in re.split(r"\s*[>›»→/\n]\s*", text) if part.strip())


def _named_path(facts: Facts) -> Found[tuple[str, ...]] | None:
    for named in facts.document.named.get("category", ()):
        path = _without_ends([name for link in named.element.iter("a") if (name := squeeze(read_text(link)))], facts)
        if path and len(path) <= LONGEST_PATH and "crumb" in " ".join(map(str, named.element.attrib.values())).lower():
            return Found(value=path, source="structure", detail="breadcrumb")
    return None


def _written_path(facts: Facts) -> Found[tuple[str, ...]] | None:
    for block in facts.document.blocks[: facts.title_block]:
        if block.link_chars and _STEP.search(block.text) and 2 * block.link_chars > len(block.text):
            texts = [squeeze(piece.text) for piece in block.pieces if not piece.text.isspace()]
            if not any(_STEP.fullmatch(text) for text in texts[1:]):
                continue  # the mark is part of a name
            path = _without_ends([text for text in texts if text and not _STEP.fullmatch(text)], facts)
            if path:
                return Found(value=path, source="structure", detail="path of links above the title")
    return None


def _nested_path(facts: Facts) -> Found[tuple[str, ...]] | None:
    """A short list of links above the title, from the start page on, each address within the one before it."""
    for container in facts.document.root.iter("ol", "ul", "nav", "div"):
        links = list(islice(container.iter("a"), LONGEST_PATH + 1))
        if not 1 < len(links) <= LONGEST_PATH or squeeze(read_text(links[0])).lower() not in _HOME:
            continue
        paths = [urlsplit(facts.document.base.resolve(link.get("href") or "") or "").path.rstrip("/") for link in links]
        if all(later.startswith(f"{earlier}/") for earlier, later in pairwise(paths)):
            path = _without_ends([squeeze(read_text(link)) for link in links], facts)
            return Found(value=path, source="structure", detail="nested addresses") if path else None
    return None


_HOME = frozenset(
    [
        "home",
        "start",
        "startseite",
        "accueil",
        "inicio",
        "início",
        "главная",
        "الرئيسية",
        "首页",
        "strona główna",
        "homepage",
        "main",
        "all",
        "alle",
        "all categories",
        "tout",
        "todo",
        "все",
        "全部",
        "الكل",
        "anzeigen",
        "kleinanzeigen",
        "annonces",
        "anuncios",
        "объявления",
        "listings",
        "classifieds",
        "ads",
        "الإعلانات",
        "广告",
    ]
)


def _without_ends(names: list[str], facts: Facts) -> tuple[str, ...]:
    kept = [name for name in names if name.lower() not in _HOME and name.lower() not in facts.site_names]
    if not kept and len(names) == 1 and facts.structured.nodes:
        kept = names  # the only step of a path that the page states
    title = facts.document.meta.get("og:title", "") or facts.document.head_title
    if kept and len(kept[-1]) > 12 and title.startswith(kept[-1]):
        kept = kept[:-1]
    return tuple(kept)
