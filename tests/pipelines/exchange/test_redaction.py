"""Redaction: nothing that names or reaches anybody stays in any document, and the same one is called the same."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve
from exchange_samples import make_second
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packet_samples import clock, feed_capture

from pipelines.exchange.formats import FORMATS
from pipelines.exchange.redaction import redact
from pipelines.exchange.scrubbing import Scrubber
from pipelines.packet.creation import create
from pipelines.packet.documents import MAKERS
from pipelines.packet.keys import SigningKey, TrustedKeys
from pipelines.packet.verification import verify
from pipelines.reading.contacts import find_contacts

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.packet.dossier import Dossier

TELLING = ("quiet", "fox", "907", "0143", "1-23-456", "mary", "ana", "ben", "cmd", "s1", "jpg")


def documents(dossier: Dossier) -> dict[str, str]:
    made = {name: make(dossier) for name, make in MAKERS.items()}
    made |= {name: one.write(dossier) for name, one in FORMATS.items()}
    return {name: data.decode("utf-8-sig") for name, data in made.items()}


def test_no_document_names_or_reaches_anybody(case: Dossier) -> None:
    for name, text in documents(redact(case)).items():
        words = set("".join(char if char.isalnum() or char == "-" else " " for char in text.casefold()).split())
        assert not words & set(TELLING), name
        assert "fox" not in text.casefold(), name
        assert not [one for one in ("907-555", "5550143", "555 0143") if one in text], name


def test_one_is_called_the_same_everywhere(case: Dossier) -> None:
    redacted = redact(case)
    line, account = redacted.parts[1].listing, redacted.seller["sellers"][0]  # type: ignore[index]  # it has one
    assert line["seller"]["id"] == account["id"] == account["history"]["name"] == "account-2"
    assert redacted.case is not None
    assert [one["name"] for one in redacted.case["sellers"]] == ["account-2"]
    assert line["title"] == "P-17 by [account-2]"
    assert line["description"].count("[phone-1]") == 2
    assert line["contacts"][0]["value"] == "phone-1"
    made = documents(redacted)
    for name in ("data/stix.json", "data/misp.json", "data/case-uco.jsonld", "data/report.html", "data/listing.json"):
        if name in made:
            assert "account-2" in made[name], name
            assert "phone-1" in made[name], name
    assert redact(case).redaction == redacted.redaction


def test_ids_that_name_somebody_are_replaced_too(case: Dossier) -> None:
    first, second = case.parts
    named = evolve(second, id="quiet-fox-18", listing={**second.listing, "id": "quiet-fox-18"})
    record = {**(case.case or {}), "reference": "Quiet_Fox.1"}
    redacted = redact(evolve(case, case=record, parts=(first, named)))
    assert redacted.parts[1].id == redacted.parts[1].listing["id"] == "listing-1"
    assert redacted.subject == {"case": "case-1"}
    assert redacted.custody_subject == "case:Quiet_Fox.1"  # for the log, which stays here
    for name, text in documents(redacted).items():
        assert "fox" not in text.casefold(), name


def test_spans_still_cover_their_words(case: Dossier) -> None:
    line = redact(case).parts[1].listing
    for signal in line["assessment"]["signals"]:
        assert line[signal["field"]][signal["start"] : signal["end"]] == signal["text"]
    assert [signal["text"] for signal in line["assessment"]["signals"]] == ["No background check", "[phone-1]"]
    for contact in line["contacts"]:
        assert line[contact["field"]][contact["start"] : contact["end"]] == f"[{contact['value']}]"


@pytest.mark.parametrize("kind", ["case", "listing", "feed"])
def test_a_redacted_packet_verifies_and_says_what_is_gone(
    case: Dossier, hostile: Dossier, tmp_path: Path, kind: str
) -> None:
    dossier = case if kind == "case" else hostile
    if kind == "feed":
        line = feed_capture(tmp_path)
        dossier = evolve(hostile, captures=(line,), versions=({**hostile.versions[0], "capture": line.id},))
    file = tmp_path / "packet.zip"
    create(redact(dossier), file, SigningKey.generate(), clock=clock)
    result = verify(file, TrustedKeys())
    assert result.json["failures"] == []
    with zipfile.ZipFile(file) as packet:
        names = packet.namelist()
        assert not [name for name in names if name.endswith((".wacz", ".png")) or name.startswith("data/feed/")]
        told: dict[str, Any] = json.loads(packet.read("data/redaction.json"))
        assert b"left out of this form for outside readers" in packet.read("data/report.html")
        assert json.loads(packet.read("data/listing.json"))["redacted"] is True
    assert told["redacted"] is True
    assert len(told["withheld"]) == len(dossier.captures)
    assert told["removed"]
    assert told["not_recognised"]


def test_an_unredacted_packet_says_so(hostile: Dossier) -> None:
    assert json.loads(MAKERS["data/redaction.json"](hostile)) == {"redacted": False}


HANDLES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=4, max_size=14).filter(
    lambda text: sum(char.isalnum() for char in text) >= 4
)
MARKED = st.tuples(st.sampled_from(["zq", "дж", "狐狸", "ثع"]), HANDLES).map(lambda pair: f"{pair[0]}{pair[1]}zq")
PHONES = st.integers(2_010_000_000, 9_899_999_999).map(lambda number: f"+1{number}")
SPELLINGS = st.sampled_from(["{}", "{} ", "x {} y", "{}!", "<{}>", "@{},"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=MARKED, identity=MARKED, handle=MARKED, phone=PHONES, spelling=SPELLINGS, spaced=st.booleans())
def test_nothing_of_the_input_is_left_in_any_byte(
    hostile: Dossier, name: str, identity: str, handle: str, phone: str, spelling: str, spaced: bool
) -> None:
    digits = f"{phone[2:5]}-{phone[5:8]} {phone[8:]}" if spaced else phone
    handle = "".join(handle.split())
    text = " ".join(spelling.format(one) for one in (name, identity.upper(), f"telegram: {handle}", digits, name))
    contacts = [
        {"kind": one.kind, "value": one.value, "field": "description", "start": one.start, "end": one.end}
        for one in find_contacts(text, field="description", country="US")
    ]
    contacts.append({"kind": "messenger", "value": f"telegram:{handle}", "field": "description", "start": 0, "end": 0})
    contacts.append({"kind": "phone", "value": phone, "field": "description", "start": 0, "end": 0})
    seller = {"id": identity, "name": name}
    second = make_second(hostile)
    content = {"title": text, "description": text, "contacts": contacts, "seller": seller, "location": name}
    account = {"site": "market", "id": identity, "name": name, "profile": text, "history": {
        "id": identity, "name": name, "signals": [{"name": "volume", "reason": text, "listings": []}]}}  # fmt: skip
    found = evolve(
        second,
        listing={**second.listing, **content, "url": f"https://market.example.com/{name}"},
        versions=({**second.versions[0], "content": {**content, "attributes": {name: text}, "images": [text]}},),
        seller=account,
        case=None,
    )
    for where, made in documents(redact(found)).items():
        shown = made.casefold()
        for secret in (name, identity, handle, phone[2:], digits):
            assert secret.casefold() not in shown, (where, secret)
            assert json.dumps(secret)[1:-1].casefold() not in shown, (where, secret)


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60), words=st.lists(st.text(max_size=10), max_size=4), place=st.integers(0, 60))
def test_scrubbing_keeps_the_rest_and_its_places(text: str, words: list[str], place: int) -> None:
    scrubber = Scrubber()
    for number, word in enumerate(words):
        scrubber.protect(word, f"person-{number}")
    scrubbed = scrubber.scrub(text)
    assert not scrubber.holds(text) or scrubbed.edits
    kept = set(range(len(text))) - {at for start, end, _ in scrubbed.edits for at in range(start, end)}
    for at in kept:
        assert scrubbed.text[scrubbed.place(at)] == text[at]
    for start, end, replacement in scrubbed.edits:
        for at in range(start + 1, end):
            assert scrubbed.text[scrubbed.place(at) : scrubbed.place(at, end=True)] == replacement
    place = min(place, len(text))
    assert 0 <= scrubbed.place(place) <= scrubbed.place(place, end=True) <= len(scrubbed.text)


@pytest.mark.parametrize(
    ("word", "text", "left"),
    [
        ("Quiet Fox", "ask QUIETFOX, quiet_fox or q-u-i-e-t f o x", "ask [p], [p] or [p]"),
        ("Quiet Fox", "Ask quіеt fох", "Ask [p]"),  # look-alikes of another alphabet
        ("Sam", "Same sample for Sam and SAM", "Same sample for [p] and [p]"),
        ("1234", "1234 rounds", "1234 rounds"),
        ("9075550143", "call (907) 555 0143 now", "call ([p] now"),
        ("狐狸", "找狐狸买", "找[p]买"),
        ("al", "gallery of al", "gallery of [p]"),
    ],
)
def test_how_words_are_found(word: str, text: str, left: str) -> None:
    scrubber = Scrubber()
    scrubber.protect(word, "p")
    assert scrubber.scrub(text).text == left
