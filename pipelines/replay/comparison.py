"""One seller before and now: which rules weigh otherwise, and what that rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipelines.models import JsonObject


@frozen(kw_only=True)
class RuleChange:
    """A rule whose weight for a seller changed (log-odds; None: it does not fire). `signal` is as now, or as before."""

    rule: str
    scope: str  # seller or actor
    before: float | None
    now: float | None
    signal: Mapping[str, Any]

    @property
    def word(self) -> str:
        """What happened: appears, ends, or weighs otherwise."""
        return "appears" if not self.before else "ends" if not self.now else "weighs otherwise"


@frozen(kw_only=True)
class SellerChange:
    """A seller whose rules or whose level changed."""

    site: str
    id: str | None
    name: str | None
    before: str
    now: str
    rules: Sequence[RuleChange]

    def to_json(self, days: Mapping[str, str]) -> JsonObject:
        """As docs/schema/replay.json has it; `days` are the items' first days."""
        return {
            "site": self.site,
            "id": self.id,
            "name": self.name,
            "review": {"before": self.before, "now": self.now},
            "rules": [_rule_json(rule, days) for rule in self.rules],
        }


def compare(before: JsonObject, now: JsonObject) -> SellerChange | None:
    """Two lines of one seller (docs/schema/seller.json); None where nothing weighs otherwise."""
    old, new = _by_rule(before), _by_rule(now)
    changes = [
        RuleChange(
            rule=key[1],
            scope=key[0],
            before=_weight(old.get(key)),
            now=_weight(new.get(key)),
            signal=new.get(key) or old[key],
        )
        for key in dict.fromkeys([*new, *old])
        if (_weight(old.get(key)) or 0.0) != (_weight(new.get(key)) or 0.0)
    ]
    if not changes and before["review"] == now["review"]:
        return None
    return SellerChange(
        site=now["site"], id=now["id"], name=now["name"], before=before["review"], now=now["review"], rules=changes
    )


def _by_rule(line: JsonObject) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The signals by scope and rule. A line of an earlier version has neither: its signal's name stands for them."""
    return {(one.get("scope", "seller"), one.get("rule", one["name"])): one for one in line["signals"]}


def _weight(signal: Mapping[str, Any] | None) -> float | None:
    return None if signal is None else float(signal["weight"])


def _rule_json(change: RuleChange, days: Mapping[str, str]) -> JsonObject:
    signal = change.signal
    return {
        "rule": change.rule,
        "scope": change.scope,
        "change": change.word,
        "weight": {"before": change.before, "now": change.now},
        "signal": signal["name"],
        "reason": signal["reason"],
        "items": [{"id": item, "offered": days.get(item)} for item in signal["items"]],
        "listings": list(signal["listings"]),
        "captures": list(signal.get("captures", ())),
    }
