"""Composes further plain listings from hand-written parts: the same ones for the same seed.

The parts of a language lie in `catalogue/parts/<language>.json`: kinds of goods with their variants, titles,
sentences and prices, and what people say around them. It makes long tails, and marketplaces large enough to
measure a crawl on; the sellers' histories are written by hand.
"""

from __future__ import annotations

import json
import random
import re
from datetime import date, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from attrs import frozen

from crawler.demo.clock import DEFAULT_DAY, LAST_DAY
from crawler.demo.entries import SellerEntry, listing_of
from crawler.demo.inventory import LISTED_WHEN_SOLD, Inventory, Market

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES: Mapping[Market, str] = {Market.HARBORLIST: "en", Market.TAUSCHBOERSE: "de", Market.BAZARLIVE: "pt"}

_LISTINGS_PER_SELLER = 3
_ID_PRIME = 9_999_991  # the greatest prime below 10**7: the steps below meet no id twice
_ID_STEP = 104_729


@frozen(kw_only=True)
class Composition:
    """Lines in the catalogue's own form, and what each listing is."""

    sellers: tuple[dict[str, Any], ...]
    listings: tuple[dict[str, Any], ...]
    truths: tuple[dict[str, Any], ...]


def compose(language: str, count: int, *, seed: int, days: tuple[int, int], prefix: str) -> Composition:
    """Compose `count` listings that appear in `days` (first and last), by sellers named `s-<prefix>-<number>`."""
    parts = json.loads((files("crawler.demo") / "catalogue" / "parts" / f"{language}.json").read_text("utf-8"))
    dice = random.Random(f"{language}/{seed}")  # noqa: S311 - composed text, not a secret
    sellers: list[dict[str, Any]] = []
    listings: list[dict[str, Any]] = []
    truths: list[dict[str, Any]] = []
    for number in range(count):
        if number % _LISTINGS_PER_SELLER == 0:
            sellers.append(_compose_seller(parts, dice, f"s-{prefix}-{len(sellers) + 1:04d}", language))
        good = dice.choices(parts["goods"], weights=[good["weight"] for good in parts["goods"]])[0]
        variant = _choose_variant(good, dice)
        line = _compose_listing(parts, good, variant, dice, days)
        line["id"] = str(60_000_000 + ((number + seed * 31) * _ID_STEP) % _ID_PRIME)
        line["seller"], line["location"] = sellers[-1]["id"], sellers[-1]["location"]
        line["language"] = language
        line["image"] = f"{prefix}-{line['id']}"
        listings.append(line)
        truths.append(_tell_truth(line["id"], good, variant))
    return Composition(sellers=tuple(sellers), listings=tuple(listings), truths=tuple(truths))


def grow_inventory(inventory: Inventory, size: int) -> Inventory:
    """Return the inventory with `size` listings in its lists on day 45 (as it is, where it has them already)."""
    missing = size - len(inventory.on(DEFAULT_DAY).listed)
    if missing <= 0:
        return inventory
    grown = compose(LANGUAGES[inventory.market], missing, seed=1, days=(0, DEFAULT_DAY), prefix="grown")
    # A catalogue's own composed tail was made with other seeds and prefixes; its ids may still meet.
    taken = {entry.id for entry in inventory.listings}
    stays_listed = LISTED_WHEN_SOLD[inventory.market]
    entries = [
        listing_of({**line, "id": _free_id(line["id"], taken), "events": line["events"] if stays_listed else []})
        for line in grown.listings
    ]
    accounts = [SellerEntry(**{**line, "joined": date.fromisoformat(line["joined"])}) for line in grown.sellers]
    return Inventory(
        market=inventory.market,
        sellers=(*inventory.sellers, *accounts),
        listings=(*inventory.listings, *entries),
    )


def _free_id(wanted: str, taken: set[str]) -> str:
    number = int(wanted)
    while str(number) in taken:
        number += 20_000_000
    return str(number)


def _compose_seller(parts: Mapping[str, Any], dice: random.Random, id_: str, language: str) -> dict[str, Any]:
    place, country = dice.choice(parts["places"])
    joined = date(2019, 1, 1) + timedelta(days=dice.randrange(2_600))
    name = dice.choice(parts["names"])
    if dice.random() < 0.6:
        name += dice.choice(("_", "", ".", " ")) + dice.choice((str(dice.randrange(2, 99)), dice.choice(parts["tags"])))
    return {
        "id": id_,
        "name": name,
        "joined": joined.isoformat(),
        "profile": dice.choice(parts["profiles"]) if dice.random() < 0.4 else "",
        "location": place,
        "country": country,
        "licence": None,
        "language": language,
    }


def _choose_variant(good: Mapping[str, Any], dice: random.Random) -> dict[str, str]:
    variant = dict(dice.choice(good.get("variants", [{}])))
    for slot, choices in good.get("slots", {}).items():
        variant[slot] = dice.choice(choices)
    return variant


def _compose_listing(
    parts: Mapping[str, Any],
    good: Mapping[str, Any],
    variant: Mapping[str, str],
    dice: random.Random,
    days: tuple[int, int],
) -> dict[str, Any]:
    low, high = good["price"]
    price = float(_round_price(dice.uniform(low, high)))
    appears = dice.randint(*days)
    return {
        "title": _fill(dice.choice(good["titles"]), variant),
        "description": _compose_text(parts, good, variant, dice),
        "price": price,
        "condition": dice.choice(parts["conditions"]),
        "category": good["category"],
        "attributes": {label: _fill(text, variant) for label, text in good.get("attributes", {}).items()},
        "shipping": dice.choice(parts["shipping"]) if dice.random() < 0.5 and good.get("ships", True) else None,
        "images": dice.choice((1, 1, 2, 3)),
        "appears": appears,
        "events": _compose_events(price, appears, dice),
    }


def _compose_text(
    parts: Mapping[str, Any], good: Mapping[str, Any], variant: Mapping[str, str], dice: random.Random
) -> str:
    sentences = dice.sample(good["sentences"], k=min(len(good["sentences"]), dice.randint(1, 3)))
    if dice.random() < 0.35:
        sentences.insert(0, dice.choice(parts["openers"]))
    if dice.random() < 0.5:
        sentences.append(dice.choice(parts["reasons"]))
    text = " ".join(sentences)
    if dice.random() < 0.6:
        text += dice.choice((" ", "\n\n")) + dice.choice(parts["closers"])
    return _fill(text, variant)


def _compose_events(price: float, appears: int, dice: random.Random) -> list[dict[str, Any]]:
    fate = dice.random()
    day = appears + dice.randint(4, 25)
    if day > LAST_DAY or fate > 0.55:
        return []
    if fate < 0.25:
        return [{"day": day, "price": float(_round_price(price * 0.9))}]
    events: list[dict[str, Any]] = [{"day": day, "status": "sold"}]
    # What disappears does so after the default day, so that a grown marketplace has its full size on it.
    gone = max(day, DEFAULT_DAY) + dice.randint(3, 20)
    if gone <= LAST_DAY and fate > 0.4:
        events.append({"day": gone, "status": "gone"})
    return events


def _round_price(amount: float) -> int:
    step = 1 if amount < 20 else 5 if amount < 300 else 25
    return max(1, round(amount / step) * step)


def _fill(text: str, variant: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda match: variant[match[1]], text)


def _tell_truth(id_: str, good: Mapping[str, Any], variant: Mapping[str, str]) -> dict[str, Any]:
    counted = good["class"].startswith("firearm")
    return {
        "listing": id_,
        "class": good["class"],
        "make": variant.get("make") if counted else None,
        "model": variant.get("model") if counted else None,
        "calibre": variant.get("calibre") if counted else None,
        "quantity": 1,
        "item": f"composed-{id_}",
        "signals": good.get("signals", []),
        "review_expected": False,
    }
