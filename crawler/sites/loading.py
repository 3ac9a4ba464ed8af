"""A site file from disk: every mistake at once, each with its path in the file and its line."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from attrs import frozen
from cssselect import SelectorError
from lxml.etree import XPath, XPathError
from parsel.csstranslator import HTMLTranslator
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent

from crawler.sites.schema import RESERVED, SELECTABLE, Browser, SiteFile
from pipelines.errors import BadInput, NotPermitted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from pipelines.models import JsonObject
    from pipelines.settings import Authority

_LARGEST = 1_000_000


@frozen(kw_only=True)
class LoadedSite:
    """A site file that holds together, and the hash of its bytes."""

    file: SiteFile
    sha256: str


def load_site(path: Path) -> LoadedSite:
    """Read the site file at `path`. Raises `BadInput` with every mistake found."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}", hint="name a site file, like sites/harborlist.yaml"
        ) from error
    tree = _parse(path, raw)
    try:
        file = SiteFile.model_validate(_plain(tree))
    except ValidationError as error:
        mistakes = [
            _mistake(path, tree, one["loc"], one["msg"].removeprefix("Value error, ")) for one in error.errors()
        ]
        raise _refusal(path, mistakes) from error
    mistakes = [_mistake(path, tree, where, what) for where, what in _contradictions(file)]
    if mistakes:
        raise _refusal(path, mistakes)
    return LoadedSite(file=file, sha256=hashlib.sha256(raw).hexdigest())


def resolve_authority(file: SiteFile, workspace: Authority, today: date) -> JsonObject:
    """The authority the site is visited on: the file's own, else the workspace's.

    Raises `NotPermitted` where operator, contact or basis is missing, or the authority has expired.
    """
    own, inherited = file.authority, workspace
    found = {
        name: getattr(own, name) or getattr(inherited, name) for name in ("operator", "contact", "basis", "reference")
    }
    expires = own.expires or inherited.expires
    missing = [name for name in ("operator", "contact", "basis") if not found[name]]
    if missing:
        raise NotPermitted(
            f"{file.site} has no {', '.join(missing)} on record: a site is visited only on someone's authority",
            hint='tracemark init DIR --operator NAME --contact ADDRESS --authority "MANDATE", '
            "or [authority] in tracemark.toml, or authority: in the site file",
        )
    if expires is not None and expires < today:
        raise NotPermitted(
            f"the authority for {file.site} expired on {expires.isoformat()}",
            hint="renew it, then set authority.expires in the site file or in tracemark.toml",
        )
    return {**found, "expires": expires.isoformat() if expires else None}


def _parse(path: Path, raw: bytes) -> CommentedMap:
    if len(raw) > _LARGEST:
        raise BadInput(f"{path} has {len(raw)} bytes; a site file has at most {_LARGEST}")
    yaml = YAML(typ="rt")
    try:
        text = raw.decode("utf-8-sig")
        for event in YAML(typ="rt").parse(text):
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + 1
                raise BadInput(
                    f"{path}:{line}: anchors and aliases are not used in site files", hint="write the value out"
                )
        tree = yaml.load(text)
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 at byte {error.start}") from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise BadInput(f"{place}: {error.problem}", hint="correct the line; two spaces indent a level") from error
    except YAMLError as error:
        raise BadInput(f"{path} is not YAML: {error}") from error
    if not isinstance(tree, CommentedMap):
        raise BadInput(f"{path}:1: a site file is a list of `key: value` lines", hint="begin with `site: name`")
    return tree


def _plain(node: Any) -> Any:
    if isinstance(node, CommentedMap):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, CommentedSeq):
        return [_plain(value) for value in node]
    return node


def _mistake(path: Path, tree: CommentedMap, where: Sequence[int | str], what: str) -> str:
    dotted = ".".join(str(step) for step in where)
    return f"{path}:{_line(tree, where)}: {dotted}: {what}"


def _line(tree: CommentedMap, where: Sequence[int | str]) -> int:
    node: Any = tree
    line: int = tree.lc.line + 1
    for step in where:
        if isinstance(node, CommentedMap) and step in node:
            line = node.lc.key(step)[0] + 1
            node = node[step]
        elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
            line = node.lc.item(step)[0] + 1
            node = node[step]
        else:
            break
    return line


def _contradictions(file: SiteFile) -> Iterator[tuple[tuple[str, ...], str]]:
    if file.site in RESERVED:
        yield ("site",), f"{file.site} is kept for pages that no site file leads to: choose another name"
    if not file.robots.obey and not file.robots.authority:
        yield ("robots", "obey"), "robots.txt is disregarded only with the written authority named in robots.authority"
    for name, selector in file.selectors.items():
        if name not in SELECTABLE:
            yield ("selectors", name), f"no such field; one of {', '.join(SELECTABLE)}"
        elif (problem := _selector_problem(selector)) is not None:
            yield ("selectors", name), problem
    if file.session.storage_state and file.fetch != "browser":
        yield ("session", "storage_state"), "a storage state needs fetch: browser"
    if file.session.storage_state and file.session.cookies:
        yield ("session", "cookies"), "a storage state holds cookies already: give one of the two"
    if file.fetch != "browser":
        yield from _browser_words(file)


def _browser_words(file: SiteFile) -> Iterator[tuple[tuple[str, ...], str]]:
    default = Browser()
    for name in type(default).model_fields:
        if getattr(file.browser, name) != getattr(default, name):
            yield ("browser", name), "has no effect without fetch: browser"


def _selector_problem(selector: str) -> str | None:
    try:
        path = selector if selector.startswith(("/", "./", "(")) else HTMLTranslator().css_to_xpath(selector)
        XPath(path)
    except (SelectorError, XPathError) as error:
        return f"not a selector: {error}"
    return None


def _refusal(path: Path, mistakes: list[str]) -> BadInput:
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    return BadInput(f"{path} has {count}", hint="docs/site-file.md explains every key", details=tuple(mistakes))
