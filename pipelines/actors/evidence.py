"""What speaks for two accounts being one hand, weighed: each kind of evidence with its reason.

Weights are log-odds, by judgement and not by measurement, and say how telling a kind is where two accounts alone share
it. What more accounts share is worth less, and beyond `MOST_SHARING` nothing: a shop's number, a site's, a picture from
a maker's page. Names, places and wording never suffice without something else that both show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field, frozen
from rapidfuzz import fuzz

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.actors.marks import ContactUse
    from pipelines.models import JsonObject

MOST_SHARING = 12
ENOUGH = 4.5
_CONTACT, _MORE_CONTACTS, _MOST_CONTACTS = 5.0, 2.5, 9.0
_IMAGE, _MORE_IMAGES, _MOST_IMAGES = 3.0, 1.5, 6.0
_TEXT, _MORE_TEXTS, _MOST_TEXTS = 2.5, 1.0, 4.5
_SERIAL = 2.0
_SAME_NAME, _LIKE_NAME = 2.5, 1.5
_TOWN, _PLACE, _ELSEWHERE, _ELSEWHERE_SAME_CONTACT = 0.5, 0.25, -2.0, -0.5
_OWN = 50
"""Of a hundred listings, in how many of both accounts a contact stands that is their own."""
_KEPT_BACK, _YEAR = 45, 365
_GIVEN_AGAIN, _LONG_GIVEN_AGAIN = 0.9, 0.5
"""A number that was given up is kept back for 45 days at least before another gets it (FCC 18-177, 47 CFR 52.15); what
remains of its weight after such a pause, and after a year: the first holds accounts together that nothing speaks
against, and no accounts of two places."""
_LEAST_NAME, _NEAR_NAME = 6, 88.0
_FEWER = (1.0, 1.0, 1.0, 1.0, 1.0, 0.85, 0.75)
"""What remains of a weight where so many accounts share the thing: two to four keep all of it."""
_MANY = 0.6


@frozen(kw_only=True)
class Reason:
    """One kind of evidence for a link: its weight, its words, and the listings (row ids) that show it."""

    kind: str
    weight: float
    words: str
    listings: tuple[int, ...] = ()
    count: int = 1

    def to_json(self) -> JsonObject:
        """As the store keeps it."""
        return {"kind": self.kind, "weight": round(self.weight, 2), "words": self.words, "listings": [*self.listings]}


@frozen(kw_only=True)
class Profile:
    """What is known of an account beside its marks."""

    row: int
    site: str
    names: tuple[str, ...]
    places: frozenset[int]
    towns: frozenset[int]
    deals: bool = False  # a shop, by its own words: its pictures are makers' as often as not


@frozen(kw_only=True)
class Both:
    """How two accounts use one contact. `own`: it stands in most listings of both, and is nowhere called a dealer's."""

    sharing: int
    own: bool
    often: bool  # by both more than once
    anothers: bool
    apart: int  # days between the last use by one and the first by the other; 0 where they overlap
    lent: bool  # a telephone number, which others get when it is given up; an address is its owner's for good
    listings: tuple[int, ...]

    @classmethod
    def of(cls, one: ContactUse, other: ContactUse, sharing: int, listings: tuple[int, ...]) -> Both:
        """From the use by each, and how many accounts use it at all."""
        anothers = one.anothers or other.anothers
        return cls(
            sharing=sharing,
            own=not anothers and min(one.share, other.share) >= _OWN,
            often=min(one.times, other.times) > 1,
            anothers=anothers,
            apart=max(0, one.first - other.last, other.first - one.last),
            lent=one.lent,
            listings=listings,
        )

    @property
    def weight(self) -> float:
        """What remains of a contact's weight."""
        return _fewer(self.sharing) * (1.0 if self.own else 0.5) * self._remains

    @property
    def _remains(self) -> float:
        if not self.passed_on:
            return 1.0
        return _LONG_GIVEN_AGAIN if self.apart > _YEAR else _GIVEN_AGAIN

    @property
    def passed_on(self) -> bool:
        """Whether it may have been given to somebody else between."""
        return self.lent and self.apart > _KEPT_BACK


@define
class Shared:
    """What two accounts share: (number of accounts that do, the listings of both that show it)."""

    contacts: list[Both] = field(factory=list)
    images: dict[int, tuple[int, tuple[int, ...]]] = field(factory=dict)  # by the fingerprint
    texts: dict[tuple[int, int], int] = field(factory=dict)  # pairs of listings whose texts are near duplicates
    serials: list[tuple[int, tuple[int, ...]]] = field(factory=list)


def weigh(one: Profile, other: Profile, shared: Shared) -> list[Reason]:
    """The reasons for and against a link, strongest first."""
    images = [] if one.deals or other.deals else _images(shared)
    reasons = [*_contacts(shared), *images, *_texts(shared), *_serials(shared)]
    if not reasons:
        return []
    reasons += [*_names(one, other), *_places(one, other, shared)]
    return sorted(reasons, key=lambda reason: (-reason.weight, reason.kind))


def holds(reasons: Sequence[Reason]) -> bool:
    """Whether the evidence makes one hand of two accounts.

    A contact may do it, or pictures with something else that both show. Texts alone do not, however many: ordinary
    things are described in ordinary words; nor does one picture alone, which anybody can copy, nor names.
    """
    kinds = {reason.kind for reason in reasons if reason.weight > 0}
    hard = kinds & {"contact", "image", "text", "serial"}
    many = any(reason.kind == "image" and reason.count > 1 for reason in reasons)
    enough = "contact" in hard or len(hard) > 1 or many or (bool(hard) and "name" in kinds)
    return enough and sum(reason.weight for reason in reasons) >= ENOUGH


def _contacts(shared: Shared) -> list[Reason]:
    if not shared.contacts:
        return []
    weights = sorted((both.weight for both in shared.contacts), reverse=True)
    total = min(_MOST_CONTACTS, _CONTACT * weights[0] + sum(_MORE_CONTACTS * one for one in weights[1:]))
    most = max(both.sharing for both in shared.contacts)
    words = f"{_counted(len(shared.contacts), 'contact')} in both, shared by {most} accounts"
    if all(both.anothers for both in shared.contacts):
        words += ", called a dealer's"
    elif not any(both.own for both in shared.contacts):
        words += ", in few of their listings"
    if all(both.passed_on for both in shared.contacts):
        days = min(both.apart for both in shared.contacts)
        words += f", used by one and {days} days later by the other: telephone numbers are given out again"
    return [
        Reason(kind="contact", weight=total, words=words, listings=_listings(both.listings for both in shared.contacts))
    ]


def _images(shared: Shared) -> list[Reason]:
    if not shared.images:
        return []
    weights = sorted((_fewer(sharing) for sharing, _ in shared.images.values()), reverse=True)
    total = min(_MOST_IMAGES, _IMAGE * weights[0] + sum(_MORE_IMAGES * one for one in weights[1:]))
    words = f"{_counted(len(shared.images), 'picture')} in both"
    return [
        Reason(
            kind="image",
            count=len(shared.images),
            weight=total,
            words=words,
            listings=_listings(one[1] for one in shared.images.values()),
        )
    ]


def _texts(shared: Shared) -> list[Reason]:
    if not shared.texts:
        return []
    weights = sorted((_fewer(sharing) for sharing in shared.texts.values()), reverse=True)
    total = min(_MOST_TEXTS, _TEXT * weights[0] + sum(_MORE_TEXTS * one for one in weights[1:]))
    words = f"{_counted(len(shared.texts), 'near-duplicate text')} in both"
    return [Reason(kind="text", weight=total, words=words, listings=_listings(shared.texts))]


def _serials(shared: Shared) -> list[Reason]:
    if not shared.serials:
        return []
    words = f"{_counted(len(shared.serials), 'stated serial number')} in both"
    return [Reason(kind="serial", weight=_SERIAL, words=words, listings=_listings(one[1] for one in shared.serials))]


def _names(one: Profile, other: Profile) -> list[Reason]:
    best = 0.0
    for ours in one.names:
        for theirs in other.names:
            best = max(best, fuzz.ratio(ours, theirs))
    if best < _NEAR_NAME:
        return []
    weight = _SAME_NAME if best == 100 else _LIKE_NAME
    return [Reason(kind="name", weight=weight, words="the same name" if best == 100 else "names alike")]


def _places(one: Profile, other: Profile, shared: Shared) -> list[Reason]:
    if one.towns & other.towns:
        return [Reason(kind="place", weight=_TOWN, words="the same stated place")]
    if not (one.places and other.places):
        return []
    if one.places & other.places:
        return [Reason(kind="place", weight=_PLACE, words="the same state or country")]
    own = any(both.own and both.often and not (both.passed_on and both.apart > _YEAR) for both in shared.contacts)
    weight = _ELSEWHERE_SAME_CONTACT if own else _ELSEWHERE
    return [Reason(kind="place", weight=weight, words="different states or countries")]


def name_cores(*names: str | None) -> tuple[str, ...]:
    """Names as they are compared: letters only, no case; what is shorter than six is nobody's in particular."""
    cores = ("".join(one for one in (name or "").casefold() if one.isalpha()) for name in names)
    return tuple(dict.fromkeys(core for core in cores if len(core) >= _LEAST_NAME))


def _fewer(sharing: int) -> float:
    return _FEWER[sharing] if sharing < len(_FEWER) else _MANY


def _counted(number: int, what: str) -> str:
    return f"one {what}" if number == 1 else f"{number} {what}s"


def _listings(groups: object) -> tuple[int, ...]:
    return tuple(dict.fromkeys(row for group in groups for row in group))  # type: ignore[attr-defined]
