"""Which jurisdiction a listing stands in: from the stated place, the site, the currency. Never from language."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING

from attrs import frozen
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.models import ListingContent
    from pipelines.store.runs import SiteRecord

_PLACE_LABELS = frozenset({"state", "location", "place", "region", "country", "province"})
_STATE_CODE = re.compile(r"(?:,\s*|^)([A-Z]{2})(?:\s+\d{5})?$")


@frozen
class Places:
    """The table of places. Make it once with `Places.shipped`."""

    countries: Mapping[str, str]
    states: Mapping[str, str]
    currencies: Mapping[str, str]

    @classmethod
    def shipped(cls) -> Places:
        """The table that comes with Tracemark (pipelines/places.yaml)."""
        body = YAML(typ="safe").load(resources.files("pipelines").joinpath("places.yaml").read_text("utf-8"))
        return cls(
            countries={word: code for code, words in body["countries"].items() for word in words},
            states={name: code for code, name in body["us_states"].items()},
            currencies=body["currencies"],
        )

    def resolve(self, content: ListingContent, site: SiteRecord) -> str | None:
        """The jurisdiction ("US-TX", "US", "DE"…) of a listing, or None where nothing says."""
        texts = [content.location, *(v for k, v in content.attributes.items() if k.casefold() in _PLACE_LABELS)]
        stated = [found for text in texts if text for found in (self.read(text),) if found]
        country = content.country or site.country
        for place in stated:
            if country is None or place.split("-")[0] == country or content.country is None:
                return place
        currency = content.price.currency if content.price and content.price.currency else site.currency
        return country or self.currencies.get(currency or "")

    def read(self, text: str) -> str | None:
        """The jurisdiction that a stated place names in its last parts ("Austin, TX", "Lyon, France")."""
        # A dash joins the words of a name ("new-mexico") unless it stands apart ("Santa Fe - New Mexico").
        parts = [part.strip().replace("-", " ") for part in re.split(r"[,/|()·]+|\s-\s", text) if part.strip()]
        for part in reversed(parts):
            folded = part.casefold()
            if folded in self.states:
                return f"US-{self.states[folded]}"
            if folded in self.countries:
                return self.countries[folded]
        code = _STATE_CODE.search(text.strip())
        return f"US-{code[1]}" if code and code[1] in self.states.values() else None
