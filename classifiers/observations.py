"""Signals that counting, absence or price shows rather than wording: several guns, decoys, missing statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve, frozen

from classifiers.mentions import GUNS, Mention, Role
from classifiers.signals import Sighting

if TYPE_CHECKING:
    from datetime import date

    from classifiers.catalogue import Catalogue
    from classifiers.gate import Verdict
    from classifiers.packs import Hook, Packs
    from classifiers.reading import FieldReading
    from classifiers.values import FoundItem, Text

DECOY_PRICE = 250  # a case at 950 where shops ask 30 was reported; signals.md, section 0
STOREFRONT_CUES = 3
STOREFRONT_PHRASES = 2
STOREFRONT_TERMS = frozenset({"untraceable_payment", "cross_border_offer", "concealed_shipment"})
THING_SIGNALS = {"conversion_device": "conversion_device", "light_weapon": "light_weapon"}
DECOYS = frozenset({"accessory", "airsoft_replica_toy", "other_part"})
MANY = 3
REGULATED = GUNS | {"essential_component", "suppressor", "conversion_device", "light_weapon", "ammunition"}
CHECKS = frozenset(
    {
        "check_or_permit_required", "ffl_transfer", "id_or_residency", "no_check_offered", "check_refused",
        "no_licence_needed_claim", "prohibited_buyer_ok", "refuses_prohibited", "mandatory_statement_present",
    }
)  # fmt: skip


@frozen(kw_only=True)
class Observer:
    """What follows from the whole of a text rather than from one phrase."""

    catalogue: Catalogue
    packs: Packs
    as_of: date

    def observe(
        self,
        text: Text,
        fields: tuple[FieldReading, FieldReading],
        mentions: tuple[list[Mention], list[Mention]],
        verdict: Verdict,
        items: tuple[FoundItem, ...],
        sightings: list[Sighting],
    ) -> list[Sighting]:
        """Counts, decoys, what a pack lists, template shops, hidden spelling, and what is not said."""
        names = {sighting.name for sighting in sightings}
        found = _counted(fields, items, sightings)
        if verdict.item_class in GUNS and all(one.name != "several_guns" for one in found):
            found += _of_a_lot(sightings)
        found += _thing_itself(fields, mentions, verdict, names)
        found += _decoy(self.catalogue.dollars(text.price, text.currency), fields[0], mentions[0], verdict)
        found += _listed(text, items, fields, self.packs, self.as_of)
        found += _storefront(sightings, items)
        found += _disguised(fields)
        found += _unsaid(text, fields, verdict, items, names)
        return found


def _counted(
    fields: tuple[FieldReading, FieldReading], items: tuple[FoundItem, ...], sightings: list[Sighting]
) -> list[Sighting]:
    names = {sighting.name for sighting in sightings}
    guns = [item for item in items if item.item_class in GUNS]
    found = []
    if len(guns) > 1 or any(item.quantity > 1 for item in guns):
        last = guns[-1]
        reason = f"{len(guns)} distinct guns named" if len(guns) > 1 else f"{last.quantity} of them"
        found.append(_of_item("several_guns", last, fields, 0.8, "count", reason))
    many = [item for item in guns if item.quantity >= MANY]
    if many and "bulk_quantity" not in names:
        found.append(_of_item("bulk_quantity", many[0], fields, 0.8, "count", f"{many[0].quantity} of one kind"))
    return found


def _of_a_lot(sightings: list[Sighting]) -> list[Sighting]:
    """A lot of guns is several guns, whatever number the words give."""
    lot = next((one for one in sightings if one.name == "bulk_quantity" and one.layer == "wording"), None)
    return [] if lot is None else [evolve(lot, name="several_guns", layer="count", reason="a lot of them is offered")]


def _thing_itself(
    fields: tuple[FieldReading, FieldReading],
    mentions: tuple[list[Mention], list[Mention]],
    verdict: Verdict,
    names: set[str],
) -> list[Sighting]:
    """Things whose mere offer is what an investigator looks for."""
    kind = verdict.item_class
    winner = verdict.winner
    if winner is None:
        return []
    field = fields[0] if winner in mentions[0] else fields[1]
    signal = THING_SIGNALS.get(kind)
    if signal and signal not in names and winner.item_class == kind:
        return [_of_mention(signal, winner, field, 0.8, "class", f"what is offered is a {kind}")]
    told = names & {"registration_stated", "ffl_transfer", "check_or_permit_required", "unregistered_nfa_item"}
    if kind == "suppressor" and not told and winner.role is Role.OFFERED:
        return [_of_mention("unregistered_nfa_item", winner, field, 0.45, "absence", "no word of registration")]
    return []


def _decoy(amount: float | None, title: FieldReading, mentions: list[Mention], verdict: Verdict) -> list[Sighting]:
    """A box, sticker or toy with a maker's name at a gun's price."""
    if verdict.ruled not in DECOYS or amount is None or amount < DECOY_PRICE:
        return []
    box = next((m for m in mentions if m.item_class in DECOYS and _is_decoy(title, m)), None)
    if box is None or not any(mention.make for mention in mentions):
        return []
    return [_of_mention("decoy_price", box, title, 0.8, "price", f"asks about {amount:.0f} US dollars for it")]


def _is_decoy(field: FieldReading, mention: Mention) -> bool:
    words = field.tokens.keys[mention.start : mention.end]
    return any(word in DECOY_WORDS for word in words)


DECOY_WORDS = frozenset(
    {
        "adesivo", "aufkleber", "autocollant", "boite", "box", "brinquedo", "caixa", "caja", "calcomania", "case",
        "decal", "decals", "empty", "estojo", "estuche", "etui", "jouet", "juguete", "karton", "koffer",
        "mallette", "spielzeug", "sticker", "stickers", "toy", "игрушк", "кейс", "коробк", "наклейк", "صندوق",
        "علبه", "لعبه", "ملصق", "盒", "箱", "贴",
    }
)  # fmt: skip


def _listed(
    text: Text,
    items: tuple[FoundItem, ...],
    fields: tuple[FieldReading, FieldReading],
    packs: Packs,
    as_of: date,
) -> list[Sighting]:
    """Calibres, makes or classes that a jurisdiction's pack names."""
    found = []
    for signal in ("restricted_class", "convertible_replica"):
        for hook in packs.listed(text.jurisdiction, signal, as_of):
            for item in items:
                classes = [
                    touch.classes for touch in hook.touches if touch.signal == signal and touch.effect == "enables"
                ]
                if not any(kinds is not None and item.item_class in kinds for kinds in classes):
                    continue
                if (hook.calibres and item.calibre not in hook.calibres) or (
                    hook.makes and item.make not in hook.makes
                ):
                    continue
                found.append(_of_item(signal, item, fields, 0.7, "pack", f"named by {hook.id}"))
                break
    return found


def _enabled_classes(hook: Hook, signal: str) -> set[str]:
    touches = [touch for touch in hook.touches if touch.signal == signal and touch.effect == "enables"]
    return {name for touch in touches for name in touch.classes or ()}


def _storefront(sightings: list[Sighting], items: tuple[FoundItem, ...]) -> list[Sighting]:
    """One cue says nothing; several different ones say template shop.

    A shop's own phrases count as often as they differ. With two of them, terms that such shops go by count too: paid
    beyond recall, sent to anywhere, many makes. A lone seller who asks for no licence is not thereby a shop: its
    listing would leave the queue that people read.
    """
    cues = [sighting for sighting in sightings if sighting.name == "scam_storefront"]
    kinds = {cue.reason for cue in cues}
    if len(kinds) < STOREFRONT_PHRASES:
        return []
    kinds |= {sighting.name for sighting in sightings if sighting.name in STOREFRONT_TERMS}
    if len({item.make for item in items if item.make}) >= MANY:
        kinds.add("many makes")
    if len(kinds) < STOREFRONT_CUES:
        return []
    first = cues[0]
    return [
        Sighting(
            name="scam_storefront", field=first.field, start=first.start, end=first.end, text=first.text,
            confidence=min(1.0, 0.3 * len(kinds)), layer="count", reason=f"{len(kinds)} cues of a template shop",
        )
    ]  # fmt: skip


def _disguised(fields: tuple[FieldReading, FieldReading]) -> list[Sighting]:
    """Words of which the spelling was hidden."""
    found = []
    for field in fields:
        folded = field.tokens.folded
        for start, end in folded.repairs[:3]:
            first, last = folded.original(start, end)
            reason = f"reads {folded.text[start:end]} once undone"
            found.append(
                Sighting(
                    name="obfuscated_terms", field=field.name, start=first, end=last, text=field.text[first:last],
                    confidence=0.8, layer="spelling", reason=reason,
                )
            )  # fmt: skip
    return found


def _unsaid(
    text: Text,
    fields: tuple[FieldReading, FieldReading],
    verdict: Verdict,
    items: tuple[FoundItem, ...],
    names: set[str],
) -> list[Sighting]:
    """What an offer of a regulated thing does not say: nothing of checks; the statement that is prescribed there.

    That the buyer must show the permit is what such a statement says, in whatever words (WaffG section 35). Silence
    about checks weighs nothing; the prescribed statement counts only by a hook in force.
    """
    offered = [item for item in items if item.item_class in REGULATED]
    if not offered or verdict.item_class == "wanted_ad":
        return []
    found = []
    if names.isdisjoint(CHECKS):
        reason = "nothing is said of a check, a permit or a dealer"
        found.append(_of_item("missing_check_statement", offered[0], fields, 0.9, "absence", reason))
    if text.jurisdiction and names.isdisjoint({"mandatory_statement_present", "check_or_permit_required"}):
        reason = "the prescribed statement is not in the text"
        found.append(_of_item("mandatory_statement_missing", offered[0], fields, 0.7, "absence", reason))
    return found


def _of_item(
    name: str, item: FoundItem, fields: tuple[FieldReading, FieldReading], confidence: float, layer: str, reason: str
) -> Sighting:
    field = fields[0] if item.field == "title" else fields[1]
    return Sighting(
        name=name, field=item.field, start=item.start, end=item.end, text=field.text[item.start : item.end],
        confidence=confidence, layer=layer, reason=reason,
    )  # fmt: skip


def _of_mention(
    name: str, mention: Mention, field: FieldReading, confidence: float, layer: str, reason: str
) -> Sighting:
    start, end, words = field.span(mention.start, mention.end)
    return Sighting(
        name=name, field=field.name, start=start, end=end, text=words, confidence=confidence, layer=layer, reason=reason
    )
