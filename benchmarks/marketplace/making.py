"""Makes the marketplace: people until there are enough listings."""

from __future__ import annotations

from attrs import evolve

from marketplace.catalogue import LATE_SITE, SITES
from marketplace.histories import LATE_FROM, write_history
from marketplace.models import Marketplace, Person, chance_of
from marketplace.people import Directory, make_identity, pick_kind


def make_marketplace(listings: int, seed: int = 7) -> Marketplace:
    """A marketplace of `listings` ads; about a tenth as many accounts. The same arguments give the same one."""
    directory = Directory()
    people: list[Person] = []
    left, number = listings, 0
    while left > 0:
        kind = pick_kind(chance_of(seed, "kind", number))
        identity = make_identity(seed, number, kind, directory)
        ads = write_history(seed, number, identity)[:left]
        shown = {ad.account.id for ad in ads}
        accounts = tuple(account for account in identity.accounts if account.id in shown)
        number += 1
        if not ads:
            continue
        left -= len(ads)
        people.append(
            Person(
                key=f"p{number - 1}",
                kind=kind,
                accounts=accounts,
                ads=ads,
                evidence=identity.evidence if len(accounts) > 1 else "single",
                bad_number=identity.bad_number,
                business=identity.business,
            )
        )
    return Marketplace(
        seed=seed,
        people=tuple(_with_registered_names(people)),
        sites=SITES,
        observed_from={site: LATE_FROM if site == LATE_SITE else 0 for site in SITES},
    )


def _with_registered_names(people: list[Person]) -> list[Person]:
    """Who states another's number states that of a dealer who has one."""
    dealers = [one for one in people if one.business is not None and one.bad_number is None]
    found = []
    for person in people:
        if person.bad_number == "other" and dealers:
            stolen = dealers[len(found) % len(dealers)].accounts[0].licence
            accounts = {account.id: evolve(account, licence=stolen) for account in person.accounts}
            ads = tuple(evolve(ad, account=accounts[ad.account.id]) for ad in person.ads)
            found.append(evolve(person, accounts=tuple(accounts.values()), ads=ads))
        else:
            found.append(person)
    return found
