"""A private seller who speaks as a business does, and one who is silent about checks more than nearly anybody there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from attrs import evolve
from seller_rooms import RULES as SHIPPED
from seller_samples import OWN_WORDS, START, beside, history, offer, piece

from pipelines.sellers.assessment import SellerAssessment, assess_history, review_level
from pipelines.sellers.facts import Firing
from pipelines.sellers.manner import Manner
from pipelines.sellers.rates import Norms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.sellers.offers import Offer

SHOP = "Store hours Mon-Fri nine to five. All major credit cards. Layaway available."
PRIVATE = {"private_sale": 0.0}
SILENT = {"missing_check_statement": 0.0}


def assess(
    offers: Sequence[Offer], *, profile: str | None = None, licence: str | None = None, **more: object
) -> SellerAssessment:
    told = history(offers, licence=licence)
    told = evolve(told, accounts=tuple(evolve(one, profile=profile) for one in told.accounts))
    return assess_history(told, SHIPPED, beside(START + timedelta(days=300), **more))


def weights(found: SellerAssessment) -> dict[str, float]:
    return {one.name: one.weight for one in found.firings if one.polarity == "for"}


def two(words: str = "", **more: object) -> list[Offer]:
    more = {"signals": PRIVATE, **more}
    return [offer(at, at * 60, f"{OWN_WORDS[at]} {words}", piece(f"m{at}"), **more) for at in range(2)]  # type: ignore[arg-type]


def test_a_private_seller_with_the_words_of_a_business_is_told_with_its_cues() -> None:
    found = assess(two(SHOP))
    assert weights(found) == {"businesslike_private": 1.0}
    assert found.review == "idle"
    [firing] = [one for one in found.firings if one.name == "businesslike_private"]
    assert "3 cues of a business (card payment, layaway, opening hours)" in firing.reason
    assert [one.id for one in firing.offers] == ["L0", "L1"]


def test_a_profile_is_read_too() -> None:
    assert weights(assess(two(), profile=SHOP)) == {"businesslike_private": 1.0}


@pytest.mark.parametrize(
    "words",
    [
        "Store hours Mon-Fri. Layaway available.",
        "No store hours. I can't take credit cards. Never any layaway.",
        "Visas, skull, relayaway",
    ],
)
def test_two_cues_and_cues_taken_back_are_none(words: str) -> None:
    assert weights(assess(two(words))) == {}


def test_a_business_that_says_so_or_that_calls_nothing_private_is_not_meant() -> None:
    assert weights(assess(two(SHOP, signals={}))) == {}
    assert weights(assess(two(SHOP, against=["dealer"]))) == {}
    assert weights(assess(two(SHOP), licence="1-23-456-01-2A-34567")) == {}


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        ("Geöffnet Mo-Fr, Kartenzahlung, Ratenzahlung", {"opening hours", "card payment", "layaway"}),
        ("Keine Kartenzahlung, nicht auf Lager", set()),
        ("Horaires d’ouverture au dos, carte bancaire", {"opening hours", "card payment"}),
        ("pas de carte bancaire", set()),
        ("Nuestra tienda, pago con tarjeta, a plazos", {"shop", "card payment", "layaway"}),
        ("Nossa loja, parcelamento, nota fiscal", {"shop", "layaway", "trade terms"}),
        ("Режим работы на сайте, оплата картой, в рассрочку", {"opening hours", "card payment", "layaway"}),
        ("без рассрочки, не в кредит", set()),
        ("ساعات العمل من التاسعة، الدفع بالبطاقة", {"opening hours", "card payment"}),
        ("本店现货，可刷卡，分期付款", {"shop", "stock list", "card payment", "layaway"}),
        ("不刷卡，没有现货", set()),
    ],
)
def test_cues_in_eight_languages(text: str, cues: set[str]) -> None:
    assert Manner.shipped().find(text) == cues


def test_every_cue_is_told_in_eight_languages_and_found_as_it_stands() -> None:
    manner = Manner.shipped()
    for cue, phrases in manner.cues.items():
        for phrase, _ in phrases:
            assert cue in manner.find(f"... {phrase} ...")


def test_one_who_sells_on_what_was_just_bought_is_told_from_the_second_on() -> None:
    words = (
        "Bought Tuesday at the show, making a little on it.",
        "Another show find.",
        "Kept for years, not just bought.",
    )
    offers = [offer(at, at * 40, f"{OWN_WORDS[at]} {one}", piece(f"m{at}")) for at, one in enumerate(words)]
    assert "rapid_flip" not in weights(assess([offers[0], offers[2]]))
    [flip] = [one for one in assess(offers).firings if one.name == "rapid_flip"]
    assert [one.id for one in flip.offers] == ["L0", "L1"]
    again = offer(9, 81, offers[2].text + " Just bought.", *offers[2].items)  # what it says when it comes again is old
    assert "rapid_flip" not in weights(assess([offers[0], offers[2], again]))
    signal = offer(5, 200, OWN_WORDS[5], piece("m9"), signals={"resale_for_profit": 1.0})
    assert "rapid_flip" in weights(assess([offers[0], signal]))


def test_what_the_field_for_the_condition_says_is_new_counts_as_new() -> None:
    offers = [offer(at, at * 60, OWN_WORDS[at], piece(f"m{at}"), new=at < 3) for at in range(4)]
    assert assess(offers).new_in_box_ratio == 0.75
    assert "new_in_box_ratio" in weights(assess(offers))
    says = Manner.shipped().says_new
    assert all(says(one) for one in ("New", " NEU ", "novo", "Новый", "全新"))
    assert not any(says(one) for one in ("Like new", "used", "neuwertig", "", None))


NORMS = Norms(shape=0.5, days=90.0, new_ratio=0.2, silent_ratio=0.5, silent_high=0.8)


def guns(count: int, *, silent: int) -> list[Offer]:
    return [
        offer(
            at,
            at * 40,
            f"{OWN_WORDS[at % 6]} {at}",
            piece(f"m{at}", make=f"M{at}", long=True),
            signals=SILENT if at < silent else {},
        )
        for at in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "silent", "fires"),
    [(12, 12, True), (10, 10, True), (9, 9, False), (12, 10, False)],
)
def test_silence_about_checks_counts_over_the_sites_percentile_and_from_ten_on(
    count: int, silent: int, fires: bool
) -> None:
    found = assess(guns(count, silent=silent), norms=NORMS)
    assert ("missing_check_ratio" in weights(found)) is fires
    assert "missing_check_ratio" not in weights(
        assess(guns(count, silent=silent), norms=evolve(NORMS, silent_high=None))
    )
    assert found.counted.silent == silent


def test_a_word_of_a_check_in_any_offer_of_a_gun_breaks_the_silence() -> None:
    offers = guns(10, silent=10)
    again = offer(20, 41, f"{offers[1].text}", *offers[1].items, signals=SILENT, against=["ffl_transfer"])
    assert assess([*offers, again], norms=NORMS).counted.silent == 9


def firing(fact: str, weight: float, polarity: str = "for") -> Firing:
    return Firing(rule="r", name=fact, polarity=polarity, weight=weight, fact=fact, reason="", items=(), offers=())


@pytest.mark.parametrize(
    ("facts", "level"),
    [
        ([("person", 3.5)], "review"),
        ([("count", 1.0), ("sameness", 1.0)], "review"),
        ([("count", 2.0), ("count", 1.0)], "idle"),
        ([("count", 2.0)], "idle"),
        ([("count", 0.3), ("silence", 0.3), ("category", 0.3), ("price", 0.3)], "none"),
        ([("count", 1.0), ("silence", 0.3)], "idle"),
        ([("count", 0.0), ("sameness", 1.0)], "idle"),
    ],
)
def test_a_review_needs_one_high_or_two_of_medium_on_different_facts(
    facts: list[tuple[str, float]], level: str
) -> None:
    assert review_level([firing(*one) for one in facts] + [firing("counter", -2.0, "against")]) == level


NAMED = {
    "multi_handgun_window", "volume", "same_model_repeat", "rapid_flip", "new_in_box_ratio", "buy_sell_cycle",
    "ant_trade", "businesslike_private", "licence_mismatch", "geographic_spread", "identity_churn",
    "missing_check_ratio", "fast_turnover", "category_concentration", "accumulated_evidence", "same_serial",
    "ban_migration", "register_match", "template_cluster",
}  # fmt: skip


def test_every_name_of_the_sellers_and_sites_lists_has_its_rule() -> None:
    assert {rule.signal for rule in SHIPPED.of_country(None).values() if rule.polarity == "for"} >= NAMED
