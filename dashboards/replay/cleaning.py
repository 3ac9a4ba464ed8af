"""A captured page as it may be shown: its looks are kept; what runs, leads or asks anywhere is left out.

nh3 parses as browsers do and writes only what is named here. The policy of the origin forbids the same things again.
"""

from __future__ import annotations

import html
import re
from functools import partial
from typing import TYPE_CHECKING

import nh3
from w3lib.encoding import html_to_unicode

if TYPE_CHECKING:
    from dashboards.replay.archive import Held, Places

_DRAWING = {
    *("svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "text", "tspan", "defs", "use"),
    *("symbol", "lineargradient", "radialgradient", "linearGradient", "radialGradient", "stop", "clippath", "clipPath"),
}
_TAGS = (nh3.ALLOWED_TAGS - {"map", "area"}) | {
    *("style", "link", "main", "section", "label", "input", "button", "select", "option", "optgroup", "textarea"),
    *("fieldset", "legend", "font", "picture", "dialog", "output", "progress", "meter", "address"),
    *_DRAWING,
}
_LEFT_OUT_WHOLE = {
    *("script", "iframe", "frame", "frameset", "object", "embed", "applet", "template", "title", "noembed"),
    *("noframes", "audio", "video", "canvas", "math", "portal", "xmp", "plaintext"),
}
_ANYWHERE = {
    *("class", "id", "style", "title", "lang", "dir", "hidden", "role", "align", "valign", "bgcolor", "color"),
    *("width", "height", "border", "cellpadding", "cellspacing", "colspan", "rowspan", "headers", "scope", "open"),
    *("datetime", "start", "value", "size", "face", "background"),
}
_DRAWN = {
    *("viewBox", "d", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "fill-rule", "cx", "cy"),
    *("r", "rx", "ry", "x", "y", "x1", "x2", "y1", "y2", "points", "transform", "opacity", "offset", "stop-color"),
}
_ATTRIBUTES = {
    "*": _ANYWHERE,
    "a": {"href"},
    "img": {"src", "srcset", "alt", "sizes"},
    "link": {"rel", "href", "media"},
    "style": {"media"},
    "input": {"type", "placeholder", "checked", "disabled"},
    "option": {"selected", "label"},
    "textarea": {"placeholder", "rows", "cols"},
    "label": {"for"},
    "ol": {"type"},
    "use": {"href", "xlink:href"},
    **dict.fromkeys(_DRAWING - {"use"}, _DRAWN),
}
_CSS_ESCAPE = re.compile(r"\\(?:0{0,4}([4-7][0-9a-fA-F])\s?|([g-zG-Z]))")  # of a letter: u\72l( is url(
_CSS_LINK = re.compile(r"url\(\s*(?:\"([^\"]*)\"|'([^']*)'|([^)\"'\s]*))\s*\)", re.IGNORECASE)
_CSS_IMPORT = re.compile(r"@import\s+(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_STYLE = re.compile(r"(<style[^>]*>)(.*?)(</style>)", re.DOTALL)
_NOSCRIPT = re.compile(r"</?noscript\b[^>]*>", re.IGNORECASE)  # shown where scripts do not run, as here
_DATA_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_DIRECTION = re.compile(r"<(?:html|body)\b[^>]*?\bdir\s*=\s*[\"']?(rtl|ltr)\b", re.IGNORECASE)
_HEAD_LENGTH = 20_000


def clean_page(held: Held, places: Places) -> str:
    """A whole document that shows what `held` shows."""
    text = read_text(held)
    cleaned = nh3.clean(
        _NOSCRIPT.sub("", text),
        tags=_TAGS,
        clean_content_tags=_LEFT_OUT_WHOLE,
        attributes=_ATTRIBUTES,
        attribute_filter=partial(_filter, places),
        link_rel=None,
        url_schemes={"http", "https", "data"},
    )
    # nh3 writes < and > in attributes as references: what looks like a style element here is one.
    styled = _STYLE.sub(lambda found: f"{found[1]}{clean_style(found[2], places)}{found[3]}", cleaned)
    found = _DIRECTION.search(text[:_HEAD_LENGTH])
    direction = f' dir="{found[1].lower()}"' if found else ""
    return f"<!doctype html><html{direction}><meta charset=utf-8><title>Captured page</title><body>{styled}"


def clean_style(text: str, places: Places) -> str:
    """A style sheet whose links lead to captured parts, or nowhere."""
    text = _CSS_ESCAPE.sub(lambda found: found[2] or _letter(found[1]) or found[0], text)
    text = _CSS_IMPORT.sub(lambda found: f"@import {_css_place(found[1] or found[2] or '', places)}", text)
    return _CSS_LINK.sub(lambda found: _css_place(found[1] or found[2] or found[3] or "", places), text)


def write_plainly(held: Held) -> str:
    """A document that shows text as it is."""
    return f"<!doctype html><meta charset=utf-8><title>Captured text</title><pre>{html.escape(read_text(held))}</pre>"


def read_text(held: Held) -> str:
    """The words of what was captured, by the charset that it states or shows."""
    stated = f"{held.kind}; charset={held.charset}" if held.charset else held.kind
    return str(html_to_unicode(stated, held.body, default_encoding="utf-8")[1])


def _letter(number: str) -> str | None:
    char = chr(int(number, 16))
    return char if char.isalpha() else None


def _css_place(link: str, places: Places) -> str:
    if _DATA_PICTURE.fullmatch(link):
        return f"url({''.join(link.split())})"
    if link.startswith(f"{places.root}"):  # an import that was led to its part a moment ago
        return f"url({link})"
    place = places.place(link)
    return "none" if place is None else f"url({place})"


def _filter(places: Places, tag: str, attribute: str, value: str) -> str | None:
    """An attribute as it may stand: links within the page and to captured parts, nothing else that leads anywhere."""
    if attribute == "href" and tag != "link":
        return value if value.startswith("#") else None
    if attribute in ("href", "background") or (tag == "img" and attribute == "src"):
        return value if tag == "img" and _DATA_PICTURE.fullmatch(value) else places.place(value)
    if attribute == "srcset":
        return _filter_set(places, value)
    return clean_style(value, places) if attribute == "style" else value


def _filter_set(places: Places, value: str) -> str | None:
    found = []
    for one in re.split(r",\s+", value):
        link, _, size = one.strip().partition(" ")
        place = places.place(link) if link else None
        if place is not None:
            found.append(f"{place} {size}".strip())
    return ", ".join(found) or None
