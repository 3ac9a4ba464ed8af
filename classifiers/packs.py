"""Jurisdiction packs: law as dated data. Which hooks touch which signals, where, and since when.

A hook that is not in force on the as-of date, or was last checked more than 90 days before it, weighs nothing and is
shown. Language never chooses a pack: the caller resolves the jurisdiction.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import frozen
from pydantic import Field

from classifiers.catalogue import STRENGTHS, Catalogue, Strength
from classifiers.history_rules import HistoryRule, HistoryStatus
from classifiers.lexicon import Dated, Strict, read_yaml
from classifiers.values import LexiconError

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = Path(__file__).parent / "packs"
FRESH = timedelta(days=90)  # SIGNALS.md, "Law moves"
ANYWHERE = "ANY"  # the pack of what holds in no jurisdiction in particular


class Touch(Strict):
    """What a hook does to a signal.

    It `raises` it to a strength, `enables` it (it counts only thanks to the hook), or `notes` it (shown, no weight).
    """

    signal: str
    effect: Literal["raises", "enables", "notes"]
    strength: Strength | None = None
    classes: list[str] | None = None


class Hook(Strict):
    """One provision."""

    id: str
    provision: str
    covers: str
    status: HistoryStatus
    since: Dated | None = Field(alias="from")
    until: Dated | None = Field(alias="to")
    source: str
    checked_on: Dated
    regions: list[str] | None = None
    touches: list[Touch]
    calibres: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()


class PackFile(Strict):
    """One jurisdiction."""

    jurisdiction: str
    name: str
    hooks: list[Hook]
    history: dict[str, HistoryRule] = Field(default_factory=dict)  # by name; one of ANY's gives way to its own


@frozen(kw_only=True)
class Applied:
    """A hook as it stands on a date for one signal: `counts` says whether it weighs anything, `why` if not."""

    hook: Hook
    touch: Touch
    counts: bool
    why: str


@frozen(kw_only=True)
class Packs:
    """All packs by jurisdiction, the hash of their hooks, and the latest date on which one was checked."""

    files: Mapping[str, PackFile]
    content_hash: str
    latest_check: date

    def applied(self, jurisdiction: str | None, signal: str, item_class: str, as_of: date) -> list[Applied]:
        """The hooks that touch a signal for things of a class in a jurisdiction (`US`, `US-TX`)."""
        return [
            Applied(hook=hook, touch=touch, counts=not why, why=why)
            for hook in self._hooks(jurisdiction)
            for touch in hook.touches
            if touch.signal == signal and (touch.classes is None or item_class in touch.classes)
            for why in [standing(hook, as_of)]
        ]

    def _hooks(self, jurisdiction: str | None) -> list[Hook]:
        if not jurisdiction:
            return []
        country, _, region = jurisdiction.upper().partition("-")
        pack = self.files.get(country)
        hooks = pack.hooks if pack else []
        return [hook for hook in hooks if hook.regions is None or region in hook.regions]

    def listed(self, jurisdiction: str | None, signal: str, as_of: date) -> list[Hook]:
        """Hooks in force that enable a signal by a list of makes or calibres of their own."""
        hooks = [hook for hook in self._hooks(jurisdiction) if any(touch.signal == signal for touch in hook.touches)]
        return [hook for hook in hooks if not standing(hook, as_of)]


def standing(hook: Hook | HistoryRule, as_of: date) -> str:
    """Why a hook, or a rule, does not count on a date, or "" where it does."""
    if hook.status not in ("in_force", "heuristic"):
        return f"status: {hook.status}"
    if hook.since and date.fromisoformat(hook.since) > as_of:
        return f"not before {hook.since}"
    if hook.until and date.fromisoformat(hook.until) < as_of:
        return f"ended {hook.until}"
    if as_of - date.fromisoformat(hook.checked_on) > FRESH:
        return f"last checked {hook.checked_on}, more than {FRESH.days} days before"
    return ""


def load_packs(catalogue: Catalogue, folder: Path = FOLDER) -> Packs:
    """Every pack in `folder`. Raises LexiconError where a signal is unknown or an id is used twice."""
    paths = sorted(folder.glob("*.yaml"))
    files: dict[str, PackFile] = {}
    seen: set[str] = set()
    mistakes: list[str] = []
    for path in paths:
        pack = files[path.stem.upper()] = read_yaml(path, PackFile)
        if pack.jurisdiction != path.stem.upper():
            mistakes.append(f"{path.name}: says {pack.jurisdiction}")
        for hook in pack.hooks:
            mistakes += [f"{path.name}: {hook.id} is there twice"] if hook.id in seen else []
            seen.add(hook.id)
            mistakes += [
                f"{path.name}: {hook.id}: unknown {t.signal}" for t in hook.touches if t.signal not in catalogue
            ]
    if mistakes:
        raise LexiconError("; ".join(mistakes))
    checked = [date.fromisoformat(hook.checked_on) for pack in files.values() for hook in pack.hooks]
    return Packs(files=files, content_hash=_hash_hooks(files), latest_check=max(checked, default=date(2026, 11, 21)))


def _hash_hooks(files: Mapping[str, PackFile]) -> str:
    """Of the hooks alone: a rule over histories that changes is no reason to read every listing again."""
    hooks = [hook.model_dump_json() for name in sorted(files) for hook in files[name].hooks]
    return hashlib.sha256("\n".join(hooks).encode()).hexdigest()


def strongest(strengths: list[str]) -> str:
    """The strongest of some strength letters."""
    return max(strengths, key=STRENGTHS.index)
