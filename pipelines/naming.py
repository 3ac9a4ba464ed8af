"""Which listing a person means: SITE/ID, or the site's own id where it is unique."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import BadInput
from pipelines.store.lines import places_named, rows_of

if TYPE_CHECKING:
    from pipelines.store.database import Database


def find_listing(database: Database, named: str) -> tuple[str, str]:
    """The site and the site's own id of the listing called `named`.

    Raises `BadInput` when there is none, or with the candidates when there are several.
    """
    with database.read() as connection:
        site, slash, native_id = named.partition("/")
        if slash and rows_of(connection, [(site, native_id)]):
            return site, native_id
        found = places_named(connection, named)
    if not found:
        raise BadInput(f"no listing {named!r}", hint="give SITE/ID as `tracemark search` shows it")
    if len(found) > 1:
        candidates = tuple(f"{site}/{native_id}" for site, native_id in found)
        raise BadInput(f"{named!r} names {len(found)} listings", hint="give one of them", details=candidates)
    return found[0]
