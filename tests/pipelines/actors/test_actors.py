"""Accounts that are one hand, in a real store: linked by what both show, counted together, and cut by people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from seller_rooms import KEY, NOW, RULES, Room
from seller_samples import BOILERPLATE, OWN_WORDS, piece

from pipelines.actors.hands import keep_decision, read_decisions, undo_decision
from pipelines.actors.members import row_of
from pipelines.errors import BadInput
from pipelines.sellers.actors import view_actor
from pipelines.sellers.export import actor_lines, item_lines
from pipelines.sellers.merging import merge_items, split_item
from pipelines.sellers.round import Round
from pipelines.store.custody import custody_rows
from pipelines.store.tables import offer_features, seller_marks

if TYPE_CHECKING:
    from pathlib import Path

PHONE, SHOP = "+12025550147", "+12025550100"
MODELS = (("Glock", "19"), ("Taurus", "G2C"), ("Smith & Wesson", "SD9"), ("Ruger", "LCP"))


def pistols(room: Room, place: str, number: int, *, start: float = 0, **more: Any) -> None:
    for at in range(number):
        make, model = MODELS[at % 4]
        text = f"{OWN_WORDS[(at + sum(map(ord, place))) % 6]} {place} {at}"
        room.offer(place, start + at * 5, text, piece(model, make=make), signals=(("new_in_box", 0.3),), **more)


def decide(room: Room, action: str, one: str, other: str) -> int:
    with room.database.write() as connection:
        places = [one.split("/"), other.split("/")]
        rows = [row_of(connection, *place) for place in places]
        return keep_decision(
            connection,
            action=action,
            body={"accounts": places},
            sellers=[row for row in rows if row is not None],
            subject=f"seller:{one}",
            reason="seen by a person",
            person="analyst",
            at=NOW,
        )


def test_one_hand_on_three_sites_is_counted_as_one(room: Room) -> None:
    for place in ("market/fox", "other/hen", "third/owl"):
        pistols(room, place, 4, phone=PHONE)
    pistols(room, "market/else", 4)
    assert room.assess() == 4
    assert room.actors() == [{"market/fox", "other/hen", "third/owl"}]
    lines = room.sellers()
    assert lines["market/else"]["actor"] is None
    assert (lines["market/else"]["review"], lines["market/else"]["review_origin"]) == ("idle", "seller")
    fox = lines["market/fox"]
    assert (fox["review"], fox["review_origin"]) == ("review", "actor")
    assert {one["name"] for one in fox["signals"] if one["scope"] == "actor"} >= {"volume"}
    [actor] = actor_lines(room.database)
    assert actor["id"] == fox["actor"]
    assert max(window["firearms"] for window in actor["windows"]) == 12
    assert all(link["holds"] and link["reasons"][0]["listings"] for link in actor["links"])
    with room.database.read() as connection:
        assert view_actor(connection, "other/hen")[0] == actor["id"]
        with pytest.raises(BadInput):
            view_actor(connection, "market/else")


def test_contacts_of_attributes_and_of_an_accounts_own_text_link_too(room: Room) -> None:
    for place, more in (
        ("market/fox", {"attributes": {"Phone": "202-555-0147", "Caliber": "9mm"}}),
        ("other/hen", {"profile": "Two of us, since 2019. Call 202.555.0147 or write to hen77 (at) example (dot) com"}),
        ("third/owl", {"phone": PHONE}),
        ("third/elk", {"profile": "Nothing to say"}),
    ):
        pistols(room, place, 2, country="US", **more)
    room.assess()
    assert room.actors() == [{"market/fox", "other/hen", "third/owl"}]


def test_a_text_that_many_accounts_show_is_told_and_weighs_nothing(room: Room) -> None:
    template = f"{BOILERPLATE} {OWN_WORDS[1]} {OWN_WORDS[5]} Order now."
    for number in range(8):
        room.offer(f"market/s{number}", number, f"{template} Item {number} ships today.", piece("19"))
    room.offer("market/else", 9, OWN_WORDS[0], piece("19"))
    room.assess()
    room.offer("market/s0", 20, OWN_WORDS[3], piece("26"))
    room.assess()
    lines = room.sellers()
    found = {place: [s for s in line["signals"] if s["name"] == "template_cluster"] for place, line in lines.items()}
    [signal] = found["market/s0"]
    assert (signal["weight"], len(signal["listings"])) == (0.0, 1)
    assert "7 other accounts show nearly the same text" in signal["reason"]
    assert found["market/else"] == []
    assert {line["review"] for line in lines.values()} == {"none"}


def test_what_many_unrelated_accounts_share_links_none_of_them(room: Room) -> None:
    for number in range(14):
        pistols(room, f"market/s{number}", 1, phone=SHOP)
    room.assess()
    assert room.actors() == []


def test_a_contact_that_becomes_common_links_nobody_any_more(room: Room) -> None:
    for number in range(3):
        pistols(room, f"market/s{number}", 1, phone=SHOP)
    room.assess()
    assert len(room.actors()) == 1
    for number in range(3, 20):
        pistols(room, f"market/s{number}", 1, phone=SHOP)
    room.assess()
    assert room.actors() == []
    assert {line["actor"] for line in room.sellers().values()} == {None}


def test_one_new_listing_touches_its_own_hand_only(room: Room) -> None:
    for place in ("market/fox", "other/hen"):
        pistols(room, place, 2, phone=PHONE)
    for number in range(6):
        pistols(room, f"third/s{number}", 2)
    assert room.assess() == 8
    pistols(room, "other/hen", 1, start=90, phone=PHONE)
    assert room.assess() == 2
    pistols(room, "third/s3", 1, start=91)
    assert room.assess() == 1
    assert room.assess() == 0


def test_step_by_step_and_at_once_come_to_the_same(room: Room, tmp_path: Path, template: Path) -> None:
    places = ("market/fox", "other/hen", "third/owl", "market/else", "other/elk")
    for at, place in enumerate(places):
        phone = PHONE if at < 3 else SHOP
        pistols(room, place, 3, phone=phone, shown=(at,) if at == 4 else ())
        room.assess()
    (tmp_path / "again").mkdir()
    again = Room.open(tmp_path / "again", template)
    for at, place in enumerate(places):
        pistols(again, place, 3, phone=PHONE if at < 3 else SHOP, shown=(at,) if at == 4 else ())
    again.assess()
    assert sorted(map(sorted, room.actors())) == sorted(map(sorted, again.actors()))
    assert [line["signals"] for line in room.sellers().values()] == [
        line["signals"] for line in again.sellers().values()
    ]
    again.database.close()


def test_people_cut_and_confirm_and_take_it_back(room: Room) -> None:
    for place in ("market/fox", "other/hen", "third/owl"):
        pistols(room, place, 2, phone=PHONE)
    pistols(room, "market/else", 2)
    room.assess()
    number = decide(room, "cut", "market/fox", "third/owl")
    assert room.assess() == 3
    assert all(not group.issuperset({"market/fox", "third/owl"}) for group in room.actors())
    confirmed = decide(room, "confirm", "market/else", "third/owl")
    room.assess()
    assert any({"market/else", "third/owl"} <= group for group in room.actors())
    with room.database.write() as connection:
        undo_decision(connection, number, ("cut", "confirm"), person="analyst", at=NOW)
        undo_decision(connection, confirmed, ("cut", "confirm"), person="analyst", at=NOW)
        with pytest.raises(BadInput, match="was undone"):
            undo_decision(connection, number, ("cut", "confirm"), person="analyst", at=NOW)
    room.assess()
    assert room.actors() == [{"market/fox", "other/hen", "third/owl"}]
    with room.database.read() as connection:
        assert [row["action"] for row in custody_rows(connection) if row["actor"] == "analyst"] == [
            "cut",
            "confirm",
            "undo",
            "undo",
        ]
        assert [one.undone for one in read_decisions(connection, ("cut", "confirm"), undone=True)] == [NOW, NOW]


def test_one_gun_on_two_sites_is_one_item_and_the_account_counts_its_own(room: Room) -> None:
    text = f"{OWN_WORDS[0]} {OWN_WORDS[1]}"
    room.offer("market/fox", 0, text, piece(), phone=PHONE)
    room.offer("other/hen", 3, text, piece(), phone=PHONE)
    room.assess()
    [item] = room.items()
    assert {one["site"] for one in item["listings"]} == {"market", "other"}
    assert [line["windows"][0]["firearms"] for line in room.sellers().values()] == [1, 1]


def test_a_serial_number_that_another_hand_states_is_a_signal_and_kept_as_a_hash(room: Room) -> None:
    room.offer("market/fox", 0, f"{OWN_WORDS[0]} Serial number BKR55121.")
    room.offer("other/hen", 40, f"{OWN_WORDS[3]} Serial number BKR-55121.")
    room.assess()
    room.offer("market/fox", 41, OWN_WORDS[4])
    room.assess()
    line = room.sellers()["market/fox"]
    [signal] = [one for one in line["signals"] if one["name"] == "same_serial"]
    assert signal["listings"]
    with room.database.read() as connection:
        kept = connection.scalars(sa.select(seller_marks.c.value).where(seller_marks.c.kind == "serial")).all()
    assert len(set(kept)) == 1


def test_sketches_of_another_algorithm_are_made_anew(room: Room) -> None:
    pistols(room, "market/fox", 2)
    room.assess()
    with room.database.write() as connection:
        connection.execute(sa.update(offer_features).values(algorithm="rensa-r1-64-7"))
    assert room.assess() == 1
    assert room.assess() == 0


def test_prices_are_held_against_what_others_ask(room: Room) -> None:
    for at in range(9):
        room.offer(f"market/s{at}", at, f"{OWN_WORDS[at % 6]} {at}", piece("19"), amount=Decimal(500 + 5 * at))
    for at in range(3):
        room.offer("market/cheap", 20 + 9 * at, f"{OWN_WORDS[at]} cheap {at}", piece("19"), amount=Decimal(250))
    room.assess()
    lines = room.sellers()
    assert lines["market/cheap"]["figures"]["price_z"] < -2
    assert "price_low" in {one["name"] for one in lines["market/cheap"]["signals"]}
    assert abs(lines["market/s4"]["figures"]["price_z"]) < 1
    assert lines["market/cheap"]["rate"]["site_mean"] > 0


def test_merging_and_splitting_by_hand_is_kept_and_wins(room: Room) -> None:
    room.offer("market/fox", 0, OWN_WORDS[0], piece())
    room.offer("market/fox", 9, OWN_WORDS[1], piece())
    room.offer("market/lone", 9, OWN_WORDS[2], piece())
    room.assess()
    mine = [item["id"] for item in room.items() if item["listings"][0]["id"].startswith("fox")]
    lone = next(item["id"] for item in room.items() if item["id"] not in mine)
    with room.database.write() as connection:
        one = Round.open(connection, RULES, secret=KEY, now=NOW)
        with pytest.raises(BadInput, match="not one hand"):
            merge_items(connection, one, [mine[0], lone], reason="no", person="analyst", at=NOW)
        with pytest.raises(BadInput, match="needs its reason"):
            merge_items(connection, one, mine, reason=" ", person="analyst", at=NOW)
        merge_items(connection, one, mine, reason="one scratch", person="analyst", at=NOW)
    assert room.assess() == 1
    [merged] = [item for item in room.items() if len(item["listings"]) == 2]
    assert "joined by a person" in merged["why"]
    with room.database.write() as connection:
        one = Round.open(connection, RULES, secret=KEY, now=NOW)
        place = merged["listings"][1]
        with pytest.raises(BadInput, match="has no listing market/strange"):
            split_item(connection, one, merged["id"], [("market", "strange")], reason="x", person="analyst", at=NOW)
        split_item(connection, one, merged["id"], [(place["site"], place["id"])], reason="y", person="analyst", at=NOW)
    room.assess()
    assert len(room.items()) == 3
    assert len(list(item_lines(room.database, NOW.date(), key=KEY))) == 3
