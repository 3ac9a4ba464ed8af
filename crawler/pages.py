"""Special sites: page classes (web-poet) of the workspace's `pages/` folder, found by a page's host.

A page class says only what the general extractor does not find: what its fields give wins, everything else stays as it
was read. It sees a page's bytes and no network, and never sees a login, a challenge or a consent wall.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING, Any, Self

from attrs import evolve, fields_dict, frozen

from pipelines.errors import BadInput
from pipelines.models import ExtractedPage, ListingContent, PageKind, Provenance
from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping
    from pathlib import Path

    from web_poet import RulesRegistry

_FIELDS = frozenset(fields_dict(ListingContent)) - {"provenance", "contacts"}


class BadPageClass(Exception):
    """A page class gave what no listing has."""


@frozen
class PageClasses:
    """The page classes of a workspace; `registry` is None where it has none."""

    registry: RulesRegistry | None = None

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Import every module of `folder`, whose classes register themselves with `web_poet.handle_urls`.

        Raises `BadInput` with the module that cannot be imported.
        """
        modules = sorted(folder.glob("*.py"))
        if not modules:
            return cls()
        from web_poet import default_registry  # noqa: PLC0415 -- 0.2 s that only special sites pay

        for path in modules:
            _import(path)
        return cls(default_registry)

    def improve(
        self, page: ExtractedPage, *, url: str, body: bytes, status: int, headers: Mapping[str, str]
    ) -> ExtractedPage:
        """`page` with what the class of its host reads from it; as it is where there is no such class.

        Raises `BadPageClass` where the class gives a field that a listing does not have, or waits for something.
        """
        if self.registry is None or page.kind in (PageKind.LOGIN, PageKind.CHALLENGE) or status >= 400:
            return page
        found = self.registry.page_cls_for_item(url, ListingContent)
        if found is None:
            return page
        from web_poet import HttpResponse, item_from_fields  # noqa: PLC0415 -- as above

        response = HttpResponse(url, body, status=status, headers=dict(headers))
        values = _finish(item_from_fields(found(response=response), item_cls=dict), found.__name__)
        given = {name: value for name, value in values.items() if value is not None}
        if unknown := given.keys() - _FIELDS:
            raise BadPageClass(f"{found.__name__} gives {', '.join(sorted(unknown))}, which no listing has")
        if page.listing is None and not (given.get("id") and given.get("title")):
            return page  # a list, or another page of the host
        return _merge(page, given, url, found.__name__)


def _merge(page: ExtractedPage, given: dict[str, Any], url: str, name: str) -> ExtractedPage:
    before = page.listing or ListingContent(id=given["id"], url=url, title=given["title"])
    origin = {field: Provenance(source="selector", detail=f"{name}.{field}") for field in given}
    listing = evolve(before, **given, provenance={**before.provenance, **origin})
    contacts = (
        *find_contacts(listing.title, field="title", country=listing.country),
        *find_contacts(listing.description, field="description", country=listing.country),
    )
    listing = evolve(listing, contacts=contacts)
    return evolve(page, kind=PageKind.DETAIL, listing=listing, seller=listing.seller, reason=f"read by {name}")


def _finish(work: Coroutine[Any, Any, dict[str, Any]], name: str) -> dict[str, Any]:
    """The result of a coroutine that has nothing to wait for: a page class reads what was already fetched."""
    try:
        work.send(None)
    except StopIteration as done:
        found: dict[str, Any] = done.value
        return found
    work.close()
    raise BadPageClass(f"{name} waits for something: its fields must be read from the page alone")


def _import(path: Path) -> None:
    name = f"tracemark_pages.{path.stem}"
    if name in sys.modules:
        return
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path} is no Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError, NameError, AttributeError, TypeError, ValueError) as error:
        del sys.modules[name]
        raise BadInput(f"{path} cannot be imported: {error}", hint="docs/site-file.md shows a page class") from error
