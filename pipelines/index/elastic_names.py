"""The indices of one name on a server: which one the alias leads to, and the journal position of each.

`listings` is the alias, `listings-000001` an index, and `listings-position` holds the positions, each by the uuid of
the index it is about: an index that was lost and made again begins at 0, whatever its name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from elasticsearch import BadRequestError, NotFoundError

from pipelines.errors import TracemarkError
from pipelines.index.elastic_query import FORM, SETTINGS, make_mapping

if TYPE_CHECKING:
    from elasticsearch import Elasticsearch

    from pipelines.index.elastic_bulk import Patience


class Names:
    """The alias `alias` and what is behind it."""

    def __init__(self, client: Elasticsearch, alias: str, patience: Patience) -> None:
        self.alias = alias
        self._client = client
        self._patience = patience
        self._checked: set[str] = set()

    def live(self) -> str | None:
        """The index that the alias leads to; None where there is none."""
        try:
            found = self._patience.call(lambda: self._client.indices.get_alias(name=self.alias))
        except NotFoundError:
            return None
        return max(found, default=None)

    def check_form(self, index: str) -> None:
        """TracemarkError where another version of the mapping made this index."""
        if index in self._checked:
            return
        mapping = self._patience.call(lambda: self._client.indices.get_mapping(index=index))
        if mapping[index]["mappings"].get("_meta", {}).get("form") != FORM:
            raise TracemarkError("the index was made by another version", hint="run: tracemark reindex")
        self._checked.add(index)

    def all(self) -> list[str]:
        """Every index of this name, oldest first."""
        found = self._patience.call(lambda: self._client.indices.get(index=f"{self.alias}-*", filter_path="*.aliases"))
        pattern = re.compile(rf"{re.escape(self.alias)}-\d{{6}}")
        return sorted(index for index in found if pattern.fullmatch(index))

    def create(self, *, live: bool) -> str:
        """A new, empty index; `live` gives it the alias at once."""
        mapping = make_mapping() | {"_meta": {"form": FORM}}
        aliases = {self.alias: {"is_write_index": True}} if live else {}
        number = max((int(index[-6:]) for index in self.all()), default=0) + 1
        index = f"{self.alias}-{number:06d}"
        try:
            self._patience.call(
                lambda: self._client.indices.create(index=index, mappings=mapping, settings=SETTINGS, aliases=aliases)
            )
        except TracemarkError as error:
            # A lost reply looks like a refusal when it is asked again: it is there, and that is what was wanted.
            if not isinstance(error.__cause__, BadRequestError) or "already_exists" not in str(error.__cause__):
                raise
        return index

    def make_live(self, index: str) -> None:
        """Lead the alias to an index and remove all others, in one step of the cluster."""
        others = [other for other in self.all() if other != index]
        actions: list[dict[str, Any]] = [{"remove_index": {"index": other}} for other in others]
        actions.append({"add": {"index": index, "alias": self.alias, "is_write_index": True}})
        try:
            self._patience.call(lambda: self._client.indices.update_aliases(actions=actions))
        except NotFoundError:
            if self.live() != index:  # done already, by the request whose reply was lost
                raise

    def remove(self, index: str) -> None:
        """Remove an index."""
        self._patience.call(lambda: self._client.indices.delete(index=index, ignore_unavailable=True))

    def position(self, index: str) -> int:
        """The journal position of an index."""
        try:
            uuid = self._uuid(index)
            found = self._patience.call(lambda: self._client.get(index=self._positions, id=uuid))
        except NotFoundError:
            return 0
        return int(found["_source"]["sequence"])

    def set_position(self, index: str, sequence: int) -> None:
        """Record the journal position of an index."""
        uuid = self._uuid(index)
        self._patience.call(
            lambda: self._client.index(index=self._positions, id=uuid, document={"sequence": sequence, "index": index})
        )

    @property
    def _positions(self) -> str:
        return f"{self.alias}-position"

    def _uuid(self, index: str) -> str:
        found = self._patience.call(lambda: self._client.indices.get_settings(index=index, name="index.uuid"))
        return str(found[index]["settings"]["index"]["uuid"])
