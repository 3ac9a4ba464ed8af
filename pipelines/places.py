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
_STATE_CODE = re.compile(r"([A-Z]{2})(?:\s+\d{5}(?:-\d{4})?)?")
_BETWEEN = re.compile(r"[,/|()·]+|\s-\s")


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
        currency = content.price.currency if content.price and content.price.currency else site.currency
        belongs = self.currencies.get(currency or "")
        home = content.country or site.country or belongs
        for text in texts:
            place = self.read(text, home=home) if text else None
            if place is not None and content.country in (None, place.partition("-")[0]):
                return place
        return content.country or site.country or belongs

    def read(self, text: str, *, home: str | None = None) -> str | None:
        """The jurisdiction that a stated place names in its last parts ("Austin, TX", "Lyon, France").

        The two letters of a state are read where `home`, the country that all else speaks for, does not say
        otherwise: "Berlin, DE" on a German site is not in Delaware.
        """
        parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
        country = None
        for part in reversed(parts):
            state = self._state(part, home)
            if state is not None:
                return f"US-{state}"
            country = country or self.countries.get(part.casefold())
            if country not in (None, "US"):
                break  # only the United States are told by their states
        return country

    def _state(self, part: str, home: str | None) -> str | None:
        code = _STATE_CODE.fullmatch(part)
        if code and code[1] in self.states.values() and home in (None, "US"):
            return code[1]
        return self.states.get(part.casefold())
