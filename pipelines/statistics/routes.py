"""From where to where things are said to be sent, read from the words that signals rest on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.models import JsonObject
    from pipelines.places import Places

ABROAD, OTHER_PLACES, ANYWHERE = "abroad", "other places", "buyer's door"
_TO = {
    "cross_border_offer": ABROAD,
    "embargoed_destination": ABROAD,
    "out_of_state_ok": OTHER_PLACES,
    "direct_shipment": ANYWHERE,
}
"""Where a signal's words say that a thing may go, when they name no country."""


@frozen
class Routes:
    """Reads routes. Make it once with `Routes.of`."""

    countries: Mapping[str, str]
    names: re.Pattern[str]

    @classmethod
    def of(cls, places: Places) -> Routes:
        """By the names of countries in `places`; two letters alone are too often a word ("us")."""
        words = sorted((name for name in places.countries if len(name) > 2), key=len, reverse=True)
        return cls(places.countries, re.compile(r"\b(?:" + "|".join(map(re.escape, words)) + r")\b"))

    def read(self, place: str, signals: Sequence[JsonObject]) -> set[tuple[str, str]]:
        """The routes of one listing that stands in `place`: pairs of from and to."""
        found = set()
        home = place.partition("-")[0]
        for signal in signals:
            to = _TO.get(signal["name"])
            if to is None:
                continue
            named = {self.countries[name] for name in self.names.findall(signal["text"].casefold())} - {home}
            found |= {(place, one) for one in sorted(named)} if named else {(place, to)}
        return found
