"""A register in ATF's form and in others, and what it says to accounts that state a licence."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from seller_rooms import KEY, NOW, Room
from seller_samples import OWN_WORDS, START, piece

from pipelines.errors import BadInput
from pipelines.licences.numbers import expiry_of, is_short, name_key, number_key, short_key
from pipelines.licences.register import keep_register, read_imports, read_register
from pipelines.licences.stolen import keep_stolen, read_key, read_stolen
from pipelines.store.tables.registers import stolen_serials

if TYPE_CHECKING:
    from pathlib import Path

HEADER = (
    "LIC_REGN,LIC_DIST,LIC_CNTY,LIC_TYPE,LIC_XPRDTE,LIC_SEQN,LICENSE_NAME,BUSINESS_NAME,PREMISE_STREET,PREMISE_CITY,"
    "PREMISE_STATE,PREMISE_ZIP_CODE,MAIL_STREET,MAIL_CITY,MAIL_STATE,MAIL_ZIP_CODE,VOICE_PHONE"
)
LINES = (
    '1,23,456,01,8A,34567,"RIDGE, ANN",RIDGELINE ARMS LLC,1 EXAMPLE ST,AUSTIN,TX,00000,,,,,2025550147',
    "9,87,001,02,6C,10001,OLD OAK PAWN INC,NULL,2 EXAMPLE ST,BOISE,ID,00000,,,,,2025550148",
    "0,,,,,,NOBODY,NULL,,,,,,,,,",
)
DATED = date(2026, 1, 1)
STATED = "1-23-456-01-8A-34567"


def write(folder: Path, *lines: str, name: str = "register.csv") -> Path:
    path = folder / name
    path.write_text("\r\n".join(lines) + "\r\n", encoding="utf-8-sig")
    return path


def take_in(room: Room, path: Path, dated: date = DATED, **more: Any) -> int:
    register = read_register(path, name="atf-ffl", dated=dated, columns=more, country="US")
    with room.database.write() as connection:
        return keep_register(connection, register, at=NOW, person="analyst")


def stock(room: Room, place: str, **more: Any) -> None:
    for at in range(12):
        text = f"{OWN_WORDS[at % 6]} stock {at}"
        room.offer(place, at, text, piece("19"), signals=(("new_in_box", 0.3),), location="Austin, TX", **more)


def standing(room: Room, place: str) -> str:
    room.assess()
    return str(room.sellers()[place]["licence"]["standing"])


@given(st.integers(2000, 2090), st.integers(0, 9), st.sampled_from("ABCDEFGHJKLM"))
def test_a_month_of_expiry_lies_around_the_day_of_the_list(year: int, digit: int, letter: str) -> None:
    found = expiry_of(f"{digit}{letter}", date(year, 6, 1))
    assert found is not None
    assert found.year % 10 == digit
    assert -4 <= found.year - year <= 5
    assert found.month == "ABCDEFGHJKLM".index(letter) + 1


def test_numbers_and_names_as_they_are_compared() -> None:
    assert expiry_of("2I", DATED) is None
    assert number_key(STATED) == "123456018A34567"
    assert short_key(STATED) == short_key("1-23-34567") == "12334567"
    assert is_short("1-23-34567")
    assert not is_short(STATED)
    assert short_key("RFD 1234 X") is None
    assert name_key("The Ridgeline Arms, L.L.C.") == name_key("RIDGELINE ARMS LLC") == "ridgeline arms"
    assert name_key("Co.") is None


@given(st.text(max_size=40))
def test_no_number_upsets_the_reading(stated: str) -> None:
    assert number_key(number_key(stated)) == number_key(stated)
    short_key(stated)
    name_key(stated)


def test_a_register_is_read_in_the_form_in_which_it_is_published(tmp_path: Path) -> None:
    register = read_register(write(tmp_path, HEADER, *LINES), name="atf-ffl", dated=DATED, columns={}, country="US")
    assert [one["shown"] for one in register.entries] == [STATED, "9-87-001-02-6C-10001"]
    assert [one["expires"] for one in register.entries] == [date(2028, 1, 1), date(2026, 3, 1)]
    assert register.entries[0]["name_key"] == "ridge ann"
    assert register.entries[1]["business"] is None
    assert register.unread == ["line 4: no licence number"]
    tabs = write(tmp_path, *(line.replace(",", "\t") for line in (HEADER, LINES[1])), name="tabs.txt")
    assert len(read_register(tabs, name="x", dated=DATED, columns={}, country="US").entries) == 1


def test_other_registers_come_by_a_mapping_and_mistakes_are_told(tmp_path: Path) -> None:
    other = write(tmp_path, "RFD;Dealer;Until", "RFD-77;Old Mill Guns;2027-01-31")
    columns = {"number": "RFD", "name": "Dealer", "expires": "Until"}
    [entry] = read_register(other, name="rfd", dated=DATED, columns=columns, country="GB").entries
    assert (entry["number"], entry["expires"], entry["short"]) == ("RFD77", date(2027, 1, 31), None)
    for wrong, message in (({}, "not in ATF's form"), ({"number": "No"}, "does not fit"), ({"x": "RFD"}, "not fit")):
        with pytest.raises(BadInput, match=message):
            read_register(other, name="rfd", dated=DATED, columns=wrong, country="GB")
    with pytest.raises(BadInput, match="cannot be read"):
        read_register(tmp_path / "nowhere.csv", name="rfd", dated=DATED, columns={}, country="GB")


def test_a_verified_dealer_is_marked_and_its_stock_is_not_counted_against_it(room: Room, tmp_path: Path) -> None:
    stock(room, "market/ridgeline", name="Ridgeline Arms", licence=STATED)
    room.assess()
    assert room.sellers()["market/ridgeline"]["review"] == "review"
    take_in(room, write(tmp_path, HEADER, *LINES))
    assert room.assess() == 1
    line = room.sellers()["market/ridgeline"]
    assert line["licence"]["verified"]
    assert line["licence"]["entry"]["city"] == "AUSTIN"
    assert line["review"] == "none"
    assert {one["weight"] for one in line["signals"] if one["name"] in ("volume", "same_model_repeat")} == {0.0}
    assert any(one["name"] == "verified_dealer" and "atf-ffl of 2026-01-01" in one["reason"] for one in line["signals"])


def test_a_verified_dealer_is_not_exempt_from_what_needs_a_person(room: Room, tmp_path: Path) -> None:
    take_in(room, write(tmp_path, HEADER, *LINES))
    stolen = write(tmp_path, "serial,make", "BKR-55121,Glock", name="stolen.csv")
    found = read_stolen(stolen, name="stolen", dated=DATED, columns={}, key=KEY)
    with room.database.write() as connection:
        keep_stolen(connection, found, at=NOW, person="analyst")
    stock(room, "market/ridgeline", name="Ridgeline Arms", licence=STATED)
    room.offer("market/ridgeline", 20, f"{OWN_WORDS[0]} Serial number BKR55121.", piece("19"), location="Austin, TX")
    room.assess()
    line = room.sellers()["market/ridgeline"]
    assert line["licence"]["verified"]
    assert line["review"] == "review"
    [signal] = [one for one in line["signals"] if one["name"] == "register_match"]
    assert signal["weight"] == 3.5
    assert "stolen of 2026-01-01" in signal["reason"]


@pytest.mark.parametrize(
    ("licence", "name", "found"),
    [
        (STATED, "Ridgeline Arms", "verified"),
        ("1-23-34567", "Ridgeline Arms", "verified"),
        ("1-23-456-01-5A-34567", "Ridgeline Arms", "verified"),  # the number before its renewal
        (STATED, "quiet fox", "verified"),  # the town agrees
        ("1-23-456-01-8A-34576", "Ridgeline Arms", "unknown"),
        (f"{STATED} ", "Copper Gate Firearms", "anothers"),
        (STATED, "Copper Gate Firearms", "anothers"),  # in the same town too
        (f"{STATED} ", "quiet fox", "found"),
        (None, "Ridgeline Arms LLC", "verified"),  # no number: the very name, and the town
        (None, "Ridgeline", "None"),
    ],
)
def test_what_the_register_says_to_what_is_stated(
    room: Room, tmp_path: Path, licence: str | None, name: str, found: str
) -> None:
    take_in(room, write(tmp_path, HEADER, *LINES))
    town = "Houston, TX" if licence and licence.endswith(" ") else "Austin, TX"  # the state alone agrees
    room.offer("market/ridgeline", 0, OWN_WORDS[0], piece(), name=name, licence=licence, location=town)
    assert standing(room, "market/ridgeline") == found


def test_a_number_that_is_not_borne_out_is_a_signal_with_the_nearest_match(room: Room, tmp_path: Path) -> None:
    take_in(room, write(tmp_path, HEADER, *LINES))
    late = {"market/late": (timedelta(days=90), "expired"), "market/grace": (timedelta(days=30), "verified")}
    for place, (after, _) in late.items():
        day = (date(2026, 3, 1) + after - START.date()).days
        room.offer(place, day, OWN_WORDS[0], piece(), name="Old Oak Pawn", licence="9-87-001-02-6C-10001")
    room.offer("other/typo", 0, OWN_WORDS[0], piece(), name="Ridgeline Arms", licence="1-23-456-01-8A-34568")
    room.offer("other/fox", 0, OWN_WORDS[1], piece(), name="Quiet Fox", licence=STATED, location="Miami, FL")
    room.assess()
    lines = room.sellers()
    # Both are seen as of the last day of their site, when the first is past its grace.
    assert lines["market/late"]["licence"]["standing"] == "expired"
    assert lines["other/typo"]["licence"]["standing"] == "unknown"
    assert lines["other/fox"]["licence"]["standing"] == "anothers"
    for place in ("market/late", "other/typo", "other/fox"):
        [signal] = [one for one in lines[place]["signals"] if one["name"] == "licence_mismatch"]
        assert signal["weight"] == 1.0
        assert not lines[place]["licence"]["verified"]
    assert f"the nearest is {STATED}" in lines["other/typo"]["licence"]["words"]


def test_a_later_list_replaces_an_earlier_one_and_never_the_other_way(room: Room, tmp_path: Path) -> None:
    take_in(room, write(tmp_path, HEADER, LINES[0]))
    take_in(room, write(tmp_path, HEADER, LINES[1]), DATED + timedelta(days=31))
    with room.database.read() as connection:
        [kept] = read_imports(connection)
        assert (kept["entries"], kept["dated"], kept["person"]) == (1, "2026-02-01", "analyst")
    with pytest.raises(BadInput, match="which is later than"):
        take_in(room, write(tmp_path, HEADER, LINES[0]))


def test_a_shops_telephone_links_nobody(room: Room, tmp_path: Path) -> None:
    for place in ("market/fox", "other/hen"):
        room.offer(place, 0, f"{OWN_WORDS[0]} {place}", piece(), phone="+12025550147")
    room.assess()
    assert len(room.actors()) == 1
    take_in(room, write(tmp_path, HEADER, *LINES))
    room.assess()
    assert room.actors() == []


def test_serial_numbers_are_kept_as_hashes_under_a_key_of_the_workspace(room: Room, tmp_path: Path) -> None:
    key = read_key(tmp_path / "keys")
    assert len(key) == 32
    assert read_key(tmp_path / "keys") == key
    assert (tmp_path / "keys" / "serials.key").stat().st_mode & 0o777 == 0o600
    path = write(tmp_path, "No,Maker", "BKR-55121,Glock", "A1,Ruger", name="stolen.csv")
    found = read_stolen(path, name="stolen", dated=DATED, columns={"serial": "No", "make": "Maker"}, key=key)
    assert found.unread == ["line 3: no serial number of 4 characters or more"]
    with room.database.write() as connection:
        keep_stolen(connection, found, at=NOW, person="analyst")
        [row] = connection.execute(stolen_serials.select()).mappings()
    assert "55121" not in str(dict(row))
    with pytest.raises(BadInput, match="has no column serial"):
        read_stolen(path, name="stolen", dated=DATED, columns={}, key=key)


def test_another_makers_number_is_no_match(room: Room, tmp_path: Path) -> None:
    path = write(tmp_path, "serial,make", "BKR-55121,Ruger", name="stolen.csv")
    found = read_stolen(path, name="stolen", dated=DATED, columns={}, key=KEY)
    with room.database.write() as connection:
        keep_stolen(connection, found, at=NOW, person="analyst")
    room.offer("market/fox", 0, f"{OWN_WORDS[0]} Serial number BKR55121.", piece("19"))
    room.assess()
    assert not [one for one in room.sellers()["market/fox"]["signals"] if one["name"] == "register_match"]
