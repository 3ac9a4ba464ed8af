"""Who is found, with which reasons, and who is not: small histories of our own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from seller_samples import BOILERPLATE, OWN_WORDS, START, beside, history, offer, piece

from classifiers.catalogue import load_catalogue
from pipelines.sellers.assessment import assess_history
from pipelines.sellers.rules import SellerRules, strongest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.sellers.assessment import SellerAssessment
    from pipelines.sellers.offers import Offer

RULES = SellerRules.shipped()
PISTOLS = (("Glock", "19"), ("Taurus", "G2C"), ("Smith & Wesson", "SD9"))
NEW = {"new_in_box": 0.3}


def assess(offers: Sequence[Offer], *, licence: str | None = None, after: int = 60) -> SellerAssessment:
    last = max((one.offered for one in offers), default=START)
    return assess_history(history(offers, licence=licence), RULES, beside(last + timedelta(days=after)))


def firings(assessment: SellerAssessment, polarity: str = "for") -> dict[str, float]:
    return {
        name: one.weight
        for name, one in strongest(one for one in assessment.firings if one.polarity == polarity).items()
    }


def private_collection(count: int = 11, days: int = 42, *, signals: dict[str, float] | None = None) -> list[Offer]:
    """Pistols of three models, one after the other, "from my private collection", still in their boxes."""
    offers = []
    for number in range(count):
        make, model = PISTOLS[number % 3]
        text = f"{make} {model}\n{OWN_WORDS[(number // 3 + 2 * number) % 6]} Number {number}. {BOILERPLATE}"
        offers.append(
            offer(
                number,
                number * days / count,
                text,
                piece(model, make=make),
                signals=NEW if signals is None else signals,
            )
        )
    return offers


def estate() -> list[Offer]:
    """Grandfather's cabinet: nine varied, old pieces within ten days, then nothing."""
    pieces = [
        piece("12", make="Winchester", long=True),
        piece("700", make="Remington", long=True),
        piece("94", make="Winchester", long=True),
        piece("1911", make="Colt"),
        piece("870", make="Remington", long=True),
        piece("10", make="Smith & Wesson"),
        piece("336", make="Marlin", long=True),
        piece("10/22", make="Ruger", long=True),
        piece("Auto-5", make="Browning", long=True),
    ]
    return [
        offer(
            number,
            number * 1.1,
            f"{one['make']} {one['model']}\n{OWN_WORDS[number % 6]} {number}",
            one,
            against=["estate_or_collection"],
        )
        for number, one in enumerate(pieces)
    ]


def shop(count: int = 30) -> list[Offer]:
    """New pistols every day, each with the way of a licensed dealer."""
    return [
        offer(
            number,
            number,
            f"Glock {number % 6}\n{OWN_WORDS[number % 6]} stock {number}",
            piece(f"{number % 6}"),
            signals=NEW,
            against=["ffl_transfer", "dealer"],
        )
        for number in range(count)
    ]


def test_pistol_after_pistol_from_a_private_collection_is_found_with_reasons() -> None:
    found = assess(private_collection())
    assert found.review == "review"
    assert set(firings(found)) >= {"volume", "same_model_repeat", "new_in_box_ratio"}
    assert not firings(found, "against")
    volume = next(one for one in found.firings if one.name == "volume")
    assert volume.reason == "8 distinct firearms first offered within 30 days (2026-01-05 to 2026-02-01)"
    assert len(volume.items) == 8
    assert {one.id for one in volume.offers} == {f"L{number}" for number in range(8)}


def test_naming_a_collection_does_not_hide_it() -> None:
    offers = [
        offer(one.row, number * 3.8, one.text, *one.items, signals=NEW, against=["estate_or_collection"])
        for number, one in enumerate(private_collection())
    ]
    assert assess(offers).review == "review"


def test_numbers_alone_are_idle_until_a_second_fact_stands_beside_them() -> None:
    varied = [
        offer(number, number * 4, f"{OWN_WORDS[number % 6]} {number}", piece(f"m{number}", make=f"Maker {number}"))
        for number in range(11)
    ]
    assert assess(varied).review == "idle"
    worded = [
        offer(one.row, number * 4, one.text, *one.items, signals={"no_check_offered": 1.0, "cash_only": 0.3})
        for number, one in enumerate(varied)
    ]
    found = assess(worded)
    assert found.review == "review"
    wording = next(one for one in found.firings if one.name == "accumulated_evidence")
    assert "cash_only, no_check_offered" in wording.reason


def test_one_rifle_again_and_again_is_nobody_to_review() -> None:
    text = f"Remington 700\n{OWN_WORDS[0]}"
    offers = [
        offer(number, number * 5, f"{text} {number}", piece("700", make="Remington", long=True)) for number in range(40)
    ]
    found = assess(offers)
    assert (found.review, len(found.items)) == ("none", 1)
    assert firings(found, "against") == {"occasional_seller": -0.3}


def test_an_estate_is_moderated_and_says_why() -> None:
    found = assess(estate())
    assert found.review == "none"
    assert set(firings(found).values()) == {0.0}
    assert "collection_liquidation" in firings(found, "against")
    volume = next(one for one in found.firings if one.name == "volume")
    assert volume.reason.endswith("(moderated by what speaks against)")


def test_an_estate_is_known_for_one_only_when_it_has_gone_quiet() -> None:
    offers = estate()
    fresh = assess(offers, after=1)
    assert fresh.review == "idle"
    assert fresh.due == offers[-1].offered + timedelta(days=7)
    assert assess(offers, after=8).due is None


def test_new_pistols_called_an_estate_are_no_estate() -> None:
    offers = [
        offer(one.row, 0.5 * one.row, one.text, piece(f"{one.row}"), signals=NEW, against=["estate_or_collection"])
        for one in estate()
    ]
    assert assess(offers).review == "review"


def test_a_dealer_who_says_so_and_works_so_is_moderated() -> None:
    found = assess(shop(), licence="1-23-456-01-2A-34567")
    assert found.review == "none"
    assert firings(found, "against")["licence_number_stated"] == -2.0
    assert set(firings(found).values()) == {0.0}


def test_a_dealers_word_without_a_licence_moderates_nothing() -> None:
    assert assess(shop()).review == "review"


def test_a_licence_without_the_process_moderates_nothing() -> None:
    offers = [offer(one.row, one.row, one.text, *one.items, signals=NEW) for one in shop()]
    assert assess(offers, licence="1-23-456-01-2A-34567").review == "review"


@pytest.mark.parametrize("count", [1, 2])
def test_an_occasional_seller_is_left_alone(count: int) -> None:
    offers = [
        offer(number, number * 200, OWN_WORDS[number], piece(f"{number}"), signals={**NEW, "cash_only": 0.3})
        for number in range(count)
    ]
    found = assess(offers)
    assert found.review == "none"
    assert "occasional_seller" in firings(found, "against")


def test_weak_words_never_add_up() -> None:
    offers = [
        offer(number, number * 60, OWN_WORDS[number], piece(f"{number}"), signals={"cash_only": 0.3, "urgency": 0.3})
        for number in range(6)
    ]
    assert firings(assess(offers)) == {}


def test_slow_and_steady_is_seen_also_when_it_lies_back() -> None:
    offers = [
        offer(number, number * 30, f"{OWN_WORDS[number % 6]} {number}", piece(f"m{number}", make=f"M{number}"))
        for number in range(12)
    ]
    for after in (1, 900):
        found = assess(offers, after=after)
        assert set(firings(found)) == {"volume", "ant_trade", "category_concentration"}
        assert found.review == "review"


@pytest.mark.parametrize("name", sorted(RULES.needs_person))
def test_one_listing_that_needs_a_person_makes_its_seller_need_one(name: str) -> None:
    part = {"class": "conversion_device", "make": None, "model": None, "calibre": None, "quantity": 1}
    found = assess([offer(1, 0, "a part", part, signals={name: 3.5}, review="review")])
    assert found.review == "review"
    [firing] = [one for one in found.firings if one.polarity == "for"]
    assert (firing.name, firing.fact) == ("listing_needs_person", "person")
    assert name in firing.reason
    assert [one.id for one in firing.offers] == ["L1"]


def test_no_counter_signal_moderates_it() -> None:
    offers = [*shop(), offer(99, 3, "another thing", piece("x"), signals={"removed_marks": 3.5}, review="review")]
    assert assess(offers, licence="1-23-456-01-2A-34567").review == "review"


@pytest.mark.parametrize(("weight", "review"), [(0.0, "review"), (3.5, "idle"), (3.5, "none")])
def test_where_the_listing_itself_needs_none_nor_does_the_seller(weight: float, review: str) -> None:
    found = assess([offer(1, 0, "a part", piece(), signals={"removed_marks": weight}, review=review)])
    assert found.review == "none"


def test_the_signals_that_need_a_person_are_the_catalogues() -> None:
    signals = load_catalogue().file.signals
    assert RULES.needs_person == {
        name for name, one in signals.items() if one.strength == "H" and one.polarity == "for"
    }
    assert "removed_marks" in RULES.needs_person


def test_every_rule_names_its_source_and_what_exempts_is_there() -> None:
    for rules in RULES.packs.values():
        against = {rule.signal for one in RULES.packs.values() for rule in one.values() if rule.polarity == "against"}
        for rule in rules.values():
            assert rule.source
            assert rule.reason
            assert set(rule.exempts) <= against


def test_no_firearm_no_history() -> None:
    tool = {"class": "look_alike_tool", "make": None, "model": None, "calibre": None, "quantity": 40}
    found = assess([offer(1, 0, "nail guns", tool)])
    assert (found.review, found.windows, found.firings, found.new_in_box_ratio) == ("none", [], [], None)


def test_no_word_accuses() -> None:
    text = " ".join(rule.reason for rules in RULES.packs.values() for rule in rules.values()).lower()
    assert not any(word in text for word in ("traffick", "criminal", "illegal", "unlawful"))
