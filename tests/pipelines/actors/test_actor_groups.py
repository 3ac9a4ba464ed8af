"""Groups out of links: never over a cut, whatever the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.actors.evidence import Both, Profile, Shared, holds, name_cores, weigh
from pipelines.actors.groups import find_groups, pair
from pipelines.actors.marks import ContactUse
from pipelines.sellers.offers import read_anothers

if TYPE_CHECKING:
    import random

ROWS = st.integers(1, 9)
PAIRS = st.tuples(ROWS, ROWS).filter(lambda both: both[0] != both[1]).map(lambda both: pair(*both))
LINKS = st.lists(st.tuples(st.floats(4.5, 20), PAIRS), max_size=14, unique_by=lambda link: link[1])


@given(LINKS, st.sets(PAIRS, max_size=4), st.sets(PAIRS, max_size=3), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_no_cut_pair_is_ever_together_and_order_plays_no_part(
    links: list[tuple[float, tuple[int, int]]],
    cut: set[tuple[int, int]],
    confirmed: set[tuple[int, int]],
    chance: random.Random,
) -> None:
    found = find_groups(links, confirmed - cut, cut)
    assert all(not group.issuperset(both) for group in found for both in cut)
    shuffled = list(links)
    chance.shuffle(shuffled)
    assert find_groups(shuffled, confirmed - cut, cut) == found
    if not cut:
        assert all(any(group.issuperset(both) for group in found) for both in {*confirmed, *(one for _, one in links)})


def profile(row: int, *names: str, place: int = 1, deals: bool = False) -> Profile:
    return Profile(
        row=row, site="market", names=name_cores(*names), places=frozenset({place}), towns=frozenset(), deals=deals
    )


ONE, OTHER = profile(1, "quiet_fox77"), profile(2, "Quiet Fox")


def test_neither_names_nor_words_suffice_however_many_there_are() -> None:
    assert weigh(ONE, OTHER, Shared()) == []
    texts = Shared(texts={(at, at + 50): 2 for at in range(9)})
    assert not holds(weigh(profile(1, "quiet_fox"), profile(2, "loud_hen_9"), texts))
    assert not holds(weigh(ONE, profile(2, "loud_hen_9"), Shared(serials=[(2, (1, 2))])))


def used(share: int = 100, *, times: int = 4, first: int = 10, last: int = 90, **more: bool) -> ContactUse:
    use = {"anothers": False, "lent": True, **more}
    return ContactUse(times=times, share=share, first=700_000 + first, last=700_000 + last, **use)


def contact(one: ContactUse, other: ContactUse, sharing: int = 2) -> Shared:
    return Shared(contacts=[Both.of(one, other, sharing, (1, 2))])


DAY = st.integers(1, 999_999)


@given(st.integers(0, 999), st.integers(0, 100), st.booleans(), st.booleans(), DAY, DAY)
def test_how_a_contact_is_used_is_kept_in_one_number(
    times: int, share: int, anothers: bool, lent: bool, first: int, last: int
) -> None:
    use = ContactUse(times=times, share=share, anothers=anothers, lent=lent, first=first, last=last)
    assert ContactUse.unpack(use.pack()) == use
    assert abs(use.pack()) < 2**63


def test_a_contact_of_their_own_suffices_and_one_beside_few_listings_does_not() -> None:
    nobody = profile(3, "loud_hen_9")
    assert holds(weigh(ONE, nobody, contact(used(), used())))
    assert holds(weigh(ONE, profile(3, "loud_hen_9", place=2), contact(used(), used(), 4)))
    assert not holds(weigh(ONE, profile(3, "loud_hen_9", place=2), contact(used(times=1), used())))
    assert not holds(weigh(ONE, nobody, contact(used(), used(8))))
    assert not holds(weigh(ONE, nobody, contact(used(), used(anothers=True))))
    assert not holds(weigh(ONE, nobody, contact(used(), used(), 11)))
    assert not holds(weigh(ONE, nobody, contact(used(), used(first=900, last=990))))  # a number given out again


@pytest.mark.parametrize(
    ("pause", "place", "linked"),
    [(0, 2, True), (45, 2, True), (46, 2, False), (46, 1, True), (365, 1, True), (366, 1, False)],
)
def test_a_telephone_number_that_may_have_been_given_out_again_wants_the_place_to_agree(
    pause: int, place: int, linked: bool
) -> None:
    nobody = profile(3, "loud_hen_9", place=place)
    later = {"first": 90 + pause, "last": 190 + pause}
    reasons = weigh(ONE, nobody, contact(used(), used(**later)))
    assert holds(reasons) is linked
    assert ("given out again" in reasons[0].words) is (pause > 45)
    assert holds(weigh(ONE, nobody, contact(used(lent=False), used(lent=False, **later))))  # an address is not


def test_a_name_in_common_outweighs_that_a_number_may_have_been_given_out_again() -> None:
    assert holds(weigh(ONE, profile(3, "quiet.fox"), contact(used(), used(first=900, last=990))))


def test_pictures_suffice_with_one_thing_more_and_a_shops_do_not() -> None:
    two = Shared(images={5: (2, (1, 2)), 9: (2, (3, 4))})
    assert holds(weigh(ONE, profile(3, "loud_hen_9"), two))
    assert not holds(weigh(ONE, profile(3, "loud_hen_9"), Shared(images={5: (2, (1, 2))})))
    assert not holds(weigh(ONE, profile(3, "loud_hen_9", deals=True), two))


def test_reasons_say_what_and_where_and_never_the_contact_itself() -> None:
    reasons = weigh(ONE, OTHER, Shared(contacts=[Both.of(used(), used(), 2, (4, 7))]))
    assert [(one.kind, one.listings) for one in reasons] == [("contact", (4, 7)), ("name", ()), ("place", ())]
    assert reasons[0].words == "one contact in both, shared by 2 accounts"


def test_a_contact_is_anothers_where_it_follows_a_dealers_transfer_in_one_sentence() -> None:
    def anothers(text: str) -> frozenset[tuple[str, str]]:
        start, end = text.index("907"), len(text)
        contact = {"kind": "phone", "value": "+19075550143", "field": "description", "start": start, "end": end}
        said = {"name": "ffl_transfer", "field": "description", "start": 0, "end": text.index(" at ")}
        return read_anothers({"title": "", "description": text, "contacts": [contact]}, [said])

    assert anothers("Transfers at Corner Sports, their number is 907-555-0143") == {("phone", "+19075550143")}
    assert anothers("Transfer at a dealer, buyer pays. Call or text 907-555-0143") == frozenset()
    assert anothers("Transfer only. at 907-555-0143") == frozenset()  # the words and their stop
