"""How an ad is written, and what a reader of it finds: its words, contacts, items and signals with their places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from marketplace.catalogue import AREA_CODES, GOODS, SHOPS
from marketplace.models import Ad, Repost, chance_of

if TYPE_CHECKING:
    import random

    from marketplace.models import Gun

_KINDS_OF_GOODS = {title: kind for kind, title, _, _ in GOODS}
_SAYS = {title: words for _, title, words, _ in GOODS}


@frozen(kw_only=True)
class Mark:
    """A signal or contact in the description: code points."""

    name: str
    value: str
    start: int
    end: int


@frozen(kw_only=True)
class Written:
    """An ad in words."""

    title: str
    description: str
    item_class: str
    items: list[dict[str, Any]]
    signals: tuple[Mark, ...]
    contacts: tuple[Mark, ...]


@define
class _Text:
    parts: list[str] = field(factory=list)
    length: int = 0
    signals: list[Mark] = field(factory=list)
    contacts: list[Mark] = field(factory=list)

    def say(self, words: str, *, signal: str | None = None) -> None:
        """Add a sentence, and what it is a sign of."""
        if signal is not None:
            self.signals.append(Mark(name=signal, value=words, start=self.length, end=self.length + len(words)))
        self.parts.append(words)
        self.length += len(words) + 1

    def reach(self, before: str, kind: str, value: str, shown: str) -> None:
        """Add a sentence with a contact at its end."""
        start = self.length + len(before) + 1
        self.contacts.append(Mark(name=kind, value=value, start=start, end=start + len(shown)))
        self.signals.append(Mark(name="off_platform_contact", value=shown, start=start, end=start + len(shown)))
        self.say(f"{before} {shown}")

    @property
    def words(self) -> str:
        return " ".join(self.parts)


def write_ad(ad: Ad) -> Written:
    """The words of an ad: the same ad gives the same words."""
    chance = chance_of("voice", ad.account.id.split("-")[0], ad.voice)
    text = _Text()
    if ad.repost is Repost.EDITED:
        text.say(chance_of(ad.id).choice(("PRICE DROP.", "Still here.", "Back up.", "Reduced.", "Buyer did not show.")))
    if ad.thing is not None:
        return _write_thing(ad, ad.thing, text, chance)
    if ad.wanted is not None:
        return _write_wanted(ad, text, chance)
    title = _write_title(ad, chance)
    _write_guns(ad, text, chance)
    _write_terms(ad, text, chance)
    items = _items(ad, title, text)
    if len(ad.guns) > 1:
        text.signals.append(Mark(name="several_guns", value=title, start=-1, end=len(title)))
    return _finish(text, title, ad.guns[0].model.item_class, items)


def _write_title(ad: Ad, chance: random.Random) -> str:
    if ad.quantity > 1:
        return f"{ad.quantity} new {_name(ad.guns[0])} pistols"
    if len(ad.guns) > 1:
        return " and ".join(_name(gun) for gun in ad.guns)
    gun = ad.guns[0]
    ends = ("", f" {gun.model.calibre}", " for sale", f" - {gun.model.calibre}", ", good shape")
    return _name(gun) + (" new in box" if gun.new and chance.random() < 0.6 else chance.choice(ends))


def _write_guns(ad: Ad, text: _Text, chance: random.Random) -> None:
    if ad.estate:
        lines = ("From my late father's estate.", "Thinning out a collection of forty years.",
                 "Selling off my grandfather's collection.", "We are settling an estate.")  # fmt: skip
        text.say(chance.choice(lines), signal="estate_or_collection")
    if ad.quantity > 1:
        number = ad.quantity
        text.say(
            chance.choice((f"I have {number} of these", f"{number} available")) + f", ${ad.price} each.",
            signal="bulk_quantity",
        )
    for gun in ad.guns[: 1 if ad.quantity > 1 else None]:
        _write_gun(gun, ad, text, chance)


def _write_gun(gun: Gun, ad: Ad, text: _Text, chance: random.Random) -> None:
    name = _name(gun)
    intros = (f"Selling my {name}.", f"{name} up for sale.", f"Here is a {name} in {gun.model.calibre}.",
              f"Up for grabs is this {name}.", f"I am letting go of a {name}.",
              f"One {name}, {gun.model.calibre}.")  # fmt: skip
    text.say(chance.choice(intros))
    if gun.new:
        text.say(
            chance.choice(("New in box.", "Brand new, never fired.", "Unfired, in the box.", "NIB.")),
            signal="new_in_box",
        )
    else:
        rounds = gun.rounds // 10 * 10
        counts = (f"About {rounds} rounds through it.", f"Round count is near {rounds}.",
                  f"Fired maybe {rounds} times.", f"It has seen roughly {rounds} rounds.")  # fmt: skip
        text.say(chance.choice(counts))
    if gun.extras:
        things = " and ".join(gun.extras) if len(gun.extras) < 3 else ", ".join(gun.extras)
        text.say(
            chance.choice(
                (f"Comes with {things}.", f"Included: {things}.", f"You also get {things}.", f"With it go {things}.")
            )
        )
    if gun.flaw:
        text.say(
            chance.choice((f"There is {gun.flaw}.", f"Honest wear: {gun.flaw}.", f"Only thing to mention, {gun.flaw}."))
        )
    if gun.serial:
        text.say(
            chance.choice(
                (f"Serial starts with {gun.serial}.", f"S/N {gun.serial}xxx.", f"Serial number {gun.serial}...")
            ),
            signal="serial_offered",
        )
    if ad.heavy:
        text.say("The serial number was filed off before I got it.", signal="removed_marks")
    if len(ad.guns) == 1:
        lines = (
            f"Asking ${ad.price}.",
            f"${ad.price} and it is yours.",
            f"Price is ${ad.price}.",
            f"I want ${ad.price} for it.",
        )
        text.say(chance.choice(lines))
    elif ad.quantity == 1:
        text.say(f"${gun.price} for the {gun.model.model}.")


def _write_terms(ad: Ad, text: _Text, chance: random.Random) -> None:
    place = ad.account.place.split(",")[0]
    if ad.scam:
        text.say("We ship worldwide, bitcoin accepted, all models in stock, visit our store.", signal="scam_storefront")
    elif ad.dealer:
        text.say("We are a licensed dealer.", signal="dealer")
        text.say("Ships to your FFL only.", signal="ffl_transfer")
        if ad.account.licence and chance.random() < 0.5:
            text.say(f"FFL {ad.account.licence}.", signal="licence_number_stated")
    else:
        text.say(
            chance.choice(
                (f"Meet in {place}.", f"Pick up near {place}.", f"Located in {place}.", f"Can meet around {place}.")
            )
        )
        drawn = chance.random()
        if drawn < 0.2:
            text.say("Private sale, face to face.", signal="private_sale")
        elif drawn < 0.4:
            text.say("Transfer through a dealer, buyer pays.", signal="ffl_transfer")
    _write_contacts(ad, text)


def _write_contacts(ad: Ad, text: _Text) -> None:
    for kind, value, shown in ad.account.contacts:
        text.reach(
            {"phone": "Call or text", "email": "Mail", "messenger": "Write on", "payment": "Deposit by"}[kind],
            kind,
            value,
            shown,
        )
    if ad.shop is not None:
        code, last = AREA_CODES[ad.shop * 37 % len(AREA_CODES)], 99 - ad.shop // len(AREA_CODES)
        before = f"Transfers at {SHOPS[ad.shop % len(SHOPS)]}, their number is"
        text.reach(before, "phone", f"+1{code}55501{last:02}", f"{code}-555-01{last:02}")
    if ad.desk is not None:
        text.reach("Trouble with this ad? Write to the site at", "email", ad.desk, ad.desk)
    if ad.account.signature is not None:
        text.say(ad.account.signature)


def _write_thing(ad: Ad, thing: str, text: _Text, chance: random.Random) -> Written:
    text.say(f"{_SAYS[thing]}.")
    text.say(chance.choice((f"${ad.price}.", f"Asking ${ad.price}.", f"${ad.price} or near.")))
    text.say(f"Pick up in {ad.account.place.split(',')[0]}.")
    _write_contacts(ad, text)
    kind = _KINDS_OF_GOODS[thing]
    items = [] if kind == "other" else [_item(kind, None, None, None, 1, 0, len(thing), None, None)]
    return _finish(text, thing, kind, items)


def _write_wanted(ad: Ad, text: _Text, chance: random.Random) -> Written:
    model = ad.wanted
    assert model is not None  # noqa: S101 -- the caller looked
    name = f"{model.make} {model.model}"
    text.say(chance.choice((f"Looking to buy a {name}.", f"I am after a {name}.", f"Want to buy: {name}.")))
    text.say(
        chance.choice(
            (f"Paying up to ${ad.price}.", f"Cash in hand, ${ad.price}.", f"Have ${ad.price} for a clean one.")
        )
    )
    _write_contacts(ad, text)
    return _finish(text, f"{chance.choice(('WTB', 'Wanted:', 'ISO'))} {name}", "wanted_ad", [])


def _items(ad: Ad, title: str, text: _Text) -> list[dict[str, Any]]:
    state = "removed" if ad.heavy else None
    found = []
    at = 0
    for gun in ad.guns[: 1 if ad.quantity > 1 else None]:
        start = title.index(_name(gun), at)
        at = start + len(_name(gun))
        serial = state or ("partial" if gun.serial else None)
        model, condition = gun.model, "new" if gun.new else None
        calibre = model.calibre if model.calibre in title or model.calibre in text.words else None
        found.append(
            _item(model.item_class, model.make, model.model, calibre, ad.quantity, start, at, serial, condition)
        )
    return found


def _item(  # noqa: PLR0913, PLR0917 -- the columns of one row
    kind: str, make: str | None, model: str | None, calibre: str | None, quantity: int, start: int, end: int,
    serial: str | None, condition: str | None,
) -> dict[str, Any]:  # fmt: skip
    return {
        "class": kind,
        "make": make,
        "model": model,
        "calibre": calibre,
        "quantity": quantity,
        "field": "title",
        "start": start,
        "end": end,
        "serial_state": serial,
        "condition": condition,
    }


def _finish(text: _Text, title: str, kind: str, items: list[dict[str, Any]]) -> Written:
    silent = not any(mark.name == "ffl_transfer" for mark in text.signals)
    if silent and kind.startswith("firearm"):
        text.signals.append(Mark(name="missing_check_statement", value=title, start=-1, end=len(title)))
    if not kind.startswith("firearm") and kind != "wanted_ad":
        text.signals = [mark for mark in text.signals if mark.name != "off_platform_contact"]
    return Written(
        title=title,
        description=text.words,
        item_class=kind,
        items=items,
        signals=tuple(text.signals),
        contacts=tuple(text.contacts),
    )


def _name(gun: Gun) -> str:
    return f"{gun.model.make} {gun.model.model}"
