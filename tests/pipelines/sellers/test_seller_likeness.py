"""What makes two listings one thing beside their words, what stands against it, and what people say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from seller_samples import OWN_WORDS, START, history, offer, piece

from pipelines.sellers.decisions import Hands
from pipelines.sellers.items import Item, find_items
from pipelines.sellers.serials import Serial

WORDS = [f"Glock 19\n{words}" for words in OWN_WORDS]
FIRST, OTHER = 0x0F0F_3C3C_5555_AAAA, 0x7001_1223_90AB_CDEF


def items_of(*offers: object, common: tuple[int, ...] = (), hands: Hands | None = None) -> list[Item]:
    return find_items(history(list(offers)), common=common, hands=hands)  # type: ignore[arg-type]


def day(number: float) -> object:
    return START + timedelta(days=number)


def gone(number: float) -> dict[str, object]:
    return {"status": "gone", "ended": day(number), "last_day": number}


def sold(number: float) -> dict[str, object]:
    return {"status": "sold", "ended": day(number), "last_day": number}


def test_the_same_serial_number_joins_whatever_the_words_and_another_one_parts() -> None:
    one, again = Serial("BKR12345", whole=True), Serial("BKR12", whole=False)
    first = offer(1, 0, WORDS[0], piece(), serials=(one,), **gone(4))
    [item] = items_of(first, offer(2, 9, WORDS[1], piece(), serials=(again,)))
    assert "the same stated serial number" in item.why
    assert len(items_of(first, offer(2, 9, WORDS[0], piece(), serials=(Serial("ZZZ999", whole=True),)))) == 2


def test_a_picture_of_its_own_joins_and_a_stock_picture_does_not() -> None:
    offers = [
        offer(1, 0, WORDS[0], piece(), pictures=(FIRST,), **gone(4)),
        offer(2, 9, WORDS[1], piece(), pictures=(FIRST ^ 0b101,)),
    ]
    [item] = items_of(*offers)
    assert "a picture in common" in item.why
    assert len(items_of(*offers, common=(FIRST, FIRST ^ 0b101))) == 2
    assert len(items_of(offers[0], offer(2, 9, WORDS[1], piece(), pictures=(OTHER,)))) == 2


def test_what_was_sold_and_comes_again_in_the_same_words_is_the_next_piece() -> None:
    first = offer(1, 0, WORDS[0], piece(), pictures=(FIRST,), **sold(4))
    assert len(items_of(first, offer(2, 60, WORDS[0], piece()))) == 2
    assert len(items_of(first, offer(2, 60, WORDS[0], piece(), pictures=(FIRST,)))) == 2
    assert len(items_of(first, offer(2, 12, WORDS[0], piece(), pictures=(FIRST,)))) == 1
    bare = offer(1, 0, WORDS[0], piece(), **sold(4))
    assert len(items_of(bare, offer(2, 8, WORDS[0], piece()))) == 1  # the sale fell through
    assert len(items_of(bare, offer(2, 60, WORDS[0], piece()))) == 2


def test_a_listing_that_conflicts_with_one_of_an_item_is_not_joined_by_way_of_another() -> None:
    text = f"Glock 19\n{OWN_WORDS[0]} About 2700 rounds through it."
    fewer = f"Glock 19\n{OWN_WORDS[0]} {OWN_WORDS[1][:30]} About 300 rounds through it."
    assert len(items_of(offer(1, 0, text, piece(), **gone(3)), offer(2, 5, fewer, piece()))) == 2
    more = text.replace("2700", "2760")
    assert len(items_of(offer(1, 0, text, piece(), **gone(3)), offer(2, 5, more, piece()))) == 1


def test_two_up_at_the_same_time_with_own_pictures_and_prices_are_two() -> None:
    edited = WORDS[0].replace("Two magazines", "Three magazines and a pouch").replace("six", "nine")
    first = offer(1, 0, WORDS[0], piece(), pictures=(FIRST,), price=(515.0, "USD"), last_day=30)
    second = offer(2, 9, edited, piece(), pictures=(OTHER,), price=(510.0, "USD"), last_day=30)
    assert len(items_of(first, second)) == 2
    after = offer(1, 0, WORDS[0], piece(), pictures=(FIRST,), price=(515.0, "USD"), **gone(8))
    assert len(items_of(after, second)) == 1


def test_one_of_a_lot_offered_alone_at_the_price_named_there_is_no_new_one() -> None:
    text = "Clearing the cabinet: Glock 19 $450, Glock 26 $1,400.50"
    lot = offer(1, 0, text, piece("19"), piece("26"), price=(450.0, "USD"), **gone(10))
    alone = offer(2, 14, WORDS[0], piece("19"), price=(450.0, "USD"))
    assert len(items_of(lot, alone)) == 2
    assert len(items_of(lot, offer(2, 14, WORDS[0], piece("19"), price=(465.0, "USD")))) == 3


def test_make_model_price_and_time_join_words_that_are_somewhat_alike() -> None:
    words = "Selling my Glock 19. It has seen little use. With it go two magazines and a sling. Pick up near the lake."
    other = (
        "I let go of a Glock 19. Little used by me. Comes with two magazines and a sling. Pick up near the lake road."
    )
    first = offer(1, 0, words, piece(), price=(500.0, "USD"), **gone(10))
    [item] = items_of(first, offer(2, 14, other, piece(), price=(480.0, "USD")))
    assert "make, model, price and time agree" in item.why or "texts" in item.why
    assert len(items_of(first, offer(2, 14, other, piece(), price=(900.0, "USD")))) == 2
    assert len(items_of(first, offer(2, 140, other, piece(), price=(480.0, "USD")))) == 2


def test_a_figure_in_both_texts_tells_a_reworded_ad() -> None:
    first = offer(1, 0, "Glock 19. Fired maybe 3930 times. $535", piece(), price=(535.0, "USD"), **gone(18))
    other = "One pistol of Austria, three thousand nine hundred thirty (3930) shots by my count, cheap now"
    assert len(items_of(first, offer(2, 21, other, piece(), price=(515.0, "USD")))) == 1
    assert len(items_of(first, offer(2, 21, other.replace("3930", "2210"), piece(), price=(515.0, "USD")))) == 2


def test_a_telephone_that_holds_the_figure_does_not_hide_it() -> None:
    first = offer(1, 0, "Glock 19. Fired maybe 550 times. $535", piece(), price=(535.0, "USD"), **gone(18))
    other = "One pistol of Austria, 550 shots by my count, cheap now. Their number is 406-555-0199."
    again = offer(2, 30, other, piece(), price=(525.0, "USD"), contacts=(("phone", "+14065550199"),))
    assert len(items_of(first, again)) == 1
    strange = offer(2, 30, other.replace("550 shots", "few shots"), piece(), price=(525.0, "USD"))
    assert (
        len(items_of(offer(1, 0, f"{first.text} Call 406-555-0199", piece(), price=first.price, **gone(18)), strange))
        == 2
    )


def test_the_next_try_within_days_and_a_little_cheaper_is_the_same_thing_in_other_words() -> None:
    first = offer(1, 0, WORDS[0], piece(), price=(500.0, "USD"), **gone(10))
    assert len(items_of(first, offer(2, 12, WORDS[1], piece(), price=(470.0, "USD")))) == 1
    assert len(items_of(first, offer(2, 12, WORDS[1], piece(), price=(510.0, "USD")))) == 2
    assert len(items_of(first, offer(2, 12, WORDS[1], piece(), price=(430.0, "USD")))) == 2
    assert len(items_of(first, offer(2, 18, WORDS[1], piece(), price=(470.0, "USD")))) == 2
    sold_before = offer(1, 0, WORDS[0], piece(), price=(500.0, "USD"), **sold(10))
    assert len(items_of(sold_before, offer(2, 12, WORDS[1], piece(), price=(470.0, "USD")))) == 2


def test_what_joined_as_the_next_try_stands_alone_when_the_thing_itself_comes_again() -> None:
    first = offer(1, 0, WORDS[0], piece(), price=(500.0, "USD"), pictures=(FIRST,), **gone(10))
    other = offer(2, 12, WORDS[1], piece(), price=(470.0, "USD"), pictures=(OTHER,), last_day=40)
    again = offer(3, 15, WORDS[0], piece(), price=(500.0, "USD"), pictures=(FIRST,), last_day=40)
    assert len(items_of(first, other)) == 1
    found = items_of(first, other, again)
    assert [[one.id for one in item.offers] for item in found] == [["L1", "L3"], ["L2"]]
    assert "one listing" in found[1].why
    edited = WORDS[0].replace("Two magazines", "Three magazines and a pouch").replace("six", "nine")
    again = offer(3, 15, edited, piece(), price=(490.0, "USD"), pictures=(FIRST << 1,), last_day=40)
    assert [[one.id for one in item.offers] for item in items_of(first, other, again)] == [["L1", "L3"], ["L2"]]


def test_what_is_taken_out_of_one_thing_is_looked_for_among_the_others() -> None:
    mine, theirs = (f"Glock 19\n{OWN_WORDS[at]} Fired {count} times." for at, count in ((0, 450), (2, 700)))
    offers = [
        offer(1, 0, mine, piece(), price=(500.0, "USD"), **gone(10)),
        offer(2, 0, theirs, piece(), price=(520.0, "USD"), **gone(11)),
        offer(3, 13, f"Glock 19\n{OWN_WORDS[3]}", piece(), price=(495.0, "USD"), pictures=(FIRST,), last_day=40),
        offer(4, 20, mine, piece(), price=(480.0, "USD"), pictures=(OTHER,), last_day=40),
    ]
    assert [[one.id for one in item.offers] for item in items_of(*offers[:3])] == [["L1", "L3"], ["L2"]]
    assert [[one.id for one in item.offers] for item in items_of(*offers)] == [["L1", "L4"], ["L2", "L3"]]


def test_two_figures_that_differ_are_two_things_however_alike_the_words_are() -> None:
    words = "Selling my Glock 19. It has fired {} times. With it go two magazines and a sling. Pick up near the lake."
    other = "I let go of a Glock 19. Fired {} times by me. Comes with two magazines and a sling. Pick up near the road."
    first = offer(1, 0, words.format(450), piece(), price=(500.0, "USD"), **gone(10))
    assert len(items_of(first, offer(2, 14, other.format(450), piece(), price=(480.0, "USD")))) == 1
    assert len(items_of(first, offer(2, 14, other.format(700), piece(), price=(480.0, "USD")))) == 2


def test_one_that_stays_up_when_the_other_is_sold_is_another_one() -> None:
    near = WORDS[0].replace("Two magazines", "Three magazines and a pouch").replace("six", "nine")
    first = offer(1, 0, WORDS[0], piece(), **sold(20))
    assert len(items_of(first, offer(2, 10, near, piece(), **sold(40)))) == 2
    assert len(items_of(first, offer(2, 10, near, piece(), **gone(21)))) == 1


def test_shots_of_a_lot_belong_to_none_of_it_and_unfired_is_none_at_all() -> None:
    text = "Clearing the cabinet: Glock 19, about 3000 rounds, $450. Glock 26, fired maybe 900 times, $1,400"
    lot = offer(1, 0, text, piece("19"), piece("26"), price=(450.0, "USD"), **gone(10))
    alone = offer(2, 14, "Glock 26, 900 shots", piece("26"), price=(1400.0, "USD"))
    assert len(items_of(lot, alone)) == 2
    used = offer(1, 0, f"{WORDS[0]} About 990 rounds.", piece(), **gone(10))
    assert len(items_of(used, offer(2, 12, WORDS[0], piece(), signals={"new_in_box": 0.3}))) == 2
    assert len(items_of(used, offer(2, 12, WORDS[0], piece()))) == 1


def test_lines_under_whatever_is_offered_make_no_two_guns_one() -> None:
    line = "Ask for the fox by the mill, evenings are best, price is firm, nothing goes by post, thank you for looking."
    models = [
        offer(10 + at, at, f"{OWN_WORDS[at]} {line}", piece(model)) for at, model in enumerate(("17", "26", "43"))
    ]
    texts = [f"Glock 19, {words} {line}" for words in ("black, two magazines.", "green, a case and papers.")]
    pair = [offer(20 + at, 10 + at, text, piece()) for at, text in enumerate(texts)]
    assert len(items_of(*pair)) == 1
    assert len(items_of(*models, *pair)) == 5


def test_an_ad_that_says_it_was_there_before_is_the_same_thing_also_where_no_end_is_known() -> None:
    words = (
        "Ten seasons of deer.",
        "Same rifle, price drop.",
        "Still have it, would rather sell than trade.",
        "No takers so far.",
    )
    rifle = piece("70", make="Winchester", long=True)

    def put(number: int, text: str, price: float, **more: object) -> object:
        return offer(number, number * 7, text, rifle, price=(price, "USD"), last_day=90, **more)  # type: ignore[arg-type]

    offers = [put(at, one, 950 - 25 * at) for at, one in enumerate(words)]
    [item] = items_of(*offers)
    assert "by its own words offered before" in item.why
    assert len(items_of(offers[0], put(1, "Another one of the same kind.", 925))) == 2
    assert len(items_of(offers[0], put(1, "Not the same rifle.", 925))) == 2
    assert len(items_of(offers[0], put(1, words[1], 600))) == 2
    bought = offer(0, 0, words[0], rifle, price=(950.0, "USD"), **sold(3))
    assert len(items_of(bought, offers[1])) == 2


def test_the_words_of_a_number_are_kept_with_it() -> None:
    stated = {**piece(quantity=3), "field": "title", "start": 10, "end": 18}
    found = items_of(offer(1, 0, "Selling 3 Glock 19s\nAll boxed.", stated))
    assert len(found) == 3
    assert "one of 3 by the words 'Selling 3 Glock 19s'" in found[0].why


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_a_person_says_wins_and_the_later_word_holds(order: tuple[int, int]) -> None:
    offers = [offer(1, 0, WORDS[0], piece()), offer(2, 5, WORDS[1], piece("17"))]
    merge = ("merge", {"pieces": [["market", "L1", 0], ["market", "L2", 0]]})
    split = ("split", {"pieces": [["market", "L2", 0]], "from": [["market", "L1", 0]]})
    assert len(items_of(*offers)) == 2
    [item] = items_of(*offers, hands=Hands.of([merge]))
    assert "joined by a person" in item.why
    both = [(merge, split)[at] for at in order]
    assert len(items_of(*offers, hands=Hands.of(both))) == (2 if order == (0, 1) else 1)
    same = [offer(1, 0, WORDS[0], piece()), offer(2, 5, WORDS[0], piece())]
    assert len(items_of(*same)) == 1
    assert len(items_of(*same, hands=Hands.of([split]))) == 2
