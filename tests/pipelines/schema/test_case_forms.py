"""A case from the command line: its forms, its packet, and what is refused."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from schema_workspace import run
from test_schema import answer, check

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def case(workspace: Path) -> str:
    place = ("--workspace", str(workspace))
    made = answer("case", "create", "Eleven pistols", *place)
    name: str = made["reference"]
    answer("case", "add", name, "market/101", "--seller", "market/s1", "--with-offers", *place)
    answer("case", "remove", name, "101", "--reason", "names a dealer", *place)
    answer("case", "note", name, "=1+1 <b>the same table</b>", *place)
    answer("case", "task", name, "compare the numbers", "--assignee", "ben", "--due", "2026-12-31", *place)
    answer("case", "refer", name, "--to", "Focal point", "--reason", "eleven of them", *place)
    return name


def test_a_case_made_and_filled_by_commands(workspace: Path, case: str) -> None:
    place = ("--workspace", str(workspace))
    shown = answer("case", "show", "Eleven pistols", *place)
    check("case", shown)
    assert (shown["reference"], shown["state"], len(shown["listings"])) == (case, "open", 11)
    assert [one["action"] for one in shown["history"]] == ["create", "add", "remove", "note", "task", "agree"]
    listed = answer("case", "list", "--state", "open", *place)
    check("cases", listed)
    [mine] = [one for one in listed["cases"] if one["reference"] == case]
    assert (mine["listings"], mine["sellers"], mine["tasks_open"], mine["next_due"]) == (11, 1, 1, "2026-12-31")
    for words in (("show", case), ("list",)):
        code, out, _ = run("case", *words, *place)
        assert code == 0
        assert "Eleven pistols" in out


def test_its_packet_verifies_and_holds_all_of_it(workspace: Path, case: str, tmp_path: Path) -> None:
    place = ("--workspace", str(workspace))
    first, second = tmp_path / "case.zip", tmp_path / "again.zip"
    made = answer("packet", "create", case, "--out", str(first), *place)
    assert made["case"] == case
    found = answer("packet", "verify", str(first))
    assert found["valid"], found
    assert answer("packet", "create", "Eleven pistols", "--out", str(second), *place)["root"] == made["root"]
    with zipfile.ZipFile(first) as packet:
        members = {name: packet.read(name) for name in packet.namelist()}
    listing = json.loads(members["data/listing.json"])
    assert listing["subject"] == {"case": case}
    assert {one["came_by"] for one in listing["listings"]} == {"feed"}
    assert len(listing["feed"]) == len([name for name in members if name.startswith("data/feed/")]) == 11
    record = json.loads(members["data/case.json"])
    check("case", record)
    assert record["notes"][0]["text"] == "=1+1 <b>the same table</b>"
    assert b"<b>the same table" not in members["data/report.html"]
    assert [one["id"] for one in json.loads(members["data/seller.json"])["sellers"]] == ["s1"]
    assert members["data/tracing.csv"].count(b"\r\n") > 11
    subjects = {json.loads(line)["subject"] for line in members["data/custody.jsonl"].splitlines()}
    assert {f"case:{case}", "market/bulk/0"} <= subjects


def test_a_listing_by_feed_says_that_no_page_was_captured(workspace: Path, tmp_path: Path) -> None:
    packet = tmp_path / "feed.zip"
    answer("packet", "create", "market/102", "--out", str(packet), "--workspace", str(workspace))
    with zipfile.ZipFile(packet) as archive:
        listing = json.loads(archive.read("data/listing.json"))
        [line] = listing["feed"]
        assert json.loads(archive.read(line["file"]))["title"] == "Wooden chair"
        assert listing["came_by"] == "feed"
        assert listing["captures"] == []
        assert b"the listing came by feed, and the line is kept as it was received" in archive.read("data/report.html")


@pytest.mark.parametrize(
    "words",
    [
        ("add", "none", "102"),
        ("add", "{case}"),
        ("add", "{case}", "--with-offers", "102"),
        ("add", "{case}", "--seller", "s1"),
        ("task", "{case}"),
        ("task", "{case}", "x", "--done", "1"),
        ("task", "{case}", "x", "--due", "soon"),
        ("note", "{case}", "  "),
        ("reopen", "{case}", "--reason", "x"),
    ],
)
def test_what_is_refused(workspace: Path, case: str, words: tuple[str, ...]) -> None:
    given = [word.format(case=case) for word in words]
    code, out, said = run("case", *given, "--workspace", str(workspace), "--json")
    assert (code, out) == (2, "")
    check("error", json.loads(said))


def test_a_redacted_packet_by_the_command_is_logged_as_what_it_is_of(
    workspace: Path, case: str, tmp_path: Path
) -> None:
    place = ("--workspace", str(workspace))
    packet, csv = tmp_path / "redacted.zip", tmp_path / "case.csv"
    assert answer("packet", "create", case, "--redacted", "--out", str(packet), *place)["redacted"] is True
    assert answer("packet", "verify", str(packet))["valid"] is True
    for file in (packet, tmp_path / "plain.zip"):
        if file != packet:
            answer("packet", "create", case, "--out", str(file), *place)
        with zipfile.ZipFile(file) as archive:
            check("redaction", json.loads(archive.read("data/redaction.json")))
            check("tracing", json.loads(archive.read("data/tracing.json")))
    assert answer("exchange", "tracing-csv", case, "--out", str(csv), *place)["case"] == case
    assert csv.read_bytes().count(b"\r\n") > 11
    code, _, said = run("exchange", "stix", case, *place, "--json")
    assert code == 2, said
    plain = tmp_path / "later.zip"
    answer("packet", "create", case, "--out", str(plain), *place)
    with zipfile.ZipFile(packet) as archive:
        held = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("data/"))
    assert not [one for one in (b"907-555-0143", b"9075550143") if one in held]
    with zipfile.ZipFile(plain) as archive:
        access = [json.loads(line) for line in archive.read("custody-access.jsonl").splitlines()]
    exports = [
        (row["subject"], row["detail"].get("form"), row["detail"]["redacted"])
        for row in access
        if row["action"] == "export"
    ]
    about = f"case:{case}"
    assert exports[-3:] == [(about, None, True), (about, None, False), (about, "tracing-csv", False)]


def test_requests_by_the_command(workspace: Path, case: str, tmp_path: Path) -> None:
    place = ("--workspace", str(workspace))
    asked = ("request", "create", "preservation", case, "--to", "Market, trust and safety", "--basis", "Example Act, 1")
    made = answer(*asked, "--until", "2099-01-01", *place)
    check("request", made)
    assert len(made["form"]["listings"]) == 11
    code, out, said = run("request", "show", made["reference"], *place)
    assert code == 0
    assert "REQUEST TO PRESERVE RECORDS" in out
    assert "nothing is sent" in said
    check("request", answer("request", "sent", made["reference"], "--how", "letter", *place))
    done = answer("request", "answer", made["reference"], "done", "--text", "kept", *place)
    check("request", done)
    assert done["state"] == "done"
    assert answer("request", "list", "--waiting", *place) == {"requests": []}
    takedown = ("request", "create", "takedown", case, "--to", "Market", "--basis", "rules", *place)
    assert run(*takedown)[0] == 4
    shown = answer("case", "show", case, *place)
    check("case", shown)
    assert [one["detail"]["did"] for one in shown["history"] if one["action"] == "request"] == [
        "make",
        "sent",
        "answer",
    ]
