"""Distinct things: relisting adds none, several in one ad are several, and order plays no part."""

from __future__ import annotations

import random
from itertools import combinations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seller_samples import BOILERPLATE, OWN_WORDS, SHORT_WORDS, history, offer, piece

from pipelines.sellers.items import MOST_PIECES, find_items
from pipelines.sellers.likeness import ALIKE
from pipelines.sellers.wording import Wording

if TYPE_CHECKING:
    from pipelines.sellers.offers import Offer

TEXT = f"Glock 19 gen 4\n{OWN_WORDS[0]}"


def count(*offers: Offer) -> int:
    return len(find_items(history(offers)))


def likeness(one: str, other: str) -> float:
    return Wording.of(one).likeness(Wording.of(other), 0.0)


def edited(text: str, chance: random.Random, share: float) -> str:
    """As a seller changes an ad that he puts up again: words exchanged, dropped, added."""
    words = text.split()
    for _ in range(max(1, round(share * len(words)))):
        place = chance.randrange(len(words))
        change = chance.choice(("exchange", "drop", "add"))
        if change == "drop" and len(words) > 4:
            del words[place]
        elif change == "add":
            words.insert(place, chance.choice(("still", "really", "now", "very", "please")))
        else:
            words[place] = chance.choice(("today", "nice", "reduced", "again", "sunday"))
    return " ".join(words)


def test_one_rifle_relisted_forty_times_is_one() -> None:
    chance = random.Random(7)  # noqa: S311 -- repeatable, not secret
    text = TEXT
    offers = []
    for number in range(40):
        offers.append(offer(number, number * 4, text, piece()))
        text = edited(TEXT, chance, 0.05) + f" ${500 - number}"
    [item] = find_items(history(offers))
    assert len(item.offers) == 40
    assert "40 listings, nothing stated differs" in item.why


@pytest.mark.parametrize("times", [1, 2, 12])
def test_an_ad_for_five_is_five_however_often_it_comes(times: int) -> None:
    assert count(*(offer(number, number, TEXT, piece(quantity=5)) for number in range(times))) == 5


def test_fewer_of_a_lot_left_are_no_new_ones_and_more_are() -> None:
    lot = offer(1, 0, TEXT, piece(quantity=5))
    assert count(lot, offer(2, 9, TEXT + " three left", piece(quantity=3))) == 5
    assert count(lot, offer(2, 9, TEXT + " seven now", piece(quantity=7))) == 7


def test_two_guns_in_one_ad_are_two_and_stay_two() -> None:
    pair = (piece("19"), piece("26"))
    assert count(offer(1, 0, TEXT, *pair), offer(2, 5, TEXT, *pair)) == 2


def test_the_same_words_for_another_model_are_another_gun() -> None:
    models = ("19", "26", "43", "17", "48")
    offers = [
        offer(number, number, f"Glock {model}\n{BOILERPLATE}", piece(model)) for number, model in enumerate(models)
    ]
    assert count(*offers) == 5


def test_other_words_for_the_same_model_are_another_gun() -> None:
    offers = [offer(number, number, f"Glock 19\n{words}", piece()) for number, words in enumerate(OWN_WORDS)]
    assert count(*offers) == len(OWN_WORDS)


def test_what_is_not_stated_does_not_contradict() -> None:
    first = offer(1, 0, TEXT, piece(None, calibre=None))
    second = offer(2, 3, TEXT + " price reduced", piece("19"))
    [item] = find_items(history([first, second]))
    assert (item.make, item.model, item.calibre) == ("Glock", "19", "9mm")
    assert count(first, second, offer(3, 5, TEXT, piece("26"))) == 2


def test_another_class_is_another_thing() -> None:
    assert count(offer(1, 0, TEXT, piece()), offer(2, 1, TEXT, piece(long=True))) == 2


def test_an_ad_that_asks_for_a_thing_offers_none() -> None:
    assert count(offer(1, 0, "Wanted: Glock 19", piece(), offers_things=False)) == 0


def test_an_absurd_number_is_not_counted_piece_by_piece() -> None:
    assert count(offer(1, 0, TEXT, piece(quantity=10**6))) == MOST_PIECES


def test_no_words_at_all() -> None:
    assert count(offer(1, 0, "", piece()), offer(2, 1, "", piece())) == 1
    assert count(offer(1, 0, "", piece()), offer(2, 1, "words", piece())) == 2


WORDS = st.lists(st.sampled_from(["glock", "box", "new", "cash", "call", "two", "mags", "range"]), max_size=9).map(
    " ".join
)
PIECES = st.lists(
    st.builds(
        piece, st.sampled_from(["19", "26", None]), calibre=st.sampled_from(["9mm", None]), quantity=st.integers(1, 3)
    ),
    max_size=3,
)
OFFERS = st.lists(st.tuples(st.integers(0, 20), WORDS, PIECES), max_size=8).map(
    lambda made: [offer(number, day, text, *pieces) for number, (day, text, pieces) in enumerate(made)]
)


@settings(max_examples=80, deadline=None)
@given(OFFERS, st.randoms(use_true_random=False))
def test_the_order_in_which_listings_came_plays_no_part(offers: list[Offer], chance: random.Random) -> None:
    shuffled = list(offers)
    chance.shuffle(shuffled)
    here, there = find_items(history(offers)), find_items(history(shuffled))
    assert [(item.id, [one.id for one in item.offers]) for item in here] == [
        (item.id, [one.id for one in item.offers]) for item in there
    ]


@settings(max_examples=80, deadline=None)
@given(OFFERS)
def test_pieces_are_neither_lost_nor_made_up(offers: list[Offer]) -> None:
    items = find_items(history(offers))
    pieces = {one.id: sum(stated["quantity"] for stated in one.items) for one in offers}
    held = {one.id: sum(1 for item in items for held in item.offers if held.id == one.id) for one in offers}
    assert held == pieces
    assert len(items) <= sum(pieces.values())
    assert len(items) >= max(pieces.values(), default=0)
    assert len({item.id for item in items}) == len(items)


@settings(max_examples=80, deadline=None)
@given(OFFERS)
def test_putting_everything_up_again_adds_nothing(offers: list[Offer]) -> None:
    again = [offer(100 + one.row, 50 + one.row, one.text, *one.items) for one in offers]
    assert count(*offers, *again) == count(*offers)


@settings(max_examples=300, deadline=None)
@given(WORDS, WORDS, st.sampled_from([0.0, 0.3, ALIKE, 0.8]))
def test_the_quick_bound_never_hides_a_likeness(one: str, other: str, least: float) -> None:
    exact = likeness(one, other)
    assert Wording.of(one).likeness(Wording.of(other), least) == (exact if exact >= least else 0.0)


def test_the_threshold_lies_between_edits_and_other_ads() -> None:
    """Our own pairs: an ad edited lightly stays above it, two ads by one hand for two guns of one model below."""
    chance = random.Random(3)  # noqa: S311 -- repeatable, not secret
    texts = [f"Glock 19\n{words}" for words in OWN_WORDS]
    edits = [likeness(text, edited(text, chance, share)) for text in texts for share in (0.05, 0.2) for _ in range(25)]
    others = [likeness(*pair) for pair in combinations(texts, 2)]
    short = [f"Glock 19\n{words}" for words in SHORT_WORDS]
    short_edits = [likeness(text, edited(text, chance, 0.1)) for text in short for _ in range(25)]
    short_others = [likeness(*pair) for pair in combinations(short, 2)]
    same_end = [likeness(f"{one} {BOILERPLATE}", f"{other} {BOILERPLATE}") for one, other in combinations(texts, 2)]
    assert min(edits) > ALIKE
    assert min(short_edits) >= ALIKE
    assert max(others) < ALIKE / 2
    assert max(short_others) < ALIKE / 2
    assert max(same_end) < ALIKE
