"""The seller's own text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve

from crawler.extraction.document import HEADINGS
from crawler.extraction.facts import Facts, Found
from crawler.extraction.lexicon import find_field
from crawler.extraction.sections import stands_in
from crawler.extraction.structured import text_of
from crawler.extraction.text import read_markup, read_text, squeeze
from crawler.extraction.zones import Zone

if TYPE_CHECKING:
    from lxml.etree import _Element

    from crawler.extraction.document import Block, NamedElement

SHORTEST_MEAN_LINE = 25  # characters: shorter lines on average are a list of facts
SHORTEST = 3  # characters, under a label that says description
_NAMING = ("class", "id", "data-testid", "data-qa-id")
NEAR = 30  # blocks after which a text counts half
HINTED = 2.0  # what a name like `content` or `message` is worth
LEAST = 20  # characters
LEAST_OF_POST = 0.3  # share of it below which an element named after a post's body is not the whole of it
_BODY_NAME = re.compile(r"message|msg|content|body|text", re.IGNORECASE)
MOST_OF_POST = 0.7  # share of a post's fullest element that its body holds
SHORT_RUN = 120  # characters
LONGEST_OPENING = 1000  # characters
PROBE = 40  # characters of a summary that must stand in a visible text for that text to be the description
MOST_LINK_SHARE = 0.35
MOST_PARAGRAPHS = 500
_SHORT = re.compile(r"short[-_ ]?(?:desc|text|beschreib)|kurzbeschreibung|desc\w*[-_]short", re.IGNORECASE)
_LABELLED_LINE = re.compile(r"[^:：]{1,40}[:：]\s*\S.{0,80}$")
_PARAGRAPHS = frozenset({"p", "ul", "ol", "br", "blockquote"})
_STRONG = ("descr", "beschreib", "opis", "omschrij", "kirjeldus", "introduction")


def find_description(facts: Facts) -> Found[str] | None:
    """Find the description: marked up, labelled, named, summarised elsewhere, or the longest running text."""
    found = (
        _of_first_post(facts)
        or _itemprop(facts)
        or _stated(facts, visible_only=True)
        or _labelled(facts, "description")
        or _named(facts)
        or _stated(facts, visible_only=False)
        or _summarised(facts)
        or _labelled(facts, "details")
        or _longer(_longest_run(facts), _summary(facts))
    )
    return _with_opening(found, facts) if found else None


def _longer(run: Found[str] | None, summary: Found[str] | None) -> Found[str] | None:
    """A run of text that is only a line or two gives way to a fuller summary in the page's head."""
    if run and summary and len(run.value) < SHORT_RUN and len(summary.value) > len(run.value):
        return summary
    return run or summary


def _with_opening(found: Found[str], facts: Facts) -> Found[str]:
    """Put a short description, as shops show it beside the price, before the full one."""
    start = squeeze(found.value)
    for named in facts.document.named.get("description", ()):
        names = _names_of(named.element)
        if not _SHORT.search(names) or named.zone & (Zone.OUTSIDE | Zone.ASIDE) or named.block < facts.title_block - 3:
            continue
        opening = read_text(named.element)
        if LEAST <= len(opening) <= LONGEST_OPENING and _is_prose(named.element):
            known = squeeze(opening)[:PROBE] in start or start[:PROBE] in squeeze(opening)
            return found if known else evolve(found, value=f"{opening}\n\n{found.value}")
    return found


def _of_first_post(facts: Facts) -> Found[str] | None:
    """Take the fullest body inside a conversation's first post: its own text, not the panel about its author."""
    if not facts.document.posts:
        return None
    post = facts.document.posts[0].element
    bodies = [
        (len(text), text, _BODY_NAME.search(_names_of(named.element)) is not None)
        for named in facts.document.named.get("description", ())
        if named.element is not post
        and named.block < facts.end_of_first_post
        and not named.zone & Zone.OUTSIDE
        and stands_in(named.element, post)
        and not _holds_author(named.element, facts)
        and len(text := read_text(named.element)) >= LEAST
    ]
    fullest = max((length for length, _, _ in bodies), default=0)
    if any(is_body and length >= LEAST_OF_POST * fullest for length, _, is_body in bodies):
        bodies = [body for body in bodies if body[2]]
        fullest = max(length for length, _, _ in bodies)
    innermost = next((text for length, text, _ in reversed(bodies) if length >= MOST_OF_POST * fullest), None)
    return Found(value=innermost, source="structure", detail="first post") if innermost else None


def _names_of(element: _Element) -> str:
    return " ".join(element.get(key) or "" for key in _NAMING)


def _holds_author(element: _Element, facts: Facts) -> bool:
    return any(
        named.element is not element and named.block < facts.end_of_first_post and stands_in(named.element, element)
        for named in facts.document.named.get("seller", ())
    )


def _itemprop(facts: Facts) -> Found[str] | None:
    best = ""
    for named in facts.document.named.get("description", ()):
        if (named.element.get("itemprop") or "").lower() in {
            "description",
            "articlebody",
            "text",
        } and not named.zone & (Zone.CHROME | Zone.RELATED):
            text = read_text(named.element)
            best = best if len(best) >= len(text) else text
    return Found(value=best, source="microdata", detail="description") if len(best) >= LEAST else None


def _labelled(facts: Facts, name: str) -> Found[str] | None:
    for row in facts.rows:
        if row.field == name and len(row.value) >= SHORTEST and _is_prose(row.element):
            apart = row.element is not facts.document.blocks[row.block].element
            text = _read_on(_first_prose(row.element)) if apart else row.value
            return Found(value=text, source="label", detail=row.label)
    return None


def _first_prose(element: _Element) -> _Element:
    """What a heading is followed by; where that is only labelled lines, the first prose after it."""
    if not _is_all_labels(element):
        return element
    for following in element.itersiblings():
        if not isinstance(following.tag, str) or following.tag in HEADINGS:
            break
        text = read_text(following)
        if len(text) >= SHORTEST and not _is_all_labels(following):
            return following
    return element


def _is_all_labels(element: _Element) -> bool:
    lines = [line for line in read_text(element).split("\n") if line]
    return len(lines) > 1 and all(_LABELLED_LINE.match(line) for line in lines)


def _stated(facts: Facts, *, visible_only: bool) -> Found[str] | None:
    for node in [*([facts.offer] if facts.offer else []), *facts.structured.postings[:1]]:
        stated = text_of(node.data, "description") or text_of(node.data, "articleBody") or text_of(node.data, "text")
        if not stated or len(stated) < LEAST:
            continue
        visible = _visible_of(stated, facts)
        if visible:
            return Found(value=visible, source="structure", detail=f"agrees with {node.source}")
        if not visible_only:
            return Found(value=read_markup(stated), source=node.source, detail=f"{node.path}.description")
    return None


def _summarised(facts: Facts) -> Found[str] | None:
    for key in ("og:description", "description", "twitter:description"):
        summary = facts.document.meta.get(key, "")
        visible = _visible_of(summary, facts) if len(summary) >= PROBE else None
        if visible:
            return Found(value=visible, source="structure", detail=f"agrees with {key}")
    return None


def _visible_of(summary: str, facts: Facts) -> str | None:
    """The visible text that begins a summary: the innermost element that holds its start and goes on."""
    probe = squeeze(read_markup(summary))[:PROBE]
    if len(probe) < LEAST:
        return None
    for block in facts.document.blocks:
        if (
            block.zone & (Zone.CHROME | Zone.RELATED)
            or block.heading
            or not block.text
            or not probe.startswith(block.text[:PROBE])
        ):
            continue
        element = block.element
        for _ in range(3):
            text = read_text(element)
            if squeeze(text).startswith(probe):
                return _read_on(element)
            parent = element.getparent()
            if parent is None or parent.tag == "body":
                break
            element = parent
    return None


def _read_on(element: _Element) -> str:
    """Read from a first paragraph on through those that follow it."""
    texts = [read_text(element)]
    following = element.getnext() if element.tag == "p" else None
    while following is not None and following.tag in _PARAGRAPHS and len(texts) < MOST_PARAGRAPHS:
        texts.append(read_text(following))
        following = following.getnext()
    return "\n".join(text for text in texts if text)


def _named(facts: Facts) -> Found[str] | None:
    """Take the first element that is named after descriptions; a much fuller one right after it wins."""
    best: tuple[str, NamedElement] | None = None
    title = squeeze(facts.title)
    for named in facts.document.named.get("description", ()):
        if named.zone & (Zone.CHROME | Zone.RELATED | Zone.ASIDE) or named.block < facts.title_block - 3:
            continue
        names = _names_of(named.element).lower()
        if not any(word in names for word in _STRONG) or not _is_prose(named.element):
            continue
        text = _without_heading(named.element)
        if len(text) < LEAST or squeeze(text) == title:
            continue
        if best is None or (len(text) > 2 * len(best[0]) and (named.block - best[1].block < 4 or _is_short(best[1]))):
            best = (text, named)
    if best is None:
        return None
    name = best[1].element.get("class") or best[1].element.get("id") or ""
    return Found(value=best[0], source="structure", detail=f"class={name}"[:60])


def _is_short(named: NamedElement) -> bool:
    """Whether an element is named after the short description that shops show beside the price."""
    return _SHORT.search(_names_of(named.element)) is not None


def _without_heading(element: _Element) -> str:
    """The text of an element without a heading or label at its beginning."""
    text = read_text(element)
    head, _, rest = text.partition("\n")
    if not rest:
        return text
    heading = next(element.iter("h2", "h3", "h4", "h5", "h6"), None)
    if find_field(head) == "description" or (heading is not None and squeeze(read_text(heading)) == squeeze(head)):
        return rest.strip()
    return text


def _is_prose(element: _Element) -> bool:
    lines = [line for line in read_text(element).split("\n") if line]
    text = " ".join(lines)
    if (
        len(lines) > 2
        and len(text) < SHORTEST_MEAN_LINE * len(lines)
        and not any(len(line) >= 3 * SHORTEST_MEAN_LINE for line in lines)
    ):
        return False
    linked = sum(len(squeeze(read_text(link))) for link in element.iter("a"))
    return linked <= MOST_LINK_SHARE * max(1, len(text)) and element.find(".//h1") is None


def _longest_run(facts: Facts) -> Found[str] | None:
    """Take the element whose own paragraphs hold the most text, the nearer to the title the better."""
    hinted = {one.element for one in facts.document.named.get("description", ()) if not one.zone & Zone.RELATED}
    weights: dict[_Element, float] = {}
    lengths: dict[_Element, int] = {}
    labelled = [row.element for row in facts.rows if row.field and row.field not in {"description", "details"}]
    for block in facts.document.blocks[facts.title_block : facts.title_block + 3 * NEAR]:
        if block.zone & (Zone.OUTSIDE | Zone.ASIDE) or block.heading or _is_listy(block):
            continue
        if any(stands_in(block.element, one) for one in labelled):
            continue
        parent = block.element if block.element.tag != "p" else block.element.getparent()
        if parent is None or parent.tag == "body":
            parent = block.element
        nearness = NEAR / (NEAR + block.index - facts.title_block)
        bonus = HINTED if parent in hinted or parent.getparent() in hinted else 1.0
        weights[parent] = weights.get(parent, 0.0) + len(block.text) * nearness * bonus
        lengths[parent] = lengths.get(parent, 0) + len(block.text)
    if not weights:
        return None
    element = max(weights, key=lambda one: weights[one])
    text = _read_on(element) if element.tag == "p" else _without_heading(element)
    if lengths[element] < 2 * LEAST or lengths[element] < 0.4 * len(text) or not _is_prose(element):
        return None
    return Found(value=text, source="heuristic", detail="longest text near the title")


def _is_listy(block: Block) -> bool:
    return block.link_chars > MOST_LINK_SHARE * len(block.text) or len(block.text) < LEAST


def _summary(facts: Facts) -> Found[str] | None:
    for key in ("og:description", "twitter:description", "description"):
        summary = facts.document.meta.get(key, "")
        if len(summary) >= LEAST:
            return Found(value=summary, source="opengraph" if ":" in key else "heuristic", detail=key)
    return None
