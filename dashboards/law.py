"""The provisions behind signals: what the jurisdiction packs say of each, and whether it counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from classifiers.catalogue import load_catalogue
from classifiers.packs import load_packs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipelines.models import JsonObject

STATUS = {
    "in_force": "in force",
    "enjoined": "enjoined by a court",
    "vacated": "vacated",
    "proposed": "proposed, not in force",
    "repealed": "repealed",
    "not_enforced": "not enforced",
    "heuristic": "an analyst's rule of thumb",
}


@frozen(kw_only=True)
class Provision:
    """One provision as it stood when a listing was assessed."""

    name: str
    covers: str
    status: str
    checked_on: str
    source: str
    counts: bool
    why: str


@frozen
class LawBook:
    """Every hook of the packs by its id, and the status of every provision that rules over histories name."""

    _hooks: Mapping[str, JsonObject]

    @classmethod
    def shipped(cls) -> LawBook:
        """Of the packs that come with Tracemark."""
        packs = load_packs(load_catalogue())
        return cls({hook.id: hook.model_dump(mode="json") for pack in packs.files.values() for hook in pack.hooks})

    def of_signals(self, derivation: JsonObject | None) -> dict[str, list[Provision]]:
        """By signal, the provisions that an assessment weighed; those of an older pack only by their id."""
        found: dict[str, list[Provision]] = {}
        for one in (derivation or {}).get("hooks", ()):
            found.setdefault(one["signal"], []).append(self._provision(one))
        return found

    def _provision(self, one: JsonObject) -> Provision:
        hook = self._hooks.get(one["id"], {})
        return Provision(
            name=str(hook.get("provision") or one["id"]),
            covers=str(hook.get("covers", "no longer in the packs")),
            status=STATUS.get(hook.get("status", ""), "status not known"),
            checked_on=str(hook.get("checked_on", "not known")),
            source=str(hook.get("source", "")),
            counts=bool(one["counts"]),
            why=str(one["why"] or ""),
        )
