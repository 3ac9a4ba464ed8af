"""What a rule's `counts` counts: one function for each, over the facts of a history (docs/sellers.md)."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.sellers.facts import Count, Facts
from pipelines.sellers.rates import drawn
from pipelines.sellers.windows import fullest_window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from classifiers.history_rules import HistoryRule
    from pipelines.sellers.items import Item

_NOT_WORDS = frozenset({"new_in_box", "several_guns", "private_sale", "missing_check_statement"})
"""Counted by rules of their own, or recorded with no weight."""


def count_firearms(rule: HistoryRule, facts: Facts) -> Count | None:
    """Distinct firearms first offered in the fullest window."""
    return _fullest(rule, [facts.firearms])


def count_handguns(rule: HistoryRule, facts: Facts) -> Count | None:
    """Distinct handguns first offered in the fullest window."""
    return _fullest(rule, [[item for item in facts.firearms if item.item_class == "firearm_handgun"]])


def count_same_model(rule: HistoryRule, facts: Facts) -> Count | None:
    """Distinct pieces of one make and model in the fullest window."""
    groups: dict[tuple[str, str], list[Item]] = {}
    for item in facts.firearms:
        if item.make and item.model:
            groups.setdefault((item.make, item.model), []).append(item)
    return _fullest(rule, list(groups.values()))


def count_new(rule: HistoryRule, facts: Facts) -> Count | None:
    """All firearms, where the share of new ones is high enough."""
    new, total = facts.new, len(facts.firearms)
    if len(new) < rule.needs["ratio"] * total:
        return None
    return Count(number=total, items=new, words={"count": len(new), "total": total})


def count_months(rule: HistoryRule, facts: Facts) -> Count | None:
    """Calendar months of one year in which a firearm was first offered."""
    best: Count | None = None
    days = timedelta(days=_days(rule) - 1)
    end = 0
    firearms = facts.firearms
    for start, first in enumerate(firearms):
        while end < len(firearms) and firearms[end].offered.date() <= first.offered.date() + days:
            end += 1
        year = firearms[start:end]
        months = {(item.offered.year, item.offered.month) for item in year}
        if len(year) >= rule.needs["items"] and (best is None or len(months) > best.number):
            best = Count(number=len(months), items=year, words={"count": len(months), "total": len(year)})
    return best


def count_wording(rule: HistoryRule, facts: Facts) -> Count | None:
    """Items whose words show signals, where these add up: each signal counts half as much every time it returns."""
    seen: Counter[str] = Counter()
    total, bearing = 0.0, []
    for item in facts.firearms:
        weights: dict[str, float] = {}
        for offer in item.offers:
            for signal, weight in offer.signals.items():
                if weight > 0 and signal not in _NOT_WORDS:
                    weights[signal] = max(weights.get(signal, 0.0), weight)
        total += sum(weight * 0.5 ** seen[signal] for signal, weight in weights.items())
        seen.update(weights.keys())
        if weights:
            bearing.append(item)
    if total < rule.needs["weight"]:
        return None
    return Count(number=len(bearing), items=bearing, words={"total": len(bearing), "names": ", ".join(sorted(seen))})


def count_accounts(rule: HistoryRule, facts: Facts) -> Count | None:
    """Linked accounts that began within the window: when they joined, or first offered anything."""
    begun: list[tuple[datetime, str]] = []
    for account in facts.history.accounts:
        own = [
            offer.offered for offer in facts.history.offers if (offer.site, offer.seller) == (account.site, account.id)
        ]
        begins = account.joined or min(own, default=None)
        if begins is not None:
            begun.append((begins, f"{account.site}/{account.id}"))
    begun.sort()
    span = timedelta(days=_days(rule))
    runs = [[one for one in begun if first <= one[0] < first + span] for first, _ in begun]
    most = max(runs, key=len, default=[])
    return Count(number=len(most), words={"names": ", ".join(name for _, name in most)})


def count_migrations(rule: HistoryRule, facts: Facts) -> Count | None:
    """Firearms that one account first offered soon after a moderator had removed a listing of another linked one."""
    removed = [offer for offer in facts.history.offers if offer.status == "removed" and offer.ended]
    span = timedelta(days=_days(rule))
    found = [
        item
        for item in facts.firearms
        for first in item.offers[:1]
        if any(
            (one.site, one.seller) != (first.site, first.seller) and one.ended < first.offered <= one.ended + span
            for one in removed
            if one.ended is not None
        )
    ]
    return Count(number=len(found), items=found)


def count_places(rule: HistoryRule, facts: Facts) -> Count | None:
    """States or countries named by the firearms' offers in the fullest window."""
    placed = [(item, item.offers[0].place) for item in facts.firearms if item.offers[0].place]
    span = timedelta(days=_days(rule))
    best: Count | None = None
    for first, _ in placed:
        near = [(item, place) for item, place in placed if first.offered <= item.offered < first.offered + span]
        places = sorted({place for _, place in near if place})
        if best is None or len(places) > best.number:
            best = Count(number=len(places), items=[item for item, _ in near], words={"names": ", ".join(places)})
    return best


def count_turnover(rule: HistoryRule, facts: Facts) -> Count | None:
    """Firearms that were seen as sold within the window's days of their offer."""
    span = timedelta(days=_days(rule))
    sold = [
        item
        for item in facts.firearms
        if item.sold and item.offers[-1].ended is not None and item.offers[-1].ended - item.offers[-1].offered <= span
    ]
    return Count(number=len(sold), items=sold)


def count_concentration(rule: HistoryRule, facts: Facts) -> Count | None:
    """All firearms, where the share of handguns is high enough."""
    handguns = [item for item in facts.firearms if item.item_class == "firearm_handgun"]
    if len(handguns) < rule.needs["ratio"] * len(facts.firearms):
        return None
    words = {"count": len(handguns), "total": len(facts.firearms)}
    return Count(number=len(facts.firearms), items=handguns, words=words)


def count_silence(rule: HistoryRule, facts: Facts) -> Count | None:  # noqa: ARG001 -- as its peers
    """All firearms, where those offered without a word of a check are a larger share than nearly anybody's there.

    Where nine in ten ads say nothing silence tells nothing, so the share is drawn towards the site's own (`drawn`).
    """
    silent, total, norms = facts.silent, len(facts.firearms), facts.norms
    if norms is None or norms.silent_high is None:
        return None
    if drawn(len(silent), total, norms.silent_ratio) <= norms.silent_high:
        return None
    return Count(number=total, items=silent, words={"count": len(silent), "total": total})


def count_cheap(rule: HistoryRule, facts: Facts) -> Count | None:
    """Firearms far below the market."""
    found = [item for item in facts.firearms if facts.prices.get(item.id, 0.0) <= -rule.needs["z"]]
    return Count(number=len(found), items=found)


def count_serials(rule: HistoryRule, facts: Facts) -> Count | None:  # noqa: ARG001 -- as its peers
    """Offers that state a serial number which another hand states too."""
    return Count(number=len(facts.shared_serials), offers=facts.shared_serials)


def count_templates(rule: HistoryRule, facts: Facts) -> Count | None:  # noqa: ARG001 -- as its peers
    """Other accounts that show nearly the text of an offer: of that offer which most do."""
    most = max((count for _, count in facts.templates), default=0)
    return Count(number=most, offers=[offer for offer, _ in facts.templates])


def _fullest(rule: HistoryRule, groups: Sequence[Sequence[Item]]) -> Count | None:
    window = rule.window
    if window is None:
        return None
    found = [fullest_window(group, window.days, window.business_days).items for group in groups if group]
    fullest = max(found, key=len, default=())
    return Count(number=len(fullest), items=fullest)


def _days(rule: HistoryRule) -> int:
    return rule.window.days if rule.window and rule.window.days else 365
