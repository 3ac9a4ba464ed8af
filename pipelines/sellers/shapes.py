"""What needs a person whatever is counted, and the shapes of honest sellers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.licences.matching import Standing
from pipelines.sellers.facts import Count, Facts, offers_of
from pipelines.sellers.manner import Manner

if TYPE_CHECKING:
    from classifiers.history_rules import HistoryRule

_PROCESS = frozenset({"ffl_transfer", "check_or_permit_required", "licensed_intermediary", "dealer"})
_DEALING = frozenset({"dealer", "licence_number_stated"})
_ESTATE = frozenset({"estate_or_collection"})
_MISMATCHES = frozenset({Standing.UNKNOWN, Standing.EXPIRED, Standing.ANOTHERS})


def count_stolen(rule: HistoryRule, facts: Facts) -> Count | None:  # noqa: ARG001 -- as its peers
    """Stated serial numbers that a list of stolen ones holds."""
    names = ", ".join(sorted({name for _, name in facts.stolen}))
    return Count(number=len(facts.stolen), offers=[offer for offer, _ in facts.stolen], words={"names": names})


def count_licence(rule: HistoryRule, facts: Facts) -> Count | None:  # noqa: ARG001 -- as its peers
    """A stated licence number that the register does not bear out."""
    match = facts.licence
    if match is None or match.standing not in _MISMATCHES:
        return None
    return Count(number=1, offers=[*match.offers], words={"names": match.words})


def count_verified(rule: HistoryRule, facts: Facts) -> Count | None:  # noqa: ARG001 -- as its peers
    """A stated licence that the register bears out."""
    match = facts.licence
    if match is None or match.standing is not Standing.VERIFIED:
        return None
    return Count(number=1, items=facts.firearms, words={"names": match.words})


def count_process(rule: HistoryRule, facts: Facts) -> Count | None:
    """A licence is stated, no register speaks against it, and most offers ask for what a licensed dealer asks for."""
    offers = offers_of(facts.firearms)
    careful = [offer for offer in offers if offer.against & _PROCESS]
    licence = next((account.licence for account in facts.history.accounts if account.licence), facts.history.licence)
    stated = licence is not None or any("licence_number_stated" in offer.against for offer in offers)
    doubted = facts.licence is not None and facts.licence.standing in _MISMATCHES
    if not offers or not stated or doubted or len(careful) < rule.needs["ratio"] * len(offers):
        return None
    words = {"names": licence or "in its listings", "count": len(careful), "total": len(offers)}
    return Count(number=1, items=facts.firearms, words=words)


def count_manner(rule: HistoryRule, facts: Facts) -> Count | None:  # noqa: ARG001 -- as its peers
    """Cues of a business in the words of one who calls a sale private, states no licence and calls itself no dealer."""
    history = facts.history
    offers = offers_of(facts.firearms)
    dealing = sum(1 for offer in offers if offer.against & _DEALING)
    stated = facts.licence is not None or any(account.licence for account in history.accounts)
    private = [offer for offer in offers if "private_sale" in offer.signals]
    if not private or stated or 2 * dealing > len(offers):
        return None
    manner = Manner.shipped()
    found = {offer.row: manner.find(offer.text) for offer in history.offers if offer.offers_things}
    told = manner.find("\n".join(account.profile for account in history.accounts if account.profile))
    cues = sorted(told.union(*found.values()))
    showing = [offer for offer in history.offers if found.get(offer.row)]
    words = {"names": ", ".join(cues), "total": len(private)}
    return Count(number=len(cues), offers=[*showing, *(one for one in private if one not in showing)], words=words)


def count_liquidation(rule: HistoryRule, facts: Facts) -> Count | None:
    """All firearms, where they are a collection or an estate being sold: a burst, old, varied, that ended."""
    firearms, needs = facts.firearms, rule.needs
    if not firearms:
        return None
    days = (firearms[-1].offered - firearms[0].offered).days
    offers = offers_of(firearms)
    naming = [offer for offer in offers if offer.against & _ESTATE]
    variety = len({(item.make, item.model) for item in firearms}) / len(firearms)
    holds = (
        days <= needs["days"]
        and (facts.today - firearms[-1].offered).days >= needs["quiet_days"]
        and len(facts.new) <= needs["new_ratio"] * len(firearms)
        and len(naming) >= needs["words_ratio"] * len(offers)
        and variety >= needs["variety"]
    )
    words = {"total": len(firearms), "days": days, "count": len(naming)}
    return Count(number=len(firearms), items=firearms, words=words) if holds else None


def count_few(rule: HistoryRule, facts: Facts) -> Count | None:
    """All firearms, where they are few."""
    total = len(facts.firearms)
    if not total or total > rule.needs["most"]:
        return None
    return Count(number=total, items=facts.firearms, words={"total": total})
